#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

// What a layer is.
mod config;
mod error;
mod layer;
mod tensors;

// The layers.
mod affine;
mod batch_norm;
mod double;
mod dropout;
mod encoding;
mod softmax;

// Activations, which treat every value by itself, and what they share.
mod activation;
mod elementwise;
mod elu;
mod gelu;
mod gelu_tanh;
mod identity;
mod leaky_relu;
mod relu;
mod sigmoid;
mod silu;
mod softplus;
mod step;
mod tanh;

// Layers together.
mod changed;
mod layers;
mod learner;
mod passes;
mod sequential;
mod summary;
mod workspace;

#[cfg(test)]
mod check;

/// The matrices that layers take and return, and how their parameters are initialised.
pub use chainrule_tensor as tensor;
pub use chainrule_tensor::{Context, Shape};

pub use affine::Affine;
pub use batch_norm::BatchNorm;
pub use config::{OwnLayers, no_own_layers};
pub use dropout::Dropout;
pub use elu::Elu;
pub use encoding::{Column, Encode, Encoding};
pub use error::Error;
pub use gelu::Gelu;
pub use gelu_tanh::GeluTanh;
pub use identity::Identity;
pub use layer::{Extras, Layer, Pass, WholeBatch};
pub use layers::Layers;
pub use leaky_relu::LeakyRelu;
pub use learner::{Cache, Gradients, LayerExt};
pub use relu::Relu;
pub use sequential::Sequential;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use step::Step;
pub use summary::Summary;
pub use tanh::Tanh;
pub use tensors::{Kind, Tensor};
pub use workspace::{Sums, Workspace};

// The list of all layers: a new one has its file, its lines above, and its name here.
config::layer_list! {
    layers: Affine, BatchNorm, Dropout, Encoding, Softmax;
    activations:
        Sigmoid XavierNormal,
        Relu HeNormal,
        Tanh XavierNormal,
        LeakyRelu HeNormal,
        Elu HeNormal,
        Silu HeNormal,
        Softplus HeNormal,
        Gelu HeNormal,
        GeluTanh HeNormal,
        Identity XavierNormal,
        Step XavierNormal,
}

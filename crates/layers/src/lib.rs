#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

// What a layer is.
mod layer;
mod learner;

// The layers.
mod affine;
mod relu;
mod sigmoid;
mod softmax;

// Layers together.
mod sequential;

#[cfg(test)]
mod check;

/// The matrices that layers take and return, and how their parameters are initialised.
pub use chainrule_tensor as tensor;

pub use affine::Affine;
pub use layer::{Context, Layer, Parameter, ParameterMut, Trace};
pub use learner::{Cache, Gradients};
pub use relu::Relu;
pub use sequential::{Sequential, Workspace};
pub use sigmoid::Sigmoid;
pub use softmax::Softmax;

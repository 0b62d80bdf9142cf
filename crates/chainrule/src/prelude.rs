//! What most programs need, in one line: `use chainrule::prelude::*;`.
//!
//! # Examples
//! ```
//! use chainrule::prelude::*;
//! let affine = Affine::new(Matrix::from_row_slice(1, 2, &[1.0, 2.0]), vec![3.0]);
//! let (y, _) = affine.forward(&Matrix::from_column_slice(2, 1, &[10.0, 100.0]));
//! assert_eq!(y[0], 213.0);
//! ```

pub use chainrule_layers::{Affine, Context, Layer, LayerExt, Relu, Sequential, Sigmoid};
pub use chainrule_losses::{
    BinaryCrossEntropy, HalfSquaredError, Loss, MeanSquaredError, SoftmaxCrossEntropy, Targets,
};
pub use chainrule_optimizers::{Adam, Momentum, Optimizer, Sgd, State};
pub use chainrule_tensor::{Init, Matrix, argmax};

#[cfg(feature = "mnist")]
pub use chainrule_mnist::Mnist;
#[cfg(feature = "trainer")]
pub use chainrule_trainer::{
    Activation, Dataset, EarlyStopping, Encoding, Event, Mlp, MlpConfig, Predictor, TrainConfig, TwoLayerNet,
    evaluate, split, train,
};
#[cfg(feature = "checkpoint")]
pub use chainrule_trainer::{Checkpoint, TrainingRecord};

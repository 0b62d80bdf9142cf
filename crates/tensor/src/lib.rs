//! .
#![allow(missing_docs)]
mod float;
mod view;

pub use float::Float;
pub use nalgebra;
pub use view::{MatrixView, MatrixViewMut};

/// Features × samples: one column is one sample.
pub type Matrix<F = f32> = nalgebra::DMatrix<F>;

#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod columns;
mod elementwise;
mod float;
mod init;
mod input;
#[allow(unsafe_code, reason = "vector instructions; every block says why it is sound")]
mod kernel;
pub mod math;
mod messages;
mod operand;
mod packed;
mod product;
pub mod random;
mod shape;
mod sparse;
mod targets;
mod view;

pub use columns::{argmax, fill_columns, one_hot, row_sums_add_to, softmax_to};
pub use elementwise::{map_to, zip_map_to};
pub use float::{F32_RANGE, Float, f32_holds, for_float, shown, unmet};
pub use init::{Init, InitError};
pub use input::{Input, InputBuffer};
pub use kernel::{exp_to, prefetch, sigmoid_to, vectorized};
pub use messages::in_words;
/// The linear algebra library behind [`Matrix`]; a new major version of it is one of this crate's, too.
pub use nalgebra;
pub use operand::Operand;
pub use packed::PackedColumns;
pub use product::{input_outer_add_to, input_product_add_to, product_add_to, product_to};
/// The random number library whose generator [`random`] uses.
pub use rand;
pub use random::Context;
pub use shape::Shape;
pub use sparse::{MAX_SPARSE_ROWS, SparseBuffer, SparseView};
pub use targets::{TargetBuffer, Targets};
pub use view::{MatrixView, MatrixViewMut};

/// The number of the arithmetic: it rises with every change that changes the bits of a training. Runs of equal settings, data and
/// seeds have equal bits where it is the same.
pub const ARITHMETIC: u32 = 2;

/// A matrix in memory, column after column: features × samples for a batch, outputs × inputs for weights.
pub type Matrix<F = f32> = nalgebra::DMatrix<F>;

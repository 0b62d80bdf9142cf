//! The table of inner loops that every element type has, and what they take.

use std::ops::Range;

use crate::{Operand, SparseView};

/// An element type for which there are inner loops: `f32` and `f64`.
pub trait HasKernels: Sized {
    /// The fastest loops that this processor can run.
    #[doc(hidden)]
    fn kernels() -> Kernels<Self>;

    /// The fused multiply-add of the plain loops.
    #[doc(hidden)]
    fn plain_mul_add(a: Self, b: Self, c: Self) -> Self;

    /// The exponential of the plain loops, the same bits as that of the others.
    #[doc(hidden)]
    fn plain_exp(x: Self) -> Self;
}

type SparseOuterAdd<F> = unsafe fn(&mut [F], &[F], usize, SparseView<'_, F>, Range<usize>);

/// A set of loops for one element type.
#[derive(Clone, Copy, Debug)]
pub struct Kernels<F: 'static> {
    pub(super) sparse_product_add: unsafe fn(&mut [F], &[F], usize, SparseView<'_, F>),
    pub(super) sparse_outer_add: SparseOuterAdd<F>,
    pub(super) product: unsafe fn(&mut [F], bool, Operand<'_, F>, Operand<'_, F>),
    pub(super) exp_to: unsafe fn(&mut [F], &[F], F),
    pub(super) sigmoid_to: unsafe fn(&mut [F], &mut [F], &[F]),
}

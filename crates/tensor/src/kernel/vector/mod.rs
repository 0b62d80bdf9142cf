//! The loops with vectors of 256 bits: AVX2 with fused multiply-add.
//!
//! The idea is the same in all of them: a tile of the result stays in registers while all of its terms are added, and a
//! column of the left factor, which is a run of memory, is multiplied by one number of the right. Where a tile's rows are
//! no whole number of vectors, its last vector overlaps the one before: both compute the same values for the rows they
//! share, so it does not matter which is stored last. Results of fewer rows than a vector has lanes go the plain way.

use std::{arch::x86_64::*, ops::Range};

use super::{Kernels, exponential};
use crate::{Operand, SparseView};

// First, since the others use its macro.
#[macro_use]
mod register;

mod dense;
mod pack;
mod sparse;
mod tile;

macro_rules! instances {
    ($name:ident, $module:ident, $vector:ty, $f:ty, $exp_to:expr, $sigmoid_to:expr) => {
        pub(super) const $name: Kernels<$f> = Kernels {
            sparse_product_add: $module::sparse_product_add,
            sparse_outer_add: $module::sparse_outer_add,
            product: $module::product,
            exp_to: $exp_to,
            sigmoid_to: $sigmoid_to,
        };

        /// The loops for one element type, compiled for AVX2 and FMA.
        mod $module {
            use super::*;

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn sparse_product_add(y: &mut [$f], w: &[$f], m: usize, x: SparseView<'_, $f>) {
                // SAFETY: as the caller promises.
                unsafe { sparse::product_add::<$vector>(y, w, m, x) }
            }

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn sparse_outer_add(
                dw: &mut [$f],
                dy: &[$f],
                m: usize,
                x: SparseView<'_, $f>,
                rows: Range<usize>,
            ) {
                // SAFETY: as the caller promises.
                unsafe { sparse::outer_add::<$vector>(dw, dy, m, x, rows) }
            }

            /// # Safety
            /// As that of the same name outside.
            #[target_feature(enable = "avx2,fma")]
            pub(super) unsafe fn product(y: &mut [$f], adds: bool, a: Operand<'_, $f>, b: Operand<'_, $f>) {
                // SAFETY: as the caller promises.
                unsafe { dense::product::<$vector>(y, adds, a, b) }
            }
        }
    };
}

instances!(AVX2_F32, f32s, __m256, f32, exp_to, sigmoid_to);
instances!(AVX2_F64, f64s, __m256d, f64, Kernels::SCALAR.exp_to, Kernels::SCALAR.sigmoid_to);

/// # Safety
/// AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
unsafe fn exp_to(y: &mut [f32], x: &[f32], shift: f32) {
    exponential::exp_to(y, x, shift, |x| exponential::exp(x, f32::mul_add));
}

/// # Safety
/// AVX2 and FMA are there.
#[target_feature(enable = "avx2,fma")]
unsafe fn sigmoid_to(y: &mut [f32], complement: &mut [f32], x: &[f32]) {
    exponential::sigmoid_to(y, complement, x, |x| exponential::exp(x, f32::mul_add));
}

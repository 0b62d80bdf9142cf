//! A register of several values: 8 of `f32`, 4 of `f64`.

use std::arch::x86_64::*;

use crate::Float;

/// Evaluates an expression in which a number that is known at run time only is a constant.
macro_rules! with_constant {
    ($number:expr, $name:ident in $($value:literal)*, $expression:expr) => {
        match $number {
            $($value => {
                const $name: usize = $value;
                $expression
            })*
            other => unreachable!("a tile of {other}"),
        }
    };
}

/// A register of several values.
pub(super) trait Vector: Copy {
    type F: Float;
    const LANES: usize;

    /// # Safety
    /// AVX2 and FMA are there, and `LANES` values can be read at `from`.
    unsafe fn load(from: *const Self::F) -> Self;

    /// # Safety
    /// AVX2 and FMA are there, and `LANES` values can be written at `to`.
    unsafe fn store(self, to: *mut Self::F);

    /// # Safety
    /// AVX2 and FMA are there.
    unsafe fn splat(value: Self::F) -> Self;

    /// Transposes a square of `LANES` by `LANES` values: `to[j · to_stride + i] = from[i · stride + j]`.
    ///
    /// # Safety
    /// AVX2 is there, and so are the values.
    unsafe fn turn(from: *const Self::F, stride: usize, to: *mut Self::F, to_stride: usize);

    /// `self · factor + term`, rounded once.
    ///
    /// # Safety
    /// AVX2 and FMA are there.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
}

impl Vector for __m256 {
    type F = f32;
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn turn(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            for j in [0, 4] {
                // Rows i and i + 4 in the two halves of a register, which nothing has to cross then.
                let rows = [0, 1, 2, 3].map(|i| {
                    let row = from.add(i * stride + j);
                    _mm256_set_m128(_mm_loadu_ps(row.add(4 * stride)), _mm_loadu_ps(row))
                });
                let (low01, high01) =
                    (_mm256_unpacklo_ps(rows[0], rows[1]), _mm256_unpackhi_ps(rows[0], rows[1]));
                let (low23, high23) =
                    (_mm256_unpacklo_ps(rows[2], rows[3]), _mm256_unpackhi_ps(rows[2], rows[3]));
                let to = to.add(j * to_stride);
                _mm256_shuffle_ps::<0b01_00_01_00>(low01, low23).store(to);
                _mm256_shuffle_ps::<0b11_10_11_10>(low01, low23).store(to.add(to_stride));
                _mm256_shuffle_ps::<0b01_00_01_00>(high01, high23).store(to.add(2 * to_stride));
                _mm256_shuffle_ps::<0b11_10_11_10>(high01, high23).store(to.add(3 * to_stride));
            }
        }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }
}

impl Vector for __m256d {
    type F = f64;
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_pd(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_pd(to, self) }
    }

    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_set1_pd(value) }
    }

    #[inline(always)]
    unsafe fn turn(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            for j in [0, 2] {
                let rows = [0, 1].map(|i| {
                    let row = from.add(i * stride + j);
                    _mm256_set_m128d(_mm_loadu_pd(row.add(2 * stride)), _mm_loadu_pd(row))
                });
                let to = to.add(j * to_stride);
                _mm256_unpacklo_pd(rows[0], rows[1]).store(to);
                _mm256_unpackhi_pd(rows[0], rows[1]).store(to.add(to_stride));
            }
        }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_fmadd_pd(self, factor, term) }
    }
}

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
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { _mm256_fmadd_pd(self, factor, term) }
    }
}

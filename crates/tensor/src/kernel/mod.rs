//! The inner loops: products with sparse inputs, dense products, and the exponential.
//!
//! The functions here are safe: they check lengths and choose the instructions once, AVX2 with FMA where the processor
//! has them and the plain loops of [`scalar`] elsewhere. Those loops are also what the others are tested against.
//!
//! A sum is always taken in the order of its terms' index, one fused multiply-add after another, whatever the tile that
//! computes it, or the processor. So results don't depend on how callers cut columns, or rows of the result.

pub(crate) mod exponential;
mod fused;
pub(crate) mod nonzero;
mod scalar;
mod table;
#[cfg(target_arch = "x86_64")]
#[allow(clippy::needless_range_loop, reason = "the same index goes into a tile and into offsets")]
mod vector;

use std::ops::Range;

use crate::{Float, MatrixView, MatrixViewMut, Operand, SparseView};

pub(crate) use table::{HasKernels, Kernels};

impl<F: Float> Kernels<F> {
    /// The plain loops.
    pub(crate) const SCALAR: Kernels<F> = Kernels {
        sparse_product_add: |y, w, m, x| scalar::sparse_product_add(y, w, m, x, F::plain_mul_add),
        sparse_outer_add: |dw, dy, m, x, rows| {
            scalar::sparse_outer_add(dw, dy, m, x, rows, F::plain_mul_add);
        },
        product: |y, adds, a, b| scalar::product(y, adds, a, b, F::plain_mul_add),
        exp_to: |y, x, shift| exponential::exp_to(y, x, shift, F::plain_exp),
        sigmoid_to: |y, complement, x| exponential::sigmoid_to(y, complement, x, F::plain_exp),
    };

    /// `y = y + w · x` for sparse `x`.
    ///
    /// # Shapes
    /// `y`: *m × n*, `w`: *m × k*, `x`: *k × n*.
    #[track_caller]
    pub(crate) fn sparse_product_add(
        self,
        mut y: MatrixViewMut<'_, F>,
        w: MatrixView<'_, F>,
        x: SparseView<'_, F>,
    ) {
        assert_shapes(y.shape(), w.shape(), (x.n_rows(), x.n_columns()));
        // SAFETY: the instructions were chosen for this processor; the lengths are those of the shapes, which fit.
        unsafe { (self.sparse_product_add)(y.as_mut_slice(), w.as_slice(), w.n_rows(), x) }
    }

    /// `dw = dw + dy · xᵀ` of the rows `rows` of sparse `x` alone.
    ///
    /// # Shapes
    /// `dw`: *m × rows.len()*, `dy`: *m × n*, `x`: *k × n*.
    #[track_caller]
    pub(crate) fn sparse_outer_add(
        self,
        mut dw: MatrixViewMut<'_, F>,
        dy: MatrixView<'_, F>,
        x: SparseView<'_, F>,
        rows: Range<usize>,
    ) {
        assert!(rows.start <= rows.end && rows.end <= x.n_rows(), "rows {rows:?} of {}", x.n_rows());
        assert_shapes(dw.shape(), dy.shape(), (x.n_columns(), rows.len()));
        // SAFETY: the instructions were chosen for this processor; the lengths are those of the shapes, which fit.
        unsafe { (self.sparse_outer_add)(dw.as_mut_slice(), dy.as_slice(), dy.n_rows(), x, rows) }
    }

    /// `y = a · b`, or `y = y + a · b` if it `adds`.
    ///
    /// # Panics
    /// Unless the shapes fit.
    #[track_caller]
    pub(crate) fn product(
        self,
        mut y: MatrixViewMut<'_, F>,
        adds: bool,
        a: Operand<'_, F>,
        b: Operand<'_, F>,
    ) {
        assert_shapes(y.shape(), a.shape(), b.shape());
        let (m, n) = y.shape();
        if m > 0 && n > 0 && a.n_columns > 0 {
            // SAFETY: the instructions were chosen for this processor; an operand has a value for every row and column.
            unsafe { (self.product)(y.as_mut_slice(), adds, a, b) }
        } else if !adds {
            y.as_mut_slice().fill(F::zero());
        }
    }
}

/// Panics unless the product of matrices of these shapes fits into `y`.
#[track_caller]
pub(crate) fn assert_shapes(y: (usize, usize), (m, k): (usize, usize), (k_b, n): (usize, usize)) {
    assert!(k == k_b && y == (m, n), "a product of {m}×{k} and {k_b}×{n} into {}×{}", y.0, y.1);
}

/// `y = exp(x − shift)` of every value; in `f32` within 2 units of the last place.
///
/// # Panics
/// Unless both are equally long.
///
/// # Examples
/// ```
/// use chainrule_tensor::exp_to;
/// let mut y = [0.0_f32; 2];
/// exp_to(&mut y, &[1000.0, 1001.0], 1000.0);
/// assert_eq!(y[0], 1.0);
/// assert!((y[1] - std::f32::consts::E).abs() < 1e-6);
/// ```
#[track_caller]
pub fn exp_to<F: Float>(y: &mut [F], x: &[F], shift: F) {
    assert_eq!(y.len(), x.len(), "values and their exponentials");
    // SAFETY: the instructions were chosen for this processor.
    unsafe { (F::kernels().exp_to)(y, x, shift) }
}

/// `y = σ(x) = 1/(1 + exp(−x))` and `complement = σ(−x)` of every value, both accurate relative to themselves; in `f32`
/// within 4 units of the last place.
///
/// # Panics
/// Unless all are equally long.
///
/// # Examples
/// ```
/// use chainrule_tensor::sigmoid_to;
/// let (mut y, mut complement) = ([0.0_f64; 2], [0.0; 2]);
/// sigmoid_to(&mut y, &mut complement, &[0.0, 1000.0]);
/// assert_eq!((y, complement), ([0.5, 1.0], [0.5, 0.0]));
/// ```
#[track_caller]
pub fn sigmoid_to<F: Float>(y: &mut [F], complement: &mut [F], x: &[F]) {
    assert_eq!((y.len(), complement.len()), (x.len(), x.len()), "values and their sigmoids");
    // SAFETY: the instructions were chosen for this processor.
    unsafe { (F::kernels().sigmoid_to)(y, complement, x) }
}

/// Runs `f` compiled for the widest vectors that this processor has: for a plain loop over slices, which then works on
/// several values at a time. The results are the same to the bit, since no operation is fused or reordered.
///
/// # Examples
/// ```
/// let (mut y, x) = ([1.0_f32; 100], [2.0; 100]);
/// chainrule_tensor::vectorized(|| y.iter_mut().zip(&x).for_each(|(y, x)| *y += 0.5 * x));
/// assert_eq!(y, [2.0; 100]);
/// ```
#[inline]
pub fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        /// # Safety
        /// AVX2 is there.
        #[target_feature(enable = "avx2")]
        unsafe fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: it is there.
        return unsafe { with_avx2(f) };
    }
    f()
}

/// Asks for a piece of memory that will be read soon; without effect where there is no such instruction.
#[inline]
pub fn prefetch<T>(memory: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of_val(memory)).step_by(64) {
        // SAFETY: nothing is read that could be seen, and the address is within the slice.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(memory.as_ptr().cast::<i8>().add(line));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = memory;
}

impl HasKernels for f32 {
    #[inline]
    fn kernels() -> Kernels<f32> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return vector::AVX2_F32;
        }
        Kernels::SCALAR
    }

    #[inline(always)]
    fn plain_mul_add(a: f32, b: f32, c: f32) -> f32 {
        fused::mul_add(a, b, c)
    }

    #[inline(always)]
    fn plain_exp(x: f32) -> f32 {
        exponential::exp(x, fused::mul_add)
    }
}

impl HasKernels for f64 {
    #[inline]
    fn kernels() -> Kernels<f64> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return vector::AVX2_F64;
        }
        Kernels::SCALAR
    }

    #[inline(always)]
    fn plain_mul_add(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn plain_exp(x: f64) -> f64 {
        libm::exp(x)
    }
}

#[cfg(test)]
mod tests;

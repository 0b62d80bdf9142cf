//! Packing: lines of a factor, rows of the left one or columns of the right, laid side by side, term by term, so that the innermost
//! loop reads memory from front to back. Lines that are runs of memory are turned by squares, in registers.

use super::register::Vector;
use crate::Operand;

/// Puts the value of line `i` (a row of `lines`) and term `t` (a column) at `t · width + i`, with a vector's lines at least.
///
/// # Safety
/// AVX2 is there.
///
/// # Panics
/// If there are values missing, or there is no room.
#[inline(never)]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn pack<V: Vector>(to: &mut [V::F], width: usize, lines: Operand<'_, V::F>) {
    let (n_lines, n_terms) = lines.shape();
    let last = (n_lines - 1) * lines.row_stride + (n_terms - 1) * lines.column_stride;
    assert!(last < lines.data.len() && to.len() >= (n_terms - 1) * width + width.max(V::LANES));
    let (line, term) = (lines.row_stride, lines.column_stride);
    let (to, from) = (to.as_mut_ptr(), lines.data.as_ptr());
    // SAFETY: the instructions are there; offsets are below the numbers of lines and terms, for whose values there is room.
    unsafe {
        if n_lines < V::LANES || line != 1 && (term != 1 || n_terms < V::LANES) {
            // What is beyond the lines is that of the last, since it is of no account.
            for t in 0..n_terms {
                for i in 0..width.min(n_lines.max(V::LANES)) {
                    *to.add(t * width + i) = *from.add(i.min(n_lines - 1) * line + t * term);
                }
            }
        } else {
            for i in starts::<V>(n_lines) {
                if line == 1 {
                    for t in 0..n_terms {
                        V::load(from.add(i + t * term)).store(to.add(i + t * width));
                    }
                } else {
                    for t in starts::<V>(n_terms) {
                        V::turn(from.add(i * line + t), line, to.add(i + t * width), width);
                    }
                }
            }
        }
    }
}

/// Where the vectors that cover `n` values begin: the last one ends with them.
#[inline(always)]
fn starts<V: Vector>(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(V::LANES).map(move |i| i.min(n - V::LANES))
}

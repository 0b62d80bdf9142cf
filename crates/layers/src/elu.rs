//! ELU: passes on what is positive, and bends what is negative towards −α.
//!
//! ```text
//! y  = x where x > 0, else α·(exp(x) − 1)
//! dx = dy where x > 0, else dy·α·exp(x)
//! ```
//! `x` and `y` have one shape. Source: Clevert et al., *Fast and accurate deep network learning by exponential linear
//! units* (2016), equation 15. With α other than 1 there is a kink at 0, where the slope is taken as α, as PyTorch does.
//!
//! The slope is not formed as y + α, in which everything cancels for very negative x.

use chainrule_tensor::{Float, math::exp_pair};

use crate::{Error, elementwise::Elementwise, error::check_not_negative};

/// `y = x` where x > 0, else `α·(exp(x) − 1)`, the exponential linear unit.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `alpha` | 1 (the paper's) | −α is the limit for very negative x | finite, not below 0 |
///
/// # Examples
/// ```
/// use chainrule_layers::{Elu, LayerExt};
/// use chainrule_tensor::Matrix;
/// let (y, cache) = Elu::default().forward(&Matrix::from_column_slice(2, 1, &[3.0, 0.5_f64.ln()]));
/// assert_eq!(y[0], 3.0);
/// assert!((y[1] + 0.5).abs() < 1e-15); // ½ − 1
/// let dx = Elu::default().backward(&cache, &Matrix::from_element(2, 1, 8.0)).dx;
/// assert_eq!(dx[0], 8.0);
/// assert!((dx[1] - 4.0).abs() < 1e-14); // 8 · ½
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Elu {
    /// −α is the limit for very negative x.
    pub alpha: f64,
}

impl Elu {
    /// The layer with this α.
    pub fn new(alpha: f64) -> Self {
        Elu { alpha }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless α is finite and not below 0.
    pub fn check(&self) -> Result<(), Error> {
        check_not_negative("alpha", self.alpha)
    }
}

impl Default for Elu {
    fn default() -> Self {
        Elu { alpha: 1.0 }
    }
}

impl Elementwise for Elu {
    const NAME: &'static str = "elu";

    fn check_settings(&self) -> Result<(), Error> {
        self.check()
    }

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let alpha = F::of(self.alpha);
        if x > F::zero() {
            return (x, F::one());
        }
        let (e, less_one) = exp_pair(x);
        (alpha * less_one, alpha * e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn the_kink_has_the_slope_of_its_left_side() {
        assert_eq!(Elu::new(0.5).value_and_slope(0.0), (0.0, 0.5));
    }

    #[test]
    fn alpha_out_of_range_is_refused() {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            let message = Elu::new(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("alpha {bad}, expected a finite number not below 0"));
        }
        assert_eq!(Elu::new(1.0), Elu::default());
        assert_eq!(Elu::default().check(), Ok(()));
    }

    #[test]
    fn gradients_agree_away_from_the_kink() {
        for alpha in [1.0, 0.3, 2.0] {
            assert_layer(Elu::new(alpha), |x| if x.abs() < 0.01 { x + 0.1 } else { x });
        }
    }
}

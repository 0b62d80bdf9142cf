//! Leaky ReLU: passes on what is positive, and a little of what is negative.
//!
//! ```text
//! y  = x where x > 0, else slope·x
//! dx = dy where x > 0, else slope·dy
//! ```
//! `x` and `y` have one shape. Source: Maas et al., *Rectifier nonlinearities improve neural network acoustic models*
//! (2013), section 2. The derivative at the kink, 0, is taken as that of the left side, as PyTorch does.

use chainrule_tensor::Float;

use crate::{Error, elementwise::Elementwise, error::check_not_negative};

/// `y = x` where x > 0, else `slope·x`.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `slope` | 0.01 (the paper's) | the factor of negative values | finite, not below 0 |
///
/// # Examples
/// ```
/// use chainrule_layers::{LayerExt, LeakyRelu};
/// use chainrule_tensor::Matrix;
/// let layer = LeakyRelu::new(0.25);
/// let (y, cache) = layer.forward(&Matrix::from_column_slice(3, 1, &[-2.0, 0.0, 3.0]));
/// assert_eq!(y.as_slice(), [-0.5, 0.0, 3.0]);
/// let dx = layer.backward(&cache, &Matrix::from_element(3, 1, 8.0)).dx;
/// assert_eq!(dx.as_slice(), [2.0, 2.0, 8.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct LeakyRelu {
    /// The factor of negative values.
    pub slope: f64,
}

impl LeakyRelu {
    /// The layer with this slope for negative values.
    pub fn new(slope: f64) -> Self {
        LeakyRelu { slope }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless the slope is finite and not below 0.
    pub fn check(&self) -> Result<(), Error> {
        check_not_negative("slope", self.slope)
    }
}

impl Default for LeakyRelu {
    fn default() -> Self {
        LeakyRelu { slope: 0.01 }
    }
}

impl Elementwise for LeakyRelu {
    const NAME: &'static str = "leaky-relu";

    fn check_settings(&self) -> Result<(), Error> {
        self.check()
    }

    #[inline]
    fn value_and_slope<F: Float>(&self, x: F) -> (F, F) {
        let slope = F::of(self.slope);
        if x > F::zero() { (x, F::one()) } else { (slope * x, slope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::assert_layer;

    #[test]
    fn a_slope_out_of_range_is_refused() {
        for bad in [f64::NAN, -0.1, f64::INFINITY] {
            let message = LeakyRelu::new(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("slope {bad}, expected a finite number not below 0"));
        }
        assert_eq!(LeakyRelu::new(0.01), LeakyRelu::default());
        assert_eq!(LeakyRelu::default().check(), Ok(()));
    }

    #[test]
    fn gradients_agree_away_from_the_kink() {
        for slope in [0.01, 0.0, 1.5] {
            assert_layer(LeakyRelu::new(slope), |x| if x.abs() < 0.01 { x + 0.1 } else { x });
        }
    }
}

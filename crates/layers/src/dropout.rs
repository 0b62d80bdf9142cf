//! Dropout: in training, every value is set to 0 with probability p; in inference, nothing happens.
//!
//! ```text
//! y  = m·x          m = 0 with probability p, otherwise 1/(1 − p); in inference m = 1
//! dx = m·dy
//! ```
//! `x`, `y` and `m` have one shape, any number of units × samples.
//!
//! Source: Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting* (2014), with the
//! scaling in training ("inverted"), so that the expected value of y is x in both, as in PyTorch.
//!
//! The mask is a pure function of the seed, the layer, the step, the position of the sample in the mini-batch and the
//! unit. So every sample has its own, and it does not matter how a mini-batch is cut.

use chainrule_tensor::{
    Float, MatrixViewMut, Shape,
    rand::Rng,
    random::{Purpose, generator},
};

use crate::{Error, Layer, Pass, elementwise::multiply_to, error::check_number};

/// In training sets every value to 0 with probability `p`, and scales the others by 1/(1 − p).
///
/// | setting | range | purpose |
/// | --- | --- | --- |
/// | `p` | 0 ≤ p < 1 | the probability that a value is set to 0 |
///
/// Unit *u* of a sample is set to 0 if number *u* of its generator, 32 bits, is below p·2³². That generator is
/// [`generator`]`(seed, Purpose::Dropout, step, layer · 2³² + sample)`.
///
/// # Examples
/// ```
/// use chainrule_layers::{Context, Dropout, LayerExt};
/// use chainrule_tensor::Matrix;
/// let dropout = Dropout::new(0.5);
/// let x = Matrix::from_element(1000, 2, 3.0_f32);
/// assert_eq!(dropout.forward(&x).0, x); // inference
///
/// let (y, cache) = dropout.forward_with(&x, &Context::training(1, 0).of_samples(2));
/// assert!(y.iter().all(|&y| y == 0.0 || y == 6.0));
/// let left = y.iter().filter(|&&y| y == 6.0).count();
/// assert!((900..1100).contains(&left));
/// assert_ne!(y.column(0), y.column(1)); // every sample has a mask of its own
/// assert_eq!(dropout.backward(&cache, &x).dx, y); // and the gradient has the same
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Dropout {
    /// The dropout probability, 0 ≤ p < 1.
    pub p: f64,
}

impl Dropout {
    /// Dropout with probability `p`.
    pub fn new(p: f64) -> Self {
        Dropout { p }
    }

    /// Refuses settings out of range.
    ///
    /// # Errors
    /// [`Error::Setting`] unless 0 ≤ p < 1.
    pub fn check(&self) -> Result<(), Error> {
        let good = (0.0..1.0).contains(&self.p);
        check_number("dropout probability", self.p, good, "a number from 0 to below 1")
    }
}

impl<F: Float> Layer<F> for Dropout {
    fn name(&self) -> &str {
        "dropout"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.check().map(|()| input).map_err(|error| error.to_string())
    }

    fn n_cached(&self, input: Shape) -> usize {
        input.size()
    }

    fn forward_to(&self, mut y: MatrixViewMut<'_, F>, mask: &mut [F], pass: &Pass<'_, F>) {
        let (x, context) = (pass.x.dense(), pass.context);
        assert_eq!(y.shape(), x.shape(), "shapes of the dropout's output and input");
        assert_eq!(mask.len(), x.as_slice().len(), "values of the mask, and inputs");
        if !context.training {
            mask.fill(F::one());
            y.as_mut_slice().copy_from_slice(x.as_slice());
            return;
        }
        let left_out_below = (self.p * (1_u64 << 32) as f64) as u64;
        let kept = F::of(1.0 / (1.0 - self.p));
        for (j, x) in x.column_iter().enumerate() {
            let sample = (context.layer as u64) << 32 | (context.first_sample + j) as u64;
            let mut rng = generator(context.seed, Purpose::Dropout, context.step, sample);
            let mask = &mut mask[j * x.len()..(j + 1) * x.len()];
            for ((y, m), &x) in y.column_mut(j).iter_mut().zip(mask).zip(x) {
                *m = if u64::from(rng.next_u32()) < left_out_below { F::zero() } else { kept };
                *y = *m * x;
            }
        }
    }

    fn backward_to(&self, dx: MatrixViewMut<'_, F>, mask: &mut [F], pass: &Pass<'_, F>) {
        multiply_to(dx, mask, pass.dy);
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::Matrix;

    use super::*;
    use crate::{Context, LayerExt, check::assert_layer};

    fn dropped(p: f64, context: &Context, x: &Matrix<f64>) -> Matrix<f64> {
        Dropout::new(p).forward_with(x, context).0
    }

    #[test]
    fn masks_depend_on_the_place_and_on_nothing_else() {
        let x = Matrix::from_element(40, 6, 1.0);
        let context = Context::training(1, 7).of_samples(6).at_layer(2);
        let whole = dropped(0.3, &context, &x);
        // Cut into shards.
        for first in 0..6 {
            let part = dropped(0.3, &context.at_sample(first), &x.columns(first, 6 - first).into());
            assert_eq!(part, whole.columns(first, 6 - first));
        }
        // Another step, seed and layer.
        let others = [
            Context::training(1, 8).of_samples(6).at_layer(2),
            Context::training(2, 7).of_samples(6).at_layer(2),
            context.at_layer(3),
        ];
        for other in others {
            assert_ne!(dropped(0.3, &other, &x), whole, "{other:?}");
        }
    }

    #[test]
    fn the_share_left_out_is_p() {
        // 40,000 draws: a standard deviation of 0.0023 at most.
        let x = Matrix::from_element(400, 100, 1.0);
        for p in [0.0, 0.1, 0.5, 0.9] {
            let y = dropped(p, &Context::training(3, 0).of_samples(100), &x);
            let share = y.iter().filter(|&&y| y == 0.0).count() as f64 / y.len() as f64;
            assert!((share - p).abs() <= 0.01, "{share} of {p}");
            assert!((y.mean() - 1.0).abs() <= 0.03 / (1.0 - p), "the expected value is kept: {}", y.mean());
        }
    }

    #[test]
    fn probabilities_out_of_range_are_refused() {
        for bad in [1.0, -0.1, f64::NAN, f64::INFINITY] {
            let message = Dropout::new(bad).check().unwrap_err().to_string();
            assert_eq!(message, format!("dropout probability {bad}, expected a number from 0 to below 1"));
        }
    }

    #[test]
    fn gradients_agree() {
        assert_layer(Dropout::new(0.4), |x| x);
    }
}

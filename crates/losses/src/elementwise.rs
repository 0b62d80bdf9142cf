//! Losses that are a sum of one function of an output and its target, over all outputs of all samples.

use std::fmt::Debug;

use chainrule_tensor::{Float, MatrixView, MatrixViewMut};

use crate::{Error, Loss, LossSum, Outputs, Targets, loss::assert_shapes};

/// A loss that is a sum of one function of an output and its target. Every such type is a [`Loss`].
///
/// # Examples
/// A loss of one's own, Σ |y − t|:
/// ```
/// use chainrule_losses::{Elementwise, Loss, Outputs};
/// use chainrule_tensor::{Float, Matrix};
///
/// #[derive(Debug)]
/// struct AbsoluteError;
///
/// impl Elementwise for AbsoluteError {
///     const NAME: &'static str = "absolute-error";
///     const OUTPUTS: Outputs = Outputs::Values;
///
///     fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F) {
///         ((y - t).abs(), (y - t).signum())
///     }
/// }
///
/// let (y, t) = (Matrix::from_column_slice(2, 1, &[3.0_f64, 1.0]), Matrix::from_column_slice(2, 1, &[1.0, 2.0]));
/// let (loss, dy) = AbsoluteError.gradient((&y).into(), (&t).into());
/// assert_eq!(loss.mean(), 1.5);
/// assert_eq!(dy.as_slice(), [1.0, -1.0]);
/// ```
pub trait Elementwise: Debug + Send + Sync {
    /// The name of the loss; see [`Loss::name`].
    const NAME: &'static str;
    /// What outputs mean; see [`Loss::outputs`].
    const OUTPUTS: Outputs;
    /// The mean with its unit; see [`Loss::axis`].
    const AXIS: &'static str = "mean loss";
    /// Whether the mean is taken over samples instead of elements, of which there are outputs · samples.
    const PER_SAMPLE: bool = false;

    /// The function of an output and its target that is summed, and its derivative by the output.
    fn value_and_derivative<F: Float>(&self, y: F, t: F) -> (F, F);

    /// Refuses settings out of range; see [`Loss::check`].
    ///
    /// # Errors
    /// [`Error::Setting`] for the first that is out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl<F: Float, L: Elementwise> Loss<F> for L {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn outputs(&self) -> Outputs {
        L::OUTPUTS
    }

    fn axis(&self) -> &'static str {
        L::AXIS
    }

    fn check(&self) -> Result<(), Error> {
        Elementwise::check(self)
    }

    fn value(&self, y: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        t.assert_fit(y);
        of_all(self, y, t, |_| ())
    }

    fn gradient_to(&self, mut dy: MatrixViewMut<'_, F>, y: MatrixView<'_, F>, t: Targets<'_, F>) -> LossSum {
        assert_shapes(&dy, y, t);
        let mut dy = dy.as_mut_slice().iter_mut();
        of_all(self, y, t, |derivative| *dy.next().expect("dy has the shape of y") = derivative)
    }
}

fn of_all<F: Float, L: Elementwise>(
    loss: &L,
    y: MatrixView<'_, F>,
    t: Targets<'_, F>,
    keep: impl FnMut(F),
) -> LossSum {
    Elementwise::check(loss).unwrap_or_else(|error| panic!("{error}"));
    let sum = sum(y, t, |_, y, t| loss.value_and_derivative(y, t), keep);
    let divisor = if L::PER_SAMPLE { y.n_columns() } else { y.as_slice().len() };
    LossSum { sum, divisor: divisor as f64 }
}

/// The sum in `f64` of the values at every output, its number first, and its target, samples in order; the derivatives go to `keep`
/// in that order.
pub(crate) fn sum<F: Float>(
    y: MatrixView<'_, F>,
    t: Targets<'_, F>,
    value_and_derivative: impl Fn(usize, F, F) -> (F, F),
    mut keep: impl FnMut(F),
) -> f64 {
    let mut sum = 0.0;
    for (j, y) in y.column_iter().enumerate() {
        for (i, &y) in y.iter().enumerate() {
            let (value, derivative) = value_and_derivative(i, y, t.get(i, j));
            sum += value.as_f64();
            keep(derivative);
        }
    }
    sum
}

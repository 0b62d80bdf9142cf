//! The gradient of a network by central differences: two losses for every parameter.
//!
//! A difference of two losses has lost most of its digits. So that it loses no more, the change of every sample's
//! loss is taken by itself and then summed: sums of changes are rounded to their own size, not to that of the loss.

use chainrule_gradcheck::{Step, derivative};
use chainrule_layers::{Cache, Context, Sequential};
use chainrule_losses::{Loss, LossSum, Targets};
use chainrule_tensor::{Matrix, MatrixView};

use crate::parallel;

/// Parameters per task: enough that the copy of the network that a task may need costs nothing beside them.
const CHUNK: usize = 64;

/// The mean loss of some samples, as a function of the parameters.
pub(crate) struct MeanLoss<'a> {
    pub(crate) net: &'a Sequential<f64>,
    pub(crate) loss: &'a dyn Loss<f64>,
    pub(crate) x: &'a Matrix<f64>,
    pub(crate) t: Targets<'a, f64>,
    /// Those of the samples, if they have any.
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) context: &'a Context,
}

impl MeanLoss<'_> {
    /// The gradient, all parameters laid end to end. Where layers allow it, only what a parameter changes is computed again.
    pub(crate) fn numerical_gradient(&self, step: Step) -> Vec<f64> {
        self.gradient(step, Sequential::forward_changed)
    }

    /// The same the slow way that is obviously right: a whole forward pass for every loss.
    #[cfg(test)]
    fn numerical_gradient_plainly(&self, step: Step) -> Vec<f64> {
        self.gradient(step, |_, _, _, _| None)
    }

    /// The gradient by outputs that `shortcut` finds for a network whose parameter is larger by so much, or else by a whole
    /// pass.
    fn gradient(
        &self,
        step: Step,
        shortcut: impl Fn(&Sequential<f64>, &Cache<f64>, usize, f64) -> Option<Matrix<f64>> + Sync,
    ) -> Vec<f64> {
        let (n_parameters, n_samples) = (self.net.n_parameters(), self.x.ncols());
        let (z, cache) = self.net.forward_with(self.x, self.context);
        let at_start: Vec<LossSum> = (0..n_samples).map(|j| self.of_sample(&z, j)).collect();
        let divisor: f64 = at_start.iter().map(|loss| loss.divisor).sum();
        let mean_change = |z: Matrix<f64>| {
            let changes = (0..n_samples).map(|j| self.of_sample(&z, j).sum - at_start[j].sum);
            changes.sum::<f64>() / divisor
        };

        let chunks = parallel::map_with(
            n_parameters.div_ceil(CHUNK),
            || self.net.clone(),
            |net, chunk| {
                let of_chunk = chunk * CHUNK..((chunk + 1) * CHUNK).min(n_parameters);
                let derivatives = of_chunk.map(|i| {
                    let start = net.values()[i];
                    let change_of_loss = |value| {
                        if let Some(z) = shortcut(net, &cache, i, value - start) {
                            return mean_change(z);
                        }
                        net.split_mut().1[i] = value;
                        let change = mean_change(net.forward_with(self.x, self.context).0);
                        net.split_mut().1[i] = start;
                        change
                    };
                    derivative(change_of_loss, start, step.at(start))
                });
                derivatives.collect::<Vec<f64>>()
            },
        );
        chunks.concat()
    }

    fn of_sample(&self, z: &Matrix<f64>, j: usize) -> LossSum {
        let z = MatrixView::from(z);
        let weight = self.weights.map_or(1.0, |weights| weights[j]);
        self.loss.value(z.columns(j..j + 1), self.t.columns(j..j + 1)) * weight
    }
}

#[cfg(test)]
mod tests {
    use chainrule_losses::{BinaryCrossEntropy, MeanSquaredError};
    use chainrule_tensor::Init;

    use super::*;
    use crate::{Activation, Mlp, MlpConfig};

    #[test]
    fn what_does_not_change_need_not_be_computed() {
        let x: Matrix<f64> = Init::Normal { std: 1.0 }.matrix(4, 7, 1, 0);
        let t = x.map(|x| f64::from(u8::from(x > 0.0)));
        let t = MatrixView::from(&t);
        let net = |sizes: &[usize]| MlpConfig::new(sizes).with_activation(Activation::Tanh);
        for (config, context) in [
            (net(&[4, 4]), Context::inference()),
            (net(&[4, 6, 3, 4]), Context::inference()),
            (net(&[4, 5, 4]).with_activation(Activation::Gelu), Context::inference()),
            (net(&[4, 5, 4]).with_loss(BinaryCrossEntropy), Context::inference()),
            (
                net(&[4, 5, 4])
                    .with_activations([Activation::Relu, Activation::Sigmoid])
                    .with_loss(MeanSquaredError),
                Context::inference(),
            ),
            (net(&[4, 5, 3, 4]).with_batch_norm(true), Context::inference()),
            (net(&[4, 5, 3, 4]).with_batch_norm(true), Context::training(1, 2)),
            (net(&[4, 5, 3, 4]).with_dropout(0.4), Context::training(1, 2)),
        ] {
            let net = Mlp::<f64>::new(&config).unwrap();
            let mean_loss = MeanLoss {
                net: net.sequential(),
                loss: config.loss.loss(),
                x: &x,
                t: Targets::Values(t),
                weights: Some(&[1.0, 2.0, 0.5, 1.0, 0.0, 3.0, 1.0]),
                context: &context.of_samples(7),
            };
            let step = Step::Fixed(1e-4);
            let (fast, plain) =
                (mean_loss.numerical_gradient(step), mean_loss.numerical_gradient_plainly(step));
            let largest = plain.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
            assert!(largest > 0.01);
            for (i, (a, b)) in fast.iter().zip(&plain).enumerate() {
                assert!((a - b).abs() <= 1e-9 * largest, "{config:?}, parameter {i}: {a}, plainly {b}");
            }
        }
    }
}

//! The exponential moving average of the parameters: what a run ends in when single steps are noisy.
//!
//! ```text
//! w̄ ← d·w̄ + (1 − d)·w        after every step; after the first, w̄ = w
//! ```
//! Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging* (1992), with weights that fade,
//! as in PyTorch's `get_ema_multi_avg_fn`. Running statistics are averaged with the weights they belong to: those of the
//! latest weights would be wrong for the average.

use chainrule_layers::Sequential;

use crate::{
    parallel,
    values::{n_values, write_values},
};

/// The average of the parameters and then the running statistics of a network, laid end to end.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    pub(crate) values: Vec<f32>,
    decay: f32,
    pub(crate) n_steps: u64,
}

impl Average {
    pub(crate) fn new(net: &Sequential<f32>, decay: f64) -> Self {
        Average { values: vec![0.0; n_values(net)], decay: decay as f32, n_steps: 0 }
    }

    /// Follows `net` by one step.
    pub(crate) fn follow(&mut self, net: &Sequential<f32>) {
        let decay = if self.n_steps == 0 { 0.0 } else { self.decay };
        self.n_steps += 1;
        let mut rest = &mut self.values[..];
        let mut follow = |values: &[f32]| {
            let (averages, behind) = std::mem::take(&mut rest).split_at_mut(values.len());
            rest = behind;
            parallel::for_each_chunk(averages, values, |averages, values| {
                for (average, value) in averages.iter_mut().zip(values) {
                    *average = decay * *average + (1.0 - decay) * value;
                }
            });
        };
        net.visit_parameters(&mut |_, parameter| follow(parameter.values));
        net.visit_buffers(&mut |_, buffer| follow(buffer.values));
    }

    /// Writes the average into `net`, in place of its own values.
    pub(crate) fn write_to(&self, net: &mut Sequential<f32>) {
        write_values(&self.values, net);
    }
}

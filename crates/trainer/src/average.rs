//! The exponential moving average of the parameters: what a run ends in when single steps are noisy.
//!
//! ```text
//! w̄ ← d·w̄ + (1 − d)·w        after every step; after the first, w̄ = w
//! ```
//! Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging* (1992), with weights that fade,
//! as in PyTorch's `get_ema_multi_avg_fn`. Running statistics are averaged with the weights they belong to: those of the
//! latest weights would be wrong for the average.

use crate::parallel;

/// The average of all values of a network.
#[derive(Clone, Debug)]
pub(crate) struct Average {
    pub(crate) values: Vec<f32>,
    decay: f32,
    pub(crate) n_steps: u64,
}

impl Average {
    pub(crate) fn new(n_values: usize, decay: f64) -> Self {
        Average { values: vec![0.0; n_values], decay: decay as f32, n_steps: 0 }
    }

    /// Follows a network's `values` by one step.
    pub(crate) fn follow(&mut self, values: &[f32]) {
        let decay = if self.n_steps == 0 { 0.0 } else { self.decay };
        self.n_steps += 1;
        parallel::for_each_chunk(&mut self.values, values, |averages, values| {
            for (average, value) in averages.iter_mut().zip(values) {
                *average = decay * *average + (1.0 - decay) * value;
            }
        });
    }
}

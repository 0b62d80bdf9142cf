//! Training runs that go on from request to request.

use std::time::Instant;

use chainrule_benches::{Recipe, Result, standardised};
use chainrule_mnist::{ImageSet, Mnist};
use chainrule_optimizers::OptimizerConfig;
use chainrule_trainer::{Dataset, Mlp, Samples, TrainConfig, evaluate, train};
use serde_json::{Value, json};

pub(crate) struct Training {
    recipe: Recipe,
    pub(crate) net: Mlp,
    requests: u64,
}

impl Training {
    pub(crate) fn new(recipe: Recipe, n_pixels: usize) -> Result<Training> {
        Ok(Training { net: Mlp::new(recipe.network(n_pixels))?, recipe, requests: 0 })
    }

    /// Trains for the steps of one request and returns the seconds of the whole call. The velocity begins anew.
    pub(crate) fn go_on(&mut self, samples: &impl Samples) -> Result<f64> {
        self.requests += 1;
        let config = TrainConfig::new()
            .with_optimizer(self.recipe.optimizer())
            .with_batch_size(self.recipe.batch)
            .with_steps(self.recipe.steps)
            // Another order every time.
            .with_seed(self.requests);
        let begun = Instant::now();
        train(&mut self.net, samples).config(&config).run()?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Trains, and says how fast it was and how well the network does now.
    pub(crate) fn answer<S: Samples>(&mut self, samples: &S, test: &S) -> Result<Value> {
        let seconds = self.go_on(samples)?;
        let n_samples = self.recipe.steps as usize * self.recipe.batch.min(samples.n_samples());
        let evaluation = evaluate(&self.net, test)?;
        Ok(json!({
            "value": n_samples as f64 / seconds,
            "loss": evaluation.loss.mean(),
            "accuracy": evaluation.accuracy(),
        }))
    }
}

/// The speed of W1 with the optimizer with which it is slowest. Each has the median of its runs, which are by turns: of so many
/// single ones, the slowest would be whichever the machine disturbed.
pub(crate) fn slowest_optimizer(samples: &ImageSet) -> Result<Value> {
    const TURNS: usize = 3;
    let recipe = Recipe::of("W1");
    let optimizers = OptimizerConfig::all();
    let mut seconds = vec![Vec::new(); optimizers.len()];
    for _ in 0..TURNS {
        for (optimizer, seconds) in optimizers.iter().zip(&mut seconds) {
            let config = TrainConfig::new().with_optimizer(optimizer.clone()).with_steps(recipe.steps);
            let mut net = Mlp::new(recipe.network(samples.n_pixels()))?;
            let begun = Instant::now();
            train(&mut net, samples).config(&config).run()?;
            seconds.push(begun.elapsed().as_secs_f64());
        }
    }
    let medians = seconds.iter_mut().map(|seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[TURNS / 2]
    });
    let slowest = medians.zip(&optimizers).max_by(|a, b| a.0.total_cmp(&b.0));
    let (seconds, optimizer) = slowest.ok_or("there are no optimizers")?;
    let n_samples = recipe.steps as usize * recipe.batch.min(samples.len());
    Ok(json!({ "value": n_samples as f64 / seconds, "note": optimizer.name() }))
}

/// MNIST's training set and test set with standardised pixels.
pub(crate) fn standardised_sets(mnist: &Mnist) -> Result<[Dataset<'static>; 2]> {
    let set = |set: &ImageSet| -> Result<Dataset<'static>> {
        let labels: Vec<usize> = set.labels().iter().map(|&label| label.into()).collect();
        let all: Vec<usize> = (0..set.len()).collect();
        Ok(Dataset::from_rows(&standardised(set), set.n_pixels())?.with_classes(&labels)?.select(&all))
    };
    Ok([set(&mnist.train)?, set(&mnist.test)?])
}

//! Inference with W1's network after three epochs: all test images, and one.

use std::{hint::black_box, time::Instant};

use chainrule_mnist::{ImageSet, Mnist};
use chainrule_trainer::{Predictor, evaluate};
use serde_json::{Value, json};

use crate::{Recipe, Result, Training};

pub(crate) struct Inference {
    predictor: Predictor,
    test: ImageSet,
}

impl Inference {
    pub(crate) fn new(mnist: &Mnist) -> Result<Inference> {
        let mut training = Training::new(Recipe::of("W1"), mnist.train.n_pixels())?;
        for _ in 0..3 {
            training.go_on(&mnist.train)?;
        }
        Ok(Inference { predictor: Predictor::new(training.net), test: mnist.test.clone() })
    }

    /// `evaluate` goes from bytes to the loss and the accuracy, on the threads of the pool.
    pub(crate) fn many_images(&mut self) -> Result<Value> {
        let (mut passes, begun) = (0, Instant::now());
        let mut accuracy = f64::NAN;
        while passes == 0 || begun.elapsed().as_secs_f64() < 0.1 {
            accuracy = evaluate(self.predictor.net(), &self.test)?.accuracy();
            passes += 1;
        }
        let seconds = begun.elapsed().as_secs_f64() / f64::from(passes);
        Ok(json!({
            "value": self.test.len() as f64 / seconds,
            "accuracy": accuracy,
            "note": "from bytes to accuracy",
        }))
    }

    /// The median time from the bytes of an image to its probabilities.
    pub(crate) fn one_image(&mut self) -> Result<Value> {
        let mut times = Vec::with_capacity(2200);
        for i in 0..times.capacity() {
            let image = self.test.image(i % self.test.len());
            let begun = Instant::now();
            black_box(self.predictor.predict_pixels(black_box(image)));
            times.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        // The first calls warm up.
        let times = &mut times[200..];
        times.sort_by(f64::total_cmp);
        Ok(json!({ "value": times[times.len() / 2], "note": "from bytes" }))
    }
}

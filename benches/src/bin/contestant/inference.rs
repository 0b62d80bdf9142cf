//! Inference with W1's network after three epochs: all test images, and one.

use std::{borrow::Cow, hint::black_box, time::Instant};

use chainrule_benches::{Recipe, Result, median_time};
use chainrule_mnist::{ImageSet, Mnist};
use chainrule_trainer::{Predictor, evaluate};
use serde_json::{Value, json};

use crate::training::Training;

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

    /// `evaluate` goes from bytes to the loss and the accuracy, on the threads of the pool. The images are copied for every
    /// pass, outside of its time, since a set remembers which of its pixels are not 0.
    pub(crate) fn images_from_bytes(&mut self) -> Result<Value> {
        self.images(|| Cow::Owned(self.test.clone()), "from bytes to accuracy")
    }

    /// The same with a set that has been through it before.
    pub(crate) fn images_loaded(&mut self) -> Result<Value> {
        evaluate(self.predictor.net(), &self.test)?;
        self.images(|| Cow::Borrowed(&self.test), "from a set run before to accuracy")
    }

    fn images<'t>(&self, set: impl Fn() -> Cow<'t, ImageSet>, note: &str) -> Result<Value> {
        let (mut passes, mut seconds) = (0, 0.0);
        let mut accuracy = f64::NAN;
        while passes == 0 || seconds < 0.1 {
            let set = set();
            let begun = Instant::now();
            accuracy = evaluate(self.predictor.net(), &*set)?.accuracy();
            seconds += begun.elapsed().as_secs_f64();
            passes += 1;
        }
        let speed = (passes * self.test.len()) as f64 / seconds;
        Ok(json!({ "value": speed, "accuracy": accuracy, "note": note }))
    }

    /// The median time from the bytes of an image to its probabilities.
    pub(crate) fn one_image(&mut self) -> Result<Value> {
        let time = median_time(|i| {
            let image = self.test.image(i % self.test.len());
            black_box(self.predictor.predict_pixels(black_box(image)));
        });
        Ok(json!({ "value": time, "note": "from bytes" }))
    }
}

//! chainrule as a contestant of `cargo xtask compare`: it loads the data once and answers the requests on standard input,
//! with the public interface alone. `benches/peers/README.md` has the protocol.

#![forbid(unsafe_code)]

mod inference;
mod products;
mod training;

use std::{process, time::Instant};

use chainrule_benches::{Recipe, Result, on_threads, option, serve};
use chainrule_mnist::Mnist;
use chainrule_trainer::Dataset;
use serde_json::{Value, json};

use inference::Inference;
use training::Training;

fn main() {
    // What ends it is shown by `cargo xtask compare`.
    if let Err(error) = run() {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn run() -> Result<()> {
    let folder = option("--data").ok_or("--data FOLDER is missing")?;
    let threads = option("--threads").ok_or("--threads N is missing")?.parse()?;
    // One pool around everything: entering it takes longer than a step of a small network.
    on_threads(threads, || contest(&folder, threads).map_err(|error| error.to_string()))?;
    Ok(())
}

/// Answers requests with the data set in `folder`.
fn contest(folder: &str, threads: usize) -> Result<()> {
    let mut contestant = Contestant {
        mnist: Mnist::load(folder)?,
        folder,
        threads,
        standardised: None,
        runs: Vec::new(),
        inference: None,
    };
    serve(|work| contestant.answer(work).unwrap_or_else(|error| json!({ "error": error.to_string() })))
}

struct Contestant<'f> {
    mnist: Mnist,
    folder: &'f str,
    threads: usize,
    /// The training set and the test set with standardised pixels.
    standardised: Option<[Dataset<'static>; 2]>,
    /// The training runs that go on from request to request.
    runs: Vec<(String, Training)>,
    inference: Option<Inference>,
}

impl Contestant<'_> {
    fn answer(&mut self, work: &str) -> Result<Value> {
        match work {
            "info" => Ok(json!({
                "name": "chainrule",
                "version": env!("CARGO_PKG_VERSION"),
                "threads": self.threads,
                "settings": format!("a pool of {}", self.threads),
            })),
            "W1" | "W2" | "D1" | "D2" => self.train(work),
            "optimizers" => training::slowest_optimizer(&self.mnist.train),
            "W3a" => self.inference()?.images_from_bytes(),
            "W3c" => self.inference()?.images_loaded(),
            "W3b" => self.inference()?.one_image(),
            "sgemm" => Ok(products::sgemm(self.threads)),
            "products" => Ok(products::first_layer(self.threads)),
            "load" => self.load(),
            _ => Ok(json!({ "missing": "no such work" })),
        }
    }

    fn train(&mut self, work: &str) -> Result<Value> {
        let recipe = Recipe::of(work);
        if !self.runs.iter().any(|(name, _)| name == work) {
            self.runs.push((work.to_string(), Training::new(recipe, self.mnist.train.n_pixels())?));
        }
        let training = self.runs.iter_mut().find(|(name, _)| name == work);
        let (_, training) = training.expect("it was pushed");
        if !recipe.standardised {
            return training.answer(&self.mnist.train, &self.mnist.test);
        }
        if self.standardised.is_none() {
            self.standardised = Some(training::standardised_sets(&self.mnist)?);
        }
        let [train, test] = self.standardised.as_ref().expect("they were made");
        training.answer(train, test)
    }

    fn inference(&mut self) -> Result<&mut Inference> {
        if self.inference.is_none() {
            self.inference = Some(Inference::new(&self.mnist)?);
        }
        Ok(self.inference.as_mut().expect("it was made"))
    }

    /// How long reading, inflating and checking the four files takes.
    fn load(&self) -> Result<Value> {
        let begun = Instant::now();
        // Other data than MNIST have no published checksums.
        if Mnist::load_verified(self.folder).is_err() {
            Mnist::load(self.folder)?;
        }
        Ok(json!({ "value": begun.elapsed().as_secs_f64() }))
    }
}

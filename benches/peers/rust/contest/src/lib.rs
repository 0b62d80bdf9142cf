//! What the Rust peers share: the command line and the protocol. `benches/peers/README.md` has both in words.

mod data;

use std::{collections::BTreeMap, time::Instant};

use chainrule_benches::{median_time, option, serve};
use chainrule_data::{Order, Sampling};
use serde_json::{Value, json};

pub use chainrule_benches::Recipe;
pub use data::{Data, N_CLASSES, N_PIXELS};

/// A peer's network and optimizer.
pub trait Net {
    /// A network with these initial weights of both layers, inputs × outputs, row after row; biases begin at 0.
    fn new(recipe: &Recipe, weights: [&[f32]; 2]) -> Self;

    /// One training step on `x`, row after row, and the class of each row.
    fn step(&mut self, x: Vec<f32>, classes: &[u8]);

    /// The logits of `x`, row after row.
    fn logits(&mut self, x: &[f32]) -> Vec<f32>;
}

/// Answers the requests on standard input until there are no more.
pub fn run<N: Net>(name: &str, version: &str) {
    let folder = option("--data").expect("--data FOLDER is given");
    let threads = option("--threads").unwrap_or_else(|| "1".to_string());
    let mut contestant: Contestant<N> = Contestant::new(Data::load(folder.as_ref()));
    if std::env::args().any(|argument| argument == "--whole") {
        println!("{}", contestant.whole());
        return;
    }
    let answered = serve(|request| match request {
        // It was built so by `cargo xtask compare`, which says why.
        "info" => json!({ "name": name, "version": version, "threads": threads,
            "settings": format!("RAYON_NUM_THREADS={threads}, built with target-cpu=native") }),
        work => contestant.answer(work),
    });
    answered.expect("requests can be read and answers written");
}

struct Contestant<N> {
    data: Data,
    /// The training runs that go on from request to request.
    runs: BTreeMap<String, Training<N>>,
    inference: Option<N>,
    /// Samples per call, the fastest.
    chunk: Option<usize>,
}

impl<N: Net> Contestant<N> {
    fn new(data: Data) -> Self {
        Contestant { data, runs: BTreeMap::new(), inference: None, chunk: None }
    }

    fn answer(&mut self, work: &str) -> Value {
        match work {
            "W1" | "W2" | "D1" | "D2" => self.train(work),
            "W3a" => self.many_images(),
            "W3b" => self.one_image(),
            _ => json!({ "missing": "not written for this peer" }),
        }
    }

    /// Goes on with a training run, and says how fast it was and how well the network does now.
    fn train(&mut self, work: &str) -> Value {
        let begin = || Training::new(&Recipe::of(work), &self.data);
        let training = self.runs.entry(work.to_string()).or_insert_with(begin);
        let recipe = training.recipe;
        let seconds = training.go_on(&self.data, recipe.steps);
        let (loss, accuracy) =
            self.data.test_loss_and_accuracy(recipe.standardised, |x| training.net.logits(x));
        let rate = (recipe.steps as usize * recipe.batch) as f64 / seconds;
        json!({ "value": rate, "loss": loss, "accuracy": accuracy })
    }

    /// The network of W1 after three epochs.
    fn inference(&mut self) -> &mut N {
        self.inference.get_or_insert_with(|| {
            let mut training = Training::new(&Recipe::of("W1"), &self.data);
            training.go_on(&self.data, 3 * training.recipe.steps);
            training.net
        })
    }

    fn many_images(&mut self) -> Value {
        self.inference();
        let (net, data) = (self.inference.as_mut().expect("it was trained"), &self.data);
        let [_, x] = data.images(false);
        let mut pass = |chunk: usize| {
            let begun = Instant::now();
            for rows in x.chunks(chunk * N_PIXELS) {
                std::hint::black_box(net.logits(rows));
            }
            begun.elapsed().as_secs_f64()
        };
        let chunk = *self.chunk.get_or_insert_with(|| {
            let mut best = |chunk| (0..3).map(|_| pass(chunk)).fold(f64::INFINITY, f64::min);
            let timed = [10_000, 2500, 1000, 500, 250, 100].map(|chunk| (best(chunk), chunk));
            timed.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are six").1
        });
        let passes = (0.1 / pass(chunk)).ceil() as usize;
        let seconds = (0..passes).map(|_| pass(chunk)).sum::<f64>() / passes as f64;
        let (_, accuracy) = data.test_loss_and_accuracy(false, |x| net.logits(x));
        json!({ "value": data.mnist.test.len() as f64 / seconds, "accuracy": accuracy, "note": format!("{chunk} images a call") })
    }

    fn one_image(&mut self) -> Value {
        self.inference();
        let (net, data) = (self.inference.as_mut().expect("it was trained"), &self.data);
        let [_, x] = data.images(false);
        let time = median_time(|i| {
            let image = &x[i * N_PIXELS..(i + 1) * N_PIXELS];
            std::hint::black_box(net.logits(image));
        });
        json!({ "value": time })
    }

    /// Trains a net of 50 hidden units until 97 % of the test images are recognised.
    fn whole(&mut self) -> Value {
        let mut training: Training<N> = Training::new(&Recipe::of("whole"), &self.data);
        for epoch in 1..=40 {
            training.go_on(&self.data, 600);
            let (_, accuracy) = self.data.test_loss_and_accuracy(false, |x| training.net.logits(x));
            if accuracy >= 0.97 {
                return json!({ "accuracy": accuracy, "epochs": epoch });
            }
        }
        json!({ "error": "97 % was not reached in 40 epochs" })
    }
}

struct Training<N> {
    recipe: Recipe,
    net: N,
    order: Order,
    step: u64,
}

impl<N: Net> Training<N> {
    fn new(recipe: &Recipe, data: &Data) -> Self {
        // Columns are samples in chainrule, and one column of weights after the other has the outputs of an input.
        let [w1, w2] = [(recipe.n_hidden, N_PIXELS, 1), (N_CLASSES, recipe.n_hidden, 2)]
            .map(|(n_outputs, n_inputs, salt)| recipe.init.matrix::<f32>(n_outputs, n_inputs, 1, salt));
        let net = N::new(recipe, [w1.as_slice(), w2.as_slice()]);
        let pool = (0..data.mnist.train.len()).collect();
        let order = Order::new(Sampling::Shuffled, 1, pool, recipe.batch);
        Training { recipe: *recipe, net, order, step: 0 }
    }

    /// Trains for `steps` steps and returns the seconds, shuffling and gathering included.
    fn go_on(&mut self, data: &Data, steps: u64) -> f64 {
        // Outside of the measured time.
        data.images(self.recipe.standardised);
        let begun = Instant::now();
        for _ in 0..steps {
            let samples = self.order.mini_batch(self.step);
            self.step += 1;
            let (x, classes) = data.gather(self.recipe.standardised, samples);
            self.net.step(x, &classes);
        }
        begun.elapsed().as_secs_f64()
    }
}

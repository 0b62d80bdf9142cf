//! What the Rust peers share: the command line and the protocol. `benches/peers/README.md` has both in words.

mod data;
mod random;
mod recipe;

use std::{
    env,
    io::{self, BufRead, Write},
    time::Instant,
};

pub use data::{Data, N_CLASSES, N_PIXELS};
pub use random::Random;
pub use recipe::{Initial, Recipe};
use serde_json::{Value, json};

/// A peer's network and optimizer.
pub trait Net {
    /// A network with these initial weights.
    fn new(recipe: &Recipe, initial: &Initial) -> Self;

    /// One training step on `x`, row after row, and the class of each row.
    fn step(&mut self, x: Vec<f32>, classes: &[u8]);

    /// The logits of `x`, row after row.
    fn logits(&mut self, x: &[f32]) -> Vec<f32>;
}

/// Obeys the requests on standard input until there are no more.
pub fn run<N: Net>(name: &str, version: &str) {
    let arguments: Vec<String> = env::args().collect();
    let option = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    let folder = option("--data").expect("--data FOLDER is given");
    let threads = option("--threads").map_or("1", String::as_str);
    let mut contestant: Contestant<N> = Contestant::new(Data::load(folder.as_ref()));
    if arguments.iter().any(|a| a == "--whole") {
        println!("{}", contestant.whole());
        return;
    }
    for line in io::stdin().lock().lines() {
        let line = line.expect("requests are readable");
        let mut answer = match line.trim() {
            // It was built so by `cargo xtask compare`, which says why.
            "info" => json!({ "name": name, "version": version, "threads": threads,
                "settings": format!("RAYON_NUM_THREADS={threads}, built with target-cpu=native") }),
            work => contestant.answer(work),
        };
        answer["work"] = line.trim().into();
        println!("{answer}");
        io::stdout().flush().expect("answers are read");
    }
}

struct Contestant<N> {
    data: Data,
    /// The training runs that go on from request to request.
    runs: Vec<(String, Training<N>)>,
    inference: Option<N>,
    /// Samples per call, the fastest.
    chunk: Option<usize>,
}

impl<N: Net> Contestant<N> {
    fn new(data: Data) -> Self {
        Contestant { data, runs: Vec::new(), inference: None, chunk: None }
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
        if !self.runs.iter().any(|(name, _)| name == work) {
            self.runs.push((work.to_string(), Training::new(&Recipe::of(work))));
        }
        let (_, training) = self.runs.iter_mut().find(|(name, _)| name == work).expect("it was pushed");
        let recipe = training.recipe;
        let seconds = training.go_on(&self.data, recipe.steps);
        let (loss, accuracy) =
            self.data.test_loss_and_accuracy(recipe.standardised, |x| training.net.logits(x));
        let rate = (recipe.steps * recipe.batch) as f64 / seconds;
        json!({ "value": rate, "loss": loss, "accuracy": accuracy })
    }

    /// The network of W1 after three epochs.
    fn inference(&mut self) -> &mut N {
        self.inference.get_or_insert_with(|| {
            let mut training = Training::new(&Recipe::of("W1"));
            training.go_on(&self.data, 3 * training.recipe.steps);
            training.net
        })
    }

    fn many_images(&mut self) -> Value {
        self.inference();
        let (net, data) = (self.inference.as_mut().expect("it was trained"), &self.data);
        let x = &data.test_x;
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
        json!({ "value": data.test_classes.len() as f64 / seconds, "accuracy": accuracy, "note": format!("{chunk} images a call") })
    }

    fn one_image(&mut self) -> Value {
        self.inference();
        let (net, data) = (self.inference.as_mut().expect("it was trained"), &self.data);
        let mut times: Vec<f64> = (0..2200)
            .map(|i| {
                let image = &data.test_x[i * N_PIXELS..(i + 1) * N_PIXELS];
                let begun = Instant::now();
                std::hint::black_box(net.logits(image));
                begun.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        let times = &mut times[200..];
        times.sort_by(f64::total_cmp);
        json!({ "value": times[times.len() / 2] })
    }

    /// Trains a net of 50 hidden units until 97 % of the test images are recognised.
    fn whole(&mut self) -> Value {
        let mut training: Training<N> = Training::new(&Recipe::of("whole"));
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
    order: Vec<u32>,
    position: usize,
    random: Random,
}

impl<N: Net> Training<N> {
    fn new(recipe: &Recipe) -> Self {
        let mut random = Random(1);
        let net = N::new(recipe, &Initial::new(recipe, &mut random));
        Training { recipe: *recipe, net, order: Vec::new(), position: 0, random }
    }

    /// Trains for `steps` steps and returns the seconds, shuffling and gathering included.
    fn go_on(&mut self, data: &Data, steps: usize) -> f64 {
        let batch = self.recipe.batch;
        data.prepare(self.recipe.standardised);
        let begun = Instant::now();
        for _ in 0..steps {
            if self.position + batch > self.order.len() {
                self.order = (0..data.classes.len() as u32).collect();
                self.random.shuffle(&mut self.order);
                self.position = 0;
            }
            let samples = &self.order[self.position..self.position + batch];
            self.position += batch;
            let (x, classes) = data.gather(self.recipe.standardised, samples);
            self.net.step(x, &classes);
        }
        begun.elapsed().as_secs_f64()
    }
}

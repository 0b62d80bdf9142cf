//! The works that train: sizes, rates, batches. The same numbers are in `python/contestant.py` and in chainrule's own
//! contestant, `benches/src/bin/contestant`.

use crate::{N_CLASSES, N_PIXELS, Random};

/// A network of one hidden layer, and how it is trained.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Hidden units.
    pub n_hidden: usize,
    /// ReLU and He's initial weights, else sigmoid and the standard deviation `std`.
    pub relu: bool,
    /// Of initial weights, without ReLU.
    pub std: f64,
    /// The learning rate.
    pub rate: f64,
    /// The share of the velocity that is kept.
    pub momentum: f64,
    /// Samples per step.
    pub batch: usize,
    /// Steps per request.
    pub steps: usize,
    /// Whether pixels are standardised, so that none is zero.
    pub standardised: bool,
}

impl Recipe {
    /// The recipe of a work.
    pub fn of(work: &str) -> Recipe {
        let w1 = Recipe {
            n_hidden: 50,
            relu: false,
            std: 0.01,
            rate: 0.1,
            momentum: 0.0,
            batch: 100,
            steps: 600,
            standardised: false,
        };
        let w2 =
            Recipe { n_hidden: 800, relu: true, rate: 0.05, momentum: 0.9, batch: 128, steps: 200, ..w1 };
        match work {
            "W1" => w1,
            "W2" => w2,
            "D1" => Recipe { standardised: true, ..w1 },
            "D2" => Recipe { standardised: true, rate: 0.005, ..w2 },
            "whole" => Recipe { rate: 2.0, std: 0.05, ..w1 },
            _ => panic!("no such work: {work}"),
        }
    }
}

/// Initial weights, inputs × outputs, row after row; biases begin at 0.
pub struct Initial {
    /// Pixels × hidden units.
    pub w1: Vec<f32>,
    /// Hidden units × classes.
    pub w2: Vec<f32>,
}

impl Initial {
    /// Draws the weights of `recipe`.
    pub fn new(recipe: &Recipe, random: &mut Random) -> Initial {
        let mut draw = |n_inputs: usize, n_outputs: usize| {
            let std = if recipe.relu { (2.0 / n_inputs as f64).sqrt() } else { recipe.std };
            (0..n_inputs * n_outputs).map(|_| (std * random.normal()) as f32).collect()
        };
        Initial { w1: draw(N_PIXELS, recipe.n_hidden), w2: draw(recipe.n_hidden, N_CLASSES) }
    }
}

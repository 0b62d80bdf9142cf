//! The fourth tutorial: backpropagation for a table of records, who is admitted to a graduate school.
//!
//! Grades of two kinds (gre, gpa), standardised, and the rank of the school, one-hot, are six inputs of a network with two
//! hidden units, one output, a sigmoid behind both layers and no biases. It learns with half the squared error, the
//! derivatives summed over all records and divided by their number, rate 0.005, 900 epochs; a tenth of the records is held
//! out to test it. That is the tutorial's recipe, and its 900 steps are too small to learn anything: on the synthetic
//! table the network ends by saying no to everybody. The same network, from the same weights and with as many epochs,
//! learns with a rate of 2, and that run follows.
//!
//! The tutorial prints ten losses, computed from the output for the last record alone against all targets: a slip. Here
//! it is the mean of (output − target)², with the tutorial's number beside it.
//!
//! The table is synthetic: the example makes it itself. The losses and weights that the tests expect are those of
//! `xtask/golden/admissions.py`, the same in NumPy. Any other table with the columns admit, gre, gpa and rank is read with
//! `cargo run --release -p chainrule --example t4_admissions -- --csv PATH [--reference FILE.json]`.

use std::{error::Error, fmt, path::PathBuf, process};

use clap::Parser;

use applicants::Applicants;
use net::{EPOCHS, LARGER_RATE, Losses, Net, RATE};
use start::{Start, others};

mod applicants;
mod net;
mod start;

/// Of the synthetic table, the split and the initial weights.
const SEED: u64 = 4;

/// Records of the synthetic table.
const N_ROWS: usize = 400;

/// Trains the fourth tutorial's network on a table of applicants, by default on a synthetic one.
#[derive(Debug, Default, Parser)]
struct Options {
    /// Read a table with the columns admit (0 or 1), gre, gpa and rank (1 to 4).
    #[arg(long, value_name = "PATH")]
    csv: Option<PathBuf>,

    /// Take the training rows (from 0) and the initial weights from a file with "train_rows", "w_input_hidden" (6 × 2)
    /// and "w_hidden_output" (2).
    #[arg(long, value_name = "FILE.json")]
    reference: Option<PathBuf>,
}

/// What training with one rate gave.
struct Training {
    rate: f64,
    /// Ten epochs and the losses after them.
    losses: Vec<(usize, Losses)>,
    net: Net,
    test_accuracy: f64,
}

/// What the table is, and what training gave.
struct Outcome {
    table: String,
    /// Where the initial weights are from.
    weights: String,
    n_train: usize,
    n_test: usize,
    as_in_the_tutorial: Training,
    with_larger_rate: Training,
    /// The accuracy of a network that admits nobody.
    always_no: f64,
}

/// Reads or makes the table, and trains.
fn run(options: &Options) -> Result<Outcome, Box<dyn Error>> {
    let (applicants, table) = match &options.csv {
        Some(path) => (Applicants::read(path)?, format!("records from {}", path.display())),
        None => {
            let table = format!("synthetic records, made by a logistic model with seed {SEED}");
            (Applicants::synthetic(N_ROWS), table)
        }
    };
    let n_rows = applicants.n_rows();
    let (Start { train_rows, net }, weights) = match &options.reference {
        Some(path) => (Start::read(path, n_rows)?, path.display().to_string()),
        None => (Start::random(n_rows), "N(0, 1/√6)".into()),
    };
    let test_rows = others(&train_rows, n_rows);
    let (n_train, n_test) = (train_rows.len(), test_rows.len());
    if n_train == 0 || n_test == 0 {
        return Err(format!("{n_train} records to train on, {n_test} to test, expected some of both").into());
    }

    let (x, t) = (applicants.features()?, applicants.targets());
    let (train_x, train_t) = (x.select_columns(&train_rows), t.select_columns(&train_rows));
    let (x, t) = (x.select_columns(&test_rows), t.select_columns(&test_rows));
    let train = |rate| {
        let mut net = net.clone();
        let losses = net.train(&train_x, &train_t, rate);
        let test_accuracy = net.accuracy(&x, &t);
        Training { rate, losses, net, test_accuracy }
    };
    let (as_in_the_tutorial, with_larger_rate) = (train(RATE), train(LARGER_RATE));
    let always_no = 1.0 - t.mean();
    Ok(Outcome { table, weights, n_train, n_test, as_in_the_tutorial, with_larger_rate, always_no })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { table, weights, n_train, n_test, as_in_the_tutorial, with_larger_rate, always_no } =
            self;
        writeln!(f, "{} {table}", n_train + n_test)?;
        writeln!(
            f,
            "6 inputs, 2 hidden units, 1 output, yes above 0.5; {n_train} to train on, {n_test} to test"
        )?;
        writeln!(f, "initial weights from {weights}")?;
        writeln!(f, "always saying no is right for {always_no:.3} of the test records")?;
        write!(f, "\nas in the tutorial, {as_in_the_tutorial}")?;
        write!(f, "\nthe same from the same weights, {with_larger_rate}")
    }
}

impl fmt::Display for Training {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Training { rate, losses, net, test_accuracy } = self;
        writeln!(f, "rate {rate}, {EPOCHS} epochs:")?;
        let mut before = f64::INFINITY;
        for (epoch, Losses { mean, of_last_output }) in losses {
            // Asked this way round, NaN is a rise.
            let warning = if *mean <= before { "" } else { "  WARNING: the loss rises" };
            writeln!(
                f,
                "epoch {epoch:>3}: loss {mean:.6} (as the tutorial computes it: {of_last_output:.6}){warning}"
            )?;
            before = *mean;
        }
        writeln!(f, "test accuracy {test_accuracy:.3}")?;
        write!(f, "weights to the hidden units {:.6}to the output {:.6}", net.w1, net.w2)
    }
}

fn main() {
    match run(&Options::parse()) {
        Ok(outcome) => print!("{outcome}"),
        Err(error) => {
            eprintln!("error: {error}");
            process::exit(1);
        }
    }
}

#[cfg(test)]
mod tests;

//! `cargo xtask scaling`: the time of a training step on MNIST by threads and mini-batch, and the model that fits it.
//!
//! All cells of a table are measured by turns, so that a machine that gets slower gets slower for all. The model is in
//! `model.rs`.

use chainrule_benches::Recipe;
use chainrule_mnist::{ImageSet, Mnist};
use chainrule_trainer::{Mlp, TrainConfig, train};
use clap::Args;

use crate::{
    Data, Result,
    args::{at_least_one, threads},
    machine::{self, n_processors},
    output::{self, counted},
    statistics::Spread,
};

mod model;

use model::{Cell, Model};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    cargo xtask scaling\n  \
    cargo xtask scaling --threads 1,2 --batch-size 100 --json")]
pub(crate) struct Scaling {
    /// Numbers of threads; the others are compared with the first
    #[arg(long, value_name = "N,…", default_value = "1,2,4,8", value_delimiter = ',', value_parser = threads, allow_negative_numbers = true)]
    threads: Vec<usize>,
    /// Batch sizes
    #[arg(long, value_name = "N,…", default_value = "32,100,128,512,2048", value_delimiter = ',', value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    batch_size: Vec<usize>,
    /// How often everything is measured, in turn
    #[arg(long, value_name = "N", default_value = "5", value_parser = at_least_one::<usize>, allow_negative_numbers = true)]
    rounds: usize,
    #[command(flatten)]
    data: Data,
    /// Print one JSON object per time and one per model, and nothing else
    #[arg(long)]
    json: bool,
}

/// What is trained, as in `cargo xtask compare`; and about how many samples are one measurement, if there are so many.
const WORKS: [(&str, usize); 2] = [("W1", 60_000), ("W2", 20_000)];

pub(crate) fn run(options: &Scaling) -> Result<()> {
    let Mnist { train: samples, .. } = options.data.load()?;
    if !options.json {
        output::line(format_args!(
            "The time of a step in µs on {}, the median of {} rounds; in brackets how many times as fast as with {}.",
            machine::name(),
            options.rounds,
            counted(options.threads[0], "thread"),
        ));
    }
    for (work, n_samples) in WORKS {
        let cells = measure(work, n_samples.min(samples.len()), &samples, options)?;
        let within: Vec<&Cell> = cells.iter().filter(|cell| cell.threads <= n_processors()).collect();
        let model = Model::of(&within, n_processors());
        if options.json {
            cells.iter().for_each(|cell| time_event(work, cell, &cells));
            model.iter().for_each(|model| model_event(work, model, &within));
        } else {
            output::lines(table(work, &cells, options));
            if let Some(model) = model {
                output::lines(describe(work, &model, &within));
            }
            if let Some(share) = beyond_processors(&cells, n_processors()) {
                let n = n_processors();
                output::line(format_args!("more threads than {n}: at least {share:.2} × as fast as {n}"));
            }
        }
    }
    Ok(())
}

fn measure(work: &str, n_samples: usize, samples: &ImageSet, options: &Scaling) -> Result<Vec<Cell>> {
    let recipe = Recipe::of(work);
    let net = Mlp::new(recipe.network(samples.n_pixels()))?;
    let cells = options.batch_size.iter().flat_map(|batch| options.threads.iter().map(|n| (*batch, *n)));
    let mut cells: Vec<_> = cells.map(|(batch_size, threads)| (batch_size, threads, Vec::new())).collect();
    // The first round warms up, and is not counted.
    for round in 0..=options.rounds {
        for (batch_size, threads, seconds) in &mut cells {
            let config = TrainConfig::new()
                .with_optimizer(recipe.optimizer())
                .with_batch_size(*batch_size)
                .with_steps(n_samples.div_ceil(*batch_size) as u64)
                .with_threads(*threads);
            // From the same weights every time, so that every cell has the same work.
            let summary = train(&mut net.clone(), samples).config(&config).run()?;
            if round > 0 {
                seconds.push(summary.seconds() / summary.steps as f64);
            }
        }
    }
    let median = |(batch_size, threads, seconds): (_, _, Vec<f64>)| {
        let seconds = Spread::of(&seconds).median;
        Cell { batch_size, threads, seconds }
    };
    Ok(cells.into_iter().map(median).collect())
}

/// A table in Markdown.
fn table(work: &str, cells: &[Cell], options: &Scaling) -> String {
    let head: Vec<String> = options.threads.iter().map(|n| counted(*n, "thread")).collect();
    let mut lines = vec![
        format!("\n| {}, samples in a mini-batch | {} |", work, head.join(" | ")),
        format!("| ---: |{}", " ---: |".repeat(head.len())),
    ];
    for row in cells.chunks(options.threads.len()) {
        let show = |cell: &Cell| match cell.threads == row[0].threads {
            true => format!("{:.0}", 1e6 * cell.seconds),
            false => format!("{:.0} ({:.2})", 1e6 * cell.seconds, row[0].seconds / cell.seconds),
        };
        let times: Vec<String> = row.iter().map(show).collect();
        lines.push(format!("| {} | {} |", row[0].batch_size, times.join(" | ")));
    }
    lines.join("\n")
}

/// The least speed with more threads than processors, as a share of that with as many; nothing if either was not measured.
fn beyond_processors(cells: &[Cell], n_processors: usize) -> Option<f64> {
    let of = |more: &Cell| {
        let mut same = cells.iter().filter(|cell| cell.batch_size == more.batch_size);
        Some(same.find(|cell| cell.threads == n_processors)?.seconds / more.seconds)
    };
    cells.iter().filter(|cell| cell.threads > n_processors).filter_map(of).min_by(f64::total_cmp)
}

fn describe(work: &str, model: &Model, cells: &[&Cell]) -> String {
    let n = n_processors();
    format!(
        "\n{work}: t in µs = {:.1}·[threads > 1] + {:.3}·batch + {:.3}·batch/min(threads, {n}, shards) + {:.1}/min(threads, {n}), \
         off by {:.0} % at most",
        1e6 * model.hand_over,
        1e6 * model.serial,
        1e6 * model.per_sample,
        1e6 * model.parameters,
        100.0 * model.largest_error(cells),
    )
}

/// `{"event":"time",…}`, with how many times as fast it is as with the first number of threads.
fn time_event(work: &str, cell: &Cell, all: &[Cell]) {
    let first = all.iter().find(|first| first.batch_size == cell.batch_size).unwrap_or(cell);
    let of = [("work", work.into()), ("batch_size", cell.batch_size.into())];
    let time = [("threads", cell.threads.into()), ("seconds", cell.seconds.into())];
    output::event("time", &[&of[..], &time, &[("ratio", (first.seconds / cell.seconds).into())]].concat());
}

/// `{"event":"model",…}`
fn model_event(work: &str, model: &Model, cells: &[&Cell]) {
    let members = [
        ("work", work.into()),
        ("processors", model.n_processors.into()),
        ("hand_over", model.hand_over.into()),
        ("serial", model.serial.into()),
        ("per_sample", model.per_sample.into()),
        ("parameters", model.parameters.into()),
        ("largest_error", model.largest_error(cells).into()),
    ];
    output::event("model", &members);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_threads_are_compared_with_as_many_as_there_are_processors() {
        let cell = |batch_size, threads, seconds| Cell { batch_size, threads, seconds };
        let cells = [cell(32, 2, 1.0), cell(32, 8, 1.25), cell(100, 2, 2.0), cell(100, 8, 1.0)];
        assert_eq!(beyond_processors(&cells, 2), Some(0.8));
        assert_eq!(beyond_processors(&cells, 8), None);
        assert_eq!(beyond_processors(&cells[1..2], 2), None);
    }
}

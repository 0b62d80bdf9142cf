//! `chainrule predict`: classifies pictures of digits with a saved network.

use std::path::{Path, PathBuf};

use chainrule_layers::LayerConfig;
use chainrule_losses::Outputs;
use chainrule_mnist::{Digit, prepare_digit};
use chainrule_trainer::Predictor;
use clap::Args;
use serde::Serialize;

use crate::{
    Result, history,
    output::{self, Bar},
    picture::{self, Picture},
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule train-mnist --preset fast --checkpoint net.ckpt\n  \
    chainrule predict --checkpoint net.ckpt seven.png      also shows the network's input\n  \
    chainrule predict --checkpoint net.ckpt --quiet *.jpg\n  \
    chainrule predict --checkpoint net.ckpt --json *.pgm")]
pub struct Predict {
    /// The saved network: a checkpoint, or the folder of a run. Its inputs must be the pixels of a square image
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Pictures of one digit each: PNG, JPEG or PGM, any size, dark on light or light on dark
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// Print only one line for each picture
    #[arg(long)]
    quiet: bool,
    /// Print one JSON object for each picture and nothing else
    #[arg(long)]
    json: bool,
}

/// How many of the most probable classes are printed.
const N_TOP: usize = 3;

pub(crate) fn run(options: &Predict) -> Result<()> {
    let net = history::load(&options.checkpoint)?.1.net;
    let is_encoded = matches!(net.config().layers.first(), Some(LayerConfig::Encoding(_)));
    let side = side_of(net.config().input.size(), is_encoded)?;
    let mut predictor = Predictor::new(net);
    let bar = Bar::after_a_second(!options.json);
    let (n_images, mut n_failed) = (options.images.len(), 0);
    for (i, path) in options.images.iter().enumerate() {
        match predict(&mut predictor, side, path) {
            Ok(prediction) => bar.above(|| prediction.print(options)),
            Err(problem) if n_images == 1 => return Err(problem.into()),
            // The others are read all the same.
            Err(problem) => {
                n_failed += 1;
                bar.above(|| output::complain(format_args!("error: {problem}")));
                if options.json {
                    let path = ("path", path.display().to_string().into());
                    output::event("error", &[path, ("message", problem.into())]);
                }
            }
        }
        bar.share(i + 1, n_images);
    }
    bar.finish();
    match n_failed {
        0 => Ok(()),
        n => Err(format!("{n} of {n_images} pictures could not be read").into()),
    }
}

/// The rows and columns of the images that a network takes.
fn side_of(n_inputs: usize, is_encoded: bool) -> Result<usize> {
    let side = n_inputs.isqrt();
    match !is_encoded && side * side == n_inputs {
        true => Ok(side),
        false => {
            Err(format!("the network takes {n_inputs} values, expected the pixels of a square image").into())
        }
    }
}

fn predict(predictor: &mut Predictor, side: usize, path: &Path) -> std::result::Result<Prediction, String> {
    let Picture { n_rows, n_columns, pixels } = picture::read(path)?;
    let digit = prepare_digit(&pixels, n_columns, side);
    let digit = digit.ok_or_else(|| {
        format!("{}: no digit was found in this picture, expected one on an even background", path.display())
    })?;
    let outputs = predictor.predict_pixels(&digit.pixels).to_vec();
    if let Some(output) = outputs.iter().find(|output| !output.is_finite()) {
        return Err(format!("{}: the network's output is {output}, expected finite numbers", path.display()));
    }
    let top = top_of(&outputs, predictor.net().config().loss.outputs());
    Ok(Prediction {
        path: path.display().to_string(),
        class: top.first().map(Likely::class),
        top,
        outputs,
        width: n_columns,
        height: n_rows,
        dark_on_light: digit.dark_on_light,
        digit,
    })
}

/// The first classes, the most likely first. A single probability is that of class 1, yes; a single value is of no class.
fn top_of(outputs: &[f32], meaning: Outputs) -> Vec<Likely> {
    let mut classes = match (meaning, outputs) {
        (Outputs::Values, [_]) => Vec::new(),
        (Outputs::LabelProbabilities, [yes]) => vec![1.0 - yes, *yes],
        _ => outputs.to_vec(),
    }
    .into_iter()
    .enumerate()
    .collect::<Vec<_>>();
    classes.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    classes.truncate(N_TOP);
    let likely = |(class, y)| match meaning.are_probabilities() {
        true => Likely::Probability { class, probability: y },
        false => Likely::Value { class, value: y },
    };
    classes.into_iter().map(likely).collect()
}

/// `{"event":"prediction",…}`
#[derive(Serialize)]
#[serde(tag = "event", rename = "prediction")]
struct Prediction {
    path: String,
    /// None if the network's output is a single value.
    class: Option<usize>,
    /// The first classes, the most likely first.
    top: Vec<Likely>,
    /// What the network predicts: the probability of every class, or of yes, or values.
    outputs: Vec<f32>,
    width: usize,
    height: usize,
    dark_on_light: bool,
    #[serde(skip)]
    digit: Digit,
}

/// A class with what the network says for it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Likely {
    Probability { class: usize, probability: f32 },
    Value { class: usize, value: f32 },
}

impl Likely {
    fn class(&self) -> usize {
        match *self {
            Likely::Probability { class, .. } | Likely::Value { class, .. } => class,
        }
    }
}

impl Prediction {
    fn print(&self, options: &Predict) {
        if options.json {
            output::json(self);
        } else if options.quiet {
            output::line(format_args!("{}: {}", self.path, self.told().join(", ")));
        } else {
            self.print_seen();
        }
    }

    /// `7  99.1 %` for each of the most likely classes, `7  1.145` if the network gives values, or the value alone.
    fn told(&self) -> Vec<String> {
        let told = self.top.iter().map(|likely| match likely {
            Likely::Probability { class, probability } => format!("{class}  {:.1} %", 100.0 * probability),
            Likely::Value { class, value } => format!("{class}  {value:.3}"),
        });
        match self.class {
            Some(_) => told.collect(),
            None => self.outputs.iter().map(|value| format!("{value:.3}")).collect(),
        }
    }

    /// The network's input as text, and beside it the most likely classes.
    fn print_seen(&self) {
        let how = if self.dark_on_light { "dark on light" } else { "light on dark" };
        output::line(format_args!("{}: {}×{} pixels, {how}", self.path, self.width, self.height));
        let told = self.told();
        for (i, row) in ascii(&self.digit).iter().enumerate() {
            let beside = i.checked_sub(1).and_then(|i| told.get(i)).map_or("", String::as_str);
            output::line(format_args!("  |{row}|   {beside}").to_string().trim_end());
        }
    }
}

/// From no ink to full ink.
const INKS: &[u8] = b" .:-=+*#%@";

/// The most columns of characters: so what is read has its place beside them.
const WIDEST: usize = 56;

/// An image as rows of characters, which are twice as high as wide: each stands for two pixels, or more in a large image.
fn ascii(digit: &Digit) -> Vec<String> {
    let block = digit.side.div_ceil(WIDEST);
    let starts = |step: usize| (0..digit.side).step_by(step);
    let ink = |top: usize, left: usize| {
        let rows = digit.pixels.chunks(digit.side).skip(top).take(2 * block);
        let (mut sum, mut n) = (0, 0);
        for pixel in rows.flat_map(|row| row.iter().skip(left).take(block)) {
            (sum, n) = (sum + usize::from(*pixel), n + 1);
        }
        char::from(INKS[(sum * (INKS.len() - 1) + n * 127) / (n * 255)])
    };
    starts(2 * block).map(|top| starts(block).map(|left| ink(top, left)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outputs_say_follows_from_what_they_mean() {
        let probability = |class, probability| Likely::Probability { class, probability };
        let value = |class, value| Likely::Value { class, value };
        assert_eq!(
            top_of(&[0.75], Outputs::LabelProbabilities),
            [probability(1, 0.75), probability(0, 0.25)]
        );
        assert_eq!(
            top_of(&[0.25], Outputs::LabelProbabilities),
            [probability(0, 0.75), probability(1, 0.25)]
        );
        assert_eq!(top_of(&[0.5], Outputs::LabelProbabilities)[0], probability(0, 0.5));
        let several = [probability(1, 0.75), probability(0, 0.5)];
        assert_eq!(top_of(&[0.5, 0.75], Outputs::LabelProbabilities), several);
        assert_eq!(
            top_of(&[0.125, -0.5, 1.25], Outputs::Values),
            [value(2, 1.25), value(0, 0.125), value(1, -0.5)]
        );
        assert_eq!(top_of(&[1.25], Outputs::Values), []);
    }

    #[test]
    fn only_the_pixels_of_a_square_are_an_image() {
        assert_eq!(side_of(784, false).unwrap(), 28);
        assert_eq!(side_of(1, false).unwrap(), 1);
        assert!(side_of(785, false).unwrap_err().to_string().contains("takes 785 values"));
        assert!(side_of(784, true).is_err());
    }
}

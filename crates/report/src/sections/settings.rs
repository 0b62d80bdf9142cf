//! The settings of the run, and the command that repeats it.

use chainrule_trainer::{Length, MlpConfig, TrainConfig, optimizers::Optimizer};
use maud::{Markup, html};

use crate::{Run, numbers::whole};

pub(crate) fn section(run: &Run) -> Markup {
    let mut rows = network(run.net.config());
    if let Some(config) = &run.training {
        rows.extend(training(config));
    }
    rows.push(("checksum of the parameters (CRC-32)", format!("{:08x}", run.net.parameters_crc32())));
    html! {
        @if let Some(command) = &run.command {
            p { "The command that repeats the run, with the same bits on the same data, build and processor family:" }
            pre.scroll tabindex="0" role="group" aria-label="The command that repeats the run" { code { (command) } }
        }
        div.card.scroll tabindex="0" role="group" aria-label="Settings" {
            table.settings {
                caption { "Settings" }
                tbody { @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } } }
            }
        }
        @if let Some(settings) = &run.settings {
            // Open, so that paper has them too.
            details open {
                summary { "All settings as a file" }
                pre.scroll tabindex="0" role="group" aria-label="All settings as a file" { code { (settings) } }
            }
        }
    }
}

fn network(config: &MlpConfig) -> Vec<(&'static str, String)> {
    let sizes: Vec<String> = config.sizes.iter().map(usize::to_string).collect();
    let activations: Vec<String> = config.activations.iter().map(ToString::to_string).collect();
    let mut rows = vec![
        ("sizes", sizes.join("–")),
        ("activations", activations.join(", ")),
        ("initial weights", config.init.map_or("chosen by activation".into(), |init| init.to_string())),
        ("loss", config.loss.name().to_string()),
        ("seed of the weights", config.seed.to_string()),
    ];
    if config.batch_norm {
        rows.push(("batch normalisation", "in hidden layers".into()));
    }
    if config.dropout > 0.0 {
        rows.push(("dropout", config.dropout.to_string()));
    }
    rows
}

fn training(config: &TrainConfig) -> Vec<(&'static str, String)> {
    let length = match config.length {
        Length::Epochs(epochs) => format!("{epochs} epochs"),
        Length::Steps(steps) => format!("{} steps", whole(steps as usize)),
        _ => "another".into(),
    };
    let mut rows = vec![
        ("optimizer", Optimizer::<f32>::name(&config.optimizer).to_string()),
        ("learning rate", Optimizer::<f32>::learning_rate(&config.optimizer).to_string()),
        ("schedule of the learning rate", config.schedule.to_string()),
        ("mini-batch", format!("{} samples", config.batch_size)),
        ("length", length),
        ("seed of the training", config.seed.to_string()),
    ];
    if config.validation > 0.0 {
        rows.push(("held out to validate on", config.validation.to_string()));
    }
    if let Some(decay) = config.average {
        rows.push(("moving average", decay.to_string()));
    }
    rows
}

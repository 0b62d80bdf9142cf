//! The settings of the run, and the command that repeats it.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Run;

/// A longer list is shown by its length.
const MAX_LISTED: usize = 20;

pub(crate) fn section(run: &Run) -> Markup {
    let (mut network, training) = (rows(json!(run.net.config())), rows(json!(run.training)));
    let crc32 = format!("{:08x}", run.net.parameters_crc32());
    network.push(("checksum of the parameters (CRC-32)".into(), crc32));
    html! {
        @if let Some(command) = &run.command {
            p { "The command that repeats the run, with the same bits on the same data, build and processor family:" }
            pre.scroll tabindex="0" role="group" aria-label="The command that repeats the run" { code { (command) } }
        }
        div.card.scroll tabindex="0" role="group" aria-label="Settings" {
            @for (caption, rows) in [("Settings of the network", network), ("Settings of the training", training)] {
                @if !rows.is_empty() {
                    table.settings {
                        caption { (caption) }
                        tbody { @for (name, value) in rows { tr { th scope="row" { (name) } td { (value) } } } }
                    }
                }
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

/// Every setting under its own name in words, as it is serialised.
fn rows(settings: Value) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    add("", &settings, &mut rows);
    rows
}

fn add(name: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        // What is off, a share or a decay of 0 among it; seeds and counts are whole numbers.
        value if [json!(null), json!(0.0), json!([])].contains(value) => {}
        Value::Array(layers) if name == "layers" => {
            let row = |(l, layer): (usize, &Value)| (format!("layer {}", l + 1), text_of_layer(layer));
            rows.extend(layers.iter().enumerate().map(row));
        }
        Value::Object(fields) => match fields.iter().next() {
            // One of several kinds, such as an optimizer, with settings of its own.
            Some((kind, settings @ Value::Object(_))) if fields.len() == 1 => {
                rows.push((name.to_string(), kind.clone()));
                add("", settings, rows);
            }
            _ => fields.iter().for_each(|(of, value)| add(&words(&format!("{name} {of}")), value, rows)),
        },
        value => rows.push((name.to_string(), text(value))),
    }
}

/// `affine, init normal:0.01, n outputs 50`.
fn text_of_layer(layer: &Value) -> String {
    let settings = layer.as_object().into_iter().flatten().filter(|(name, _)| *name != "layer");
    let settings = settings.map(|(name, value)| format!("{} {}", words(name), text(value)));
    [text(&layer["layer"])].into_iter().chain(settings).collect::<Vec<_>>().join(", ")
}

fn words(name: &str) -> String {
    name.trim_start().replace('_', " ")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.len() > MAX_LISTED => format!("{} values", values.len()),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{
        EarlyStopping, NetworkConfig, TrainConfig,
        layers::{Affine, BatchNorm, LeakyRelu},
        losses::SoftmaxCrossEntropy,
        optimizers::{AdamW, Clip},
    };

    use super::*;

    fn has(rows: &[(String, String)], name: &str, value: &str) -> bool {
        rows.contains(&(name.to_string(), value.to_string()))
    }

    #[test]
    fn no_setting_of_a_network_is_forgotten() {
        let layers = [
            Affine::outputs(50).into(),
            BatchNorm::default().with_eps(0.5).into(),
            LeakyRelu::new(0.25).into(),
            Affine::outputs(10).into(),
        ];
        let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.125);
        let rows = rows(json!(NetworkConfig::new(784, layers, loss).with_seed(0)));
        assert!(has(&rows, "layer 1", "affine, init xavier-normal, n outputs 50"), "{rows:?}");
        assert!(has(&rows, "layer 2", "batch-norm, eps 0.5, momentum 0.1"), "{rows:?}");
        assert!(has(&rows, "layer 3", "leaky-relu, slope 0.25"), "{rows:?}");
        assert!(has(&rows, "loss", "softmax-cross-entropy") && has(&rows, "label smoothing", "0.125"));
        assert!(has(&rows, "seed", "0") && has(&rows, "input channels", "784"));
    }

    #[test]
    fn no_setting_of_a_training_is_forgotten_but_for_what_is_off() {
        let names = |config: &TrainConfig| -> Vec<String> {
            rows(json!(config)).into_iter().map(|(name, _)| name).collect()
        };
        let default = ["batch size", "gradient", "length epochs", "optimizer", "learning rate", "sampling"];
        let plain = names(&TrainConfig::new());
        assert!(default.iter().all(|name| plain.iter().any(|found| found == name)), "{plain:?}");
        assert!(!plain.iter().any(|name| name == "validation" || name == "clip"), "{plain:?}");
        let config = TrainConfig::new()
            .with_optimizer(AdamW::new(0.002))
            .with_clip(Clip::by_norm(1.5))
            .with_validation(0.25)
            .with_early_stopping(EarlyStopping::new(3))
            .with_average(0.5);
        let rows = rows(json!(config));
        for (name, value) in [
            ("optimizer", "adamw"),
            ("learning rate", "0.002"),
            ("clip", "norm"),
            ("max norm", "1.5"),
            ("validation", "0.25"),
            ("early stopping patience", "3"),
            ("average", "0.5"),
        ] {
            assert!(has(&rows, name, value), "{name}: {rows:?}");
        }
    }
}

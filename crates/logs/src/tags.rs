//! The metrics of an epoch, by their tags.

use chainrule_trainer::{EpochReport, diagnostics::Diagnostics};

/// The metrics of the epoch.
pub(crate) fn of_epoch(report: &EpochReport) -> impl Iterator<Item = (String, f64)> {
    let measured = [
        ("loss/train", Some(report.train_loss)),
        ("loss/validation", report.validation_loss),
        ("loss/test", report.test_loss),
        ("accuracy/train", report.train_accuracy),
        ("accuracy/validation", report.validation_accuracy),
        ("accuracy/test", report.test_accuracy),
        ("learning_rate", Some(report.learning_rate)),
        ("samples_per_second", Some(report.samples_per_second)),
    ];
    measured.into_iter().filter_map(|(tag, value)| Some((tag.to_string(), value?)))
}

/// The diagnostics of the network.
pub(crate) fn of_diagnostics(found: &Diagnostics) -> impl Iterator<Item = (String, f64)> {
    let parameters = found.parameters.iter().flat_map(|parameter| {
        let name = &parameter.name;
        [
            (format!("weight_norm/{name}"), parameter.weight_norm),
            (format!("gradient_norm/{name}"), parameter.gradient_norm),
        ]
    });
    let hidden = found.hidden.iter().flat_map(|hidden| {
        let layer = hidden.layer;
        [
            (format!("dead_units/layer{layer}"), hidden.dead),
            (format!("saturated_units/layer{layer}"), hidden.saturated),
        ]
    });
    parameters.chain(hidden)
}

//! What `train-mnist --json` prints: an object for every epoch and one at the end.

use chainrule_tensor::ARITHMETIC;
use chainrule_trainer::{EpochReport, Mlp, Summary};

use super::results::Results;
use crate::output;

/// `{"event":"epoch",…}`; what concerns validation is there if some is.
pub(super) fn epoch(report: &EpochReport) {
    let mut members = vec![
        ("epoch", report.epoch.into()),
        ("step", report.step.into()),
        ("train_loss", report.train_loss.into()),
        ("train_accuracy", report.train_accuracy.into()),
        ("test_accuracy", report.test_accuracy.into()),
    ];
    members.extend(report.validation_loss.map(|loss| ("validation_loss", loss.into())));
    members.extend(report.validation_accuracy.map(|accuracy| ("validation_accuracy", accuracy.into())));
    members.push(("seconds", report.seconds.into()));
    members.push(("samples_per_second", report.samples_per_second.into()));
    output::event("epoch", &members);
}

/// `{"event":"done",…}`
pub(super) fn done(summary: &Summary, net: &Mlp, results: &Results) {
    // JSON has no other than Unicode text.
    let checkpoint = results.of_network().next().map(|path| path.to_string_lossy());
    output::event(
        "done",
        &[
            ("epochs", summary.epochs.into()),
            ("steps", summary.steps.into()),
            ("test_accuracy", summary.test_accuracy.into()),
            ("seconds", summary.seconds().into()),
            ("samples_per_second", summary.samples_per_second().into()),
            ("checkpoint", checkpoint.into()),
            ("parameters_crc32", format!("{:08x}", net.parameters_crc32()).into()),
            ("arithmetic", ARITHMETIC.into()),
        ],
    );
}

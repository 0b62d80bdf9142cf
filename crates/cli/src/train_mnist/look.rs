//! A look inside of the network after every epoch, for whoever wants one.

use chainrule_logs::Scalar;
use chainrule_mnist::ImageSet;
use chainrule_trainer::{
    Checkpoints, EpochReport, Mlp,
    diagnostics::{diagnose, spread},
};

use super::{TrainMnist, logs::Logs};
use crate::{Result, output::Bar};

/// Samples of the training set that are looked at: a share of dead units is known to a percent.
const LOOKED_AT: usize = 1000;

/// What is seen is kept for the page of `--report`, and logged. The run's own times are not touched.
pub(super) struct Look {
    for_page: bool,
    /// What the page is told.
    pub(super) seen: Vec<Scalar>,
    pub(super) logs: Logs,
}

impl Look {
    pub(super) fn new(
        options: &TrainMnist,
        checkpoints: &Checkpoints,
        n_rows: usize,
        n_columns: usize,
    ) -> Result<Look> {
        let logs = Logs::open(options, checkpoints, n_rows, n_columns)?;
        Ok(Look { for_page: options.report.is_some(), seen: Vec::new(), logs })
    }

    pub(super) fn inside(&mut self, epoch: &EpochReport, net: &Mlp, train: &ImageSet, bar: &Bar) {
        if !self.for_page && !self.logs.is_wanted() {
            return;
        }
        // Samples that can be trained on can be looked at.
        let Ok(found) = diagnose(net, train, &spread(train.len(), LOOKED_AT)) else { return };
        if self.for_page {
            self.seen.extend(Scalar::of_diagnostics(epoch, &found));
        }
        self.logs.write(epoch, net, &found, bar);
    }
}

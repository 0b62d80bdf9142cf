//! `Report`, and the evaluation of every run on the test set.

use chainrule_trainer::{Evaluation, Samples, evaluate};

use crate::{
    Error, Run,
    calibration::{self, Bin},
    inside::Inside,
    predictions::{self, Prediction},
    text::harmless,
};

/// A report on one run or several, which are then compared.
///
/// # Examples
/// ```
/// use chainrule_report::{Report, Run, trainer::{Dataset, Mlp, MlpConfig}};
/// let net = Mlp::new(&MlpConfig::new([4, 3, 2]))?;
/// // Two pictures of 2×2 pixels.
/// let test = Dataset::from_rows(&[0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 4)?.with_classes(&[0, 1])?;
/// let html = Report::new([Run::new("untrained", net)]).with_images(2, 2).to_html(&test)?;
/// assert!(html.starts_with("<!DOCTYPE html>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) title: String,
    pub(crate) runs: Vec<Run>,
    pub(crate) classes: Vec<String>,
    pub(crate) images: Option<(usize, usize)>,
}

impl Report {
    /// A report on these runs.
    pub fn new(runs: impl Into<Vec<Run>>) -> Self {
        let (title, runs) = ("Training report".to_string(), runs.into());
        Report { title, runs, classes: Vec::new(), images: None }
    }

    /// Sets the title.
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Report { title: title.into(), ..self }
    }

    /// Sets the names of the classes, in order; those without are called by their number.
    pub fn with_classes(self, names: impl Into<Vec<String>>) -> Self {
        Report { classes: names.into(), ..self }
    }

    /// Says that samples are images of so many rows and columns, whose values are 0…1, row after row.
    pub fn with_images(self, n_rows: usize, n_columns: usize) -> Self {
        Report { images: Some((n_rows, n_columns)), ..self }
    }

    /// What a class is called.
    pub(crate) fn class(&self, class: usize) -> String {
        // The page's script shows names as well, which it has as JSON.
        self.classes.get(class).map_or_else(|| class.to_string(), |name| harmless(name).into_owned())
    }
}

/// The evaluation of a run's network on the test set.
pub(crate) struct Findings<'r> {
    pub(crate) run: &'r Run,
    pub(crate) evaluation: Evaluation,
    pub(crate) predictions: Vec<Prediction>,
    /// `None` where outputs are no probabilities.
    pub(crate) bins: Option<[Bin; calibration::N_BINS]>,
    pub(crate) inside: Inside,
}

impl<'r> Findings<'r> {
    pub(crate) fn new(run: &'r Run, test: &impl Samples) -> Result<Self, Error> {
        let evaluation = evaluate(&run.net, test).map_err(Error::of_samples(&run.name))?;
        let predictions = predictions::predictions(&run.net, test)?;
        let bins =
            run.net.config().loss.outputs().are_probabilities().then(|| calibration::bins(&predictions));
        let inside = Inside::of(&run.net, test).map_err(Error::of_samples(&run.name))?;
        Ok(Findings { run, evaluation, predictions, bins, inside })
    }

    /// The expected calibration error, where there is one.
    pub(crate) fn calibration_error(&self) -> Option<f64> {
        self.bins.as_ref().map(|bins| calibration::expected_error(bins))
    }
}

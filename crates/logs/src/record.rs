//! `Record`: the scalars, histograms and images of an epoch.

use chainrule_trainer::{
    EpochReport, Mlp,
    diagnostics::{Diagnostics, Histogram},
};

use crate::{Image, Scalar, scalar::now, tags};

/// As many bins as TensorBoard shows of a histogram.
const N_BINS: usize = 30;

/// What is logged of a step: scalars, histograms and images, each under a tag.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Steps that have been taken.
    pub step: u64,
    /// The epoch of the last of them, from 1.
    pub epoch: u64,
    /// When: seconds since 1970, to the millisecond.
    pub wall_time: f64,
    /// Scalars, in `f32` as TensorBoard has them.
    pub scalars: Vec<(String, f32)>,
    /// Histograms.
    pub histograms: Vec<(String, Histogram)>,
    /// Images.
    pub images: Vec<(String, Image)>,
}

impl Record {
    /// An empty record with the current time.
    pub fn new(step: u64, epoch: u64) -> Self {
        let (scalars, histograms, images) = (Vec::new(), Vec::new(), Vec::new());
        Record { step, epoch, wall_time: now(), scalars, histograms, images }
    }

    /// Adds a scalar, rounded to `f32`.
    pub fn with_scalar(mut self, tag: impl Into<String>, value: f64) -> Self {
        self.scalars.push((tag.into(), value as f32));
        self
    }

    /// Adds a histogram.
    pub fn with_histogram(mut self, tag: impl Into<String>, histogram: Histogram) -> Self {
        self.histograms.push((tag.into(), histogram));
        self
    }

    /// Adds an image.
    pub fn with_image(mut self, tag: impl Into<String>, image: Image) -> Self {
        self.images.push((tag.into(), image));
        self
    }

    /// The metrics of an epoch:
    ///
    /// | tag | what |
    /// | --- | --- |
    /// | `loss/train`, `accuracy/train` | mean over the epoch, measured before each update |
    /// | `loss/test`, `accuracy/test`, `loss/validation`, `accuracy/validation` | after the epoch, where there is such a set |
    /// | `learning_rate`, `samples_per_second` | of the last step; of the epoch |
    /// | `weight_norm/W1`, `gradient_norm/W1`, … | of every parameter, see [`diagnostics`](chainrule_trainer::diagnostics) |
    /// | `dead_units/layer2`, `saturated_units/layer2`, … | fractions of units, 0…1, of every hidden layer by its place among all layers |
    /// | `weights/W1`, … | a histogram of every parameter |
    /// | `activations/layer2`, … | a histogram of every hidden layer |
    /// | `first_layer/W1` | a picture of the first layer's [units](Image::of_units), if its inputs are `image` (rows, columns) pixels |
    ///
    /// Losses in nats per sample, or in the unit of the network's loss; accuracies 0…1.
    pub fn of_epoch(
        report: &EpochReport,
        net: &Mlp,
        found: &Diagnostics,
        image: Option<(usize, usize)>,
    ) -> Self {
        let mut record = Record::new(report.step, report.epoch);
        let scalars = tags::of_epoch(report).chain(tags::of_diagnostics(found));
        record.scalars = scalars.map(|(tag, value)| (tag, value as f32)).collect();
        let hidden = found.hidden.iter();
        let hidden = hidden.map(|of| (format!("activations/layer{}", of.layer), of.outputs.clone()));
        record.histograms = hidden.collect();
        for (tensor, values) in net.tensors().filter(|(tensor, _)| tensor.is_parameter()) {
            let (name, histogram) = (&tensor.name, Histogram::of(values.as_slice(), N_BINS));
            record.histograms.push((format!("weights/{name}"), histogram));
            if let (Some((n_rows, n_columns)), "W1") = (image, &**name)
                && values.n_columns() == n_rows * n_columns
            {
                let picture = Image::of_units(values, n_rows, n_columns);
                record.images.push((format!("first_layer/{name}"), picture));
            }
        }
        record
    }

    /// The lines of the file of scalars.
    pub(crate) fn to_lines(&self) -> String {
        let lines = self.scalars.iter().map(|(tag, value)| {
            let scalar = Scalar::new(self.step, self.epoch, tag, f64::from(*value));
            Scalar { wall_time: self.wall_time, ..scalar }.to_line()
        });
        lines.collect()
    }
}

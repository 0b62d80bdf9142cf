//! Targets of any size: the loss sees them standardised, and predictions are in the targets' own units.

use chainrule_data::{AnySamples, Samples, TargetKind};
use chainrule_losses::{Outputs, TargetBuffer, Targets};
use chainrule_tensor::{Context, Float, InputBuffer, Matrix, MatrixViewMut, Shape, f32_holds, shown};

use crate::Error;

/// The scale of the targets of a network that predicts values, one mean and one standard deviation per output.
///
/// ```text
/// t' = (t − mean) / std      what the loss is computed from
/// y  = mean + std · z        what the network predicts from its outputs z
/// ```
///
/// # Examples
/// ```
/// use chainrule_data::Dataset;
/// use chainrule_layers::Affine;
/// use chainrule_losses::MeanSquaredError;
/// use chainrule_tensor::Matrix;
/// use chainrule_trainer::{Network, NetworkConfig, TargetScale, TrainConfig, evaluate, train};
/// // Rents of flats of 0.2 to 0.8 hundred square metres.
/// let data = Dataset::from_rows(&[0.2, 0.4, 0.6, 0.8], 1)?.with_values(&[5e5, 6e5, 7e5, 8e5], 1)?;
/// let config = NetworkConfig::new(1, [Affine::outputs(1).into()], MeanSquaredError);
/// let config = config.with_scale(TargetScale::new([6.5e5], [1.1e5]));
/// let mut net = Network::new(&config)?;
/// train(&mut net, &data).config(&TrainConfig::new().with_epochs(900)).run()?;
/// assert!((net.predict(&Matrix::from_column_slice(1, 1, &[0.5]))[0] - 6.5e5).abs() < 1e3);
/// assert!(evaluate(&net, &data)?.deviation.unwrap().r_squared() > 0.999);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct TargetScale {
    /// The mean of every target.
    pub mean: Vec<f64>,
    /// The standard deviation of every target.
    pub std: Vec<f64>,
}

impl TargetScale {
    /// A scale of these means and standard deviations.
    pub fn new(mean: impl Into<Vec<f64>>, std: impl Into<Vec<f64>>) -> Self {
        TargetScale { mean: mean.into(), std: std.into() }
    }

    pub(crate) fn check(&self, outputs: Outputs, n_outputs: usize) -> Result<(), Error> {
        let refuse =
            |found: String, expected: String| Err(Error::config("the scale of the targets", found, expected));
        if outputs != Outputs::Values {
            return refuse("that of values".into(), "none, since the outputs are probabilities".into());
        }
        if self.mean.len() != n_outputs || self.std.len() != n_outputs {
            let found = format!("{} means and {} standard deviations", self.mean.len(), self.std.len());
            return refuse(found, format!("{n_outputs} of each, one for every output"));
        }
        let good = |mean: f64, std: f64| (mean as f32).is_finite() && std > 0.0 && f32_holds(std);
        match self.mean.iter().zip(&self.std).enumerate().find(|(_, (mean, std))| !good(**mean, **std)) {
            None => Ok(()),
            Some((i, (&mean, &std))) => {
                let found =
                    format!("mean {} and standard deviation {} of output {i}", shown(mean), shown(std));
                refuse(found, "finite means and standard deviations above 0".into())
            }
        }
    }

    /// t ← (t − mean) / std
    pub(crate) fn standardise<F: Float>(&self, mut t: MatrixViewMut<'_, F>) {
        self.for_each(&mut t, |t, mean, std| (t - mean) / std);
    }

    /// y ← mean + std · y
    pub(crate) fn restore<F: Float>(&self, mut y: MatrixViewMut<'_, F>) {
        self.for_each(&mut y, |y, mean, std| mean + std * y);
    }

    fn for_each<F: Float>(&self, values: &mut MatrixViewMut<'_, F>, f: impl Fn(f64, f64, f64) -> f64) {
        for column in values.as_mut_slice().chunks_exact_mut(self.mean.len()) {
            for ((value, &mean), &std) in column.iter_mut().zip(&self.mean).zip(&self.std) {
                *value = F::of(f(value.as_f64(), mean, std));
            }
        }
    }
}

/// Targets as the loss takes them: standardised in `room`, if there is a scale.
pub(crate) fn standardised<'t, F: Float>(
    scale: Option<&TargetScale>,
    t: Targets<'t, F>,
    room: &'t mut Option<Matrix<F>>,
) -> Targets<'t, F> {
    match (scale, t) {
        (Some(scale), Targets::Values(values)) => {
            let room = room.insert(values.to_matrix());
            scale.standardise(room.into());
            Targets::Values((&*room).into())
        }
        _ => t,
    }
}

/// Samples whose targets are standardised when they are gathered, if there is a scale.
pub(crate) struct Standardised<'a> {
    pub(crate) samples: AnySamples<'a>,
    pub(crate) scale: Option<&'a TargetScale>,
}

impl Samples for Standardised<'_> {
    fn n_samples(&self) -> usize {
        self.samples.n_samples()
    }

    fn shape(&self) -> Shape {
        self.samples.shape()
    }

    fn target_kind(&self) -> TargetKind {
        self.samples.target_kind()
    }

    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        self.samples.gather(x, t, indices, at);
        if let (Some(scale), Some(t)) = (self.scale, t.written_values_mut()) {
            scale.standardise(t);
        }
    }
}

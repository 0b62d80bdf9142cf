//! Training that has diverged: where the first number is that is not finite, and what may have led there.

use chainrule_layers::{Context, Layers};
use chainrule_losses::TargetBuffer;
use chainrule_tensor::InputBuffer;

use crate::{Error, Mlp, Samples, train::Run};

/// The parameters are looked at after every so many steps, besides every epoch and every checkpoint: at every step it would
/// take a twentieth of the time.
pub(crate) const STEPS_PER_CHECK: u64 = 16;

/// What is not finite, without an explanation yet.
pub(crate) fn not_finite(what: String, value: f64, epoch: u64, step: u64, learning_rate: f64) -> Error {
    Error::NotFinite { what, value, epoch, step, learning_rate, layer: None, largest: None }
}

impl<S: Samples> Run<'_, S> {
    /// Refuses parameters and running statistics that are not finite after the latest step.
    pub(crate) fn check_parameters(&mut self) -> Result<(), Error> {
        let mut found = None;
        let mut look = |name: &str, values: &[f32]| {
            if found.is_none() && !all_finite(values) {
                found = first_bad(values).map(|(i, value)| (format!("{name}[{i}]"), value));
            }
        };
        self.net.tensors().for_each(|(tensor, values)| look(&tensor.name, values.as_slice()));
        // The square of a gradient may overflow though neither it nor the loss does; its parameter would never move again.
        for (index, tensor) in self.net.layers().parameters().enumerate() {
            let what = format!("the optimizer state of {}", tensor.name);
            self.state.slots(index).iter().for_each(|slot| look(&what, slot));
        }
        let Some((what, value)) = found else { return Ok(()) };
        let step = self.n_taken;
        let epoch = (step - 1) / self.order.steps_per_epoch() + 1;
        let learning_rate = self.schedule.rate(self.optimizer.learning_rate(), step - 1);
        Err(self.explained(not_finite(what, value.into(), epoch, step, learning_rate)))
    }

    /// Refuses a gradient that is not finite.
    pub(crate) fn check_gradient(
        &self,
        gradient: &[f32],
        step: u64,
        learning_rate: f64,
    ) -> Result<(), Error> {
        if all_finite(gradient) {
            return Ok(());
        }
        let layers = self.net.layers();
        let bad = layers.parameters().find_map(|tensor| {
            let (i, value) = first_bad(tensor.view(gradient).as_slice())?;
            Some((tensor, i, value))
        });
        let (tensor, i, value) = bad.expect("one of all values is not finite");
        let what = format!("the gradient of {}[{i}]", tensor.name);
        let layer = layer_name(layers, tensor.layer);
        let epoch = (step - 1) / self.order.steps_per_epoch() + 1;
        let (value, layer, largest) = (value.into(), Some(layer), None);
        Err(Error::NotFinite { what, value, epoch, step, learning_rate, layer, largest })
    }

    /// Adds the layer with which it began, and the largest parameter.
    pub(crate) fn explained(&mut self, error: Error) -> Error {
        match error {
            Error::NotFinite { what, value, epoch, step, learning_rate, layer, .. } => Error::NotFinite {
                layer: Some(layer.unwrap_or_else(|| self.first_bad_layer(step))),
                largest: largest(self.net),
                what,
                value,
                epoch,
                step,
                learning_rate,
            },
            other => other,
        }
    }

    /// The first layer that has a parameter or, on the samples of the step, an output that is not finite; the loss, if it
    /// is none of them.
    fn first_bad_layer(&mut self, step: u64) -> String {
        let epoch = (step - 1) / self.order.steps_per_epoch();
        let indices = self.order.mini_batch(step - 1);
        let context = Context::training(self.config.seed, step - 1).in_epoch(epoch);
        let context = context.of_samples(indices.len());
        let (mut x, mut t) = (InputBuffer::new(), TargetBuffer::<f32>::new());
        self.samples.gather(&mut x, &mut t, indices, context);
        let (layers, net) = (self.net.layers(), self.net.sequential());
        let (_, cache) = net.forward_with(&x.as_input().to_matrix(), &context);
        for (l, y) in cache.outputs().enumerate() {
            let mut tensors = layers.tensors_of(l).iter();
            if tensors.any(|tensor| !all_finite(tensor.view(net.values()).as_slice())) {
                return format!("the parameters of {}", layer_name(layers, l));
            }
            if !all_finite(y.as_slice()) {
                return format!("the outputs of {}", layer_name(layers, l));
            }
        }
        format!("the loss ({})", self.net.config().loss.name())
    }
}

/// Layers are counted from 1, as people do.
fn layer_name(layers: &Layers<f32>, l: usize) -> String {
    let name = layers.iter().nth(l).map_or("", |layer| layer.name());
    format!("layer {} ({name})", l + 1)
}

fn first_bad(values: &[f32]) -> Option<(usize, f32)> {
    values.iter().copied().enumerate().find(|(_, value)| !value.is_finite())
}

/// All values are looked at, so that many are at the same time.
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |all, value| all & value.is_finite())
}

/// The largest parameter by size of those that are finite, with its name and position.
fn largest(net: &Mlp) -> Option<(String, f32)> {
    let mut largest: Option<(String, f32)> = None;
    for (tensor, values) in net.tensors().filter(|(tensor, _)| tensor.is_parameter()) {
        for (i, &value) in values.as_slice().iter().enumerate().filter(|(_, value)| value.is_finite()) {
            if largest.as_ref().is_none_or(|(_, most)| value.abs() > most.abs()) {
                largest = Some((format!("{}[{i}]", tensor.name), value));
            }
        }
    }
    largest
}

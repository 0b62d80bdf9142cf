//! Training that has diverged: where the first number is that is not finite, and what may have led there.

use chainrule_layers::Context;
use chainrule_losses::{Loss, TargetBuffer};
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
        self.net.layers().visit_parameters(&mut |name, parameter| look(name, parameter.values));
        self.net.layers().visit_buffers(&mut |name, buffer| look(&name, buffer.values));
        // The square of a gradient may overflow though neither it nor the loss does; its parameter would never move again.
        let mut start = 0;
        self.net.layers().visit_parameters(&mut |name, parameter| {
            let range = start..start + parameter.values.len();
            for slot in self.slots.iter().filter_map(|slot| slot.get(range.clone())) {
                look(&format!("what the optimizer remembers of {name}"), slot);
            }
            start = range.end;
        });
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
        let mut rest = gradient;
        let mut names = self.net.layers().parameter_names().into_iter();
        let mut found = None;
        for (l, layer) in self.net.layers().layers().enumerate() {
            layer.visit_parameters(&mut |parameter| {
                let (name, _) = names.next().expect("a name for every parameter");
                let (of_this, behind) = rest.split_at(parameter.values.len());
                rest = behind;
                if let (None, Some((i, value))) = (&found, first_bad(of_this)) {
                    found =
                        Some((format!("the gradient of {name}[{i}]"), value, layer_name(l, layer.name())));
                }
            });
        }
        let (what, value, layer) = found.expect("one of all values is not finite");
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
        let indices = self.order.mini_batch(step - 1);
        let context = Context::training(self.config.seed, step - 1).of_samples(indices.len());
        let (mut x, mut t) = (InputBuffer::new(), TargetBuffer::<f32>::new());
        self.samples.inputs_to(&mut x, indices);
        self.samples.targets_to(&mut t, indices);
        let mut y = x.as_input().to_matrix();
        for (l, layer) in self.net.layers().layers().enumerate() {
            let (mut bad, name) = (false, layer_name(l, layer.name()));
            layer.visit_parameters(&mut |parameter| bad |= !all_finite(parameter.values));
            layer.visit_buffers(&mut |buffer| bad |= !all_finite(buffer.values));
            if bad {
                return format!("the parameters of {name}");
            }
            y = layer.forward_with(&y, &context.at_layer(l)).0;
            if !all_finite(y.as_slice()) {
                return format!("the outputs of {name}");
            }
        }
        format!("the loss ({})", Loss::<f32>::name(&self.net.config().loss))
    }
}

/// Layers are counted from 1, as people do.
fn layer_name(l: usize, name: &str) -> String {
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
    net.layers().visit_parameters(&mut |name, parameter| {
        for (i, &value) in parameter.values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            if largest.as_ref().is_none_or(|(_, most)| value.abs() > most.abs()) {
                largest = Some((format!("{name}[{i}]"), value));
            }
        }
    });
    largest
}

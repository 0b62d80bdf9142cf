//! Diverged training: the first number that is not finite, and the layer it comes from.

use chainrule_data::{AnySamples, Samples};
use chainrule_layers::{Context, Layers};
use chainrule_losses::TargetBuffer;
use chainrule_tensor::InputBuffer;

use crate::Network;

/// The values are checked every this many steps, and at every epoch and checkpoint: at every step it would take a twentieth of
/// the time.
pub(crate) const STEPS_PER_CHECK: u64 = 16;

/// A number that is not finite.
pub(crate) struct NotFinite {
    /// The loss, or a parameter, its gradient or its optimizer state by name and position.
    pub(crate) what: String,
    pub(crate) value: f64,
    /// Where it began, if that is known.
    pub(crate) layer: Option<String>,
}

/// Refuses parameters, running statistics and an optimizer state that are not finite.
pub(crate) fn look_at_values(net: &Network, slots: &[Vec<f32>]) -> Result<(), NotFinite> {
    let look = |of: &str, name: &str, values: &[f32]| match all_finite(values) {
        true => Ok(()),
        false => first_bad(values).map_or(Ok(()), |(i, value)| {
            Err(NotFinite { what: format!("{of}{name}[{i}]"), value: value.into(), layer: None })
        }),
    };
    for (tensor, values) in net.tensors() {
        look("", &tensor.name, values.as_slice())?;
    }
    // The square of a gradient may overflow though neither it nor the loss does; its parameter would never move again.
    for tensor in net.layers().parameters() {
        for slot in slots {
            look("the optimizer state of ", &tensor.name, &slot[tensor.range()])?;
        }
    }
    Ok(())
}

/// Refuses a gradient that is not finite.
pub(crate) fn look_at_gradient(layers: &Layers<f32>, gradient: &[f32]) -> Result<(), NotFinite> {
    if all_finite(gradient) {
        return Ok(());
    }
    let bad = layers.parameters().find_map(|tensor| {
        let (i, value) = first_bad(tensor.view(gradient).as_slice())?;
        let what = format!("the gradient of {}[{i}]", tensor.name);
        Some(NotFinite { what, value: value.into(), layer: Some(layer_name(layers, tensor.layer)) })
    });
    bad.map_or(Ok(()), Err)
}

/// The first layer that has a parameter or, on the samples of the step, an output that is not finite; the loss, if it is none
/// of them.
pub(crate) fn first_bad_layer(
    net: &Network,
    samples: AnySamples<'_>,
    indices: &[usize],
    context: Context,
) -> String {
    let context = context.of_samples(indices.len());
    let (mut x, mut t) = (InputBuffer::new(), TargetBuffer::<f32>::new());
    samples.gather(&mut x, &mut t, indices, context);
    let (layers, net, loss) = (net.layers(), net.sequential(), &net.config().loss);
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
    format!("the loss ({})", loss.name())
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
pub(crate) fn largest_parameter(net: &Network) -> Option<(String, f32)> {
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

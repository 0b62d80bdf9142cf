//! All that inference depends on, laid end to end: the parameters of a network, and then its running statistics.

use chainrule_layers::Sequential;

/// How many values these are.
pub(crate) fn n_values(net: &Sequential<f32>) -> usize {
    let mut n_values = net.n_parameters();
    net.visit_buffers(&mut |_, buffer| n_values += buffer.values.len());
    n_values
}

/// A copy of them.
#[cfg(feature = "checkpoint")]
pub(crate) fn values_of(net: &Sequential<f32>) -> Vec<f32> {
    let mut values = Vec::with_capacity(n_values(net));
    net.visit_parameters(&mut |_, parameter| values.extend_from_slice(parameter.values));
    net.visit_buffers(&mut |_, buffer| values.extend_from_slice(buffer.values));
    values
}

/// Writes them into `net`, in place of its own.
///
/// # Panics
/// Unless there are as many as the network has.
pub(crate) fn write_values(mut values: &[f32], net: &mut Sequential<f32>) {
    assert_eq!(values.len(), n_values(net), "values for a network, and values of it");
    let mut write = |to: &mut [f32]| {
        let (of_this, behind) = values.split_at(to.len());
        to.copy_from_slice(of_this);
        values = behind;
    };
    net.visit_parameters_mut(&mut |_, parameter| write(parameter.values));
    net.visit_buffers_mut(&mut |buffer| write(buffer.values));
}

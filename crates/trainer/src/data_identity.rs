//! Checksums of the training data, so that resuming on other data is noticed.

use chainrule_data::AnySamples;
use chainrule_tensor::{Context, InputBuffer, TargetBuffer, Targets};

use crate::{Samples, parallel, train_state::DataIdentity};

/// Samples per task; part of what the checksum of the targets means.
const CHUNK: usize = 256;

/// The identity of `samples`, by one pass over them on the threads of the current pool.
///
/// # Examples
/// ```
/// use chainrule_trainer::{Dataset, data_identity};
/// let one = Dataset::from_rows(&[0.0, 1.0], 1)?.with_classes(&[0, 1])?;
/// let other = Dataset::from_rows(&[0.0, 1.5], 1)?.with_classes(&[0, 1])?;
/// assert_eq!(data_identity(&one), data_identity(&one.clone()));
/// assert_ne!(data_identity(&one), data_identity(&other));
/// # Ok::<(), chainrule_trainer::data::Error>(())
/// ```
pub fn data_identity(samples: &impl Samples) -> DataIdentity {
    identity_of(AnySamples::new(samples))
}

pub(crate) fn identity_of(samples: AnySamples<'_>) -> DataIdentity {
    let n = samples.n_samples();
    let memory = || (InputBuffer::<f32>::new(), TargetBuffer::<f32>::new(), Vec::new());
    let chunks = parallel::map_with(n.div_ceil(CHUNK), memory, |(x, t, indices), chunk| {
        indices.clear();
        indices.extend(chunk * CHUNK..((chunk + 1) * CHUNK).min(n));
        samples.gather(x, t, indices, Context::inference());
        let (mut of_inputs, mut of_targets) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
        let mut bytes = Vec::new();
        add(&mut of_inputs, &mut bytes, x.as_input().dense().column_iter().flatten().copied());
        match t.as_targets() {
            Targets::Classes(classes) => {
                classes.iter().for_each(|class| of_targets.update(&(*class as u64).to_le_bytes()));
            }
            Targets::Values(values) => {
                add(&mut of_targets, &mut bytes, values.column_iter().flatten().copied());
            }
        }
        if let Some(weights) = t.weights() {
            add(&mut of_targets, &mut bytes, weights.iter().copied());
        }
        (of_inputs, of_targets)
    });
    let (mut of_inputs, mut of_targets) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    for (inputs, targets) in &chunks {
        of_inputs.combine(inputs);
        of_targets.combine(targets);
    }
    DataIdentity {
        n_samples: n as u64,
        n_inputs: samples.n_inputs() as u64,
        inputs_crc32: of_inputs.finalize(),
        targets_crc32: of_targets.finalize(),
    }
}

/// Adds `values`, little-endian, by way of `bytes`: many at a time are faster than one by one.
fn add(crc: &mut crc32fast::Hasher, bytes: &mut Vec<u8>, values: impl Iterator<Item = f32>) {
    bytes.clear();
    values.for_each(|value| bytes.extend(value.to_le_bytes()));
    crc.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;

    #[test]
    fn the_checksums_are_those_of_the_bytes() {
        // More samples than one task takes.
        let rows: Vec<f32> = (0..600).map(|i| i as f32).collect();
        let data = Dataset::from_rows(&rows, 2).unwrap().with_values(&rows[..300], 1).unwrap();
        let crc = |values: &[f32]| {
            crc32fast::hash(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
        };
        let identity = data_identity(&data);
        assert_eq!((identity.n_samples, identity.n_inputs), (300, 2));
        assert_eq!((identity.inputs_crc32, identity.targets_crc32), (crc(&rows), crc(&rows[..300])));
    }

    #[test]
    fn every_difference_shows() {
        let (rows, classes, weights) = ([1.0, 2.0, 3.0, 4.0], [0, 1], [1.0, 2.0]);
        let data = || Dataset::from_rows(&rows, 2).unwrap().with_classes(&classes).unwrap();
        let identity = data_identity(&data());
        assert_eq!(identity, data_identity(&data()));
        let other_rows = [1.0, 2.0, 3.0, 5.0];
        let others = [
            Dataset::from_rows(&other_rows, 2).unwrap().with_classes(&classes).unwrap(),
            Dataset::from_rows(&rows, 2).unwrap().with_classes(&[1, 1]).unwrap(),
            data().with_weights(&weights).unwrap(),
            Dataset::from_rows(&rows[..2], 1).unwrap().with_classes(&classes).unwrap(),
        ];
        for other in others {
            assert_ne!(data_identity(&other), identity);
        }
    }
}

//! What a training asks of a source of samples.

use chainrule_tensor::{Float, InputBuffer, Matrix, TargetBuffer, Targets};

/// Samples with a target each, as a training loop takes them: some at a time, in any order.
///
/// The values may be stored in any form; they become numbers when a mini-batch is gathered, in the element type that
/// is asked for.
///
/// # Examples
/// ```
/// use chainrule_data::{Samples, TargetKind};
/// use chainrule_tensor::{Float, InputBuffer, TargetBuffer};
///
/// /// The numbers 0…99; the class is whether one is 50 or more.
/// struct Numbers;
///
/// impl Samples for Numbers {
///     fn n_samples(&self) -> usize {
///         100
///     }
///     fn n_inputs(&self) -> usize {
///         1
///     }
///     fn target_kind(&self) -> TargetKind {
///         TargetKind::Classes { n_classes: 2 }
///     }
///     fn inputs_to<F: Float>(&self, x: &mut InputBuffer<F>, indices: &[usize]) {
///         for (x, &i) in x.dense_mut(1, indices.len()).as_mut_slice().iter_mut().zip(indices) {
///             *x = F::of(i as f64 / 100.0);
///         }
///     }
///     fn targets_to<F: Float>(&self, t: &mut TargetBuffer<F>, indices: &[usize]) {
///         t.classes_mut().extend(indices.iter().map(|&i| usize::from(i >= 50)));
///     }
/// }
///
/// let (x, t) = Numbers.batch::<f32>(&[75, 25]);
/// assert_eq!((x.as_slice(), t), (&[0.75, 0.25][..], vec![1, 0]));
/// ```
pub trait Samples: Sync {
    /// How many samples there are.
    fn n_samples(&self) -> usize;

    /// Values per sample.
    fn n_inputs(&self) -> usize;

    /// What the targets are.
    fn target_kind(&self) -> TargetKind;

    /// Writes the samples `indices` into `x`, one column each in the order of the indices.
    ///
    /// # Panics
    /// If an index is not below `n_samples`.
    fn inputs_to<F: Float>(&self, x: &mut InputBuffer<F>, indices: &[usize]);

    /// Writes the targets of the samples `indices` into `t`, in the order of the indices, and their weights, if they
    /// have any.
    ///
    /// # Panics
    /// If an index is not below `n_samples`.
    fn targets_to<F: Float>(&self, t: &mut TargetBuffer<F>, indices: &[usize]);

    /// The class of sample `i`, so that a split keeps their shares; `None` where samples have no classes.
    fn class_of(&self, i: usize) -> Option<usize> {
        let mut t = TargetBuffer::<f32>::new();
        self.targets_to(&mut t, &[i]);
        match t.as_targets() {
            Targets::Classes(classes) => Some(classes[0]),
            _ => None,
        }
    }

    /// The smallest and the largest target value, so that a loss of probabilities can refuse others; `None` where that is
    /// not known.
    fn target_range(&self) -> Option<(f64, f64)> {
        None
    }

    /// The samples `indices` as one matrix, inputs × samples, and their classes: the learner's form.
    ///
    /// # Panics
    /// If an index is not below `n_samples`, or the targets are not classes.
    fn batch<F: Float>(&self, indices: &[usize]) -> (Matrix<F>, Vec<usize>) {
        let (mut x, mut t) = (InputBuffer::new(), TargetBuffer::<F>::new());
        self.inputs_to(&mut x, indices);
        self.targets_to(&mut t, indices);
        let Targets::Classes(classes) = t.as_targets() else { panic!("found values, expected classes") };
        (x.as_input().to_matrix(), classes.to_vec())
    }
}

/// What the targets of a data set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// There are none.
    None,
    /// A class for each sample, below `n_classes`.
    Classes {
        /// One more than the largest class.
        n_classes: usize,
    },
    /// Values for each sample.
    Values {
        /// How many for each.
        n_outputs: usize,
    },
}

//! The trait of all data sets: what training asks of a source of samples.

use chainrule_tensor::{Context, Float, InputBuffer, Matrix, Shape, TargetBuffer, Targets};

/// A data set: samples with a target each, gathered into mini-batches in any order.
///
/// The values may be stored in any form; they become numbers when a mini-batch is gathered, in the element type that
/// is asked for.
///
/// # Examples
/// ```
/// use chainrule_data::{Samples, TargetKind};
/// use chainrule_tensor::{Context, Float, InputBuffer, Shape, TargetBuffer};
///
/// /// The numbers 0…99; the class is whether one is 50 or more.
/// struct Numbers;
///
/// impl Samples for Numbers {
///     fn n_samples(&self) -> usize {
///         100
///     }
///     fn shape(&self) -> Shape {
///         Shape::flat(1)
///     }
///     fn target_kind(&self) -> TargetKind {
///         TargetKind::Classes { n_classes: 2 }
///     }
///     fn gather<F: Float>(&self, x: &mut InputBuffer<F>, t: &mut TargetBuffer<F>, indices: &[usize], _: Context) {
///         for (x, &i) in x.dense_mut(1, indices.len()).as_mut_slice().iter_mut().zip(indices) {
///             *x = F::of(i as f64 / 100.0);
///         }
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

    /// The shape of a sample.
    fn shape(&self) -> Shape;

    /// Values per sample (features).
    fn n_inputs(&self) -> usize {
        self.shape().size()
    }

    /// What the targets are.
    fn target_kind(&self) -> TargetKind;

    /// Writes the samples `indices` into `x`, one column each in the order of the indices, and their targets into `t`, with
    /// their weights, if they have any.
    ///
    /// Data augmentation belongs here: if `at.training`, as a pure function of the sample's index, `at.seed` and `at.epoch`.
    /// Then the bits depend neither on threads nor on where a run was resumed. The sample `indices[j]` is the one at position
    /// `at.first_sample + j` of the mini-batch of step `at.step`.
    ///
    /// # Panics
    /// If an index is not below `n_samples`.
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    );

    /// The class of sample `i`, for stratified splits; `None` where samples have no classes.
    fn class_of(&self, i: usize) -> Option<usize> {
        let mut t = TargetBuffer::<f32>::new();
        self.gather(&mut InputBuffer::new(), &mut t, &[i], Context::inference());
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
        self.gather(&mut x, &mut t, indices, Context::inference());
        let Targets::Classes(classes) = t.as_targets() else { panic!("found values, expected classes") };
        (x.as_input().to_matrix(), classes.to_vec())
    }
}

/// What the targets of a data set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// No targets.
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

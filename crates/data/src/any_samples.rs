//! Samples behind a pointer, so that who trains on them is compiled once, and not once for every kind.

use std::any::Any;

use chainrule_tensor::{Context, Float, InputBuffer, Shape, TargetBuffer};

use crate::{Samples, TargetKind};

/// Any [`Samples`], borrowed, their type forgotten: a call for each shard of a mini-batch goes through a pointer.
///
/// Functions that take `&impl Samples` and do much are a line that makes this of them. So what they do is compiled in their
/// crate, and an edit of a program that trains compiles the program alone.
///
/// # Examples
/// ```
/// use chainrule_data::{AnySamples, Dataset, Samples};
/// let data = Dataset::from_rows(&[0.5, 0.25], 1)?.with_classes(&[1, 0])?;
/// let any = AnySamples::new(&data);
/// assert_eq!(any.batch::<f64>(&[1]), data.batch(&[1]));
/// # Ok::<(), chainrule_data::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct AnySamples<'a>(&'a dyn Erased);

impl<'a> AnySamples<'a> {
    /// `samples`, whatever they are.
    pub fn new(samples: &'a impl Samples) -> Self {
        AnySamples(samples)
    }
}

/// [`Samples`] without a generic function, which no pointer could have.
trait Erased: Sync {
    fn n_samples(&self) -> usize;
    fn shape(&self) -> Shape;
    fn n_inputs(&self) -> usize;
    fn target_kind(&self) -> TargetKind;
    fn class_of(&self, i: usize) -> Option<usize>;
    fn target_range(&self) -> Option<(f64, f64)>;
    fn gather_f32(&self, x: &mut InputBuffer<f32>, t: &mut TargetBuffer<f32>, indices: &[usize], at: Context);
    fn gather_f64(&self, x: &mut InputBuffer<f64>, t: &mut TargetBuffer<f64>, indices: &[usize], at: Context);
}

impl<S: Samples> Erased for S {
    fn n_samples(&self) -> usize {
        self.n_samples()
    }

    fn shape(&self) -> Shape {
        self.shape()
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs()
    }

    fn target_kind(&self) -> TargetKind {
        self.target_kind()
    }

    fn class_of(&self, i: usize) -> Option<usize> {
        self.class_of(i)
    }

    fn target_range(&self) -> Option<(f64, f64)> {
        self.target_range()
    }

    fn gather_f32(
        &self,
        x: &mut InputBuffer<f32>,
        t: &mut TargetBuffer<f32>,
        indices: &[usize],
        at: Context,
    ) {
        self.gather(x, t, indices, at);
    }

    fn gather_f64(
        &self,
        x: &mut InputBuffer<f64>,
        t: &mut TargetBuffer<f64>,
        indices: &[usize],
        at: Context,
    ) {
        self.gather(x, t, indices, at);
    }
}

impl Samples for AnySamples<'_> {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    fn target_kind(&self) -> TargetKind {
        self.0.target_kind()
    }

    fn class_of(&self, i: usize) -> Option<usize> {
        self.0.class_of(i)
    }

    fn target_range(&self) -> Option<(f64, f64)> {
        self.0.target_range()
    }

    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        let (x, t): (&mut dyn Any, &mut dyn Any) = (x, t);
        if let (Some(x), Some(t)) = (x.downcast_mut(), t.downcast_mut()) {
            self.0.gather_f32(x, t, indices, at);
        } else if let (Some(x), Some(t)) = (x.downcast_mut(), t.downcast_mut()) {
            self.0.gather_f64(x, t, indices, at);
        } else {
            unreachable!("{} is neither f32 nor f64", F::NAME);
        }
    }
}

#[cfg(test)]
mod tests {
    use chainrule_tensor::{Context, Float, InputBuffer, Shape, TargetBuffer};

    use crate::{AnySamples, Samples, TargetKind};

    /// Samples that answer everything in a way of their own.
    struct Odd;

    impl Samples for Odd {
        fn n_samples(&self) -> usize {
            7
        }
        fn shape(&self) -> Shape {
            Shape { channels: 2, height: 3, width: 5 }
        }
        fn n_inputs(&self) -> usize {
            11
        }
        fn target_kind(&self) -> TargetKind {
            TargetKind::Values { n_outputs: 13 }
        }
        fn class_of(&self, i: usize) -> Option<usize> {
            Some(i + 17)
        }
        fn target_range(&self) -> Option<(f64, f64)> {
            Some((19.0, 23.0))
        }
        fn gather<F: Float>(
            &self,
            x: &mut InputBuffer<F>,
            t: &mut TargetBuffer<F>,
            indices: &[usize],
            at: Context,
        ) {
            x.dense_mut(1, 1).as_mut_slice()[0] = F::of(size_of::<F>() as f64 + indices[0] as f64);
            t.values_mut(1, 1).as_mut_slice()[0] = F::of(at.first_sample as f64);
        }
    }

    #[test]
    fn nothing_of_the_samples_is_lost() {
        // Twice, since what is already erased may be erased again.
        let once = AnySamples::new(&Odd);
        for any in [once, AnySamples::new(&once)] {
            assert_eq!((any.n_samples(), any.shape(), any.n_inputs()), (7, Odd.shape(), 11));
            assert_eq!((any.target_kind(), any.class_of(1)), (Odd.target_kind(), Some(18)));
            assert_eq!(any.target_range(), Some((19.0, 23.0)));
            fn gathered<F: Float>(any: AnySamples<'_>) -> (f64, f64) {
                let (mut x, mut t) = (InputBuffer::<F>::new(), TargetBuffer::<F>::new());
                any.gather(&mut x, &mut t, &[100], Context::inference().at_sample(29));
                (x.as_input().dense().as_slice()[0].as_f64(), t.as_targets().get(0, 0).as_f64())
            }
            assert_eq!((gathered::<f32>(any), gathered::<f64>(any)), ((104.0, 29.0), (108.0, 29.0)));
        }
    }
}

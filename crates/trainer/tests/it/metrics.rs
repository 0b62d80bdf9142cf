//! What an evaluation says of values, of several labels, and of outputs that are not numbers.

use chainrule_losses::{BinaryCrossEntropy, LossConfig, MeanSquaredError, SoftmaxCrossEntropy, TargetBuffer};
use chainrule_tensor::{Context, Float, InputBuffer, Shape};
use chainrule_trainer::{
    Dataset, Evaluation, Mlp, MlpConfig, NetworkConfig, Samples, TargetKind, TargetScale, evaluate, train,
};

/// y = w·x + b for every input, with these biases.
fn diagonal(w: f32, b: &[f32], loss: impl Into<LossConfig>) -> Mlp {
    let mut net = Mlp::new(MlpConfig::new([b.len(), b.len()]).with_loss(loss)).unwrap();
    let weights = (0..b.len() * b.len()).map(|i| if i % (b.len() + 1) == 0 { w } else { 0.0 });
    net.tensor_mut("W1").unwrap().as_mut_slice().copy_from_slice(&weights.collect::<Vec<_>>());
    net.tensor_mut("b1").unwrap().as_mut_slice().copy_from_slice(b);
    net
}

fn r_squared(evaluation: &Evaluation) -> [f64; 3] {
    let deviation = evaluation.deviation.as_ref().unwrap();
    [deviation.r_squared(), deviation.of_output(0).r_squared(), deviation.of_output(1).r_squared()]
}

#[test]
fn r_squared_of_several_outputs_is_not_pooled() {
    let targets = [0.0, 1000.0, 1.0, 1001.0, 0.0, 1000.0, 1.0, 1001.0];
    let data = Dataset::from_rows(&[0.0; 8], 2).unwrap().with_values(&targets, 2).unwrap();
    let net = diagonal(0.0, &[0.5, 1000.5], MeanSquaredError);
    let are_0 =
        |found: [f64; 3]| assert!(found.iter().all(|r_squared| r_squared.abs() <= 1e-15), "{found:?}");
    are_0(r_squared(&evaluate(&net, &data).unwrap()));
    // The same of a network that sees its targets standardised.
    let config = NetworkConfig::clone(net.config()).with_scale(TargetScale::new([0.5, 1000.5], [0.5, 0.5]));
    let mut scaled = Mlp::new(&config).unwrap();
    scaled.tensor_mut("W1").unwrap().as_mut_slice().fill(0.0);
    are_0(r_squared(&evaluate(&scaled, &data).unwrap()));
    // A target that never changes, found in one output and missed in the other.
    let constant = Dataset::from_rows(&[0.0; 4], 2).unwrap().with_values(&[0.5, 7.0, 0.5, 7.0], 2).unwrap();
    assert_eq!(r_squared(&evaluate(&net, &constant).unwrap()), [0.5, 1.0, 0.0]);
}

#[test]
fn several_labels_are_compared_as_probabilities_and_counted_one_by_one() {
    let rows = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let data = Dataset::from_rows(&rows, 2).unwrap();
    let perfect = data.clone().with_values(&rows, 2).unwrap();
    // Logits of ±20.
    let net = diagonal(40.0, &[-20.0, -20.0], BinaryCrossEntropy);
    let evaluation = evaluate(&net, &perfect).unwrap();
    let deviation = evaluation.deviation.as_ref().unwrap();
    let error = 1.0 / (1.0 + 20.0_f64.exp()); // σ(−20) = 1 − σ(20) = 2.06e-9
    assert!((deviation.mean_absolute_error() - error).abs() <= 1e-6 * error, "{deviation:?}");
    assert!((deviation.r_squared() - 1.0).abs() <= 1e-15);
    assert_eq!(evaluation.labels.len(), 2);
    for label in &evaluation.labels {
        assert_eq!(
            (label.accuracy(), label.precision(1), label.recall(1), label.f1(1)),
            (1.0, Some(1.0), Some(1.0), Some(1.0))
        );
    }
    // Label 0 is yes, no, yes, no where no, yes, no, yes is found; of label 1 one of three is missed.
    let targets = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0];
    let labels = evaluate(&net, &data.with_values(&targets, 2).unwrap()).unwrap().labels;
    assert_eq!((labels[0].accuracy(), labels[0].precision(1), labels[0].f1(1)), (0.0, Some(0.0), Some(0.0)));
    assert_eq!((labels[1].accuracy(), labels[1].precision(1)), (0.75, Some(1.0)));
    assert_eq!((labels[1].recall(1), labels[1].f1(1)), (Some(2.0 / 3.0), Some(0.8)));
    // One label is two classes, and values are no labels.
    let one = Dataset::from_rows(&[0.0, 1.0], 1).unwrap().with_values(&[0.0, 1.0], 1).unwrap();
    let evaluation = evaluate(&diagonal(40.0, &[-20.0], BinaryCrossEntropy), &one).unwrap();
    assert!(evaluation.labels.is_empty() && evaluation.deviation.is_none());
    assert!(evaluate(&diagonal(1.0, &[0.0], MeanSquaredError), &one).unwrap().labels.is_empty());
}

/// Two samples of NaN, of class 0 or all labels no, as no `Dataset` has them.
struct Nothing {
    targets: TargetKind,
}

impl Samples for Nothing {
    fn n_samples(&self) -> usize {
        2
    }
    fn shape(&self) -> Shape {
        Shape::flat(3)
    }
    fn target_kind(&self) -> TargetKind {
        self.targets
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        x.dense_mut(3, indices.len()).as_mut_slice().fill(F::nan());
        match self.targets {
            TargetKind::Values { n_outputs } => {
                t.values_mut(n_outputs, indices.len()).as_mut_slice().fill(F::zero())
            }
            _ => t.classes_mut().extend(indices.iter().map(|_| 0)),
        }
    }
}

#[test]
fn outputs_that_are_nan_are_never_right() {
    let net = diagonal(1.0, &[0.0; 3], SoftmaxCrossEntropy::new());
    let evaluation = evaluate(&net, &Nothing { targets: TargetKind::Classes { n_classes: 3 } }).unwrap();
    assert_eq!(
        (evaluation.accuracy(), evaluation.top_k_accuracy(1), evaluation.top_k_accuracy(3)),
        (0.0, 0.0, 0.0)
    );
    let confusion = evaluation.confusion.unwrap();
    assert_eq!((confusion.n_samples(), confusion.n_undecided(), confusion.n_predicted(0)), (2, 2, 0));
    assert!(evaluation.loss.mean().is_nan());

    let net = diagonal(1.0, &[0.0; 3], BinaryCrossEntropy);
    let evaluation = evaluate(&net, &Nothing { targets: TargetKind::Values { n_outputs: 3 } }).unwrap();
    assert!(evaluation.labels.iter().all(|label| label.accuracy() == 0.0 && label.n_undecided() == 2));
    assert!(evaluation.deviation.unwrap().r_squared().is_nan());
}

/// A sample of zeros with a target of NaN for each of so many outputs.
struct Missing(usize);

impl Samples for Missing {
    fn n_samples(&self) -> usize {
        1
    }
    fn shape(&self) -> Shape {
        Shape::flat(self.0)
    }
    fn target_kind(&self) -> TargetKind {
        TargetKind::Values { n_outputs: self.0 }
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        x.dense_mut(self.0, indices.len()).as_mut_slice().fill(F::zero());
        t.values_mut(self.0, indices.len()).as_mut_slice().fill(F::nan());
    }
}

#[test]
fn no_output_is_right_where_the_target_is_nan() {
    for (n, loss) in [
        (1, LossConfig::from(BinaryCrossEntropy)),
        (3, BinaryCrossEntropy.into()),
        (3, SoftmaxCrossEntropy::new().into()),
    ] {
        let found = evaluate(&diagonal(1.0, &vec![-1.0; n], loss), &Missing(n)).unwrap();
        let all: Vec<_> = found.confusion.iter().chain(&found.labels).collect();
        assert!(!all.is_empty() && all.iter().all(|all| all.accuracy() == 0.0 && all.n_undecided() == 1));
        // A single label has no ranks.
        assert!(found.loss.mean().is_nan() && (n == 1 || found.top_k_accuracy(n).max(0.0) == 0.0));
    }
}

#[test]
fn outputs_that_are_nan_stop_a_run_also_where_nothing_counts() {
    let loss = SoftmaxCrossEntropy::new().with_class_weights([0.0, 1.0, 1.0]);
    let mut net = Mlp::new(MlpConfig::new([3, 3]).with_loss(loss)).unwrap();
    let error =
        train(&mut net, &Nothing { targets: TargetKind::Classes { n_classes: 3 } }).run().unwrap_err();
    assert!(error.to_string().starts_with("training has diverged: the loss is NaN at step 1"), "{error}");
    // Nor are they passed over in a test set.
    let rows = [0.0, 0.5, 1.0, 1.0, 0.0, 0.5];
    let data = Dataset::from_rows(&rows, 3).unwrap().with_classes(&[0, 1]).unwrap();
    let mut net = Mlp::new(MlpConfig::new([3, 3])).unwrap();
    let error = train(&mut net, &Either(Some(data))).test(&Either(None)).run().unwrap_err();
    let expected =
        "training has diverged: the test loss is NaN at step 1 in epoch 1, first in the test samples";
    assert!(error.to_string().starts_with(expected), "{error}");
}

/// Samples as they should be, or [`Nothing`].
struct Either<'a>(Option<Dataset<'a>>);

impl Samples for Either<'_> {
    fn n_samples(&self) -> usize {
        2
    }
    fn shape(&self) -> Shape {
        Shape::flat(3)
    }
    fn target_kind(&self) -> TargetKind {
        TargetKind::Classes { n_classes: 3 }
    }
    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        at: Context,
    ) {
        match &self.0 {
            Some(data) => data.gather(x, t, indices, at),
            None => Nothing { targets: self.target_kind() }.gather(x, t, indices, at),
        }
    }
}

//! The settings of the softmax cross-entropy by hand, and those that are refused.

use chainrule_losses::{Error, Huber, Loss, LossConfig, LossSum, SoftmaxCrossEntropy, Targets};
use chainrule_tensor::{Matrix, one_hot};

/// Odds of 1 : 2 : 5, twice.
fn logits() -> Matrix<f64> {
    Matrix::from_fn(3, 2, |i, _| [1.0_f64, 2.0, 5.0][i].ln())
}

/// −ln of the three probabilities.
fn nats() -> [f64; 3] {
    [8.0_f64.ln(), 4.0_f64.ln(), 1.6_f64.ln()]
}

fn new() -> SoftmaxCrossEntropy {
    SoftmaxCrossEntropy::new()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= 1e-14, "{found:?}, expected {expected:?}");
    }
}

#[test]
fn label_smoothing_by_hand() {
    // ε = 0.3 of three classes: 0.8 for the target, 0.1 for each of the others.
    let loss = new().with_label_smoothing(0.3);
    let (sum, dz) = loss.gradient((&logits()).into(), Targets::Classes(&[0, 2]));
    let [a, b, c] = nats();
    assert_close(&[sum.sum, sum.divisor], &[0.9 * a + 0.2 * b + 0.9 * c, 2.0]);
    assert_close(dz.as_slice(), &[0.125 - 0.8, 0.15, 0.525, 0.025, 0.15, 0.625 - 0.8]);
}

#[test]
fn class_weights_by_hand() {
    let loss = new().with_class_weights([4.0, 0.0, 0.5]);
    let (sum, dz) = loss.gradient((&logits()).into(), Targets::Classes(&[0, 2]));
    let [a, _, c] = nats();
    assert_close(&[sum.sum, sum.divisor], &[4.0 * a + 0.5 * c, 4.5]);
    assert_close(dz.as_slice(), &[-3.5, 1.0, 2.5, 0.0625, 0.125, -0.1875]);
    // A class that does not count.
    let ignored = loss.value((&logits()).into(), Targets::Classes(&[1, 1]));
    assert_eq!(ignored, LossSum { sum: 0.0, divisor: 0.0 });
}

#[test]
fn both_at_once_are_pytorchs() {
    // PyTorch: (1 − ε)·Σ w_c·nats_c + ε/K·Σᵢ wᵢ·natsᵢ, both divided by Σ w_c of the classes, not of the smoothed targets.
    let loss = new().with_class_weights([4.0, 1.0, 0.5]).with_label_smoothing(0.3);
    let [a, b, c] = nats();
    let spread = 4.0 * a + b + 0.5 * c;
    for targets in [Targets::Classes(&[0, 2]), Targets::from(&one_hot(&[0, 2], 3))] {
        let sum = loss.value((&logits()).into(), targets);
        assert_close(&[sum.sum, sum.divisor], &[0.7 * (4.0 * a + 0.5 * c) + 0.2 * spread, 4.5]);
    }
}

#[test]
fn settings_that_change_nothing_give_the_same_bits() {
    let z = Matrix::from_fn(3, 5, |i, j| (i as f32 - 1.3) * (j as f32 + 0.7));
    let classes = Targets::Classes(&[2, 0, 1, 1, 2]);
    let set = new().with_class_weights([1.0; 3]).with_label_smoothing(0.0);
    assert_eq!(set.gradient((&z).into(), classes), new().gradient((&z).into(), classes));
}

#[test]
fn logits_of_a_thousand_stay_finite_with_all_settings() {
    let z = Matrix::from_column_slice(2, 1, &[1000.0_f32, -1000.0]);
    let loss = new().with_class_weights([1.0, 2.0]).with_label_smoothing(0.5);
    let (sum, dz) = loss.gradient((&z).into(), Targets::Classes(&[0]));
    // A quarter for the class that is 2000 nats away, which counts twice; softmax is (1, 0).
    assert_eq!(sum, LossSum { sum: 1000.0, divisor: 1.0 });
    assert_eq!(dz.as_slice(), [1.25 - 0.75, -0.5]);
}

#[test]
fn settings_out_of_range_are_refused() {
    for bad in [f64::NAN, -0.1, 1.0, f64::INFINITY] {
        let message = new().with_label_smoothing(bad).check().unwrap_err().to_string();
        assert_eq!(message, format!("label smoothing {bad}, expected a number from 0 to below 1"));
    }
    for bad in [f64::NAN, -0.1, f64::INFINITY] {
        let message = new().with_class_weights([1.0, bad]).check().unwrap_err().to_string();
        assert_eq!(message, format!("weight {bad} of class 1, expected a finite number not below 0"));
    }
    for (none, n) in [(vec![], 0), (vec![0.0, 0.0], 2)] {
        let message = new().with_class_weights(none).check().unwrap_err().to_string();
        assert_eq!(message, format!("{n} class weights and none above 0, expected at least one above 0"));
    }
}

#[test]
fn losses_out_of_range_are_not_computed() {
    let z = logits();
    for (loss, why) in [
        (
            &new().with_label_smoothing(f64::NAN) as &dyn Loss<f64>,
            "label smoothing NaN, expected a number from 0 to below 1",
        ),
        (
            &new().with_class_weights([0.0; 3]),
            "3 class weights and none above 0, expected at least one above 0",
        ),
        (&Huber::new(-1.0), "delta -1, expected a finite number above 0"),
    ] {
        assert_eq!(loss.check().unwrap_err().to_string(), why);
        let targets = Targets::Classes(&[0, 1]);
        let runs: [&dyn Fn() -> LossSum; 2] =
            [&|| loss.value((&z).into(), targets), &|| loss.gradient((&z).into(), targets).0];
        for run in runs {
            let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
            assert_eq!(*panic.downcast::<String>().unwrap(), why);
        }
    }
}

#[test]
fn numbers_of_outputs_that_do_not_fit_are_refused() {
    let refused =
        |config: LossConfig, n| config.loss::<f32>().check_outputs(n).map_err(|error| error.to_string());
    let one = "outputs is 1, expected at least 2 with softmax cross-entropy; for yes or no take binary cross-entropy";
    assert_eq!(refused(new().into(), 1), Err(one.to_string()));
    let weighted = || LossConfig::from(new().with_class_weights([1.0, 2.0]));
    let two = "the number of class weights is 2, expected 3, one for every output";
    assert_eq!(refused(weighted(), 3), Err(two.to_string()));
    assert_eq!(refused(weighted(), 2), Ok(()));
    assert!(LossConfig::all().into_iter().all(|config| refused(config, 2).is_ok()));
}

#[test]
#[should_panic(expected = "weights of classes, and classes of the logits")]
fn class_weights_of_another_number_of_classes_panic() {
    let loss = new().with_class_weights([1.0, 2.0]);
    loss.value((&logits()).into(), Targets::Classes(&[0, 1]));
}

#[test]
fn losses_by_name_are_the_losses_of_that_name() {
    for config in LossConfig::all() {
        let name = config.name();
        assert_eq!(LossConfig::by_name(name), Ok(config));
    }
    for bad in ["", "huber ", "Huber", "cross-entropy-on-probabilities"] {
        assert!(matches!(LossConfig::by_name(bad), Err(Error::Name { .. })), "{bad}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn settings_are_read_and_checked() {
    let read = |text: &str| serde_json::from_str::<LossConfig>(text).map_err(|error| error.to_string());
    let smoothed = new().with_label_smoothing(0.1);
    assert_eq!(read(r#"{"softmax-cross-entropy":{"label_smoothing":0.1}}"#), Ok(smoothed.clone().into()));
    assert_eq!(read(r#""mean-squared-error""#), Ok(LossConfig::MeanSquaredError));
    assert_eq!(read(r#"{"huber":{}}"#), Ok(Huber::default().into()));
    assert_eq!(
        serde_json::to_string(&LossConfig::from(smoothed.clone())).unwrap(),
        r#"{"softmax-cross-entropy":{"label_smoothing":0.1,"class_weights":[]}}"#
    );
    let weighted = new().with_class_weights([1.0, 2.0]);
    let yes = chainrule_losses::BinaryCrossEntropy.with_pos_weight([3.0, 0.1]);
    for config in LossConfig::all().into_iter().chain([smoothed.into(), weighted.into(), yes.into()]) {
        assert_eq!(read(&serde_json::to_string(&config).unwrap()), Ok(config));
    }
    for (bad, why) in [
        (r#"{"softmax-cross-entropy":{"label_smoothing":1.0}}"#, "label smoothing 1, expected"),
        (r#"{"softmax-cross-entropy":{"class_weights":[0.0]}}"#, "1 class weights and none above 0"),
        (r#"{"softmax-cross-entropy":{"smoothing":0.1}}"#, "unknown field `smoothing`"),
        (r#"{"huber":{"delta":-1.0}}"#, "delta -1, expected"),
        (r#"{"weighted-binary-cross-entropy":{"pos_weight":[1.0,0.0]}}"#, "weight 0 of yes in output 1"),
        (r#"{"weighted-binary-cross-entropy":{"pos_weight":[]}}"#, "no weight of yes"),
    ] {
        let message = read(bad).unwrap_err();
        assert!(message.starts_with(why), "{bad}: {message}");
    }
}

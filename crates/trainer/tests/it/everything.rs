//! The network, the run and the data of the files of every format version (`tests/formats`).

use chainrule_losses::SoftmaxCrossEntropy;
use chainrule_optimizers::{AdamW, Clip, Schedule};
use chainrule_trainer::{Activation, Dataset, EarlyStopping, Encode, Encoding, MlpConfig, TrainConfig};

/// A network with everything that one can have.
pub(crate) fn network(data: &Dataset) -> MlpConfig {
    let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.125);
    MlpConfig::new([2, 3, 2])
        .with_activation(Activation::Relu)
        .with_batch_norm(true)
        .with_dropout(0.25)
        .with_loss(loss.with_class_weights([1.0, 2.0]))
        .with_encoding(Encoding::fit(data, &[Encode::Standardize, Encode::OneHot]).unwrap())
        .with_init("he-uniform".parse().unwrap())
        .with_seed(3)
}

/// The settings of its run, likewise.
pub(crate) fn training() -> TrainConfig {
    TrainConfig::new()
        .with_optimizer(AdamW::default().with_learning_rate(0.0625).unwrap())
        .with_schedule("warmup:2+cosine".parse::<Schedule>().unwrap())
        .with_clip(Clip::by_norm(1.5).unwrap())
        .with_epochs(2)
        .with_batch_size(4)
        .with_seed(5)
        .with_validation(0.25)
        .with_early_stopping(EarlyStopping::new(4).with_min_delta(0.0078125))
        .with_average(0.5)
        .with_threads(1)
}

/// Twelve samples of two columns.
pub(crate) fn with_data<R>(run: impl FnOnce(&Dataset) -> R) -> R {
    let rows: Vec<f32> = (0..24).map(|i| ((i * 7) % 11) as f32 / 4.0).collect();
    let classes: Vec<usize> = (0..12).map(|i| i % 2).collect();
    run(&Dataset::from_rows(&rows, 2).unwrap().with_classes(&classes).unwrap())
}

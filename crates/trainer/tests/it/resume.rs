//! A run that is stopped and resumed has the bits of a run that was never stopped: from every step, with every rule, with
//! everything on, and from one number of threads to another.

use std::{ops::ControlFlow, path::Path};

use chainrule_losses::SoftmaxCrossEntropy;
use chainrule_optimizers::{Clip, Momentum, OptimizerConfig, Schedule, Sgd};
use chainrule_tensor::ARITHMETIC;
use chainrule_trainer::{
    Activation, Checkpoint, Checkpoints, Dataset, EarlyStopping, EpochReport, Event, Every, Mlp, MlpConfig,
    Resume, Sampling, Summary, TrainConfig, TrainingRecord, train,
};

use crate::common::blobs;

/// Every kind of layer between inputs and outputs.
fn net() -> Mlp {
    let loss = SoftmaxCrossEntropy::new().with_label_smoothing(0.1);
    let config = MlpConfig::new([36, 9, 7, 10])
        .with_activations([Activation::Relu, Activation::Tanh, Activation::Identity])
        .with_batch_norm(true)
        .with_dropout(0.2)
        .with_loss(loss);
    Mlp::new(&config).unwrap()
}

/// Thirty steps: five epochs of six mini-batches, the last of which is smaller.
fn everything(optimizer: OptimizerConfig) -> TrainConfig {
    TrainConfig::new()
        .with_optimizer(optimizer)
        .with_schedule("one-cycle".parse::<Schedule>().unwrap())
        .with_clip(Clip::by_norm(1.0))
        .with_epochs(5)
        .with_batch_size(15)
        .with_validation(0.2)
        .with_early_stopping(EarlyStopping::new(9))
        .with_average(0.8)
}

/// The run that is never stopped.
fn never_stopped(config: &TrainConfig) -> (Mlp, Summary) {
    let mut net = net();
    let summary = train(&mut net, &blobs(100)).test(&blobs(30)).config(config).run().unwrap();
    (net, summary)
}

/// The same run with checkpoints.
fn kept(checkpoints: &Checkpoints, config: &TrainConfig) -> (Mlp, Summary) {
    // Whatever network is there, the checkpoint's takes its place.
    let mut net = net();
    let summary =
        train(&mut net, &blobs(100)).test(&blobs(30)).config(config).checkpoints(checkpoints).run().unwrap();
    (net, summary)
}

fn stopped_at(step: u64, checkpoints: &Checkpoints, config: &TrainConfig) {
    let callback = |event: Event<'_>| match event {
        Event::Step { report, .. } if report.step == step => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let summary = train(&mut net(), &blobs(100))
        .test(&blobs(30))
        .config(config)
        .checkpoints(checkpoints)
        .callback(callback)
        .run()
        .unwrap();
    assert!(summary.stopped && summary.steps == step);
}

/// What does not depend on how long anything took.
fn timeless(history: &[EpochReport]) -> Vec<EpochReport> {
    let mut history = history.to_vec();
    for report in &mut history {
        (report.seconds, report.samples_per_second) = (0.0, 0.0);
    }
    history
}

#[track_caller]
fn assert_same(resumed: &(Mlp, Summary), never_stopped: &(Mlp, Summary), what: &str) {
    assert_eq!(resumed.0.parameters_crc32(), never_stopped.0.parameters_crc32(), "{what}");
    let (a, b) = (&resumed.1, &never_stopped.1);
    assert_eq!(timeless(&a.history), timeless(&b.history), "{what}");
    assert_eq!((a.steps, a.epochs, a.best_epoch), (b.steps, b.epochs, b.best_epoch), "{what}");
    assert_eq!((a.stopped, a.stopped_early, a.test_accuracy), (b.stopped, b.stopped_early, b.test_accuracy));
    assert!((a.seconds() - b.seconds()).is_finite() && a.seconds() > 0.0);
}

fn from(folder: &Path, step: u64) -> Checkpoints {
    let path = folder.join(format!("step-{step:09}.ckpt"));
    Checkpoints::default().with_resume(Resume::From(path))
}

#[test]
fn every_rule_goes_on_from_every_step_as_if_it_had_never_stopped() {
    for optimizer in OptimizerConfig::all() {
        let config = everything(optimizer);
        let expected = never_stopped(&config);
        assert_eq!(expected.1.steps, 30);
        let folder = tempfile::tempdir().unwrap();
        let all = Checkpoints::new(folder.path()).with_every(Every::Steps(1)).with_keep(100);
        assert_same(&kept(&all, &config), &expected, "the run that was saved");
        for step in 1..=30 {
            let resumed = kept(&from(folder.path(), step), &config);
            assert_same(&resumed, &expected, &format!("{:?} from step {step}", config.optimizer));
        }
    }
}

#[test]
fn a_run_that_is_stopped_after_every_step_comes_to_the_same_end() {
    let plain = TrainConfig::new().with_epochs(3).with_batch_size(20);
    let average = plain.clone().with_average(0.9).with_sampling(Sampling::WithReplacement);
    let partial =
        plain.clone().with_steps(17).with_validation(0.1).with_early_stopping(EarlyStopping::new(5));
    for config in [plain, average, partial, everything(OptimizerConfig::by_name("adam").unwrap())] {
        let expected = never_stopped(&config);
        let folder = tempfile::tempdir().unwrap();
        // The disk sees what the callback asks for, and nothing else.
        let checkpoints =
            Checkpoints::new(folder.path()).with_every(Every::Epochs(1000)).with_resume(Resume::Auto);
        for step in 1..expected.1.steps {
            stopped_at(step, &checkpoints, &config);
        }
        assert_same(&kept(&checkpoints, &config), &expected, "stopped after every step");
        // Once it has ended, it stays as it is.
        assert_same(&kept(&checkpoints, &config), &expected, "resumed at its end");
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_may_change() {
    let config = everything(OptimizerConfig::by_name("adamw").unwrap());
    let expected = never_stopped(&config.clone().with_threads(2));
    let folder = tempfile::tempdir().unwrap();
    let all = Checkpoints::new(folder.path()).with_every(Every::Steps(1)).with_keep(100);
    kept(&all, &config.clone().with_threads(2));
    for threads in [1, 3, 8] {
        for step in 1..=30 {
            let resumed = kept(&from(folder.path(), step), &config.clone().with_threads(threads));
            assert_same(&resumed, &expected, &format!("from step {step}, 2 threads to {threads}"));
        }
    }
}

#[test]
fn early_stopping_ends_a_resumed_run_where_it_would_have_ended() {
    // A rate that makes nothing better.
    let config = everything(Sgd::new(1e-9).into()).with_epochs(20).with_average(0.5);
    let config = config.with_early_stopping(EarlyStopping::new(2).with_min_delta(0.5));
    let expected = never_stopped(&config);
    assert!(expected.1.stopped_early && expected.1.steps < 120, "{:?}", expected.1);
    let folder = tempfile::tempdir().unwrap();
    let all = Checkpoints::new(folder.path()).with_every(Every::Steps(1)).with_keep(100);
    assert_same(&kept(&all, &config), &expected, "saved");
    for step in 1..=expected.1.steps {
        assert_same(&kept(&from(folder.path(), step), &config), &expected, &format!("from step {step}"));
    }
}

#[test]
fn a_run_that_stopped_early_goes_on_with_more_patience() {
    // A rate that makes nothing better by as much as is asked for: the first epoch is the best.
    let with = |patience| {
        everything(Sgd::new(1e-3).into())
            .with_schedule(Schedule::default())
            .with_epochs(7)
            .with_early_stopping(EarlyStopping::new(patience).with_min_delta(5.0))
    };
    let threads: &[usize] = if cfg!(feature = "rayon") { &[1, 2] } else { &[1] };
    for (&threads, average) in threads.iter().flat_map(|threads| [(threads, None), (threads, Some(0.5))]) {
        let with = |patience| {
            let mut config = with(patience).with_threads(threads);
            config.average = average;
            config
        };
        let ends = |patience: u64| 1 + patience.min(6);
        let folder = tempfile::tempdir().unwrap();
        let checkpoints =
            Checkpoints::new(folder.path()).with_resume(Resume::Auto).with_every(Every::Steps(5));
        for patience in [1, 2, 4, 50] {
            let expected = never_stopped(&with(patience));
            assert_eq!((expected.1.epochs, expected.1.stopped_early), (ends(patience), patience < 6));
            let what = format!("patience {patience}, {threads} threads, average {average:?}");
            assert_same(&kept(&checkpoints, &with(patience)), &expected, &what);
            // Once more, it stays as it is.
            assert_same(&kept(&checkpoints, &with(patience)), &expected, &what);
        }
        let less =
            train(&mut net(), &blobs(100)).config(&with(3)).checkpoints(&checkpoints).run().unwrap_err();
        let expected = "training.early_stopping.patience is 3, expected 50, as in the run that was saved";
        assert!(less.to_string().ends_with(expected), "{less}");
    }
    let mut never = with(2);
    never.early_stopping = None;
    assert_eq!(
        refused(&with(2), &never),
        "training.early_stopping is none, expected {\"min_delta\":5.0,\"patience\":2}, as in the run that was saved"
    );
    let other = with(2).with_early_stopping(EarlyStopping::new(3).with_min_delta(0.25));
    assert!(refused(&with(2), &other).starts_with("training.early_stopping.min_delta is 0.25, expected 5.0"));
}

#[test]
fn a_run_that_has_ended_is_extended() {
    for schedule in ["constant", "step:7:0.5", "warmup:5+exponential:0.99", "cosine@12+constant"] {
        let config = everything(OptimizerConfig::by_name("nesterov").unwrap())
            .with_schedule(schedule.parse::<Schedule>().unwrap());
        let expected = never_stopped(&config);
        for short in [config.clone().with_epochs(2), config.clone().with_steps(15)] {
            let folder = tempfile::tempdir().unwrap();
            let checkpoints = Checkpoints::new(folder.path()).with_resume(Resume::Auto);
            assert_same(&kept(&checkpoints, &short), &never_stopped(&short), "the short run");
            assert_same(&kept(&checkpoints, &config), &expected, schedule);
        }
    }
}

/// The network of a file is the one to be used, and the file goes on nevertheless.
#[test]
fn the_state_at_the_end_can_be_saved_with_the_network() {
    let config = everything(OptimizerConfig::by_name("rmsprop").unwrap())
        .with_schedule(Schedule::default())
        .with_early_stopping(EarlyStopping::new(3));
    let (net, summary) = kept(&Checkpoints::default(), &config.clone().with_epochs(3));
    let state = summary.state.clone().unwrap();
    assert_eq!((state.step(), state.n_steps()), (18, 18));
    assert_eq!(format!("{state:?}"), "TrainState { step: 18, n_steps: 18, schedule: \"constant\", .. }");
    // 36·9 + 9 and 9·7 + 7 and 7·10 + 10 parameters of affine layers, 2·9 and 2·7 of batch norm, one slot for each.
    let text = state.to_string();
    assert!(text.starts_with("after step 18 of 18; schedule constant; "), "{text}");
    let expected = "; optimizer state of 515 values; an average over 18 steps; the best epoch so far is ";
    assert!(text.contains(expected), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.ckpt");
    let record = TrainingRecord::new(config.clone().with_epochs(3), summary.history);
    Checkpoint::new(net.clone(), record).with_state(state.clone()).save(&path).unwrap();
    let loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(loaded.net.parameters_crc32(), net.parameters_crc32());
    assert_eq!(loaded.state, Some(state));
    let resumed = kept(&Checkpoints::default().with_resume(Resume::From(path)), &config);
    assert_same(&resumed, &never_stopped(&config), "extended");
}

/// Why a run is refused: with the settings of `config`, from the last checkpoint of `run`.
#[track_caller]
fn refused(run: &TrainConfig, config: &TrainConfig) -> String {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path()).with_resume(Resume::Auto);
    kept(&checkpoints, run);
    let mut other = net();
    let before = other.parameters_crc32();
    let error = train(&mut other, &blobs(100))
        .config(config)
        .checkpoints(&checkpoints)
        .run()
        .unwrap_err()
        .to_string();
    assert_eq!(other.parameters_crc32(), before);
    let (start, reason) = error.split_once(": ").unwrap();
    assert!(start.starts_with("cannot resume from ") && start.ends_with(".ckpt"), "{error}");
    reason.to_string()
}

#[test]
fn another_run_is_refused_by_the_setting_that_differs() {
    let config = TrainConfig::new().with_epochs(2).with_batch_size(50);
    let behind = ", as in the run that was saved";
    for (other, expected) in [
        (config.clone().with_batch_size(20), "training.batch_size is 20, expected 50"),
        (config.clone().with_seed(2), "training.seed is 2, expected 1"),
        (config.clone().with_validation(0.5), "training.validation is 0.5, expected 0.0"),
        (config.clone().with_average(0.5), "training.average is 0.5, expected none"),
        (
            config.clone().with_schedule("cosine".parse::<Schedule>().unwrap()),
            "training.schedule is cosine, expected constant",
        ),
        (
            config.clone().with_sampling(Sampling::WithReplacement),
            "training.sampling is with-replacement, expected shuffled",
        ),
    ] {
        assert_eq!(refused(&config, &other), format!("{expected}{behind}"));
    }
    let faster = config.clone().with_optimizer(Sgd::new(0.5));
    let reason = refused(&config, &faster);
    assert!(reason.starts_with("training.optimizer.sgd.learning_rate is 0.5, expected 0.1"), "{reason}");
    let other = config.clone().with_optimizer(Momentum::new(0.1));
    assert!(refused(&config, &other).starts_with("training.optimizer is {\"momentum\":{"));
    let decaying = config.clone().with_optimizer(Sgd::new(0.1).with_weight_decay(0.5));
    assert!(
        refused(&config, &decaying).starts_with("training.optimizer.sgd.weight_decay is 0.5, expected 0.0")
    );
    assert_eq!(
        refused(&config, &config.clone().with_epochs(1)),
        "the number of steps is 2, expected at least 4, which the run that was saved has taken"
    );
}

#[test]
fn a_schedule_that_is_spread_over_all_steps_is_not_extended() {
    for schedule in ["cosine", "one-cycle", "warmup:2+cosine"] {
        let config = TrainConfig::new().with_epochs(2).with_batch_size(50);
        let config = config.with_schedule(schedule.parse::<Schedule>().unwrap());
        assert_eq!(
            refused(&config, &config.clone().with_epochs(3)),
            "the number of steps is 6, expected 4 as in the run that was saved: the schedule is spread over all \
             steps, so a longer run would have had other learning rates from the start"
        );
    }
}

#[test]
fn other_data_and_other_networks_are_refused() {
    let (rows, classes) = ([0.0, 0.2, 0.8, 1.0], [0, 0, 1, 1]);
    let data = Dataset::from_rows(&rows, 1).unwrap().with_classes(&classes).unwrap();
    let config = TrainConfig::new().with_epochs(1);
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::new(folder.path()).with_resume(Resume::Auto);
    let run = |config_of_net: &MlpConfig, data: &Dataset| {
        let mut net = Mlp::new(config_of_net).unwrap();
        train(&mut net, data)
            .config(&config)
            .checkpoints(&checkpoints)
            .run()
            .map_err(|error| error.to_string())
    };
    let sizes = MlpConfig::new([1, 3, 2]);
    run(&sizes, &data).unwrap();
    run(&sizes, &data).unwrap();
    let fewer = Dataset::from_rows(&rows[..2], 1).unwrap().with_classes(&classes[..2]).unwrap();
    let others = Dataset::from_rows(&rows, 1).unwrap().with_classes(&[0, 1, 1, 1]).unwrap();
    let moved_rows = [0.0, 0.2, 0.8, 1.5];
    let moved = Dataset::from_rows(&moved_rows, 1).unwrap().with_classes(&classes).unwrap();
    for (config, data, expected) in [
        (&sizes, &fewer, "data.n_samples is 2, expected 4, as in"),
        (&sizes, &others, "data.targets_crc32 is "),
        (&sizes, &moved, "data.inputs_crc32 is "),
        (&MlpConfig::new([1, 4, 2]), &data, "network.layers.1.n_outputs is 4, expected 3, as in"),
        (
            &sizes.clone().with_dropout(0.5),
            &data,
            "network.layers is a list of 4, expected a list of 3, as in",
        ),
        (&sizes.clone().with_seed(2), &data, "network.seed is 2, expected 1, as in"),
    ] {
        let error = run(config, data).unwrap_err();
        assert!(error.contains(expected), "\"{error}\" does not say \"{expected}\"");
    }
}

/// A version with other bits would silently end elsewhere than the run that was never stopped.
#[test]
fn a_run_of_another_arithmetic_is_refused_unless_any_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.ckpt");
    let config = TrainConfig::new().with_epochs(1);
    let (net, summary) = kept(&Checkpoints::default(), &config);
    let mut record = TrainingRecord::new(config, summary.history);
    assert_eq!(record.arithmetic, ARITHMETIC);
    record.arithmetic += 1;
    Checkpoint::new(net, record).with_state(summary.state.unwrap()).save(&path).unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap().training.arithmetic, ARITHMETIC + 1);

    let longer = TrainConfig::new().with_epochs(2);
    let checkpoints = Checkpoints::default().with_resume(Resume::From(path.clone()));
    let mut other = self::net();
    let error = train(&mut other, &blobs(100))
        .test(&blobs(30))
        .config(&longer)
        .checkpoints(&checkpoints)
        .run()
        .unwrap_err();
    let expected = format!(
        "cannot resume from {}: the arithmetic is {ARITHMETIC}, expected {}, as in the run that was saved (any_arithmetic goes \
         on all the same, with other bits)",
        path.display(),
        ARITHMETIC + 1
    );
    assert_eq!(error.to_string(), expected);
    assert_same(
        &kept(&checkpoints.with_any_arithmetic(true), &longer),
        &never_stopped(&longer),
        "any arithmetic",
    );
}

#[test]
fn a_network_alone_cannot_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.ckpt");
    Checkpoint::new(net(), TrainingRecord::new(TrainConfig::new(), Vec::new())).save(&path).unwrap();
    let checkpoints = Checkpoints::default().with_resume(Resume::From(path.clone()));
    let error = train(&mut net(), &blobs(100))
        .config(&TrainConfig::new())
        .checkpoints(&checkpoints)
        .run()
        .unwrap_err();
    let expected = format!(
        "cannot resume from {}: the file is a network alone, expected the state of a run as well",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}

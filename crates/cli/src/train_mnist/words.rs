//! The text that `train-mnist` prints besides its epochs: the settings, the summary, and how to resume a stopped run.

use chainrule_layers::LayerConfig;
use chainrule_logs::SCALARS;
use chainrule_mnist::Mnist;
use chainrule_tensor::Init;
use chainrule_trainer::{Error, Mlp, Summary, TrainConfig, evaluate};

use super::{TrainMnist, results::Results};
use crate::{Result, keeping, output, stop::Signal};

/// At which step the run was stopped, and how to resume it.
pub(super) fn say_stopped(signal: Signal, summary: &Summary, results: &Results, options: &TrainMnist) {
    // The folder's newest, unless there is no folder.
    let path = results.in_folder.as_ref().or(results.checkpoint.as_ref());
    let from = path.map(|path| match results.in_folder {
        Some(_) if options.keeping.checkpoint_dir.is_some() => "auto".into(),
        _ => path.clone().into_os_string(),
    });
    let go_on = from.map(keeping::call_to_go_on);
    let (name, step) = (signal.name(), summary.steps);
    let how = match &go_on {
        Some(call) => format!("resume with: {call}"),
        None if options.keeping.checkpoint_dir.is_some() || options.checkpoint.is_some() => {
            "it cannot be resumed, since no checkpoint could be written".to_string()
        }
        None => "it cannot be resumed, since neither --checkpoint-dir nor --checkpoint was given".to_string(),
    };
    // The call is made to be typed, and harmless already.
    output::complain(format_args!("stopped by {name} after step {step}; {how}"));
    if !options.json {
        return say_written(results, options);
    }
    let path = path.map(|path| path.to_string_lossy());
    let members = [("signal", name.into()), ("step", step.into())];
    let on = [("checkpoint", path.into()), ("go_on", go_on.into())];
    output::event("stopped", &[members, on].concat());
}

pub(super) fn print_summary(
    summary: &Summary,
    net: &Mlp,
    mnist: &Mnist,
    results: &Results,
    options: &TrainMnist,
) -> Result<()> {
    let evaluate_both = || Ok::<_, Error>((evaluate(net, &mnist.train)?, evaluate(net, &mnist.test)?));
    let (train, test) = output::spin(true, "evaluating training and test set", evaluate_both)?;
    if let Some(epoch) = summary.best_epoch {
        let why = if summary.stopped_early { "stopped early; " } else { "" };
        output::line(format_args!("{why}kept epoch {epoch}, which had the lowest validation loss"));
    }
    output::line(format_args!(
        "test accuracy {:.2} %, train accuracy {:.2} %",
        100.0 * test.accuracy(),
        100.0 * train.accuracy(),
    ));
    output::lines(output::per_class(&test));
    output::line(format_args!(
        "{} in {:.2} s, {}",
        output::counted(summary.steps as usize, "step"),
        summary.seconds(),
        output::throughput(summary.samples_per_second()),
    ));
    output::line(format_args!("parameters_crc32 {:08x}", net.parameters_crc32()));
    for path in results.of_network() {
        output::line(format_args!("saved to {}", path.display()));
    }
    say_written(results, options);
    Ok(())
}

fn say_written(results: &Results, options: &TrainMnist) {
    if let Some(folder) = options.keeping.checkpoint_dir.as_ref().filter(|_| !results.is_saved) {
        let newest = match &results.in_folder {
            Some(path) => format!("its newest checkpoint is {}", path.display()),
            None => "it has no checkpoint of this run".to_string(),
        };
        output::line(format_args!("not saved in {}: the end of the run; {newest}", folder.display()));
    }
    if let Some(path) = &results.page {
        output::line(format_args!("wrote {}", path.display()));
    }
    // Nobody is sent to a folder that is gone.
    if let Some(folder) = options.log_dir.as_ref().filter(|folder| folder.join(SCALARS).is_file()) {
        output::line(format_args!("logs in {}", folder.display()));
    }
}

/// The initial weights of `net`, unless they are the tutorial's, unasked.
fn initial_weights(net: &Mlp, asked: Option<Init>) -> Option<String> {
    let (layers, shapes) = (&net.config().layers, net.layers().shapes());
    let of_layers = layers.iter().zip(shapes).filter_map(|(layer, shape)| match layer {
        LayerConfig::Affine(affine) => Some((affine.init, affine.init.std(shape.size(), affine.n_outputs))),
        _ => None,
    });
    let mut kinds: Vec<(Init, f64, f64)> = Vec::new();
    for (init, std) in of_layers {
        match kinds.iter_mut().find(|(kind, ..)| *kind == init) {
            Some((_, least, most)) => (*least, *most) = (least.min(std), most.max(std)),
            None => kinds.push((init, std, std)),
        }
    }
    let in_words = |(init, least, most): &(Init, f64, f64)| match init {
        Init::Normal { .. } => init.to_string(),
        _ if least == most => format!("{init} (std {least:.3})"),
        _ => format!("{init} (std {least:.3}–{most:.3})"),
    };
    let text = kinds.iter().map(in_words).collect::<Vec<_>>().join(", ");
    (asked.is_some() || text != "normal:0.01").then(|| format!("initial weights {text}"))
}

/// The settings in one to three lines.
pub(super) fn describe(net: &Mlp, init: Option<Init>, config: &TrainConfig, n_samples: usize) -> String {
    let mut text = format!(
        "{}: learning rate {}, batch size {}, seed {}, {}",
        config.optimizer.name(),
        config.optimizer.learning_rate(),
        config.batch_size.min(n_samples),
        config.seed,
        output::counted(rayon::current_num_threads(), "thread"),
    );
    let schedule = config.schedule.to_string();
    let more = [
        (schedule != "constant").then(|| format!("schedule {schedule}")),
        (config.validation > 0.0).then(|| format!("validation {}", config.validation)),
    ];
    let more: Vec<String> = more.into_iter().flatten().collect();
    for line in [initial_weights(net, init), Some(more.join(", ")).filter(|line| !line.is_empty())] {
        line.iter().for_each(|line| text.push_str(&format!("\n{line}")));
    }
    text
}

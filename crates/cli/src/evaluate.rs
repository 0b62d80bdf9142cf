//! `chainrule evaluate`: accuracy, confusion matrix, precision, recall and F1 of a saved network on the test set.

use std::{cmp::Reverse, path::PathBuf};

use chainrule_trainer::{Confusion, Evaluation, evaluate};
use clap::Args;

use crate::{
    Result,
    data::{self, Data},
    history, output, program,
    table::{Table, percent},
};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    chainrule evaluate --checkpoint net.ckpt\n  \
    chainrule evaluate --checkpoint net.ckpt --data-dir DIR\n  \
    chainrule evaluate --checkpoint net.ckpt --json")]
pub struct Evaluate {
    /// The saved network: a checkpoint, or the folder of a run
    #[arg(long, value_name = "PATH")]
    checkpoint: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Evaluate) -> Result<()> {
    let checkpoint = history::load(&options.checkpoint)?.1;
    program::start_threads()?;
    let known = data::Known::of(&checkpoint);
    let (mnist, folder) = options.data.load_for([&known].into_iter())?;
    let other_data = data::other_data(&known, &mnist);
    let net = checkpoint.net;
    let test = output::spin(!options.json, "evaluating the test set", || evaluate(&net, &mnist.test))
        .map_err(|error| match &other_data {
            Some(other) => format!("{error}; these are other data than the network's own: {other}"),
            None => error.to_string(),
        })?;
    let confusion =
        test.confusion.as_ref().ok_or("the network is not a classifier, so it has no accuracy")?;
    let parameters_crc32 = format!("{:08x}", net.parameters_crc32());
    if options.json {
        let of_classes = |share: fn(&Confusion, usize) -> Option<f64>| -> Vec<Option<f64>> {
            (0..confusion.n_classes()).map(|class| share(confusion, class)).collect()
        };
        // A list for every true class: how many of its samples were predicted as each class.
        let counts = |t| (0..confusion.n_classes()).map(|p| confusion.count(t, p)).collect();
        let counts: Vec<Vec<usize>> = (0..confusion.n_classes()).map(counts).collect();
        output::event(
            "evaluation",
            &[
                ("test_accuracy", confusion.accuracy().into()),
                ("test_loss", test.loss.mean().into()),
                ("n_samples", confusion.n_samples().into()),
                ("per_class_accuracy", of_classes(Confusion::recall).into()),
                ("per_class_precision", of_classes(Confusion::precision).into()),
                ("per_class_f1", of_classes(Confusion::f1).into()),
                ("mean_f1", confusion.mean_f1().into()),
                // For k from 1.
                ("top_k_accuracy", top_k(&test, confusion.n_classes()).into()),
                ("confusion", counts.into()),
                ("parameters_crc32", parameters_crc32.into()),
                // None if it is the bundled MNIST.
                ("data_dir", folder.map(|folder| folder.to_string_lossy().into_owned()).into()),
                // None if these are the data of the network's run, or nothing is known of them.
                ("other_data", other_data.into()),
            ],
        );
        return Ok(());
    }
    matrix(confusion).print();
    output::line("");
    per_class(confusion).print();
    output::line("");
    if let Some(mistakes) = most_frequent_mistakes(confusion) {
        output::line(mistakes);
    }
    output::line(format_args!("parameters_crc32 {parameters_crc32}"));
    let top_k = top_k(&test, confusion.n_classes());
    if let [_, second, third, ..] = top_k[..] {
        let (second, third) = (100.0 * second, 100.0 * third);
        output::line(format_args!("top-2 accuracy {second:.2} %, top-3 accuracy {third:.2} %"));
    }
    // Last, where it is still seen when the tables have scrolled away.
    output::line(format_args!(
        "test accuracy {:.2} %, {} of {} images; loss {:.4}",
        100.0 * confusion.accuracy(),
        confusion.n_correct(),
        confusion.n_samples(),
        test.loss.mean(),
    ));
    if let Some(other) = other_data {
        output::line(format_args!("warning: these are other data than the network's own: {other}"));
    } else if let (Some(found), None) = (folder, &options.data.folder) {
        output::line(format_args!("evaluated on the network's own data, in {}", found.display()));
    }
    Ok(())
}

/// The top-k accuracy for every k from 1.
fn top_k(evaluation: &Evaluation, n_classes: usize) -> Vec<f64> {
    (1..=n_classes).map(|k| evaluation.top_k_accuracy(k)).filter(|share| share.is_finite()).collect()
}

/// The confusion matrix; a dot is a 0, so that mistakes stand out.
fn matrix(confusion: &Confusion) -> Table {
    let classes = || 0..confusion.n_classes();
    let mut table = Table::new("true\\pred", classes().map(|class| class.to_string()));
    for truth in classes() {
        let count = |predicted| match confusion.count(truth, predicted) {
            0 => Some(".".to_string()),
            n => Some(n.to_string()),
        };
        table.add(truth, classes().map(count));
    }
    table
}

/// Precision, recall and F1 of every class, and their means.
fn per_class(confusion: &Confusion) -> Table {
    let mut table = Table::new("class", ["images", "precision %", "recall %", "F1 %"].map(String::from));
    for class in 0..confusion.n_classes() {
        let n_true = Some(confusion.n_true(class).to_string());
        let shares = [confusion.precision(class), confusion.recall(class), confusion.f1(class)];
        table.add(class, [n_true].into_iter().chain(shares.map(percent)));
    }
    let mean = |share: fn(&Confusion, usize) -> Option<f64>| {
        let all: Vec<f64> = (0..confusion.n_classes()).filter_map(|class| share(confusion, class)).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    let means = [mean(Confusion::precision), mean(Confusion::recall), Some(confusion.mean_f1())];
    table.add("mean", [Some(confusion.n_samples().to_string())].into_iter().chain(means.map(percent)));
    table
}

/// `most frequent mistakes: 4 as 9 (39×), …`
fn most_frequent_mistakes(confusion: &Confusion) -> Option<String> {
    let n = confusion.n_classes();
    let pairs = (0..n).flat_map(|truth| (0..n).map(move |predicted| (truth, predicted)));
    let mut mistakes: Vec<(usize, usize, usize)> = pairs
        .filter(|(truth, predicted)| truth != predicted)
        .map(|(truth, predicted)| (confusion.count(truth, predicted), truth, predicted))
        .filter(|(count, ..)| *count > 0)
        .collect();
    mistakes.sort_by_key(|(count, ..)| Reverse(*count));
    let told: Vec<String> = mistakes
        .iter()
        .take(4)
        .map(|(count, truth, predicted)| format!("{truth} as {predicted} ({count}×)"))
        .collect();
    (!told.is_empty()).then(|| format!("most frequent mistakes: {}", told.join(", ")))
}

//! Whatever the bytes: settings of a run or an error; a short run of what the fuzzer does.

#[path = "../../src/run_file.rs"]
#[allow(dead_code, reason = "files are read by the command line alone")]
mod run_file;
mod targets;

use std::path::Path;

use chainrule_fuzzing::{peak_of, run, write};
use run_file::{MAX_LENGTH, MEMORY_FACTOR, RunConfig};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/run_config");

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let everything = "\
        # Everything that there is.\n\
        [network]\n\
        hidden = [64, 3_2]\n\
        activation = ['relu', \"tanh\"]\n\
        init = \"0.02\"\n\
        batch_norm = true\n\
        dropout = 0.1\n\
        seed = 0x10\n\
        [network.loss.softmax-cross-entropy]\n\
        label_smoothing = 0.1\n\
        class_weights = [1.0, 2.0, 1e0, 1, 1, 1, 1, 1, 1, 1]\n\
        [training]\n\
        batch_size = 32\n\
        length = { steps = 40 }\n\
        schedule = \"warmup:5+cosine\"\n\
        clip = { norm = { max_norm = 1.5 } }\n\
        sampling = \"with-replacement\"\n\
        validation = 0.1\n\
        average = 0.99\n\
        threads = 2\n\
        seed = 7\n\
        [training.early_stopping]\n\
        patience = 3\n\
        [training.optimizer.adamw]\n\
        learning_rate = 0.001\n\
        weight_decay = 0.01\n";
    let written = RunConfig::default().to_toml().expect("the defaults can be written");
    vec![
        ("defaults", written.into()),
        ("everything", everything.into()),
        ("nothing", b"\n".to_vec()),
        ("dotted", b"network.loss.huber.delta = 2\ntraining.optimizer.nesterov.momentum = 0.5\n".to_vec()),
    ]
}

#[test]
#[ignore = "makes the seeds of the fuzzer"]
fn write_seeds() {
    write(SEEDS, seeds());
}

#[test]
fn any_bytes_are_settings_or_an_error() {
    let seeds = run(Path::new(SEEDS), 1000, targets::run_config);
    for seed in seeds {
        RunConfig::from_toml(std::str::from_utf8(&seed).unwrap()).unwrap();
    }
}

/// Texts that are nothing but what takes memory.
#[test]
fn memory_follows_the_length_of_the_text() {
    let n = MAX_LENGTH as usize;
    let filled = |part: &str| part.repeat(n / part.len());
    let numbered =
        |part: &str| (0..n / part.len()).map(|i| part.replace('#', &i.to_string())).collect::<String>();
    for (what, text) in [
        ("hidden layers", format!("[network]\nhidden = [{}]", filled("1,"))),
        ("activations", format!("[network]\nactivation = [{}]", filled("'elu',"))),
        ("brackets", filled("[")),
        ("open lists", format!("a = {}", filled("["))),
        ("open tables", format!("a = {}", filled("{a="))),
        ("a long key", format!("a{} = 1", filled(".a"))),
        ("dotted tables", numbered(&format!("[a#{}]\n", ".".repeat(78)))),
        ("dotted keys", numbered(&format!("a#{} = 1\n", ".".repeat(78)))),
        ("dotted keys in a list", format!("a = [{}]", numbered(&format!("{{a#{} = 1}},", ".".repeat(77))))),
        ("dotted good keys", numbered(&format!("a#{} = 1\n", ".a".repeat(78)))),
        ("dots", format!("a{} = 1", filled("."))),
        ("dots of a table", format!("[a{}]", filled("."))),
        ("dots and spaces", format!("[a{} ]", filled(". "))),
        ("dots and mistakes", format!("[a{} ]", filled(".\"\\x"))),
        ("open texts", filled("\"\n")),
        ("commas", format!("a = [{}]", filled(","))),
        ("tables", numbered("[a#]\n")),
        ("keys", numbered("a#=1\n")),
        ("lists of tables", filled("[[a]]\n")),
        ("lines", filled("\n")),
        ("comments", filled("#\n")),
        ("one name", filled("a")),
        ("one text", format!("a = '{}'", filled("b"))),
    ] {
        let (_, peak) = peak_of(|| RunConfig::from_toml(&text));
        println!("{what}: {:.1} times {} bytes", peak as f64 / text.len() as f64, text.len());
        assert!(peak <= MEMORY_FACTOR * text.len() + (64 << 10), "{what}: {peak} for {} bytes", text.len());
    }
}

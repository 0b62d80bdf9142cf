//! The example `whole`, plain loops in one file, ends with the engine's parameters, to the bit.

use std::{env::consts::EXE_SUFFIX, fs, path::Path, process::Command, thread};

use chainrule::mnist::Mnist;
use chainrule::optimizers::Sgd;
use chainrule::tensor::Init;
use chainrule::trainer::{MlpConfig, TrainConfig, TwoLayerNet, train};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/whole.rs");
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist");

/// Builds the file and nothing else, and returns what it prints after one epoch.
fn whole(options: &[&str], folder: &Path, seed: u64) -> String {
    let program = folder.join(format!("whole-{seed}{EXE_SUFFIX}"));
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(Command::new("rustc")
        .args(["-O", "--edition", "2024"])
        .args(options)
        .arg(SOURCE)
        .arg("-o")
        .arg(&program));
    run(Command::new(&program).arg(folder).args([seed.to_string(), "1".to_string()]))
}

/// The same by the library.
fn engine(mnist: &Mnist, seed: u64) -> String {
    let config = MlpConfig::new([784, 50, 10]).with_init(Init::Normal { std: 0.01 }).with_seed(seed);
    let mut net = TwoLayerNet::new(config).unwrap();
    let config =
        TrainConfig::new().with_optimizer(Sgd::new(0.1)).with_batch_size(100).with_epochs(1).with_seed(seed);
    let summary = train(&mut net, &mnist.train).test(&mnist.test).config(&config).run().unwrap();
    let accuracy = 100.0 * summary.test_accuracy.unwrap();
    format!("epoch 1: test accuracy {accuracy:.2} %, parameters_crc32 {:08x}\n", net.parameters_crc32())
}

#[test]
fn one_file_ends_with_the_engines_bits() {
    let mnist = Mnist::load_verified(DATA).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path();
    mnist.save(unpacked).unwrap();
    let [plain, native] = thread::scope(|scope| {
        // As the line above its `main` says, and for this very processor, which changes no bit.
        [(&[][..], 1), (&["-C", "target-cpu=native"][..], 7)]
            .map(|(options, seed)| scope.spawn(move || whole(options, unpacked, seed)))
            .map(|program| program.join().unwrap())
    });
    assert_eq!(plain, engine(&mnist, 1));
    assert_eq!(native, engine(&mnist, 7));
    assert_ne!(plain, native);
}

#[test]
fn it_is_short_and_stands_alone() {
    let source = fs::read_to_string(SOURCE).unwrap();
    assert!(source.lines().count() <= 250, "{} lines", source.lines().count());
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        assert!(!line.contains("unsafe") && !line.contains("chainrule"), "{line}");
        assert!(!line.starts_with("use ") || line.starts_with("use std::"), "{line}");
    }
}

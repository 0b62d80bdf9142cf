//! Errors are sentences, whoever shows them and however.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use chainrule_cli::Usage;
use chainrule_csv::Table;
use chainrule_formats::{npz, safetensors};
use chainrule_layers::{Affine, LayerConfig, LeakyRelu, Sequential};
use chainrule_losses::{Huber, LossConfig, MeanSquaredError, SoftmaxCrossEntropy};
use chainrule_mnist::{Mnist, read_labels};
use chainrule_optimizers::{OptimizerConfig, Sgd, schedule::Schedule};
use chainrule_protobuf::Fields;
use chainrule_report::{
    Report, Run,
    logs::{read_scalars, scalars_from_bytes},
};
use chainrule_tensor::{Init, Shape};
use chainrule_trainer::{
    Activation, Checkpoint, Checkpoints, Dataset, EarlyStopping, Mlp, MlpConfig, NetworkConfig, TargetScale,
    TrainConfig, TrainingRecord, split, train,
};

/// Whatever kinds of errors the libraries have.
fn errors(folder: &Path) -> Vec<Box<dyn Error>> {
    let nothing = folder.join("nothing");
    let file = folder.join("file");
    fs::write(&file, b"name\n1\n").unwrap();
    let data = Dataset::from_rows(&[0.0, 1.0], 1).unwrap().with_classes(&[0, 1]).unwrap();
    let values = Dataset::from_rows(&[0.0, 1.0], 1).unwrap().with_values(&[0.0, 1.0], 1).unwrap();
    let config = MlpConfig::new([1, 2, 2]);
    let net = Mlp::new(&config).unwrap();
    let mut line = Mlp::new(MlpConfig::new([1, 1]).with_loss(MeanSquaredError)).unwrap();
    let one_layer = NetworkConfig::new(1, [Affine::outputs(2).into()], MeanSquaredError);
    let scaled = |scale| one_layer.clone().with_scale(scale).check();
    let trained = |config: TrainConfig| train(&mut net.clone(), &data).config(&config).run().map(|_| ());
    let table = Table::from_reader(&b"a,b\n1,x\n"[..]).unwrap();
    let header = |json: &str| [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
    let sealed = |edit: fn(&mut Vec<u8>)| {
        let mut bytes =
            Checkpoint::new(net.clone(), TrainingRecord::new(TrainConfig::new(), vec![])).to_bytes();
        edit(&mut bytes);
        Checkpoint::from_bytes(&bytes).map(|_| ())
    };
    let mut all: Vec<Box<dyn Error>> = vec![Usage("a call".into()).into()];
    macro_rules! refused {
        ($($call:expr),+ $(,)?) => { $(all.push($call.err().expect(stringify!($call)).into());)+ };
    }
    refused![
        "he".parse::<Init>(),
        LeakyRelu::new(f64::NAN).check(),
        "sigmiod".parse::<Activation>(),
        Sequential::<f32>::new(Shape::flat(2), &[], 1),
        Sequential::<f32>::new(
            Shape::flat(2),
            &[LayerConfig::Own { name: "a".into(), settings: "b".into() }],
            1
        ),
        Huber::new(0.0).check(),
        SoftmaxCrossEntropy::new().with_class_weights([-1.0]).check(),
        LossConfig::by_name("hinge"),
        Sgd::new(1e-60).check(),
        OptimizerConfig::by_name("lion"),
        "warm".parse::<Schedule>(),
        Dataset::from_rows(&[1.0], 2),
        split(&data, 2.0, 1),
        Table::read(&nothing),
        Table::from_reader(&b""[..]),
        Table::from_reader(&b"a\n\xff\xfe\n"[..]),
        table.column::<f32>("c"),
        table.column::<f32>("b"),
        Mnist::load(&nothing),
        Mnist::load(&file),
        Mnist::load(folder),
        read_labels(&b"\0\0\x08\x01\0\0\0\0"[..], "labels"),
        scaled(TargetScale::new([0.0, f64::NAN], [1.0, 1e-60])),
        scaled(TargetScale::new([0.0], [1.0])),
        Mlp::<f32>::new(MlpConfig::new([1, 0])),
        trained(TrainConfig::new().with_batch_size(0)),
        trained(TrainConfig::new().with_early_stopping(EarlyStopping::new(0)).with_validation(0.5)),
        train(&mut line, &values)
            .config(&TrainConfig::new().with_optimizer(Sgd::new(1e30)).with_steps(40))
            .run()
            .map(|_| ()),
        Checkpoint::load(&nothing),
        Checkpoint::load(&file),
        Checkpoints::new(&file).newest(),
        sealed(|bytes| bytes.truncate(40)),
        sealed(|bytes| *bytes.last_mut().unwrap() ^= 1),
        sealed(|bytes| bytes[8] = 9),
        safetensors::load(&nothing),
        safetensors::from_bytes(&header("{\"a\":{\"dtype\":1}}")),
        safetensors::from_bytes(&header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,-1]}}")),
        npz::load(&file),
        npz::from_bytes(b"PK"),
        read_scalars(&nothing),
        scalars_from_bytes(b"{\"step\":-1}\n", "a"),
        Report::new([]).to_html(&data),
        Report::new([Run::new("run", net.clone())]).to_html(&values),
        Report::new([Run::new("run", net.clone())]).with_images(2, 2).to_html(&data),
        Fields::new(&[0xff]).of(1).collect::<Result<Vec<_>, _>>(),
    ];
    all
}

#[test]
fn main_and_unwrap_show_the_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for error in errors(folder.path()) {
        let sentence = error.to_string();
        assert_eq!(format!("{error:?}"), sentence);
        assert!(!sentence.is_empty() && !sentence.contains('\n'), "{sentence}");
        // What stands in for values in Rust.
        for word in ["Some(", "None", "Ok(", "{ ", "usize", "u64", "f64", "struct "] {
            assert!(!sentence.contains(word), "{word} in: {sentence}");
        }
        let mut cause = error.source();
        while let Some(inner) = cause {
            assert!(sentence.contains(&inner.to_string()), "{sentence} leaves out: {inner}");
            cause = inner.source();
        }
    }
}

/// What messages of the libraries show by `Debug`, by the names in their code: it reads as a person would write it. Whoever adds
/// to it has made sure that this holds.
const SHOWN: [&[&str]; 4] = [
    // Numbers, of which `Display` writes out all zeros.
    &["decay", "divisor", "given", "learning_rate", "rate", "right", "std", "step", "value", "weight", "x"],
    // Texts, which are in quotes with their control characters made harmless.
    &["column", "field", "found", "number", "text"],
    // Lists of numbers and of names, ranges and shapes.
    &["dimensions", "indices", "lengths", "names", "range", "rows", "shape"],
    // `Fixed(0.0)`, as the program has it.
    &["self"],
];

#[test]
fn no_message_has_values_as_the_debugger_shows_them() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")];
    let mut n_seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                // Examples print matrices as tutorials do.
                folders.extend((!["tests", "examples", "fuzz", "target"].contains(&name)).then_some(path));
            } else if name.ends_with(".rs") && !["tests.rs", "faults.rs", "check.rs"].contains(&name) {
                let code = fs::read_to_string(&path).unwrap();
                let code = code.split("\n#[cfg(test)]\nmod tests").next().unwrap();
                for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    for (before, _) in line.match_indices("?}").map(|(end, _)| line.split_at(end)) {
                        let Some((shown, _)) = before[before.rfind('{').unwrap_or(0)..].split_once(':')
                        else {
                            continue;
                        };
                        let is_known = SHOWN.concat().contains(&&shown[1..]);
                        assert!(is_known, "{}: {line}", path.display());
                        n_seen += 1;
                    }
                }
            }
        }
    }
    assert!(n_seen > 20);
}

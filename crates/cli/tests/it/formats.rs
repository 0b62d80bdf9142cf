//! Saved networks in the formats that others read, and back, by the command line.

use std::{fs, path::Path};

use chainrule_formats::npz;
use serde_json::Value;

use crate::common::{Folder, fails, succeeds};

/// The object of a `--json` call.
fn object(arguments: &[&str]) -> Value {
    let text = succeeds(&[arguments, &["--json"]].concat());
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).expect("the line is a JSON object")
}

/// Trains a network with everything, and gives its checkpoint and the CRC-32 of its parameters.
fn trained(folder: &Folder) -> (String, Value) {
    let path = path(folder, "net.ckpt");
    let options = ["--hidden", "9,7", "--activation", "relu,gelu", "--batch-norm", "--dropout", "0.1"];
    let arguments =
        ["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--checkpoint", &path, "--json"];
    let text = succeeds(&[&arguments[..], &options].concat());
    let done: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    (path, done["parameters_crc32"].clone())
}

fn path(folder: &Folder, name: &str) -> String {
    folder.file(name).to_str().unwrap().to_string()
}

#[test]
fn a_network_comes_back_from_both_formats() {
    let folder = Folder::new();
    let (checkpoint, crc32) = trained(&folder);
    for format in ["safetensors", "npz"] {
        let (file, back) = (path(&folder, format), path(&folder, "back.ckpt"));
        let arguments = ["export", "--checkpoint", &checkpoint, "--to", format, "--output", &file];
        assert_eq!(object(&arguments)["parameters_crc32"], crc32);
        let imported = object(&["import", "--from", format, &file, "--checkpoint", &back]);
        assert_eq!(imported["parameters_crc32"], crc32);
        for file in [&checkpoint, &file, &back] {
            let held = object(&["inspect", file]);
            assert_eq!(held["parameters_crc32"], crc32, "{file}");
            assert_eq!(held["network"]["sizes"], serde_json::json!([64, 9, 7, 10]));
            assert_eq!(held["n_values"], 64 * 9 + 9 * 7 + 7 * 10 + 26 + 4 * 16);
        }
        // The file describes its network itself.
        let arguments = ["import", "--from", format, &file, "--checkpoint", &back, "--loss", "huber"];
        assert!(fails(2, &arguments).contains("leave out --activation and --loss"));
    }
}

#[test]
fn export_says_how_pytorch_has_it() {
    let folder = Folder::new();
    let (checkpoint, _) = trained(&folder);
    let file = path(&folder, "net.safetensors");
    let text = succeeds(&["export", "--checkpoint", &checkpoint, "--to", "safetensors", "--output", &file]);
    let net = "torch.nn.Sequential(Linear(64, 9), BatchNorm1d(9), ReLU(), Dropout(0.1), Linear(9, 7), \
               BatchNorm1d(7), GELU(), Dropout(0.1), Linear(7, 10))";
    assert!(text.contains(net), "{text}");
    let text = succeeds(&["inspect", &file]);
    for part in
        ["safetensors", "network 64-9-7-10; relu, gelu, identity", "0.weight", "[9, 64]", "batch norm"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn onnx_ends_in_logits_or_in_a_softmax() {
    let folder = Folder::new();
    let (checkpoint, _) = trained(&folder);
    let file = path(&folder, "net.onnx");
    let export = ["export", "--checkpoint", &checkpoint, "--to", "onnx", "--output", &file];
    for (options, last, output) in
        [(&[][..], "Gemm", "logits [batch, 10]"), (&["--softmax"], "Softmax", "probabilities [batch, 10]")]
    {
        succeeds(&[&export[..], options].concat());
        let graph = &object(&["inspect", &file])["graph"];
        assert_eq!(graph["operators"].as_array().unwrap().last().unwrap(), last);
        assert_eq!((&graph["outputs"][0], &graph["opset"]), (&output.into(), &17.into()));
    }
    let to_npz = ["export", "--checkpoint", &checkpoint, "--to", "npz", "--output", &file, "--softmax"];
    assert!(fails(2, &to_npz).contains("--softmax is for --to onnx"));
}

/// PyTorch wrote it; see `crates/formats/tests/fixtures/make.py`.
#[test]
fn a_file_of_pytorch_wants_activations_and_a_loss() {
    let folder = Folder::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/tests/fixtures/torch.safetensors");
    let out = path(&folder, "net.ckpt");
    let import = ["import", "--from", "safetensors", file, "--checkpoint", &out];
    assert!(fails(2, &import).contains("give --loss"));
    let error = fails(1, &[&import[..], &["--loss", "huber"]].concat());
    assert!(error.contains("the activations: found 0, expected 2, one for each hidden layer"), "{error}");
    assert!(error.contains("(--activation, or --layers)"), "{error}");
    assert!(!Path::new(&out).exists());
    let options = ["--loss", "softmax-cross-entropy", "--activation", "relu,gelu"];
    let imported = object(&[&import[..], &options].concat());
    assert_eq!(imported["n_parameters"], 5 * 5 + 2 * 5 + 3 * 6 + 2 * 3 + 2 * 4);
    let text = succeeds(&["inspect", &out]);
    assert!(text.contains("checkpoint") && text.contains("network 4-5-3-2; relu, gelu, identity"), "{text}");
    assert!(text.contains("a network only: training cannot be resumed from it"), "{text}");
    // What is not said is shown as such.
    assert!(succeeds(&["inspect", file]).contains("the file does not describe its network"));

    // All layers by name, with Keras' eps; without it, the default is said.
    let layers = "Linear, BatchNorm1d, ReLU, Dropout(0.25), Linear, BatchNorm1d, GELU, Dropout, Linear";
    let loss = ["--loss", "softmax-cross-entropy"];
    let text = succeeds(&[&import[..], &loss, &["--layers", layers]].concat());
    let example = "--layers 'affine,batch-norm(eps=0.001),relu,dropout,affine,batch-norm(eps=0.001),gelu,dropout,affine'";
    assert!(text.contains("eps is not in the file, and taken as 1e-5") && text.contains(example), "{text}");
    let layers = layers.replace("BatchNorm1d", "batch-norm(eps=0.001)");
    let text = succeeds(&[&import[..], &loss, &["--layers", &layers]].concat());
    assert!(!text.contains("not in the file"), "{text}");
    assert_eq!(object(&["inspect", &out])["network"]["layers"][1]["eps"], 0.001);
    let error = fails(2, &[&import[..], &loss, &["--layers", "affine", "--activation", "relu"]].concat());
    assert!(error.contains("cannot be used with"), "{error}");
}

/// 1-1-2 by hand: what cannot be told is asked for, what is another's is left out, what is not there is said.
#[test]
fn a_foreign_file_names_the_option_that_it_needs() {
    let folder = Folder::new();
    let (file, out) = (path(&folder, "net.npz"), path(&folder, "net.ckpt"));
    let one = |name| (name, &[1][..], &[1.0_f32][..]);
    let arrays = [
        ("net.0.weight", &[1, 1][..], &[1.0_f32][..]),
        one("net.2.running_mean"),
        one("net.2.running_var"),
        ("net.4.weight", &[2, 1], &[1.0, -1.0]),
        ("losses", &[3], &[3.0, 2.0, 1.0]),
    ];
    fs::write(&file, npz::arrays_to_bytes(&arrays).unwrap()).unwrap();
    let import = ["import", "--from", "npz", &file, "--checkpoint", &out, "--loss", "softmax-cross-entropy"];
    let error = fails(1, &[&import[..], &["--activation", "relu"]].concat());
    assert!(error.contains("losses [3]") && error.contains("--ignore leaves arrays out"), "{error}");
    let import = [&import[..], &["--ignore", "losses"]].concat();
    let error = fails(1, &[&import[..], &["--activation", "relu"]].concat());
    let asked = "does not tell whether relu stands before or behind the batch norm net.2: name all layers, as \
                 affine,relu,batch-norm,affine or affine,batch-norm,relu,affine with --layers";
    assert!(error.contains(asked), "{error}");
    let text = succeeds(&[&import[..], &["--layers", "affine,relu,batch-norm,affine"]].concat());
    assert!(text.contains("the file lacks 4 of the network's tensors"), "{text}");
    let layers = &object(&["inspect", &out])["network"]["layers"];
    assert_eq!([1, 2].map(|l| layers[l]["layer"].clone()), ["relu", "batch-norm"]);
    assert!(fails(1, &[&import[..], &["--layers", "conv"]].concat()).contains("conv is no layer"));
}

#[test]
fn a_checkpoint_on_the_way_shows_where_the_run_is() {
    let folder = Folder::new();
    let run = path(&folder, "run");
    let options = ["--epochs", "2", "--batch-size", "50", "--optimizer", "momentum", "--hidden", "5"];
    let train = ["train-mnist", "--data-dir", folder.arg(), "--checkpoint-dir", &run, "--json"];
    let text = succeeds(&[&train[..], &options].concat());
    let done: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let file = fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let training = &object(&["inspect", file.to_str().unwrap()])["training"];
    assert_eq!(training["step"], done["steps"]);
    let state = training["state"].as_str().unwrap();
    assert!(
        state.starts_with(&format!("after step {} of {0}; schedule constant; ", done["steps"])),
        "{state}"
    );
}

#[test]
fn files_that_are_nothing_of_this_are_refused() {
    let folder = Folder::new();
    let file = path(&folder, "text");
    fs::write(&file, "to be or not to be").unwrap();
    let error = fails(1, &["inspect", &file]);
    assert!(error.contains("starts with \"to be or not to \""), "{error}");
    assert!(fails(1, &["inspect", "no/such/file"]).contains("no/such/file"));
    // A checkpoint that is cut is one that is cut, not an unknown file.
    let (checkpoint, _) = trained(&folder);
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() - 1]).unwrap();
    assert!(fails(1, &["inspect", &checkpoint]).contains(&checkpoint));
    let out = path(&folder, "out");
    fails(1, &["export", "--checkpoint", &checkpoint, "--to", "npz", "--output", &out]);
    fails(1, &["import", "--from", "npz", &file, "--checkpoint", &out, "--loss", "huber"]);
    assert!(!Path::new(&out).exists());
}

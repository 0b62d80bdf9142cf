//! A network as the page holds it: its layers with their settings and numbers, as JSON.
//!
//! ```text
//! {"side":28,"classes":["0",…],"output":"softmax","layers":[{"layer":"affine",…,"W":"…","b":"…"},{"layer":"sigmoid"},…]}
//! ```
//! Every layer is its description with its tensors by name. Arrays are the base64 of little-endian `f32`, `W` column after column. Fewer bits would not do: with 16-bit floats,
//! probabilities differ in the third digit.

use base64::{Engine, engine::general_purpose::STANDARD};
use chainrule_trainer::{Activation, Mlp};
use serde_json::{Value, json};

use crate::Report;

/// More would make a page of over 6 MB.
const MAX_PARAMETERS: usize = 1_000_000;

/// Nobody recognises a digit in fewer pixels.
const MIN_SIDE: usize = 8;

/// What `network.js` knows besides the activations.
const LAYERS: [&str; 5] = ["affine", "batch-norm", "dropout", "encoding", "softmax"];

pub(super) struct Network {
    /// The number of rows and columns of the picture.
    pub(super) side: usize,
    /// Whether the outputs are probabilities, not values.
    pub(super) has_probabilities: bool,
    pub(super) json: String,
}

/// The network, or why there is none, to stand behind "since".
pub(super) fn of(report: &Report, net: &Mlp) -> Result<Network, String> {
    let config = net.config();
    let (n_rows, n_columns) = report.images.ok_or("the samples are no images")?;
    if n_rows != n_columns || n_rows < MIN_SIDE {
        return Err(format!(
            "the images have {n_rows}×{n_columns} pixels, and a drawing wants a square from {MIN_SIDE}×{MIN_SIDE}"
        ));
    }
    let n_outputs = net.layers().n_outputs();
    if n_outputs < 2 {
        return Err("the network has one output, and not one for every class".to_string());
    }
    let n = net.n_parameters();
    if n > MAX_PARAMETERS {
        return Err(format!("the network's {n} parameters would make the page too large; a million fit"));
    }
    if config.scale.is_some() {
        return Err("its targets have a scale, which the page does not undo".to_string());
    }
    let outputs = config.loss.outputs();
    let layers = (0..config.layers.len()).map(|l| layer(net, l)).collect::<Result<Vec<_>, _>>()?;
    let classes: Vec<String> = (0..n_outputs).map(|class| report.class(class)).collect();
    let json = json!({"side": n_rows, "classes": classes, "output": outputs.function(), "layers": layers})
        .to_string();
    // Whatever a class is called, it cannot end the script that the network is in.
    let json = json.replace('<', "\\u003c");
    Ok(Network { side: n_rows, has_probabilities: outputs.are_probabilities(), json })
}

/// A layer with its settings, parameters and running statistics.
fn layer(net: &Mlp, l: usize) -> Result<Value, String> {
    let config = &net.config().layers[l];
    let mut layer = json!(config);
    let kind = layer["layer"].as_str().unwrap_or_default();
    if !LAYERS.contains(&kind) && kind.parse::<Activation>().is_err() {
        return Err(format!("the page has no forward pass for a layer \"{}\"", config.name()));
    }
    for tensor in net.layers().tensors_of(l) {
        let values = tensor.view(net.sequential().values()).as_slice();
        if !values.iter().all(|value| value.is_finite()) {
            return Err("not all of the network's parameters are finite".to_string());
        }
        layer[tensor.short_name()] = base64_of(values).into();
    }
    Ok(layer)
}

fn base64_of(values: &[f32]) -> String {
    STANDARD.encode(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{
        Dataset, Encode, Encoding, Error, MlpConfig, NetworkConfig,
        layers::{Affine, BatchNorm, Elu, LayerConfig, LeakyRelu, Softmax},
        losses::LossConfig,
    };

    use super::*;
    use crate::Run;

    fn json_of<C: TryInto<NetworkConfig>>(config: C) -> Value
    where
        Error: From<C::Error>,
    {
        let net = Mlp::new(config).unwrap();
        let report = Report::new([Run::new("a run", net.clone())]).with_images(8, 8);
        serde_json::from_str(&of(&report, &net).unwrap().json).unwrap()
    }

    #[test]
    fn layers_come_in_order_with_all_their_numbers() {
        let config = MlpConfig::new([64, 3, 2]).with_batch_norm(true).with_dropout(0.5);
        let layers = &json_of(&config)["layers"];
        let names: Vec<_> =
            layers.as_array().unwrap().iter().map(|layer| layer["layer"].as_str().unwrap()).collect();
        assert_eq!(names, ["affine", "batch-norm", "sigmoid", "dropout", "affine"]);
        let length = |layer: usize, name: &str| layers[layer][name].as_str().unwrap().len();
        // 4 letters for 3 bytes: 64·3 floats, 3 floats.
        assert_eq!((length(0, "W"), length(0, "b"), length(1, "running_var")), (1024, 16, 16));
        // 1.0, 1.0, 1.0: the variance before training.
        assert_eq!(layers[1]["running_var"], "AACAPwAAgD8AAIA/");
        assert_eq!(layers[1]["eps"], 1e-5);
    }

    #[test]
    fn any_list_of_layers_comes_with_its_own_settings_if_the_page_knows_them() {
        let mut layers: Vec<LayerConfig> = vec![
            BatchNorm::default().with_eps(0.5).into(),
            LeakyRelu::new(0.25).into(),
            Elu::new(2.0).into(),
            Affine::outputs(3).into(),
            Softmax.into(),
        ];
        let json = json_of(NetworkConfig::new(64, layers.clone(), LossConfig::MeanSquaredError));
        let settings = [&json["layers"][0]["eps"], &json["layers"][1]["slope"], &json["layers"][2]["alpha"]];
        assert_eq!(settings, [0.5, 0.25, 2.0]);
        assert_eq!(json["layers"][4], json!({"layer": "softmax"}));
        layers.push(LayerConfig::Own { name: "relu".into(), settings: String::new() });
        let config = NetworkConfig::new(64, layers, LossConfig::MeanSquaredError);
        let own = |_: &str, _: &str| Some(std::sync::Arc::new(Softmax) as _);
        let net = Mlp::with_own(config, &own).unwrap();
        let report = Report::new([Run::new("a run", net.clone())]).with_images(8, 8);
        let error = of(&report, &net).err().unwrap();
        assert_eq!(error, "the page has no forward pass for a layer \"relu\"");
    }

    #[test]
    fn encodings_keep_their_bits() {
        let rows: Vec<f32> = (0..128).map(|i| (i % 3) as f32).collect();
        let data = Dataset::from_rows(&rows, 64).unwrap();
        let kinds: Vec<_> =
            (0..64).map(|i| if i == 0 { Encode::OneHot } else { Encode::Standardize }).collect();
        let json = json_of(MlpConfig::new([64, 2]).with_encoding(Encoding::fit(&data, &kinds).unwrap()));
        // Rows 0 and 1 have 0 and 64 mod 3 = 1 in column 0, 1 and 65 mod 3 = 2 in column 1.
        assert_eq!(json["layers"][0]["columns"][0], json!({"one_hot": {"values": [0.0, 1.0]}}));
        assert_eq!(json["layers"][0]["columns"][1], json!({"standardize": {"mean": 1.5, "std": 0.5}}));
    }

    #[test]
    fn outputs_are_read_as_the_loss_reads_them() {
        for (loss, expected) in
            LossConfig::all().into_iter().zip(["softmax", "sigmoid", "identity", "identity", "identity"])
        {
            assert_eq!(json_of(MlpConfig::new([64, 2]).with_loss(loss))["output"], expected);
        }
    }
}

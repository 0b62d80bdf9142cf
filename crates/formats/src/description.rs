//! The description of the network's structure: one line of JSON in the metadata of every format.
//!
//! ```json
//! {"version":2,"input":{…},"layers":[{"layer":"affine",…},{"layer":"sigmoid"},…],"loss":"binary-cross-entropy","seed":1}
//! ```
//! which is the serialised form of [`NetworkConfig`] behind its version. Version 1, which is only read, has the fields of
//! [`MlpConfig`]: `sizes`, `activations` and `loss`, and where they are not as usual `batch_norm`, `dropout`, `init`,
//! `encoding` and `seed`.

use std::{borrow::Cow, fmt::Display};

use chainrule_trainer::{
    Activation, Encoding, MlpConfig, NetworkConfig, TargetScale,
    layers::{LayerConfig, no_own_layers},
    losses::LossConfig,
    tensor::{Init, Shape, in_words},
};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{from_str, value::RawValue};

use crate::Problem;

/// The key under which it stands in the metadata of a file.
pub(crate) const KEY: &str = "chainrule";

/// The longest text of a layer without lists, in bytes.
const MAX_LAYER: usize = 1000;

/// Version 1: these fields stay, whatever becomes of `MlpConfig`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    #[serde(rename = "version")]
    _version: u32,
    sizes: Vec<usize>,
    activations: Vec<Activation>,
    loss: LossConfig,
    #[serde(default)]
    batch_norm: bool,
    #[serde(default)]
    dropout: f64,
    init: Option<Init>,
    encoding: Option<Encoding>,
    seed: Option<u64>,
}

/// Version 2: [`NetworkConfig`] behind its version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version2 {
    #[serde(rename = "version")]
    _version: u32,
    input: Shape,
    layers: Vec<OneLayer>,
    loss: LossConfig,
    seed: u64,
    scale: Option<TargetScale>,
}

/// A layer, read without serde's buffer for tagged enums, which takes up to fifty times the memory of the text.
struct OneLayer(LayerConfig);

/// The description of a network of this configuration.
pub(crate) fn to_json(config: &NetworkConfig) -> Result<String, Problem> {
    let json = serde_json::to_string(config).expect("numbers, strings and lists always have a JSON form");
    let json = format!("{{\"version\":2,{}", &json[1..]);
    // A setting that has no text, such as initial weights that are all the same, must not get lost.
    match from_json(&json, usize::MAX) {
        Ok(read) if read == *config => Ok(json),
        _ => Err(Problem::NotExported(format!("a setting has no place in its description {json}"))),
    }
}

/// The configuration in a description, for a file of so many tensors; networks that would have more are refused, before
/// memory is taken for them. Layers of a program's own are not looked at.
pub(crate) fn from_json(json: &str, n_tensors: usize) -> Result<NetworkConfig, Problem> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let fits = |n: usize| match n <= n_tensors {
        true => Ok(()),
        false => {
            Err(problem(format_args!("it has {n} tensors, expected at most the {n_tensors} of the file")))
        }
    };
    match from_str::<Version>(json).map_err(problem)?.version {
        1 => {
            let Version1 { sizes, activations, loss, batch_norm, dropout, init, encoding, seed, .. } =
                from_str(json).map_err(problem)?;
            let n_layers = activations.len();
            fits(2 * n_layers + if batch_norm { 4 * n_layers.saturating_sub(1) } else { 0 })?;
            let mut config = MlpConfig::new(sizes).with_activations(activations).with_loss(loss);
            config = config.with_batch_norm(batch_norm).with_dropout(dropout).with_seed(seed.unwrap_or(1));
            (config.init, config.encoding) = (init, encoding);
            NetworkConfig::try_from(config).map_err(problem)
        }
        2 => {
            let Version2 { input, layers, loss, seed, scale, .. } = from_str(json).map_err(problem)?;
            let layers: Vec<LayerConfig> = layers.into_iter().map(|OneLayer(layer)| layer).collect();
            let known = || layers.iter().filter_map(|layer| layer.layer::<f32>(&no_own_layers).ok());
            fits(known().map(|layer| layer.tensors(Shape::flat(1)).len()).sum())?;
            if input.channels.checked_mul(input.height).and_then(|n| n.checked_mul(input.width)).is_none() {
                return Err(problem("its input has more values than can be counted"));
            }
            let has_own = known().count() < layers.len();
            let mut config = NetworkConfig::new(0, layers, loss).with_input(input).with_seed(seed);
            config.scale = scale;
            let check = if has_own { Ok(()) } else { config.check() };
            check.map_err(problem).map(|()| config)
        }
        other => Err(problem(format_args!("it has version {other}, this program reads versions 1 and 2"))),
    }
}

/// What is wrong with a description.
pub(crate) fn problem(cause: impl Display) -> Problem {
    Problem::Description(in_words(&cause.to_string()))
}

impl<'de> Deserialize<'de> for OneLayer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(borrow)]
            layer: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Own {
            name: String,
            settings: String,
        }
        let text = <&RawValue>::deserialize(from)?.get();
        let layer = match &*from_str::<Tag<'_>>(text).map_err(D::Error::custom)?.layer {
            "encoding" => from_str::<Encoding>(text).map(LayerConfig::from),
            "own" => from_str(text).map(|Own { name, settings }| LayerConfig::Own { name, settings }),
            _ if text.len() <= MAX_LAYER => from_str(text),
            other => Err(Error::custom(format_args!(
                "the layer {other} takes {} bytes, expected at most {MAX_LAYER}",
                text.len()
            ))),
        };
        layer.map(OneLayer).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{
        Dataset,
        layers::{Affine, BatchNorm, Elu, LeakyRelu},
        losses::BinaryCrossEntropy,
    };

    use super::*;

    fn of(json: &str) -> Result<NetworkConfig, Problem> {
        from_json(json, usize::MAX)
    }

    fn network(config: MlpConfig) -> NetworkConfig {
        NetworkConfig::try_from(config).unwrap()
    }

    #[test]
    fn a_description_is_what_the_documentation_shows() {
        let config = network(MlpConfig::new([784, 50, 10]).with_loss(BinaryCrossEntropy));
        let json = r#"{"version":1,"sizes":[784,50,10],"activations":["sigmoid","identity"],"loss":"binary-cross-entropy"}"#;
        assert_eq!(of(json).unwrap(), config);
        let json = concat!(
            r#"{"version":2,"input":{"channels":784,"height":1,"width":1},"layers":["#,
            r#"{"layer":"affine","n_outputs":50,"init":"normal:0.01"},{"layer":"sigmoid"},"#,
            r#"{"layer":"affine","n_outputs":10,"init":"normal:0.01"}],"loss":"binary-cross-entropy","seed":1}"#
        );
        assert_eq!(of(json).unwrap(), config);
        assert_eq!(to_json(&config).unwrap(), json);
    }

    #[test]
    fn every_setting_comes_back() {
        // A third and a tenth have no short decimal form.
        let data = Dataset::from_rows(&[0.1, 0.7, 1.1, 0.2, 0.1, 0.2], 2).unwrap();
        let everything = MlpConfig::new([2, 5, 4, 3])
            .with_activations([Activation::GeluTanh, Activation::Step, Activation::Sigmoid])
            .with_batch_norm(true)
            .with_dropout(1.0 / 3.0)
            .with_init(Init::Normal { std: 0.1 / 3.0 })
            .with_encoding(Encoding::standardize(&data))
            .with_seed(u64::MAX);
        let weighted = BinaryCrossEntropy.with_pos_weight([1.0 / 3.0, 2.0, 1e-9]);
        for loss in LossConfig::all().into_iter().chain([weighted.into()]) {
            let mut config = network(everything.clone().with_loss(loss));
            assert_eq!(of(&to_json(&config).unwrap()).unwrap(), config);
            config.layers.insert(1, BatchNorm::default().with_eps(0.1 / 3.0).with_momentum(1.0 / 3.0).into());
            config.layers.insert(2, LeakyRelu::new(0.1 / 3.0).into());
            config.layers.insert(3, Elu::new(1.0 / 3.0).into());
            config.layers.push(LayerConfig::Own { name: "mine".into(), settings: "\"\\ü\n".into() });
            assert_eq!(of(&to_json(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn what_has_no_text_is_refused() {
        let alike = Affine::outputs(2).with_init(Init::Constant { value: 1.0 });
        let config = NetworkConfig::new(2, [alike.into()], LossConfig::MeanSquaredError);
        let problem = to_json(&config).unwrap_err().to_string();
        assert!(problem.starts_with("cannot hold this network: a setting has no place"), "{problem}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |json: &str| of(json).unwrap_err().to_string();
        assert_eq!(
            said(r#"{"version":3,"shape":7}"#),
            "has a description of its network that cannot be used: it has version 3, this program reads versions 1 and 2"
        );
        assert!(
            said(r#"{"version":1,"sizes":[2,0],"activations":["relu"],"loss":"mean-squared-error"}"#)
                .ends_with("outputs is 0, expected at least 1")
        );
        assert!(said(r#"{"version":1,"sizes":[2],"colour":1}"#).contains("unknown field `colour`"));
        assert!(said(r#"{"version":2,"colour":1}"#).contains("unknown field `colour`"));
        assert!(said("").contains("EOF"));
        let with = |input: &str, layers: &str| {
            format!(
                r#"{{"version":2,"input":{input},"layers":[{layers}],"loss":"mean-squared-error","seed":1}}"#
            )
        };
        let flat = r#"{"channels":2,"height":1,"width":1}"#;
        let many = r#"{"channels":18446744073709551615,"height":2,"width":2}"#;
        let (affine, norm) =
            (r#"{"layer":"affine","n_outputs":0,"init":"he-normal"}"#, r#"{"layer":"batch-norm"}"#);
        assert!(said(&with(flat, affine)).contains("layer 1 (affine): 2 inputs and 0 outputs"));
        assert!(said(&with(flat, "")).contains("a network of 0 layers"));
        assert!(said(&with(flat, r#"{"layer":"conv"}"#)).contains("unknown variant `conv`"));
        let long = format!(r#"{{"layer":"relu","x":[{}0]}}"#, "0,".repeat(500));
        assert!(said(&with(flat, &long)).contains("the layer relu takes 1"));
        assert!(said(&with(many, norm)).ends_with("its input has more values than can be counted"));
        assert!(
            from_json(&with(flat, norm), 3)
                .unwrap_err()
                .to_string()
                .ends_with("it has 4 tensors, expected at most the 3 of the file")
        );
    }
}

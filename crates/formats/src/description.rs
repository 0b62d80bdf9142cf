//! The description of the network's structure: one line of JSON in the metadata of every format.
//!
//! ```json
//! {"version":1,"sizes":[784,50,10],"activations":["sigmoid","identity"],"loss":"binary-cross-entropy"}
//! ```
//! and, where they are not as usual, `batch_norm`, `dropout`, `init`, `encoding` and `seed`, all as in the serialised
//! form of [`MlpConfig`].

use chainrule_trainer::{Activation, Encoding, MlpConfig, losses::LossConfig, tensor::Init};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// The key under which it stands in the metadata of a file.
pub(crate) const KEY: &str = "chainrule";

const VERSION: u32 = 1;

/// A struct of its own, so that settings which `MlpConfig` gets later don't make files unreadable.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    sizes: Vec<usize>,
    activations: Vec<Activation>,
    loss: LossConfig,
    #[serde(default, skip_serializing_if = "is_default")]
    batch_norm: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    dropout: f64,
    #[serde(default, skip_serializing_if = "is_default")]
    init: Option<Init>,
    #[serde(default, skip_serializing_if = "is_default")]
    encoding: Option<Encoding>,
    #[serde(default = "one")]
    seed: u64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> u64 {
    1
}

/// The description of a network of this configuration.
pub(crate) fn to_json(config: &MlpConfig) -> Result<String, Problem> {
    let description = Description {
        version: VERSION,
        sizes: config.sizes.clone(),
        activations: config.activations.clone(),
        loss: config.loss.clone(),
        batch_norm: config.batch_norm,
        dropout: config.dropout,
        init: config.init,
        encoding: config.encoding.clone(),
        seed: config.seed,
    };
    let json =
        serde_json::to_string(&description).expect("numbers, strings and lists always have a JSON form");
    // A setting without a place in the description must not get lost.
    match from_json(&json)? == *config {
        true => Ok(json),
        false => Err(Problem::NotExported(format!("a setting has no place in its description {json}"))),
    }
}

/// The configuration that a description means.
pub(crate) fn from_json(json: &str) -> Result<MlpConfig, Problem> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let failed = |cause: serde_json::Error| Problem::Description(cause.to_string());
    let Version { version } = serde_json::from_str(json).map_err(failed)?;
    if version != VERSION {
        let problem = format!("it has version {version}, this program reads version {VERSION}");
        return Err(Problem::Description(problem));
    }
    let description: Description = serde_json::from_str(json).map_err(failed)?;
    let mut config = MlpConfig::new(description.sizes)
        .with_activations(description.activations)
        .with_loss(description.loss)
        .with_batch_norm(description.batch_norm)
        .with_dropout(description.dropout)
        .with_seed(description.seed);
    config.init = description.init;
    config.encoding = description.encoding;
    config.check().map_err(|cause| Problem::Description(cause.to_string()))?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{Dataset, losses::BinaryCrossEntropy};

    use super::*;

    #[test]
    fn a_description_is_what_the_documentation_shows() {
        let config = MlpConfig::new([784, 50, 10]).with_loss(BinaryCrossEntropy);
        let json = r#"{"version":1,"sizes":[784,50,10],"activations":["sigmoid","identity"],"loss":"binary-cross-entropy"}"#;
        assert_eq!(from_json(json).unwrap(), config);
        assert_eq!(to_json(&config).unwrap(), json.replace('}', r#","seed":1}"#));
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
        for loss in LossConfig::all() {
            let config = everything.clone().with_loss(loss);
            assert_eq!(from_json(&to_json(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let of = |json: &str| from_json(json).unwrap_err().to_string();
        assert_eq!(
            of(r#"{"version":2,"shape":7}"#),
            "has a description of its network that cannot be used: it has version 2, this program reads version 1"
        );
        assert!(
            of(r#"{"version":1,"sizes":[2,0],"activations":["relu"],"loss":"mean-squared-error"}"#)
                .ends_with("outputs is 0, expected at least 1")
        );
        assert!(of(r#"{"version":1,"sizes":[2],"colour":1}"#).contains("unknown field `colour`"));
        assert!(of("").contains("EOF"));
    }
}

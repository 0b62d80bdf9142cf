//! Activations by name: what [`Activation`] is read from and written as.

use std::{fmt, str::FromStr};

use crate::{Activation, Error};

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.layer().name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = |activation: &&Activation| activation.layer().name() == text;
        Activation::ALL.iter().find(named).copied().ok_or_else(|| {
            let names: Vec<_> = Activation::ALL.iter().map(ToString::to_string).collect();
            Error::setting("activation is", format_args!("{text:?}"), format!("one of {}", names.join(", ")))
        })
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> String {
        activation.to_string()
    }
}

impl TryFrom<String> for Activation {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for &activation in Activation::ALL {
            assert_eq!(activation.to_string().parse::<Activation>().unwrap(), activation);
            assert_eq!(activation.layer().activation(), Some(activation));
        }
        assert_eq!(
            "ReLU".parse::<Activation>().unwrap_err().to_string(),
            "activation is \"ReLU\", expected one of sigmoid, relu, tanh, leaky-relu, elu, silu, softplus, gelu, \
             gelu-tanh, identity, step"
        );
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_list_of_layers_is_text_that_names_its_settings() {
        use crate::{Affine, BatchNorm, Dropout, LayerConfig, LeakyRelu, Sigmoid};
        let layers: Vec<LayerConfig> = vec![
            Affine::outputs(50).into(),
            BatchNorm::default().into(),
            Sigmoid.into(),
            LeakyRelu::new(0.25).into(),
            Dropout::new(0.5).into(),
            LayerConfig::Own { name: "sine".into(), settings: "3".into() },
        ];
        let text = concat!(
            r#"[{"layer":"affine","n_outputs":50,"init":"xavier-normal"},"#,
            r#"{"layer":"batch-norm","momentum":0.1,"eps":0.00001},{"layer":"sigmoid"},"#,
            r#"{"layer":"leaky-relu","slope":0.25},{"layer":"dropout","p":0.5},"#,
            r#"{"layer":"own","name":"sine","settings":"3"}]"#
        );
        assert_eq!(serde_json::to_string(&layers).unwrap().replace("1e-5", "0.00001"), text);
        assert_eq!(serde_json::from_str::<Vec<LayerConfig>>(text).unwrap(), layers);
        for &activation in Activation::ALL {
            let value = serde_json::to_value(activation.layer()).unwrap();
            assert_eq!(value["layer"], activation.to_string());
            assert_eq!(serde_json::from_value::<LayerConfig>(value).unwrap(), activation.layer());
        }
        let unknown =
            serde_json::from_str::<LayerConfig>(r#"{"layer":"dropout","p":0.5,"q":1}"#).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `q`"), "{unknown}");
    }
}

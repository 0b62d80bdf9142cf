//! Groups of parameters with a learning rate and a weight decay of their own.

use std::ops::Range;

use chainrule_layers::{Layers, Tensor};
use chainrule_tensor::{Float, shown, unmet};

use crate::Error;

/// Some parameters of a network, as they lie, and the factors of their learning rate and weight decay.
pub(crate) type Factors = (Range<usize>, [f64; 2]);

/// Parameters with a learning rate and a weight decay of their own.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `names` | | names of parameters; without its number, `W` or `b`, those of all layers | each names one at least |
/// | `learning_rate` | 1 | the learning rate of every step is multiplied by it | finite, above 0 |
/// | `weight_decay` | 1 | the weight decay of the rule is multiplied by it | finite, not below 0 |
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ParameterGroup {
    /// The parameters' names.
    pub names: Vec<String>,
    /// The factor of the learning rate.
    pub learning_rate: f64,
    /// The factor of the weight decay.
    pub weight_decay: f64,
}

impl Default for ParameterGroup {
    fn default() -> Self {
        ParameterGroup { names: Vec::new(), learning_rate: 1.0, weight_decay: 1.0 }
    }
}

impl ParameterGroup {
    /// A group of these parameters.
    pub fn new<const N: usize>(names: [&str; N]) -> Self {
        ParameterGroup { names: names.map(str::to_string).into(), ..ParameterGroup::default() }
    }

    /// Sets the factor of the learning rate.
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        ParameterGroup { learning_rate, ..self }
    }

    /// Sets the factor of the weight decay.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        ParameterGroup { weight_decay, ..self }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let (rate, decay) = (self.learning_rate, self.weight_decay);
        for (what, found, good, expected) in [
            ("the learning rate factor of a group", rate, rate > 0.0, "a finite number above 0"),
            ("the weight decay factor of a group", decay, decay >= 0.0, "a finite number not below 0"),
        ] {
            if let Some(expected) = unmet(found, good && found.is_finite(), expected) {
                return Err(Error::config(what, shown(found), expected));
            }
        }
        Ok(())
    }

    fn contains(&self, tensor: &Tensor) -> bool {
        let without_number = tensor.name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.names.iter().any(|name| name == &tensor.name || name == without_number)
    }

    /// The parameters of a network that have a learning rate or a weight decay of their own, and both as factors; where one is in
    /// several groups, all count.
    pub(crate) fn factors<F: Float>(
        groups: &[ParameterGroup],
        layers: &Layers<F>,
    ) -> Result<Vec<Factors>, Error> {
        for group in groups {
            for name in &group.names {
                let alone = ParameterGroup { names: vec![name.clone()], ..ParameterGroup::default() };
                if !layers.parameters().any(|tensor| alone.contains(tensor)) {
                    let names: Vec<&str> = layers.parameters().map(|tensor| &*tensor.name).collect();
                    let expected = format!("one of {}", names.join(", "));
                    return Err(Error::config(
                        "a name in a parameter group",
                        format_args!("\"{name}\""),
                        expected,
                    ));
                }
            }
        }
        let with_factors = layers.parameters().map(|tensor| {
            let of_tensor = groups.iter().filter(|group| group.contains(tensor));
            let factors = of_tensor.fold([1.0; 2], |[rate, decay], group| {
                [rate * group.learning_rate, decay * group.weight_decay]
            });
            (tensor.range(), factors)
        });
        Ok(with_factors.filter(|(_, factors)| *factors != [1.0; 2]).collect())
    }
}

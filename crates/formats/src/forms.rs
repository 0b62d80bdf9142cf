//! What every layer is in PyTorch and in ONNX: the one file of this crate that knows the kinds of layers.

use chainrule_trainer::{
    NetworkConfig,
    layers::{LayerConfig, no_own_layers},
};

use crate::onnx::graph::{FLOAT, Operator};

/// A layer in PyTorch and in ONNX.
pub(crate) struct Form {
    /// The module as it is made in PyTorch; empty if there is none.
    pytorch: String,
    /// The operators of opset 17 in their order; none for dropout, which does nothing in inference.
    pub(crate) onnx: Vec<Operator>,
}

/// The form of a layer with so many inputs; an encoding, of which ONNX has more to say, and layers of a program's own have
/// none.
pub(crate) fn form(layer: &LayerConfig, n_inputs: usize) -> Option<Form> {
    let op = Operator::new;
    let only = |operator| vec![op("output", operator, &["x"])];
    let (pytorch, onnx) = match layer {
        LayerConfig::Affine(affine) => (
            format!("Linear({n_inputs}, {})", affine.n_outputs),
            vec![op("output", "Gemm", &["x", "weight", "bias"]).with_int("transB", 1)],
        ),
        LayerConfig::BatchNorm(norm) => (
            format!(
                "BatchNorm1d({n_inputs}{}{})",
                unless_default(", eps=", norm.eps, 1e-5),
                unless_default(", momentum=", norm.momentum, 0.1)
            ),
            vec![
                op("output", "BatchNormalization", &["x", "weight", "bias", "running_mean", "running_var"])
                    .with_float("epsilon", norm.eps as f32),
            ],
        ),
        LayerConfig::Dropout(dropout) => (format!("Dropout({})", dropout.p), vec![]),
        LayerConfig::Softmax(_) => {
            ("Softmax(dim=1)".into(), vec![op("output", "Softmax", &["x"]).with_int("axis", 1)])
        }
        LayerConfig::Sigmoid(_) => ("Sigmoid()".into(), only("Sigmoid")),
        LayerConfig::Relu(_) => ("ReLU()".into(), only("Relu")),
        LayerConfig::Tanh(_) => ("Tanh()".into(), only("Tanh")),
        LayerConfig::LeakyRelu(relu) => (
            format!("LeakyReLU({})", unless_default("", relu.slope, 0.01)),
            vec![op("output", "LeakyRelu", &["x"]).with_float("alpha", relu.slope as f32)],
        ),
        LayerConfig::Elu(elu) => (
            format!("ELU({})", unless_default("", elu.alpha, 1.0)),
            vec![op("output", "Elu", &["x"]).with_float("alpha", elu.alpha as f32)],
        ),
        LayerConfig::Softplus(_) => ("Softplus()".into(), only("Softplus")),
        LayerConfig::Identity(_) => ("Identity()".into(), only("Identity")),
        LayerConfig::Silu(_) => {
            ("SiLU()".into(), vec![op("sigmoid", "Sigmoid", &["x"]), op("output", "Mul", &["x", "sigmoid"])])
        }
        // x·½·(1 + erf(x/√2))
        LayerConfig::Gelu(_) => (
            "GELU()".into(),
            vec![
                op("scaled", "Mul", &["x", "0.70710677"]),
                op("erf", "Erf", &["scaled"]),
                op("sum", "Add", &["erf", "1"]),
                op("share", "Mul", &["sum", "0.5"]),
                op("output", "Mul", &["x", "share"]),
            ],
        ),
        // x·σ(2u), 2u = 2√(2/π)·x·(1 + 0.044715·x²)
        LayerConfig::GeluTanh(_) => (
            "GELU(approximate=\"tanh\")".into(),
            vec![
                op("square", "Mul", &["x", "x"]),
                op("scaled", "Mul", &["square", "0.044715"]),
                op("sum", "Add", &["scaled", "1"]),
                op("product", "Mul", &["x", "sum"]),
                op("argument", "Mul", &["product", "1.595769"]),
                op("sigmoid", "Sigmoid", &["argument"]),
                op("output", "Mul", &["x", "sigmoid"]),
            ],
        ),
        LayerConfig::Step(_) => (
            String::new(),
            vec![
                op("is_positive", "Greater", &["x", "0"]),
                op("output", "Cast", &["is_positive"]).with_int("to", FLOAT),
            ],
        ),
        _ => return None,
    };
    Some(Form { pytorch, onnx })
}

/// An argument of a module, left out where it is PyTorch's default.
fn unless_default(name: &str, value: f64, default: f64) -> String {
    if value == default { String::new() } else { format!("{name}{value:?}") }
}

/// PyTorch's name of a tensor of this layer, for which the layer has a `name` of its own.
pub(crate) fn tensor_name<'a>(layer: &LayerConfig, name: &'a str) -> &'a str {
    match (layer, name) {
        (LayerConfig::Own { .. }, name) => name,
        (_, "W" | "gamma") => "weight",
        (_, "b" | "beta") => "bias",
        (_, name) => name,
    }
}

/// The index of every layer in PyTorch's `nn.Sequential`, in which all count but the encoding, behind which it begins.
pub(crate) fn indices(layers: &[LayerConfig]) -> Vec<usize> {
    let mut n = 0;
    let mut index = |layer: &LayerConfig| {
        n += usize::from(!matches!(layer, LayerConfig::Encoding(_)));
        n.saturating_sub(1)
    };
    layers.iter().map(&mut index).collect()
}

/// The network as it is made in PyTorch, behind its encoding. There is none where nothing corresponds to one of its layers:
/// to the step function, an encoding that is not the first, a layer of a program's own.
///
/// # Examples
/// ```
/// use chainrule_formats::pytorch;
/// use chainrule_trainer::{MlpConfig, NetworkConfig};
/// let config = NetworkConfig::try_from(MlpConfig::new([784, 50, 10]).with_dropout(0.5))?;
/// assert_eq!(
///     pytorch(&config).unwrap(),
///     "Sequential(Linear(784, 50), Sigmoid(), Dropout(0.5), Linear(50, 10))"
/// );
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub fn pytorch(config: &NetworkConfig) -> Option<String> {
    let (mut shape, mut modules) = (config.input, Vec::new());
    for (l, layer) in config.layers.iter().enumerate() {
        if l > 0 || !matches!(layer, LayerConfig::Encoding(_)) {
            modules.push(form(layer, shape.size())?.pytorch);
        }
        shape = layer.layer::<f32>(&no_own_layers).ok()?.output(shape).ok()?;
    }
    let has_all = modules.iter().all(|module| !module.is_empty());
    has_all.then(|| format!("Sequential({})", modules.join(", ")))
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{
        Activation, Encode, Encoding, MlpConfig,
        layers::{Affine, BatchNorm, Elu, Identity, LeakyRelu, Relu, Softmax},
        losses::LossConfig,
    };

    use super::*;

    #[test]
    fn every_activation_has_its_forms() {
        for activation in Activation::ALL {
            let form = form(&activation.layer(), 3).unwrap();
            assert_eq!(!form.pytorch.is_empty(), *activation != Activation::Step, "{activation}");
            assert_eq!(form.onnx.last().unwrap().output, "output", "{activation}");
        }
    }

    fn in_pytorch(layers: impl Into<Vec<LayerConfig>>) -> Option<String> {
        pytorch(&NetworkConfig::new(2, layers, LossConfig::MeanSquaredError))
    }

    #[test]
    fn settings_that_are_not_pytorch_s_are_said() {
        let layers = [
            BatchNorm::default().with_eps(1e-3).with_momentum(0.25).into(),
            LeakyRelu::new(0.2).into(),
            Elu::new(2.0).into(),
            Identity.into(),
            Affine::outputs(3).into(),
            Softmax.into(),
        ];
        assert_eq!(
            in_pytorch(layers).unwrap(),
            "Sequential(BatchNorm1d(2, eps=0.001, momentum=0.25), LeakyReLU(0.2), ELU(2.0), Identity(), \
             Linear(2, 3), Softmax(dim=1))"
        );
        let config = MlpConfig::new([4, 3, 2]).with_activation(Activation::LeakyRelu).with_batch_norm(true);
        let usual = "Sequential(Linear(4, 3), BatchNorm1d(3), LeakyReLU(), Linear(3, 2))";
        assert_eq!(pytorch(&NetworkConfig::try_from(config).unwrap()).unwrap(), usual);
    }

    #[test]
    fn what_pytorch_does_not_have_has_no_form_there() {
        let rows: [&[f32]; 2] = [&[1.0, 2.0], &[3.0, 1.0]];
        let encoding = || Encoding::fit(rows, &[Encode::OneHot; 2]).unwrap().into();
        let own = LayerConfig::Own { name: "mine".into(), settings: String::new() };
        assert_eq!(in_pytorch([encoding(), Affine::outputs(1).into()]).unwrap(), "Sequential(Linear(4, 1))");
        assert_eq!(in_pytorch([Relu.into(), encoding()]), None);
        assert_eq!(in_pytorch([own]), None);
        assert_eq!(in_pytorch([Activation::Step.layer()]), None);
        let layers = [encoding(), Relu.into(), Affine::outputs(1).into()];
        assert_eq!(indices(&layers), [0, 0, 1]);
    }
}

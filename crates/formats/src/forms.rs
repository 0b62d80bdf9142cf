//! What every layer is in PyTorch and in ONNX: the one file of this crate that knows the kinds of layers.

use chainrule_trainer::{
    Activation, NetworkConfig,
    layers::{Affine, BatchNorm, Dropout, GeluTanh, LayerConfig, Softmax, no_own_layers},
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

/// A list of layers by our names or PyTorch's, each with the module that stands before it: `fc1=affine, LeakyReLU(0.2)`. The
/// outputs of affine layers are not known yet. A network as PyTorch prints it has a line for each, behind its index.
pub(crate) fn layers(text: &str) -> Result<Vec<(Option<&str>, LayerConfig)>, String> {
    let text = text.trim();
    let inside = text.split_once('(').filter(|(name, _)| last_name(name) == "sequential");
    let text = inside.and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(text);
    let mut depth = 0_usize;
    let entries = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        matches!(c, ',' | '\n') && depth == 0
    });
    entries.map(str::trim).filter(|entry| !entry.is_empty()).map(layer).collect()
}

/// `relu` of `torch.nn.ReLU`: without signs and capitals, in which names differ.
fn last_name(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).trim().to_lowercase().replace(['-', '_'], "")
}

fn layer(text: &str) -> Result<(Option<&str>, LayerConfig), String> {
    let printed = text.strip_prefix('(').and_then(|rest| rest.split_once("): "));
    let text = printed.map_or(text, |(_, layer)| layer);
    let (head, settings) = match text.split_once('(') {
        Some((head, rest)) => (head, rest.strip_suffix(')').ok_or(format!("{text} has no closing bracket"))?),
        None => (text, ""),
    };
    let (module, name) = match head.split_once('=') {
        Some((module, name)) => (Some(module.trim()), name.trim()),
        None => (None, head.trim()),
    };
    let mut layer: LayerConfig = match &*last_name(name) {
        "affine" | "linear" => Affine::outputs(0).into(),
        "batchnorm" | "batchnorm1d" => BatchNorm::default().into(),
        // PyTorch's default.
        "dropout" => Dropout::new(0.5).into(),
        "softmax" => Softmax.into(),
        // Samples are flat already.
        "flatten" => Activation::Identity.layer(),
        other => {
            let known = Activation::ALL.iter().find(|known| last_name(&known.to_string()) == other);
            let expected = "affine, batch-norm, dropout, softmax, flatten or an activation";
            known.ok_or_else(|| format!("{name} is no layer, expected {expected}"))?.layer()
        }
    };
    let settings = settings.split(',').map(str::trim).filter(|setting| !setting.is_empty());
    for (position, setting) in settings.enumerate() {
        let (key, value) = match setting.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => ("", setting),
        };
        let number = || value.parse::<f64>().map_err(|_| format!("{setting} of {name}: expected a number"));
        match (&mut layer, key, position) {
            (LayerConfig::BatchNorm(norm), "eps", _) => norm.eps = number()?,
            (LayerConfig::BatchNorm(norm), "momentum", _) => norm.momentum = number()?,
            (LayerConfig::Dropout(dropout), "p", _) | (LayerConfig::Dropout(dropout), "", 0) => {
                dropout.p = number()?;
            }
            (LayerConfig::LeakyRelu(relu), "slope" | "negative_slope", _)
            | (LayerConfig::LeakyRelu(relu), "", 0) => relu.slope = number()?,
            (LayerConfig::Elu(elu), "alpha", _) | (LayerConfig::Elu(elu), "", 0) => elu.alpha = number()?,
            (LayerConfig::Gelu(_), "approximate", _) if value.contains("tanh") => layer = GeluTanh.into(),
            // What PyTorch prints where nothing was set; from its threshold on, softplus is x but for 2·10⁻⁹.
            (LayerConfig::Gelu(_), "approximate", _) if value.contains("none") => {}
            (LayerConfig::Softplus(_), "beta", _) if number() == Ok(1.0) => {}
            (LayerConfig::Softplus(_), "threshold", _) if number() == Ok(20.0) => {}
            (LayerConfig::Identity(_), "start_dim", _) if number() == Ok(1.0) => {}
            (LayerConfig::Identity(_), "end_dim", _) if number() == Ok(-1.0) => {}
            // The tensors say how many inputs and outputs there are, and which of them are there.
            (LayerConfig::Affine(_), "in_features" | "out_features" | "bias", _)
            | (LayerConfig::Affine(_), "", 0 | 1)
            | (LayerConfig::BatchNorm(_), "num_features" | "affine" | "track_running_stats", _)
            | (LayerConfig::BatchNorm(_), "", 0)
            // Samples are columns, and all is done in place.
            | (LayerConfig::Softmax(_), "dim", _)
            | (_, "inplace", _) => {}
            _ => return Err(format!("{name} has no setting {setting}")),
        }
    }
    Ok((module, layer))
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{
        Encode, Encoding, MlpConfig,
        layers::{Elu, Identity, LeakyRelu, Relu},
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
    fn lists_of_layers_are_read_by_both_names() {
        let of =
            |text: &str| layers(text).map(|all| all.into_iter().map(|(_, layer)| layer).collect::<Vec<_>>());
        let expected = [
            Affine::outputs(0).into(),
            BatchNorm::default().with_eps(1e-3).with_momentum(0.01).into(),
            LeakyRelu::new(0.2).into(),
            Dropout::new(0.25).into(),
            GeluTanh.into(),
            Elu::new(2.0).into(),
            Affine::outputs(0).into(),
            Softmax.into(),
        ];
        for text in [
            "affine,batch-norm(eps=0.001,momentum=0.01),leaky-relu(0.2),dropout(p=0.25),gelu-tanh,elu(2),affine,softmax",
            "torch.nn.Sequential(nn.Linear(3, 4, bias=False), BatchNorm1d(4, eps=1e-3, momentum=0.01, affine=True), \
             LeakyReLU(negative_slope=0.2, inplace=True), Dropout(0.25), GELU(approximate='tanh'), ELU(alpha=2.0), \
             Linear(in_features=4, out_features=2), Softmax(dim=1))",
        ] {
            assert_eq!(of(text).unwrap(), expected, "{text}");
        }
        // As `print(net)` shows it.
        let printed = "Sequential(\n  (0): Flatten(start_dim=1, end_dim=-1)\n  \
             (1): Linear(in_features=3, out_features=4, bias=True)\n  \
             (2): BatchNorm1d(4, eps=0.001, momentum=0.1, affine=True, track_running_stats=True)\n  \
             (3): GELU(approximate='none')\n  (4): Dropout(p=0.25, inplace=False)\n  (5): Linear(in_features=4, \
             out_features=2, bias=False)\n  (6): Softplus(beta=1.0, threshold=20.0)\n)";
        let expected = [
            Identity.into(),
            Affine::outputs(0).into(),
            BatchNorm::default().with_eps(1e-3).into(),
            Activation::Gelu.layer(),
            Dropout::new(0.25).into(),
            Affine::outputs(0).into(),
            Activation::Softplus.layer(),
        ];
        assert_eq!(of(printed).unwrap(), expected);
        let named = layers("a.fc1=Linear, ReLU, head = affine").unwrap();
        assert_eq!(
            named.iter().map(|(module, _)| *module).collect::<Vec<_>>(),
            [Some("a.fc1"), None, Some("head")]
        );
        for (text, expected) in [
            (
                "conv",
                "conv is no layer, expected affine, batch-norm, dropout, softmax, flatten or an activation",
            ),
            ("affine, elu(2", "elu(2 has no closing bracket"),
            ("dropout(p=x)", "p=x of dropout: expected a number"),
            ("BatchNorm1d(4, 0.001)", "BatchNorm1d has no setting 0.001"),
            ("softplus(beta=2)", "softplus has no setting beta=2"),
        ] {
            assert_eq!(of(text).unwrap_err(), expected);
        }
        // What export shows is read.
        let config = NetworkConfig::try_from(MlpConfig::new([4, 3, 2]).with_batch_norm(true)).unwrap();
        assert_eq!(of(&pytorch(&config).unwrap()).unwrap().len(), config.layers.len());
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

//! Activation functions as operators of opset 17: one, or several where it has none.

use std::f32::consts::FRAC_1_SQRT_2;

use chainrule_trainer::Activation;

use super::graph::{Attribute, Builder, FLOAT};
use crate::Problem;

/// √(2/π)·2, the factor of the tanh-GELU's argument in its sigmoid's form.
const TWO_SQRT_2_PI: f32 = 1.595_769;

/// Adds the activation with this index behind the last node.
pub(super) fn add(graph: &mut Builder, index: usize, activation: Activation) -> Result<(), Problem> {
    let x = graph.last().to_string();
    let y = format!("{index}.output");
    let name = |part: &str| format!("{index}.{part}");
    match activation {
        Activation::Sigmoid => graph.node("Sigmoid", [x], &y, &[]),
        Activation::Relu => graph.node("Relu", [x], &y, &[]),
        Activation::Tanh => graph.node("Tanh", [x], &y, &[]),
        Activation::LeakyRelu => graph.node("LeakyRelu", [x], &y, &[("alpha", Attribute::Float(0.01))]),
        Activation::Elu => graph.node("Elu", [x], &y, &[("alpha", Attribute::Float(1.0))]),
        Activation::Softplus => graph.node("Softplus", [x], &y, &[]),
        Activation::Identity => {}
        Activation::Silu => {
            graph.node("Sigmoid", [x.clone()], &name("sigmoid"), &[]);
            graph.node("Mul", [x, name("sigmoid")], &y, &[]);
        }
        // x·½·(1 + erf(x/√2))
        Activation::Gelu => {
            let (factor, one, half) =
                (graph.constant(FRAC_1_SQRT_2), graph.constant(1.0), graph.constant(0.5));
            graph.node("Mul", [x.clone(), factor], &name("scaled"), &[]);
            graph.node("Erf", [name("scaled")], &name("erf"), &[]);
            graph.node("Add", [name("erf"), one], &name("sum"), &[]);
            graph.node("Mul", [name("sum"), half], &name("share"), &[]);
            graph.node("Mul", [x, name("share")], &y, &[]);
        }
        // x·σ(2u), 2u = 2√(2/π)·x·(1 + 0.044715·x²)
        Activation::GeluTanh => {
            let (a, one, factor) =
                (graph.constant(0.044_715), graph.constant(1.0), graph.constant(TWO_SQRT_2_PI));
            graph.node("Mul", [x.clone(), x.clone()], &name("square"), &[]);
            graph.node("Mul", [name("square"), a], &name("scaled"), &[]);
            graph.node("Add", [name("scaled"), one], &name("sum"), &[]);
            graph.node("Mul", [x.clone(), name("sum")], &name("product"), &[]);
            graph.node("Mul", [name("product"), factor], &name("argument"), &[]);
            graph.node("Sigmoid", [name("argument")], &name("sigmoid"), &[]);
            graph.node("Mul", [x, name("sigmoid")], &y, &[]);
        }
        Activation::Step => {
            let zero = graph.constant(0.0);
            graph.node("Greater", [x, zero], &name("is_positive"), &[]);
            graph.node("Cast", [name("is_positive")], &y, &[("to", Attribute::Int(FLOAT))]);
        }
        other => {
            let why = format!("the activation {other} has no form in ONNX; safetensors and npz can hold it");
            return Err(Problem::NotExported(why));
        }
    }
    Ok(())
}

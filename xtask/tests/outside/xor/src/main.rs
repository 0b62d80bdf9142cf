//! XOR, learned with layers, a loss and an optimizer, and nothing else of chainrule.
use chainrule_layers::tensor::{Init, Matrix};
use chainrule_layers::{Affine, Context, Layer, Sequential, Sigmoid};
use chainrule_losses::{HalfSquaredError, Loss};
use chainrule_optimizers::{Momentum, Optimizer, Update};

fn main() {
    let x = Matrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    let t = Matrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]);
    let affine = |n_in, n_out, n| Box::new(Affine::init(n_in, n_out, Init::XavierNormal, 1, n));
    let layers: Vec<Box<dyn Layer<f32>>> =
        vec![affine(2, 4, 0), Box::new(Sigmoid), affine(4, 1, 1), Box::new(Sigmoid)];
    let mut net = Sequential::new(2, layers);
    let rule = Momentum::new(0.5);
    let mut slots = rule.new_slots(net.n_parameters());
    let (mut workspace, context) = (net.workspace(4), Context::inference());
    for step in 1..=2000 {
        net.forward(&mut workspace, (&x).into(), &context);
        let (y, dy) = workspace.outputs_and_gradient(&net);
        HalfSquaredError.gradient_to(dy, y, (&t).into());
        net.backward(&mut workspace, (&x).into(), &context);
        let gradient = net.gradient(&workspace, (&x).into(), &context);
        let mut rest = Update::new(&mut [], &gradient, &mut slots, step, rule.learning_rate);
        for parameter in net.parameters_mut() {
            let (update, behind) = rest.split_at(parameter.values.len());
            rule.update(Update { parameter: parameter.values, ..update });
            rest = behind;
        }
    }
    for (x, y) in x.column_iter().zip(net.forward(&mut workspace, (&x).into(), &context).column_iter()) {
        println!("{} {} {}", x[0], x[1], y[0]);
    }
}

//! XOR, learned with layers, a loss and an optimizer, and nothing else of chainrule.
use chainrule_layers::tensor::Matrix;
use chainrule_layers::{Affine, Sequential, Shape, Sigmoid};
use chainrule_losses::{HalfSquaredError, Loss};
use chainrule_optimizers::{Momentum, Optimizer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x = Matrix::from_column_slice(2, 4, &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
    let t = Matrix::from_column_slice(1, 4, &[0.0, 1.0, 1.0, 0.0]);
    let layers = [Affine::outputs(4).into(), Sigmoid.into(), Affine::outputs(1).into(), Sigmoid.into()];
    let mut net = Sequential::<f32>::new(Shape::flat(2), &layers, 1)?;
    let rule = Momentum::new(0.5);
    let mut slots = rule.new_slots(net.n_parameters());
    for step in 1..=2000 {
        let (y, cache) = net.forward(&x);
        let (_, dy) = HalfSquaredError.gradient((&y).into(), (&t).into());
        let gradient = net.backward(&cache, &dy).values();
        rule.step(step, net.split_mut().1, &gradient, &mut slots);
    }
    for (x, y) in x.column_iter().zip(net.forward(&x).0.column_iter()) {
        println!("{} {} {}", x[0], x[1], y[0]);
    }
    Ok(())
}

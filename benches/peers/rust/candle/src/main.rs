//! The contestant of candle: its layers and SGD; momentum, which its SGD lacks, is written with its tensors.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{Linear, Module, SGD, loss, ops, optim::Optimizer};
use contest::{N_CLASSES, N_PIXELS, Net, Recipe};

struct Candle {
    layers: [Linear; 2],
    parameters: Vec<Var>,
    sgd: SGD,
    velocity: Vec<Option<Tensor>>,
    recipe: Recipe,
}

impl Candle {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let z = self.layers[0].forward(x)?;
        let h = if self.recipe.relu() { z.relu()? } else { ops::sigmoid(&z)? };
        self.layers[1].forward(&h)
    }

    fn try_new(recipe: &Recipe, [w1, w2]: [&[f32]; 2]) -> Result<Self> {
        let mut parameters = Vec::new();
        let mut layer = |w: &[f32], n_inputs: usize, n_outputs: usize| {
            // candle keeps outputs × inputs.
            let w = Tensor::from_slice(w, (n_inputs, n_outputs), &Device::Cpu)?.t()?.contiguous()?;
            let w = Var::from_tensor(&w)?;
            let b = Var::zeros(n_outputs, DType::F32, &Device::Cpu)?;
            let layer = Linear::new(w.as_tensor().clone(), Some(b.as_tensor().clone()));
            parameters.extend([w, b]);
            Result::Ok(layer)
        };
        let layers = [layer(w1, N_PIXELS, recipe.n_hidden)?, layer(w2, recipe.n_hidden, N_CLASSES)?];
        let sgd = SGD::new(parameters.clone(), recipe.rate)?;
        let velocity = vec![None; parameters.len()];
        Ok(Candle { layers, parameters, sgd, velocity, recipe: *recipe })
    }

    fn try_step(&mut self, x: Vec<f32>, classes: &[u8]) -> Result<()> {
        let x = Tensor::from_vec(x, (classes.len(), N_PIXELS), &Device::Cpu)?;
        let t: Vec<u32> = classes.iter().map(|&class| class.into()).collect();
        let t = Tensor::from_vec(t, classes.len(), &Device::Cpu)?;
        let loss = loss::cross_entropy(&self.forward(&x)?, &t)?;
        if self.recipe.momentum == 0.0 {
            return self.sgd.backward_step(&loss);
        }
        let gradients = loss.backward()?;
        for (parameter, velocity) in self.parameters.iter().zip(&mut self.velocity) {
            let gradient = gradients.get(parameter).expect("every parameter has a gradient");
            let v = match velocity.take() {
                None => gradient.clone(),
                Some(v) => ((v * self.recipe.momentum)? + gradient)?,
            };
            parameter.set(&parameter.sub(&(&v * self.recipe.rate)?)?)?;
            *velocity = Some(v);
        }
        Ok(())
    }

    fn try_logits(&self, x: &[f32]) -> Result<Vec<f32>> {
        let x = Tensor::from_slice(x, (x.len() / N_PIXELS, N_PIXELS), &Device::Cpu)?;
        let z = self.forward(&x)?;
        z.flatten_all()?.to_vec1()
    }
}

impl Net for Candle {
    fn new(recipe: &Recipe, [w1, w2]: [&[f32]; 2]) -> Self {
        Candle::try_new(recipe, [w1, w2]).expect("candle makes the network")
    }

    fn step(&mut self, x: Vec<f32>, classes: &[u8]) {
        self.try_step(x, classes).expect("candle trains");
    }

    fn logits(&mut self, x: &[f32]) -> Vec<f32> {
        self.try_logits(x).expect("candle predicts")
    }
}

fn main() {
    contest::run::<Candle>("candle", "0.11.1");
}

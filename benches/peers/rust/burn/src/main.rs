//! The contestant of burn, with its CPU backend flex.

use burn::{
    module::{Module, Param},
    nn::{
        Linear, LinearConfig,
        loss::{CrossEntropyLoss, CrossEntropyLossConfig},
    },
    optim::{GradientsParams, ModuleOptimizer, SgdConfig, momentum::MomentumConfig},
    tensor::{Device, Int, Tensor, TensorData, activation},
};
use contest::{N_CLASSES, N_PIXELS, Net, Recipe};

#[derive(Module, Debug)]
struct Mlp {
    first: Linear,
    second: Linear,
}

impl Mlp {
    fn forward(&self, x: Tensor<2>, relu: bool) -> Tensor<2> {
        let z = self.first.forward(x);
        self.second.forward(if relu { activation::relu(z) } else { activation::sigmoid(z) })
    }
}

struct Burn {
    /// It is moved through the optimizer in every step.
    model: Option<Mlp>,
    /// The model without what training needs, while it is up to date.
    inference: Option<Mlp>,
    optimizer: ModuleOptimizer,
    loss: CrossEntropyLoss,
    with_gradients: Device,
    plain: Device,
    recipe: Recipe,
}

impl Net for Burn {
    fn new(recipe: &Recipe, [w1, w2]: [&[f32]; 2]) -> Self {
        let plain = Device::flex();
        let with_gradients = plain.clone().autodiff();
        let layer = |w: &[f32], n_inputs: usize, n_outputs: usize| {
            let mut layer = LinearConfig::new(n_inputs, n_outputs).init(&with_gradients);
            let w = TensorData::new(w.to_vec(), [n_inputs, n_outputs]);
            layer.weight = Param::from_data(w, &with_gradients);
            let b = TensorData::new(vec![0.0f32; n_outputs], [n_outputs]);
            layer.bias = Some(Param::from_data(b, &with_gradients));
            layer
        };
        let first = layer(w1, N_PIXELS, recipe.n_hidden);
        let second = layer(w2, recipe.n_hidden, N_CLASSES);
        let mut sgd = SgdConfig::new();
        if recipe.momentum > 0.0 {
            let momentum = MomentumConfig::new().with_momentum(recipe.momentum).with_dampening(0.0);
            sgd = sgd.with_momentum(Some(momentum));
        }
        Burn {
            model: Some(Mlp { first, second }),
            inference: None,
            optimizer: sgd.init(),
            loss: CrossEntropyLossConfig::new().init(&with_gradients),
            with_gradients,
            plain,
            recipe: *recipe,
        }
    }

    fn step(&mut self, x: Vec<f32>, classes: &[u8]) {
        self.inference = None;
        let n = classes.len();
        let x = Tensor::<2>::from_data(TensorData::new(x, [n, N_PIXELS]), &self.with_gradients);
        let t: Vec<i32> = classes.iter().map(|&class| class.into()).collect();
        let t = Tensor::<1, Int>::from_data(TensorData::new(t, [n]), &self.with_gradients);
        let model = self.model.take().expect("every step puts it back");
        let loss = self.loss.forward(model.forward(x, self.recipe.relu()), t);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(self.recipe.rate, model, gradients));
    }

    fn logits(&mut self, x: &[f32]) -> Vec<f32> {
        let model = self.model.as_ref().expect("every step puts it back");
        let model = self.inference.get_or_insert_with(|| model.clone().valid());
        let x = TensorData::new(x.to_vec(), [x.len() / N_PIXELS, N_PIXELS]);
        let z = model.forward(Tensor::<2>::from_data(x, &self.plain), self.recipe.relu()).into_data();
        z.as_slice::<f32>().expect("the logits are f32").to_vec()
    }
}

fn main() {
    contest::run::<Burn>("burn", "0.22.1");
}

//! What the file of trajectories holds: samples, and of every run the initial parameters and what became of them.

use chainrule_losses::TargetBuffer;
use chainrule_tensor::{Context, Float, InputBuffer, Shape};
use chainrule_trainer::{Mlp, MlpConfig, Samples, TargetKind};
use serde_json::Value;

/// What the file says of one run, and the samples of all.
pub(crate) struct Golden {
    file: Value,
    run: &'static str,
    x: Vec<f64>,
    t: Vec<usize>,
}

impl Golden {
    pub(crate) fn of(run: &'static str) -> Self {
        let file: Value = serde_json::from_str(include_str!("../../golden/trajectories.json")).expect("JSON");
        let t = serde_json::from_value(file["t"].clone()).expect("a list of classes");
        Golden { run, x: numbers(&file["x"]), t, file }
    }

    pub(crate) fn sizes(&self) -> Vec<usize> {
        serde_json::from_value(self.file["sizes"].clone()).expect("a list of sizes")
    }

    pub(crate) fn run(&self, key: &str) -> &Value {
        &self.file["runs"][self.run][key]
    }

    /// One list for each of the steps shown.
    pub(crate) fn shown(&self, key: &str) -> Vec<Vec<f64>> {
        self.run(key).as_array().expect("a list of lists").iter().map(numbers).collect()
    }

    /// The samples of a step.
    pub(crate) fn indices(&self, step: u64) -> Vec<usize> {
        let [shift, stride] = [&self.file["shift"], &self.file["stride"]].map(number);
        (0..number(self.run("batch_size")))
            .map(|i| (shift * step as usize + stride * i) % self.t.len())
            .collect()
    }

    /// The network with its initial parameters.
    pub(crate) fn net(&self, config: &MlpConfig) -> Mlp<f64> {
        let mut net = Mlp::new(config).unwrap();
        let (n_parameters, mut values) = (net.n_parameters(), net.sequential().pack());
        values[..n_parameters].copy_from_slice(&numbers(self.run("start")));
        net.sequential_mut().unpack(&values);
        net
    }
}

pub(crate) fn number(value: &Value) -> usize {
    value.as_u64().expect("a number") as usize
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("a list of numbers")
}

impl Samples for Golden {
    fn n_samples(&self) -> usize {
        self.t.len()
    }

    fn shape(&self) -> Shape {
        Shape::flat(self.x.len() / self.t.len())
    }

    fn target_kind(&self) -> TargetKind {
        TargetKind::Classes { n_classes: 5 }
    }

    fn gather<F: Float>(
        &self,
        x: &mut InputBuffer<F>,
        t: &mut TargetBuffer<F>,
        indices: &[usize],
        _: Context,
    ) {
        let n = self.n_inputs();
        let mut x = x.dense_mut(n, indices.len());
        for (j, &i) in indices.iter().enumerate() {
            for (x, &value) in x.column_mut(j).iter_mut().zip(&self.x[i * n..(i + 1) * n]) {
                *x = F::of(value);
            }
        }
        t.classes_mut().extend(indices.iter().map(|&i| self.t[i]));
    }
}

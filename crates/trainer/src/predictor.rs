//! Predictions for one sample at a time: no allocation, no threads, no data set.

use chainrule_layers::{Context, Workspace};
use chainrule_losses::{Loss, LossConfig};
use chainrule_tensor::{Float, Input, MatrixView, MatrixViewMut, argmax};

use crate::Mlp;

/// A network with the memory to run one sample through it.
///
/// It gives what [`Mlp::predict`] gives. Every thread wants one of its own; copies are cheap for small networks.
///
/// # Examples
/// ```
/// use chainrule_tensor::Matrix;
/// use chainrule_trainer::{Mlp, MlpConfig, Predictor};
/// let net: Mlp<f64> = Mlp::new(&MlpConfig::new([2, 3, 4]))?;
/// let x = [0.5, -0.5];
/// let expected = net.predict(&Matrix::from_column_slice(2, 1, &x));
/// let mut predictor = Predictor::new(net);
/// assert_eq!(predictor.predict(&x), expected.as_slice()); // probabilities of four classes
/// assert!(predictor.predict_class(&x) < 4);
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor<F = f32> {
    net: Mlp<F>,
    workspace: Workspace<F>,
    y: Vec<F>,
}

impl<F: Float> Predictor<F> {
    /// A predictor that owns its network.
    pub fn new(net: Mlp<F>) -> Self {
        let (workspace, y) = (net.layers().workspace(1), vec![F::zero(); net.layers().n_outputs()]);
        Predictor { net, workspace, y }
    }

    /// The network.
    pub fn net(&self) -> &Mlp<F> {
        &self.net
    }

    /// What the network predicts for the sample `x`: the probability of every class, of yes, or values, as its loss
    /// reads outputs. Nothing is allocated.
    ///
    /// # Shapes
    /// `x`: inputs; the result: outputs.
    ///
    /// # Panics
    /// Unless `x` has a value for every input.
    #[track_caller]
    pub fn predict(&mut self, x: &[F]) -> &[F] {
        let x = Input::Dense(MatrixView::new(x, self.net.layers().n_inputs(), 1));
        let z = self.net.layers().forward(&mut self.workspace, x, &Context::inference());
        let n_outputs = self.y.len();
        self.net.config().loss.predict_to(MatrixViewMut::new(&mut self.y, n_outputs, 1), z);
        &self.y
    }

    /// The class that the network predicts for the sample `x`: that of the largest output; with binary cross-entropy and a
    /// single output, 1 where yes is more likely than no.
    ///
    /// # Panics
    /// As [`predict`](Predictor::predict).
    #[track_caller]
    pub fn predict_class(&mut self, x: &[F]) -> usize {
        let is_yes_or_no = self.net.config().loss == LossConfig::BinaryCrossEntropy;
        match self.predict(x) {
            [yes] if is_yes_or_no => usize::from(*yes > F::of(0.5)),
            y => argmax(y),
        }
    }
}

impl<F: Float> Clone for Predictor<F> {
    fn clone(&self) -> Self {
        Predictor { net: self.net.clone(), workspace: self.workspace.clone(), y: self.y.clone() }
    }
}

//! Predictions for one sample at a time, without allocation or threads.

use chainrule_data::scaled;
use chainrule_layers::Workspace;
use chainrule_tensor::{Float, MAX_SPARSE_ROWS, MatrixViewMut};

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
#[derive(Clone, Debug)]
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
        assert_eq!(x.len(), self.net.layers().n_inputs(), "values of the sample, and inputs of the network");
        self.workspace.x.dense_mut(x.len(), 1).as_mut_slice().copy_from_slice(x);
        self.run()
    }

    /// The same for pixels, which count as 0…1 as those of an image set do: pixel / 255. After the first
    /// calls nothing is allocated.
    ///
    /// # Panics
    /// Unless there is a pixel for every input.
    ///
    /// # Examples
    /// ```
    /// use chainrule_trainer::{Mlp, MlpConfig, Predictor};
    /// let mut predictor = Predictor::new(Mlp::<f64>::new(&MlpConfig::new([3, 4, 2]))?);
    /// let of_values = predictor.predict(&[0.0, 0.2, 1.0]).to_vec();
    /// let of_pixels = predictor.predict_pixels(&[0, 51, 255]);
    /// assert!(of_pixels.iter().zip(&of_values).all(|(a, b)| (a - b).abs() < 1e-15));
    /// # Ok::<(), chainrule_trainer::Error>(())
    /// ```
    #[track_caller]
    pub fn predict_pixels(&mut self, pixels: &[u8]) -> &[F] {
        let n_inputs = self.net.layers().n_inputs();
        let buffer = &mut self.workspace.x;
        if buffer.takes_sparse() && n_inputs <= MAX_SPARSE_ROWS {
            buffer.sparse_mut(n_inputs).push_bytes(pixels, scaled);
        } else {
            assert_eq!(pixels.len(), n_inputs, "pixels, and inputs of the network");
            let mut x = buffer.dense_mut(n_inputs, 1);
            for (x, &pixel) in x.as_mut_slice().iter_mut().zip(pixels) {
                *x = scaled(pixel);
            }
        }
        self.run()
    }

    /// The sample in the workspace through the network.
    fn run(&mut self) -> &[F] {
        let Predictor { net, workspace, y } = self;
        let z = net.layers().infer(net.sequential().values(), workspace);
        net.config().predict_to(MatrixViewMut::new(y, z.n_rows(), 1), z);
        y
    }

    /// The class that the network predicts for the sample `x`: that of the largest output; with binary cross-entropy and a
    /// single output, 1 where yes is more likely than no. Where the [predictions](Predictor::predict) are NaN, this number says
    /// nothing.
    ///
    /// # Panics
    /// As [`predict`](Predictor::predict).
    #[track_caller]
    pub fn predict_class(&mut self, x: &[F]) -> usize {
        let outputs = self.net.config().loss.outputs();
        outputs.class_of_prediction(self.predict(x))
    }
}

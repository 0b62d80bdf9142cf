//! Predictions for one sample at a time: no allocation, no threads, no data set.

use chainrule_layers::{Context, Workspace};
use chainrule_mnist::scaled;
use chainrule_tensor::{Float, Input, InputBuffer, MAX_SPARSE_ROWS, MatrixView, MatrixViewMut};

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
    pixels: InputBuffer<F>,
    y: Vec<F>,
}

impl<F: Float> Predictor<F> {
    /// A predictor that owns its network.
    pub fn new(net: Mlp<F>) -> Self {
        let (workspace, y) = (net.layers().workspace(1), vec![F::zero(); net.layers().n_outputs()]);
        let pixels = InputBuffer::new().with_sparse(net.layers().takes_sparse());
        Predictor { net, workspace, pixels, y }
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
        let x = Input::Dense(MatrixView::new(x, self.net.layers().n_inputs(), 1));
        predict(&self.net, &mut self.workspace, x, &mut self.y);
        &self.y
    }

    /// The same for pixels, which count as 0…1 as those of [`ImageSet`](chainrule_mnist::ImageSet) do. After the first
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
        if self.pixels.takes_sparse() && n_inputs <= MAX_SPARSE_ROWS {
            self.pixels.sparse_mut(n_inputs).push_bytes(pixels, scaled);
        } else {
            assert_eq!(pixels.len(), n_inputs, "pixels, and inputs of the network");
            let mut x = self.pixels.dense_mut(n_inputs, 1);
            for (x, &pixel) in x.as_mut_slice().iter_mut().zip(pixels) {
                *x = scaled(pixel);
            }
        }
        predict(&self.net, &mut self.workspace, self.pixels.as_input(), &mut self.y);
        &self.y
    }

    /// The class that the network predicts for the sample `x`: that of the largest output; with binary cross-entropy and a
    /// single output, 1 where yes is more likely than no.
    ///
    /// # Panics
    /// As [`predict`](Predictor::predict).
    #[track_caller]
    pub fn predict_class(&mut self, x: &[F]) -> usize {
        let outputs = self.net.config().loss.outputs();
        outputs.class_of_prediction(self.predict(x))
    }
}

fn predict<F: Float>(net: &Mlp<F>, workspace: &mut Workspace<F>, x: Input<'_, F>, y: &mut [F]) {
    let z = net.layers().forward(workspace, x, &Context::inference());
    net.config().loss.outputs().predict_to(MatrixViewMut::new(y, z.n_rows(), 1), z);
}

impl<F: Float> Clone for Predictor<F> {
    fn clone(&self) -> Self {
        Predictor {
            net: self.net.clone(),
            workspace: self.workspace.clone(),
            pixels: self.pixels.clone(),
            y: self.y.clone(),
        }
    }
}

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod recipe;

use std::error::Error;

use chainrule_mnist::Mnist;
use chainrule_tensor::{Float, Init, Matrix};
use chainrule_trainer::{MlpConfig, TwoLayerNet};
use rayon::ThreadPoolBuilder;

pub use recipe::Recipe;

/// What a contestant gives, or one sentence that says what failed.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The bundled MNIST.
pub const MNIST_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets/mnist");

/// The numbers of threads that are compared.
pub const THREADS: [usize; 2] = [1, 2];

/// MNIST from [`MNIST_FOLDER`].
///
/// # Panics
/// If it cannot be read.
pub fn mnist() -> Mnist {
    Mnist::load_verified(MNIST_FOLDER).unwrap_or_else(|e| panic!("the benches need the bundled MNIST: {e}"))
}

/// The tutorials' network for MNIST, 784-50-10, with its initial weights.
pub fn net() -> TwoLayerNet {
    TwoLayerNet::new(MlpConfig::new([784, 50, 10])).expect("sizes in range")
}

/// A matrix of normally distributed numbers, another for every `salt`.
pub fn matrix<F: Float>(n_rows: usize, n_columns: usize, salt: u64) -> Matrix<F> {
    Init::Normal { std: 1.0 }.matrix(n_rows, n_columns, 1, salt)
}

/// Runs `f` in a pool of its own. Measured loops belong inside: entering a pool takes longer than a small step.
///
/// # Panics
/// If the threads cannot be started.
pub fn on_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap_or_else(|e| panic!("cannot start {threads} threads: {e}")).install(f)
}

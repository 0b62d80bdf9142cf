#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod recipe;

use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
    time::Instant,
};

use chainrule_mnist::{ImageSet, Mnist};
use chainrule_tensor::{Float, Init, Matrix};
use chainrule_trainer::{MlpConfig, TwoLayerNet};
use rayon::ThreadPoolBuilder;
use serde_json::Value;

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

/// The pixels of all images, row after row, with MNIST's usual mean 0 and variance 1: no value is zero.
pub fn standardised(set: &ImageSet) -> Vec<f32> {
    set.to_matrix::<f32>(0..set.len()).as_slice().iter().map(|v| (v - 0.1307) / 0.3081).collect()
}

/// Answers the requests on standard input, one a line, until there are no more. `benches/peers/README.md` has the protocol.
///
/// # Errors
/// If standard input or output fails.
pub fn serve(mut answer: impl FnMut(&str) -> Value) -> Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut answer = answer(line.trim());
        answer["work"] = line.trim().into();
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// The median time of a call in µs, of 2000 calls after 200 that warm up. A call gets its number.
pub fn median_time(mut call: impl FnMut(usize)) -> f64 {
    let time = |i| {
        let begun = Instant::now();
        call(i);
        begun.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> = (0..2200).map(time).skip(200).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The word behind `name` on the command line.
pub fn option(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}

/// Runs `f` in a pool of its own. Measured loops belong inside: entering a pool takes longer than a small step.
///
/// # Panics
/// If the threads cannot be started.
pub fn on_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap_or_else(|e| panic!("cannot start {threads} threads: {e}")).install(f)
}

//! The model of the time of a step, and its constants by least squares.

use chainrule_tensor::nalgebra::{Matrix4, Vector4};

/// The median time of a step.
pub(super) struct Cell {
    pub(super) batch_size: usize,
    pub(super) threads: usize,
    pub(super) seconds: f64,
}

/// Up to this many samples are one task of the first phase, see `trainer::minibatch`; the number of tasks is a power of two.
const LARGEST_RUN: usize = 32;

/// The time of a step in seconds:
///
/// ```text
/// t = hand_over·[threads > 1] + serial·batch + per_sample·batch/min(threads, processors, shards)
///   + parameters/min(threads, processors)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) n_processors: usize,
    /// Of all tasks of a step to other threads, and waiting for them.
    pub(crate) hand_over: f64,
    /// Of a sample, where no thread shares it.
    pub(crate) serial: f64,
    /// Of a sample, where threads share them.
    pub(crate) per_sample: f64,
    /// Of all that a step does once, whatever its samples.
    pub(crate) parameters: f64,
}

impl Model {
    /// The constants with the least squares of relative errors; `None` where the cells don't tell them apart, as with one
    /// number of threads. None is below 0: a constant that came out so is taken for 0, and the others are found again.
    pub(crate) fn of(cells: &[&Cell], n_processors: usize) -> Option<Model> {
        let mut is_zero = [false; 4];
        loop {
            let constants = solve(cells, n_processors, is_zero)?;
            match constants.iter().position(|constant| *constant < 0.0) {
                Some(i) => is_zero[i] = true,
                None => {
                    let [hand_over, serial, per_sample, parameters] = constants;
                    return Some(Model { hand_over, serial, per_sample, parameters, n_processors });
                }
            }
        }
    }

    /// What the model says.
    pub(crate) fn seconds(&self, batch_size: usize, threads: usize) -> f64 {
        let constants = Vector4::new(self.hand_over, self.serial, self.per_sample, self.parameters);
        constants.dot(&factors(batch_size, threads, self.n_processors))
    }

    /// By what share of the measured time the model is off where it is worst.
    pub(crate) fn largest_error(&self, cells: &[&Cell]) -> f64 {
        let error = |cell: &&Cell| (self.seconds(cell.batch_size, cell.threads) / cell.seconds - 1.0).abs();
        cells.iter().map(error).fold(0.0, f64::max)
    }
}

/// What each constant is multiplied by.
fn factors(batch_size: usize, threads: usize, n_processors: usize) -> Vector4<f64> {
    let workers = threads.min(n_processors);
    let of_samples = workers.min(batch_size.div_ceil(LARGEST_RUN).next_power_of_two());
    let batch_size = batch_size as f64;
    let hand_over = if threads > 1 { 1.0 } else { 0.0 };
    Vector4::new(hand_over, batch_size, batch_size / of_samples as f64, 1.0 / workers as f64)
}

/// The normal equations of the constants that are not taken for 0.
fn solve(cells: &[&Cell], n_processors: usize, is_zero: [bool; 4]) -> Option<[f64; 4]> {
    let (mut matrix, mut right) = (Matrix4::zeros(), Vector4::zeros());
    for cell in cells {
        let factors = factors(cell.batch_size, cell.threads, n_processors) / cell.seconds;
        let factors = factors.zip_map(&Vector4::from(is_zero), |x, is_zero| if is_zero { 0.0 } else { x });
        matrix += factors * factors.transpose();
        right += factors;
    }
    // With units of their own, so that it can be told whether they are independent.
    let scale = matrix.diagonal().map(|x: f64| if x > 0.0 { 1.0 / x.sqrt() } else { 0.0 });
    for i in 0..4 {
        for j in 0..4 {
            matrix[(i, j)] *= scale[i] * scale[j];
        }
        if is_zero[i] {
            matrix[(i, i)] = 1.0;
        }
    }
    if matrix.determinant() < 1e-9 {
        return None;
    }
    Some(matrix.lu().solve(&right.component_mul(&scale))?.component_mul(&scale).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times on two processors; mini-batches of up to 32 samples are one task.
    fn cells(seconds: impl Fn(f64, f64, bool) -> f64, threads: &[usize]) -> Vec<Cell> {
        let mut cells = Vec::new();
        for batch_size in [32, 100, 512] {
            for &threads in threads {
                let (batch, workers) = (batch_size as f64, threads.min(2) as f64);
                let of_samples = if batch_size == 32 { 1.0 } else { workers };
                let seconds = seconds(batch / of_samples, workers, threads > 1) + 1e-7 * batch;
                cells.push(Cell { batch_size, threads, seconds });
            }
        }
        cells
    }

    fn model(cells: &[Cell]) -> Option<Model> {
        Model::of(&cells.iter().collect::<Vec<_>>(), 2)
    }

    #[test]
    fn constants_are_found_again() {
        let hand_over = |is_shared| if is_shared { 5e-6 } else { 0.0 };
        let cells = cells(|b, workers, shared| hand_over(shared) + 1e-6 * b + 4e-5 / workers, &[1, 2, 4]);
        let model = model(&cells).unwrap();
        for (found, expected) in [
            (model.hand_over, 5e-6),
            (model.serial, 1e-7),
            (model.per_sample, 1e-6),
            (model.parameters, 4e-5),
        ] {
            assert!((found - expected).abs() <= 1e-6 * expected, "{model:?}");
        }
        assert!(model.largest_error(&cells.iter().collect::<Vec<_>>()) <= 1e-9);
    }

    #[test]
    fn no_constant_is_below_zero() {
        let cells = cells(|b, workers, shared| 1e-6 * b + 4e-5 / workers - f64::from(shared) * 2e-6, &[1, 2]);
        let model = model(&cells).unwrap();
        assert!(model.hand_over == 0.0 && model.per_sample > 0.0 && model.parameters > 0.0, "{model:?}");
    }

    #[test]
    fn one_number_of_threads_does_not_tell_what_is_shared() {
        assert_eq!(model(&cells(|b, _, _| 1e-6 * b, &[1])), None);
    }
}

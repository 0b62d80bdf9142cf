//! Initialisers: how the weights of a layer start.

use std::{fmt, str::FromStr};

use crate::{
    Float, Matrix, MatrixViewMut, f32_holds,
    random::{Purpose, generator, standard_normal_pair, uniform},
};

/// The distribution of a weight matrix at the start; biases start at 0.
///
/// | name | distribution | for | source |
/// | --- | --- | --- | --- |
/// | `normal:σ` | N(0, σ²) | σ = 0.01: the tutorial and the book | |
/// | `xavier-uniform` | U(−a, a), a = √(6 / (inputs + outputs)) | sigmoid, tanh | Glorot and Bengio 2010, eq. 16 |
/// | `xavier-normal` | N(0, 2 / (inputs + outputs)) | sigmoid, tanh | Glorot and Bengio 2010, eq. 12 |
/// | `he-uniform` | U(−a, a), a = √(6 / inputs) | ReLU | He et al. 2015, eq. 10 |
/// | `he-normal` | N(0, 2 / inputs) | ReLU | He et al. 2015, eq. 10 |
///
/// The names are what [`FromStr`] reads and [`Display`](fmt::Display) writes; a bare number is `normal`.
///
/// # Examples
/// ```
/// use chainrule_tensor::{Init, Matrix};
/// let w: Matrix<f32> = Init::HeUniform.matrix(50, 784, 1, 0);
/// assert_eq!(w.shape(), (50, 784)); // outputs × inputs
/// assert!(w.iter().all(|w| w.abs() <= (6.0_f32 / 784.0).sqrt()));
/// assert_eq!("0.01".parse(), Ok(Init::Normal { std: 0.01 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[non_exhaustive]
pub enum Init {
    /// N(0, std²).
    Normal {
        /// The standard deviation, finite and not negative.
        std: f64,
    },
    /// U(−a, a) with a = √(6 / (inputs + outputs)).
    XavierUniform,
    /// N(0, 2 / (inputs + outputs)).
    XavierNormal,
    /// U(−a, a) with a = √(6 / inputs).
    HeUniform,
    /// N(0, 2 / inputs).
    HeNormal,
    /// Every value the same: what biases, scales and running statistics start as. It has no name that could be read, since
    /// weights that start equal stay equal.
    Constant {
        /// The value.
        value: f64,
    },
}

impl Init {
    /// Whether the standard deviation of [`Normal`](Init::Normal) is finite and not negative, and a number that
    /// [`f32_holds`]; the others are always usable.
    pub fn is_valid(self) -> bool {
        match self {
            Init::Normal { std } => f32_holds(std) && std >= 0.0,
            _ => true,
        }
    }

    /// Whether the values are drawn.
    pub fn is_random(self) -> bool {
        !matches!(self, Init::Constant { .. })
    }

    /// The standard deviation of the weights of a layer with so many inputs and outputs.
    ///
    /// # Examples
    /// ```
    /// use chainrule_tensor::Init;
    /// assert_eq!(Init::HeNormal.std(50, 10), 0.2); // √(2 / 50)
    /// assert_eq!(Init::XavierUniform.std(40, 10), 0.2); // a / √3 = √(2 / (40 + 10))
    /// ```
    pub fn std(self, n_inputs: usize, n_outputs: usize) -> f64 {
        let (fan_in, fan_out) = (n_inputs as f64, n_outputs as f64);
        match self {
            Init::Normal { std } => std,
            Init::XavierNormal | Init::XavierUniform => (2.0 / (fan_in + fan_out)).sqrt(),
            Init::HeNormal | Init::HeUniform => (2.0 / fan_in).sqrt(),
            Init::Constant { .. } => 0.0,
        }
    }

    /// The initial weights of a layer, a pure function of `seed` and `layer`; see [`fill`](Init::fill).
    ///
    /// # Shapes
    /// The result is `n_outputs × n_inputs`.
    pub fn matrix<F: Float>(self, n_outputs: usize, n_inputs: usize, seed: u64, layer: u64) -> Matrix<F> {
        let mut w = Matrix::zeros(n_outputs, n_inputs);
        self.fill((&mut w).into(), seed, layer);
        w
    }

    /// Writes initial weights, outputs × inputs, a pure function of `seed` and `layer`.
    ///
    /// Values are drawn column after column (all weights of input 0 first), in `f64`, and rounded to `F`.
    pub fn fill<F: Float>(self, mut w: MatrixViewMut<'_, F>, seed: u64, layer: u64) {
        let mut rng = generator(seed, Purpose::Initialise, layer, 0);
        let (fan_in, fan_out) = (w.n_columns() as f64, w.n_rows() as f64);
        let std = self.std(w.n_columns(), w.n_rows());
        let w = w.as_mut_slice();
        match self {
            Init::Normal { .. } | Init::XavierNormal | Init::HeNormal => fill_normal(w, std, &mut rng),
            Init::XavierUniform => fill_uniform(w, (6.0 / (fan_in + fan_out)).sqrt(), &mut rng),
            Init::HeUniform => fill_uniform(w, (6.0 / fan_in).sqrt(), &mut rng),
            Init::Constant { value } => w.fill(F::of(value)),
        }
    }
}

fn fill_normal<F: Float>(values: &mut [F], std: f64, rng: &mut impl rand::Rng) {
    for pair in values.chunks_mut(2) {
        for (value, normal) in pair.iter_mut().zip(standard_normal_pair(rng)) {
            *value = F::of(std * normal);
        }
    }
}

fn fill_uniform<F: Float>(values: &mut [F], limit: f64, rng: &mut impl rand::Rng) {
    for value in values {
        *value = F::of(limit * (2.0 * uniform(rng) - 1.0));
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Init::Normal { std } => write!(f, "normal:{std:?}"),
            Init::XavierUniform => f.write_str("xavier-uniform"),
            Init::XavierNormal => f.write_str("xavier-normal"),
            Init::HeUniform => f.write_str("he-uniform"),
            Init::HeNormal => f.write_str("he-normal"),
            Init::Constant { value } => write!(f, "constant:{value:?}"),
        }
    }
}

impl From<Init> for String {
    fn from(init: Init) -> String {
        init.to_string()
    }
}

/// A text that names no initialisation.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InitError {
    /// The text.
    pub found: String,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "found \"{}\", expected xavier-uniform, xavier-normal, he-uniform, he-normal or the standard deviation of a normal \
             distribution, finite and not negative",
            self.found
        )
    }
}

crate::debug_is_display!(InitError);

impl std::error::Error for InitError {}

impl TryFrom<String> for Init {
    type Error = InitError;

    fn try_from(text: String) -> Result<Self, InitError> {
        text.parse()
    }
}

impl FromStr for Init {
    type Err = InitError;

    fn from_str(text: &str) -> Result<Self, InitError> {
        let named = [Init::XavierUniform, Init::XavierNormal, Init::HeUniform, Init::HeNormal];
        let normal = text.strip_prefix("normal:").unwrap_or(text).parse().map(|std| Init::Normal { std });
        let known = named.into_iter().find(|init| init.to_string() == text).or(normal.ok());
        known.filter(|init| init.is_valid()).ok_or_else(|| InitError { found: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let all = [
            Init::Normal { std: 0.01 },
            Init::XavierUniform,
            Init::XavierNormal,
            Init::HeUniform,
            Init::HeNormal,
        ];
        for init in all {
            assert_eq!(init.to_string().parse(), Ok(init));
        }
        for bad in ["", "he", "NaN", "-0.1", "inf", "1e39", "normal:", "normal:x"] {
            assert!(bad.parse::<Init>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_spread_is_what_the_paper_says() {
        // 200,000 draws: the relative standard error of a standard deviation is 1/√(2n) = 0.16 %.
        for (init, expected) in [
            (Init::Normal { std: 0.01 }, 0.01),
            (Init::XavierUniform, (2.0_f64 / 900.0).sqrt()),
            (Init::XavierNormal, (2.0_f64 / 900.0).sqrt()),
            (Init::HeUniform, (2.0_f64 / 500.0).sqrt()),
            (Init::HeNormal, (2.0_f64 / 500.0).sqrt()),
        ] {
            let w: Matrix<f64> = init.matrix(400, 500, 7, 0);
            let mean = w.mean();
            let std = w.variance().sqrt();
            assert!(mean.abs() <= 5.0 * expected / 200_000_f64.sqrt(), "{init}: mean {mean}");
            assert!((std / expected - 1.0).abs() <= 0.01, "{init}: {std}, expected {expected}");
        }
    }
}

//! The table: who applied, with which grades, and who was admitted.

use std::{error::Error, path::Path};

use chainrule::tensor::random::{Purpose, generator, index, standard_normal_pair, uniform};
use chainrule::tensor::{Matrix, one_hot};
use chainrule_csv::Table;

use crate::SEED;

/// A column of the table each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Applicants {
    /// 1 for the admitted, 0 for the others.
    pub(crate) admit: Vec<usize>,
    pub(crate) gre: Vec<f64>,
    pub(crate) gpa: Vec<f64>,
    /// Of the school they come from: 0 for the first to 3 for the fourth, which the file counts from 1.
    pub(crate) rank: Vec<usize>,
}

impl Applicants {
    /// Made-up records from a logistic model, record *r* a pure function of the seed and *r*:
    ///
    /// - gre: normal with mean 580 and standard deviation 110, rounded to twenties, from 200 to 800;
    /// - gpa: normal with mean 3.4 and standard deviation 0.4, rounded to hundredths, from 2 to 4;
    /// - rank: 1 to 4, equally likely;
    /// - admitted with probability σ(0.8·(gre − 580)/110 + 0.8·(gpa − 3.4)/0.4 − 0.8·(rank − 2.5) − 0.8).
    pub(crate) fn synthetic(n_rows: usize) -> Applicants {
        let mut applicants = Applicants { admit: vec![], gre: vec![], gpa: vec![], rank: vec![] };
        for row in 0..n_rows {
            let mut rng = generator(SEED, Purpose::Draw, row as u64, 0);
            let [z1, z2] = standard_normal_pair(&mut rng);
            let gre = (20.0 * ((580.0 + 110.0 * z1) / 20.0).round()).clamp(200.0, 800.0);
            let gpa = ((100.0 * (3.4 + 0.4 * z2)).round() / 100.0).clamp(2.0, 4.0);
            let rank = index(&mut rng, 4);
            let logit =
                0.8 * (gre - 580.0) / 110.0 + 0.8 * (gpa - 3.4) / 0.4 - 0.8 * (rank as f64 - 1.5) - 0.8;
            let probability = 1.0 / (1.0 + (-logit).exp());
            applicants.admit.push(usize::from(uniform(&mut rng) < probability));
            applicants.gre.push(gre);
            applicants.gpa.push(gpa);
            applicants.rank.push(rank);
        }
        applicants
    }

    /// Reads the four columns of a file, wherever in it they are.
    pub(crate) fn read(path: &Path) -> Result<Applicants, chainrule_csv::Error> {
        let table = Table::read(path)?;
        Ok(Applicants {
            admit: table.classes_among("admit", &["0", "1"])?,
            gre: table.column("gre")?,
            gpa: table.column("gpa")?,
            rank: table.classes_among("rank", &["1", "2", "3", "4"])?,
        })
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.admit.len()
    }

    /// What goes into the network, 6 × records: gre and gpa, standardised over all records, and the rank one-hot.
    pub(crate) fn features(&self) -> Result<Matrix<f64>, Box<dyn Error>> {
        let (gre, gpa) = (standardised("gre", &self.gre)?, standardised("gpa", &self.gpa)?);
        let rank = one_hot(&self.rank, 4);
        Ok(Matrix::from_fn(6, self.n_rows(), |i, j| match i {
            0 => gre[j],
            1 => gpa[j],
            _ => rank[(i - 2, j)],
        }))
    }

    /// What should come out, 1 × records.
    pub(crate) fn targets(&self) -> Matrix<f64> {
        Matrix::from_fn(1, self.n_rows(), |_, j| self.admit[j] as f64)
    }
}

/// (x − mean) / s with the standard deviation of a sample, s² = Σ(x − mean)² / (n − 1).
fn standardised(name: &str, values: &[f64]) -> Result<Vec<f64>, Box<dyn Error>> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    if deviation > 0.0 && deviation.is_finite() {
        Ok(values.iter().map(|x| (x - mean) / deviation).collect())
    } else {
        let n = values.len();
        Err(format!(
            "{name}: the standard deviation of the {n} values is {deviation}, expected a finite one above 0"
        )
        .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_by_hand() {
        // Mean 500 and s² = (100² + 0 + 100²) / 2 = 100²; mean 3 and s = 1.
        let applicants = Applicants {
            admit: vec![0, 1, 1],
            gre: vec![400.0, 500.0, 600.0],
            gpa: vec![4.0, 3.0, 2.0],
            rank: vec![0, 3, 1],
        };
        let expected = [
            [-1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            [1.0, -1.0, 0.0, 1.0, 0.0, 0.0],
        ];
        assert_eq!(applicants.features().unwrap().as_slice(), expected.as_flattened());
        assert_eq!(applicants.targets().as_slice(), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn values_that_cannot_be_standardised() {
        for (values, deviation) in [(&[3.0, 3.0][..], "0"), (&[3.0], "NaN"), (&[-1e308, 1e308], "inf")] {
            let message = standardised("gre", values).unwrap_err().to_string();
            let (n, rest) = (values.len(), "expected a finite one above 0");
            assert_eq!(
                message,
                format!("gre: the standard deviation of the {n} values is {deviation}, {rest}")
            );
        }
    }
}

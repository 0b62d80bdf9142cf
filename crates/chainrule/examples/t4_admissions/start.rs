//! Where training starts: the records that train, and the initial weights.

use std::{collections::BTreeSet, error::Error, fs, path::Path};

use chainrule::tensor::random::{Purpose, generator, shuffle};
use chainrule::tensor::{Init, Matrix, in_words};
use serde::Deserialize;

use crate::{SEED, net::Net};

#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// In the order in which they are taken, from 0.
    pub(crate) train_rows: Vec<usize>,
    pub(crate) net: Net,
}

/// What is needed of a file in the form of `reference.json`; there may be more in it.
#[derive(Deserialize)]
struct Reference {
    train_rows: Vec<usize>,
    /// A row for each of the six inputs.
    w_input_hidden: [[f64; 2]; 6],
    w_hidden_output: [f64; 2],
}

impl Start {
    /// Nine tenths of the records, chosen by the seed, and weights from N(0, 1/√6).
    pub(crate) fn random(n_rows: usize) -> Start {
        let mut train_rows: Vec<usize> = (0..n_rows).collect();
        shuffle(&mut generator(SEED, Purpose::Shuffle, 0, 0), &mut train_rows);
        train_rows.truncate(n_rows * 9 / 10);
        let init = Init::Normal { std: 1.0 / 6.0_f64.sqrt() };
        let net = Net { w1: init.matrix(2, 6, SEED, 0), w2: init.matrix(1, 2, SEED, 1) };
        Start { train_rows, net }
    }

    /// Reads a reference for a table of `n_rows` records.
    pub(crate) fn read(path: &Path, n_rows: usize) -> Result<Start, Box<dyn Error>> {
        let text = fs::read_to_string(path)
            .map_err(|cause| format!("{}: cannot be read: {cause}", path.display()))?;
        let reference = serde_json::from_str(&text)
            .map_err(|cause| format!("{}: {}", path.display(), in_words(&cause.to_string())))?;
        let Reference { train_rows, w_input_hidden, w_hidden_output } = reference;
        if let Some(row) = train_rows.iter().find(|row| **row >= n_rows) {
            let path = path.display();
            return Err(
                format!("{path}: training row {row}, expected one of the table's {n_rows}, from 0").into()
            );
        }
        if train_rows.iter().collect::<BTreeSet<_>>().len() != train_rows.len() {
            return Err(format!("{}: a training row is listed twice", path.display()).into());
        }
        // The rows of the file are columns here.
        let w1 = Matrix::from_column_slice(2, 6, w_input_hidden.as_flattened());
        let w2 = Matrix::from_row_slice(1, 2, &w_hidden_output);
        Ok(Start { train_rows, net: Net { w1, w2 } })
    }
}

/// The records of a table of `n_rows` that are not among `rows`, in the order of the table.
pub(crate) fn others(rows: &[usize], n_rows: usize) -> Vec<usize> {
    let rows: BTreeSet<usize> = rows.iter().copied().collect();
    (0..n_rows).filter(|row| !rows.contains(row)).collect()
}

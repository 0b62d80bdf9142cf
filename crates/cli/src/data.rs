//! `--data-dir`: the data set that a command loads.

use std::{env, path::PathBuf};

use chainrule_mnist::{ImageSet, Mnist};
use chainrule_trainer::{Checkpoint, DataIdentity, data_identity};
use clap::Args;

use crate::{Result, output};

/// Where MNIST is in the repository.
const BUNDLED: &str = "datasets/mnist";

#[derive(Args, Debug, Default)]
pub struct Data {
    /// Folder with the four files of MNIST or of other data in its format, gzipped or not [default: datasets/mnist of the
    /// repository]
    #[arg(long = "data-dir", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

impl Data {
    /// The data set in the folder, or the bundled MNIST, whose checksums are compared with the published ones.
    pub fn load(&self) -> Result<Mnist> {
        output::spin(true, "loading the data", || match &self.folder {
            Some(folder) => Ok(Mnist::load(folder)?),
            None => bundled(),
        })
    }

    /// The files that are read, as far as they are found, each with the option that names it.
    pub(crate) fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let folder = self.folder.clone().or_else(|| bundled_folder().1);
        let files = folder.and_then(|folder| Mnist::files(folder).ok());
        files.into_iter().flatten().map(|file| ("--data-dir", file)).collect()
    }
}

/// Under which name a checkpoint tells which test set its figures are of.
const TEST_SET: &str = "test set";

/// What a checkpoint of a run with this test set says of it.
pub(crate) fn told(test: &ImageSet) -> (&'static str, Vec<u8>) {
    (TEST_SET, serde_json::to_vec(&data_identity(test)).expect("numbers have a JSON form"))
}

/// What a checkpoint knows of the data of its run.
pub(crate) struct Known {
    pub(crate) test: Option<DataIdentity>,
    training: Option<DataIdentity>,
}

impl Known {
    pub(crate) fn of(checkpoint: &Checkpoint) -> Known {
        let test = checkpoint.extra.get(TEST_SET).and_then(|told| serde_json::from_slice(told).ok());
        let training = checkpoint.state.as_ref().map(|state| state.data());
        Known { test, training: training.filter(|training| *training != DataIdentity::default()) }
    }

    /// A sentence, if the test set is known and is another one.
    pub(crate) fn other_test_set(&self, test: &ImageSet) -> Option<String> {
        let (found, expected) = (data_identity(test), self.test?);
        (found != expected)
            .then(|| format!("the test set is {found}, that of the network's run was {expected}"))
    }
}

/// A sentence, if the network's own data are known and are others: by the test set, or else by what the run was trained on.
pub(crate) fn other_data(known: &Known, mnist: &Mnist) -> Option<String> {
    if known.test.is_some() {
        return known.other_test_set(&mnist.test);
    }
    let expected = known.training?;
    let mut train = mnist.train.clone();
    // Of a run with `--train-limit`.
    train.truncate(usize::try_from(expected.n_samples).unwrap_or(usize::MAX));
    let found = data_identity(&train);
    (found != expected)
        .then(|| format!("the training set is {found}, that of the network's run was {expected}"))
}

/// Where the repository's own copy of MNIST is looked for, and where it is.
fn bundled_folder() -> (Vec<PathBuf>, Option<PathBuf>) {
    let program = env::current_exe().ok().and_then(|program| Some(program.parent()?.to_path_buf()));
    let places: Vec<PathBuf> = env::current_dir().into_iter().chain(program).collect();
    let mut folders = places.iter().flat_map(|place| place.ancestors()).map(|folder| folder.join(BUNDLED));
    let found = folders.find(|folder| folder.is_dir());
    (places, found)
}

/// The repository's own copy of MNIST, if the current folder or the program is in the repository.
fn bundled() -> Result<Mnist> {
    let (places, folder) = bundled_folder();
    let Some(folder) = folder else {
        let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let places = places.join(" or ");
        return Err(format!(
            "MNIST was not found: there is no {BUNDLED} in {places}, or in a folder above; say where it is with --data-dir DIR"
        )
        .into());
    };
    Mnist::load_verified(&folder).map_err(|error| {
        format!("{error}; restore {BUNDLED} (git checkout {BUNDLED}) or use --data-dir DIR").into()
    })
}

//! `--data-dir`: the data set that a command loads.

use std::{
    env, fs,
    path::{self, Path, PathBuf},
};

use chainrule_mnist::{ImageSet, Mnist};
use chainrule_trainer::{Checkpoint, DataIdentity, data_identity};
use clap::Args;

use crate::{Result, output};

/// Where MNIST is in the repository.
const BUNDLED: &str = "datasets/mnist";

/// Where Debian's packages have data sets, each in a folder of its own.
const OF_THE_SYSTEM: &str = "/usr/share/datasets";

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
        let folder = self.folder.clone().or_else(bundled_folder);
        let files = folder.and_then(|folder| Mnist::files(folder).ok());
        files.into_iter().flatten().map(|file| ("--data-dir", file)).collect()
    }

    /// The data for saved networks. A folder that is named is what is wanted; else, if MNIST is not what all of them were trained
    /// on, the data that most were, of all that are found. Also returns the folder, if it was named or found so.
    pub(crate) fn load_for<'k>(
        &self,
        networks: impl Iterator<Item = &'k Known> + Clone,
    ) -> Result<(Mnist, Option<PathBuf>)> {
        let mut found = self.load().map(|mnist| (mnist, self.folder.clone()));
        let n_fit = |mnist: &Mnist| networks.clone().filter(|known| known.is_of(mnist)).count();
        let mut n_best = found.as_ref().map_or(0, |(mnist, _)| n_fit(mnist));
        let n_known = networks.clone().filter(|known| known.is_any()).count();
        if self.folder.is_some() {
            return found;
        }
        for folder in networks.clone().filter_map(|known| known.folder.clone()).chain(data_sets()) {
            if n_best == n_known {
                break;
            }
            // Whatever else is in these folders is no data of the network's.
            let Ok(mnist) = Mnist::load(&folder) else { continue };
            let n = n_fit(&mnist);
            if n > n_best {
                (found, n_best) = (Ok((mnist, Some(folder))), n);
            }
        }
        found
    }

    /// What checkpoints of a run with these data and this test set say of them.
    pub(crate) fn told(&self, test: &ImageSet) -> Vec<(&'static str, Vec<u8>)> {
        let identity = serde_json::to_vec(&data_identity(test)).expect("numbers have a JSON form");
        let folder = self.folder.as_ref().and_then(|folder| path::absolute(folder).ok());
        let folder = folder.and_then(|folder| Some((FOLDER, folder.to_str()?.as_bytes().to_vec())));
        [(TEST_SET, identity)].into_iter().chain(folder).collect()
    }
}

/// Under which name a checkpoint tells which test set its figures are of, and which folder had been named.
const TEST_SET: &str = "test set";
const FOLDER: &str = "data folder";

/// What a checkpoint knows of the data of its run.
pub(crate) struct Known {
    pub(crate) test: Option<DataIdentity>,
    pub(crate) training: Option<DataIdentity>,
    /// Where they were.
    pub(crate) folder: Option<PathBuf>,
}

impl Known {
    pub(crate) fn of(checkpoint: &Checkpoint) -> Known {
        let test = checkpoint.extra.get(TEST_SET).and_then(|told| serde_json::from_slice(told).ok());
        let training = checkpoint.state.as_ref().map(|state| state.data());
        let folder = checkpoint.extra.get(FOLDER).and_then(|folder| std::str::from_utf8(folder).ok());
        // A file from elsewhere makes nobody ask another machine.
        let folder = folder.filter(|folder| !folder.starts_with(r"\\")).map(PathBuf::from);
        Known { test, training: training.filter(|training| *training != DataIdentity::default()), folder }
    }

    fn told_apart(&self, set: &str, found: DataIdentity, expected: DataIdentity) -> String {
        let place = self.folder.as_ref().map(|folder| format!(", in {}", folder.display()));
        let place = place.unwrap_or_default();
        format!("the {set} set is {found}, that of the network's run was {expected}{place}")
    }

    fn is_any(&self) -> bool {
        self.test.or(self.training).is_some()
    }

    /// Whether these are known to be the network's own data.
    fn is_of(&self, mnist: &Mnist) -> bool {
        self.is_any() && other_data(self, mnist).is_none()
    }

    /// A sentence, if the test set is known and is another one.
    pub(crate) fn other_test_set(&self, test: &ImageSet) -> Option<String> {
        let (found, expected) = (data_identity(test), self.test?);
        (found != expected).then(|| self.told_apart("test", found, expected))
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
    (found != expected).then(|| known.told_apart("training", found, expected))
}

/// Where a folder of the repository, or of the one that the program is in, may be.
fn places() -> Vec<PathBuf> {
    let program = env::current_exe().ok().and_then(|program| Some(program.parent()?.to_path_buf()));
    env::current_dir().into_iter().chain(program).collect()
}

fn above<'p>(places: &'p [PathBuf], folder: &'p str) -> impl Iterator<Item = PathBuf> + 'p {
    places.iter().flat_map(|place| place.ancestors()).map(move |above| above.join(folder))
}

/// The folders in which other data sets may be: those beside MNIST, and the system's.
fn data_sets() -> Vec<PathBuf> {
    let beside = bundled_folder();
    let all = beside.as_deref().and_then(Path::parent).into_iter().chain([Path::new(OF_THE_SYSTEM)]);
    let mut folders: Vec<PathBuf> =
        all.flat_map(fs::read_dir).flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.retain(|folder| folder.is_dir() && beside.as_ref() != Some(folder));
    folders
}

/// The repository's own copy of MNIST, if the current folder or the program is in the repository.
fn bundled_folder() -> Option<PathBuf> {
    above(&places(), BUNDLED).find(|folder| folder.is_dir())
}

fn bundled() -> Result<Mnist> {
    let Some(folder) = bundled_folder() else {
        let places = places();
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

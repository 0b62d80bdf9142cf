//! `Mnist`: the training set and the test set, from a folder of four files.

use std::fs;
use std::io::ErrorKind;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use crate::{Digest, Error, ImageSet, Problem};

/// The names of the four files: training images and labels, test images and labels. Each may be followed by `.gz`, and have
/// a dot in place of the hyphen before `idx`.
pub const FILE_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The SHA-256 of the files that LeCun, Cortes and Burges published, uncompressed.
const MNIST_DIGESTS: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// MNIST, or a data set in the same format: a training set and a test set of images of one size.
///
/// # Examples
/// ```
/// use chainrule_mnist::Mnist;
/// let mnist = Mnist::load_verified(concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/mnist"))?;
/// assert_eq!((mnist.train.len(), mnist.test.len(), mnist.train.n_pixels()), (60_000, 10_000, 784));
/// assert_eq!((mnist.train.label(0), mnist.test.label(0)), (5, 7));
/// # Ok::<(), chainrule_mnist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mnist {
    /// The training set: 60,000 samples in MNIST.
    pub train: ImageSet,
    /// The test set: 10,000 samples in MNIST.
    pub test: ImageSet,
    digests: Option<[Digest; 4]>,
}

impl Mnist {
    /// A data set made in memory.
    ///
    /// # Panics
    /// Unless the images of both have the same rows and columns.
    #[track_caller]
    pub fn new(train: ImageSet, test: ImageSet) -> Mnist {
        let (train_size, test_size) = (size(&train), size(&test));
        assert!(
            train_size == test_size,
            "training images of {}×{} pixels, test images of {}×{}",
            train_size.0,
            train_size.1,
            test_size.0,
            test_size.1
        );
        Mnist { train, test, digests: None }
    }

    /// Reads the files [`FILE_NAMES`] of a folder: MNIST or any data set in its format, such as Fashion-MNIST.
    ///
    /// Names with a dot, such as `train-images.idx3-ubyte`, are known, and so are folders of these names with the file in
    /// them, as Kaggle's archive has both. Where a file is there plain and as `.gz`, the plain one is read. The two sets are read in two threads. Memory is bounded
    /// as [`read_images`](crate::read_images) says, whatever the headers announce.
    ///
    /// # Errors
    /// - [`Problem::NoFolder`] or [`Problem::NoFile`] if there is nothing to read;
    /// - [`Problem::CountMismatch`] or [`Problem::SizeMismatch`] if the files do not belong together;
    /// - those of [`read_images`](crate::read_images) and [`read_labels`](crate::read_labels).
    pub fn load(folder: impl AsRef<Path>) -> Result<Mnist, Error> {
        // Only borrowed: a temporary folder that was handed over lasts until its files are read.
        Mnist::load_files(Mnist::files(&folder)?)
    }

    /// The four files that [`load`](Mnist::load) reads, in the order of [`FILE_NAMES`].
    ///
    /// # Errors
    /// [`Problem::NoFolder`] or [`Problem::NoFile`] if there is nothing to read.
    pub fn files(folder: impl AsRef<Path>) -> Result<[PathBuf; 4], Error> {
        find_files(folder.as_ref())
    }

    /// Reads a folder that must hold MNIST itself: every file has the published SHA-256, uncompressed.
    ///
    /// # Errors
    /// [`Problem::WrongDigest`] for the first file that differs, and those of [`load`](Mnist::load).
    pub fn load_verified(folder: impl AsRef<Path>) -> Result<Mnist, Error> {
        let files = find_files(folder.as_ref())?;
        let mnist = Mnist::load_files(files.clone())?;
        for ((path, found), expected) in
            files.into_iter().zip(mnist.digests.into_iter().flatten()).zip(MNIST_DIGESTS)
        {
            if found.to_string() != expected {
                return Err(Problem::WrongDigest { found, expected }.at(&path));
            }
        }
        Ok(mnist)
    }

    fn load_files(
        [train_images, train_labels, test_images, test_labels]: [PathBuf; 4],
    ) -> Result<Mnist, Error> {
        let load_test = || ImageSet::load_hashed(&test_images, &test_labels);
        let (train, test) = thread::scope(|scope| {
            let test = thread::Builder::new().spawn_scoped(scope, load_test);
            let train = ImageSet::load_hashed(&train_images, &train_labels);
            // Where no thread can be started, this one reads both.
            let test = test.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            (train, test.unwrap_or_else(|_| load_test()))
        });
        let ((train, of_train), (test, of_test)) = (train?, test?);
        let (train_size, test_size) = (size(&train), size(&test));
        if train_size != test_size {
            return Err(Problem::SizeMismatch { train_size, test: test_images, test_size }.at(&train_images));
        }
        Ok(Mnist { train, test, digests: Some([of_train[0], of_train[1], of_test[0], of_test[1]]) })
    }

    /// Writes the four files, uncompressed, into a folder, which is made if it is not there.
    ///
    /// For `.gz`, give [`ImageSet::save`] names that end so.
    ///
    /// # Errors
    /// [`Problem::Write`] for the first file that cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|cause| Problem::Write { cause }.at(folder))?;
        let [train_images, train_labels, test_images, test_labels] = FILE_NAMES.map(|name| folder.join(name));
        self.train.save(train_images, train_labels)?;
        self.test.save(test_images, test_labels)
    }

    /// The SHA-256 of the uncompressed files in the order of [`FILE_NAMES`], as they were read; `None` for a data set
    /// made in memory.
    pub fn digests(&self) -> Option<&[Digest; 4]> {
        self.digests.as_ref()
    }

    /// Whether this was read from the files of MNIST, told by their SHA-256.
    pub fn is_mnist(&self) -> bool {
        self.digests.is_some_and(|digests| digests.map(|digest| digest.to_string()) == MNIST_DIGESTS)
    }
}

/// Rows and columns of the images.
fn size(set: &ImageSet) -> (usize, usize) {
    (set.images().n_rows(), set.images().n_columns())
}

/// All four before any is read, so that a missing file is told at once.
fn find_files(folder: &Path) -> Result<[PathBuf; 4], Error> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            return Err(Problem::Read { cause }.at(folder));
        }
        found => return Err(Problem::NoFolder { is_file: found.is_ok() }.at(folder)),
    }
    let [a, b, c, d] = FILE_NAMES.map(|name| find_file(folder, name));
    Ok([a?, b?, c?, d?])
}

fn find_file(folder: &Path, name: &'static str) -> Result<PathBuf, Error> {
    let names = [name.to_owned(), name.replacen("-idx", ".idx", 1)];
    let places = [folder.to_owned(), folder.join(&names[0]), folder.join(&names[1])];
    let mut no_file = None;
    // The plain file is there sooner than the compressed one is inflated.
    for extension in ["", ".gz"] {
        for (place, name) in places.iter().flat_map(|place| names.iter().map(move |name| (place, name))) {
            let path = place.join(format!("{name}{extension}"));
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => return Ok(path),
                // A folder or a pipe: opening it says so, unless there is a file.
                Ok(_) => no_file = no_file.or(Some(path)),
                Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(cause) => return Err(Problem::Read { cause }.at(&path)),
            }
        }
    }
    no_file.ok_or_else(|| Problem::NoFile { name }.at(folder))
}

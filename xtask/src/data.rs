//! Which data a command works on.

use std::path::{Path, PathBuf};

use chainrule_mnist::Mnist;

use crate::{Result, output};

/// The data set in `folder`, or the bundled MNIST, whose checksums are compared with the published ones.
pub(crate) fn load(folder: Option<&Path>) -> Result<Mnist> {
    output::spin_if_long(true, "reading the data", || read(folder))
}

fn read(folder: Option<&Path>) -> Result<Mnist> {
    match folder {
        Some(folder) => Ok(Mnist::load(folder)?),
        None => Mnist::load_verified(bundled()).map_err(|error| {
            format!("{error}; restore datasets/mnist (git checkout datasets/mnist) or use --data-dir DIR")
                .into()
        }),
    }
}

/// The repository's own copy of MNIST.
fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/mnist")
}

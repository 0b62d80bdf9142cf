//! `--data-dir`: the data set that a command loads.

use std::{env, path::PathBuf};

use chainrule_mnist::Mnist;
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
}

/// The repository's own copy of MNIST, if the current folder or the program is in the repository.
fn bundled() -> Result<Mnist> {
    let program = env::current_exe().ok().and_then(|program| Some(program.parent()?.to_path_buf()));
    let places: Vec<PathBuf> = env::current_dir().into_iter().chain(program).collect();
    let mut folders = places.iter().flat_map(|place| place.ancestors()).map(|folder| folder.join(BUNDLED));
    let Some(folder) = folders.find(|folder| folder.is_dir()) else {
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

//! The files that a target begins with.

use std::{fs, path::Path};

use crate::{Random, mutated};

/// The longest that bytes without any meaning are.
const LONGEST_NOISE: usize = 300;

/// Calls `target` with every seed in the folder, cut at many places, with all of them changed in `n` ways, and with `n`
/// times random bytes. Returns the seeds.
///
/// # Panics
/// If there are no seeds, or `target` panics.
pub fn run(seeds: impl AsRef<Path>, n: usize, target: impl Fn(&[u8])) -> Vec<Vec<u8>> {
    let seeds = read(seeds.as_ref());
    for seed in &seeds {
        target(seed);
        (0..seed.len()).step_by(1 + seed.len() / 200).for_each(|length| target(&seed[..length]));
    }
    let mut random = Random(1);
    for _ in 0..n {
        target(&mutated(&seeds, &mut random));
        let noise: Vec<u8> = (0..random.below(LONGEST_NOISE)).map(|_| random.number() as u8).collect();
        target(&noise);
        // What leads into the reader, and nonsense behind it.
        let seed = &seeds[random.below(seeds.len())];
        target(&[&seed[..random.below(seed.len() + 1)], &noise].concat());
    }
    seeds
}

/// All files of the folder, in the order of their names.
fn read(folder: &Path) -> Vec<Vec<u8>> {
    let cannot = |cause| panic!("{}: {cause}", folder.display());
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap_or_else(cannot).map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no seeds", folder.display());
    paths.iter().map(|path| fs::read(path).expect("the file is there")).collect()
}

/// Makes the folder hold these files and no others.
///
/// # Panics
/// If it cannot be written to.
pub fn write<N: AsRef<str>>(folder: impl AsRef<Path>, files: impl IntoIterator<Item = (N, Vec<u8>)>) {
    let folder = folder.as_ref();
    // It may not be there yet.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("the folder can be made");
    for (name, bytes) in files {
        fs::write(folder.join(name.as_ref()), bytes).expect("the file can be written");
    }
}

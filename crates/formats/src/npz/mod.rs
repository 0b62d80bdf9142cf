//! npz: a zip archive of arrays, as `numpy.savez` writes it and `numpy.load` reads it, without pickle.
//!
//! ```text
//! 0.weight.npy    float32, [outputs, inputs]      the other tensors likewise, by PyTorch's names
//! comment         {"chainrule":{…}}               the archive's comment describes the network
//! ```
//! Source: NumPy's documentation, "NEP 1, a simple file format for NumPy arrays". The description is not an array of its
//! own, so that all arrays together are what `load_state_dict` expects.
//!
//! In Python: `arrays = numpy.load("net.npz")`, then `x @ arrays["0.weight"].T + arrays["0.bias"]`, and so on.
//!
//! Archives of `numpy.savez_compressed` are read too. What inflates to more than eight times the file, as pruned networks do,
//! takes a limit of one's own: [`read_up_to`].

mod npy;
mod zip;

use std::path::Path;

use chainrule_trainer::Network;

use crate::{Error, Problem, StateDict, description, file};

/// Writes `net` to the file `path`. What was there before stays until the new file is whole.
///
/// # Errors
/// [`Error::Io`] if it cannot be written; [`Error::File`], and nothing is written, if a parameter is not finite, or the
/// description of the network is longer than the comment of an archive can be (its encoding has very many values).
///
/// # Examples
/// ```
/// use chainrule_formats::npz;
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let net = Mlp::new(&MlpConfig::new([784, 50, 10]))?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.npz");
/// npz::save(&net, &path)?;
/// assert_eq!(npz::load(&path)?.parameters_crc32(), net.parameters_crc32());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(net: &Network, path: impl AsRef<Path>) -> Result<(), Error> {
    file::write(path.as_ref(), || to_bytes(&StateDict::of(net)?))
}

/// The network in the file `path`, which must be one that describes it, as [`save`]'s do.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::File`] if it is damaged, or describes no network: then use [`read`].
pub fn load(path: impl AsRef<Path>) -> Result<Network, Error> {
    file::read(path.as_ref(), |bytes| from_bytes(bytes)?.to_network())
}

/// The arrays in the file `path`.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::File`] if it is damaged.
pub fn read(path: impl AsRef<Path>) -> Result<StateDict, Error> {
    file::read(path.as_ref(), from_bytes)
}

/// The same for arrays that are up to `max_unpacked` bytes together, however small the file is: those of a pruned network are
/// nearly all 0, and a file of a few kilobytes may hold millions of them.
///
/// # Errors
/// As [`read`].
pub fn read_up_to(path: impl AsRef<Path>, max_unpacked: u64) -> Result<StateDict, Error> {
    file::read(path.as_ref(), |bytes| from_bytes_up_to(bytes, max_unpacked))
}

/// The bytes of a file with these tensors.
///
/// # Errors
/// [`Problem::NotExported`] if the description of the network does not fit into the comment of an archive.
pub fn to_bytes(state: &StateDict) -> Result<Vec<u8>, Problem> {
    let comment = match state.description()? {
        Some(json) => format!("{{\"{}\":{json}}}", description::KEY),
        None => String::new(),
    };
    let members = state.tensors().iter().filter_map(|tensor| {
        let values = tensor.values.as_deref()?;
        Some((format!("{}.npy", tensor.name), npy::to_bytes(&tensor.shape, values)))
    });
    zip::to_bytes(members, &comment)
}

/// The bytes of a file with an array of this name, shape and values: data for NumPy, not a network.
///
/// # Panics
/// Unless there are as many values as the shape says.
///
/// # Examples
/// ```
/// use chainrule_formats::npz;
/// let bytes = npz::arrays_to_bytes(&[("x", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])])?;
/// let arrays = npz::from_bytes(&bytes)?;
/// assert_eq!(arrays.get("x").unwrap().values.as_deref().unwrap()[3], 4.0); // second row, first column
/// # Ok::<(), chainrule_formats::Problem>(())
/// ```
#[track_caller]
pub fn arrays_to_bytes(arrays: &[(&str, &[usize], &[f32])]) -> Result<Vec<u8>, Problem> {
    let members = arrays.iter().map(|(name, shape, values)| {
        let expected: usize = shape.iter().product();
        assert_eq!(values.len(), expected, "values of {name}, which is {shape:?}");
        (format!("{name}.npy"), npy::to_bytes(shape, values))
    });
    zip::to_bytes(members, "")
}

/// Reads the bytes of a file.
///
/// # Errors
/// The first [`Problem`] found.
pub fn from_bytes(bytes: &[u8]) -> Result<StateDict, Problem> {
    from_bytes_up_to(bytes, 0)
}

pub(crate) fn from_bytes_up_to(bytes: &[u8], max_unpacked: u64) -> Result<StateDict, Problem> {
    let archive = zip::Archive::new(bytes, max_unpacked)?;
    let mut tensors = Vec::with_capacity(archive.members.len());
    for member in &archive.members {
        let Some(name) = member.name.strip_suffix(".npy") else {
            let what = "a member of the archive that is no array";
            return Err(Problem::unsupported(what, member.name, "names that end in .npy"));
        };
        tensors.push(npy::from_bytes(name, &archive.content(member)?)?);
    }
    StateDict::new(tensors, description_in(archive.comment))
}

/// The description in a comment; the comment of another program is not one.
fn description_in(comment: &[u8]) -> Option<&str> {
    let begin = format!("{{\"{}\":", description::KEY);
    std::str::from_utf8(comment).ok()?.strip_prefix(&*begin)?.strip_suffix('}')
}

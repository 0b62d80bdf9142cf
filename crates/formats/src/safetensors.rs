//! safetensors: a header of JSON with names, types, shapes and places, then the values.
//!
//! ```text
//! 8 bytes     length of the header, little-endian
//! header      {"__metadata__":{"chainrule":"…","format":"pt"},"0.bias":{"dtype":"F32","shape":[50],"data_offsets":[0,200]},…}
//! values      little-endian, row after row, one tensor behind the other without gaps
//! ```
//! Source: the format's own description at <https://github.com/huggingface/safetensors>. `chainrule` in the metadata
//! describes the network; `format` is what the Python libraries look for. Tensors are ordered by name, as the reference
//! implementation does.
//!
//! In Python: `net.load_state_dict(safetensors.torch.load_file("net.safetensors"))`, where `net` is the
//! `nn.Sequential` with the same layers.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    path::Path,
};

use chainrule_trainer::{Network, tensor::in_words};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};

use crate::{Error, Problem, StateDict, Tensor, description, file};

/// The longest header that the reference implementation reads.
const MAX_HEADER: u64 = 100_000_000;

/// Writes `net` to the file `path`. What was there before stays until the new file is whole.
///
/// # Errors
/// [`Error::Io`] if it cannot be written; [`Error::File`], and nothing is written, if a parameter is not finite.
///
/// # Examples
/// ```
/// use chainrule_formats::safetensors;
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let net = Mlp::new(&MlpConfig::new([784, 50, 10]))?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.safetensors");
/// safetensors::save(&net, &path)?;
/// assert_eq!(safetensors::load(&path)?.parameters_crc32(), net.parameters_crc32());
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

/// The tensors in the file `path`.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::File`] if it is damaged.
pub fn read(path: impl AsRef<Path>) -> Result<StateDict, Error> {
    file::read(path.as_ref(), from_bytes)
}

/// The bytes of a file with these tensors.
///
/// # Errors
/// [`Problem::NotExported`] if the network has a setting that its description has no place for.
pub fn to_bytes(state: &StateDict) -> Result<Vec<u8>, Problem> {
    let mut tensors: Vec<(&Tensor, &[f32])> =
        state.tensors().iter().filter_map(|tensor| Some((tensor, tensor.values.as_deref()?))).collect();
    tensors.sort_by_key(|(tensor, _)| &tensor.name);

    let mut header = String::from("{\"__metadata__\":{");
    if let Some(description) = state.description()? {
        header.push_str(&format!("{}:{},", json(description::KEY), json(&description)));
    }
    header.push_str("\"format\":\"pt\"}");
    let mut end = 0;
    for (tensor, values) in &tensors {
        let begin = end;
        end += 4 * values.len();
        let (dtype, shape) = ("F32".to_string(), tensor.shape.clone());
        let entry = Entry { dtype, shape, data_offsets: [begin, end] };
        header.push_str(&format!(",{}:{}", json(&tensor.name), json(&entry)));
    }
    header.push('}');
    // Values begin at a multiple of eight bytes.
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }

    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.as_bytes());
    for (_, values) in tensors {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(bytes)
}

/// Reads the bytes of a file.
///
/// # Errors
/// The first [`Problem`] found.
pub fn from_bytes(bytes: &[u8]) -> Result<StateDict, Problem> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(malformed("its length", format!("{} bytes", bytes.len()), "at least 8"));
    };
    let length = u64::from_le_bytes(*length);
    let header = usize::try_from(length).ok().filter(|_| length <= MAX_HEADER).and_then(|n| rest.get(..n));
    let Some(header) = header else {
        let expected = format!("at most the {} bytes that follow, and {MAX_HEADER}", rest.len());
        return Err(malformed("the length of its header", length, expected));
    };
    let values = &rest[header.len()..];
    let not_json = |cause: serde_json::Error| {
        malformed("its header", in_words(&cause.to_string()), "names, types and shapes in JSON")
    };
    let Header { metadata, mut entries } = serde_json::from_slice(header).map_err(not_json)?;

    // From one to the next, no byte is left out and none is used twice.
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut tensors = Vec::with_capacity(entries.len());
    let mut begin = 0;
    for (name, entry) in entries {
        let [first, end] = entry.data_offsets;
        let of_tensor = (first == begin).then(|| values.get(first..end)).flatten();
        let Some(of_tensor) = of_tensor else {
            let expected = format!("from {begin} up to at most {}", values.len());
            return Err(malformed(&format!("the place of {name}"), format!("{first} to {end}"), expected));
        };
        begin = end;
        tensors.push(entry.tensor(&name, of_tensor)?);
    }
    if begin < values.len() {
        return Err(malformed("its end", format!("{} bytes of values", values.len()), begin));
    }
    StateDict::new(tensors, metadata.get(description::KEY).map(String::as_str))
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("strings and numbers always have a JSON form")
}

fn malformed(what: &str, found: impl Display, expected: impl Display) -> Problem {
    Problem::malformed("safetensors", what, found, expected)
}

/// What the header says, in the order of the file; names may come twice.
struct Header {
    metadata: BTreeMap<String, String>,
    entries: Vec<(String, Entry)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

impl Entry {
    fn tensor(self, name: &str, bytes: &[u8]) -> Result<Tensor, Problem> {
        let (values, width) = match &*self.dtype {
            "F32" => (floats(bytes), 4),
            "F64" => (doubles(bytes), 8),
            _ => return Ok(Tensor::new(name, &self.dtype, self.shape, None)),
        };
        let n_bytes = self.shape.iter().try_fold(width, |n: usize, size| n.checked_mul(*size));
        if n_bytes != Some(bytes.len()) {
            let expected = format!("values of shape {shape:?}", shape = self.shape);
            return Err(malformed(name, format!("{} bytes", bytes.len()), expected));
        }
        Ok(Tensor::new(name, &self.dtype, self.shape, Some(values)))
    }
}

/// Little-endian `f32`; bytes that are left over are left out.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Little-endian `f64`, rounded to `f32`.
pub(crate) fn doubles(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor for every name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let (mut metadata, mut entries) = (BTreeMap::new(), Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "__metadata__" => metadata = map.next_value()?,
                _ => entries.push((name, map.next_value()?)),
            }
        }
        Ok(Header { metadata, entries })
    }
}

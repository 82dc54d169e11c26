//! Checkpoints: named tensors and named words in one safetensors file, which is data and never executable.
//!
//! Tensors and metadata are sorted by name, so equal checkpoints are equal bytes. A checksum of everything in the file
//! is kept in the metadata: safetensors itself notices a file that was cut, but not one whose bytes were changed.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};

use super::{Error, Result, atomic, read_limited};

/// Metadata key under which the file keeps the CRC-32 of its content; not seen in [`Checkpoint::metadata`].
const CHECKSUM: &str = "crc32";

/// Metadata key of the hash of the configuration that the checkpoint belongs to.
pub const CONFIGURATION_HASH: &str = "configuration_hash";

/// Longer headers are refused before they are parsed: 4 MiB describe some 40,000 tensors.
const MAXIMUM_HEADER_BYTES: u64 = 4 << 20;

/// Longer files are refused before they are read.
const MAXIMUM_BYTES: u64 = 2 << 30;

const ADVICE: &str = "take an older checkpoint, or move the run's folder away and train again (--again)";

/// An array with its shape, in row-major order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Lengths of the axes; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers: as many as the product of `shape`.
    pub data: Vec<f32>,
}

/// Everything that a run needs to go on: the tensors of networks, moving averages and optimizers by name, and the counters
/// (64-bit, as decimal text) and the configuration's hash as metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// Words by name.
    pub metadata: BTreeMap<String, String>,
}

impl Checkpoint {
    /// The file's bytes: the same for equal checkpoints.
    ///
    /// # Panics
    /// If a tensor's data are not as many as its shape says, or a name is one that the format keeps for itself.
    pub fn to_bytes(&self) -> Vec<u8> {
        assert!(
            !self.tensors.contains_key("__metadata__") && !self.metadata.contains_key(CHECKSUM),
            "`__metadata__` and `{CHECKSUM}` are reserved names"
        );
        let mut metadata: BTreeMap<&str, String> =
            self.metadata.iter().map(|(name, word)| (name.as_str(), word.clone())).collect();
        metadata.insert(CHECKSUM, self.checksum());

        let mut tensors = BTreeMap::new();
        let mut offset = 0;
        for (name, tensor) in &self.tensors {
            assert_eq!(
                tensor.data.len(),
                tensor.shape.iter().product::<usize>(),
                "tensor `{name}` does not have as many numbers as its shape {:?} says",
                tensor.shape
            );
            let info = TensorInfo {
                dtype: Dtype::F32,
                shape: tensor.shape.clone(),
                data_offsets: (offset, offset + tensor.data.len() * size_of::<f32>()),
            };
            offset = info.data_offsets.1;
            tensors.insert(name.as_str(), info);
        }
        let mut header = serde_json::to_vec(&Header { metadata, tensors })
            .expect("texts and numbers can be written as JSON");
        // The format wants the data aligned to 8 bytes, with blanks after the header.
        header.resize(header.len().next_multiple_of(8), b' ');

        let mut bytes = Vec::with_capacity(8 + header.len() + offset);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for tensor in self.tensors.values() {
            for number in &tensor.data {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        bytes
    }

    /// Parses a file's bytes; `path` is for messages. Takes memory in proportion to `bytes`, whatever they say.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the tensor's name where there is one.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let damaged = |reason: String| Error::damaged(path.display(), reason, ADVICE);
        check_header_length(bytes).map_err(damaged)?;
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| damaged(explain(&error, bytes.len())))?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(explain(&error, bytes.len())))?;
        let mut checkpoint = Self::default();
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(damaged(format!(
                    "tensor `{}` has numbers of type {:?} in place of F32",
                    shown(name),
                    view.dtype()
                )));
            }
            let numbers = view.data().chunks_exact(size_of::<f32>());
            let tensor = Tensor {
                shape: view.shape().to_vec(),
                data: numbers
                    .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("chunks of 4 bytes")))
                    .collect(),
            };
            checkpoint.tensors.insert(name.to_string(), tensor);
        }
        checkpoint.metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        match checkpoint.metadata.remove(CHECKSUM) {
            None => Err(damaged("it has no checksum, so it was not written by atelier".to_string())),
            Some(sum) if sum != checkpoint.checksum() => {
                Err(damaged("its content does not match its checksum: it was changed or damaged".to_string()))
            }
            Some(_) => Ok(checkpoint),
        }
    }

    /// Writes the file in one step.
    ///
    /// # Errors
    /// [`Error::Write`]; an earlier file of that name is then unchanged.
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic::write(path, &self.to_bytes())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`].
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_bytes(path, &Self::bytes(path)?)
    }

    /// A file's content, which may be no checkpoint.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`] if it is longer than any checkpoint.
    pub fn bytes(path: &Path) -> Result<Vec<u8>> {
        read_limited(path, MAXIMUM_BYTES)
    }

    /// Checks that the checkpoint belongs to the configuration with this hash; `path` is for the message.
    ///
    /// # Errors
    /// [`Error::Damaged`] with both hashes.
    pub fn check_configuration(&self, path: &Path, hash: &str) -> Result<()> {
        let found = self.word(path, CONFIGURATION_HASH)?;
        if found == hash {
            return Ok(());
        }
        Err(Error::damaged(
            path.display(),
            format!("it belongs to another configuration (hash {}, not {hash})", shown(found)),
            "give the experiment file that it was trained with, or move the run's folder away and train again",
        ))
    }

    /// Checks that the checkpoint has just the `expected` tensors in their shapes; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first tensor, by name, that is missing, unknown or of another shape.
    pub fn check_tensors<'a>(
        &self,
        path: &Path,
        expected: impl IntoIterator<Item = (&'a str, &'a [usize])>,
    ) -> Result<()> {
        let expected: BTreeMap<&str, &[usize]> = expected.into_iter().collect();
        for (name, shape) in &expected {
            let reason = match self.tensors.get(*name) {
                None => format!("tensor `{name}` is missing"),
                Some(tensor) if tensor.shape != *shape => wrong_shape(name, &tensor.shape, shape),
                Some(_) => continue,
            };
            return Err(wrong_tensor(path, reason));
        }
        let mut names = self.tensors.keys();
        match names.find(|name| !expected.contains_key(name.as_str())) {
            Some(name) => Err(wrong_tensor(path, format!("tensor `{}` is unknown", shown(name)))),
            None => Ok(()),
        }
    }

    /// Takes a tensor out, with its shape checked; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the tensor's name if it is missing or of another shape.
    pub fn take(&mut self, path: &Path, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        match self.tensors.remove(name) {
            None => Err(wrong_tensor(path, format!("tensor `{name}` is missing"))),
            Some(tensor) if tensor.shape != shape => {
                Err(wrong_tensor(path, wrong_shape(name, &tensor.shape, shape)))
            }
            Some(tensor) => Ok(tensor.data),
        }
    }

    /// A word of the metadata; `path` is for the message.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is missing.
    pub fn word(&self, path: &Path, name: &str) -> Result<&str> {
        match self.metadata.get(name) {
            Some(word) => Ok(word),
            None => {
                Err(Error::damaged(path.display(), format!("`{name}` is missing in its metadata"), ADVICE))
            }
        }
    }

    /// A whole number of the metadata, such as a counter; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is missing or no number from 0 to 2^64 - 1.
    pub fn number(&self, path: &Path, name: &str) -> Result<u64> {
        let word = self.word(path, name)?;
        word.parse().map_err(|_| {
            let reason = format!("`{name}` is `{}` in its metadata, which is no whole number", shown(word));
            Error::damaged(path.display(), reason, ADVICE)
        })
    }

    /// CRC-32 of all names, shapes, numbers and words, each with its length before it.
    fn checksum(&self) -> String {
        let mut hasher = crc32fast::Hasher::new();
        let text = |hasher: &mut crc32fast::Hasher, text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for (name, tensor) in &self.tensors {
            text(&mut hasher, name);
            hasher.update(&(tensor.shape.len() as u64).to_le_bytes());
            for length in &tensor.shape {
                hasher.update(&(*length as u64).to_le_bytes());
            }
            let mut buffer = [0; 4096];
            for numbers in tensor.data.chunks(buffer.len() / 4) {
                for (bytes, number) in buffer.chunks_exact_mut(4).zip(numbers) {
                    bytes.copy_from_slice(&number.to_le_bytes());
                }
                hasher.update(&buffer[..numbers.len() * 4]);
            }
        }
        for (name, word) in self.metadata.iter().filter(|(name, _)| *name != CHECKSUM) {
            text(&mut hasher, name);
            text(&mut hasher, word);
        }
        format!("{:08x}", hasher.finalize())
    }
}

/// The JSON at the head of a safetensors file. Not written by `safetensors::serialize`, which gives the metadata in the
/// order of a randomly seeded hash map.
#[derive(serde::Serialize)]
struct Header<'a> {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'a str, String>,
    #[serde(flatten)]
    tensors: BTreeMap<&'a str, TensorInfo>,
}

fn wrong_tensor(path: &Path, reason: String) -> Error {
    Error::damaged(
        path.display(),
        reason,
        "it was written for other networks: give the experiment file that it was trained with, or train again",
    )
}

fn wrong_shape(name: &str, found: &[usize], expected: &[usize]) -> String {
    format!("tensor `{name}` has the shape {found:?} in place of {expected:?}")
}

/// Looks at the header's length before safetensors' parser, which takes up to 100 MB of JSON.
fn check_header_length(bytes: &[u8]) -> std::result::Result<(), String> {
    let Some(length) = bytes.first_chunk::<8>() else {
        return Err(format!("it has only {} bytes: it was cut off", bytes.len()));
    };
    let length = u64::from_le_bytes(*length);
    if length > MAXIMUM_HEADER_BYTES {
        return Err(format!(
            "its header claims to be {length} bytes long, and at most {MAXIMUM_HEADER_BYTES} are read: it is no safetensors file, or a damaged one"
        ));
    }
    if bytes.len() as u64 - 8 < length {
        return Err(format!(
            "it ends within its header of {length} bytes, after {}: it was cut off",
            bytes.len() - 8
        ));
    }
    Ok(())
}

fn explain(error: &SafeTensorError, length: usize) -> String {
    match error {
        SafeTensorError::InvalidHeader(_) => "its header is not UTF-8 text".to_string(),
        SafeTensorError::InvalidHeaderDeserialization(error) => {
            format!("its header is not what safetensors prescribes ({})", shown(&error.to_string()))
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            format!(
                "its {length} bytes are not as many as its header says: it was cut off or something was added"
            )
        }
        SafeTensorError::InvalidOffset(name) => {
            format!("tensor `{}` does not begin where the one before it ends", shown(name))
        }
        SafeTensorError::TensorInvalidInfo => {
            "a tensor's shape and its number of bytes do not agree".to_string()
        }
        SafeTensorError::ValidationOverflow => "a tensor's shape is larger than any memory".to_string(),
        error => shown(&error.to_string()),
    }
}

/// A text out of the file, shortened and without what a terminal would obey.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
    if text.chars().nth(100).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;

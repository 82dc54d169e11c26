//! The IDX format of MNIST (Yann LeCun's page "The MNIST database"), plain or compressed with gzip.
//!
//! A file is two zero bytes, the type of its values (8: unsigned bytes), the number of dimensions, each dimension as a
//! big-endian 32-bit number, and the values. Files are untrusted input: nothing is allocated on a header's word alone,
//! and what does not fit to the byte is an error.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Dataset, Error, Pixels, Split};

/// The most that one file may hold when decompressed, in bytes.
pub const LARGEST: u64 = 2 << 30;
/// The most that deflate can compress: 258 bytes in two bits.
const DEFLATE_RATIO: u64 = 1032;
const UNSIGNED_BYTES: u8 = 0x08;

/// Images as an IDX file holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The number of images, at least 1.
    pub count: usize,
    /// Height, width and channels (1 or 3) of each.
    pub shape: (usize, usize, usize),
    /// `(count, height, width, channels)`.
    pub pixels: Vec<u8>,
}

/// The files of a data set of the user's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Training images: dimensions (count, height, width) or (count, height, width, channels).
    pub images: PathBuf,
    /// Their labels, dimension (count).
    pub labels: Option<PathBuf>,
    /// Test images of the same shape.
    pub test_images: Option<PathBuf>,
    /// Their labels.
    pub test_labels: Option<PathBuf>,
}

/// Loads any IDX files as a data set called `idx`; classes are named by their numbers.
///
/// # Errors
///
/// [`Error::Read`], or [`Error::Damaged`] for a file that is not what it should be or does not fit the others.
pub fn dataset(files: &Files) -> Result<Dataset, Error> {
    let advice = "check the file and the paths in [dataset]";
    let train = images(&files.images, advice)?;
    let train_labels = match &files.labels {
        Some(path) => Some(labels(path, train.count, None, advice)?),
        None => None,
    };
    let (shape, features) = (train.shape, train.shape.0 * train.shape.1 * train.shape.2);
    let test = match (&files.test_images, &files.test_labels) {
        (None, None) => Split::empty(features),
        (None, Some(path)) => {
            let reason = "these are labels of test images, but no test images are given".to_owned();
            return Err(damaged(path, reason, advice));
        }
        (Some(path), label_path) => {
            let test = images(path, advice)?;
            if test.shape != shape {
                let (found, expected) = (in_words(test.shape), in_words(shape));
                let reason = format!("the test images are {found}, but the training images {expected}");
                return Err(damaged(path, reason, advice));
            }
            let test_labels = match label_path {
                Some(path) => Some(labels(path, test.count, None, advice)?),
                None => None,
            };
            Split::new(Pixels::Bytes(test.pixels), test_labels, features)
        }
    };
    let highest = train_labels.iter().flatten().max();
    let names = highest.map_or(Vec::new(), |&top| (0..=top).map(|label| label.to_string()).collect());
    let train = Split::new(Pixels::Bytes(train.pixels), train_labels, features);
    Ok(Dataset::new("idx", shape, train, test, names))
}

/// Reads an image file; `advice` ends the message if it is damaged.
///
/// # Errors
///
/// [`Error::Read`] or [`Error::Damaged`].
pub fn images(path: &Path, advice: &str) -> Result<Images, Error> {
    images_from_slice(&read(path, advice)?).map_err(|reason| damaged(path, reason, advice))
}

/// Reads the file with the labels of `count` images, each below `classes` if that is known.
///
/// # Errors
///
/// [`Error::Read`] or [`Error::Damaged`].
pub fn labels(path: &Path, count: usize, classes: Option<usize>, advice: &str) -> Result<Vec<u8>, Error> {
    let parse = |bytes: &[u8]| {
        let labels = labels_from_slice(bytes)?;
        if labels.len() != count {
            return Err(format!("holds {} labels, but there are {count} images", labels.len()));
        }
        match labels.iter().position(|&label| classes.is_some_and(|classes| usize::from(label) >= classes)) {
            None => Ok(labels),
            Some(at) => Err(format!(
                "label {at} is {}, but there are only {} classes",
                labels[at],
                classes.unwrap_or_default()
            )),
        }
    };
    parse(&read(path, advice)?).map_err(|reason| damaged(path, reason, advice))
}

/// Images from a file's content.
///
/// # Errors
///
/// The reason why it is no image file.
pub fn images_from_slice(bytes: &[u8]) -> Result<Images, String> {
    let (sizes, pixels) = decode(bytes, Kind::Images)?;
    let shape = (sizes[1], sizes[2], sizes.get(3).copied().unwrap_or(1));
    Ok(Images { count: sizes[0], shape, pixels })
}

/// Labels from a file's content.
///
/// # Errors
///
/// The reason why it is no label file.
pub fn labels_from_slice(bytes: &[u8]) -> Result<Vec<u8>, String> {
    Ok(decode(bytes, Kind::Labels)?.1)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Images,
    Labels,
}

/// Where the bytes come from, and how much they can hold at most.
struct Source<'a> {
    reader: Box<dyn Read + 'a>,
    most: u64,
    /// Decompressed bytes read so far.
    position: u64,
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let length = bytes.len() as u64;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let reader = Box::new(MultiGzDecoder::new(bytes));
            Self { reader, most: length.saturating_mul(DEFLATE_RATIO), position: 0 }
        } else {
            Self { reader: Box::new(bytes), most: length, position: 0 }
        }
    }

    fn header<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        let mut filled = 0;
        while filled < N {
            match self.reader.read(&mut bytes[filled..]) {
                Ok(0) => {
                    return Err(format!("the file ends within the header, after {} bytes", self.position));
                }
                Ok(count) => {
                    filled += count;
                    self.position += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(&error)),
            }
        }
        Ok(bytes)
    }

    fn explain(&self, error: &io::Error) -> String {
        let position = grouped(self.position);
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the compressed file ends early, after {position} decompressed bytes: it was cut off")
            }
            _ => {
                format!("the compression is damaged after {position} decompressed bytes ({error})")
            }
        }
    }
}

/// The dimensions and the values of a file.
fn decode(bytes: &[u8], kind: Kind) -> Result<(Vec<usize>, Vec<u8>), String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let mut source = Source::new(bytes);
    let rank = check_magic(source.header()?, kind)?;
    let mut sizes = Vec::with_capacity(rank);
    for _ in 0..rank {
        sizes.push(u32::from_be_bytes(source.header()?));
    }
    let expected = announced(&sizes, kind)?;
    let what = describe(&sizes);
    let header = source.position;
    let cut_off = |found: u64| {
        format!(
            "the header announces {what} ({} bytes) but the file ends after {}: it was cut off",
            grouped(expected),
            grouped(found)
        )
    };
    if header + expected > source.most {
        // A plain file says how much it holds; a compressed one, how much it cannot hold.
        let plain = !bytes.starts_with(&[0x1f, 0x8b]);
        return Err(if plain {
            cut_off(bytes.len() as u64 - header)
        } else {
            too_small(&what, expected, bytes)
        });
    }
    // Grows with what is there, so that a header alone does not take memory.
    let mut values = Vec::with_capacity(expected.min(16 * bytes.len() as u64) as usize);
    let result = (&mut source.reader).take(expected + 1).read_to_end(&mut values);
    source.position += values.len() as u64;
    let found = values.len() as u64;
    match result {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && found < expected => Err(cut_off(found)),
        Err(error) => Err(source.explain(&error)),
        Ok(_) if found < expected => Err(cut_off(found)),
        Ok(_) if found > expected => {
            Err(format!("the header announces {what} ({} bytes) but more bytes follow", grouped(expected)))
        }
        Ok(_) => Ok((sizes.iter().map(|&size| size as usize).collect(), values)),
    }
}

fn too_small(what: &str, expected: u64, bytes: &[u8]) -> String {
    format!(
        "the header announces {what} ({} bytes), which {} compressed bytes cannot hold: it was cut off or is damaged",
        grouped(expected),
        grouped(bytes.len() as u64)
    )
}

/// Checks the first four bytes; gives the number of dimensions.
fn check_magic(magic: [u8; 4], kind: Kind) -> Result<usize, String> {
    let [zero, nought, values, rank] = magic;
    if (zero, nought) != (0, 0) {
        let found = u32::from_be_bytes(magic);
        let hint = if zero == b'<' { " (it looks like a web page)" } else { "" };
        return Err(format!("is no IDX file: it begins with 0x{found:08x}{hint}"));
    }
    if values != UNSIGNED_BYTES {
        return Err(format!("holds values of type 0x{values:02x}, but only unsigned bytes (0x08) are read"));
    }
    match (kind, rank) {
        (Kind::Images, 3 | 4) | (Kind::Labels, 1) => Ok(usize::from(rank)),
        (Kind::Images, 1) => Err("holds labels (1 dimension), where images are expected".to_owned()),
        (Kind::Labels, 3 | 4) => Err(format!("holds images ({rank} dimensions), where labels are expected")),
        (Kind::Images, _) => Err(format!("has {rank} dimensions, but images have 3 or 4")),
        (Kind::Labels, _) => Err(format!("has {rank} dimensions, but labels have 1")),
    }
}

/// The number of bytes that the dimensions announce.
fn announced(sizes: &[u32], kind: Kind) -> Result<u64, String> {
    if sizes.contains(&0) {
        return Err(format!("the header announces {}: nothing", describe(sizes)));
    }
    if let (Kind::Images, Some(&channels)) = (kind, sizes.get(3))
        && channels != 1
        && channels != 3
    {
        return Err(format!(
            "the images have {channels} channels, but only 1 (grey) and 3 (colour) are known"
        ));
    }
    let product = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    match product {
        Some(bytes) if bytes <= LARGEST => Ok(bytes),
        _ => Err(format!(
            "the header announces {}, more than the {} bytes that are read at most",
            describe(sizes),
            grouped(LARGEST)
        )),
    }
}

fn describe(sizes: &[u32]) -> String {
    match sizes {
        [count] => format!("{count} labels"),
        [count, sides @ ..] => {
            let sides: Vec<_> = sides.iter().map(ToString::to_string).collect();
            format!("{count} images of {}", sides.join("×"))
        }
        [] => "nothing".to_owned(),
    }
}

/// A shape as messages say it.
pub(crate) fn in_words((height, width, channels): (usize, usize, usize)) -> String {
    format!("{height}×{width}×{channels}")
}

/// A number with commas between groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A file's content; `advice` ends the message if it is no file or too long.
pub(crate) fn read(path: &Path, advice: &str) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    // Asked before opening: opening a named pipe would wait for a writer.
    let length = std::fs::metadata(path).map_err(failed)?;
    if !length.is_file() {
        return Err(damaged(path, "is not a file".to_owned(), advice));
    }
    if length.len() > LARGEST {
        let reason = format!(
            "has {} bytes, more than the {} that are read at most",
            grouped(length.len()),
            grouped(LARGEST)
        );
        return Err(damaged(path, reason, advice));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::with_capacity(length.len() as usize);
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

pub(crate) fn damaged(path: &Path, reason: String, advice: &str) -> Error {
    Error::Damaged { path: path.to_owned(), reason, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests;

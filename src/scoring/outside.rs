//! Samples that other programs drew: a folder of PNGs, NumPy's `.npy` and `.npz`, or an IDX file.
//!
//! All of it is untrusted input, and a number that would be wrong is worse than none: images of another size, numbers outside the range that was
//! said, NaNs and a single sample are errors that name the place.

mod npy;

use std::io::{Cursor, Read};
use std::path::Path;

use crate::config::dataset::Range;
use crate::data::idx::{self, Images, LARGEST};
use crate::data::{Error, Scale, image_folder};
use npy::{Array, Numbers};
use zip::ZipArchive;

const ADVICE: &str = "give a folder of PNG files, an .npy or .npz array, or an IDX file";

/// How far beyond its range a number may lie: what arithmetic in f32 leaves.
const ROUNDING: f32 = 1e-4;

/// What has to be said about an array besides its file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// What numbers that are not bytes mean. Bytes are 0 to 255.
    pub range: Option<Range>,
    /// Which array of an `.npz`; without it the only one, or the one called `samples`.
    pub array: Option<&'a str>,
}

/// The images in a folder or file, each of the shape (H, W, C), at 8 bits.
///
/// Arrays are (N, H, W, C), (N, C, H, W), (N, H·W·C), or (N, H, W) where C is 1: bytes, or floating-point numbers in [`Reading::range`], which are rounded to the
/// nearest of 256 levels.
///
/// # Errors
/// [`Error::Read`] and [`Error::Damaged`], with the file and the reason.
pub fn read(path: &Path, shape: (usize, usize, usize), reading: Reading<'_>) -> Result<Images, Error> {
    let damaged = |reason: String| idx::damaged(path, reason, ADVICE);
    let images = if path.is_dir() {
        let pixels = image_folder::pixels(path, shape)?;
        Images { count: pixels.len() / features(shape), shape, pixels }
    } else {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npy") => {
                let bytes = idx::read(path, ADVICE)?;
                let array = npy::parse(&bytes).map_err(damaged)?;
                from_array(array, shape, reading.range).map_err(damaged)?
            }
            Some("npz") => {
                let bytes = unzip(path, reading.array)?;
                let array = npy::parse(&bytes).map_err(damaged)?;
                from_array(array, shape, reading.range).map_err(damaged)?
            }
            _ => idx::images(path, ADVICE)?,
        }
    };
    if images.shape != shape {
        let (found, expected) = (idx::in_words(images.shape), idx::in_words(shape));
        return Err(damaged(format!("its images are {found}, but those of the data set {expected}")));
    }
    if images.count < 2 {
        return Err(damaged("holds one image, and no score can be computed of less than two".into()));
    }
    Ok(images)
}

fn features((height, width, channels): (usize, usize, usize)) -> usize {
    height * width * channels
}

/// The content of an array of an archive.
fn unzip(path: &Path, wanted: Option<&str>) -> Result<Vec<u8>, Error> {
    let damaged = |reason: String| idx::damaged(path, reason, ADVICE);
    let bytes = idx::read(path, ADVICE)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| damaged(format!("is no .npz archive ({error})")))?;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| name.ok()?.strip_suffix(".npy").map(str::to_owned)).collect();
    let name = match (wanted, &names[..]) {
        (Some(wanted), _) if names.iter().any(|name| name == wanted) => wanted,
        (Some(wanted), _) => {
            return Err(damaged(format!("has no array `{wanted}`, only {}", listed(&names))));
        }
        (None, [only]) => only,
        (None, _) if names.iter().any(|name| name == "samples") => "samples",
        (None, []) => return Err(damaged("has no arrays in it".into())),
        (None, _) => {
            let reason = format!("has several arrays, {}: say which with --array NAME", listed(&names));
            return Err(damaged(reason));
        }
    };
    let entry = archive.by_name(&format!("{name}.npy"));
    let entry = entry.map_err(|error| damaged(format!("its array `{name}` cannot be read ({error})")))?;
    let mut content = Vec::new();
    entry
        .take(LARGEST + 1)
        .read_to_end(&mut content)
        .map_err(|error| damaged(format!("its array `{name}` cannot be unpacked ({error})")))?;
    if content.len() as u64 > LARGEST {
        return Err(damaged(format!("its array `{name}` has more than {LARGEST} bytes")));
    }
    Ok(content)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How an array's axes stand for images.
#[derive(Clone, Copy, PartialEq)]
enum Axes {
    ChannelsLast,
    ChannelsFirst,
}

fn from_array(array: Array, shape: (usize, usize, usize), range: Option<Range>) -> Result<Images, String> {
    let (height, width, channels) = shape;
    let fits = match array.shape[..] {
        [_, a, b, c] if (a, b, c) == shape => Some(Axes::ChannelsLast),
        [_, a, b, c] if (b, c, a) == shape => Some(Axes::ChannelsFirst),
        [_, a, b] if (a, b, 1) == shape => Some(Axes::ChannelsLast),
        [_, a] if a == features(shape) => Some(Axes::ChannelsLast),
        _ => None,
    };
    let Some(axes) = fits else {
        return Err(format!(
            "the array is {:?}, but images of the data set are (N, {height}, {width}, {channels})",
            array.shape
        ));
    };
    let values = match array.numbers {
        Numbers::Bytes(bytes) => match range {
            None => bytes,
            Some(_) => return Err("the array holds bytes, 0 to 255: leave --range out".into()),
        },
        Numbers::Floats(floats) => {
            let Some(range) = range else {
                return Err(
                    "the array holds floating-point numbers: say what they mean with --range unit ([0, 1]) or --range symmetric ([-1, 1])"
                        .into(),
                );
            };
            to_bytes(&floats, range, features(shape))?
        }
    };
    let pixels = match axes {
        Axes::ChannelsLast => values,
        Axes::ChannelsFirst => {
            let mut pixels = Vec::with_capacity(values.len());
            for image in values.chunks_exact(features(shape)) {
                let plane = height * width;
                pixels.extend((0..plane).flat_map(|at| (0..channels).map(move |c| image[c * plane + at])));
            }
            pixels
        }
    };
    Ok(Images { count: array.shape[0], shape, pixels })
}

/// The levels of numbers in a range; `features` numbers are an image.
fn to_bytes(values: &[f32], range: Range, features: usize) -> Result<Vec<u8>, String> {
    let (low, words) = match range {
        Range::Unit => (0.0, "[0, 1]"),
        Range::Symmetric => (-1.0, "[-1, 1]"),
    };
    let is_outside = |value: &f32| !(low - ROUNDING..=1.0 + ROUNDING).contains(value);
    if let Some(at) = values.iter().position(is_outside) {
        return Err(format!(
            "image {} (from 0) has the value {} at position {}, which is not in {words}",
            at / features,
            values[at],
            at % features
        ));
    }
    Ok(values.iter().map(|&value| Scale::from(range).to_byte(value)).collect())
}

#[cfg(test)]
mod tests;

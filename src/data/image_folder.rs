//! A folder of PNG and JPEG files as a data set.
//!
//! Every image is brought to one size and one number of channels, once: the result is kept in the cache under a key that covers the files'
//! content, so that the next start reads the files but does not decode them. The rules depend on nothing but the names and the
//! content of the files:
//!
//! - Images in sub-folders, however deep, are labelled by the first of these, in the order of their names; images in the folder itself have no
//!   labels. Files with other endings, and whatever begins with a dot, are passed over.
//! - Images come in the order of the SHA-256 of their relative paths, so that the first thousand are of all classes. Those whose hash, as a
//!   number, ends in 0 (a tenth) are test images: a new image moves none of the others from one split to the other.
//! - A colour becomes grey by Rec. 709's weights where one channel is wanted; transparency is dropped; a JPEG is turned as its EXIF
//!   data say. Images are stretched to the size by a triangle filter, which for a smaller size covers all pixels.
//!
//! Files are untrusted input: they are decoded within limits of size and memory, and one that is damaged is told with its path.

mod cache;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::idx::{LARGEST, damaged, grouped};
use super::{Dataset, Error, Folders, Pixels, Split};

/// The largest image file that is read, in bytes.
const LARGEST_FILE: u64 = 64 << 20;
/// The largest width and height of an image.
const LARGEST_SIDE: u32 = 16_384;
/// The most memory that decoding an image may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
const ADVICE: &str = "mend or remove the file, or check the path in [dataset]";

/// An image file of the folder.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// The SHA-256 of its path relative to the folder, with `/` between names.
    order: [u8; 32],
    /// The name of its first sub-folder.
    class: Option<String>,
}

impl Entry {
    fn is_test(&self) -> bool {
        let last = self.order.last_chunk().expect("a hash has more than 8 bytes");
        u64::from_be_bytes(*last).is_multiple_of(10)
    }
}

/// Loads the images of the folder at `path` with the shape (H, W, C), C being 1 or 3.
///
/// # Errors
///
/// [`Error::Read`], [`Error::Damaged`] for a file that is no image or a folder that is no data set, and [`Error::Write`] for the cache.
pub fn dataset(path: &Path, shape: (usize, usize, usize), folders: &Folders) -> Result<Dataset, Error> {
    let entries = find(path)?;
    let bytes = total(path, entries.len(), shape, "choose a smaller dataset.size")?;
    let classes = classes(path, &entries)?;
    let cached = cache::File::new(&folders.cache, shape, &entries)?;
    let pixels = match cached.read(bytes) {
        Some(pixels) => pixels,
        None => {
            let pixels = decode_all(&entries, shape, |image, _| Ok(resized(image, shape)))?;
            cached.write(&pixels)?;
            pixels
        }
    };
    split(path, &entries, &pixels, shape, classes)
}

/// The pixels (count, H, W, C) of all images below a folder, each of which has just this shape: nothing is resized.
///
/// # Errors
///
/// [`Error::Read`], and [`Error::Damaged`] for a file that is no image or has another size, and a folder without images.
pub fn pixels(path: &Path, shape: (usize, usize, usize)) -> Result<Vec<u8>, Error> {
    let mut entries = find(path)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    total(path, entries.len(), shape, "give fewer images")?;
    decode_all(&entries, shape, |image, path| {
        let found = (image.height() as usize, image.width() as usize);
        match found == (shape.0, shape.1) {
            true => Ok(resized(image, shape)),
            false => {
                let reason = format!(
                    "is {}×{} pixels, but images of the data set are {}×{}",
                    found.0, found.1, shape.0, shape.1
                );
                Err(damaged(path, reason, "bring every image to that size"))
            }
        }
    })
}

/// The images below a folder, in order.
fn find(folder: &Path) -> Result<Vec<Entry>, Error> {
    if !folder.is_dir() {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "it is not a folder");
        return Err(Error::Read { path: folder.to_owned(), source });
    }
    let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    let walk = WalkDir::new(folder).min_depth(1).follow_links(true);
    let mut entries = Vec::new();
    for item in walk.into_iter().filter_entry(|item| item.depth() == 0 || !is_hidden(item.file_name())) {
        let item = item.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            Error::Read { path, source: error.into() }
        })?;
        let ending = item.path().extension().and_then(OsStr::to_str).unwrap_or_default().to_lowercase();
        if !item.file_type().is_file() || !["png", "jpg", "jpeg"].contains(&ending.as_str()) {
            continue;
        }
        let relative = item.path().strip_prefix(folder).unwrap_or(item.path());
        let names: Option<Vec<&str>> = relative.iter().map(OsStr::to_str).collect();
        let Some(names) = names else {
            return Err(damaged(item.path(), "its name is not UTF-8".to_owned(), "rename it"));
        };
        let class = (names.len() > 1).then(|| names[0].to_owned());
        let order = Sha256::digest(names.join("/")).into();
        entries.push(Entry { path: item.path().to_owned(), order, class });
    }
    entries.sort_by_key(|entry| entry.order);
    if entries.is_empty() {
        let reason = "has no images in it (files that end in .png, .jpg or .jpeg)".to_owned();
        return Err(damaged(folder, reason, "check the path"));
    }
    Ok(entries)
}

/// The names of the classes in order; none where there are no labels.
fn classes(folder: &Path, entries: &[Entry]) -> Result<Vec<String>, Error> {
    let classes: BTreeSet<&String> = entries.iter().filter_map(|entry| entry.class.as_ref()).collect();
    if let (Some(class), Some(without)) =
        (classes.first(), entries.iter().find(|entry| entry.class.is_none()))
    {
        let reason = format!("lies beside sub-folders with images, such as {class:?}, and so has no label");
        return Err(damaged(&without.path, reason, "put every image into a sub-folder, or none"));
    }
    if classes.len() > 256 {
        let reason =
            format!("has {} sub-folders with images, but there can be only 256 classes", classes.len());
        return Err(damaged(folder, reason, "put the classes into fewer folders"));
    }
    Ok(classes.into_iter().cloned().collect())
}

/// The bytes that so many images take, if that is not too much.
fn total(path: &Path, count: usize, shape: (usize, usize, usize), advice: &str) -> Result<u64, Error> {
    let bytes = count as u64 * (shape.0 * shape.1 * shape.2) as u64;
    if bytes <= LARGEST {
        return Ok(bytes);
    }
    let (count, bytes, most) = (grouped(count as u64), grouped(bytes), grouped(LARGEST));
    let reason = format!(
        "its {count} images take {bytes} bytes at this size, more than the {most} that are held at most"
    );
    Err(damaged(path, reason, advice))
}

/// The pixels of all images, one after the other, each as `fit` brings it to the shape.
fn decode_all(
    entries: &[Entry],
    shape: (usize, usize, usize),
    fit: impl Fn(DynamicImage, &Path) -> Result<Vec<u8>, Error> + Sync,
) -> Result<Vec<u8>, Error> {
    let mut pixels = vec![0; entries.len() * shape.0 * shape.1 * shape.2];
    let images = pixels.par_chunks_exact_mut(shape.0 * shape.1 * shape.2);
    // The first in order, so that the same folder gives the same message.
    let wrong = images.zip(entries).filter_map(|(out, entry)| decode_file(&entry.path, &fit, out).err());
    match wrong.find_first(|_| true) {
        Some(error) => Err(error),
        None => Ok(pixels),
    }
}

fn decode_file(
    path: &Path,
    fit: impl Fn(DynamicImage, &Path) -> Result<Vec<u8>, Error>,
    out: &mut [u8],
) -> Result<(), Error> {
    let bytes = read(path)?;
    let image = decode(&bytes).map_err(|reason| damaged(path, reason, ADVICE))?;
    out.copy_from_slice(&fit(image, path)?);
    Ok(())
}

/// The file's content.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > LARGEST_FILE {
        let (length, most) = (grouped(length), grouped(LARGEST_FILE));
        let reason = format!("has {length} bytes, more than the {most} that are read at most");
        return Err(damaged(path, reason, ADVICE));
    }
    fs::read(path).map_err(failed)
}

/// The image in a file's content, upright.
fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    match reader.format() {
        Some(ImageFormat::Png) => {}
        // The decoder fills what is missing with grey.
        Some(ImageFormat::Jpeg) if is_cut_off(bytes) => return Err("was cut off".to_owned()),
        Some(ImageFormat::Jpeg) => {}
        _ => return Err("is neither PNG nor JPEG".to_owned()),
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LARGEST_SIDE), Some(LARGEST_SIDE));
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let too_large = || {
        format!(
            "is larger than {LARGEST_SIDE}×{LARGEST_SIDE} pixels or {} bytes in memory",
            grouped(MOST_MEMORY)
        )
    };
    let explain = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => too_large(),
        error => format!("cannot be decoded ({error})"),
    };
    let mut decoder = reader.into_decoder().map_err(explain)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err("has no pixels".to_owned());
    }
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(too_large());
    }
    // Metadata that cannot be read says nothing about the picture.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(explain)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// Whether a JPEG lacks the marker of its end after that of its last scan: within a scan neither can occur.
fn is_cut_off(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    match (last([0xff, 0xda]), last([0xff, 0xd9])) {
        (Some(scan), Some(end)) => end < scan,
        _ => true,
    }
}

/// The pixels (H, W, C) of an image brought to this shape.
fn resized(image: DynamicImage, (height, width, channels): (usize, usize, usize)) -> Vec<u8> {
    let image = match channels {
        1 => DynamicImage::ImageLuma8(image.into_luma8()),
        _ => DynamicImage::ImageRgb8(image.into_rgb8()),
    };
    if (image.width() as usize, image.height() as usize) == (width, height) {
        return image.into_bytes();
    }
    image.resize_exact(width as u32, height as u32, FilterType::Triangle).into_bytes()
}

fn split(
    folder: &Path,
    entries: &[Entry],
    pixels: &[u8],
    shape: (usize, usize, usize),
    classes: Vec<String>,
) -> Result<Dataset, Error> {
    let features = shape.0 * shape.1 * shape.2;
    let part = |wanted: bool| {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        let images = entries.iter().zip(pixels.chunks_exact(features));
        for (entry, image) in images.filter(|(entry, _)| entry.is_test() == wanted) {
            values.extend_from_slice(image);
            let label = entry.class.as_ref().and_then(|class| classes.binary_search(class).ok());
            labels.push(label.unwrap_or_default() as u8);
        }
        let labels = (!classes.is_empty()).then_some(labels);
        Split::new(Pixels::Bytes(values), labels, features)
    };
    let (train, test) = (part(false), part(true));
    if train.is_empty() {
        let reason = "has so few images that all of them are test images".to_owned();
        return Err(damaged(folder, reason, "add some images"));
    }
    Ok(Dataset::new("image-folder", shape, train, test, classes))
}

#[cfg(test)]
mod tests;

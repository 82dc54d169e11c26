//! `progress.gif`: the pictures of `samples/` in order, each with its epoch below.

use std::fs;
use std::path::{Path, PathBuf};

use gif::{Encoder, Frame, Repeat};
use plotters_backend::BackendColor;

use super::canvas::{Anchor, Canvas};
use super::{Error, Result, palette};

/// The most frames: of a longer run, as many at even distances.
const MOST_FRAMES: usize = 120;
/// Larger pictures are refused, before memory is taken for them.
const MOST_PIXELS: u32 = 4096;
/// Wider or higher pictures are made smaller by a whole factor.
const MOST_SIDE: usize = 720;
/// The most bytes of one picture's file that are read.
const MOST_BYTES: u64 = 64 << 20;

/// Height of the strip with the epoch, and size of its letters, in pixels.
const STRIP: usize = 24;
const LETTERS: f32 = 16.0;

/// How long a frame is shown, in hundredths of a second: 8 frames a second, 5 in a short run, and the last for 2.5 s.
const DELAY: u16 = 12;
const SHORT_DELAY: u16 = 20;
const SHORT: usize = 30;
const LAST_DELAY: u16 = 250;

/// A picture and what is written below it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file's name, for messages.
    pub file: String,
    /// What is written below: `epoch 12`.
    pub label: String,
    /// A PNG, 8-bit grey or RGB.
    pub png: Vec<u8>,
}

impl Picture {
    /// Reads a picture's file.
    ///
    /// # Errors
    /// [`Error::Picture`] if it cannot be read or is too long. Whether it is a picture is seen when it is drawn.
    pub fn read(path: &Path, label: String) -> Result<Self> {
        let file = path.display().to_string();
        let failed = |reason: String| Error::Picture { file: file.clone(), reason };
        let length = fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
        if length > MOST_BYTES {
            return Err(failed(format!("it has {length} bytes, and more than {MOST_BYTES} are not read")));
        }
        let png = fs::read(path).map_err(|error| failed(error.to_string()))?;
        Ok(Self { file, label, png })
    }
}

/// The GIF of a folder's pictures `epoch_0001.png`, `epoch_0002.png`, …, in the order of their numbers; `None` if there are none.
///
/// # Errors
/// [`Error::Picture`] if the folder or a picture cannot be read, or as [`render`].
pub fn from_folder(folder: &Path) -> Result<Option<Vec<u8>>> {
    let files = numbered_files(folder)?;
    if files.is_empty() {
        return Ok(None);
    }
    let pictures: Vec<Picture> = evenly(files.len())
        .into_iter()
        .map(|index| {
            let (epoch, path) = &files[index];
            Picture::read(path, format!("epoch {epoch}"))
        })
        .collect::<Result<_>>()?;
    render(&pictures).map(Some)
}

/// The pictures' numbers and paths, in order.
fn numbered_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let failed = |error: std::io::Error| Error::Picture {
        file: folder.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let digits = name
            .and_then(|name| name.strip_prefix("epoch_"))
            .and_then(|name| name.strip_suffix(".png"))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(epoch) = digits.and_then(|digits| digits.parse().ok())
            && path.is_file()
        {
            files.push((epoch, path));
        }
    }
    files.sort();
    Ok(files)
}

/// The indices of at most [`MOST_FRAMES`] of `count` pictures, the first and the last among them.
fn evenly(count: usize) -> Vec<usize> {
    let frames = count.min(MOST_FRAMES);
    let place = |frame: usize| frame * (count - 1) / (frames - 1).max(1);
    (0..frames).map(place).collect()
}

/// A GIF of the pictures, repeated for ever. Grey pictures keep every grey; colours are reduced to 256 a frame.
///
/// # Errors
/// [`Error::Picture`] if a picture is no 8-bit grey or RGB PNG, or of another size or kind than the first.
///
/// # Panics
/// If there are no pictures.
pub fn render(pictures: &[Picture]) -> Result<Vec<u8>> {
    let chosen: Vec<&Picture> = evenly(pictures.len()).into_iter().map(|index| &pictures[index]).collect();
    let mut decoded = chosen.iter().map(|picture| decode(picture).map(|image| reduced(image, MOST_SIDE)));
    let first = decoded.next().expect("a GIF has at least one picture")?;
    let (width, height, is_grey) = (first.width, first.height, first.channels == 1);

    let mut bytes = Vec::new();
    let greys: Vec<u8> = (0..=255).flat_map(|grey| [grey; 3]).collect();
    let global: &[u8] = if is_grey { &greys } else { &[] };
    let side = |length: usize| u16::try_from(length).expect("pictures are at most 4096 pixels wide");
    let mut encoder =
        Encoder::new(&mut bytes, side(width), side(height + STRIP), global).map_err(Error::drawing)?;
    encoder.set_repeat(Repeat::Infinite).map_err(Error::drawing)?;
    let delay = if chosen.len() < SHORT { SHORT_DELAY } else { DELAY };
    for (index, image) in std::iter::once(Ok(first)).chain(decoded).enumerate() {
        let (image, picture) = (image?, chosen[index]);
        if (image.width, image.height, image.channels == 1) != (width, height, is_grey) {
            return Err(Error::Picture {
                file: picture.file.clone(),
                reason: "it is not of the size and kind of the first picture".to_string(),
            });
        }
        let pixels = with_strip(image, &picture.label);
        let mut frame = if is_grey {
            Frame {
                width: side(width),
                height: side(height + STRIP),
                buffer: pixels.into(),
                ..Frame::default()
            }
        } else {
            // 10 is gif's advice between speed and quality; colours of up to 256 are kept exactly.
            Frame::from_rgb_speed(side(width), side(height + STRIP), &pixels, 10)
        };
        frame.delay = if index + 1 == chosen.len() { LAST_DELAY } else { delay };
        encoder.write_frame(&frame).map_err(Error::drawing)?;
    }
    drop(encoder);
    Ok(bytes)
}

/// A decoded picture.
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 1 or 3.
    pub(super) channels: usize,
    pub(super) pixels: Vec<u8>,
}

/// Decodes a picture.
pub(super) fn decode(picture: &Picture) -> Result<Image> {
    let failed = |reason: String| Error::Picture { file: picture.file.clone(), reason };
    let limits = png::Limits { bytes: 128 << 20 };
    let decoder = png::Decoder::new_with_limits(std::io::Cursor::new(&picture.png), limits);
    let mut reader = decoder.read_info().map_err(|error| failed(error.to_string()))?;
    let info = reader.info();
    let channels = match (info.color_type, info.bit_depth) {
        (png::ColorType::Grayscale, png::BitDepth::Eight) => 1,
        (png::ColorType::Rgb, png::BitDepth::Eight) => 3,
        (color, depth) => {
            return Err(failed(format!("it is {color:?} of {depth:?} bits, not 8-bit grey or RGB")));
        }
    };
    let (width, height) = (info.width, info.height);
    if width > MOST_PIXELS || height > MOST_PIXELS {
        return Err(failed(format!(
            "it is {width}×{height}, and more than {MOST_PIXELS} pixels a side are not read"
        )));
    }
    let (width, height) = (width as usize, height as usize);
    let mut pixels = vec![0; width * height * channels];
    reader.next_frame(&mut pixels).map_err(|error| failed(error.to_string()))?;
    Ok(Image { width, height, channels, pixels })
}

/// The image, made smaller by averaging squares of pixels until no side is longer than `most`.
pub(super) fn reduced(image: Image, most: usize) -> Image {
    let factor = image.width.max(image.height).div_ceil(most);
    if factor <= 1 {
        return image;
    }
    let (width, height) = ((image.width / factor).max(1), (image.height / factor).max(1));
    let mut pixels = Vec::with_capacity(width * height * image.channels);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..image.channels {
                let rows = (y * factor..(y + 1) * factor).take_while(|row| *row < image.height);
                let places = rows.flat_map(|row| {
                    let columns = (x * factor..(x + 1) * factor).take_while(|column| *column < image.width);
                    columns.map(move |column| row * image.width + column)
                });
                let (sum, count) = places.fold((0_u32, 0_u32), |(sum, count), place| {
                    (sum + u32::from(image.pixels[place * image.channels + channel]), count + 1)
                });
                pixels.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    Image { width, height, channels: image.channels, pixels }
}

/// The image's pixels with a white strip below that has the label in it.
fn with_strip(image: Image, label: &str) -> Vec<u8> {
    let mut strip = Canvas::new(image.width, STRIP, palette::PAPER);
    let black = BackendColor { alpha: 1.0, rgb: (0, 0, 0) };
    strip.text((4.0, STRIP as f32 / 2.0), label, LETTERS, black, Anchor::LEFT, false);
    let mut pixels = image.pixels;
    let step = 3 / image.channels;
    pixels.extend(strip.rgb().iter().step_by(step));
    pixels
}

#[cfg(test)]
mod tests;

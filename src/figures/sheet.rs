//! Montages of several runs side by side, each under its name.

use plotters_backend::BackendColor;

use super::canvas::{Anchor, Canvas};
use super::progress::{Image, Picture, decode, reduced};
use super::{Error, Result, fonts, palette};

/// The most pictures of a sheet; of more, the first are drawn, and the sheet says so.
pub const MOST_PICTURES: usize = 24;

/// Pictures beside each other.
const MOST_COLUMNS: usize = 4;
/// Longer sides are made smaller by a whole factor.
const MOST_SIDE: usize = 640;
/// Shorter sides are enlarged by a whole factor, as far as they stay below this.
const LEAST_SIDE: usize = 280;
/// Pixels between pictures and around them.
const GAP: usize = 28;
/// Height of the title, of the two lines above each picture, and of one more where a label is long.
const TITLE: usize = 64;
const NAMES: usize = 56;
const LINE: usize = 24;
/// Size of the labels' letters.
const LETTERS: f32 = 19.0;

/// A montage and what is written above it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The first line: the configuration.
    pub label: String,
    /// The picture, whose label is the second line: seed and epoch, say.
    pub picture: Picture,
}

/// The sheet as a PNG: the pictures in rows of up to four, as large as they are or smaller by a whole factor.
///
/// # Errors
/// [`Error::Picture`] if a picture is no 8-bit grey or RGB PNG, or there are none.
pub fn png(title: &str, entries: &[Entry]) -> Result<Vec<u8>> {
    let shown = &entries[..entries.len().min(MOST_PICTURES)];
    let images = shown
        .iter()
        .map(|entry| decode(&entry.picture).map(|image| enlarged(reduced(image, MOST_SIDE))))
        .collect::<Result<Vec<Image>>>()?;
    if images.is_empty() {
        let reason = "there is no montage to show".to_owned();
        return Err(Error::Picture { file: title.to_owned(), reason });
    }
    let columns = images.len().min(MOST_COLUMNS);
    let rows: Vec<(&[Entry], &[Image])> = shown.chunks(columns).zip(images.chunks(columns)).collect();
    let cell = images.iter().map(|image| image.width).max().unwrap_or(0).max(LEAST_SIDE);
    let height_of = |images: &[Image]| images.iter().map(|image| image.height).max().unwrap_or(0);
    let width = GAP + columns * (cell + GAP);
    let labels: Vec<Vec<String>> = shown.iter().map(|entry| broken(&entry.label, cell as f32)).collect();
    let names = if labels.iter().any(|lines| lines.len() > 1) { NAMES + LINE } else { NAMES };
    let height = TITLE + rows.iter().map(|(_, images)| names + height_of(images) + GAP).sum::<usize>();

    let mut canvas = Canvas::new(width, height, palette::PAPER);
    write_title(&mut canvas, title, entries.len(), width);
    let mut top = TITLE;
    let mut labels = labels.iter();
    for (entries, images) in rows {
        for (column, (entry, image)) in entries.iter().zip(images).enumerate() {
            let left = GAP + column * (cell + GAP);
            let mut write = |text: &str, size: f32, color, line: usize| {
                let place = (left as f32, (top + 14 + LINE * line) as f32);
                canvas.text(place, text, size, solid(color), Anchor::LEFT, false);
            };
            let lines = labels.next().map_or(&[][..], Vec::as_slice);
            for (line, text) in lines.iter().enumerate() {
                write(text, LETTERS, palette::INK, line);
            }
            let below = fonts::fitted(&entry.picture.label, 16.0, cell as f32);
            write(&below, 16.0, palette::FAINT_INK, lines.len());
            canvas.picture((left, top + names), image.width, image.channels, &image.pixels);
        }
        top += names + height_of(images) + GAP;
    }
    Ok(canvas.to_png())
}

/// A label in one or two lines, broken at a comma where that helps.
fn broken(label: &str, limit: f32) -> Vec<String> {
    let width = |text: &str| fonts::width(text, LETTERS);
    if width(label) <= limit {
        return vec![fonts::fitted(label, LETTERS, limit)];
    }
    let commas = label.match_indices(", ").map(|(at, comma)| at + comma.len());
    match commas.filter(|at| width(label[..*at].trim_end()) <= limit).last() {
        None => vec![fonts::fitted(label, LETTERS, limit)],
        Some(at) => {
            let lines = [label[..at].trim_end(), &label[at..]];
            lines.map(|line| fonts::fitted(line, LETTERS, limit)).to_vec()
        }
    }
}

/// Whether a picture can be drawn on a sheet.
///
/// # Errors
/// [`Error::Picture`] if it is no 8-bit grey or RGB PNG.
pub fn check(picture: &Picture) -> Result<()> {
    decode(picture).map(drop)
}

fn solid(color: plotters::style::RGBColor) -> BackendColor {
    BackendColor { alpha: 1.0, rgb: (color.0, color.1, color.2) }
}

fn write_title(canvas: &mut Canvas, title: &str, count: usize, width: usize) {
    let limit = (width - 2 * GAP) as f32;
    let note = match count > MOST_PICTURES {
        true => format!("the first {MOST_PICTURES} of {count}"),
        false => String::new(),
    };
    let room = limit - fonts::width(&note, 18.0) - 16.0;
    let title = fonts::fitted(title, 26.0, room);
    let middle = 0.5 * TITLE as f32;
    canvas.text((GAP as f32, middle), &title, 26.0, solid(palette::INK), Anchor::LEFT, false);
    let left = width as f32 - GAP as f32 - fonts::width(&note, 18.0);
    canvas.text((left, middle), &note, 18.0, solid(palette::FAINT_INK), Anchor::LEFT, false);
}

/// The image enlarged by the largest whole factor with which it stays within [`LEAST_SIDE`].
fn enlarged(image: Image) -> Image {
    let factor = LEAST_SIDE / image.width.max(image.height).max(1);
    if factor <= 1 {
        return image;
    }
    let mut pixels = Vec::with_capacity(image.pixels.len() * factor * factor);
    for row in image.pixels.chunks(image.width * image.channels) {
        for _ in 0..factor {
            for pixel in row.chunks(image.channels) {
                pixels.extend(pixel.iter().copied().cycle().take(image.channels * factor));
            }
        }
    }
    Image { width: image.width * factor, height: image.height * factor, channels: image.channels, pixels }
}

#[cfg(test)]
mod tests;

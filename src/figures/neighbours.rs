//! Generated images beside the nearest ones of the training data: a generator that repeats its examples is seen at once.

use plotters::style::{Color, RGBColor};
use plotters_backend::text_anchor::{HPos, VPos};

use super::canvas::{Anchor, Canvas, HEADING};
use super::montage::Samples;
use super::{fonts, palette};

const MARGIN: usize = 36;
/// The side that images are enlarged to, about.
const SIDE: usize = 84;
/// Images are given at least this much width, for the distance below.
const CELL: usize = 64;
/// Between a sample and its neighbours, between neighbours, and between groups.
const GAPS: (usize, usize, usize) = (24, 8, 64);
/// Heights of the words above the groups, and of the distances below the images.
const WORDS: usize = 36;
const DISTANCE: usize = 34;
/// The most width of all groups side by side, if there are several, and the most rows.
const MOST_WIDTH: usize = 1480;
const MOST_ROWS: usize = 24;

/// What a figure shows.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'a> {
    /// What is written above.
    pub title: &'a str,
    /// What stands below the title: where the neighbours are from and what the distances measure, say.
    pub note: &'a str,
    /// Generated images.
    pub samples: &'a Samples<'a>,
    /// For each sample in turn, its `per_sample` nearest images, the nearest first.
    pub neighbours: &'a Samples<'a>,
    /// The distance of each of the neighbours.
    pub distances: &'a [f32],
    /// Neighbours of a sample, at least 1.
    pub per_sample: usize,
}

impl Neighbours<'_> {
    /// Width of an image's place.
    fn cell(&self, scale: usize) -> usize {
        (self.samples.width * scale).max(CELL)
    }

    /// Width of a sample with its neighbours.
    fn group(&self, scale: usize) -> usize {
        self.cell(scale) + GAPS.0 + self.per_sample * (self.cell(scale) + GAPS.1) - GAPS.1
    }
}

/// The figure as a PNG: in each row one sample or several, as many as there is room for, each with its neighbours at the right. Of more than
/// 24 rows the first are drawn, and the note says so.
///
/// # Panics
/// If samples and neighbours are not of one shape, the channels are neither 1 nor 3, or `per_sample` is 0.
pub fn png(figure: &Neighbours<'_>) -> Vec<u8> {
    let Neighbours { samples, neighbours, per_sample, .. } = *figure;
    let shape = |samples: &Samples<'_>| (samples.height, samples.width, samples.channels);
    assert_eq!(shape(samples), shape(neighbours), "samples and neighbours are of one shape");
    assert!(matches!(samples.channels, 1 | 3), "{} channels are no picture", samples.channels);
    assert!(per_sample > 0, "a sample has at least one neighbour");
    let scale = samples.scale_to(SIDE);
    let group = figure.group(scale);
    let count = samples.count();
    let columns = ((MOST_WIDTH + GAPS.2) / (group + GAPS.2)).clamp(1, count.max(1));
    let rows = count.div_ceil(columns).min(MOST_ROWS);
    let row = samples.height * scale + DISTANCE;
    let width = (2 * MARGIN + columns * (group + GAPS.2) - GAPS.2).max(640);
    let mut canvas = Canvas::new(width, HEADING + WORDS + rows.max(1) * row + MARGIN, palette::PAPER);
    let note = match count > rows * columns {
        true => format!("{} · the first {} of {count} samples", figure.note, rows * columns),
        false => figure.note.to_owned(),
    };
    canvas.heading(MARGIN, figure.title, &note);
    for column in 0..columns {
        write_words(&mut canvas, figure, MARGIN + column * (group + GAPS.2), scale);
    }
    for index in 0..count.min(rows * columns) {
        // Down the columns: the order of the samples is that of reading a list.
        let place = (MARGIN + index / rows * (group + GAPS.2), HEADING + WORDS + index % rows * row);
        draw_group(&mut canvas, figure, index, place, scale);
    }
    canvas.to_png()
}

/// The words above a column of groups.
fn write_words(canvas: &mut Canvas, figure: &Neighbours<'_>, left: usize, scale: usize) {
    let cell = figure.cell(scale);
    let right = left + cell + GAPS.0;
    let room = figure.group(scale) - cell - GAPS.0;
    let words: [(&[&str], usize, usize, RGBColor); 2] = [
        (&["generated", "sample"], left, cell + GAPS.0 / 2, palette::VERMILLION),
        (
            &["nearest training images", "nearest training", "nearest"],
            right,
            room + GAPS.2 / 2,
            palette::BLUE,
        ),
    ];
    for (choices, left, room, color) in words {
        let fits = |word: &&&str| fonts::width(word, 20.0) <= room as f32;
        let word = choices.iter().find(fits).or(choices.last()).copied().unwrap_or_default();
        let place = (left as f32, (HEADING + WORDS / 2 - 6) as f32);
        canvas.text(place, word, 20.0, color.to_backend_color(), Anchor::LEFT, false);
    }
}

/// A sample, a line, and its neighbours with their distances.
fn draw_group(
    canvas: &mut Canvas,
    figure: &Neighbours<'_>,
    index: usize,
    (left, top): (usize, usize),
    scale: usize,
) {
    let Neighbours { samples, neighbours, per_sample, .. } = *figure;
    let (cell, width, height) = (figure.cell(scale), samples.width * scale, samples.height * scale);
    let centred = |left: usize| (left + (cell - width) / 2, top);
    canvas.picture(centred(left), width, samples.channels, &samples.enlarged(index, scale));
    let middle = (left + cell) as f32 + 0.5 * GAPS.0 as f32;
    let ends = [(middle, top as f32 + 1.0), (middle, (top + height) as f32 - 1.0)];
    canvas.stroke_path(&ends, 2.0, palette::AXIS.to_backend_color());
    let anchor = Anchor { horizontal: HPos::Center, vertical: VPos::Top };
    for place in 0..per_sample {
        let which = index * per_sample + place;
        if which >= neighbours.count() {
            break;
        }
        let left = left + cell + GAPS.0 + place * (cell + GAPS.1);
        canvas.picture(centred(left), width, samples.channels, &neighbours.enlarged(which, scale));
        let Some(distance) = figure.distances.get(which) else { continue };
        // An image at no distance is a copy.
        let color = if *distance == 0.0 { palette::VERMILLION } else { palette::FAINT_INK };
        let text = fonts::fitted(&number(*distance), 16.0, cell as f32);
        let below = ((left + cell / 2) as f32, (top + height + 7) as f32);
        canvas.text(below, &text, 16.0, color.to_backend_color(), anchor, false);
    }
}

/// Three significant digits; a dash for what is no number.
fn number(distance: f32) -> String {
    match distance {
        distance if !distance.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        distance if !(1e-3..1e5).contains(&distance.abs()) => format!("{distance:.1e}").replace('-', "−"),
        distance if distance.abs() < 0.995 => format!("{distance:.3}"),
        distance if distance.abs() < 9.995 => format!("{distance:.2}"),
        distance if distance.abs() < 99.95 => format!("{distance:.1}"),
        distance => format!("{distance:.0}"),
    }
}

#[cfg(test)]
mod tests;

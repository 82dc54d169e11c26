//! Examples that a classifier named wrongly, with the right name and the one it gave: `mistakes.png`.

use plotters::style::{Color, RGBColor};

use super::canvas::{Anchor, Canvas, HEADING};
use super::montage::Samples;
use super::{fonts, palette};

/// An example with its name and the one that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What it is.
    pub label: String,
    /// What it was taken for.
    pub predicted: String,
}

/// The side that images are enlarged to, about.
const SIDE: usize = 112;
/// Width of a picture's place, and the height of the two lines below it.
const CELL: usize = 148;
const NAMES: usize = 52;
const MARGIN: usize = 36;
/// Size of the names.
const SIZE: f32 = 18.0;

/// The first `rows * columns` mistakes as a PNG; `samples` has an image for each. `note` stands below the title.
///
/// # Panics
/// If the channels are neither 1 nor 3, or there are fewer images than mistakes.
pub fn png(
    (title, note): (&str, &str),
    mistakes: &[Mistake],
    samples: &Samples<'_>,
    (rows, columns): (usize, usize),
) -> Vec<u8> {
    let Samples { height, width, channels, .. } = *samples;
    assert!(matches!(channels, 1 | 3), "{channels} channels are no picture");
    let shown = mistakes.len().min(rows * columns);
    let columns = columns.min(shown.max(1));
    let scale = samples.scale_to(SIDE);
    let cell = (CELL.max(width * scale + 24), height * scale + NAMES + 20);
    let size = (
        (2 * MARGIN + columns * cell.0).max(640),
        HEADING + shown.div_ceil(columns).max(1) * cell.1 + MARGIN / 2,
    );
    let mut canvas = Canvas::new(size.0, size.1, palette::PAPER);
    canvas.heading(MARGIN, title, note);
    let mut write = |place: (f32, f32), text: &str, color: RGBColor| {
        let text = fonts::fitted(text, SIZE, cell.0 as f32 - 8.0);
        canvas.text(place, &text, SIZE, color.to_backend_color(), Anchor::CENTER, false);
    };
    let place = |index: usize| (MARGIN + index % columns * cell.0, HEADING + index / columns * cell.1);
    for (index, mistake) in mistakes.iter().enumerate().take(shown) {
        let (left, top) = place(index);
        let middle = (left + cell.0 / 2) as f32;
        let below = (top + height * scale + 16) as f32;
        write((middle, below), &mistake.label, palette::BLUE);
        write((middle, below + 22.0), &mistake.predicted, palette::VERMILLION);
    }
    for index in 0..shown {
        let (left, top) = place(index);
        let place = (left + (cell.0 - width * scale) / 2, top);
        canvas.picture(place, width * scale, channels, &samples.enlarged(index, scale));
    }
    canvas.to_png()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Scale;

    #[test]
    fn the_images_stand_over_their_names_and_no_more_than_there_is_room_for() {
        let mistake = Mistake { label: "a shirt".into(), predicted: "a coat".into() };
        for (count, channels) in [(0, 1), (1, 1), (7, 3), (40, 1)] {
            let data = vec![0.5; count * 28 * 28 * channels];
            let samples = Samples { data: &data, height: 28, width: 28, channels, range: Scale::Unit };
            let mistakes = vec![mistake.clone(); count];
            let bytes = png(("an experiment", "a note"), &mistakes, &samples, (4, 8));
            let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            let rows = count.min(32).div_ceil(8).max(1);
            assert_eq!(info.height as usize, HEADING + rows * (112 + NAMES + 20) + MARGIN / 2);
            // Each image is a grey square of 112 pixels.
            let grey = pixels.chunks_exact(3).filter(|pixel| *pixel == [128; 3]).count();
            assert!(grey.abs_diff(count.min(32) * 112 * 112) < 200, "{grey} for {count}");
        }
    }
}

//! Real examples at the left and generated ones at the right.

use plotters::style::{Color, RGBColor};

use super::canvas::{Anchor, Canvas, HEADING};
use super::montage::{self, Samples};
use super::palette;

const MARGIN: usize = 36;
/// Between the two montages.
const GUTTER: usize = 44;
/// Height of the words above each.
const WORDS: usize = 32;
/// Narrower ones would have no room for their titles.
const LEAST_WIDTH: usize = 640;

/// The first `rows * columns` of either side by side as a PNG, all enlarged by one factor, as [`montage::png`] does it. `note` stands below the
/// title.
///
/// # Panics
/// If the two are not of one shape, the channels are neither 1 nor 3, or `rows` or `columns` is 0.
pub fn png(
    (title, note): (&str, &str),
    real: &Samples<'_>,
    generated: &Samples<'_>,
    (rows, columns): (usize, usize),
) -> Vec<u8> {
    let shape = |samples: &Samples<'_>| (samples.height, samples.width, samples.channels);
    assert_eq!(shape(real), shape(generated), "real and generated images are of one shape");
    assert!(matches!(real.channels, 1 | 3), "{} channels are no picture", real.channels);
    assert!(rows > 0 && columns > 0);
    let scale = montage::scale(real.height, real.width, rows, 2 * columns);
    let grids = [real, generated].map(|samples| montage::grid(samples, rows, columns, scale));
    let (side, height) = (grids[0].width, grids[0].height);
    let width = (2 * MARGIN + 2 * side + GUTTER).max(LEAST_WIDTH);
    let mut canvas = Canvas::new(width, HEADING + WORDS + height + MARGIN, palette::PAPER);
    canvas.heading(MARGIN, title, note);
    let words: [(&str, RGBColor); 2] = [("real", palette::BLUE), ("generated", palette::VERMILLION)];
    for (index, (grid, (word, color))) in grids.iter().zip(words).enumerate() {
        let left = MARGIN + index * (side + GUTTER);
        let place = (left as f32, (HEADING + WORDS / 2 - 6) as f32);
        canvas.text(place, word, 22.0, color.to_backend_color(), Anchor::LEFT, false);
        canvas.picture((left, HEADING + WORDS), side, grid.channels, &grid.pixels);
    }
    canvas.to_png()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Scale;
    use crate::figures::testing::decoded;

    /// Real images are white and generated ones black, so each side shows which it has.
    #[test]
    fn each_side_has_its_own_images() {
        for (count, channels, grid) in [(0, 1, (2, 3)), (4, 1, (2, 2)), (9, 3, (2, 3)), (1, 3, (1, 1))] {
            let data = [1.0, 0.0].map(|value| vec![value; count * 28 * 28 * channels]);
            let [real, generated] = [0, 1].map(|side| Samples {
                data: &data[side],
                height: 28,
                width: 28,
                channels,
                range: Scale::Unit,
            });
            let bytes = png(("an experiment", "a note"), &real, &generated, grid);
            let picture = decoded(&bytes);
            let side = 2 + grid.1 * 86;
            assert_eq!(picture.height, HEADING + WORDS + 2 + grid.0 * 86 + MARGIN);
            assert_eq!(picture.width, (2 * MARGIN + 2 * side + GUTTER).max(LEAST_WIDTH));
            let pixels = |left: usize, wanted: u8| {
                let rows = HEADING + WORDS..HEADING + WORDS + 2 + grid.0 * 86;
                let all = rows.flat_map(|y| (left..left + side).map(move |x| (x, y)));
                all.filter(|(x, y)| picture.at(*x, *y) == [wanted; 3]).count()
            };
            let shown = count.min(grid.0 * grid.1) * 84 * 84;
            assert_eq!((pixels(MARGIN, 255), pixels(MARGIN, 0)), (shown, 0));
            assert_eq!((pixels(MARGIN + side + GUTTER, 255), pixels(MARGIN + side + GUTTER, 0)), (0, shown));
            assert_eq!(bytes, png(("an experiment", "a note"), &real, &generated, grid));
        }
    }
}

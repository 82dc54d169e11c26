//! A classifier's answers, counted: `confusion.png`.
//!
//! A row per class and a column per answer, each cell with its count and as dark as its share of the row, so that classes of
//! different sizes look alike. What is right lies on the diagonal.

use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::canvas::{Anchor, Canvas};
use super::{fonts, palette};

/// How often each answer was given to each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row by row, (class, answer).
    counts: Vec<u64>,
}

impl Confusion {
    /// Counts the answers; both are below `classes`, and what is not is left out.
    pub fn new(classes: usize, labels: &[u8], predicted: &[u8]) -> Self {
        let mut counts = vec![0; classes * classes];
        for (&label, &answer) in labels.iter().zip(predicted) {
            let (label, answer) = (usize::from(label), usize::from(answer));
            if label < classes && answer < classes {
                counts[label * classes + answer] += 1;
            }
        }
        Self { classes, counts }
    }

    /// How often `answer` was given to examples of a class.
    pub fn count(&self, class: usize, answer: usize) -> u64 {
        self.counts[class * self.classes + answer]
    }

    /// How many examples of a class there are.
    pub fn of_class(&self, class: usize) -> u64 {
        self.counts[class * self.classes..][..self.classes].iter().sum()
    }

    /// The share of right answers; NaN without examples.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        right as f64 / self.counts.iter().sum::<u64>() as f64
    }
}

/// The side of all cells together, about.
const SIDE: usize = 1040;
/// The most and least of a cell's side.
const CELL: (usize, usize) = (104, 6);
/// Smaller cells have no number, and smaller ones than the second no name.
const WITH_NUMBER: usize = 36;
const WITH_NAME: usize = 22;
/// Margins at the right and below.
const MARGIN: usize = 36;
/// The height of the title and what stands below it.
const TITLE: usize = 84;
/// The most room of a name.
const MOST_NAME: f32 = 260.0;

/// The matrix as a PNG; `names` are those of the classes, or numbers where there are none.
pub fn png(title: &str, confusion: &Confusion, names: &[String]) -> Vec<u8> {
    let classes = confusion.classes;
    let cell = (SIDE / classes.max(1)).clamp(CELL.1, CELL.0);
    let size = (cell as f32 * 0.26).clamp(14.0, 22.0);
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let names: Vec<String> = (0..classes).map(|class| fonts::fitted(&name(class), size, MOST_NAME)).collect();
    let room = names.iter().map(|name| fonts::width(name, size)).fold(0.0, f32::max).ceil();
    let (left, top) = (84 + room as usize, TITLE + 84 + room as usize);
    let width = (left + classes * cell + MARGIN).max(640);
    let mut canvas = Canvas::new(width, top + classes * cell + MARGIN, palette::PAPER);
    let mut write = |place: (f32, f32), text: &str, size: f32, color: RGBColor, anchor, upwards| {
        canvas.text(place, text, size, color.to_backend_color(), anchor, upwards);
    };
    let limit = (width - 2 * MARGIN) as f32;
    let edge = MARGIN as f32;
    write((edge, 44.0), &fonts::fitted(title, 34.0, limit), 34.0, palette::INK, Anchor::LEFT, false);
    let share = format!("{:.2} % are named rightly", 100.0 * confusion.accuracy());
    write((edge, 84.0), &share, 22.0, palette::FAINT_INK, Anchor::LEFT, false);
    let middle = (classes * cell / 2) as f32;
    let above = (left as f32 + middle, 128.0);
    write(above, "named", 22.0, palette::INK, Anchor::CENTER, false);
    write((44.0, top as f32 + middle), "is", 22.0, palette::INK, Anchor::CENTER, true);
    let right = Anchor { horizontal: HPos::Right, vertical: VPos::Center };
    for (class, name) in names.iter().enumerate().filter(|_| cell >= WITH_NAME) {
        let along = (class * cell + cell / 2) as f32;
        write((left as f32 - 12.0, top as f32 + along), name, size, palette::INK, right, false);
        write((left as f32 + along, top as f32 - 12.0), name, size, palette::INK, Anchor::LEFT, true);
    }
    draw_cells(&mut canvas, confusion, (left, top), cell, size);
    canvas.to_png()
}

fn draw_cells(
    canvas: &mut Canvas,
    confusion: &Confusion,
    (left, top): (usize, usize),
    cell: usize,
    size: f32,
) {
    for class in 0..confusion.classes {
        let all = confusion.of_class(class).max(1) as f32;
        for answer in 0..confusion.classes {
            let count = confusion.count(class, answer);
            let share = count as f32 / all;
            let color = shade(share, class == answer);
            let corner = ((left + answer * cell) as f32, (top + class * cell) as f32);
            let gap = if cell >= WITH_NUMBER { 1.0 } else { 0.0 };
            let end = (corner.0 + cell as f32 - gap, corner.1 + cell as f32 - gap);
            canvas.fill_rectangle(corner, end, color.to_backend_color());
            if cell >= WITH_NUMBER && count > 0 {
                let middle = (corner.0 + cell as f32 / 2.0, corner.1 + cell as f32 / 2.0);
                let ink = if share > 0.45 { palette::PAPER } else { palette::INK };
                canvas.text(middle, &count.to_string(), size, ink.to_backend_color(), Anchor::CENTER, false);
            }
        }
    }
}

/// From the grid's grey at 0 to blue for what is right and vermillion for what is wrong. The root lets a few mistakes among a
/// thousand be seen.
fn shade(share: f32, is_right: bool) -> RGBColor {
    let end = if is_right { palette::BLUE } else { palette::VERMILLION };
    let strength = if is_right { share } else { share.sqrt() };
    let start = RGBColor(0xf6, 0xf7, 0xf9);
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * strength).round() as u8;
    RGBColor(mix(start.0, end.0), mix(start.1, end.1), mix(start.2, end.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_class() {
        let confusion = Confusion::new(3, &[0, 0, 1, 2, 2, 9], &[0, 1, 1, 0, 2, 0]);
        let counts: Vec<u64> = (0..3)
            .flat_map(|class| (0..3).map(move |answer| (class, answer)))
            .map(|(c, a)| confusion.count(c, a))
            .collect();
        assert_eq!(counts, [1, 1, 0, 0, 1, 0, 1, 0, 1]);
        assert_eq!((confusion.of_class(0), confusion.of_class(1)), (2, 1));
        assert!((confusion.accuracy() - 0.6).abs() < 1e-12);
    }

    /// The middle of the upper left cell is darker than that of its neighbour, and both have their colours.
    #[test]
    fn right_answers_are_blue_and_wrong_ones_vermillion() {
        assert_eq!(shade(1.0, true), palette::BLUE);
        assert_eq!(shade(1.0, false), palette::VERMILLION);
        assert_eq!(shade(0.0, true), shade(0.0, false));
    }

    #[test]
    fn any_number_of_classes_gives_a_picture() {
        let names = ["T-shirt/top", "a name that is much longer than any room could ever be for it"];
        let names = names.map(str::to_owned);
        for classes in [2, 10, 37, 256] {
            let labels: Vec<u8> = (0..=255).map(|label| (label % classes as u32) as u8).collect();
            let confusion = Confusion::new(classes, &labels, &labels);
            let bytes = png("an experiment, epoch 3", &confusion, &names);
            let info = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap().info().clone();
            assert!(info.width >= 640 && info.width < 2200 && info.height < 2400, "{info:?}");
            assert_eq!(bytes, png("an experiment, epoch 3", &confusion, &names));
        }
        assert!(Confusion::new(2, &[], &[]).accuracy().is_nan());
    }
}

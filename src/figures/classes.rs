//! How often a classifier names each class among the samples, beside how often it is there among real examples.

use plotters::coord::ranged1d::Ranged;
use plotters::style::{Color, RGBColor};
use plotters_backend::text_anchor::{HPos, VPos};

use super::axis::Axis;
use super::canvas::{Anchor, Canvas, HEADING};
use super::{fonts, palette};

const WIDTH: usize = 1280;
const MARGIN: usize = 36;
/// The most room of a name, and of the number at the end of a bar.
const MOST_NAME: f32 = 280.0;
const NUMBER: f32 = 92.0;
/// Heights of the legend and of what lies below the bars.
const LEGEND: usize = 44;
const BELOW: usize = 96;
/// What all rows take, about, and the most and least of one.
const ROWS: usize = 1120;
const ROW: (usize, usize) = (56, 6);
/// Lower rows have one bar, with a mark where the real share is, and no number.
const WITH_TWO_BARS: usize = 20;
/// Names need this much height.
const NAME: usize = 20;

const GENERATED: RGBColor = palette::VERMILLION;
const REAL: RGBColor = palette::BLUE;

/// Bars of the shares as a PNG 1280 pixels wide, a row for each class. `generated` and `real` are counts or shares, a number a class; each is
/// taken by its part of the sum, and what is negative or not finite counts as 0. Either may be empty. Where the real shares are all the same, a
/// dashed line shows it. `names` are those of the classes, or numbers where there are none; `note` stands below the title.
pub fn png((title, note): (&str, &str), names: &[String], generated: &[f64], real: &[f64]) -> Vec<u8> {
    let classes = generated.len().max(real.len());
    let (generated, real) = (shares(generated), shares(real));
    let row = (ROWS / classes.max(1)).clamp(ROW.1, ROW.0);
    let size = (row as f32 * 0.4).clamp(15.0, 20.0);
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let shown: Vec<String> = (0..classes).map(|class| fonts::fitted(&name(class), size, MOST_NAME)).collect();
    let room = shown.iter().map(|name| fonts::width(name, size)).fold(0.0, f32::max).ceil();
    let largest = generated.iter().chain(&real).copied().fold(0.0, f64::max);
    let numbers = if row >= WITH_TWO_BARS { NUMBER } else { 24.0 };
    let plot = Plot {
        left: MARGIN as f32 + room + 18.0,
        right: WIDTH as f32 - MARGIN as f32 - numbers,
        top: HEADING + LEGEND,
        row,
        axis: Axis::widened(0.0..if largest > 0.0 { 100.0 * largest } else { 100.0 }, 8),
    };
    let bottom = plot.top + classes.max(1) * row;
    let mut canvas = Canvas::new(WIDTH, bottom + BELOW, palette::PAPER);
    canvas.heading(MARGIN, title, note);
    plot.draw_grid(&mut canvas, bottom);
    let right = Anchor { horizontal: HPos::Right, vertical: VPos::Center };
    // Of thin rows, as many names as there is room for.
    let every = NAME.div_ceil(row);
    for (class, name) in shown.iter().enumerate().step_by(every) {
        let place = (plot.left - 12.0, plot.middle(class));
        canvas.text(place, name, size, palette::INK.to_backend_color(), right, false);
    }
    let uniform = uniform(&real);
    plot.draw_legend(&mut canvas, (!generated.is_empty(), !real.is_empty(), uniform));
    let bars = |class: usize| [generated.get(class).copied(), real.get(class).copied()];
    for class in 0..classes {
        plot.draw_class(&mut canvas, class, bars(class), uniform.is_some());
    }
    if let Some(share) = uniform {
        plot.draw_uniform(&mut canvas, share, bottom);
    }
    for class in (0..classes).filter(|_| plot.has_two_bars()) {
        // The legend says what is the same for all.
        let [generated, real] = bars(class);
        plot.draw_numbers(&mut canvas, class, [generated, real.filter(|_| uniform.is_none())]);
    }
    canvas.to_png()
}

/// The parts of the sum.
fn shares(numbers: &[f64]) -> Vec<f64> {
    let clean = || numbers.iter().map(|number| if number.is_finite() { number.max(0.0) } else { 0.0 });
    let largest = clean().fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![0.0; numbers.len()];
    }
    // By the largest first: sums of huge numbers overflow.
    let sum: f64 = clean().map(|number| number / largest).sum();
    clean().map(|number| number / largest / sum).collect()
}

/// The share of every class, where it is the same up to a thousandth.
fn uniform(shares: &[f64]) -> Option<f64> {
    let share = 1.0 / shares.len() as f64;
    let is_near = |other: &f64| (other - share).abs() <= 1e-3 * share;
    (shares.len() > 1 && shares.iter().all(is_near)).then_some(share)
}

/// Where the bars are.
struct Plot {
    left: f32,
    right: f32,
    top: usize,
    /// Height of a class.
    row: usize,
    /// In percent.
    axis: Axis,
}

impl Plot {
    fn x(&self, share: f64) -> f32 {
        let range = self.axis.range();
        self.left
            + ((100.0 * share - range.start) / (range.end - range.start)) as f32 * (self.right - self.left)
    }

    fn middle(&self, class: usize) -> f32 {
        (self.top + class * self.row) as f32 + 0.5 * self.row as f32
    }

    fn has_two_bars(&self) -> bool {
        self.row >= WITH_TWO_BARS
    }

    fn draw_grid(&self, canvas: &mut Canvas, bottom: usize) {
        let (top, bottom) = (self.top as f32, bottom as f32);
        let below = Anchor { horizontal: HPos::Center, vertical: VPos::Top };
        let ink = palette::FAINT_INK.to_backend_color();
        for tick in self.axis.ticks() {
            let x = self.x(tick / 100.0).round();
            let color = if *tick == 0.0 { palette::AXIS } else { palette::GRID };
            canvas.fill_rectangle((x - 1.0, top - 6.0), (x + 1.0, bottom + 6.0), color.to_backend_color());
            canvas.text((x, bottom + 16.0), &self.axis.label(*tick), 18.0, ink, below, false);
        }
        let middle = 0.5 * (self.left + self.right);
        canvas.text((middle, bottom + 52.0), "share of the examples, %", 18.0, ink, below, false);
    }

    fn draw_legend(&self, canvas: &mut Canvas, (generated, real, uniform): (bool, bool, Option<f64>)) {
        let y = HEADING as f32 + 8.0;
        let mut left = self.left;
        let mut entry = |canvas: &mut Canvas, word: &str, sample: &dyn Fn(&mut Canvas, f32)| {
            sample(canvas, left);
            let ink = palette::INK.to_backend_color();
            canvas.text((left + 36.0, y), word, 19.0, ink, Anchor::LEFT, false);
            left += 36.0 + fonts::width(word, 19.0) + 36.0;
        };
        let bar = |color: RGBColor| {
            move |canvas: &mut Canvas, left: f32| {
                let color = color.to_backend_color();
                canvas.fill_rectangle((left, y - 7.0), (left + 26.0, y + 7.0), color);
            }
        };
        if generated {
            entry(canvas, "generated", &bar(GENERATED));
        }
        if real && self.has_two_bars() {
            entry(canvas, "real", &bar(REAL));
        } else if real && uniform.is_none() {
            let mark = |canvas: &mut Canvas, left: f32| self.draw_mark(canvas, left + 13.0, y - 8.0, y + 8.0);
            entry(canvas, "real", &mark);
        }
        if let Some(share) = uniform {
            let whose = if self.has_two_bars() { "" } else { "real: " };
            let word = format!("{whose}uniform, {}", percent(share));
            let dashes = |canvas: &mut Canvas, left: f32| {
                for dash in [0.0, 11.0, 22.0] {
                    let ends = [(left + dash, y), (left + dash + 5.0, y)];
                    canvas.stroke_path(&ends, 2.0, palette::INK.to_backend_color());
                }
            };
            entry(canvas, &word, &dashes);
        }
    }

    /// Where the bars of a class begin, and the height of one.
    fn bars(&self, class: usize) -> (f32, f32) {
        let (top, row) = ((self.top + class * self.row) as f32, self.row as f32);
        let gap = (0.1 * row).round().max(1.0);
        match self.has_two_bars() {
            true => (top + gap, 0.5 * (row - 2.0 * gap)),
            false => (top + 0.5 * gap, row - gap),
        }
    }

    fn draw_class(&self, canvas: &mut Canvas, class: usize, shares: [Option<f64>; 2], is_uniform: bool) {
        let (top, height) = self.bars(class);
        let bars = if self.has_two_bars() { 2 } else { 1 };
        for (place, (share, color)) in shares.into_iter().zip([GENERATED, REAL]).enumerate().take(bars) {
            let Some(share) = share else { continue };
            let y = top + height * place as f32;
            canvas.fill_rectangle((self.left, y), (self.x(share), y + height), color.to_backend_color());
        }
        if let Some(share) = shares[1].filter(|_| !self.has_two_bars() && !is_uniform) {
            let top = (self.top + class * self.row) as f32;
            self.draw_mark(canvas, self.x(share), top, top + self.row as f32);
        }
    }

    /// At the ends of the bars, on paper of their own where lines pass.
    fn draw_numbers(&self, canvas: &mut Canvas, class: usize, shares: [Option<f64>; 2]) {
        let (top, height) = self.bars(class);
        let size = (height * 0.95).clamp(11.0, 17.0);
        for (place, share) in shares.into_iter().enumerate() {
            let Some(share) = share else { continue };
            let text = percent(share);
            let (left, y) = (self.x(share) + 7.0, top + height * place as f32);
            let end = (left + fonts::width(&text, size) + 3.0, y + height - 1.0);
            canvas.fill_rectangle((left - 3.0, y + 1.0), end, palette::PAPER.to_backend_color());
            let ink = palette::FAINT_INK.to_backend_color();
            canvas.text((left, y + 0.5 * height), &text, size, ink, Anchor::LEFT, false);
        }
    }

    /// The real share of a thin row.
    fn draw_mark(&self, canvas: &mut Canvas, x: f32, top: f32, bottom: f32) {
        canvas.fill_rectangle((x - 1.5, top), (x + 1.5, bottom), palette::INK.to_backend_color());
    }

    fn draw_uniform(&self, canvas: &mut Canvas, share: f64, bottom: usize) {
        // Between two columns of pixels, where a stroke is sharp.
        let x = self.x(share).round();
        let (mut y, bottom) = (self.top as f32 - 6.0, bottom as f32 + 6.0);
        while y < bottom {
            let ends = [(x, y), (x, (y + 7.0).min(bottom))];
            canvas.stroke_path(&ends, 2.0, palette::INK.to_backend_color());
            y += 13.0;
        }
    }
}

/// `9.8 %`.
fn percent(share: f64) -> String {
    match 100.0 * share {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "< 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

#[cfg(test)]
mod tests;

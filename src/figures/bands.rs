//! Curves of groups of runs: for each group the mean over its seeds as a line, and from the lowest to the highest seed as
//! a band.
//!
//! Places where some of a group's runs have no value are drawn thin, so that a mean over fewer seeds is not taken for a
//! step of the curve. Values that are not finite are left out and marked, as in [`losses`](super::losses). Long runs are
//! drawn as means over equal parts of the axis.

mod band;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform, RGBColor};
use plotters_backend::DrawingBackend;

use super::axis::{self, Axis};
use super::canvas::Canvas;
use super::chart::{Chart, Grid};
use super::pen::{self, SCALE, UNIT, line, style};
use super::{Error, Result, fonts, palette};
use band::{Band, Point};

/// The most groups of one figure; of more, the first are drawn, and the figure says so.
pub const MOST_GROUPS: usize = palette::GROUPS.len();

/// Width of the figure; the bitmap has twice as many pixels.
const WIDTH: i32 = 960;
/// Left and right ends of the panel.
const SIDES: (i32, i32) = (72, 928);
/// Where the legend begins, and the height of its rows.
const LEGEND: (i32, i32) = (84, 26);
/// Height of the panel, and what lies below it.
const PANEL: i32 = 400;
const BELOW: i32 = 96;

/// What the horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizontal {
    /// Epochs.
    Epoch,
    /// Generator updates.
    Step,
}

/// The runs of one configuration.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name in the legend.
    pub label: String,
    /// A curve for each run: places that grow, with values that may be NaN or infinite.
    pub runs: Vec<Vec<(u64, f64)>>,
}

/// A figure of one measure.
#[derive(Clone, Copy, Debug)]
pub struct Bands<'a> {
    /// What is written above, such as the experiment's name.
    pub title: &'a str,
    /// The measure's name.
    pub measure: &'a str,
    /// What the places of the curves count.
    pub horizontal: Horizontal,
    /// The groups; the first [`MOST_GROUPS`] are drawn.
    pub groups: &'a [Group],
}

/// The figure as a PNG, 1920 pixels wide; its height depends on the legend.
///
/// # Errors
/// [`Error::Drawing`], which no values should lead to.
pub fn png(bands: &Bands<'_>) -> Result<Vec<u8>> {
    let layout = Layout::of(bands);
    let mut canvas =
        Canvas::new((WIDTH * SCALE) as usize, (layout.height() * SCALE) as usize, palette::PAPER);
    draw((&mut canvas).into_drawing_area(), bands, &layout)?;
    Ok(canvas.to_png())
}

/// The figure as an SVG document 960 units wide, in the viewer's sans-serif font.
///
/// # Errors
/// [`Error::Drawing`], which no values should lead to.
pub fn svg(bands: &Bands<'_>) -> Result<String> {
    let layout = Layout::of(bands);
    let mut text = String::new();
    let size = ((WIDTH * UNIT) as u32, (layout.height() * UNIT) as u32);
    let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
    root.fill(&palette::PAPER).map_err(Error::drawing)?;
    draw(root, bands, &layout)?;
    Ok(pen::sized(&text, (WIDTH, layout.height())))
}

/// Size of the legend's letters, and how far they stand from the left end of a line's sample.
const LETTERS: i32 = 17;
const SAMPLE: f32 = 32.0;

/// The legend's entries and where they stand; the panel lies below.
struct Layout {
    /// One entry per group.
    entries: Vec<String>,
    /// Entries side by side, and the width of each.
    columns: usize,
    slot: f32,
}

impl Layout {
    fn of(bands: &Bands<'_>) -> Self {
        let shown = bands.groups.iter().take(MOST_GROUPS);
        let entries: Vec<String> = shown
            .map(|group| {
                let seeds = match group.runs.len() {
                    1 => "1 seed".to_owned(),
                    count => format!("{count} seeds"),
                };
                if group.label.is_empty() { seeds } else { format!("{} · {seeds}", group.label) }
            })
            .collect();
        let whole = (SIDES.1 - SIDES.0) as f32;
        // SVG viewers have wider fonts than ours: leave room.
        let wanted = |entry: &String| SAMPLE + 1.06 * fonts::width(entry, LETTERS as f32) + 20.0;
        let widest = entries.iter().map(wanted).fold(1.0, f32::max);
        let columns = ((whole / widest) as usize).clamp(1, 4).min(entries.len().max(1));
        let slot = whole / columns as f32;
        let room = (slot - SAMPLE - 20.0) / 1.06;
        let entries = entries.iter().map(|entry| fonts::fitted(entry, LETTERS as f32, room)).collect();
        Self { entries, columns, slot: widest.min(slot) }
    }

    fn top(&self) -> i32 {
        LEGEND.0 + LEGEND.1 * self.entries.len().div_ceil(self.columns) as i32
    }

    fn bottom(&self) -> i32 {
        self.top() + PANEL
    }

    fn height(&self) -> i32 {
        self.bottom() + BELOW
    }
}

fn draw<DB: DrawingBackend>(root: DrawingArea<DB, Shift>, bands: &Bands<'_>, layout: &Layout) -> Result<()> {
    fonts::register();
    let shown = &bands.groups[..bands.groups.len().min(MOST_GROUPS)];
    let drawn = band::bands(shown);
    draw_title(&root, bands)?;
    draw_legend(&root, layout)?;

    let horizontal = Axis::of_whole_numbers(band::places(&drawn), 10);
    let values = drawn.iter().flat_map(|band| &band.points);
    let vertical =
        Axis::widened(axis::range_of(values.flat_map(|point| [point.low, point.mean, point.high])), 6);
    let chart = draw_axes(&root, layout, bands.measure, &horizontal, &vertical)?;
    let pencil = Pencil { root: &root, chart: &chart, vertical: &vertical };
    for (band, color) in drawn.iter().zip(palette::GROUPS) {
        pencil.fill(band, color)?;
    }
    for (band, color) in drawn.iter().zip(palette::GROUPS) {
        pencil.draw(band, color)?;
    }
    for (row, (band, color)) in drawn.iter().zip(palette::GROUPS).enumerate() {
        pencil.cross(band, color, 12 + 16 * row as i32)?;
    }

    let middle = (SIDES.0 + SIDES.1) / 2 * UNIT;
    let description = match bands.horizontal {
        Horizontal::Epoch => "epoch",
        Horizontal::Step => "step (generator updates)",
    };
    let below = style(16, palette::INK, HPos::Center, VPos::Center);
    root.draw_text(description, &below, (middle, (layout.bottom() + 44) * UNIT)).map_err(Error::drawing)?;
    let small = style(15, palette::FAINT_INK, HPos::Center, VPos::Center);
    let note = band::note(&drawn, &vertical.range());
    root.draw_text(&note, &small, (middle, (layout.bottom() + 74) * UNIT)).map_err(Error::drawing)?;
    root.present().map_err(Error::drawing)
}

fn draw_title<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, bands: &Bands<'_>) -> Result<()> {
    let (size, small) = (26, 18);
    let limit = (SIDES.1 - SIDES.0) as f32;
    let title = fonts::fitted(bands.title, size as f32, limit * 0.6);
    let heading = style(size, palette::INK, HPos::Left, VPos::Bottom);
    root.draw_text(&title, &heading, (SIDES.0 * UNIT, 46 * UNIT)).map_err(Error::drawing)?;
    let count = match bands.groups.len() {
        count if count > MOST_GROUPS => format!("the first {MOST_GROUPS} of {count} configurations"),
        _ => String::new(),
    };
    let start = fonts::width(&title, size as f32) * 1.06 + 16.0;
    let count = fonts::fitted(&count, small as f32, limit - start);
    let heading = style(small, palette::FAINT_INK, HPos::Right, VPos::Bottom);
    root.draw_text(&count, &heading, (SIDES.1 * UNIT, 46 * UNIT)).map_err(Error::drawing)
}

fn draw_legend<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, layout: &Layout) -> Result<()> {
    for (index, (entry, color)) in layout.entries.iter().zip(palette::GROUPS).enumerate() {
        let left = SIDES.0 as f32 + layout.slot * (index % layout.columns) as f32;
        let middle = LEGEND.0 - 10 + LEGEND.1 * (index / layout.columns) as i32;
        let place = |x: f32| ((x * UNIT as f32) as i32, middle * UNIT);
        let sample = PathElement::new([place(left), place(left + 24.0)], line(color, 2.5));
        root.draw(&sample).map_err(Error::drawing)?;
        let name = style(LETTERS, palette::INK, HPos::Left, VPos::Center);
        root.draw_text(entry, &name, place(left + SAMPLE)).map_err(Error::drawing)?;
    }
    Ok(())
}

/// Grid, labels, and the measure's name at the left.
fn draw_axes<'a, DB: DrawingBackend + 'a>(
    root: &DrawingArea<DB, Shift>,
    layout: &Layout,
    measure: &str,
    horizontal: &Axis,
    vertical: &Axis,
) -> Result<Chart<'a, DB>> {
    let turned = style(16, palette::INK, HPos::Center, VPos::Center).transform(FontTransform::Rotate270);
    let middle = (layout.top() + layout.bottom()) / 2;
    let measure = fonts::fitted(measure, 16.0, PANEL as f32);
    root.draw_text(&measure, &turned, (16 * UNIT, middle * UNIT)).map_err(Error::drawing)?;
    let heights = (layout.top(), layout.bottom());
    Grid { sides: SIDES, heights, letters: 16, is_labelled_below: true }.draw(root, horizontal, vertical)
}

/// Draws in the panel.
struct Pencil<'a, 'b, DB: DrawingBackend> {
    root: &'a DrawingArea<DB, Shift>,
    chart: &'a Chart<'b, DB>,
    vertical: &'a Axis,
}

impl<DB: DrawingBackend> Pencil<'_, '_, DB> {
    /// What lies beyond the axis is drawn at its end; the note says so.
    fn place(&self, place: f64, value: f64) -> (i32, i32) {
        let range = self.vertical.range();
        self.chart.backend_coord(&(place, value.clamp(range.start, range.end)))
    }

    /// From the lowest to the highest run.
    fn fill(&self, band: &Band, color: RGBColor) -> Result<()> {
        if band.runs < 2 {
            return Ok(());
        }
        for stretch in band.stretches() {
            let there = stretch.iter().map(|point| self.place(point.place, point.high));
            let back = stretch.iter().rev().map(|point| self.place(point.place, point.low));
            let outline: Vec<_> = there.chain(back).collect();
            if let [high, low] = outline[..] {
                let bar = PathElement::new([high, low], line(color.mix(0.35), 5.0));
                self.root.draw(&bar).map_err(Error::drawing)?;
                continue;
            }
            let area = Polygon::new(outline, color.mix(0.16).filled());
            self.root.draw(&area).map_err(Error::drawing)?;
        }
        Ok(())
    }

    /// The mean: thick where all runs have a value, thin elsewhere.
    fn draw(&self, band: &Band, color: RGBColor) -> Result<()> {
        let place = |point: &Point| self.place(point.place, point.mean);
        for stretch in band.stretches() {
            for part in band.parts(stretch) {
                let is_whole = part.iter().all(|point| point.count == band.runs);
                let style = if is_whole { line(color, 2.5) } else { line(color, 1.0) };
                let path = PathElement::new(part.iter().map(place).collect::<Vec<_>>(), style);
                self.root.draw(&path).map_err(Error::drawing)?;
            }
            // A line through one point is none.
            if stretch.len() == 1 || band.points.len() <= 12 {
                for point in stretch {
                    let radius = if point.count == band.runs { 4 } else { 3 };
                    let dot = Circle::new(place(point), radius * UNIT, color.filled());
                    self.root.draw(&dot).map_err(Error::drawing)?;
                }
            }
        }
        Ok(())
    }

    /// Marks the places with values that are not finite, `below` the upper end of the panel.
    fn cross(&self, band: &Band, color: RGBColor, below: i32) -> Result<()> {
        let y = self.place(0.0, self.vertical.range().end).1 + below * UNIT;
        pen::crosses(self.root, band.holes.iter().map(|place| self.place(*place, 0.0).0), y, color)
    }
}

#[cfg(test)]
mod tests;

//! How close the samples came, over the epochs: `evaluation.png`.
//!
//! A panel per metric, with its scores as lines, what real examples score against the reference as dashed lines of the same colours, and
//! the best epoch ringed. A score that comes with its standard deviation has a band of one to each side. Scores that are not
//! finite are left out and marked. A distance that falls by orders of magnitude is drawn on a logarithmic axis.

mod panel;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform, RGBColor};
use plotters_backend::DrawingBackend;

use super::axis::{Axis, grouped};
use super::canvas::Canvas;
use super::chart::{Chart, Grid};
use super::pen::{self, SCALE, UNIT, line, style};
use super::{Error, Result, fonts, palette};
use crate::record::EvaluationRow;
use panel::{Panel, Score};

/// Width of the figure; the bitmap has [`SCALE`] times as many pixels.
const WIDTH: i32 = 960;
/// Left and right ends of what is drawn, letters included.
const SIDES: (i32, i32) = (28, 932);
/// Where the first row of panels begins, and what lies below the last one.
const TOP: i32 = 76;
const BELOW: i32 = 44;
/// Panels side by side, and what is between them.
const COLUMNS: usize = 2;
const GUTTER: i32 = 32;
/// Heights of a panel's heading, of a line of its legend, of its plot, and of what lies below that.
const HEADING: i32 = 30;
const LINE: i32 = 24;
const PLOT: i32 = 176;
const LABELS: i32 = 62;
/// What is left of the plot: the axis's name and its labels.
const MARGIN: i32 = 60;

/// The figure as a PNG, 1920 pixels wide. `columns` names the scores of each row, in their order; there is a panel for each metric.
///
/// # Errors
/// [`Error::Drawing`], which no rows should lead to.
pub fn png(title: &str, columns: &[&str], rows: &[EvaluationRow]) -> Result<Vec<u8>> {
    let figure = Figure::new(title, columns, rows);
    let size = (WIDTH * SCALE, figure.height() * SCALE);
    let mut canvas = Canvas::new(size.0 as usize, size.1 as usize, palette::PAPER);
    figure.draw((&mut canvas).into_drawing_area())?;
    Ok(canvas.to_png())
}

/// The figure as an SVG document 960 units wide, in the viewer's sans-serif font.
///
/// # Errors
/// [`Error::Drawing`], which no rows should lead to.
pub fn svg(title: &str, columns: &[&str], rows: &[EvaluationRow]) -> Result<String> {
    let figure = Figure::new(title, columns, rows);
    let size = (WIDTH, figure.height());
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, ((size.0 * UNIT) as u32, (size.1 * UNIT) as u32));
    let root = backend.into_drawing_area();
    root.fill(&palette::PAPER).map_err(Error::drawing)?;
    figure.draw(root)?;
    Ok(pen::sized(&text, size))
}

/// The panels, and what is written around them.
struct Figure<'a> {
    title: &'a str,
    rows: &'a [EvaluationRow],
    panels: Vec<Panel>,
    horizontal: Axis,
    /// What the horizontal axes count.
    counted: &'static str,
}

/// Where a panel is.
#[derive(Clone, Copy)]
struct Place {
    left: i32,
    right: i32,
    top: i32,
    /// Where the plot begins and ends.
    plot: (i32, i32),
}

impl<'a> Figure<'a> {
    fn new(title: &'a str, columns: &[&str], rows: &'a [EvaluationRow]) -> Self {
        let is_per_epoch = rows.windows(2).all(|pair| pair[0].epoch < pair[1].epoch);
        let position = |row: &EvaluationRow| if is_per_epoch { row.epoch } else { row.step } as f64;
        let range = match (rows.first(), rows.last()) {
            // A single row stands in the middle.
            (Some(first), Some(last)) if position(first) >= position(last) => {
                position(first) - 1.0..position(first) + 1.0
            }
            (Some(first), Some(last)) => position(first)..position(last),
            _ => 0.0..1.0,
        };
        Self {
            title,
            rows,
            panels: panel::panels(columns, rows, position),
            horizontal: Axis::of_whole_numbers(range, 6),
            counted: if is_per_epoch { "epoch" } else { "step" },
        }
    }

    /// Panels side by side.
    fn columns(&self) -> usize {
        self.panels.len().clamp(1, COLUMNS)
    }

    /// Lines of the legends of the panels in a row.
    fn lines(&self, row: &[Panel]) -> i32 {
        row.iter().map(|panel| panel.scores.len()).max().unwrap_or(0) as i32
    }

    fn height(&self) -> i32 {
        let rows = self.panels.chunks(self.columns());
        TOP + rows.map(|row| HEADING + self.lines(row) * LINE + PLOT + LABELS).sum::<i32>().max(LINE) + BELOW
    }

    fn draw<DB: DrawingBackend>(&self, root: DrawingArea<DB, Shift>) -> Result<()> {
        fonts::register();
        self.draw_title(&root)?;
        let width = (SIDES.1 - SIDES.0 - GUTTER * (self.columns() as i32 - 1)) / self.columns() as i32;
        let mut top = TOP;
        for row in self.panels.chunks(self.columns()) {
            let plot = top + HEADING + self.lines(row) * LINE;
            for (column, panel) in row.iter().enumerate() {
                let left = SIDES.0 + column as i32 * (width + GUTTER);
                let place = Place { left, right: left + width, top, plot: (plot, plot + PLOT) };
                self.draw_panel(&root, panel, place)?;
            }
            top = plot + PLOT + LABELS;
        }
        self.draw_footer(&root)?;
        root.present().map_err(Error::drawing)
    }

    fn draw_title<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<()> {
        let (size, small) = (26, 16);
        let limit = (SIDES.1 - SIDES.0) as f32;
        let count = |number: usize| grouped(&number.to_string());
        let note = match self.rows.last() {
            Some(row) => {
                format!("{} samples against {} real examples", count(row.samples), count(row.reference))
            }
            None => "no evaluation yet".to_owned(),
        };
        // SVG viewers have wider fonts than ours: leave room.
        let room = limit - 1.06 * fonts::width(&note, small as f32) - 24.0;
        let title = fonts::fitted(self.title, size as f32, room / 1.06);
        let heading = style(size, palette::INK, HPos::Left, VPos::Bottom);
        root.draw_text(&title, &heading, (SIDES.0 * UNIT, 46 * UNIT)).map_err(Error::drawing)?;
        let heading = style(small, palette::FAINT_INK, HPos::Right, VPos::Bottom);
        root.draw_text(&note, &heading, (SIDES.1 * UNIT, 46 * UNIT)).map_err(Error::drawing)
    }

    fn draw_footer<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<()> {
        let mut notes = Vec::new();
        let any = |is: fn(&Score) -> bool| self.panels.iter().any(|panel| panel.scores.iter().any(is));
        if any(Score::is_a_choice) {
            notes.push("ring: best".to_owned());
        }
        if any(Score::has_floor) {
            notes.push("dashed: real examples against the same reference".to_owned());
        }
        if any(Score::has_band) {
            notes.push("band: ± one standard deviation".to_owned());
        }
        if any(Score::has_holes) {
            notes.push("×: not finite".to_owned());
        }
        let extractor = self.rows.last().map_or("", |row| row.extractor.as_str());
        if !extractor.is_empty() {
            notes.push(format!("features of extractor {extractor}"));
        }
        let small = style(14, palette::FAINT_INK, HPos::Left, VPos::Center);
        let place = (SIDES.0 * UNIT, (self.height() - 28) * UNIT);
        let notes = fonts::fitted(&notes.join(" · "), 14.0, (SIDES.1 - SIDES.0) as f32 / 1.06);
        root.draw_text(&notes, &small, place).map_err(Error::drawing)
    }

    fn draw_panel<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
        panel: &Panel,
        place: Place,
    ) -> Result<()> {
        let (left, right) = (place.left + MARGIN, place.right);
        let middle = place.top + HEADING / 2 - 2;
        let mut end = right as f32;
        for (word, color) in panel.direction().into_iter().rev() {
            let letters = style(15, color.unwrap_or(palette::FAINT_INK), HPos::Right, VPos::Center);
            let place = ((end * UNIT as f32) as i32, middle * UNIT);
            root.draw_text(word, &letters, place).map_err(Error::drawing)?;
            end -= fonts::width(word, 15.0);
        }
        let room = end - left as f32 - 16.0;
        let heading = style(19, palette::INK, HPos::Left, VPos::Center);
        let title = fonts::fitted(&panel.title, 19.0, room / 1.06);
        root.draw_text(&title, &heading, (left * UNIT, middle * UNIT)).map_err(Error::drawing)?;

        let turned = style(15, palette::FAINT_INK, HPos::Center, VPos::Center);
        let middle = ((place.plot.0 + place.plot.1) / 2 * UNIT, (left + right) / 2 * UNIT);
        let upwards = turned.transform(FontTransform::Rotate270);
        let name = fonts::fitted(panel.unit, 15.0, PLOT as f32);
        root.draw_text(&name, &upwards, ((place.left + 8) * UNIT, middle.0)).map_err(Error::drawing)?;
        let below = style(15, palette::FAINT_INK, HPos::Center, VPos::Center);
        root.draw_text(self.counted, &below, (middle.1, (place.plot.1 + 40) * UNIT))
            .map_err(Error::drawing)?;

        let chart = self.draw_axes(root, panel, (left, right), place.plot)?;
        let pencil = Pencil { root, chart: &chart, vertical: &panel.vertical };
        for score in &panel.scores {
            pencil.band(score)?;
        }
        for score in &panel.scores {
            pencil.floor(score, &self.horizontal)?;
        }
        for (row, score) in panel.scores.iter().enumerate() {
            pencil.score(score, row)?;
            let middle = place.top + HEADING + LINE * row as i32 + LINE / 2 - 3;
            draw_legend(root, panel, score, (left, right), middle, self.counted)?;
        }
        Ok(())
    }

    fn draw_axes<'b, DB: DrawingBackend + 'b>(
        &self,
        root: &DrawingArea<DB, Shift>,
        panel: &Panel,
        (left, right): (i32, i32),
        (top, bottom): (i32, i32),
    ) -> Result<Chart<'b, DB>> {
        let grid =
            Grid { sides: (left, right), heights: (top, bottom), letters: 14, is_labelled_below: true };
        grid.draw(root, &self.horizontal, &panel.vertical)
    }
}

/// One line: the score's name where there are several, its best value, and what real examples have.
fn draw_legend<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panel: &Panel,
    score: &Score,
    (left, right): (i32, i32),
    middle: i32,
    counted: &str,
) -> Result<()> {
    const LETTERS: f32 = 14.0;
    let letters = style(LETTERS as i32, palette::INK, HPos::Left, VPos::Center);
    let at = |x: f32| ((x * UNIT as f32) as i32, middle * UNIT);
    let write = |text: &str, x: f32| root.draw_text(text, &letters, at(x)).map_err(Error::drawing);
    let wide = |text: &str| 1.06 * fonts::width(text, LETTERS);
    // A panel of one score has its name above, and more room.
    let is_alone = panel.scores.len() == 1;
    // From the right: the floor, then the best, and the name in what is left.
    let mut end = right as f32;
    if let Some(floor) = score.floor() {
        let word = if is_alone { "real " } else { "" };
        let text = format!("{word}{}", panel.number(floor));
        end -= wide(&text);
        write(&text, end)?;
        end -= 26.0;
        pen::dashed(root, &[at(end), at(end + 19.0)], line(score.color, 1.5))?;
        end -= 16.0;
    }
    if let Some((place, best)) = score.best() {
        let word = if is_alone && score.is_a_choice() { "best " } else { "" };
        let text = format!("{word}{} at {counted} {}", panel.number(best), grouped(&place.to_string()));
        end -= wide(&text);
        write(&text, end)?;
        end -= 12.0;
        ring(root, at(end), score.color)?;
        end -= 16.0;
    }
    let start = left as f32;
    let sample = PathElement::new([at(start), at(start + 20.0)], line(score.color, 2.25));
    root.draw(&sample).map_err(Error::drawing)?;
    let room = (end - start - 26.0) / 1.06;
    let name = match is_alone {
        // Its name is the panel's.
        true if fonts::width("samples", LETTERS) <= room => "samples".to_owned(),
        true => String::new(),
        false => fonts::fitted(&score.name.replace('_', " "), LETTERS, room),
    };
    write(&name, start + 26.0)
}

/// The mark of the best.
fn ring<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    center: (i32, i32),
    color: RGBColor,
) -> Result<()> {
    let paper = Circle::new(center, 6 * UNIT, palette::PAPER.filled());
    root.draw(&paper).map_err(Error::drawing)?;
    root.draw(&Circle::new(center, 6 * UNIT, line(color, 2.0))).map_err(Error::drawing)?;
    root.draw(&Circle::new(center, 5 * UNIT / 2, color.filled())).map_err(Error::drawing)
}

/// Draws in a plot.
struct Pencil<'a, 'b, DB: DrawingBackend> {
    root: &'a DrawingArea<DB, Shift>,
    chart: &'a Chart<'b, DB>,
    vertical: &'a Axis,
}

impl<DB: DrawingBackend> Pencil<'_, '_, DB> {
    fn place(&self, (place, value): (f64, f64)) -> (i32, i32) {
        let range = self.vertical.range();
        self.chart.backend_coord(&(place, value.clamp(range.start, range.end)))
    }

    /// One standard deviation to each side.
    fn band(&self, score: &Score) -> Result<()> {
        for stretch in score.stretches().filter(|_| score.has_band()) {
            let there = stretch.iter().map(|point| self.place((point.place, point.value + point.std)));
            let back = stretch.iter().rev().map(|point| self.place((point.place, point.value - point.std)));
            let outline: Vec<_> = there.chain(back).collect();
            if let [high, low] = outline[..] {
                let bar = PathElement::new([high, low], line(score.color.mix(0.35), 5.0));
                self.root.draw(&bar).map_err(Error::drawing)?;
                continue;
            }
            let area = Polygon::new(outline, score.color.mix(0.16).filled());
            self.root.draw(&area).map_err(Error::drawing)?;
        }
        Ok(())
    }

    /// Through the whole plot where it is the same in all rows.
    fn floor(&self, score: &Score, horizontal: &Axis) -> Result<()> {
        let floors: Vec<(f64, f64)> =
            score.points.iter().map(|point| (point.place, point.floor)).filter(|p| p.1.is_finite()).collect();
        let Some((first, last)) = floors.first().zip(floors.last()) else { return Ok(()) };
        let range = horizontal.range();
        let ends = [(range.start, first.1), (range.end, last.1)];
        let corners: Vec<(i32, i32)> =
            ends[..1].iter().chain(&floors).chain(&ends[1..]).map(|point| self.place(*point)).collect();
        pen::dashed(self.root, &corners, line(score.color, 1.5))
    }

    /// The line and its dots, the ring around the best, and crosses for what is not finite, each score's in a row of its own.
    fn score(&self, score: &Score, row: usize) -> Result<()> {
        for stretch in score.stretches() {
            let points: Vec<(i32, i32)> =
                stretch.iter().map(|point| self.place((point.place, point.value))).collect();
            if points.len() == 1 || score.points.len() <= MOST_DOTS {
                for point in &points {
                    let dot = Circle::new(*point, 7 * UNIT / 2, score.color.filled());
                    self.root.draw(&dot).map_err(Error::drawing)?;
                }
            }
            let path = PathElement::new(points, line(score.color, 2.25));
            self.root.draw(&path).map_err(Error::drawing)?;
        }
        let top = self.place((0.0, self.vertical.range().end)).1 + (10 + 14 * row as i32) * UNIT;
        let holes = score.points.iter().filter(|point| !point.value.is_finite());
        pen::crosses(self.root, holes.map(|point| self.place((point.place, 0.0)).0), top, score.color)?;
        match score.best_point() {
            Some(best) => ring(self.root, self.place((best.place, best.value)), score.color),
            None => Ok(()),
        }
    }
}

/// More rows have no dots on their lines.
const MOST_DOTS: usize = 60;

#[cfg(test)]
mod tests;

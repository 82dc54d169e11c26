//! Loss curves: `losses.png` and `losses.svg`.
//!
//! Of a GAN: above, the losses of both players; below, the discriminator's mean probabilities for real and generated examples, with
//! a dashed line at 1/2, where it cannot tell them apart. Of other learners: what the module `layout` says. Long runs show the rows as thin lines and their moving mean as
//! thick ones. Rows that are not finite are left out and marked.

mod curve;
mod layout;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform, ShapeStyle};
use plotters_backend::DrawingBackend;

use super::axis::{Axis, grouped};
use super::canvas::Canvas;
use super::chart::{Chart, Grid};
use super::pen::{self, SCALE, UNIT, line, style};
use super::{Error, Result, fonts, palette};
use crate::record::metrics::{Columns, MetricsRow};
use curve::Curve;
use layout::{Content, Layout, Line, Scale};

/// Width and height of the figure; the bitmap has [`SCALE`] times as many pixels.
const SIZE: (i32, i32) = (960, 640);

/// Left and right ends of both panels.
const SIDES: (i32, i32) = (72, 928);
const UPPER: Panel = Panel { top: 92, bottom: 404 };
const LOWER: Panel = Panel { top: 452, bottom: 578 };

struct Panel {
    top: i32,
    bottom: i32,
}

/// What is written above the curves.
#[derive(Clone, Copy, Debug)]
pub struct Title<'a> {
    /// The experiment's name.
    pub experiment: &'a str,
    /// The run's name.
    pub run: &'a str,
}

/// The loss curves as a PNG of 1920×1280 pixels.
///
/// # Errors
/// [`Error::Drawing`], which no rows should lead to.
pub fn png(title: Title<'_>, columns: &Columns, rows: &[MetricsRow]) -> Result<Vec<u8>> {
    let (width, height) = (SIZE.0 * SCALE, SIZE.1 * SCALE);
    let mut canvas = Canvas::new(width as usize, height as usize, palette::PAPER);
    draw((&mut canvas).into_drawing_area(), title, columns, rows)?;
    Ok(canvas.to_png())
}

/// The loss curves as an SVG document of 960×640 units, in the viewer's sans-serif font.
///
/// # Errors
/// [`Error::Drawing`], which no rows should lead to.
pub fn svg(title: Title<'_>, columns: &Columns, rows: &[MetricsRow]) -> Result<String> {
    let (width, height) = (SIZE.0 * UNIT, SIZE.1 * UNIT);
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (width as u32, height as u32));
    let root = backend.into_drawing_area();
    root.fill(&palette::PAPER).map_err(Error::drawing)?;
    draw(root, title, columns, rows)?;
    Ok(pen::sized(&text, SIZE))
}

fn draw<DB: DrawingBackend>(
    root: DrawingArea<DB, Shift>,
    title: Title<'_>,
    columns: &Columns,
    rows: &[MetricsRow],
) -> Result<()> {
    fonts::register();
    draw_title(&root, title)?;
    let layout = Layout::of(columns);
    let (horizontal, description) = horizontal_axis(rows, layout);
    let place = |row: &MetricsRow| position(rows, row);
    let curve = |line: &Line| Curve {
        name: line.name,
        color: line.color,
        points: rows
            .iter()
            .map(|row| (place(row), line.sign * row.value(line.column).unwrap_or(f64::NAN)))
            .collect(),
    };
    for (panel, content, steps) in [(&UPPER, &layout.upper, 6), (&LOWER, &layout.lower, 2)] {
        let is_there = |line: &&Line| columns.measured().contains(&line.column);
        let curves: Vec<Curve> = content.curves.iter().filter(is_there).map(curve).collect();
        let vertical = match content.scale {
            Scale::Free => Axis::widened(curve::loss_range(&curves), steps),
            Scale::Probability => Axis::new(0.0..1.0, steps),
            Scale::Share => {
                let values = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1);
                let lowest = values.filter(|value| value.is_finite()).fold(1.0_f64, f64::min);
                // Whole tenths: the steps of an axis that ends at 1 are read at a glance.
                Axis::new((lowest * 10.0).floor().clamp(0.0, 9.0) / 10.0..1.0, steps)
            }
        };
        draw_panel(&root, panel, content, &curves, &horizontal, &vertical)?;
    }

    let below = style(16, palette::INK, HPos::Center, VPos::Center);
    let middle = (SIDES.0 + SIDES.1) / 2;
    root.draw_text(&description, &below, (middle * UNIT, 622 * UNIT)).map_err(Error::drawing)?;
    root.present().map_err(Error::drawing)
}

/// Whether each row ends an epoch of its own: then epochs are counted on the axis, and steps otherwise.
fn is_per_epoch(rows: &[MetricsRow]) -> bool {
    rows.windows(2).all(|pair| pair[0].epoch < pair[1].epoch)
}

fn position(rows: &[MetricsRow], row: &MetricsRow) -> f64 {
    if is_per_epoch(rows) { row.epoch as f64 } else { row.step as f64 }
}

fn horizontal_axis(rows: &[MetricsRow], layout: &Layout) -> (Axis, String) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return (Axis::of_whole_numbers(0.0..1.0, 1), "epoch".to_string());
    };
    let (low, high) = (position(rows, first), position(rows, last));
    // A single row stands in the middle.
    let range = if low < high { low..high } else { low - 0.5..high + 0.5 };
    let description = if !is_per_epoch(rows) {
        format!("step ({}; {} epochs)", layout.step, grouped(&last.epoch.to_string()))
    } else {
        format!("epoch ({} steps in all)", grouped(&last.step.to_string()))
    };
    (Axis::of_whole_numbers(range, 10), description)
}

fn draw_title<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, title: Title<'_>) -> Result<()> {
    let (size, small) = (26, 18);
    let limit = (SIDES.1 - SIDES.0) as f32;
    let experiment = fonts::fitted(title.experiment, size as f32, limit * 0.6);
    // SVG viewers have wider fonts than ours: leave room.
    let start = fonts::width(&experiment, size as f32) * 1.06 + 16.0;
    let run = fonts::fitted(title.run, small as f32, limit - start);
    let left = SIDES.0 * UNIT;
    let heading = style(size, palette::INK, HPos::Left, VPos::Bottom);
    root.draw_text(&experiment, &heading, (left, 46 * UNIT)).map_err(Error::drawing)?;
    let heading = style(small, palette::FAINT_INK, HPos::Right, VPos::Bottom);
    root.draw_text(&run, &heading, (SIDES.1 * UNIT, 46 * UNIT)).map_err(Error::drawing)
}

/// Names of the curves in a row above the panel, where they cover nothing, and at the right what is marked.
fn draw_legend<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    middle: i32,
    curves: &[Curve],
    axis: &Axis,
) -> Result<()> {
    let size = 17;
    let mut left = SIDES.0 as f32;
    for curve in curves {
        let place = |x: f32| ((x * UNIT as f32) as i32, middle * UNIT);
        let sample = PathElement::new([place(left), place(left + 24.0)], line(curve.color, 2.5));
        root.draw(&sample).map_err(Error::drawing)?;
        let name = style(size, palette::INK, HPos::Left, VPos::Center);
        root.draw_text(curve.name, &name, place(left + 32.0)).map_err(Error::drawing)?;
        left += 32.0 + 1.06 * fonts::width(curve.name, size as f32) + 28.0;
    }
    let note = curve::note(curves, axis);
    let small = style(15, palette::FAINT_INK, HPos::Right, VPos::Center);
    root.draw_text(&note, &small, (SIDES.1 * UNIT, middle * UNIT)).map_err(Error::drawing)
}

/// A panel with its legend above, its name at the left, grid, labels and curves. Only the lower panel's horizontal axis
/// is labelled: both are the same.
fn draw_panel<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panel: &Panel,
    content: &Content,
    curves: &[Curve],
    horizontal: &Axis,
    vertical: &Axis,
) -> Result<()> {
    draw_legend(root, panel.top - 20, curves, vertical)?;
    let turned = style(16, palette::INK, HPos::Center, VPos::Center).transform(FontTransform::Rotate270);
    let middle = (panel.top + panel.bottom) / 2;
    root.draw_text(content.name, &turned, (20 * UNIT, middle * UNIT)).map_err(Error::drawing)?;

    let grid = Grid {
        sides: SIDES,
        heights: (panel.top, panel.bottom),
        letters: 16,
        is_labelled_below: panel.bottom == LOWER.bottom,
    };
    let chart = grid.draw(root, horizontal, vertical)?;
    if content.scale == Scale::Probability {
        // Where nothing is decided.
        let y = middle * UNIT;
        pen::dashed(root, &[(SIDES.0 * UNIT, y), (SIDES.1 * UNIT, y)], line(palette::AXIS, 1.25))?;
    }
    draw_curves(root, &chart, curves, vertical)
}

fn draw_curves<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    chart: &Chart<'_, DB>,
    curves: &[Curve],
    vertical: &Axis,
) -> Result<()> {
    // What lies beyond the axis is drawn at its end; the legend says so.
    let range = vertical.range();
    let place = |point: &(f64, f64)| chart.backend_coord(&(point.0, point.1.clamp(range.start, range.end)));
    let path = |points: &[(f64, f64)], style: ShapeStyle| {
        let path = PathElement::new(points.iter().map(place).collect::<Vec<_>>(), style);
        root.draw(&path).map_err(Error::drawing)
    };
    for curve in curves {
        let style = if curve.is_long() { line(curve.color.mix(0.3), 1.0) } else { line(curve.color, 2.25) };
        for stretch in curve.stretches() {
            path(&curve::thinned(stretch), style)?;
            // A line through one point is none.
            if stretch.len() == 1 || curve.points.len() <= 12 {
                for point in stretch {
                    let dot = Circle::new(place(point), 4 * UNIT, curve.color.filled());
                    root.draw(&dot).map_err(Error::drawing)?;
                }
            }
        }
    }
    for curve in curves.iter().filter(|curve| curve.is_long()) {
        for stretch in curve.stretches() {
            path(&curve::smoothed(stretch, curve.points.len(), &range), line(curve.color, 2.5))?;
        }
    }
    for (row, curve) in curves.iter().enumerate() {
        // Crosses below the upper end, each curve's in a row of its own.
        let top = place(&(0.0, range.end)).1 + (12 + 16 * row as i32) * UNIT;
        let places = curve.holes().map(|x| place(&(x, range.end)).0);
        pen::crosses(root, places, top, curve.color)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What the figures of curves share: units, strokes, letters, and the size of an SVG.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::PathElement;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::DrawingBackend;

use super::canvas::SUBPIXELS;
use super::{Error, Result, fonts};

/// Pixels of the bitmap per unit of a figure's size.
pub(super) const SCALE: i32 = 2;

/// Plotters' integer units in one unit of a figure's size.
pub(super) const UNIT: i32 = SCALE * SUBPIXELS;

/// Letters of `size` units from ascent to descent.
pub(super) fn style(size: i32, color: RGBColor, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    (fonts::FAMILY, size * UNIT).into_font().color(&color).pos(Pos::new(horizontal, vertical))
}

/// A stroke `width` units wide.
pub(super) fn line(color: impl Color, width: f64) -> ShapeStyle {
    color.stroke_width((width * f64::from(UNIT)).round() as u32)
}

/// Crosses in a row, which mark values that are not finite: at each of `places`, which grow, and at one height.
pub(super) fn crosses<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    places: impl IntoIterator<Item = i32>,
    y: i32,
    color: RGBColor,
) -> Result<()> {
    let reach = 5 * UNIT;
    let mut last = None;
    for x in places {
        // Thousands of them side by side need not all be drawn.
        if last.is_some_and(|last| x - last < reach) {
            continue;
        }
        last = Some(x);
        for slope in [-reach, reach] {
            let ends = [(x - reach, y - slope), (x + reach, y + slope)];
            root.draw(&PathElement::new(ends, line(color, 2.0))).map_err(Error::drawing)?;
        }
    }
    Ok(())
}

/// A dashed line from corner to corner, of dashes 7 units long with gaps of 5.
pub(super) fn dashed<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    corners: &[(i32, i32)],
    style: ShapeStyle,
) -> Result<()> {
    let (dash, period) = (f64::from(7 * UNIT), f64::from(12 * UNIT));
    // How far into the period the last side has ended: dashes go round corners.
    let mut phase = 0.0;
    for side in corners.windows(2) {
        let [from, to] = [side[0], side[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        if length == 0.0 {
            continue;
        }
        let at = |along: f64| {
            let share = along.clamp(0.0, length) / length;
            ((from.0 + share * dx).round() as i32, (from.1 + share * dy).round() as i32)
        };
        let mut start = -phase;
        while start < length {
            if start + dash > 0.0 {
                let ends = [at(start), at(start + dash)];
                root.draw(&PathElement::new(ends, style)).map_err(Error::drawing)?;
            }
            start += period;
        }
        phase = (phase + length) % period;
    }
    Ok(())
}

/// The SVG with the size to show it at; its view box keeps the fine units of the drawing.
pub(super) fn sized(svg: &str, (width, height): (i32, i32)) -> String {
    let fine = format!("width=\"{}\" height=\"{}\" viewBox", width * UNIT, height * UNIT);
    svg.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\" viewBox"), 1)
}

//! What the figures of curves share: units, strokes, letters, and the size of an SVG.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::canvas::SUBPIXELS;
use super::fonts;

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

/// The SVG with the size to show it at; its view box keeps the fine units of the drawing.
pub(super) fn sized(svg: &str, (width, height): (i32, i32)) -> String {
    let fine = format!("width=\"{}\" height=\"{}\" viewBox", width * UNIT, height * UNIT);
    svg.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\" viewBox"), 1)
}

//! Generators as points of a plane: precision over recall, density over coverage.
//!
//! Each point has its name beside it, and its standard deviation as a cross where there are several seeds. What real examples reach against
//! the reference is a mark of its own: nearer to it is better.

mod labels;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform};
use plotters_backend::DrawingBackend;

use super::axis::Axis;
use super::canvas::Canvas;
use super::chart::Grid;
use super::pen::{self, SCALE, UNIT, line, style};
use super::{Error, Result, fonts, palette};
use labels::{Label, Obstacles, Rectangle};

/// Width and height of the figure; the bitmap has [`SCALE`] times as many pixels.
const SIZE: (i32, i32) = (800, 864);
/// Left, top, right and bottom of the square.
const SQUARE: (i32, i32, i32, i32) = (92, 104, 764, 776);
/// Size of the names' letters.
const LETTERS: i32 = 16;
/// The scores that are drawn over each other: the file's stem, the horizontal and the vertical one.
pub const SCORES: [(&str, &str, &str); 2] =
    [("precision_recall", "recall", "precision"), ("density_coverage", "coverage", "density")];
/// What the mark of real examples is called.
const FLOOR: &str = "real against real";

/// A generator.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What stands beside it.
    pub name: String,
    /// Its score on the horizontal axis, at least 0; a point with a score that is not finite is left out.
    pub x: f64,
    /// Its score on the vertical axis, at least 0.
    pub y: f64,
    /// The standard deviations of both, over seeds.
    pub std: Option<(f64, f64)>,
}

/// What a figure shows.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// What is written above.
    pub title: &'a str,
    /// What stands below the title.
    pub note: &'a str,
    /// What the horizontal axis measures: `recall`, say.
    pub horizontal: &'a str,
    /// What the vertical axis measures: `precision`, say.
    pub vertical: &'a str,
    /// The generators.
    pub points: &'a [Point],
    /// What real examples score, (x, y).
    pub floor: Option<(f64, f64)>,
}

/// The figure as a PNG of 1600×1728 pixels. Both axes begin at 0 and end at 1, or beyond it where a score does.
///
/// # Errors
/// [`Error::Drawing`], which no points should lead to.
pub fn png(plane: &Plane<'_>) -> Result<Vec<u8>> {
    let mut canvas = Canvas::new((SIZE.0 * SCALE) as usize, (SIZE.1 * SCALE) as usize, palette::PAPER);
    draw((&mut canvas).into_drawing_area(), plane)?;
    Ok(canvas.to_png())
}

/// The figure as an SVG document of 800×864 units, in the viewer's sans-serif font.
///
/// # Errors
/// [`Error::Drawing`], which no points should lead to.
pub fn svg(plane: &Plane<'_>) -> Result<String> {
    let mut text = String::new();
    let size = ((SIZE.0 * UNIT) as u32, (SIZE.1 * UNIT) as u32);
    let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
    root.fill(&palette::PAPER).map_err(Error::drawing)?;
    draw(root, plane)?;
    Ok(pen::sized(&text, SIZE))
}

fn draw<DB: DrawingBackend>(root: DrawingArea<DB, Shift>, plane: &Plane<'_>) -> Result<()> {
    fonts::register();
    let (left, top, right, bottom) = SQUARE;
    let write = |text: &str, size: i32, color, place: (i32, i32)| {
        let text = fonts::fitted(text, size as f32, (right - left) as f32 / 1.06);
        let style = style(size, color, HPos::Left, VPos::Bottom);
        root.draw_text(&text, &style, (place.0 * UNIT, place.1 * UNIT)).map_err(Error::drawing)
    };
    write(plane.title, 26, palette::INK, (left, 48))?;
    write(plane.note, 16, palette::FAINT_INK, (left, 76))?;

    let is_finite = |point: &&Point| point.x.is_finite() && point.y.is_finite();
    let points: Vec<&Point> = plane.points.iter().filter(is_finite).collect();
    let floor = plane.floor.filter(|(x, y)| x.is_finite() && y.is_finite());
    let axis = |score: fn(&Point) -> f64, floor: Option<f64>| {
        let scores = points.iter().map(|point| score(point)).chain(floor);
        Axis::widened(0.0..scores.fold(1.0, f64::max).min(1e6), 5)
    };
    let horizontal = axis(|point| point.x, floor.map(|floor| floor.0));
    let vertical = axis(|point| point.y, floor.map(|floor| floor.1));
    draw_axes(&root, plane, &horizontal, &vertical)?;
    let place = |x: f64, y: f64| -> (f64, f64) {
        let inside = |axis: &Axis, value: f64, ends: (i32, i32)| {
            let end = axis.range().end;
            f64::from(ends.0) + value.clamp(0.0, end) / end * f64::from(ends.1 - ends.0)
        };
        (inside(&horizontal, x, (left, right)), inside(&vertical, y, (bottom, top)))
    };
    let unit =
        |(x, y): (f64, f64)| ((x * f64::from(UNIT)).round() as i32, (y * f64::from(UNIT)).round() as i32);

    let mut obstacles = Obstacles::default();
    for point in &points {
        let middle = place(point.x, point.y);
        let (dx, dy) = point.std.filter(|std| std.0.is_finite() && std.1.is_finite()).unwrap_or_default();
        for (low, high) in [
            (place(point.x - dx.abs(), point.y), place(point.x + dx.abs(), point.y)),
            (place(point.x, point.y - dy.abs()), place(point.x, point.y + dy.abs())),
        ] {
            let bar = PathElement::new([unit(low), unit(high)], line(palette::BLUE.mix(0.55), 1.75));
            root.draw(&bar).map_err(Error::drawing)?;
            obstacles.lines.push(Rectangle::around(low, high, 1.5));
        }
        obstacles.points.push(Rectangle::around(middle, middle, 8.0));
    }
    let marks = points.iter().map(|point| (place(point.x, point.y), point.name.as_str()));
    let floor = floor.map(|(x, y)| place(x, y));
    // A score that may exceed 1 is about 1 for real examples.
    for (axis, ends) in
        [(&horizontal, [(1.0, 0.0), (1.0, f64::MAX)]), (&vertical, [(0.0, 1.0), (f64::MAX, 1.0)])]
    {
        if axis.range().end > 1.0 {
            let [from, to] = ends.map(|(x, y)| place(x, y));
            obstacles.lines.push(Rectangle::around(from, to, 1.0));
            pen::dashed(&root, &[unit(from), unit(to)], line(palette::AXIS, 1.25))?;
        }
    }
    obstacles.points.extend(floor.map(|middle| Rectangle::around(middle, middle, 11.0)));
    let all: Vec<((f64, f64), &str)> = floor.map(|middle| (middle, FLOOR)).into_iter().chain(marks).collect();
    let bounds = Rectangle {
        left: f64::from(left) + 3.0,
        top: f64::from(top) + 3.0,
        right: f64::from(right) - 3.0,
        bottom: f64::from(bottom) - 3.0,
    };
    let placed = labels::place(&all, &obstacles, bounds, f64::from(LETTERS));
    for label in placed.iter().flatten() {
        draw_leader(&root, label, unit)?;
    }
    for point in &points {
        let middle = unit(place(point.x, point.y));
        root.draw(&Circle::new(middle, 13 * UNIT / 2, palette::PAPER.filled())).map_err(Error::drawing)?;
        root.draw(&Circle::new(middle, 11 * UNIT / 2, palette::BLUE.filled())).map_err(Error::drawing)?;
    }
    if let Some(middle) = floor {
        draw_floor(&root, unit(middle))?;
    }
    for (index, label) in placed.iter().enumerate() {
        let Some(label) = label else { continue };
        let is_floor = floor.is_some() && index == 0;
        let color = if is_floor { palette::VERMILLION } else { palette::INK };
        let style = style(LETTERS, color, HPos::Left, VPos::Center);
        let place = unit((label.bounds.left, (label.bounds.top + label.bounds.bottom) / 2.0));
        root.draw_text(&label.text, &style, place).map_err(Error::drawing)?;
    }
    draw_note(&root, plane, points.len(), placed.iter().filter(|label| label.is_none()).count())?;
    root.present().map_err(Error::drawing)
}

/// Grid, labels and names of the axes.
fn draw_axes<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    plane: &Plane<'_>,
    horizontal: &Axis,
    vertical: &Axis,
) -> Result<()> {
    let (left, top, right, bottom) = SQUARE;
    let grid = Grid { sides: (left, right), heights: (top, bottom), letters: 16, is_labelled_below: true };
    grid.draw(root, horizontal, vertical)?;
    let name = |name: &str| fonts::fitted(name, 18.0, (right - left) as f32 / 1.06);
    let below = style(18, palette::INK, HPos::Center, VPos::Center);
    let place = ((left + right) / 2 * UNIT, (bottom + 46) * UNIT);
    root.draw_text(&name(plane.horizontal), &below, place).map_err(Error::drawing)?;
    let turned = below.transform(FontTransform::Rotate270);
    let place = (32 * UNIT, (top + bottom) / 2 * UNIT);
    root.draw_text(&name(plane.vertical), &turned, place).map_err(Error::drawing)
}

/// From a point to its name, where they are apart.
fn draw_leader<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    label: &Label,
    unit: impl Fn((f64, f64)) -> (i32, i32),
) -> Result<()> {
    let Some((from, to)) = label.leader else { return Ok(()) };
    let path = PathElement::new([unit(from), unit(to)], line(palette::AXIS, 1.0));
    root.draw(&path).map_err(Error::drawing)
}

/// A diamond: the mark of real examples.
fn draw_floor<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, (x, y): (i32, i32)) -> Result<()> {
    for (reach, color) in [(11, palette::PAPER), (9, palette::VERMILLION)] {
        let reach = reach * UNIT;
        let corners = vec![(x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)];
        root.draw(&Polygon::new(corners, color.filled())).map_err(Error::drawing)?;
    }
    Ok(())
}

/// What is not to be seen.
fn draw_note<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    plane: &Plane<'_>,
    shown: usize,
    nameless: usize,
) -> Result<()> {
    let mut notes = Vec::new();
    if plane.points.iter().any(|point| point.std.is_some()) {
        notes.push("crosses: one standard deviation to each side".to_owned());
    }
    if shown < plane.points.len() {
        notes.push(format!("{} not finite, left out", plane.points.len() - shown));
    }
    if nameless > 0 {
        notes.push(format!("no room for {nameless} name{}", if nameless == 1 { "" } else { "s" }));
    }
    let small = style(15, palette::FAINT_INK, HPos::Center, VPos::Center);
    let place = ((SQUARE.0 + SQUARE.2) / 2 * UNIT, (SIZE.1 - 18) * UNIT);
    root.draw_text(&notes.join(" · "), &small, place).map_err(Error::drawing)
}

#[cfg(test)]
mod tests;

//! Points in the plane: generated ones over the data they should look like.

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::Circle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle};
use plotters_backend::DrawingBackend;

use super::axis::{Axis, grouped};
use super::canvas::{Canvas, SUBPIXELS};
use super::{Error, Result, fonts, palette};

/// Width and height of the picture in pixels.
const SIZE: (i32, i32) = (640, 688);
/// Left, top, right and bottom of the square that the points lie in.
const SQUARE: (i32, i32, i32, i32) = (48, 56, 624, 632);

/// A square part of the plane, the same for all pictures of a run so that they can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The middle, (x, y).
    pub center: [f64; 2],
    /// Half the side, greater than 0.
    pub reach: f64,
}

impl Extent {
    /// The square around all finite points of `data`, (n, 2), with a margin of a fifth of its side.
    pub fn of(data: &[[f32; 2]]) -> Self {
        let bounds = |axis: usize| {
            let values = data.iter().map(|point| f64::from(point[axis]));
            let finite = values.filter(|value| value.is_finite());
            finite.fold(None, |bounds: Option<(f64, f64)>, value| {
                let (low, high) = bounds.unwrap_or((value, value));
                Some((low.min(value), high.max(value)))
            })
        };
        let (Some(x), Some(y)) = (bounds(0), bounds(1)) else {
            return Self { center: [0.0, 0.0], reach: 1.0 };
        };
        let reach = 0.6 * (x.1 - x.0).max(y.1 - y.0);
        Self { center: [(x.0 + x.1) / 2.0, (y.0 + y.1) / 2.0], reach: if reach > 0.0 { reach } else { 1.0 } }
    }
}

/// A cluster of the data, drawn as a circle.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// The middle, (x, y).
    pub center: [f64; 2],
    /// Radius of the circle, in the data's unit: three standard deviations, say.
    pub radius: f64,
}

/// What is drawn, from the back to the front.
#[derive(Clone, Copy, Debug)]
pub struct Scatter<'a> {
    /// What is written above: the experiment and the epoch, say.
    pub title: &'a str,
    /// The part of the plane that is shown.
    pub extent: Extent,
    /// Points of the data, (n, 2), drawn faintly; a few thousand are enough.
    pub data: &'a [[f32; 2]],
    /// Clusters of the data.
    pub modes: &'a [Mode],
    /// Generated points, (n, 2). The ones outside the extent or not finite are counted in the caption.
    pub generated: &'a [[f32; 2]],
}

/// The picture as a PNG of 640×688 pixels.
///
/// # Errors
/// [`Error::Drawing`], which no points should lead to.
pub fn png(scatter: &Scatter<'_>) -> Result<Vec<u8>> {
    fonts::register();
    let mut canvas = Canvas::new(SIZE.0 as usize, SIZE.1 as usize, palette::PAPER);
    let root = (&mut canvas).into_drawing_area();
    draw_caption(&root, scatter)?;
    draw_points(&root, scatter)?;
    drop(root);
    Ok(canvas.to_png())
}

fn is_inside(extent: &Extent, point: [f64; 2]) -> bool {
    // Comparisons with NaN are false.
    (0..2).all(|axis| (point[axis] - extent.center[axis]).abs() <= extent.reach)
}

fn wide(point: &[f32; 2]) -> [f64; 2] {
    point.map(f64::from)
}

fn draw_caption<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, scatter: &Scatter<'_>) -> Result<()> {
    let text = |text: &str, size: i32, color: &RGBColor, x: i32, y: i32, side: HPos| {
        let style =
            (fonts::FAMILY, size * SUBPIXELS).into_font().color(color).pos(Pos::new(side, VPos::Center));
        let place = (x * SUBPIXELS, y * SUBPIXELS);
        root.draw_text(text, &style, place).map_err(Error::drawing)
    };
    let (left, top, right, bottom) = SQUARE;
    let title = fonts::fitted(scatter.title, 22.0, (right - left) as f32);
    text(&title, 22, &palette::INK, left, top - 28, HPos::Left)?;

    let row = bottom + 42;
    let dot = |x: i32, color: RGBColor| {
        let place = (x * SUBPIXELS, row * SUBPIXELS);
        root.draw(&Circle::new(place, 4 * SUBPIXELS, color.filled())).map_err(Error::drawing)
    };
    dot(left + 4, palette::VERMILLION)?;
    text("generated", 16, &palette::INK, left + 14, row, HPos::Left)?;
    dot(left + 110, palette::AXIS)?;
    text("data", 16, &palette::INK, left + 120, row, HPos::Left)?;

    let generated = scatter.generated.iter().map(wide);
    let outside = generated.filter(|point| !is_inside(&scatter.extent, *point));
    let count = |number: usize| grouped(&number.to_string());
    let note = match outside.count() {
        0 => format!("{} points", count(scatter.generated.len())),
        outside => format!("{} of {} points outside", count(outside), count(scatter.generated.len())),
    };
    text(&note, 16, &palette::FAINT_INK, right, row, HPos::Right)
}

fn draw_points<DB: DrawingBackend>(root: &DrawingArea<DB, Shift>, scatter: &Scatter<'_>) -> Result<()> {
    let (left, top, right, bottom) = SQUARE;
    let labels = (36, 24);
    let unit = |pixels: i32| pixels * SUBPIXELS;
    let size = (right - left + labels.0, bottom - top + labels.1);
    let area =
        root.clone().shrink((unit(left - labels.0), unit(top)), (unit(size.0) as u32, unit(size.1) as u32));
    let Extent { center, reach } = scatter.extent;
    let axis = |center: f64| Axis::new(center - reach..center + reach, 8);
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(unit(labels.1))
        .y_label_area_size(unit(labels.0))
        .build_cartesian_2d(axis(center[0]), axis(center[1]))
        .map_err(Error::drawing)?;
    let label = (fonts::FAMILY, unit(14)).into_font();
    let line = |color: RGBColor| color.stroke_width(SUBPIXELS as u32);
    chart
        .configure_mesh()
        .bold_line_style(line(palette::GRID))
        .max_light_lines(0)
        .axis_style(line(palette::AXIS))
        .label_style(label.color(&palette::FAINT_INK))
        .set_all_tick_mark_size(unit(3))
        .draw()
        .map_err(Error::drawing)?;

    let draw = |center: [f64; 2], radius: f64, style: ShapeStyle| {
        let place = chart.backend_coord(&(center[0], center[1]));
        let radius = (radius * f64::from(SUBPIXELS)).round() as i32;
        root.draw(&Circle::new(place, radius, style)).map_err(Error::drawing)
    };
    let inside = |points: &[[f32; 2]]| -> Vec<[f64; 2]> {
        let points = points.iter().map(wide);
        points.filter(|point| is_inside(&scatter.extent, *point)).collect()
    };
    for point in inside(scatter.data) {
        draw(point, 2.0, palette::AXIS.mix(0.35).filled())?;
    }
    let pixels_per_unit = f64::from(right - left) / (2.0 * reach);
    for mode in scatter.modes {
        let radius = mode.radius * pixels_per_unit;
        if is_inside(&scatter.extent, mode.center) && radius < f64::from(SIZE.0) {
            let style = palette::BLUE.mix(0.7).stroke_width(SUBPIXELS as u32);
            draw(mode.center, radius, style)?;
        }
    }
    for point in inside(scatter.generated) {
        draw(point, 2.0, palette::VERMILLION.mix(0.5).filled())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_holds_the_data_and_is_square() {
        let extent = Extent::of(&[[-1.0, 0.0], [3.0, 1.0], [f32::NAN, f32::INFINITY]]);
        assert_eq!(extent.center, [1.0, 0.5]);
        assert!((extent.reach - 2.4).abs() < 1e-6);
        assert_eq!(Extent::of(&[]).reach, 1.0);
        assert_eq!(Extent::of(&[[5.0, 5.0]]), Extent { center: [5.0, 5.0], reach: 1.0 });
    }

    fn scatter<'a>(generated: &'a [[f32; 2]], modes: &'a [Mode]) -> Scatter<'a> {
        Scatter {
            title: "gaussian_ring, epoch 1",
            extent: Extent { center: [0.0, 0.0], reach: 2.0 },
            data: &[],
            modes,
            generated,
        }
    }

    fn decode(bytes: &[u8]) -> Vec<u8> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width as i32, info.height as i32), SIZE);
        pixels
    }

    #[test]
    fn a_point_lies_at_its_place() {
        // Ten points on one place make it opaque.
        let with = decode(&png(&scatter(&[[1.0, -1.0]; 10], &[])).unwrap());
        let without = decode(&png(&scatter(&[[9.0, 9.0]; 10], &[])).unwrap());
        let (left, top, right, bottom) = SQUARE;
        let changed: Vec<(i32, i32)> = (0..SIZE.1)
            .flat_map(|y| (0..SIZE.0).map(move |x| (x, y)))
            .filter(|(x, y)| (left..right).contains(x) && (top..bottom).contains(y))
            .filter(|(x, y)| {
                let start = 3 * (y * SIZE.0 + x) as usize;
                with[start..start + 3] != without[start..start + 3]
            })
            .collect();
        assert!(changed.len() > 9);
        let (x, y) = (left + (right - left) * 3 / 4, top + (bottom - top) * 3 / 4);
        assert!(
            changed.iter().all(|place| (place.0 - x).abs() <= 3 && (place.1 - y).abs() <= 3),
            "{changed:?}"
        );
    }

    #[test]
    fn any_points_give_a_picture_and_equal_points_equal_bytes() {
        let points = [[f32::NAN, 0.0], [f32::MAX, f32::MIN], [0.1, 0.2]];
        let modes = [
            Mode { center: [0.0, f64::NAN], radius: 1.0 },
            Mode { center: [0.0, 0.0], radius: f64::INFINITY },
        ];
        let bytes = png(&scatter(&points, &modes)).unwrap();
        assert_eq!(bytes, png(&scatter(&points, &modes)).unwrap());
        decode(&bytes);
    }
}

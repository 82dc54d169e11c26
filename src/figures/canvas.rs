//! A bitmap that plotters draws on, with smooth edges.
//!
//! plotters' own bitmap backend has neither anti-aliased strokes wider than a pixel nor glyphs placed between pixels. This
//! one has: plotters sees a surface of [`SUBPIXELS`] units per pixel in each direction, and every shape is drawn by how
//! much of each pixel it covers.

use std::convert::Infallible;

use plotters::style::{Color, RGBColor};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::{encode, fonts, palette};

/// Units of plotters' integer coordinates per pixel.
pub(super) const SUBPIXELS: i32 = 8;

/// The height of what [`Canvas::heading`] writes.
pub(super) const HEADING: usize = 112;

/// An RGB bitmap. Coordinates are in pixels from the upper left corner, and may lie outside.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    /// RGB, rows from the top.
    pixels: Vec<u8>,
}

/// Where a text lies relative to its place.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    pub(super) horizontal: HPos,
    pub(super) vertical: VPos,
}

impl Anchor {
    pub(super) const CENTER: Self = Self { horizontal: HPos::Center, vertical: VPos::Center };
    pub(super) const LEFT: Self = Self { horizontal: HPos::Left, vertical: VPos::Center };
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize, color: RGBColor) -> Self {
        let color = [color.0, color.1, color.2];
        Self { width, height, pixels: color.repeat(width * height) }
    }

    pub(super) fn to_png(&self) -> Vec<u8> {
        encode::png(self.width, self.height, png::ColorType::Rgb, &self.pixels)
    }

    /// The pixels, three bytes each, rows from the top.
    pub(super) fn rgb(&self) -> &[u8] {
        &self.pixels
    }

    /// Puts a picture of `channels` (1 or 3) bytes a pixel, rows from the top, at a place; what lies outside is cut.
    pub(super) fn picture(
        &mut self,
        (left, top): (usize, usize),
        width: usize,
        channels: usize,
        pixels: &[u8],
    ) {
        let columns = width.min(self.width.saturating_sub(left));
        for (y, row) in
            pixels.chunks_exact(width * channels).enumerate().take(self.height.saturating_sub(top))
        {
            let start = 3 * ((top + y) * self.width + left);
            let places = self.pixels[start..start + 3 * columns].chunks_exact_mut(3);
            for (place, pixel) in places.zip(row.chunks_exact(channels)) {
                place.copy_from_slice(&if let [r, g, b] = *pixel { [r, g, b] } else { [pixel[0]; 3] });
            }
        }
    }

    #[cfg(test)]
    pub(super) fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let start = 3 * (y * self.width + x);
        self.pixels[start..start + 3].try_into().expect("three bytes")
    }

    fn blend(&mut self, x: i32, y: i32, (r, g, b): (u8, u8, u8), alpha: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height || alpha <= 0.0 {
            return;
        }
        let start = 3 * (y * self.width + x);
        for (old, new) in self.pixels[start..start + 3].iter_mut().zip([r, g, b]) {
            let mixed = f32::from(*old) + (f32::from(new) - f32::from(*old)) * alpha.min(1.0);
            *old = mixed.round() as u8;
        }
    }

    /// Blends a colour over the pixels of a region by their coverage, given as a function of the pixel's centre.
    fn cover(
        &mut self,
        (left, top, right, bottom): (f32, f32, f32, f32),
        color: BackendColor,
        coverage: impl Fn(f32, f32) -> f32,
    ) {
        let x_range = clamp_range(left, right, self.width);
        for y in clamp_range(top, bottom, self.height) {
            for x in x_range.clone() {
                let share = coverage(x as f32 + 0.5, y as f32 + 0.5).clamp(0.0, 1.0);
                self.blend(x, y, color.rgb, share * color.alpha as f32);
            }
        }
    }

    pub(super) fn fill_rectangle(
        &mut self,
        (left, top): (f32, f32),
        (right, bottom): (f32, f32),
        color: BackendColor,
    ) {
        let overlap =
            |low: f32, high: f32, center: f32| (high.min(center + 0.5) - low.max(center - 0.5)).max(0.0);
        self.cover((left, top, right, bottom), color, |x, y| {
            overlap(left, right, x) * overlap(top, bottom, y)
        });
    }

    pub(super) fn fill_circle(&mut self, center: (f32, f32), radius: f32, color: BackendColor) {
        let bounds = square(center, radius + 1.0);
        self.cover(bounds, color, |x, y| radius + 0.5 - distance(center, (x, y)));
    }

    fn stroke_circle(&mut self, center: (f32, f32), radius: f32, width: f32, color: BackendColor) {
        let bounds = square(center, radius + width + 1.0);
        self.cover(bounds, color, |x, y| stroke_coverage((distance(center, (x, y)) - radius).abs(), width));
    }

    /// Fills a polygon whose sides do not cross; it is closed from the last corner to the first.
    pub(super) fn fill_area(&mut self, corners: &[(f32, f32)], color: BackendColor) {
        let Some(bounds) = bounds(corners, 1.0) else {
            return;
        };
        let columns = clamp_range(bounds.0, bounds.2, self.width);
        let rows = clamp_range(bounds.1, bounds.3, self.height);
        let (left, top) = (columns.start as f32, rows.start as f32);
        // The rasterizer takes no corners outside; what lies there cannot be seen anyway.
        let (width, height) = (columns.len() as f32, rows.len() as f32);
        let place = |corner: &(f32, f32)| {
            ab_glyph_rasterizer::point(
                (corner.0 - left).clamp(0.0, width),
                (corner.1 - top).clamp(0.0, height),
            )
        };
        let mut rasterizer = ab_glyph_rasterizer::Rasterizer::new(columns.len(), rows.len());
        for (index, corner) in corners.iter().enumerate() {
            rasterizer.draw_line(place(corner), place(&corners[(index + 1) % corners.len()]));
        }
        rasterizer.for_each_pixel_2d(|x, y, share| {
            // Negative where the corners run the other way round.
            let share = share.abs().min(1.0) * color.alpha as f32;
            self.blend(columns.start + x as i32, rows.start + y as i32, color.rgb, share);
        });
    }

    /// Writes a title and a note below it, `margin` from the left, in the upper [`HEADING`] pixels.
    pub(super) fn heading(&mut self, margin: usize, title: &str, note: &str) {
        let limit = self.width.saturating_sub(2 * margin) as f32;
        for (text, size, y, color) in
            [(title, 30.0, 40.0, palette::INK), (note, 20.0, 78.0, palette::FAINT_INK)]
        {
            let text = fonts::fitted(text, size, limit);
            self.text((margin as f32, y), &text, size, color.to_backend_color(), Anchor::LEFT, false);
        }
    }

    /// Draws a line through the points, with round joins and ends. Where it meets itself it is not drawn twice, so a
    /// translucent curve is of one tone.
    pub(super) fn stroke_path(&mut self, points: &[(f32, f32)], width: f32, color: BackendColor) {
        let Some(bounds) = bounds(points, width / 2.0 + 1.0) else {
            return;
        };
        let columns = clamp_range(bounds.0, bounds.2, self.width);
        let rows = clamp_range(bounds.1, bounds.3, self.height);
        let stride = columns.len();
        let mut mask = vec![0.0_f32; stride * rows.len()];
        let segments = points.windows(2).map(|pair| (pair[0], pair[1]));
        let dot = (points.len() == 1).then(|| (points[0], points[0]));
        for segment in segments.chain(dot) {
            self.cover_segment(segment, width, |x, y, share| {
                let index = (y - rows.start) as usize * stride + (x - columns.start) as usize;
                mask[index] = mask[index].max(share);
            });
        }
        for (y, line) in rows.zip(mask.chunks(stride.max(1))) {
            for (x, share) in columns.clone().zip(line) {
                self.blend(x, y, color.rgb, share * color.alpha as f32);
            }
        }
    }

    /// Gives `draw` the pixels near a segment, row by row.
    fn cover_segment(
        &self,
        (from, to): ((f32, f32), (f32, f32)),
        width: f32,
        mut draw: impl FnMut(i32, i32, f32),
    ) {
        let reach = width / 2.0 + 1.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let (low, high) = (from.0.min(to.0) - reach, from.0.max(to.0) + reach);
        let (top, bottom) = (from.1.min(to.1) - reach, from.1.max(to.1) + reach);
        for y in clamp_range(top, bottom, self.height) {
            let center = y as f32 + 0.5;
            // The strip around the endless line, cut by this row of pixels: a steep segment has few pixels in each.
            let (mut left, mut right) = (low, high);
            if dy.abs() > 1e-3 {
                let middle = from.0 + (center - from.1) * dx / dy;
                let half = reach * length / dy.abs() + dx.abs() / dy.abs();
                (left, right) = (left.max(middle - half), right.min(middle + half));
            }
            for x in clamp_range(left, right, self.width) {
                let to_segment = distance_to_segment((x as f32 + 0.5, center), from, to);
                draw(x, y, stroke_coverage(to_segment, width));
            }
        }
    }

    /// Draws one line of text of `size` pixels from ascent to descent; `upwards` turns it to read from below.
    pub(super) fn text(
        &mut self,
        (x, y): (f32, f32),
        text: &str,
        size: f32,
        color: BackendColor,
        anchor: Anchor,
        upwards: bool,
    ) {
        let along = -match anchor.horizontal {
            HPos::Left => 0.0,
            HPos::Center => fonts::width(text, size) / 2.0,
            HPos::Right => fonts::width(text, size),
        };
        let across = match anchor.vertical {
            VPos::Top => fonts::cap_height(size),
            VPos::Center => fonts::cap_height(size) / 2.0,
            VPos::Bottom => 0.0,
        };
        let (x, y) = if upwards { (x + across, y - along) } else { (x + along, y + across) };
        // The baseline lies between two rows of pixels, where horizontal strokes are sharp.
        let (x, y) = if upwards { (x.round(), y) } else { (x, y.round()) };
        let (column, row) = (x.floor() as i32, y.floor() as i32);
        let fraction = if upwards { (row as f32 + 1.0 - y, 0.0) } else { (x - column as f32, 0.0) };
        fonts::rasterize(text, size, fraction, |glyph_x, glyph_y, coverage| {
            let (x, y) =
                if upwards { (column + glyph_y, row - glyph_x) } else { (column + glyph_x, row + glyph_y) };
            // A light font on white looks thinner than it is. (No `powf`: its last digit differs between platforms.)
            let share = coverage * (1.4 - 0.4 * coverage);
            self.blend(x, y, color.rgb, share * color.alpha as f32);
        });
    }
}

impl DrawingBackend for &mut Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let units = SUBPIXELS as u32;
        (self.width as u32 * units, self.height as u32 * units)
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(
        &mut self,
        point: BackendCoord,
        color: BackendColor,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let share = 1.0 / (SUBPIXELS * SUBPIXELS) as f32;
        let (x, y) = (point.0.div_euclid(SUBPIXELS), point.1.div_euclid(SUBPIXELS));
        self.blend(x, y, color.rgb, share * color.alpha as f32);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        if fill {
            self.fill_rectangle(pixel_of(upper_left), pixel_of(bottom_right), style.color());
            return Ok(());
        }
        let ((left, top), (right, bottom)) = (upper_left, bottom_right);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        self.draw_path(corners, style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let points: Vec<_> = path.into_iter().map(pixel_of).collect();
        let width = style.stroke_width() as f32 / SUBPIXELS as f32;
        self.stroke_path(&points, width, style.color());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let radius = radius as f32 / SUBPIXELS as f32;
        if fill {
            self.fill_circle(pixel_of(center), radius, style.color());
        } else {
            let width = style.stroke_width() as f32 / SUBPIXELS as f32;
            self.stroke_circle(pixel_of(center), radius, width, style.color());
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let corners: Vec<_> = vertices.into_iter().map(pixel_of).collect();
        self.fill_area(&corners, style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        let anchor = style.anchor();
        let anchor = Anchor { horizontal: anchor.h_pos, vertical: anchor.v_pos };
        let size = style.size() as f32 / SUBPIXELS as f32;
        let upwards = matches!(style.transform(), FontTransform::Rotate270);
        self.text(pixel_of(position), text, size, style.color(), anchor, upwards);
        Ok(())
    }
}

fn pixel_of((x, y): BackendCoord) -> (f32, f32) {
    (x as f32 / SUBPIXELS as f32, y as f32 / SUBPIXELS as f32)
}

/// The pixels that an interval touches, within 0..limit.
fn clamp_range(low: f32, high: f32, limit: usize) -> std::ops::Range<i32> {
    let end = (high.ceil() as i32).clamp(0, limit as i32);
    (low.floor() as i32).clamp(0, end)..end
}

fn square(center: (f32, f32), reach: f32) -> (f32, f32, f32, f32) {
    (center.0 - reach, center.1 - reach, center.0 + reach, center.1 + reach)
}

/// Left, top, right and bottom of the points, `reach` further out; `None` without points.
fn bounds(points: &[(f32, f32)], reach: f32) -> Option<(f32, f32, f32, f32)> {
    let first = square(*points.first()?, reach);
    Some(points.iter().fold(first, |bounds, point| {
        let one = square(*point, reach);
        (bounds.0.min(one.0), bounds.1.min(one.1), bounds.2.max(one.2), bounds.3.max(one.3))
    }))
}

/// How much of a pixel a stroke covers whose middle is `distance` from the pixel's; strokes under a pixel are fainter.
fn stroke_coverage(distance: f32, width: f32) -> f32 {
    (width.max(1.0) / 2.0 + 0.5 - distance).clamp(0.0, 1.0) * width.min(1.0)
}

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    let (dx, dy) = (a.0 - b.0, a.1 - b.1);
    (dx * dx + dy * dy).sqrt()
}

fn distance_to_segment(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let square = dx * dx + dy * dy;
    let share = if square > 0.0 {
        (((point.0 - from.0) * dx + (point.1 - from.1) * dy) / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    distance(point, (from.0 + share * dx, from.1 + share * dy))
}

#[cfg(test)]
mod tests;

//! A 28×28 grey canvas: filled outlines and strokes with analytic coverage.
//!
//! Only basic arithmetic, `floor` and `sqrt` are used (as in the rasteriser), which IEEE 754 defines to the last bit: so
//! the pictures are the same bytes on every machine.

use ab_glyph_rasterizer::{Rasterizer, point};

/// Width and height in pixels.
pub(super) const SIZE: usize = 28;
const PIXELS: usize = SIZE * SIZE;
/// The rasteriser wraps what leaves its left and right edge into the next row, so it gets a margin that is cut off.
const MARGIN: usize = 10;
const PADDED: usize = SIZE + 2 * MARGIN;

/// A place on the canvas in pixels: x to the right, y down, the top-left corner is (0, 0).
pub(super) type Point = (f32, f32);

/// A vertex of an outline: x, y, and how round the corner is, from 0 (sharp) to 1 (an arc from the middle of one edge to
/// the middle of the next).
pub(super) type Vertex = (f32, f32, f32);

/// What a shape does to the picture below it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    /// Adds to the garment.
    Over,
    /// Decorates what is there already and leaves the background black.
    Inside,
    /// Makes a hole.
    Cut,
}

/// A small shift, scaling and shear of everything that is drawn, so that no two garments lie alike.
#[derive(Clone, Copy)]
pub(super) struct Placement {
    pub(super) shift: Point,
    pub(super) scale: Point,
    pub(super) shear: f32,
}

impl Placement {
    fn apply(&self, (x, y): Point) -> Point {
        let middle = SIZE as f32 / 2.0;
        let (across, down) = (x - middle, y - middle);
        (
            middle + across * self.scale.0 + down * self.shear + self.shift.0,
            middle + down * self.scale.1 + self.shift.1,
        )
    }
}

/// The picture being drawn: brightness and coverage of each pixel, both in [0, 1].
pub(super) struct Canvas {
    light: [f32; PIXELS],
    cover: [f32; PIXELS],
    mask: [f32; PIXELS],
    rasterizer: Rasterizer,
    placement: Placement,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self {
            light: [0.0; PIXELS],
            cover: [0.0; PIXELS],
            mask: [0.0; PIXELS],
            rasterizer: Rasterizer::new(PADDED, PADDED),
            placement: Placement { shift: (0.0, 0.0), scale: (1.0, 1.0), shear: 0.0 },
        }
    }

    /// A black canvas on which everything is placed by `placement`.
    pub(super) fn start(&mut self, placement: Placement) {
        self.light.fill(0.0);
        self.cover.fill(0.0);
        self.placement = placement;
    }

    /// Fills a closed outline; `shade` gives the brightness at a pixel's centre.
    pub(super) fn fill(&mut self, mode: Mode, outline: &[Vertex], shade: impl Fn(f32, f32) -> f32) {
        self.rasterize(outline);
        self.compose(mode, 1.0, shade);
    }

    /// Lays `tone` over the inside of an outline with the given opacity.
    pub(super) fn tint(&mut self, outline: &[Vertex], tone: f32, opacity: f32) {
        self.rasterize(outline);
        self.compose(Mode::Inside, opacity, |_, _| tone);
    }

    /// Draws a line through `points` whose width runs evenly from `width.0` to `width.1` pixels, with round ends.
    pub(super) fn stroke(
        &mut self,
        mode: Mode,
        points: &[Point],
        width: (f32, f32),
        tone: f32,
        opacity: f32,
    ) {
        self.mask.fill(0.0);
        let segments = points.len() - 1;
        for (index, pair) in points.windows(2).enumerate() {
            let width_at = |i: usize| width.0 + (width.1 - width.0) * i as f32 / segments as f32;
            self.segment(pair[0], pair[1], width_at(index), width_at(index + 1));
        }
        self.compose(mode, opacity, |_, _| tone);
    }

    /// A seam, stripe or fold on what is there: a line of even width.
    pub(super) fn line(&mut self, points: &[Point], width: f32, tone: f32, opacity: f32) {
        self.stroke(Mode::Inside, points, (width, width), tone, opacity);
    }

    /// A band that is part of the garment: a line whose width runs evenly from `width.0` to `width.1`.
    pub(super) fn strap(&mut self, points: &[Point], width: (f32, f32), tone: f32) {
        self.stroke(Mode::Over, points, width, tone, 1.0);
    }

    /// The picture as bytes, a little sharpened: small photographs of clothes have crisp edges and folds.
    pub(super) fn finish(&self, sharpness: f32, out: &mut [u8]) {
        for (at, byte) in out.iter_mut().enumerate() {
            let (x, y) = (at % SIZE, at / SIZE);
            let (mut sum, mut weight) = (0.0, 0.0);
            for ny in y.saturating_sub(1)..(y + 2).min(SIZE) {
                for nx in x.saturating_sub(1)..(x + 2).min(SIZE) {
                    // Only the cloth around a pixel, or every edge would get a bright rim.
                    let near = ny * SIZE + nx;
                    sum += self.light[near];
                    weight += self.cover[near];
                }
            }
            let light = self.light[at];
            let mean = if weight > 0.0 { sum / weight * self.cover[at] } else { light };
            let value = light + sharpness * (light - mean);
            *byte = (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        }
    }

    fn rasterize(&mut self, outline: &[Vertex]) {
        self.rasterizer.clear();
        let (placement, count) = (self.placement, outline.len());
        let place = |(x, y): Point| {
            let (x, y) = placement.apply((x, y));
            let (low, high) = (0.5 - MARGIN as f32, (SIZE + MARGIN) as f32 - 0.5);
            point(x.clamp(low, high) + MARGIN as f32, y.clamp(low, high) + MARGIN as f32)
        };
        let corner = |index: usize| {
            let (x, y, round) = outline[index % count];
            let towards = |(nx, ny, _): Vertex| {
                let part = 0.5 * round;
                place((x + (nx - x) * part, y + (ny - y) * part))
            };
            let before = towards(outline[(index + count - 1) % count]);
            let after = towards(outline[(index + 1) % count]);
            (before, place((x, y)), after)
        };
        for index in 0..count {
            let (before, vertex, after) = corner(index);
            self.rasterizer.draw_quad(before, vertex, after);
            self.rasterizer.draw_line(after, corner(index + 1).0);
        }
        let mask = &mut self.mask;
        self.rasterizer.for_each_pixel_2d(|x, y, coverage| {
            let (x, y) = ((x as usize).wrapping_sub(MARGIN), (y as usize).wrapping_sub(MARGIN));
            if x < SIZE && y < SIZE {
                mask[y * SIZE + x] = coverage.min(1.0);
            }
        });
    }

    /// Adds one piece of a stroke to the mask: coverage falls from 1 to 0 over the pixel that the edge runs through.
    fn segment(&mut self, from: Point, to: Point, width_from: f32, width_to: f32) {
        let (from, to) = (self.placement.apply(from), self.placement.apply(to));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = (dx * dx + dy * dy).max(1e-6);
        let reach = width_from.max(width_to) * 0.5 + 1.0;
        let span = |a: f32, b: f32| {
            let low = (a.min(b) - reach).clamp(0.0, SIZE as f32) as usize;
            let high = (a.max(b) + reach + 1.0).clamp(0.0, SIZE as f32) as usize;
            low..high
        };
        for y in span(from.1, to.1) {
            for x in span(from.0, to.0) {
                let (px, py) = (x as f32 + 0.5 - from.0, y as f32 + 0.5 - from.1);
                let along = ((px * dx + py * dy) / length_squared).clamp(0.0, 1.0);
                let (ex, ey) = (px - along * dx, py - along * dy);
                let half = 0.5 * (width_from + (width_to - width_from) * along);
                // A line thinner than a pixel covers only a part of it.
                let most = (2.0 * half).min(1.0);
                let coverage = (half + 0.5 - (ex * ex + ey * ey).sqrt()).clamp(0.0, most);
                let mask = &mut self.mask[y * SIZE + x];
                *mask = mask.max(coverage);
            }
        }
    }

    fn compose(&mut self, mode: Mode, opacity: f32, shade: impl Fn(f32, f32) -> f32) {
        for (at, &mask) in self.mask.iter().enumerate() {
            if mask <= 0.0 {
                continue;
            }
            let (light, cover) = (&mut self.light[at], &mut self.cover[at]);
            let part = mask * opacity;
            let tone = || shade((at % SIZE) as f32 + 0.5, (at / SIZE) as f32 + 0.5).clamp(0.0, 1.0);
            match mode {
                Mode::Over => {
                    *light += part * (tone() - *light);
                    *cover += part * (1.0 - *cover);
                }
                Mode::Inside if *cover > 0.0 => *light += part * (tone() * *cover - *light),
                Mode::Inside => {}
                Mode::Cut => {
                    *light *= 1.0 - part;
                    *cover *= 1.0 - part;
                }
            }
        }
    }
}

/// Points along the quadratic Bézier curve from `a` to `c` with control point `b`.
pub(super) fn curve(a: Point, b: Point, c: Point) -> [Point; 9] {
    std::array::from_fn(|index| {
        let t = index as f32 / 8.0;
        let (u, v, w) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
        (u * a.0 + v * b.0 + w * c.0, u * a.1 + v * b.1 + w * c.1)
    })
}

/// Points along the cubic Bézier curve from `a` to `d`.
pub(super) fn arch(a: Point, b: Point, c: Point, d: Point) -> [Point; 13] {
    std::array::from_fn(|index| {
        let t = index as f32 / 12.0;
        let s = 1.0 - t;
        let (p, q, r, z) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
        (p * a.0 + q * b.0 + r * c.0 + z * d.0, p * a.1 + q * b.1 + r * c.1 + z * d.1)
    })
}

/// An outline that is symmetric about the vertical line x = 14, from its right half (from top to bottom).
pub(super) fn mirrored(right: &[Vertex]) -> Vec<Vertex> {
    let left = right.iter().rev().map(|&(x, y, round)| (SIZE as f32 - x, y, round));
    right.iter().copied().chain(left).collect()
}

/// The outline seen in a mirror at x = 14 when `side` is −1, itself when it is 1.
pub(super) fn on_side<const N: usize>(side: f32, outline: [Vertex; N]) -> [Vertex; N] {
    outline.map(|(x, y, round)| (14.0 + side * (x - 14.0), y, round))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Placement = Placement { shift: (0.0, 0.0), scale: (1.0, 1.0), shear: 0.0 };

    fn started() -> Canvas {
        let mut canvas = Canvas::new();
        canvas.start(STILL);
        canvas
    }

    #[test]
    fn coverage_is_the_area_of_the_shape() {
        let mut canvas = started();
        let square = [(3.25, 4.5, 0.0), (20.75, 4.5, 0.0), (20.75, 9.25, 0.0), (3.25, 9.25, 0.0)];
        canvas.fill(Mode::Over, &square, |_, _| 1.0);
        let area: f32 = canvas.light.iter().sum();
        assert!((area - 17.5 * 4.75).abs() < 1e-3, "{area}");
        assert!((canvas.light[4 * SIZE + 3] - 0.75 * 0.5).abs() < 1e-5);
        assert_eq!(canvas.light[6 * SIZE + 10], 1.0);
        assert_eq!(canvas.light[3 * SIZE + 10], 0.0);
    }

    #[test]
    fn full_roundness_makes_a_square_nearly_a_circle() {
        let mut canvas = started();
        let square = [(4.0, 4.0, 1.0), (24.0, 4.0, 1.0), (24.0, 24.0, 1.0), (4.0, 24.0, 1.0)];
        canvas.fill(Mode::Over, &square, |_, _| 1.0);
        let area: f32 = canvas.light.iter().sum();
        // Four parabolas: each leaves out a sixth of a 10×10 corner.
        assert!((area - (400.0 - 4.0 * 100.0 / 6.0)).abs() < 12.0, "{area}");
    }

    #[test]
    fn what_leaves_the_canvas_is_cut_off_and_does_not_wrap() {
        let mut canvas = started();
        let wide = [(-50.0, 10.0, 0.0), (50.0, 10.0, 0.0), (50.0, 11.0, 0.0), (-50.0, 11.0, 0.0)];
        canvas.fill(Mode::Over, &wide, |_, _| 1.0);
        for y in 0..SIZE {
            for x in 0..SIZE {
                assert!(
                    (canvas.light[y * SIZE + x] - f32::from(u8::from(y == 10))).abs() < 1e-4,
                    "({x}, {y})"
                );
            }
        }
    }

    #[test]
    fn decoration_stays_inside_and_a_cut_makes_a_hole() {
        let mut canvas = started();
        let square = [(5.0, 5.0, 0.0), (15.0, 5.0, 0.0), (15.0, 15.0, 0.0), (5.0, 15.0, 0.0)];
        canvas.fill(Mode::Over, &square, |_, _| 0.5);
        canvas.stroke(Mode::Inside, &[(0.0, 10.0), (28.0, 10.0)], (2.0, 2.0), 1.0, 1.0);
        assert_eq!(canvas.light[10 * SIZE + 2], 0.0);
        assert_eq!(canvas.light[10 * SIZE + 10], 1.0);
        canvas.stroke(Mode::Cut, &[(10.0, 0.0), (10.0, 28.0)], (2.0, 2.0), 0.0, 1.0);
        assert_eq!(canvas.light[10 * SIZE + 10], 0.0);
        assert_eq!(canvas.cover[10 * SIZE + 10], 0.0);
    }
}

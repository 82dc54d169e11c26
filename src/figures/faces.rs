//! The 2×2 slanted-faces networks, small enough to be drawn whole: `faces.png`.
//!
//! The generator's and the discriminator's weights as 2×2 squares with their numbers, like the faces they draw and judge
//! (after Luis Serrano, "A Friendly Introduction to Generative Adversarial Networks"): a trained discriminator has large weights
//! on the diagonal and small ones beside it, and so have the faces.

use plotters::style::{Color, RGBColor};
use plotters_backend::BackendColor;

use super::canvas::{Anchor, Canvas};
use super::{fonts, palette};

/// Pixels of the picture per unit of the layout.
const SCALE: f32 = 2.0;
/// Width and height in layout units.
const SIZE: (f32, f32) = (720.0, 480.0);
/// Side of a weights' square, and of a face's.
const WEIGHTS_SIDE: f32 = 148.0;
const FACE_SIDE: f32 = 72.0;
/// The most faces in a picture.
pub const MOST_FACES: usize = 7;

/// Both networks and some of the generator's faces. Pixels and weights in the order upper left, upper right, lower left,
/// lower right.
#[derive(Clone, Copy, Debug)]
pub struct Faces<'a> {
    /// What is written above: the experiment and the epoch, say.
    pub title: &'a str,
    /// w of the generator's pixels sigmoid(w z + b), z being uniform in 0..=1.
    pub generator_weight: [f32; 4],
    /// b of the generator's pixels.
    pub generator_bias: [f32; 4],
    /// w of the discriminator's logit w · x + b.
    pub discriminator_weight: [f32; 4],
    /// b of the discriminator's logit.
    pub discriminator_bias: f32,
    /// Generated faces with pixels in 0..=1, 0 drawn black and 1 white; at most [`MOST_FACES`] are drawn.
    pub samples: &'a [[f32; 4]],
}

/// The picture as a PNG of 1440×960 pixels.
pub fn png(faces: &Faces<'_>) -> Vec<u8> {
    let (width, height) = (SIZE.0 * SCALE, SIZE.1 * SCALE);
    let mut sheet = Sheet { canvas: Canvas::new(width as usize, height as usize, palette::PAPER) };
    let title = fonts::fitted(faces.title, 24.0, SIZE.0 - 64.0);
    sheet.text((32.0, 34.0), &title, 24.0, palette::INK, Anchor::LEFT);
    draw_weights(&mut sheet, faces);
    draw_samples(&mut sheet, faces);
    sheet.canvas.to_png()
}

fn draw_weights(sheet: &mut Sheet, faces: &Faces<'_>) {
    let squares = [
        ("generator: weights", faces.generator_weight),
        ("generator: biases", faces.generator_bias),
        ("discriminator: weights", faces.discriminator_weight),
    ];
    let all = squares.iter().flat_map(|(_, numbers)| numbers);
    // One scale for all of them, so that equal colours are equal numbers.
    let finite = all.map(|number| number.abs()).filter(|number| number.is_finite());
    let largest = finite.fold(0.0_f32, f32::max).max(1e-6);
    let top = 100.0;
    for (index, (name, numbers)) in squares.into_iter().enumerate() {
        let left = 32.0 + 228.0 * index as f32;
        sheet.text((left, top - 20.0), name, 16.0, palette::INK, Anchor::LEFT);
        for (pixel, number) in numbers.into_iter().enumerate() {
            let side = WEIGHTS_SIDE / 2.0;
            let corner = (left + side * (pixel % 2) as f32, top + side * (pixel / 2) as f32);
            let color = signed_color(number / largest);
            sheet.square(corner, side, color);
            let middle = (corner.0 + side / 2.0, corner.1 + side / 2.0);
            sheet.text(middle, &signed(number), 20.0, ink_on(color), Anchor::CENTER);
        }
        sheet.frame((left, top), WEIGHTS_SIDE);
    }
    let below = top + WEIGHTS_SIDE + 24.0;
    draw_scale(sheet, (32.0, below), largest);
    let bias = format!("bias {}", signed(faces.discriminator_bias));
    let place = (32.0 + 2.0 * 228.0, below);
    sheet.text(place, &bias, 16.0, palette::INK, Anchor::LEFT);
}

/// The colours' scale, around the height `middle`.
fn draw_scale(sheet: &mut Sheet, (left, middle): (f32, f32), largest: f32) {
    let (steps, width, height, size) = (64, 160.0, 10.0, 14.0);
    let (lowest, highest) = (signed(-largest), signed(largest));
    sheet.text((left, middle), &lowest, size, palette::FAINT_INK, Anchor::LEFT);
    let start = left + fonts::width(&lowest, size) + 8.0;
    // Whole pixels: two smooth edges side by side would let the paper through.
    let place = |step: usize| ((start + width * step as f32 / steps as f32) * SCALE).round() / SCALE;
    for step in 0..steps {
        let share = (step as f32 + 0.5) / steps as f32;
        let corner = (place(step), middle - height / 2.0);
        let end = (place(step + 1), middle + height / 2.0);
        sheet.rectangle(corner, end, signed_color(2.0 * share - 1.0));
    }
    let end = (start + width + 8.0, middle);
    sheet.text(end, &highest, size, palette::FAINT_INK, Anchor::LEFT);
}

fn draw_samples(sheet: &mut Sheet, faces: &Faces<'_>) {
    let top = 348.0;
    let heading = "generated faces (black 0, white 1), and the discriminator's probability that each is real";
    sheet.text((32.0, top - 20.0), heading, 16.0, palette::INK, Anchor::LEFT);
    for (index, face) in faces.samples.iter().take(MOST_FACES).enumerate() {
        let left = 32.0 + 97.0 * index as f32;
        for (pixel, value) in face.iter().enumerate() {
            let side = FACE_SIDE / 2.0;
            let corner = (left + side * (pixel % 2) as f32, top + side * (pixel / 2) as f32);
            let grey = (value * 255.0).round() as u8;
            let color = RGBColor(grey, grey, grey);
            sheet.square(corner, side, color);
            let middle = (corner.0 + side / 2.0, corner.1 + side / 2.0);
            sheet.text(middle, &format!("{value:.2}"), 13.0, ink_on(color), Anchor::CENTER);
        }
        sheet.frame((left, top), FACE_SIDE);
        let below = (left + FACE_SIDE / 2.0, top + FACE_SIDE + 18.0);
        let probability = format!("{:.2}", judge(faces, face));
        sheet.text(below, &probability, 16.0, palette::FAINT_INK, Anchor::CENTER);
    }
}

/// sigmoid(w · x + b).
fn judge(faces: &Faces<'_>, face: &[f32; 4]) -> f64 {
    let products = faces.discriminator_weight.iter().zip(face);
    let sum: f64 = products.map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
    let logit = sum + f64::from(faces.discriminator_bias);
    1.0 / (1.0 + (-logit).exp())
}

/// A number with its sign and two digits, or fewer if it is large.
fn signed(number: f32) -> String {
    let digits = if number.abs() < 99.995 { 2 } else { 0 };
    let text = format!("{:.digits$}", number.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    match number {
        _ if is_zero => text,
        number if number < 0.0 => format!("−{text}"),
        number if number > 0.0 => format!("+{text}"),
        _ => "NaN".to_string(),
    }
}

/// From blue at -1 over white to vermillion at 1, which also the colour-blind tell apart.
fn signed_color(share: f32) -> RGBColor {
    let end = if share < 0.0 { palette::BLUE } else { palette::VERMILLION };
    let strength = share.abs().min(1.0);
    let mix = |white: u8, end: u8| {
        (f32::from(white) + (f32::from(end) - f32::from(white)) * strength).round() as u8
    };
    let paper = palette::PAPER;
    RGBColor(mix(paper.0, end.0), mix(paper.1, end.1), mix(paper.2, end.2))
}

/// Black or white, whichever is read more easily on a colour.
fn ink_on(color: RGBColor) -> RGBColor {
    let brightness = 0.299 * f32::from(color.0) + 0.587 * f32::from(color.1) + 0.114 * f32::from(color.2);
    if brightness > 140.0 { palette::INK } else { palette::PAPER }
}

/// A canvas in layout units.
struct Sheet {
    canvas: Canvas,
}

impl Sheet {
    fn text(&mut self, (x, y): (f32, f32), text: &str, size: f32, color: RGBColor, anchor: Anchor) {
        let place = (x * SCALE, y * SCALE);
        self.canvas.text(place, text, size * SCALE, opaque(color), anchor, false);
    }

    fn rectangle(&mut self, corner: (f32, f32), end: (f32, f32), color: RGBColor) {
        let pixel = |(x, y): (f32, f32)| (x * SCALE, y * SCALE);
        self.canvas.fill_rectangle(pixel(corner), pixel(end), opaque(color));
    }

    fn square(&mut self, (left, top): (f32, f32), side: f32, color: RGBColor) {
        self.rectangle((left, top), (left + side, top + side), color);
    }

    fn frame(&mut self, (left, top): (f32, f32), side: f32) {
        let (right, bottom) = (left + side, top + side);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        let points = corners.map(|(x, y)| (x * SCALE, y * SCALE));
        self.canvas.stroke_path(&points, SCALE, opaque(palette::AXIS));
    }
}

fn opaque(color: RGBColor) -> BackendColor {
    color.to_backend_color()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(samples: &[[f32; 4]]) -> Faces<'_> {
        Faces {
            title: "slanted_faces",
            generator_weight: [1.0, -2.0, -1.0, 2.0],
            generator_bias: [0.5, -0.5, 0.0, 4.0],
            discriminator_weight: [2.0, -2.0, -2.0, 2.0],
            discriminator_bias: -1.0,
            samples,
        }
    }

    #[test]
    fn the_discriminator_judges_as_it_is_defined() {
        let faces = faces(&[]);
        // 2 + 2 - 1 = 3
        let expected = 1.0 / (1.0 + (-3.0_f64).exp());
        assert!((judge(&faces, &[1.0, 0.0, 0.0, 1.0]) - expected).abs() < 1e-12);
        assert!(judge(&faces, &[0.0, 1.0, 1.0, 0.0]) < 0.01);
    }

    #[test]
    fn numbers_are_short_and_signed() {
        let table = [
            (0.0, "0.00"),
            (-0.001, "0.00"),
            (1.254, "+1.25"),
            (-3.0, "−3.00"),
            (123.4, "+123"),
            (f32::NAN, "NaN"),
            (f32::NEG_INFINITY, "−inf"),
        ];
        for (number, text) in table {
            assert_eq!(signed(number), text);
        }
    }

    #[test]
    fn colours_are_white_at_zero_and_saturate() {
        assert_eq!(signed_color(0.0), palette::PAPER);
        assert_eq!(signed_color(1.5), palette::VERMILLION);
        assert_eq!(signed_color(-1.0), palette::BLUE);
        assert_eq!(ink_on(palette::BLUE), palette::PAPER);
        assert_eq!(ink_on(palette::PAPER), palette::INK);
    }

    #[test]
    fn any_numbers_give_a_picture_and_equal_numbers_equal_bytes() {
        let samples = [[0.9, 0.1, 0.2, 0.8], [f32::NAN, -1.0, 2.0, f32::INFINITY]];
        let mut odd = faces(&samples);
        odd.generator_bias = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN];
        odd.title = "";
        for faces in [faces(&[]), faces(&samples), odd] {
            assert_eq!(png(&faces), png(&faces));
        }
        assert_ne!(png(&faces(&samples)), png(&faces(&samples[..1])));
    }
}

//! Montages: samples side by side, as `samples/epoch_0001.png`.

use super::encode;
use super::progress::Image;
use crate::data::Scale;

/// Images, (n, H, W, C) in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// n * H * W * C numbers.
    pub data: &'a [f32],
    /// H, at least 1.
    pub height: usize,
    /// W, at least 1.
    pub width: usize,
    /// C: 1 for grey, 3 for RGB.
    pub channels: usize,
    /// What the numbers mean, whatever they are in the samples at hand: a montage is never rescaled by its own darkest and brightest pixel, which
    /// would hide a generator that draws one grey.
    pub range: Scale,
}

impl Samples<'_> {
    /// How many images there are.
    pub(super) fn count(&self) -> usize {
        self.data.len() / self.features()
    }

    fn features(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// The factor by which an image has to be enlarged for its longer side to come near to `side` pixels, and not beyond;
    /// at least 1.
    pub(super) fn scale_to(&self, side: usize) -> usize {
        (side / self.height.max(self.width)).clamp(1, MOST_SCALE)
    }

    /// An image as bytes, (H · scale, W · scale, C), each pixel a square.
    pub(super) fn enlarged(&self, index: usize, scale: usize) -> Vec<u8> {
        let Self { width, channels, range, .. } = *self;
        let image = &self.data[index * self.features()..][..self.features()];
        let mut pixels = Vec::with_capacity(image.len() * scale * scale);
        for row in image.chunks_exact(width * channels) {
            let wide = row.chunks_exact(channels).flat_map(|pixel| std::iter::repeat_n(pixel, scale));
            let wide: Vec<u8> = wide.flatten().map(|x| range.to_byte(*x)).collect();
            pixels.extend(std::iter::repeat_n(wide, scale).flatten());
        }
        pixels
    }
}

/// Pixels between images and around them.
const GAP: usize = 2;
/// The grey of the gaps: neither the black nor the white of most images' backgrounds.
const GAP_GREY: u8 = 0x80;
/// The side that small images are enlarged to, about.
const SIDE: usize = 84;
/// The most that an image is enlarged.
const MOST_SCALE: usize = 32;
/// The most pixels of a side of the whole.
const MOST_PIXELS: usize = 4096;

/// The first `rows * columns` samples, row by row, as a PNG: grey for one channel, RGB for three. Small images are
/// enlarged by a whole factor, each pixel to a square; places without a sample stay empty.
///
/// # Panics
/// If `data` is not a whole number of images, the channels are neither 1 nor 3, or `rows` or `columns` is 0.
pub fn png(samples: &Samples<'_>, rows: usize, columns: usize) -> Vec<u8> {
    let Samples { height, width, channels, .. } = *samples;
    assert!(matches!(channels, 1 | 3), "{channels} channels are no picture");
    assert!(rows > 0 && columns > 0 && height > 0 && width > 0);
    assert_eq!(
        samples.data.len() % (height * width * channels),
        0,
        "the samples are no whole number of ({height}, {width}, {channels}) images"
    );
    let Image { width, height, pixels, .. } =
        grid(samples, rows, columns, scale(height, width, rows, columns));
    let color = if samples.channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb };
    encode::png(width, height, color, &pixels)
}

/// The first `rows * columns` samples side by side, each enlarged by `scale`, with gaps between and around them.
pub(super) fn grid(samples: &Samples<'_>, rows: usize, columns: usize, scale: usize) -> Image {
    let channels = samples.channels;
    let side = (samples.width * scale, samples.height * scale);
    let width = GAP + columns * (side.0 + GAP);
    let height = GAP + rows * (side.1 + GAP);
    let mut pixels = vec![GAP_GREY; width * height * channels];
    for index in 0..samples.count().min(rows * columns) {
        let left = GAP + (index % columns) * (side.0 + GAP);
        let top = GAP + (index / columns) * (side.1 + GAP);
        let image = samples.enlarged(index, scale);
        for (y, row) in image.chunks_exact(side.0 * channels).enumerate() {
            let start = ((top + y) * width + left) * channels;
            pixels[start..start + row.len()].copy_from_slice(row);
        }
    }
    Image { width, height, channels, pixels }
}

/// The whole factor that brings the longer side nearest to [`SIDE`], as far as the whole does not become too large.
pub(super) fn scale(height: usize, width: usize, rows: usize, columns: usize) -> usize {
    let side = height.max(width);
    let wanted = (SIDE + side / 2) / side;
    let room = (MOST_PIXELS / (height * rows)).min(MOST_PIXELS / (width * columns));
    wanted.min(room).clamp(1, MOST_SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> (usize, usize, png::ColorType, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width as usize, info.height as usize, info.color_type, pixels)
    }

    #[test]
    fn pixels_are_mapped_without_rescaling() {
        for byte in 0..=255_u8 {
            let x = f32::from(byte);
            assert_eq!(Scale::Symmetric.to_byte((x - 127.5) / 127.5), byte);
            assert_eq!(Scale::Unit.to_byte(x / 255.0), byte);
        }
        for (x, byte) in [(-7.0, 0), (1.1, 255), (f32::NAN, 0), (f32::INFINITY, 255), (0.0, 128)] {
            assert_eq!(Scale::Symmetric.to_byte(x), byte);
        }
    }

    #[test]
    fn grey_images_lie_row_by_row_each_pixel_a_square() {
        // Three 2×2 images of one grey level each but for the last pixel, on a 2×2 grid.
        let data: Vec<f32> = (0..12).map(|index| index as f32 / 255.0).collect();
        let samples = Samples { data: &data, height: 2, width: 2, channels: 1, range: Scale::Unit };
        let bytes = png(&samples, 2, 2);
        let (width, height, color, pixels) = decode(&bytes);
        assert_eq!((width, height, color), (2 + 2 * 66, 2 + 2 * 66, png::ColorType::Grayscale));
        for y in 0..height {
            for x in 0..width {
                let inside = |place: usize| (place % 66 >= 2).then(|| (place / 66, (place % 66 - 2) / 32));
                let expected = match (inside(y), inside(x)) {
                    (Some((row, pixel_row)), Some((column, pixel_column))) if row * 2 + column < 3 => {
                        (row * 2 + column) * 4 + pixel_row * 2 + pixel_column
                    }
                    _ => usize::from(GAP_GREY),
                };
                assert_eq!(usize::from(pixels[y * width + x]), expected, "at {x}, {y}");
            }
        }
        assert_eq!(bytes, png(&samples, 2, 2));
    }

    #[test]
    fn colour_images_keep_their_channels_and_aspect() {
        let data: Vec<f32> = (0..2 * 40 * 3).map(|index| [1.0, 0.0, -1.0][index % 3]).collect();
        let samples = Samples { data: &data, height: 2, width: 40, channels: 3, range: Scale::Symmetric };
        let (width, height, color, pixels) = decode(&png(&samples, 1, 1));
        assert_eq!((width, height, color), (4 + 80, 4 + 4, png::ColorType::Rgb));
        let middle = (4 * width + 42) * 3;
        assert_eq!(pixels[middle..middle + 3], [255, 128, 0]);
    }

    #[test]
    fn the_whole_stays_within_bounds() {
        assert_eq!(scale(28, 28, 4, 4), 3);
        assert_eq!(scale(32, 32, 4, 4), 3);
        assert_eq!(scale(2, 2, 4, 4), 32);
        assert_eq!(scale(64, 64, 4, 4), 1);
        assert_eq!(scale(28, 28, 64, 64), 2);
        assert_eq!(scale(1, 1, 1, 1), 32);
        assert_eq!(scale(500, 10, 64, 1), 1);
    }

    #[test]
    #[should_panic(expected = "no whole number of (2, 2, 1) images")]
    fn half_an_image_is_a_programmers_error() {
        let samples = Samples { data: &[0.0; 6], height: 2, width: 2, channels: 1, range: Scale::Unit };
        png(&samples, 1, 1);
    }
}

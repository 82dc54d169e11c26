//! Pictures of a run's folder made fit to be put into a page.

use std::io::Cursor;
use std::path::Path;

use super::progress::{self, Image, Picture};
use super::{Error, Result};

/// Wider or higher pictures are made smaller by a whole factor.
const MOST_SIDE: usize = 720;
/// The same for figures: half of the 1920 pixels that they are wide, and higher than that.
const MOST_SIDE_OF_FIGURE: usize = 1400;

/// A picture for a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// The bytes of a PNG that holds pixels and nothing else.
    pub png: Vec<u8>,
}

/// Reads a PNG, makes it smaller by a whole factor if it is large, and encodes its pixels again as tightly as they go: no
/// byte of the file itself gets into the page.
///
/// # Errors
/// [`Error::Picture`] if the file cannot be read or is no 8-bit grey or RGB PNG.
pub fn from_file(path: &Path) -> Result<Embedded> {
    reduced_to(path, MOST_SIDE)
}

/// As [`from_file`], of a figure with letters, which are still to be read: one pixel for a unit of its size.
///
/// # Errors
/// As [`from_file`].
pub fn figure_from_file(path: &Path) -> Result<Embedded> {
    reduced_to(path, MOST_SIDE_OF_FIGURE)
}

fn reduced_to(path: &Path, most: usize) -> Result<Embedded> {
    let picture = Picture::read(path, String::new())?;
    encoded(grey(progress::reduced(progress::decode(&picture)?, most))).map_err(Error::drawing)
}

/// A colour picture without a colour has one channel.
fn grey(image: Image) -> Image {
    let is_grey = |pixel: &[u8]| pixel[0] == pixel[1] && pixel[1] == pixel[2];
    if image.channels != 3 || !image.pixels.chunks_exact(3).all(is_grey) {
        return image;
    }
    Image { channels: 1, pixels: image.pixels.iter().copied().step_by(3).collect(), ..image }
}

fn encoded(image: Image) -> std::result::Result<Embedded, png::EncodingError> {
    let mut bytes = Cursor::new(Vec::new());
    // Montages are at most 4096 pixels wide and high.
    let mut encoder = png::Encoder::new(&mut bytes, image.width as u32, image.height as u32);
    encoder.set_color(if image.channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.pixels)?;
    writer.finish()?;
    Ok(Embedded { width: image.width, height: image.height, png: bytes.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, color: png::ColorType, side: u32, pixels: &[u8]) -> std::path::PathBuf {
        let path = folder.join("picture.png");
        let bytes = crate::figures::encode::png(side as usize, side as usize, color, pixels);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn decoded(png: &[u8]) -> (png::ColorType, Vec<u8>) {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.color_type, pixels)
    }

    #[test]
    fn pixels_are_kept_and_grey_has_one_channel() {
        let folder = tempfile::tempdir().unwrap();
        let grey: Vec<u8> = (0..64).collect();
        let path = written(folder.path(), png::ColorType::Grayscale, 8, &grey);
        let embedded = from_file(&path).unwrap();
        assert_eq!((embedded.width, embedded.height), (8, 8));
        assert_eq!(decoded(&embedded.png), (png::ColorType::Grayscale, grey.clone()));

        let as_rgb: Vec<u8> = grey.iter().flat_map(|grey| [*grey; 3]).collect();
        let path = written(folder.path(), png::ColorType::Rgb, 8, &as_rgb);
        assert_eq!(from_file(&path).unwrap(), embedded);

        let colored: Vec<u8> = (0..192).collect();
        let path = written(folder.path(), png::ColorType::Rgb, 8, &colored);
        assert_eq!(decoded(&from_file(&path).unwrap().png), (png::ColorType::Rgb, colored));
    }

    #[test]
    fn large_pictures_become_smaller_and_nothing_but_pictures_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), png::ColorType::Grayscale, 1500, &vec![7; 1500 * 1500]);
        let embedded = from_file(&path).unwrap();
        assert_eq!((embedded.width, embedded.height), (500, 500));
        let figure = figure_from_file(&path).unwrap();
        assert_eq!((figure.width, figure.height), (750, 750));
        std::fs::write(&path, "<script>alert(1)</script>").unwrap();
        assert!(from_file(&path).is_err());
        assert!(from_file(folder.path()).is_err());
    }
}

//! PNG bytes from pixels.

/// Encodes 8-bit pixels, rows from the top: one byte each for `Grayscale`, three for `Rgb`.
pub(super) fn png(width: usize, height: usize, color: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let dimension = |length: usize| u32::try_from(length).expect("pictures are small");
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, dimension(width), dimension(height));
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(pixels)?;
            writer.finish()
        })
        .expect("memory takes every byte, and there are as many pixels as the size says");
    bytes
}

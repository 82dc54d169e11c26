//! Pictures read back, for the tests of this module.

/// A decoded picture; grey ones have three equal channels.
pub(super) struct Decoded {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Decoded {
    pub(super) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.pixels[y * self.width + x]
    }

    /// The places of the pixels of this colour.
    pub(super) fn of_color(&self, color: plotters::style::RGBColor) -> Vec<(usize, usize)> {
        let wanted = [color.0, color.1, color.2];
        let places = self.pixels.iter().enumerate().filter(|(_, pixel)| **pixel == wanted);
        places.map(|(index, _)| (index % self.width, index / self.width)).collect()
    }
}

pub(super) fn decoded(bytes: &[u8]) -> Decoded {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let channels = info.color_type.samples();
    let pixel = |pixel: &[u8]| if let [r, g, b] = *pixel { [r, g, b] } else { [pixel[0]; 3] };
    Decoded {
        width: info.width as usize,
        height: info.height as usize,
        pixels: pixels[..info.buffer_size()].chunks_exact(channels).map(pixel).collect(),
    }
}

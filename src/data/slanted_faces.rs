//! `slanted-faces`: the 2×2 pictures of Luis Serrano's smallest GAN.
//!
//! A face has large values at the top left and the bottom right and small ones at the other two places; everything else
//! is noise.

use super::dice::Dice;
use super::{Dataset, Pixels, Split};
use crate::random::Stream;

/// Training images unless the experiment says otherwise.
pub const TRAINING_IMAGES: usize = 1_000;
/// Test images.
pub const TEST_IMAGES: usize = 200;

/// The range of the two diagonal pixels.
pub const LARGE: (f32, f32) = (0.75, 1.0);
/// The range of the other two pixels.
pub const SMALL: (f32, f32) = (0.0, 0.25);

/// Faces of shape (2, 2, 1) with values in [0, 1], without labels.
pub fn dataset(seed: u64, train: usize, test: usize) -> Dataset {
    let split = |name: &str, count: usize| {
        let stream = Stream::new(seed, &format!("slanted-faces/{name}"));
        let pixels = (0..count as u64).flat_map(|index| face(&stream, index)).collect();
        Split::new(Pixels::Floats(pixels), None, 4)
    };
    let (train, test) = (split("train", train), split("test", test));
    Dataset::new("slanted-faces", (2, 2, 1), train, test, Vec::new())
}

fn face(stream: &Stream, index: u64) -> [f32; 4] {
    let mut generator = stream.at(index);
    let mut dice = Dice::new(&mut generator);
    [LARGE, SMALL, SMALL, LARGE].map(|(low, high)| dice.between(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diagonal_is_large_and_the_rest_small() {
        let data = dataset(0, 500, 50);
        let Pixels::Floats(values) = data.train.pixels() else { panic!("faces are floats") };
        assert_eq!((data.train.len(), data.test.len()), (500, 50));
        for face in values.chunks(4) {
            for (place, value) in face.iter().enumerate() {
                let (low, high) = if place == 0 || place == 3 { LARGE } else { SMALL };
                assert!((low..high).contains(value), "{face:?}");
            }
        }
        assert_ne!(values[..4], values[4..8]);
        assert_eq!(dataset(0, 20, 50).sha256, data.limit(20).sha256);
    }
}

//! `silhouettes`: ten classes of garments drawn by the program, after the labels and the look of Fashion-MNIST.
//!
//! The default data set: it needs no download and no licence, has as many images as wanted, and is varied enough (cut,
//! sleeves, heels, straps, patterns, folds, light) that a generator has something to learn. Image `i` of a split is a pure
//! function of (seed, split, i), the same bytes on every machine and with any number of threads.

mod bag;
mod boot;
mod canvas;
mod coat;
mod fabric;
mod knitwear;
mod lower;
mod sandal;
mod shirt;
mod sneaker;
mod top;

use rayon::prelude::*;

use super::dice::Dice;
use super::{Dataset, Pixels, Split};
use crate::random::Stream;
use canvas::{Canvas, Placement, SIZE};

/// Training images unless the experiment says otherwise.
pub const TRAINING_IMAGES: usize = 20_000;
/// Test images.
pub const TEST_IMAGES: usize = 4_000;
/// The classes, in the order of their labels (those of Fashion-MNIST).
pub const CLASS_NAMES: [&str; 10] =
    ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

const PAINTERS: [fn(&mut Canvas, &mut Dice); 10] = [
    knitwear::t_shirt,
    lower::trousers,
    knitwear::pullover,
    lower::dress,
    coat::coat,
    sandal::sandal,
    shirt::shirt,
    sneaker::sneaker,
    bag::bag,
    boot::ankle_boot,
];

/// The data set with `train` training and `test` test images of 28×28×1; image `i` has label `i % 10`.
pub fn dataset(seed: u64, train: usize, test: usize) -> Dataset {
    Dataset::new(
        "silhouettes",
        (SIZE, SIZE, 1),
        split(seed, "train", train),
        split(seed, "test", test),
        CLASS_NAMES.map(String::from).to_vec(),
    )
}

fn split(seed: u64, name: &str, count: usize) -> Split {
    let stream = Stream::new(seed, &format!("silhouettes/{name}"));
    let mut pixels = vec![0; count * SIZE * SIZE];
    pixels
        .par_chunks_mut(SIZE * SIZE)
        .enumerate()
        .for_each_init(Canvas::new, |canvas, (index, image)| draw(canvas, &stream, index as u64, image));
    let labels = (0..count).map(|index| (index % PAINTERS.len()) as u8).collect();
    Split::new(Pixels::Bytes(pixels), Some(labels), SIZE * SIZE)
}

fn draw(canvas: &mut Canvas, stream: &Stream, index: u64, image: &mut [u8]) {
    let mut generator = stream.at(index);
    let mut dice = Dice::new(&mut generator);
    canvas.start(Placement {
        shift: (dice.between(-0.4, 0.4), dice.between(-0.3, 0.3)),
        scale: (dice.between(0.95, 1.02), dice.between(0.97, 1.02)),
        shear: dice.between(-0.025, 0.025),
    });
    PAINTERS[(index % PAINTERS.len() as u64) as usize](canvas, &mut dice);
    canvas.finish(0.35, image);
}

#[cfg(test)]
mod tests;

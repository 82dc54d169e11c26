//! Data sets: what there is, where it is looked for, and how it gets into memory.
//!
//! Everything ends as a [`Dataset`]: images in memory (channels last, as bytes or `f32`) with optional labels, split into
//! training and test examples. The sources are files ([`idx`], [`image_folder`]; of those that are [`published`], [`named`] for Fashion-MNIST
//! and MNIST and [`cifar`], downloaded by [`fetch`] when they are nowhere to be found) and data that the program draws itself
//! ([`silhouettes`], [`points`], [`slanted_faces`]).

mod catalogue;
pub mod cifar;
mod dice;
mod error;
pub mod fetch;
pub mod folders;
pub mod idx;
pub mod image_folder;
pub mod named;
pub mod points;
pub mod published;
pub mod silhouettes;
pub mod slanted_faces;
mod split;

pub use catalogue::{Entry, Whereabouts, list};
pub use error::Error;
pub use folders::Folders;
pub(crate) use idx::grouped;
pub use points::Modes;
pub use split::{Pixels, Scale, Split};

use sha2::{Digest, Sha256};

/// The seed of the drawn data sets as they ship. It is a constant rather than the experiment's seed, so that runs with
/// different seeds learn from the same examples.
pub const SEED: u64 = 0;

/// Examples in memory, with what is needed to name, draw and score them.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The word by which experiment files call it.
    pub name: String,
    /// Height, width and channels of one example; (1, 1, 2) for points in the plane.
    pub shape: (usize, usize, usize),
    /// The examples to learn from; never empty.
    pub train: Split,
    /// The examples kept for scores; may be empty.
    pub test: Split,
    /// The name of each label; empty where there are no labels.
    pub class_names: Vec<String>,
    /// For mixtures of Gaussians, the centres and their spread.
    pub modes: Option<Modes>,
    /// SHA-256 (lower-case hexadecimal) of the decoded content: shape, pixels and labels of both splits. How the files
    /// were compressed does not matter to it; [`Dataset::limit`] changes it.
    pub sha256: String,
}

impl Dataset {
    /// Puts the parts together and takes the hash.
    ///
    /// # Panics
    ///
    /// If an example of either split does not have H·W·C values.
    pub fn new(
        name: &str,
        shape: (usize, usize, usize),
        train: Split,
        test: Split,
        class_names: Vec<String>,
    ) -> Self {
        let features = shape.0 * shape.1 * shape.2;
        assert_eq!(train.features(), features, "training examples do not have the shape {shape:?}");
        assert_eq!(test.features(), features, "test examples do not have the shape {shape:?}");
        let sha256 = content_hash(shape, [&train, &test]);
        Self { name: name.to_owned(), shape, train, test, class_names, modes: None, sha256 }
    }

    /// The same with only the first `count` training examples (all of them if there are fewer).
    #[must_use]
    pub fn limit(mut self, count: usize) -> Self {
        if count < self.train.len() {
            self.train.truncate(count);
            self.sha256 = content_hash(self.shape, [&self.train, &self.test]);
        }
        self
    }

    /// Values in one example, H·W·C.
    pub fn features(&self) -> usize {
        self.shape.0 * self.shape.1 * self.shape.2
    }
}

/// The hash of `sha256`: every number is hashed as little-endian bytes, every array after its length.
fn content_hash(shape: (usize, usize, usize), splits: [&Split; 2]) -> String {
    let mut hash = Sha256::new();
    for size in [shape.0, shape.1, shape.2] {
        hash.update((size as u64).to_le_bytes());
    }
    for split in splits {
        split.hash_into(&mut hash);
    }
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Dataset {
        let train = Split::new(Pixels::Bytes((0..24).collect()), Some(vec![0, 1, 2, 1]), 6);
        let test = Split::new(Pixels::Bytes(vec![9; 6]), Some(vec![2]), 6);
        let names = ["a", "b", "c"].map(String::from).to_vec();
        Dataset::new("small", (2, 3, 1), train, test, names)
    }

    #[test]
    fn limit_keeps_the_first_training_examples() {
        let whole = small();
        let part = whole.clone().limit(2);
        assert_eq!(part.train.len(), 2);
        assert_eq!(part.train.labels(), Some(&[0, 1][..]));
        assert_eq!(part.test.len(), 1);
        assert_ne!(part.sha256, whole.sha256);
        assert_eq!(whole.clone().limit(100).sha256, whole.sha256);
    }

    #[test]
    fn the_hash_covers_shape_pixels_and_labels() {
        let whole = small();
        let variants = [
            Dataset::new("small", (3, 2, 1), whole.train.clone(), whole.test.clone(), vec![]),
            Dataset::new("small", (2, 3, 1), whole.test.clone(), whole.train.clone(), vec![]),
            Dataset::new(
                "small",
                (2, 3, 1),
                Split::new(Pixels::Bytes((0..24).collect()), None, 6),
                whole.test.clone(),
                vec![],
            ),
        ];
        for variant in &variants {
            assert_ne!(variant.sha256, whole.sha256);
        }
        // The name is not content.
        let renamed = Dataset::new("x", (2, 3, 1), whole.train.clone(), whole.test.clone(), vec![]);
        assert_eq!(renamed.sha256, whole.sha256);
    }
}

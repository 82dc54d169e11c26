//! The examples of one split and their way into a batch.

use crate::config::dataset::Range;
use sha2::{Digest, Sha256};

/// How byte pixels become numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// (x − 127.5) / 127.5, in [−1, 1]: for generators that end in tanh.
    Symmetric,
    /// x / 255, in [0, 1]: for generators that end in a sigmoid.
    Unit,
}

impl From<Range> for Scale {
    fn from(range: Range) -> Self {
        match range {
            Range::Symmetric => Self::Symmetric,
            Range::Unit => Self::Unit,
        }
    }
}

impl Scale {
    /// What a level becomes.
    pub fn to_number(self, byte: u8) -> f32 {
        match self {
            Self::Symmetric => (f32::from(byte) - 127.5) / 127.5,
            Self::Unit => f32::from(byte) / 255.0,
        }
    }

    /// The 8-bit level of a number, rounded, and clamped outside the range; NaN is 0.
    pub fn to_byte(self, x: f32) -> u8 {
        let scaled = match self {
            Self::Symmetric => (x + 1.0) * 127.5,
            Self::Unit => x * 255.0,
        };
        // `as` clamps and takes NaN to 0.
        scaled.round() as u8
    }
}

/// The values of all examples, one after the other, each in the order (H, W, C).
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// Grey or colour levels, 0 to 255.
    Bytes(Vec<u8>),
    /// Numbers that are used as they are.
    Floats(Vec<f32>),
}

impl Pixels {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }
}

/// Examples with or without labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    pixels: Pixels,
    labels: Option<Vec<u8>>,
    features: usize,
}

impl Split {
    /// Examples of `features` values each.
    ///
    /// # Panics
    ///
    /// If the values are not a whole number of examples, or there is not one label for each.
    pub fn new(pixels: Pixels, labels: Option<Vec<u8>>, features: usize) -> Self {
        assert!(features > 0, "an example has at least one value");
        let (values, count) = (pixels.len(), pixels.len() / features);
        assert_eq!(values % features, 0, "{values} values are no whole examples of {features}");
        if let Some(labels) = &labels {
            assert_eq!(labels.len(), count, "{} labels for {count} examples", labels.len());
        }
        Self { pixels, labels, features }
    }

    /// No examples.
    pub fn empty(features: usize) -> Self {
        Self::new(Pixels::Bytes(Vec::new()), None, features)
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.features
    }

    /// True without examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in one example, H·W·C.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The label of each example, if there are labels.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// All values as they are stored.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Writes the examples at `indices` into `out`, one after the other: `(n, H·W·C)`. Bytes are scaled by `scale`; floats
    /// are copied unchanged.
    ///
    /// # Panics
    ///
    /// If `out` does not have n·H·W·C values, or an index is not below [`Split::len`].
    pub fn gather(&self, indices: &[usize], scale: Scale, out: &mut [f32]) {
        let features = self.features;
        assert_eq!(out.len(), indices.len() * features, "room for {} examples", indices.len());
        for (&index, row) in indices.iter().zip(out.chunks_exact_mut(features)) {
            let range = index * features..(index + 1) * features;
            match &self.pixels {
                Pixels::Floats(values) => row.copy_from_slice(&values[range]),
                Pixels::Bytes(values) => {
                    let pairs = row.iter_mut().zip(&values[range]);
                    match scale {
                        Scale::Symmetric => {
                            pairs.for_each(|(value, &byte)| *value = (f32::from(byte) - 127.5) / 127.5)
                        }
                        Scale::Unit => pairs.for_each(|(value, &byte)| *value = f32::from(byte) / 255.0),
                    }
                }
            }
        }
    }

    /// Mean and standard deviation of all values as stored (0 to 255 for bytes); zeros without examples.
    pub fn mean_and_std(&self) -> (f64, f64) {
        match &self.pixels {
            Pixels::Bytes(values) => moments(values.iter().map(|&value| f64::from(value))),
            Pixels::Floats(values) => moments(values.iter().map(|&value| f64::from(value))),
        }
    }

    pub(super) fn truncate(&mut self, count: usize) {
        match &mut self.pixels {
            Pixels::Bytes(values) => values.truncate(count * self.features),
            Pixels::Floats(values) => values.truncate(count * self.features),
        }
        if let Some(labels) = &mut self.labels {
            labels.truncate(count);
        }
    }

    pub(super) fn hash_into(&self, hash: &mut Sha256) {
        hash.update((self.len() as u64).to_le_bytes());
        match &self.pixels {
            Pixels::Bytes(values) => {
                hash.update(b"u8");
                hash.update(values);
            }
            Pixels::Floats(values) => {
                hash.update(b"f32");
                for value in values {
                    hash.update(value.to_le_bytes());
                }
            }
        }
        match &self.labels {
            None => hash.update(b"unlabelled"),
            Some(labels) => {
                hash.update(b"labels");
                hash.update(labels);
            }
        }
    }
}

fn moments(values: impl ExactSizeIterator<Item = f64>) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let (sum, squares) =
        values.fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value));
    let mean = sum / count;
    (mean, (squares / count - mean * mean).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_scaled_and_floats_are_not() {
        let bytes = Split::new(Pixels::Bytes(vec![0, 255, 51, 102]), None, 2);
        let mut out = [9.0; 4];
        bytes.gather(&[1, 0], Scale::Unit, &mut out);
        assert_eq!(out, [0.2, 0.4, 0.0, 1.0]);
        bytes.gather(&[0, 0], Scale::Symmetric, &mut out);
        assert_eq!(out, [-1.0, 1.0, -1.0, 1.0]);
        let floats = Split::new(Pixels::Floats(vec![0.25, -3.0]), None, 1);
        let mut out = [0.0; 2];
        floats.gather(&[1, 0], Scale::Symmetric, &mut out);
        assert_eq!(out, [-3.0, 0.25]);
    }

    #[test]
    fn the_spread_is_that_of_the_population() {
        let split = Split::new(Pixels::Bytes(vec![0, 255]), None, 1);
        assert_eq!(split.mean_and_std(), (127.5, 127.5));
        assert_eq!(Split::empty(3).mean_and_std(), (0.0, 0.0));
    }

    #[test]
    #[should_panic(expected = "3 labels for 2 examples")]
    fn labels_must_match() {
        Split::new(Pixels::Bytes(vec![0; 4]), Some(vec![0; 3]), 2);
    }
}

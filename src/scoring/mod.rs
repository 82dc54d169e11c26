//! From images to scores: the features of a classifier, samples of other programs, and the table of scores.
//!
//! [`evaluation`](crate::evaluation) knows numbers only; here is where they come from.

mod extractor;
pub mod outside;
mod shipped;

pub use extractor::{About, Extractor};
pub use shipped::{Shipped, shipped};

use crate::evaluation::Unscorable;
use crate::{architecture, record};

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The images are too small for the extractor.
    #[error("there is no feature extractor for these images: {0}")]
    Architecture(#[from] architecture::Error),
    /// The program was built without the extractor's network.
    #[error(
        "this program was built without the feature extractor for images of {shape} in {classes} classes; `just run FILE` builds \
         it for the data set of an experiment file"
    )]
    NotBuilt {
        /// The images, such as `28×28×1`.
        shape: String,
        /// How many classes they are of.
        classes: usize,
    },
    /// The extractor's file is missing or damaged.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// A metric cannot be computed of these numbers.
    #[error(transparent)]
    Unscorable(#[from] Unscorable),
}

#[cfg(test)]
mod tests;

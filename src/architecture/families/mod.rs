//! The families: readable functions from a few parameters to layer lists. A new one is a file here, a line in
//! `config::architecture::Family` and a line in `architecture::networks`.

pub(super) mod began;
pub(super) mod classifier;
pub(super) mod conditional_dcgan;
pub(super) mod custom;
pub(super) mod dcgan;
pub(super) mod goodfellow;
pub(super) mod infogan;
pub(super) mod mlp;
pub(super) mod slanted_faces;
pub(super) mod sngan;
pub(super) mod vae;

use super::{Error, Examples, Range};
use crate::config::architecture::layers::{Conv, ConvTranspose, Dense, Layer, Shape};

/// The side of the images of a family that draws 28×28 and 32×32 ones.
fn side_of_square(family: &str, examples: Examples) -> Result<usize, Error> {
    let Shape { height, width, .. } = examples.shape;
    if height == width && matches!(height, 28 | 32) {
        return Ok(height);
    }
    Err(Error::at(
        "family",
        format!("`{family}` draws 28×28 or 32×32 images, but the examples are {}", examples.shape),
    ))
}

/// A dense layer with bias.
fn dense(units: usize) -> Layer {
    Layer::Dense(Dense { units, bias: true })
}

/// A convolution with bias.
fn conv(channels: usize, kernel: usize, stride: usize) -> Layer {
    Layer::Conv(Conv { channels, kernel, stride, bias: true })
}

/// A transposed convolution without bias.
fn conv_transpose(channels: usize, kernel: usize, stride: usize) -> Layer {
    Layer::ConvTranspose(ConvTranspose { channels, kernel, stride, bias: false })
}

/// The activation that brings the generator's output into the data's range.
fn into_range(range: Range) -> Option<Layer> {
    match range {
        Range::Symmetric => Some(Layer::Tanh),
        Range::Unit => Some(Layer::Sigmoid),
        Range::Unbounded => None,
    }
}

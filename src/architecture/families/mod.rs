//! The families: readable functions from a few parameters to layer lists. A new one is a file here, a line in
//! `config::architecture::Family` and a line in `architecture::networks`.

pub(super) mod classifier;
pub(super) mod custom;
pub(super) mod dcgan;
pub(super) mod mlp;
pub(super) mod slanted_faces;
pub(super) mod vae;

use super::Range;
use crate::config::architecture::layers::{Conv, ConvTranspose, Dense, Layer};

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

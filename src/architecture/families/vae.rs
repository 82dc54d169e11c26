use super::infogan::BATCH_NORM;
use super::{conv_transpose, dense};
use crate::architecture::{Error, Examples};
use crate::config::architecture::Variant;
use crate::config::architecture::layers::{Conv, ConvTranspose, Dense, Layer, Shape};

/// Units of the hidden layer in Kingma and Welling's networks for MNIST.
const HIDDEN: usize = 500;
/// The slope for negative inputs in Lucic et al.'s encoder.
const SLOPE: f32 = 0.2;

/// The layers of an encoder, to 2·`latent_dim` numbers, and of a decoder, to one number for each of an example.
pub(in crate::architecture) fn layers(
    variant: Variant,
    latent_dim: usize,
    examples: Examples,
) -> Result<(Vec<Layer>, Vec<Layer>), Error> {
    match variant {
        Variant::Conv => convolutional(latent_dim, examples),
        _ => Ok(fully_connected(latent_dim, examples.shape)),
    }
}

/// Kingma and Welling (2014), appendix C: a tanh layer, and linear ones after it.
fn fully_connected(latent_dim: usize, shape: Shape) -> (Vec<Layer>, Vec<Layer>) {
    let Shape { height, width, channels } = shape;
    let encoder = vec![Layer::Flatten, dense(HIDDEN), Layer::Tanh, dense(2 * latent_dim)];
    let decoder =
        vec![dense(HIDDEN), Layer::Tanh, dense(shape.features()), Layer::Reshape([height, width, channels])];
    (encoder, decoder)
}

/// InfoGAN's discriminator and generator as encoder and decoder, with ReLU in the decoder (Lucic et al. 2018, `VAE.py`): no bias before a batch norm.
fn convolutional(latent_dim: usize, examples: Examples) -> Result<(Vec<Layer>, Vec<Layer>), Error> {
    let Shape { height, width, channels } = examples.shape;
    if height != width || !matches!(height, 28 | 32) {
        return Err(Error::at(
            "variant",
            format!("`conv` takes 28×28 or 32×32 images, but the examples are {}", examples.shape),
        ));
    }
    let side = height / 4;
    let normalised = |layer: Layer, activation: Layer| [layer, BATCH_NORM, activation];
    let plain = |units: usize| Layer::Dense(Dense { units, bias: false });
    let conv = |channels: usize, bias: bool| Layer::Conv(Conv { channels, kernel: 4, stride: 2, bias });

    let mut encoder = vec![conv(64, true), Layer::LeakyRelu(SLOPE)];
    encoder.extend(normalised(conv(128, false), Layer::LeakyRelu(SLOPE)));
    encoder.push(Layer::Flatten);
    encoder.extend(normalised(plain(1024), Layer::LeakyRelu(SLOPE)));
    encoder.push(dense(2 * latent_dim));

    let mut decoder = Vec::new();
    decoder.extend(normalised(plain(1024), Layer::Relu));
    decoder.extend(normalised(plain(side * side * 128), Layer::Relu));
    decoder.push(Layer::Reshape([side, side, 128]));
    decoder.extend(normalised(conv_transpose(64, 4, 2), Layer::Relu));
    decoder.push(Layer::ConvTranspose(ConvTranspose { channels, kernel: 4, stride: 2, bias: true }));
    Ok((encoder, decoder))
}

use super::{conv, dense, infogan, into_range, mlp};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::layers::{ConvTranspose, Layer, Shape};
use crate::config::architecture::{Architecture, Variant};

/// Slope for negative inputs.
const SLOPE: f32 = 0.2;
/// Numbers in the code, as Lucic et al. have it.
const CODE: usize = 64;

/// A generator, and an autoencoder as discriminator: an encoder to a code of `code_dim` numbers, and a decoder.
pub(in crate::architecture) fn layers(
    architecture: &Architecture,
    examples: Examples,
) -> Result<LayerLists, Error> {
    let code = architecture.code_dim.unwrap_or(CODE);
    let batch_norm = architecture.discriminator_batch_norm.unwrap_or(false);
    match architecture.variant {
        Some(Variant::Dense) => {
            let hidden = architecture.hidden.as_deref().unwrap_or(&[256, 256]);
            Ok(fully_connected(hidden, code, batch_norm, examples))
        }
        _ => convolutional(code, batch_norm, examples),
    }
}

/// The networks of Lucic et al. 2018 for 28×28 and 32×32 images: InfoGAN's generator, and for the discriminator InfoGAN's convolutions, a code
/// of 64 numbers, and the same mirrored (their code's `BEGAN.py`, which says that it is not the paper's, but like their standard
/// discriminator). Batch norm, where it is asked for, comes after the code, the dense layer and the first transposed convolution, as there. The
/// last activation follows the data's range; there it is a sigmoid.
fn convolutional(code: usize, batch_norm: bool, examples: Examples) -> Result<LayerLists, Error> {
    let Shape { height, width, channels } = examples.shape;
    if height != width || !matches!(height, 28 | 32) {
        let reason = format!(
            "`conv` takes 28×28 or 32×32 images, but the examples are {}: write variant = \"dense\"",
            examples.shape
        );
        return Err(Error::at("variant", reason));
    }
    let side = height / 4;
    let up = |channels| Layer::ConvTranspose(ConvTranspose { channels, kernel: 4, stride: 2, bias: true });
    let mut discriminator = vec![conv(64, 4, 2), Layer::LeakyRelu(SLOPE), conv(128, 4, 2), Layer::Flatten];
    discriminator.extend(hidden_layer(dense(code), batch_norm));
    discriminator.extend(hidden_layer(dense(side * side * 128), batch_norm));
    discriminator.push(Layer::Reshape([side, side, 128]));
    discriminator.extend(hidden_layer(up(64), batch_norm));
    discriminator.push(up(channels));
    discriminator.extend(into_range(examples.range));
    Ok(LayerLists { generator: infogan::layers(false, examples)?.generator, discriminator })
}

/// Dense networks with leaky ReLU for data of any shape: the generator of the family `mlp`, and a discriminator with the same hidden layers
/// before the code, which is linear as in the paper's networks (section 3.5), and mirrored behind it.
fn fully_connected(hidden: &[usize], code: usize, batch_norm: bool, examples: Examples) -> LayerLists {
    let Shape { height, width, channels } = examples.shape;
    let mut discriminator = vec![Layer::Flatten];
    discriminator.extend(hidden.iter().flat_map(|&units| hidden_layer(dense(units), batch_norm)));
    discriminator.push(dense(code));
    discriminator.extend(hidden.iter().rev().flat_map(|&units| hidden_layer(dense(units), batch_norm)));
    discriminator.push(dense(examples.shape.features()));
    discriminator.extend(into_range(examples.range));
    discriminator.push(Layer::Reshape([height, width, channels]));
    LayerLists { generator: mlp::layers(Some(hidden), examples).generator, discriminator }
}

/// A layer with batch norm, where it is asked for, and leaky ReLU.
fn hidden_layer(layer: Layer, batch_norm: bool) -> impl Iterator<Item = Layer> {
    [Some(layer), batch_norm.then_some(infogan::BATCH_NORM), Some(Layer::LeakyRelu(SLOPE))]
        .into_iter()
        .flatten()
}

use super::{conv, conv_transpose, into_range};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::layers::{Dense, Layer, Shape};

/// Slope for negative inputs: Keras' default at the time of the tutorial.
const SLOPE: f32 = 0.3;
/// The tutorial's dropout rate in the discriminator.
const DROPOUT: f32 = 0.3;

/// The DCGAN of TensorFlow's tutorial, of any width, for 28×28 and 32×32 images of any number of channels.
///
/// At width 64 and 28×28×1 it is the tutorial's network to the last parameter.
pub(in crate::architecture) fn layers(width: Option<usize>, examples: Examples) -> Result<LayerLists, Error> {
    let width = width.unwrap_or(64);
    let Shape { height, width: columns, channels } = examples.shape;
    if height != columns || !matches!(height, 28 | 32) {
        return Err(Error::at(
            "family",
            format!("`dcgan` draws 28×28 or 32×32 images, but the examples are {}", examples.shape),
        ));
    }
    let side = height / 4;
    let mut generator = vec![
        Layer::Dense(Dense { units: side * side * 4 * width, bias: false }),
        Layer::BatchNorm,
        Layer::LeakyRelu(SLOPE),
        Layer::Reshape([side, side, 4 * width]),
        conv_transpose(2 * width, 5, 1),
        Layer::BatchNorm,
        Layer::LeakyRelu(SLOPE),
        conv_transpose(width, 5, 2),
        Layer::BatchNorm,
        Layer::LeakyRelu(SLOPE),
        conv_transpose(channels, 5, 2),
    ];
    generator.extend(into_range(examples.range));
    let discriminator = vec![
        conv(width, 5, 2),
        Layer::LeakyRelu(SLOPE),
        Layer::Dropout(DROPOUT),
        conv(2 * width, 5, 2),
        Layer::LeakyRelu(SLOPE),
        Layer::Dropout(DROPOUT),
        Layer::Flatten,
        super::dense(1),
    ];
    Ok(LayerLists { generator, discriminator })
}

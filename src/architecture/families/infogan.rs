use super::{conv, dense, into_range, side_of_square};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::layers::{BatchNorm, ConvTranspose, Layer};

/// Slope for negative inputs.
const SLOPE: f32 = 0.2;
/// As in their `ops.py`.
pub(super) const BATCH_NORM: Layer = Layer::BatchNorm(BatchNorm { momentum: 0.999, epsilon: 1e-3 });

/// The networks that Lucic et al. 2018 compared all losses with (section 5; `infogan` in their code), after InfoGAN's for MNIST, for
/// 28×28 and 32×32 images of any number of channels.
///
/// As there, layers before a batch norm keep their biases, which it makes idle, and batch norms have momentum 0.999 and ε = 10⁻³: after 1000
/// steps, a third of their running statistics is still what they began with.
pub(in crate::architecture) fn layers(
    discriminator_batch_norm: bool,
    examples: Examples,
) -> Result<LayerLists, Error> {
    let side = side_of_square("infogan", examples)? / 4;
    let channels = examples.shape.channels;
    let up = |channels| Layer::ConvTranspose(ConvTranspose { channels, kernel: 4, stride: 2, bias: true });
    let mut generator = Vec::new();
    let hidden = [dense(1024), dense(side * side * 128)];
    for layer in hidden {
        generator.extend([layer, BATCH_NORM, Layer::LeakyRelu(SLOPE)]);
    }
    generator.push(Layer::Reshape([side, side, 128]));
    generator.extend([up(64), BATCH_NORM, Layer::LeakyRelu(SLOPE), up(channels)]);
    generator.extend(into_range(examples.range));

    let mut discriminator = vec![conv(64, 4, 2), Layer::LeakyRelu(SLOPE)];
    for layer in [conv(128, 4, 2), dense(1024)] {
        discriminator.push(layer);
        discriminator.extend(discriminator_batch_norm.then_some(BATCH_NORM));
        discriminator.push(Layer::LeakyRelu(SLOPE));
    }
    discriminator.push(dense(1));
    Ok(LayerLists { generator, discriminator })
}

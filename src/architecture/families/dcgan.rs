use super::{conv, conv_transpose, dense, into_range, side_of_square};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::Variant;
use crate::config::architecture::layers::{Conv, Dense, Layer};

/// A DCGAN of any width, for 28×28 and 32×32 images of any number of channels.
pub(in crate::architecture) fn layers(
    variant: Option<Variant>,
    width: Option<usize>,
    examples: Examples,
) -> Result<LayerLists, Error> {
    for_family("dcgan", variant, width, examples)
}

/// The same, for a family that is built upon it.
pub(super) fn for_family(
    family: &str,
    variant: Option<Variant>,
    width: Option<usize>,
    examples: Examples,
) -> Result<LayerLists, Error> {
    let side = side_of_square(family, examples)?;
    let width = width.unwrap_or(64);
    Ok(match variant {
        Some(Variant::Paper) => paper(width, side, examples),
        // Variants of other families are refused before.
        _ => tutorial(width, side / 4, examples),
    })
}

/// TensorFlow's tutorial: at width 64 and 28×28×1 its network to the last parameter. Leaky ReLU has Keras' slope at the time.
fn tutorial(width: usize, side: usize, examples: Examples) -> LayerLists {
    const SLOPE: f32 = 0.3;
    const DROPOUT: f32 = 0.3;
    let mut generator = vec![
        Layer::Dense(Dense { units: side * side * 4 * width, bias: false }),
        Layer::batch_norm(),
        Layer::LeakyRelu(SLOPE),
        Layer::Reshape([side, side, 4 * width]),
        conv_transpose(2 * width, 5, 1),
        Layer::batch_norm(),
        Layer::LeakyRelu(SLOPE),
        conv_transpose(width, 5, 2),
        Layer::batch_norm(),
        Layer::LeakyRelu(SLOPE),
        conv_transpose(examples.shape.channels, 5, 2),
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
        dense(1),
    ];
    LayerLists { generator, discriminator }
}

/// The architecture of Radford et al. 2016 (section 3 and figure 1) for smaller images than their 64×64: 5×5 kernels of stride 2 throughout, batch
/// norm everywhere but at the generator's end and the discriminator's beginning, ReLU in the generator, leaky ReLU of slope 0.2 in the discriminator.
///
/// Channels double as sides halve, from `width` on, down to 4×4 pixels, for 28×28 to 7×7. Layers before a batch norm have no bias.
fn paper(width: usize, side: usize, examples: Examples) -> LayerLists {
    const SLOPE: f32 = 0.2;
    let halvings = if side == 28 { 2 } else { 3 };
    let (smallest, deepest) = (side >> halvings, width << (halvings - 1));
    let mut generator = vec![
        Layer::Dense(Dense { units: smallest * smallest * deepest, bias: false }),
        Layer::Reshape([smallest, smallest, deepest]),
    ];
    let mut discriminator = Vec::new();
    for depth in 0..halvings {
        generator.extend([Layer::batch_norm(), Layer::Relu]);
        let channels = if depth + 1 < halvings { deepest >> (depth + 1) } else { examples.shape.channels };
        generator.push(conv_transpose(channels, 5, 2));

        let bias = depth == 0;
        discriminator.push(Layer::Conv(Conv { channels: width << depth, kernel: 5, stride: 2, bias }));
        discriminator.extend((!bias).then_some(Layer::batch_norm()));
        discriminator.push(Layer::LeakyRelu(SLOPE));
    }
    generator.extend(into_range(examples.range));
    discriminator.push(dense(1));
    LayerLists { generator, discriminator }
}

use super::{dense, into_range};
use crate::architecture::{Examples, LayerLists};
use crate::config::architecture::layers::Layer;

/// Slope for negative inputs, as the DCGAN paper's discriminator has it.
const SLOPE: f32 = 0.2;

/// Dense networks with leaky ReLU between the layers, the same hidden sizes for both players.
pub(in crate::architecture) fn layers(hidden: Option<&[usize]>, examples: Examples) -> LayerLists {
    let hidden = hidden.unwrap_or(&[256, 256]);
    let stack = || hidden.iter().flat_map(|&units| [dense(units), Layer::LeakyRelu(SLOPE)]);
    let shape = examples.shape;

    let mut generator: Vec<Layer> = stack().collect();
    generator.push(dense(shape.features()));
    generator.extend(into_range(examples.range));
    generator.push(Layer::Reshape([shape.height, shape.width, shape.channels]));

    let mut discriminator = vec![Layer::Flatten];
    discriminator.extend(stack());
    discriminator.push(dense(1));
    LayerLists { generator, discriminator }
}

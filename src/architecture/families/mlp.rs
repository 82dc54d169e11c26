use super::{dense, into_range};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::layers::Layer;

/// Slope for negative inputs, as the DCGAN paper's discriminator has it.
const SLOPE: f32 = 0.2;

/// Dense networks with leaky ReLU between the layers, the same hidden sizes for both players.
pub(in crate::architecture) fn layers(hidden: Option<&[usize]>, examples: Examples) -> Result<LayerLists, Error> {
    let hidden = hidden.unwrap_or(&[256, 256]);
    if !(1..=16).contains(&hidden.len()) {
        return Err(Error::at("hidden", format!("there are {} hidden layers, but must be 1 to 16", hidden.len())));
    }
    if let Some(units) = hidden.iter().find(|&units| !(1..=65_536).contains(units)) {
        return Err(Error::at("hidden", format!("a hidden layer has {units} units, but must have 1 to 65536")));
    }
    let stack = || hidden.iter().flat_map(|&units| [dense(units), Layer::LeakyRelu(SLOPE)]);
    let shape = examples.shape;

    let mut generator: Vec<Layer> = stack().collect();
    generator.push(dense(shape.features()));
    generator.extend(into_range(examples.range));
    generator.push(Layer::Reshape([shape.height, shape.width, shape.channels]));

    let mut discriminator = vec![Layer::Flatten];
    discriminator.extend(stack());
    discriminator.push(dense(1));
    Ok(LayerLists { generator, discriminator })
}

use super::{dense, into_range};
use crate::architecture::{Examples, LayerLists};
use crate::config::architecture::layers::{Layer, Maxout};

/// The networks of the first GAN on MNIST (Goodfellow et al. 2014, `mnist.yaml` of the code that the paper names), for examples of any shape.
///
/// Generator: two ReLU layers of 1200 units. Discriminator: two maxout layers of 240 units of 5 pieces; its input is kept with probability
/// 0.8, its hidden units with 0.5. The paper's sigmoid at the generator's end goes with `dataset.range = "unit"`. The program's other settings
/// are in `experiments/methods/goodfellow_mnist.toml`; it has no limit on the norms of weights, which the paper on maxout networks has.
pub(in crate::architecture) fn layers(examples: Examples) -> LayerLists {
    let shape = examples.shape;
    let mut generator = vec![dense(1200), Layer::Relu, dense(1200), Layer::Relu, dense(shape.features())];
    generator.extend(into_range(examples.range));
    generator.push(Layer::Reshape([shape.height, shape.width, shape.channels]));

    let maxout = || Layer::Maxout(Maxout { units: 240, pieces: 5 });
    let discriminator = vec![
        Layer::Flatten,
        Layer::Dropout(0.2),
        maxout(),
        Layer::Dropout(0.5),
        maxout(),
        Layer::Dropout(0.5),
        dense(1),
    ];
    LayerLists { generator, discriminator }
}

use super::{conv, dense, into_range, side_of_square};
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::layers::{Layer, Residual};

/// The width of the paper's discriminator; its generator has twice as many channels.
const WIDTH: usize = 128;

/// The residual networks of Miyato et al. 2018 (appendix B.4, table 4, for 32×32 images), for 28×28 ones as well.
///
/// At width 128 and 32×32×3 they are the paper's. The generator starts with 4×4 pixels and doubles them three times, for 28×28 with 7×7 and
/// doubles them twice. The discriminator halves twice, then has two blocks without, ReLU, the sum over positions and a dense layer. Where a
/// shortcut of 1×1 convolution meets a change of size, it is computed at the smaller one, which gives the same.
pub(in crate::architecture) fn layers(width: Option<usize>, examples: Examples) -> Result<LayerLists, Error> {
    let width = width.unwrap_or(WIDTH);
    let mut side = side_of_square("sngan", examples)?;
    let mut doublings = 0;
    while side % 2 == 0 && side > 4 {
        side /= 2;
        doublings += 1;
    }
    let mut generator = vec![dense(side * side * 2 * width), Layer::Reshape([side, side, 2 * width])];
    generator.extend((0..doublings).map(|_| up(2 * width)));
    generator.extend([Layer::batch_norm(), Layer::Relu, conv(examples.shape.channels, 3, 1)]);
    generator.extend(into_range(examples.range));

    let discriminator = vec![
        first_down(width),
        down(width),
        plain(width),
        plain(width),
        Layer::Relu,
        Layer::SumPool,
        dense(1),
    ];
    Ok(LayerLists { generator, discriminator })
}

/// Twice the sides: BN, ReLU, doubling, 3×3; BN, ReLU, 3×3.
fn up(channels: usize) -> Layer {
    let layers = vec![
        Layer::batch_norm(),
        Layer::Relu,
        Layer::Upsample,
        conv(channels, 3, 1),
        Layer::batch_norm(),
        Layer::Relu,
        conv(channels, 3, 1),
    ];
    Layer::Residual(Residual { layers, shortcut: vec![conv(channels, 1, 1), Layer::Upsample] })
}

/// Half the sides, before anything else: no ReLU in front of the image.
fn first_down(channels: usize) -> Layer {
    let layers = vec![conv(channels, 3, 1), Layer::Relu, conv(channels, 3, 1), Layer::AveragePool];
    Layer::Residual(Residual { layers, shortcut: halved(channels) })
}

/// Half the sides: ReLU, 3×3, ReLU, 3×3, mean of 2×2.
fn down(channels: usize) -> Layer {
    let mut layers = activated(channels);
    layers.push(Layer::AveragePool);
    Layer::Residual(Residual { layers, shortcut: halved(channels) })
}

/// The same sides and channels.
fn plain(channels: usize) -> Layer {
    Layer::Residual(Residual { layers: activated(channels), shortcut: Vec::new() })
}

fn activated(channels: usize) -> Vec<Layer> {
    vec![Layer::Relu, conv(channels, 3, 1), Layer::Relu, conv(channels, 3, 1)]
}

fn halved(channels: usize) -> Vec<Layer> {
    vec![Layer::AveragePool, conv(channels, 1, 1)]
}

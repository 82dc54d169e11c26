use super::dense;
use crate::architecture::{Error, Examples, LayerLists, Range};
use crate::config::architecture::layers::{Layer, Shape};

/// Serrano's smallest GAN: four pixels sigmoid(w z + b) from one number z; one logit w·x + b from four pixels.
pub(in crate::architecture) fn layers(examples: Examples) -> Result<LayerLists, Error> {
    if examples.shape != Shape::image(2, 2, 1) || examples.range != Range::Unit {
        return Err(Error::at(
            "family",
            format!("`slanted-faces` draws 2×2 faces in [0, 1], but the examples are {}", examples.shape),
        ));
    }
    Ok(LayerLists {
        generator: vec![dense(4), Layer::Sigmoid, Layer::Reshape([2, 2, 1])],
        discriminator: vec![Layer::Flatten, dense(1)],
    })
}

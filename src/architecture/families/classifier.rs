use super::{conv, dense};
use crate::config::architecture::Variant;
use crate::config::architecture::layers::Layer;

/// The layers from an example to a number for each class.
pub(in crate::architecture) fn layers(variant: Variant, classes: usize) -> Vec<Layer> {
    match variant {
        // 3Blue1Brown's digits network ("But what is a neural network?"): sigmoids throughout.
        Variant::Sigmoid => vec![
            Layer::Flatten,
            dense(16),
            Layer::Sigmoid,
            dense(16),
            Layer::Sigmoid,
            dense(classes),
            Layer::Sigmoid,
        ],
        // Of this project: under a megabyte for 28×28 and 32×32 images. The 128 numbers before the dropout are an image's features.
        Variant::Extractor => vec![
            conv(32, 3, 1),
            Layer::batch_norm(),
            Layer::Relu,
            Layer::MaxPool,
            conv(64, 3, 1),
            Layer::batch_norm(),
            Layer::Relu,
            Layer::MaxPool,
            conv(64, 3, 2),
            Layer::batch_norm(),
            Layer::Relu,
            Layer::Flatten,
            dense(128),
            Layer::Relu,
            Layer::Dropout(0.5),
            dense(classes),
        ],
        // After LeCun et al. (1998), with strides in place of pooling, rectifiers, and dropout against overfitting.
        _ => vec![
            conv(32, 5, 2),
            Layer::Relu,
            conv(64, 5, 2),
            Layer::Relu,
            Layer::Flatten,
            dense(128),
            Layer::Relu,
            Layer::Dropout(0.5),
            dense(classes),
        ],
    }
}

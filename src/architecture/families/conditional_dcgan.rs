use super::dcgan;
use crate::architecture::{Error, Examples, LayerLists};
use crate::config::architecture::Variant;
use crate::config::architecture::layers::{LabelEmbedding, LabelProjection, Layer};

/// Length of a class's vector in the generator: half of the usual latent vector's.
const EMBEDDING: usize = 50;

/// The DCGAN of TensorFlow's tutorial with class labels: the generator's latent vector has a learned vector of the class appended (Mirza &
/// Osindero 2014), and the discriminator's last layer projects its features on one (Miyato & Koyama 2018).
pub(in crate::architecture) fn layers(
    width: Option<usize>,
    classes: Option<usize>,
    examples: Examples,
) -> Result<LayerLists, Error> {
    let Some(classes) = classes.or(examples.classes) else {
        let reason = "nothing says how many classes there are: add classes = … to [architecture]";
        return Err(Error::at("classes", reason));
    };
    let mut lists = dcgan::for_family("conditional-dcgan", Some(Variant::Tutorial), width, examples)?;
    lists.generator.insert(0, Layer::LabelEmbedding(LabelEmbedding { classes, width: EMBEDDING }));
    lists.discriminator.pop();
    lists.discriminator.push(Layer::LabelProjection(LabelProjection { classes }));
    Ok(lists)
}

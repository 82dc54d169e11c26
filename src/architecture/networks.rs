use super::{Error, Examples, LayerLists, Network, families, makes_examples};
use crate::config::architecture::layers::{Layer, Shape};
use crate::config::architecture::{Architecture, Variant};

/// The networks of a learner.
#[derive(Clone, Debug, PartialEq)]
pub enum Networks {
    /// Of a GAN.
    Gan {
        /// From the latent vector to an example.
        generator: Network,
        /// From an example to one logit.
        discriminator: Network,
    },
    /// Of a boundary equilibrium GAN.
    Began {
        /// From the latent vector to an example.
        generator: Network,
        /// An autoencoder: from an example to one.
        discriminator: Network,
    },
    /// Of a variational autoencoder.
    Vae {
        /// From an example to the means and then the log variances of q(z | x), 2·latent_dim numbers.
        encoder: Network,
        /// From the latent vector to a number for each of an example, before the likelihood's activation.
        decoder: Network,
    },
    /// Of a classifier.
    Classifier {
        /// From an example to a number for each class.
        classifier: Network,
        /// What these numbers are.
        readout: Readout,
    },
}

/// What a classifier ends in, from which its loss follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readout {
    /// A sigmoid for each class: squared error.
    Sigmoids,
    /// Numbers of any size: softmax cross-entropy.
    Logits,
}

impl Networks {
    /// Each network with its name, in the order in which they are told of.
    pub fn named(&self) -> Vec<(&'static str, &Network)> {
        match self {
            Self::Gan { generator, discriminator } | Self::Began { generator, discriminator } => {
                vec![("generator", generator), ("discriminator", discriminator)]
            }
            Self::Vae { encoder, decoder } => vec![("encoder", encoder), ("decoder", decoder)],
            Self::Classifier { classifier, .. } => vec![("classifier", classifier)],
        }
    }

    /// Gives all batch norms this momentum, and tells how many there are.
    pub(super) fn set_batch_norm_momentum(&mut self, momentum: f32) -> usize {
        let networks = match self {
            Self::Gan { generator, discriminator } | Self::Began { generator, discriminator } => {
                vec![generator, discriminator]
            }
            Self::Vae { encoder, decoder } => vec![encoder, decoder],
            Self::Classifier { classifier, .. } => vec![classifier],
        };
        networks.into_iter().map(|network| network.set_batch_norm_momentum(momentum)).sum()
    }

    /// The network of this name, if the learner has one.
    pub fn get(&self, name: &str) -> Option<&Network> {
        self.named().into_iter().find(|(known, _)| *known == name).map(|(_, network)| network)
    }
}

/// Infers the shapes of a network that errors call `name`.
pub(super) fn build(name: &str, input: Shape, layers: Vec<Layer>) -> Result<Network, Error> {
    Network::new(input, layers).map_err(|(at, reason)| Error::at(&format!("{name}.layers{at}"), reason))
}

/// The networks of a boundary equilibrium GAN.
pub(super) fn began(architecture: &Architecture, examples: Examples) -> Result<Networks, Error> {
    let lists = match (&architecture.generator, &architecture.discriminator) {
        (Some(generator), Some(discriminator)) => {
            LayerLists { generator: generator.layers.clone(), discriminator: discriminator.layers.clone() }
        }
        _ => families::began::layers(architecture, examples)?,
    };
    let generator = build("generator", Shape::vector(architecture.latent_dim), lists.generator)?;
    let discriminator = build("discriminator", examples.shape, lists.discriminator)?;
    makes_examples("generator", &generator, examples)?;
    if discriminator.output() == Shape::vector(1) && examples.shape.features() > 1 {
        let reason = format!(
            "the discriminator ends in one number, but that of a BEGAN is an autoencoder and must end in an example, {}",
            examples.shape
        );
        return Err(Error::at("discriminator.layers", reason));
    }
    makes_examples("discriminator", &discriminator, examples)?;
    Ok(Networks::Began { generator, discriminator })
}

/// The networks of a variational autoencoder.
pub(super) fn vae(architecture: &Architecture, examples: Examples) -> Result<Networks, Error> {
    let latent_dim = architecture.latent_dim;
    let lists = match (&architecture.encoder, &architecture.decoder) {
        (Some(encoder), Some(decoder)) => (encoder.layers.clone(), decoder.layers.clone()),
        _ => {
            let variant = architecture.variant.unwrap_or(Variant::Dense);
            families::vae::layers(variant, latent_dim, examples)?
        }
    };
    let encoder = build("encoder", examples.shape, lists.0)?;
    let decoder = build("decoder", Shape::vector(latent_dim), lists.1)?;
    if encoder.output() != Shape::vector(2 * latent_dim) {
        return Err(Error::at(
            "encoder.layers",
            format!(
                "the encoder ends in {}, but must end in a mean and a log variance for each of {latent_dim} latent numbers: {}",
                encoder.output(),
                2 * latent_dim
            ),
        ));
    }
    if decoder.output().features() != examples.shape.features() {
        return Err(Error::at(
            "decoder.layers",
            format!("the decoder ends in {}, but the examples are {}", decoder.output(), examples.shape),
        ));
    }
    for (name, network) in [("encoder", &encoder), ("decoder", &decoder)] {
        if let Some(Layer::Sigmoid | Layer::Tanh | Layer::Relu | Layer::Dropout(_)) = last(network) {
            let reason = match name {
                "encoder" => {
                    "the encoder ends in an activation, but means and log variances are numbers of any size"
                }
                _ => "the decoder ends in an activation, but the likelihood has its own",
            };
            let reason = format!("{reason}: leave the last activation out");
            return Err(Error::at(&format!("{name}.layers"), reason));
        }
    }
    Ok(Networks::Vae { encoder, decoder })
}

/// The network of a classifier.
pub(super) fn classifier(architecture: &Architecture, examples: Examples) -> Result<Networks, Error> {
    let Some(classes) = architecture.classes.or(examples.classes) else {
        let reason = "nothing says how many classes there are: add classes = … to [architecture]";
        return Err(Error::at("classes", reason));
    };
    if let Some(known) = examples.classes.filter(|known| *known != classes) {
        return Err(Error::at(
            "classes",
            format!("there are to be {classes} classes, but the data have {known}"),
        ));
    }
    let layers = match &architecture.classifier {
        Some(spelt) => spelt.layers.clone(),
        None => families::classifier::layers(architecture.variant.unwrap_or(Variant::Lenet), classes),
    };
    let classifier = build("classifier", examples.shape, layers)?;
    if classifier.output() != Shape::vector(classes) {
        return Err(Error::at(
            "classifier.layers",
            format!("the classifier ends in {}, but there are {classes} classes", classifier.output()),
        ));
    }
    let readout = match last(&classifier) {
        Some(Layer::Sigmoid) => Readout::Sigmoids,
        Some(Layer::Tanh | Layer::Relu | Layer::LeakyRelu(_) | Layer::Dropout(_)) => {
            return Err(Error::at(
                "classifier.layers",
                "the classifier must end in \"sigmoid\" (it then learns by squared error) or in a linear layer (softmax and cross-entropy)",
            ));
        }
        _ => Readout::Logits,
    };
    Ok(Networks::Classifier { classifier, readout })
}

/// A label is a byte: where the data's labels are not known before they are read, a classifier is built for as many.
pub const MOST_CLASSES: usize = 256;

/// The classifier whose features scores are computed from, for images of this shape in so many classes.
///
/// # Errors
/// If the images are too small for it.
pub fn extractor(images: Shape, classes: usize) -> Result<Network, Error> {
    build("extractor", images, families::classifier::layers(Variant::Extractor, classes))
}

/// The last layer that changes numbers.
fn last(network: &Network) -> Option<&Layer> {
    network.layers().iter().rfind(|layer| !matches!(layer, Layer::Reshape(_) | Layer::Flatten))
}

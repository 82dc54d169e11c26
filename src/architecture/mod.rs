//! From `[architecture]` to networks whose shapes are known and checked, and to the Rust types that compute them.
//!
//! No tensors here: `build.rs` compiles this module too. Of the layer vocabulary's three readings, the words are in
//! `config::architecture::layers`; the table ([`Network::rows`]) and the types ([`Network::rust_type`]) are here.

mod families;
mod network;
mod networks;

use crate::config::architecture::layers::{Layer, Shape};
use crate::config::architecture::{Architecture, Family};
use crate::config::dataset::{self, Dataset};

pub use network::Network;
pub use networks::{MOST_CLASSES, Networks, Readout, extractor};

/// What the networks are for: one example of the data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Examples {
    /// The shape of one example.
    pub shape: Shape,
    /// The interval that its values lie in.
    pub range: Range,
    /// How many classes there are, where that is known before the data are read.
    pub classes: Option<usize>,
}

/// The interval that a data set's values lie in, which the generator's last layer has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// [-1, 1]: images as most GANs scale them; the generator ends in tanh.
    Symmetric,
    /// [0, 1]: the generator ends in a sigmoid.
    Unit,
    /// Any number: points in the plane; the generator ends in a linear layer.
    Unbounded,
}

impl From<&Dataset> for Examples {
    fn from(dataset: &Dataset) -> Self {
        let (height, width, channels) = dataset.shape();
        let range = match dataset.range {
            Some(dataset::Range::Symmetric) => Range::Symmetric,
            Some(dataset::Range::Unit) => Range::Unit,
            None => Range::Unbounded,
        };
        Self { shape: Shape::image(height, width, channels), range, classes: dataset.classes() }
    }
}

/// Why an architecture cannot be built.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The key in the experiment file, such as `architecture.generator.layers[3]`.
    pub key: String,
    /// What is wrong, with the numbers.
    pub reason: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.key, self.reason)
    }
}

impl std::error::Error for Error {}

impl Error {
    fn at(key: &str, reason: impl Into<String>) -> Self {
        Self { key: format!("architecture.{key}"), reason: reason.into() }
    }
}

/// Builds and checks the networks. That every key is in its range and belongs to the family, `config` has checked.
///
/// # Errors
/// What does not fit: the first layer that refuses its input, or a network that does not suit the examples.
pub fn networks(architecture: &Architecture, examples: Examples) -> Result<Networks, Error> {
    let mut networks = of_family(architecture, examples)?;
    if let Some(momentum) = architecture.batch_norm_momentum
        && networks.set_batch_norm_momentum(momentum) == 0
    {
        return Err(Error::at("batch_norm_momentum", "these networks have no batch norm: remove it"));
    }
    Ok(networks)
}

fn of_family(architecture: &Architecture, examples: Examples) -> Result<Networks, Error> {
    let lists = match architecture.family {
        Family::SlantedFaces => families::slanted_faces::layers(examples)?,
        Family::Mlp => families::mlp::layers(architecture.hidden.as_deref(), examples),
        Family::Goodfellow => families::goodfellow::layers(examples),
        Family::Dcgan => families::dcgan::layers(architecture.variant, architecture.width, examples)?,
        Family::Infogan => {
            families::infogan::layers(architecture.discriminator_batch_norm.unwrap_or(true), examples)?
        }
        Family::Sngan => families::sngan::layers(architecture.width, examples)?,
        Family::ConditionalDcgan => {
            families::conditional_dcgan::layers(architecture.width, architecture.classes, examples)?
        }
        Family::Custom => families::custom::layers(architecture)?,
        Family::Began => return networks::began(architecture, examples),
        Family::Vae => return networks::vae(architecture, examples),
        Family::Classifier => return networks::classifier(architecture, examples),
    };
    let latent = Shape::vector(architecture.latent_dim);
    let generator = networks::build("generator", latent, lists.generator)?;
    let discriminator = networks::build("discriminator", examples.shape, lists.discriminator)?;
    makes_examples("generator", &generator, examples)?;
    if discriminator.output() != Shape::vector(1) {
        return Err(Error::at(
            "discriminator.layers",
            format!("the discriminator ends in {}, but must end in one logit", discriminator.output()),
        ));
    }
    refuse_squashed_logit(&discriminator)?;
    Ok(Networks::Gan { generator, discriminator })
}

/// The layers that a family gives.
pub(crate) struct LayerLists {
    pub(crate) generator: Vec<Layer>,
    pub(crate) discriminator: Vec<Layer>,
}

/// A network that errors call `name` must end in what the examples are: in their shape, and not in an activation that could never match
/// them, such as tanh for images in [0, 1].
fn makes_examples(name: &str, network: &Network, examples: Examples) -> Result<(), Error> {
    let key = format!("{name}.layers");
    if network.output().features() != examples.shape.features() {
        let reason =
            format!("the {name} ends in {}, but the examples are {}", network.output(), examples.shape);
        return Err(Error::at(&key, reason));
    }
    let keeps_range = |layer: &&Layer| {
        matches!(
            layer,
            Layer::Reshape(_) | Layer::Flatten | Layer::Upsample | Layer::AveragePool | Layer::MaxPool
        )
    };
    let last = network.layers().iter().rfind(|layer| !keeps_range(layer));
    let reason = match (last, examples.range) {
        (Some(Layer::Tanh), Range::Unit) => {
            "ends in tanh, into (-1, 1), but the examples lie in [0, 1]: end in \"sigmoid\" or set dataset.range = \"symmetric\""
        }
        (Some(Layer::Sigmoid), Range::Symmetric) => {
            "ends in a sigmoid, into (0, 1), but the examples lie in [-1, 1]: end in \"tanh\" or set dataset.range = \"unit\""
        }
        (Some(Layer::Tanh | Layer::Sigmoid), Range::Unbounded) => {
            "ends in a bounded activation, but the points of this data set lie outside its range: leave the last activation out"
        }
        (Some(Layer::Relu | Layer::Dropout(_)), _) => {
            "ends in a layer that no example can be made with: end in \"tanh\", \"sigmoid\" or a linear layer"
        }
        _ => return Ok(()),
    };
    Err(Error::at(&key, format!("the {name} {reason}")))
}

/// The losses take logits; an activation after the last layer would be applied twice.
fn refuse_squashed_logit(discriminator: &Network) -> Result<(), Error> {
    match discriminator.layers().last() {
        Some(Layer::Sigmoid | Layer::Tanh | Layer::Relu | Layer::Dropout(_)) => Err(Error::at(
            "discriminator.layers",
            "the discriminator ends in an activation, but the losses take logits: leave the last activation out",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

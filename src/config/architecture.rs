//! `[architecture]`: the family and its parameters, or, for `custom`, the layers themselves.
//!
//! The layer vocabulary is in [`layers`]; `crate::architecture` makes networks of it.

pub mod layers;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use layers::Layer;

/// The networks: a family and its parameters, or, for `custom`, the layers themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Which function from parameters to layer lists builds the networks.
    pub family: Family,
    /// Length of the latent vector z, 1 to 4096; not for classifiers.
    #[schemars(range(min = 1, max = 4096))]
    pub latent_dim: usize,
    /// How z is drawn.
    #[serde(default)]
    pub latent: Latent,
    /// `dcgan`, `conditional-dcgan` and `sngan`: channels of the discriminator's first layer, which those of the others follow, 1 to 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub width: Option<usize>,
    /// `infogan`, `began`: whether the discriminator's hidden layers have batch norm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator_batch_norm: Option<bool>,
    /// The families with batch norms, but for `custom`: how much of their running statistics one training step keeps, at least 0 and less than 1; by default
    /// what the family's source has. Short trainings need less of it: samples and scores are computed with these statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub batch_norm_momentum: Option<f32>,
    /// `mlp`, `began` with dense layers: units of each hidden layer, the same list for both players, 1 to 16 layers of 1 to 65,536 units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), inner(range(min = 1, max = 65_536)))]
    pub hidden: Option<Vec<usize>>,
    /// `began`: how many numbers the discriminator's encoder makes of an example, 1 to 4096; default 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub code_dim: Option<usize>,
    /// `dcgan`, `began`, `vae`, `classifier`: which networks; by default the first of the family's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
    /// `classifier`, `conditional-dcgan`: how many classes there are, 2 to 256; by default as many as the data set has, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 256))]
    pub classes: Option<usize>,
    /// `custom`: the generator's layers, from the latent vector to the example; `began`: these in place of a variant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Layers>,
    /// `custom`: the discriminator's layers, from the example to one logit; `began`: in place of a variant's, from the example to one of its shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discriminator: Option<Layers>,
    /// `vae`: the encoder's layers in place of a variant's, from the example to means and log variances (twice `latent_dim`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<Layers>,
    /// `vae`: the decoder's layers in place of a variant's, from the latent vector to the example, before the likelihood's
    /// activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<Layers>,
    /// `classifier`: the layers in place of a variant's, from the example to a number for each class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier: Option<Layers>,
}

/// A family: a readable function from a few parameters to layer lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// One dense layer each on 2×2 faces (Serrano's smallest GAN). Takes no parameter.
    SlantedFaces,
    /// Dense networks with leaky ReLU; takes `hidden`.
    Mlp,
    /// The dense networks of the first GAN (Goodfellow et al. 2014, on MNIST): ReLU and, in the discriminator, maxout and dropout.
    Goodfellow,
    /// A DCGAN for 28×28 or 32×32 images; takes `width` and `variant`.
    Dcgan,
    /// The networks of Lucic et al. 2018, after InfoGAN, for 28×28 or 32×32 images; takes `discriminator_batch_norm`.
    Infogan,
    /// Residual networks after Miyato et al. 2018 for 28×28 or 32×32 images; takes `width`.
    Sngan,
    /// The tutorial's DCGAN with class labels: an embedding in the generator, a projection in the discriminator; takes `width` and `classes`.
    ConditionalDcgan,
    /// `[architecture.generator]` and `[architecture.discriminator]` spell the layers out.
    Custom,
    /// A GAN whose discriminator is an autoencoder (Berthelot et al. 2017); takes `variant` with `hidden` or `discriminator_batch_norm`, and
    /// `code_dim`, or `generator` and `discriminator`.
    Began,
    /// A variational autoencoder (Kingma and Welling 2014); takes `variant`, or `encoder` and `decoder`.
    Vae,
    /// A network that names an example's class; takes `variant` or `classifier`, and `classes`.
    Classifier,
}

/// The networks of a family that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// `dcgan`: TensorFlow's tutorial: leaky ReLU of slope 0.3, dropout in the discriminator, batch norm in the generator.
    Tutorial,
    /// `dcgan`: Radford et al. 2016: batch norm in both networks, ReLU in the generator, leaky ReLU of slope 0.2 in the discriminator.
    Paper,
    /// `vae`: one hidden layer of 500 tanh units in either network (Kingma and Welling 2014, section 5). `began`: dense layers with leaky ReLU.
    Dense,
    /// `vae`, `began`: the convolutional networks of InfoGAN, as Lucic et al. (2018) use them, for 28×28 and 32×32 images.
    Conv,
    /// `classifier`: 16 and 16 sigmoid units and a sigmoid for each class, by squared error (3Blue1Brown's digits network).
    Sigmoid,
    /// `classifier`: two convolutions of 5×5 with stride 2 and two dense layers, by cross-entropy (after LeCun et al. 1998).
    Lenet,
    /// `classifier`: three convolutions of 3×3 with batch norm and a dense layer of 128, by cross-entropy: small enough to be shipped, and what scores take features from.
    Extractor,
}

impl Variant {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::Paper => "paper",
            Self::Dense => "dense",
            Self::Conv => "conv",
            Self::Sigmoid => "sigmoid",
            Self::Lenet => "lenet",
            Self::Extractor => "extractor",
        }
    }
}

/// The distribution of the latent vector's components, all independent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Latent {
    /// N(0, 1).
    #[default]
    Normal,
    /// Uniform in [-1, 1).
    Uniform,
    /// Uniform in [0, 1).
    Unit,
    /// Uniform in [-√3, √3), which has variance 1, as N(0, 1) does.
    StandardUniform,
}

/// The layers of one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// In the order of the data flow; 1 to 256 layers.
    #[schemars(length(min = 1, max = 256))]
    pub layers: Vec<Layer>,
}

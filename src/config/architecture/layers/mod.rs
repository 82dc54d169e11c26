//! The layer vocabulary: what a layer is called in TOML, which shape it gives, how many parameters it has, and which
//! type of `crate::nn` it becomes.
//!
//! A new layer is a file here (word, shapes, type), a line in [`Layer`] and in [`Layer::kind`], and a file in `nn` that
//! computes it. The compiler names what is missing.

mod activation;
mod batch_norm;
pub mod chain;
mod conv;
mod dense;
mod dropout;
mod labels;
mod layer_norm;
mod maxout;
mod pool;
mod reshape;
mod residual;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use batch_norm::BatchNorm;
pub use conv::{Conv, ConvTranspose};
pub use dense::Dense;
pub use labels::{LabelEmbedding, LabelProjection};
pub use maxout::Maxout;
pub use residual::Residual;

/// One layer. Images are channels-last: (height, width, channels).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(clippy::enum_variant_names, reason = "layer norm has its name from Ba et al.")]
pub enum Layer {
    /// y = x W + b over all features: (H, W, C) -> (units).
    Dense(Dense),
    /// Cross-correlation with "same" padding: (H, W, C) -> (⌈H/stride⌉, ⌈W/stride⌉, channels).
    Conv(Conv),
    /// Its transpose: (H, W, C) -> (H·stride, W·stride, channels).
    ConvTranspose(ConvTranspose),
    /// Normalises each channel over batch and positions, then scales and shifts it.
    BatchNorm(BatchNorm),
    /// Normalises each example over all its features, then scales and shifts each channel.
    LayerNorm,
    /// The largest of `pieces` affine maps for each unit: (H, W, C) -> (units).
    Maxout(Maxout),
    /// The sum of two branches: a list of layers, and a shortcut past them.
    Residual(Residual),
    /// The mean of each 2×2 pixels: (H, W, C) -> (H/2, W/2, C).
    AveragePool,
    /// The largest of each 2×2 pixels: (H, W, C) -> (H/2, W/2, C).
    MaxPool,
    /// The sum over all positions: (H, W, C) -> (C).
    SumPool,
    /// Each pixel four times: (H, W, C) -> (2·H, 2·W, C).
    Upsample,
    /// Appends a learned vector for the example's class: (n) -> (n + width).
    LabelEmbedding(LabelEmbedding),
    /// A logit from the features h and a learned vector for the example's class: w·h + b + e·h.
    LabelProjection(LabelProjection),
    /// Zeroes each value with this probability in training and scales the rest by 1/(1 - rate); 0 to 0.95.
    Dropout(#[schemars(range(min = 0.0, max = 0.95))] f32),
    /// x for x > 0, slope·x otherwise; slope 0 to 1.
    LeakyRelu(#[schemars(range(min = 0.0, max = 1.0))] f32),
    /// max(x, 0).
    Relu,
    /// Hyperbolic tangent, into (-1, 1).
    Tanh,
    /// Logistic sigmoid, into (0, 1).
    Sigmoid,
    /// The same numbers as an image (height, width, channels).
    Reshape(#[schemars(inner(range(min = 1, max = 65_536)))] [usize; 3]),
    /// The same numbers as a vector.
    Flatten,
}

impl Layer {
    /// The rules of this layer's kind.
    pub fn kind(&self) -> Box<dyn Kind + '_> {
        match self {
            Self::Dense(dense) => Box::new(dense),
            Self::Conv(conv) => Box::new(conv),
            Self::ConvTranspose(conv) => Box::new(conv),
            Self::BatchNorm(norm) => Box::new(norm),
            Self::LayerNorm => Box::new(layer_norm::LayerNorm),
            Self::Maxout(maxout) => Box::new(maxout),
            Self::Residual(residual) => Box::new(residual),
            Self::AveragePool => Box::new(pool::Halving("AveragePool", "average-pool")),
            Self::MaxPool => Box::new(pool::Halving("MaxPool", "max-pool")),
            Self::SumPool => Box::new(pool::SumPool),
            Self::Upsample => Box::new(pool::Upsample),
            Self::LabelEmbedding(labels) => Box::new(labels),
            Self::LabelProjection(labels) => Box::new(labels),
            Self::Dropout(rate) => Box::new(dropout::Dropout(*rate)),
            Self::LeakyRelu(slope) => Box::new(activation::LeakyRelu(*slope)),
            Self::Relu => Box::new(activation::Plain("Relu", "relu")),
            Self::Tanh => Box::new(activation::Plain("Tanh", "tanh")),
            Self::Sigmoid => Box::new(activation::Plain("Sigmoid", "sigmoid")),
            Self::Reshape(shape) => Box::new(reshape::Reshape(*shape)),
            Self::Flatten => Box::new(reshape::Flatten),
        }
    }
}

impl Layer {
    /// A batch norm with the usual parameters.
    pub fn batch_norm() -> Self {
        Self::BatchNorm(BatchNorm::default())
    }

    /// Whether this is a batch norm, or has one inside.
    pub fn mixes_examples(&self) -> bool {
        matches!(self, Self::BatchNorm(_)) || self.inside().any(Self::mixes_examples)
    }

    /// How many classes this layer, or one inside, reads labels of.
    pub fn classes(&self) -> Option<usize> {
        let kind = self.kind();
        kind.classes().or_else(|| self.inside().find_map(Self::classes))
    }

    /// The lists of layers inside this one, by their keys.
    pub fn branches(&self) -> Vec<(&'static str, &[Self])> {
        match self {
            Self::Residual(residual) => residual.branches(),
            _ => Vec::new(),
        }
    }

    fn inside(&self) -> impl Iterator<Item = &Self> {
        self.branches().into_iter().flat_map(|(_, layers)| layers)
    }
}

/// What every kind of layer knows about itself, without computing anything.
pub trait Kind {
    /// The layer in a few words, for tables: `conv 64, 5×5, stride 2`.
    fn describe(&self) -> String;

    /// The output shape for this input shape.
    ///
    /// # Errors
    /// The reason, with the numbers, if a parameter is out of range or the input does not fit.
    fn output(&self, input: Shape) -> Result<Shape, String>;

    /// Parameter counts for an input that [`Kind::output`] accepts.
    fn parameters(&self, _input: Shape) -> Parameters {
        Parameters::default()
    }

    /// The type in `crate::nn` that computes this layer. Rates and slopes are not part of it: they change no shape.
    fn rust_type(&self, input: Shape, output: Shape) -> String;

    /// The number of classes, where the layer reads the examples' labels.
    fn classes(&self) -> Option<usize> {
        None
    }
}

impl<K: Kind> Kind for &K {
    fn describe(&self) -> String {
        (**self).describe()
    }
    fn output(&self, input: Shape) -> Result<Shape, String> {
        (**self).output(input)
    }
    fn parameters(&self, input: Shape) -> Parameters {
        (**self).parameters(input)
    }
    fn rust_type(&self, input: Shape, output: Shape) -> String {
        (**self).rust_type(input, output)
    }
    fn classes(&self) -> Option<usize> {
        (**self).classes()
    }
}

/// The shape of one example between layers: an image, or a vector as an image of one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

impl Shape {
    /// An image.
    pub fn image(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels }
    }

    /// A vector of `length` numbers.
    pub fn vector(length: usize) -> Self {
        Self::image(1, 1, length)
    }

    /// How many numbers one example has.
    pub fn features(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether this is a vector (one pixel).
    pub fn is_vector(&self) -> bool {
        self.height == 1 && self.width == 1
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_vector() {
            write!(f, "{}", self.channels)
        } else {
            write!(f, "{}×{}×{}", self.height, self.width, self.channels)
        }
    }
}

/// How many numbers a layer keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Those that the optimizer changes.
    pub trainable: usize,
    /// Those that only follow the data (running statistics).
    pub fixed: usize,
}

impl Parameters {
    /// Both kinds together.
    pub fn total(&self) -> usize {
        self.trainable + self.fixed
    }
}

impl std::ops::Add for Parameters {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { trainable: self.trainable + other.trainable, fixed: self.fixed + other.fixed }
    }
}

/// Refuses a number outside `range`, saying which it is.
fn within(what: &str, value: usize, range: std::ops::RangeInclusive<usize>) -> Result<(), String> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(format!("{what} is {value}, but must be {} to {}", range.start(), range.end()))
    }
}

/// The largest side and number of values of an image between layers: a bound against typing errors.
const MAX_SIDE: usize = 4096;
const MAX_FEATURES: usize = 1 << 24;

fn bounded(output: Shape) -> Result<Shape, String> {
    if output.height.max(output.width) > MAX_SIDE || output.features() > MAX_FEATURES {
        return Err(format!(
            "its output {output} is larger than an image may be here ({MAX_SIDE} pixels a side, {MAX_FEATURES} values)"
        ));
    }
    Ok(output)
}

fn yes() -> bool {
    true
}

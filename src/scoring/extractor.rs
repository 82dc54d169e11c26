use super::Error;
use crate::architecture::{self, Network as Architecture};
use crate::config::architecture::layers::Shape;
use crate::data::Scale;
use crate::evaluation::Sample;
use crate::networks::{self, Network};
use crate::nn::{Initialization, Pass};
use crate::random::Stream;
use crate::record::Checkpoint;
use dfdx::prelude::Cpu;
use dfdx::tensor::TensorFromVec;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Images that go through the network at once.
const AT_ONCE: usize = 256;

/// The prefix of the classifier's arrays in a run's checkpoint.
const PREFIX: &str = "classifier.";

/// What a file of an extractor says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// (H, W, C) of the images.
    pub shape: (usize, usize, usize),
    /// How many classes its network tells apart.
    pub outputs: usize,
    /// How many there are in the data, at most as many: the other outputs are left out.
    pub classes: usize,
    /// The data set that it was trained on.
    pub dataset: String,
    /// SHA-256 of that data set's content.
    pub dataset_sha256: String,
    /// The experiment that trained it.
    pub experiment: String,
    /// The share of the test images that it names rightly, 0 to 1; NaN without test images.
    pub test_accuracy: f64,
}

/// A classifier of a data set, whose penultimate activations are an image's features.
///
/// Inception's features, which other programs' FID is computed from, are those of colour photographs; on small grey images a classifier of the data set itself says
/// more (Xu et al. 2018, "An empirical study on evaluation metrics of generative adversarial networks"). Such scores are comparable with those of the same extractor only.
pub struct Extractor {
    trunk: Box<dyn Network<Cpu>>,
    /// Numbers in a feature vector.
    width: usize,
    /// (width, outputs).
    weight: Vec<f32>,
    bias: Vec<f32>,
    about: About,
    sha256: String,
}

impl Extractor {
    /// The extractor in a file.
    ///
    /// # Errors
    /// If the file is missing or damaged, or the program was built without its network.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(path, &Checkpoint::bytes(path)?)
    }

    /// The extractor in a file's content; `path` is for messages.
    ///
    /// # Errors
    /// As of [`Extractor::read`].
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let mut checkpoint = Checkpoint::from_bytes(path, bytes)?;
        let about = About::of(path, &checkpoint)?;
        let whole = about.network()?;
        let trunk_shape = whole.trunk();
        let width = trunk_shape.output().features();
        let head = whole.layers().len() - 1;
        let weights = Stream::new(0, "extractor");
        let mut trunk = networks::build(&trunk_shape, Cpu::default(), Initialization::GlorotUniform, weights)
            .ok_or(Error::NotBuilt { shape: whole.input().to_string(), classes: about.classes })?;
        let mut failure = None;
        trunk.visit(&mut |parameter| {
            if failure.is_none() {
                match checkpoint.take(path, &format!("{PREFIX}{}", parameter.name), &parameter.shape) {
                    Ok(values) => parameter.set(&values),
                    Err(error) => failure = Some(error),
                }
            }
        });
        if let Some(error) = failure {
            return Err(error.into());
        }
        let weight = checkpoint.take(path, &format!("{PREFIX}{head}.weight"), &[width, about.outputs])?;
        let bias = checkpoint.take(path, &format!("{PREFIX}{head}.bias"), &[about.outputs])?;
        let sha256 = format!("{:x}", Sha256::digest(bytes));
        Ok(Self { trunk, width, weight, bias, about, sha256 })
    }

    /// The file of an extractor, from the checkpoint of a run that trained one.
    pub fn file(about: &About, checkpoint: Checkpoint) -> Checkpoint {
        let tensors = checkpoint.tensors.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
        Checkpoint { tensors: tensors.collect(), metadata: about.words().into_iter().collect() }
    }

    /// What it was trained on, and how well it does.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// SHA-256 of its file, in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The features (count, 128) and class probabilities (count, classes) of images (count, H, W, C) at 8 bits.
    ///
    /// # Errors
    /// If there are fewer than two, or their network gives numbers that are not finite.
    ///
    /// # Panics
    /// If the pixels are no whole number of images.
    pub fn look(&mut self, pixels: &[u8]) -> Result<Sample, Error> {
        let (height, width, channels) = self.about.shape;
        let size = height * width * channels;
        assert!(pixels.len().is_multiple_of(size), "{} bytes are no images of {size}", pixels.len());
        let count = pixels.len() / size;
        let device = Cpu::default();
        let mut features = vec![0.0; count * self.width];
        for (pixels, features) in pixels.chunks(AT_ONCE * size).zip(features.chunks_mut(AT_ONCE * self.width))
        {
            let values: Vec<f32> = pixels.iter().map(|&byte| Scale::Unit.to_number(byte)).collect();
            let images = device.tensor_from_vec(values, (pixels.len() / size, size));
            self.trunk.forward(images, Pass::evaluate()).copy_into(features);
        }
        let probabilities = self.probabilities(&features);
        Ok(Sample::new(count, features, self.width, probabilities, self.about.classes)?)
    }

    /// softmax(features · weight + bias), (count, classes).
    fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        let classes = self.about.classes;
        let mut probabilities = Vec::with_capacity(features.len() / self.width * classes);
        for row in features.chunks_exact(self.width) {
            let mut logits: Vec<f64> = self.bias[..classes].iter().map(|&bias| f64::from(bias)).collect();
            for (&feature, weights) in row.iter().zip(self.weight.chunks_exact(self.about.outputs)) {
                for (logit, &weight) in logits.iter_mut().zip(weights) {
                    *logit += f64::from(feature) * f64::from(weight);
                }
            }
            let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logits.iter().map(|logit| libm::exp(logit - highest)).collect();
            let sum: f64 = powers.iter().sum();
            probabilities.extend(powers.iter().map(|power| (power / sum) as f32));
        }
        probabilities
    }
}

impl std::fmt::Debug for Extractor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Extractor {:?}", self.about)
    }
}

impl About {
    /// The classifier's network.
    fn network(&self) -> Result<Architecture, architecture::Error> {
        let (height, width, channels) = self.shape;
        architecture::extractor(Shape::image(height, width, channels), self.outputs)
    }

    fn words(&self) -> Vec<(String, String)> {
        let (height, width, channels) = self.shape;
        let mut words = vec![
            ("height", height.to_string()),
            ("width", width.to_string()),
            ("channels", channels.to_string()),
            ("classes", self.classes.to_string()),
            ("dataset", self.dataset.clone()),
            ("dataset_sha256", self.dataset_sha256.clone()),
            ("experiment", self.experiment.clone()),
            ("test_accuracy", self.test_accuracy.to_string()),
        ];
        if self.outputs != self.classes {
            words.push(("outputs", self.outputs.to_string()));
        }
        words.into_iter().map(|(name, word)| (name.to_owned(), word)).collect()
    }

    fn of(path: &Path, checkpoint: &Checkpoint) -> Result<Self, Error> {
        let word = |name| checkpoint.word(path, name).map(str::to_owned);
        // Larger ones have no network, and would only make messages long.
        let number = |name| checkpoint.number(path, name).map(|number: u64| number.min(1 << 20) as usize);
        let classes = number("classes")?;
        let outputs = if checkpoint.metadata.contains_key("outputs") { number("outputs")? } else { classes };
        Ok(Self {
            outputs,
            shape: (number("height")?, number("width")?, number("channels")?),
            classes: classes.clamp(1, outputs.max(1)),
            dataset: word("dataset")?,
            dataset_sha256: word("dataset_sha256")?,
            experiment: word("experiment")?,
            test_accuracy: word("test_accuracy")?.parse().unwrap_or(f64::NAN),
        })
    }
}

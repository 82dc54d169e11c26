//! How close a learner's samples are to the data.

use super::{Error, Plan, samples};
use crate::config::Experiment;
use crate::config::dataset::Dataset as Section;
use crate::config::evaluation::{Against, Evaluation, Metric};
use crate::data::{Dataset, Pixels, Scale, Split};
use crate::evaluation::{self, Parzen, Reference, Sample, VALIDATION_OF_PARZEN};
use crate::learner::Learner;
use crate::random::Stream;
use crate::scoring::{self, Extractor};
use rand::seq::SliceRandom;
use std::path::Path;

/// The stream of the latent vectors that are scored: the same in every evaluation of a run.
const LATENTS: &str = "evaluation";

/// Which real examples are compared with, and which subsets are drawn, does not depend on the run: its seed would be one more difference.
const SEED: u64 = 0;

/// What samples are scored by.
pub struct Evaluator {
    metrics: Vec<Metric>,
    /// How many samples are drawn.
    samples: usize,
    /// `None` where the examples are points, which are their own features.
    extractor: Option<Extractor>,
    scale: Scale,
    reference: Reference,
    floors: Vec<f64>,
}

/// Samples, ready to be scored.
#[derive(Debug)]
pub struct Drawn {
    /// As metrics see them.
    pub sample: Sample,
    /// (count, H, W, C) at 8 bits, as a file would hold them; empty for points.
    pub pixels: Vec<u8>,
}

/// The scores of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// A number for each column of the metrics, in their order.
    pub scores: Vec<f64>,
    /// What real examples score.
    pub floors: Vec<f64>,
    /// How many samples there were.
    pub samples: usize,
    /// How many real examples they were compared with.
    pub reference: usize,
}

impl Evaluator {
    /// Prepares the real examples and their features, and what they score themselves.
    ///
    /// # Errors
    /// If the data set has no extractor, or not enough examples.
    pub fn new(
        evaluation: &Evaluation,
        section: &Section,
        dataset: &Dataset,
        mut extractor: Option<Extractor>,
    ) -> Result<Self, Error> {
        let (reference, others) = match evaluation.against {
            Against::Test => (&dataset.test, &dataset.train),
            Against::Train => (&dataset.train, &dataset.test),
        };
        if reference.is_empty() || others.is_empty() {
            return Err(Error::NoTestExamples { dataset: dataset.name.clone() });
        }
        let scale = section.range.map_or(Scale::Symmetric, Scale::from);
        let mut real = |split, stream| real(split, evaluation.samples, stream, extractor.as_mut());
        let (reference, others) =
            (real(reference, "evaluation.reference")?, real(others, "evaluation.floor")?);
        let mut evaluator = Self {
            metrics: evaluation.metrics.clone(),
            samples: evaluation.samples,
            scale,
            reference: Reference::new(reference),
            floors: Vec::new(),
            extractor,
        };
        evaluator.floors = evaluator.score(&others)?;
        Ok(evaluator)
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.metrics.iter().flat_map(|metric| metric.columns()).map(|column| column.name)
    }

    /// Where features come from; `None` for points, which are their own.
    pub fn extractor(&self) -> Option<&Extractor> {
        self.extractor.as_ref()
    }

    /// The real examples.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Draws samples from a learner of the experiment; the learner is as before.
    ///
    /// # Errors
    /// If a sample is not finite.
    pub fn draw(&mut self, experiment: &Experiment, learner: &mut dyn Learner) -> Result<Drawn, Error> {
        let stream = Stream::new(experiment.seed, LATENTS);
        let mut values = Vec::new();
        let mut pixels = Vec::new();
        for batch in samples::drawn(learner, &experiment.architecture, stream, self.samples) {
            // NaN would be black at 8 bits.
            if batch.iter().any(|value| !value.is_finite()) {
                return Err(Error::NotFinite);
            }
            match self.extractor {
                Some(_) => pixels.extend(batch.iter().map(|&value| self.scale.to_byte(value))),
                None => values.extend(batch),
            }
        }
        match self.extractor {
            Some(_) => self.look(pixels),
            None => Ok(Drawn { sample: points(values)?, pixels }),
        }
    }

    /// Images (count, H, W, C) at 8 bits, ready to be scored.
    ///
    /// # Errors
    /// If there are too few.
    ///
    /// # Panics
    /// If the examples are points.
    pub fn look(&mut self, pixels: Vec<u8>) -> Result<Drawn, Error> {
        Ok(Drawn { sample: self.features(&pixels)?, pixels })
    }

    /// Images (count, H, W, C) at 8 bits as metrics see them; errors and panics are those of [`Evaluator::look`].
    pub(super) fn features(&mut self, pixels: &[u8]) -> Result<Sample, Error> {
        Ok(self.extractor.as_mut().expect("images have an extractor").look(pixels)?)
    }

    /// The scores of samples.
    ///
    /// # Errors
    /// If a metric cannot be computed of them.
    pub fn scores(&self, drawn: &Drawn) -> Result<Scores, Error> {
        Ok(Scores {
            scores: self.score(&drawn.sample)?,
            floors: self.floors.clone(),
            samples: drawn.sample.count,
            reference: self.reference.sample().count,
        })
    }

    /// A number for each column.
    fn score(&self, sample: &Sample) -> Result<Vec<f64>, Error> {
        let subsets = Stream::new(SEED, "evaluation.subsets");
        let scores = evaluation::scores(&self.metrics, &self.reference, sample, &subsets);
        let scores = scores.map_err(scoring::Error::from)?;
        Ok(scores.into_iter().map(|(_, score)| score).collect())
    }
}

/// The Parzen-window log-likelihood of a data set's test images under samples, by the protocol of 2014 (see [`evaluation::parzen`]). Its bandwidth is chosen by
/// images that are held out of the training images as MNIST's were: the last sixth, of which the protocol takes the first.
///
/// # Errors
/// If the examples are no images.
pub fn parzen(dataset: &Dataset, drawn: &Drawn) -> Result<Parzen, Error> {
    let (Pixels::Bytes(train), Pixels::Bytes(test)) = (dataset.train.pixels(), dataset.test.pixels()) else {
        return Err(Error::NoPixels { dataset: dataset.name.clone() });
    };
    let unit = |pixels: &[u8]| pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect::<Vec<_>>();
    let width = dataset.features();
    let held_out = dataset.train.len() - dataset.train.len().div_ceil(6);
    let validation = train[held_out * width..].chunks_exact(width).take(VALIDATION_OF_PARZEN);
    let validation: Vec<u8> = validation.flatten().copied().collect();
    let found = evaluation::parzen(&unit(&drawn.pixels), &unit(&validation), &unit(test), width);
    Ok(found.map_err(scoring::Error::from)?)
}

/// Points in the plane, which are their own features.
fn points(values: Vec<f32>) -> Result<Sample, Error> {
    let sample = Sample::new(values.len() / 2, values, 2, Vec::new(), 0);
    Ok(sample.map_err(scoring::Error::from)?)
}

/// As many as `most` of a split's examples, chosen at random where there are more.
fn real(
    split: &Split,
    most: usize,
    stream: &str,
    extractor: Option<&mut Extractor>,
) -> Result<Sample, Error> {
    let mut indices: Vec<usize> = (0..split.len()).collect();
    indices.shuffle(&mut Stream::new(SEED, stream).at(0));
    indices.truncate(most);
    // In the order of the split: which they are is all that counts.
    indices.sort_unstable();
    let rows = |index: &usize| index * split.features()..(index + 1) * split.features();
    match (split.pixels(), extractor) {
        (Pixels::Bytes(bytes), Some(extractor)) => {
            let pixels: Vec<u8> = indices.iter().flat_map(|index| &bytes[rows(index)]).copied().collect();
            Ok(extractor.look(&pixels)?)
        }
        (Pixels::Floats(floats), _) => {
            points(indices.iter().flat_map(|index| &floats[rows(index)]).copied().collect())
        }
        (Pixels::Bytes(_), None) => unreachable!("images have an extractor"),
    }
}

/// Draws samples from a run's checkpoint; where training stood comes with them.
///
/// # Errors
/// If the checkpoint is damaged or another run's, or a sample is not finite.
pub fn drawn_of_run(
    plan: &Plan,
    checkpoint: &Path,
    evaluator: &mut Evaluator,
) -> Result<(u64, Drawn), Error> {
    let (mut model, progress) = samples::restored(plan, checkpoint)?;
    Ok((progress.step, evaluator.draw(&plan.experiment, model.learner())?))
}

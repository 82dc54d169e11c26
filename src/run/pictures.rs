//! Samples as pictures, in the way that suits their data set.

use super::Error;
use crate::config::Experiment;
use crate::config::dataset::{Dataset as Section, Range};
use crate::data::{Dataset, Pixels, Scale};
use crate::figures::{montage, scatter};
use crate::learner::Learner;

/// Points that a scatter plot shows of the data.
const MOST_POINTS: usize = 4000;

/// Sixteen points show nothing: a scatter plot takes as many samples as an eye can tell apart.
const GENERATED_POINTS: usize = 2000;

/// The most examples that are generated at once, so that memory does not grow with their number.
pub(super) const AT_ONCE: usize = 256;

/// How many samples a picture of `grid` (rows, columns) takes.
pub(super) fn samples_per_picture(section: &Section, grid: (usize, usize)) -> usize {
    if section.is_points() { GENERATED_POINTS } else { grid.0 * grid.1 }
}

/// Examples from latent vectors, (n, latent_dim) -> (n, features), for a picture of so many columns: where they are made for classes, a row has
/// one class, and the next row the next.
pub(super) fn generate(
    experiment: &Experiment,
    learner: &mut dyn Learner,
    latents: &[f32],
    columns: usize,
) -> Vec<f32> {
    let latent_dim = experiment.architecture.latent_dim;
    let count = latents.len() / latent_dim;
    let classes = learner.classes();
    let labels: Vec<u32> = match classes {
        Some(classes) => (0..count).map(|index| (index / columns % classes) as u32).collect(),
        None => Vec::new(),
    };
    let parts = (0..count).step_by(AT_ONCE).map(|start| start..(start + AT_ONCE).min(count));
    let mut samples = Vec::new();
    for part in parts {
        let latents = &latents[part.start * latent_dim..part.end * latent_dim];
        samples.extend(learner.sample(latents, labels.get(part).unwrap_or_default()));
    }
    samples
}

/// A PNG of samples: a grid of images, or points over those of `dataset`.
///
/// # Errors
/// If the drawing library refuses.
pub(super) fn draw(
    dataset: &Dataset,
    range: Option<Range>,
    title: &str,
    samples: &[f32],
    grid: (usize, usize),
) -> Result<Vec<u8>, Error> {
    if let (Some(modes), Pixels::Floats(values)) = (&dataset.modes, dataset.train.pixels()) {
        let data: Vec<_> = values.as_chunks().0.iter().take(MOST_POINTS).copied().collect();
        // Three standard deviations: what counts as a sample of high quality in the literature.
        let radius = 3.0 * f64::from(modes.std);
        let circle = |centre: &[f32; 2]| scatter::Mode { center: centre.map(f64::from), radius };
        let modes: Vec<_> = modes.centres.iter().map(circle).collect();
        return Ok(scatter::png(&scatter::Scatter {
            title,
            extent: scatter::Extent::of(&data),
            data: &data,
            modes: &modes,
            generated: samples.as_chunks().0,
        })?);
    }
    let samples = as_images(dataset, range, samples);
    Ok(montage::png(&samples, grid.0, grid.1))
}

/// Numbers as images of the data set's shape.
pub(super) fn as_images<'a>(
    dataset: &Dataset,
    range: Option<Range>,
    values: &'a [f32],
) -> montage::Samples<'a> {
    let (height, width, channels) = dataset.shape;
    montage::Samples {
        data: values,
        height,
        width,
        channels,
        range: range.map_or(Scale::Symmetric, Scale::from),
    }
}

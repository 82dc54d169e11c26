//! New samples from a run's checkpoint. The latent vectors are those of the stream `sample` with the seed, one after the
//! other, so more samples begin with the same ones.

use super::model::Model;
use super::{Error, Plan, configuration_hash, examples, pictures};
use crate::config::architecture::Architecture;
use crate::learner::{Learner, classes_in_turn, fill_latents};
use crate::random::Stream;
use crate::record::{Checkpoint, Npz, atomic};
use crate::training::Progress;
use std::path::Path;

/// The name of the random stream.
const STREAM: &str = "sample";

/// A PNG of samples: a grid of (rows, columns) images, or a scatter plot.
///
/// # Errors
/// If the program lacks the networks, or the checkpoint is damaged or another run's.
pub fn sample_picture(
    plan: &Plan,
    checkpoint: &Path,
    grid: (usize, usize),
    seed: u64,
) -> Result<Vec<u8>, Error> {
    let (mut model, _) = restored(plan, checkpoint)?;
    let experiment = &plan.experiment;
    let count = pictures::samples_per_picture(&experiment.dataset, grid);
    let latents = Model::latents(experiment, seed, STREAM, count);
    let samples = pictures::generate(experiment, model.learner(), &latents, grid.1);
    let dataset = examples::outline(&experiment.dataset)?;
    pictures::draw(&dataset, experiment.dataset.range, &experiment.name, &samples, grid)
}

/// Writes `count` samples and what they were made of to an `.npz` at `path`: `samples` (count, H, W, C), in the range of
/// the data that the generator learned from ([-1, 1] or [0, 1]; points are (count, 1, 1, 2), as they are), and `latents`
/// (count, latent_dim); from a conditional generator also `labels` (count), the classes in turn. All are `f32`. Memory does not grow with `count`.
///
/// # Errors
/// If the program lacks the networks, the checkpoint is damaged or another run's, or the file cannot be written.
pub fn sample_arrays(
    plan: &Plan,
    checkpoint: &Path,
    count: usize,
    seed: u64,
    path: &Path,
) -> Result<(), Error> {
    let (mut model, _) = restored(plan, checkpoint)?;
    let (height, width, channels) = plan.experiment.dataset.shape();
    let latent_dim = plan.experiment.architecture.latent_dim;
    atomic::write_with(path, |file| {
        let mut npz = Npz::new(file);
        let learner = model.learner();
        let labels = classes_in_turn(learner.classes(), count);
        let architecture = &plan.experiment.architecture;
        let samples = drawn(learner, architecture, Stream::new(seed, STREAM), count);
        npz.array("samples", &[count, height, width, channels], samples)?;
        npz.array("latents", &[count, latent_dim], latents(architecture, &Stream::new(seed, STREAM), count))?;
        if !labels.is_empty() {
            let labels = labels.iter().map(|&label| vec![label as f32]);
            npz.array("labels", &[count], labels)?;
        }
        npz.finish()
    })?;
    Ok(())
}

/// The run's model as the checkpoint has it, and where training stood.
pub(super) fn restored(plan: &Plan, checkpoint: &Path) -> Result<(Model, Progress), Error> {
    if !plan.experiment.learner().draws() {
        return Err(Error::DrawsNothing);
    }
    plan.check_built()?;
    let mut model = Model::new(&plan.experiment, &plan.networks)?;
    let read = Checkpoint::read(checkpoint)?;
    read.check_configuration(checkpoint, &configuration_hash(&plan.experiment))?;
    let progress = model.restore(checkpoint, read)?;
    Ok((model, progress))
}

/// `count` samples of the latent vectors that a stream gives, in batches that memory holds; of the classes in turn, where there are classes.
pub(super) fn drawn<'a>(
    learner: &'a mut dyn Learner,
    architecture: &'a Architecture,
    stream: Stream,
    count: usize,
) -> impl Iterator<Item = Vec<f32>> + 'a {
    let labels = classes_in_turn(learner.classes(), count);
    let mut done = 0;
    latents(architecture, &stream, count).map(move |latents| {
        let end = done + latents.len() / architecture.latent_dim;
        let here = labels.get(done..end).unwrap_or_default();
        done = end;
        learner.sample(&latents, here)
    })
}

/// `count` latent vectors of a stream, in batches that memory holds.
fn latents(
    architecture: &Architecture,
    stream: &Stream,
    count: usize,
) -> impl Iterator<Item = Vec<f32>> + use<> {
    let (latent_dim, distribution) = (architecture.latent_dim, architecture.latent);
    let mut generator = stream.at(0);
    (0..count).step_by(pictures::AT_ONCE).map(move |start| {
        let mut latents = vec![0.0; (count - start).min(pictures::AT_ONCE) * latent_dim];
        fill_latents(distribution, &mut generator, &mut latents);
        latents
    })
}

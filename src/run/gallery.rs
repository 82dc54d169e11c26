//! The pictures of an evaluation: what numbers alone do not show.

use super::evaluation::{Drawn, Evaluator, Scores};
use super::{Error, Plan, pictures, samples};
use crate::config::architecture::Latent;
use crate::data::{Dataset, Pixels, Scale};
use crate::evaluation::{Memorisation, Neighbours, class_histogram, memorisation};
use crate::figures::montage::Samples;
use crate::figures::{beside, classes, montage, neighbours, plane};
use crate::learner::{classes_in_turn, draw_latents};
use crate::random::Stream;
use crate::record::atomic;
use crate::scoring;
use std::path::{Path, PathBuf};

/// Samples that are shown with their nearest training images, and how many of these.
const SHOWN: usize = 24;
const NEAREST: usize = 5;
/// Rows and columns of real beside generated images.
const BESIDE: (usize, usize) = (8, 8);
/// Rows of the interpolation, each from one latent vector to another, and images in each.
const INTERPOLATION: (usize, usize) = (8, 10);

/// What was drawn, and what the nearest training images say.
#[derive(Debug)]
pub struct Gallery {
    /// The pictures, in the order in which they were drawn.
    pub files: Vec<PathBuf>,
    /// Of images: how near the samples lie to the training images, beside test images.
    pub memorisation: Option<Memorisation>,
}

/// Draws into `folder`: real beside generated images, samples with their nearest training images, the classes, and the planes of precision and recall and
/// of density and coverage, whichever can be drawn.
///
/// # Errors
/// If a file cannot be written.
pub fn gallery(
    folder: &Path,
    title: &str,
    dataset: &Dataset,
    evaluator: &mut Evaluator,
    drawn: &Drawn,
    scores: &Scores,
) -> Result<Gallery, Error> {
    std::fs::create_dir_all(folder)
        .map_err(|source| crate::record::Error::Write { path: folder.into(), source })?;
    let (mut files, mut copied) = (Vec::new(), None);
    let mut keep = |name: &str, png: Vec<u8>| -> Result<(), Error> {
        let path = folder.join(name);
        atomic::write(&path, &png)?;
        files.push(path);
        Ok(())
    };
    if let (Pixels::Bytes(train), Pixels::Bytes(test)) = (dataset.train.pixels(), dataset.test.pixels()) {
        let size = dataset.features();
        // No more than is shown.
        let first = |pixels: &[u8], count: usize| numbers(&pixels[..pixels.len().min(count * size)]);
        let most = BESIDE.0 * BESIDE.1;
        let (real, generated) = (first(test, most), first(&drawn.pixels, most));
        let note = "the first of the test images, and the first samples";
        let png = beside::png((title, note), &images(dataset, &real), &images(dataset, &generated), BESIDE);
        keep("real_and_generated.png", png)?;

        let shown = SHOWN.min(drawn.sample.count);
        let near = nearest(&generated[..shown * size], &numbers(train), size)?;
        let neighbours: Vec<f32> = near
            .indices
            .iter()
            .flat_map(|&index| numbers(&train[index * size..(index + 1) * size]))
            .collect();
        let distances: Vec<f32> = near.distances.iter().map(|&distance| distance as f32).collect();
        keep(
            "neighbours.png",
            neighbours::png(&neighbours::Neighbours {
                title,
                note: "the nearest training images, by the Euclidean distance of pixels in [0, 1]",
                samples: &images(dataset, &generated[..shown * size]),
                neighbours: &images(dataset, &neighbours),
                distances: &distances,
                per_sample: near.k,
            }),
        )?;
        let (features, unseen) = (evaluator.features(train)?, evaluator.features(test)?);
        let distances = |queries: &[f32]| {
            Neighbours::find(queries, &features.features, features.width, 1).map(|near| near.nearest())
        };
        let found = distances(&drawn.sample.features)
            .and_then(|samples| memorisation(&samples, &distances(&unseen.features)?));
        copied = Some(found.map_err(scoring::Error::from)?);
    }
    let histograms = (class_histogram(&drawn.sample), class_histogram(evaluator.reference().sample()));
    if let (Ok(generated), Ok(real)) = histograms {
        let shares = |counts: Vec<usize>| counts.into_iter().map(|count| count as f64).collect::<Vec<_>>();
        let note = "classes that the extractor's classifier names, of samples and of real examples";
        let png = classes::png((title, note), &dataset.class_names, &shares(generated), &shares(real));
        keep("classes.png", png)?;
    }
    let columns: Vec<&str> = evaluator.columns().collect();
    for (stem, horizontal, vertical) in plane::SCORES {
        let at = |name: &str| columns.iter().position(|column| *column == name);
        let (Some(x), Some(y)) = (at(horizontal), at(vertical)) else { continue };
        let png = plane::png(&plane::Plane {
            title,
            note: &format!("{} samples, 5 nearest neighbours", scores.samples),
            horizontal,
            vertical,
            points: &[plane::Point {
                name: "samples".into(),
                x: scores.scores[x],
                y: scores.scores[y],
                std: None,
            }],
            floor: Some((scores.floors[x], scores.floors[y])),
        })?;
        keep(&format!("{stem}.png"), png)?;
    }
    Ok(Gallery { files, memorisation: copied })
}

/// A PNG of what a run's checkpoint draws on the way from one latent vector to another, a way in each row: on a great circle where latents are normal, whose
/// lengths would otherwise shrink to what the generator has never seen (White 2016, "Sampling generative networks", section 2.1), and else on a line.
///
/// # Errors
/// If the checkpoint is damaged or another run's.
pub fn interpolation(plan: &Plan, checkpoint: &Path) -> Result<Vec<u8>, Error> {
    let (mut model, _) = samples::restored(plan, checkpoint)?;
    let experiment = &plan.experiment;
    let architecture = &experiment.architecture;
    let (rows, columns) = INTERPOLATION;
    let mut ends = vec![0.0; 2 * rows * architecture.latent_dim];
    draw_latents(architecture.latent, &Stream::new(experiment.seed, "interpolation"), 0, &mut ends);
    let mut latents = Vec::new();
    for pair in ends.chunks_exact(2 * architecture.latent_dim) {
        let (from, to) = pair.split_at(architecture.latent_dim);
        for column in 0..columns {
            let way = column as f64 / (columns - 1) as f64;
            latents.extend(between(architecture.latent, from, to, way));
        }
    }
    let learner = model.learner();
    // A row is of one class, where there are classes.
    let labels: Vec<u32> = classes_in_turn(learner.classes(), rows)
        .into_iter()
        .flat_map(|class| [class].repeat(columns))
        .collect();
    let values = learner.sample(&latents, &labels);
    let dataset = super::examples::outline(&experiment.dataset)?;
    let shown = pictures::as_images(&dataset, experiment.dataset.range, &values);
    Ok(montage::png(&shown, rows, columns))
}

/// The latent vector at `way` (0 to 1) between two others.
fn between(distribution: Latent, from: &[f32], to: &[f32], way: f64) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let cosine = dot(from, to) / (dot(from, from) * dot(to, to)).sqrt();
    let angle = libm::acos(cosine.clamp(-1.0, 1.0));
    let (a, b) = match distribution {
        Latent::Normal if angle.is_finite() && libm::sin(angle) > 1e-6 => {
            (libm::sin((1.0 - way) * angle) / libm::sin(angle), libm::sin(way * angle) / libm::sin(angle))
        }
        _ => (1.0 - way, way),
    };
    from.iter().zip(to).map(|(from, to)| (a * f64::from(*from) + b * f64::from(*to)) as f32).collect()
}

/// Levels as numbers in [0, 1].
fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| Scale::Unit.to_number(byte)).collect()
}

fn images<'a>(dataset: &Dataset, data: &'a [f32]) -> Samples<'a> {
    let (height, width, channels) = dataset.shape;
    Samples { data, height, width, channels, range: Scale::Unit }
}

/// The nearest training images, as many as there are to be.
fn nearest(samples: &[f32], train: &[f32], size: usize) -> Result<Neighbours, Error> {
    let k = NEAREST.min(train.len() / size);
    Ok(Neighbours::find(samples, train, size, k).map_err(scoring::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_great_circle_keeps_lengths_and_ends() {
        let (from, to) = ([3.0, 0.0], [0.0, 3.0]);
        for way in [0.0, 0.25, 0.5, 1.0] {
            let point = between(Latent::Normal, &from, &to, way);
            let angle = way * std::f64::consts::FRAC_PI_2;
            let expected = [3.0 * angle.cos(), 3.0 * angle.sin()];
            for (found, expected) in point.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-6, "{way}: {point:?}");
            }
        }
        assert_eq!(between(Latent::Uniform, &from, &to, 0.5), [1.5, 1.5]);
        // Opposite and equal vectors have no great circle of their own.
        assert_eq!(between(Latent::Normal, &[1.0, 0.0], &[-1.0, 0.0], 0.5), [0.0, 0.0]);
        assert_eq!(between(Latent::Normal, &[1.0, 2.0], &[1.0, 2.0], 0.5), [1.0, 2.0]);
    }
}

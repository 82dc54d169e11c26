//! From `[dataset]` to examples in memory.

use crate::config::Experiment;
use crate::config::dataset::{self, Source};
use crate::data::fetch::{Policy, Progress};
use crate::data::idx::Files;
use crate::data::points::{Grid, Ring};
use crate::data::published;
use crate::data::{self, Dataset, Error, Folders, SEED, Scale, Split};
use crate::learner::{Data, Minibatch};
use std::ops::Range as Indices;
use std::path::PathBuf;

/// Loads the data set that the section names, downloading it if it must be and is nowhere.
///
/// # Errors
/// What the data set's own module says.
pub fn load(
    section: &dataset::Dataset,
    folders: &Folders,
    downloading: &mut dyn FnMut(Progress<'_>),
) -> Result<Dataset, Error> {
    let dataset = match &section.source {
        Source::FashionMnist | Source::Mnist | Source::Cifar10 => {
            published::expect(section.name(), "load")?.load(folders, &Policy::default(), downloading)?
        }
        // A fifth as many examples to test on as to learn from.
        Source::Silhouettes { count } => data::silhouettes::dataset(SEED, *count, (count / 5).max(1)),
        Source::SlantedFaces { count } => data::slanted_faces::dataset(SEED, *count, (count / 5).max(1)),
        Source::GaussianRing { modes, radius, std, count } => {
            let ring = Ring { modes: *modes, radius: *radius as f32, std: *std as f32 };
            ring.dataset(SEED, *count, (count / 5).max(1))?
        }
        Source::GaussianGrid { modes, spacing, std, count } => {
            let grid = Grid { modes: *modes, spacing: *spacing as f32, std: *std as f32 };
            grid.dataset(SEED, *count, (count / 5).max(1))?
        }
        Source::ImageFolder { path, shape } => data::image_folder::dataset(path.as_ref(), *shape, folders)?,
        Source::Idx { images, labels, test_images, test_labels, shape } => {
            let path = |name: &Option<String>| name.as_ref().map(Into::into);
            let dataset = data::idx::dataset(&Files {
                images: images.into(),
                labels: path(labels),
                test_images: path(test_images),
                test_labels: path(test_labels),
            })?;
            if dataset.shape != *shape {
                let size = |(height, width, channels)| format!("{height}×{width}×{channels}");
                return Err(Error::Damaged {
                    path: images.into(),
                    reason: format!(
                        "its images are {}, but dataset.shape says {}",
                        size(dataset.shape),
                        size(*shape)
                    ),
                    advice: "set dataset.shape to what the file holds".into(),
                });
            }
            dataset
        }
    };
    Ok(match section.limit {
        Some(limit) => dataset.limit(limit),
        None => dataset,
    })
}

/// As much of a data set as a picture of samples needs: points to lie over, or a shape, which needs no file.
///
/// # Errors
/// For a parameter out of range.
pub(super) fn outline(section: &dataset::Dataset) -> Result<Dataset, Error> {
    if section.is_points() {
        let nowhere = Folders { searched: Vec::new(), cache: PathBuf::new() };
        return load(section, &nowhere, &mut |_| {});
    }
    let (height, width, channels) = section.shape();
    let nothing = || Split::empty(height * width * channels);
    Ok(Dataset::new(section.name(), section.shape(), nothing(), nothing(), Vec::new()))
}

/// How byte pixels become numbers. Points are used as they are, whatever this says.
fn scale(section: &dataset::Dataset) -> Scale {
    section.range.map_or(Scale::Symmetric, Scale::from)
}

/// Whether every example has a label below `classes`.
///
/// # Errors
/// [`run::Error::Labels`](super::Error::Labels) with the first one that has none.
pub(super) fn check_labels(dataset: &Dataset, classes: usize) -> Result<(), super::Error> {
    for (name, split) in [("training", &dataset.train), ("test", &dataset.test)] {
        let reason = match split.labels() {
            None if split.is_empty() => continue,
            None => format!("the {name} examples of {} have none", dataset.name),
            Some(labels) => match labels.iter().position(|&label| usize::from(label) >= classes) {
                None => continue,
                Some(index) => format!(
                    "{name} example {index} of {} has the label {}, and there are {classes} classes (from 0 on)",
                    dataset.name, labels[index]
                ),
            },
        };
        return Err(super::Error::Labels { reason });
    }
    Ok(())
}

/// A data set in memory, as a learner sees it.
pub(super) struct Loaded<'a> {
    dataset: &'a Dataset,
    scale: Scale,
}

impl<'a> Loaded<'a> {
    /// The data set, scaled as the experiment wants it.
    pub(super) fn new(experiment: &Experiment, dataset: &'a Dataset) -> Self {
        Self { dataset, scale: scale(&experiment.dataset) }
    }

    fn gather(&self, split: &Split, indices: &[usize]) -> Minibatch {
        let mut values = vec![0.0; indices.len() * self.dataset.features()];
        split.gather(indices, self.scale, &mut values);
        let labels = split.labels().map(|labels| indices.iter().map(|&index| labels[index]).collect());
        Minibatch { values, labels }
    }
}

impl Data for Loaded<'_> {
    fn training(&self, indices: &[usize]) -> Minibatch {
        self.gather(&self.dataset.train, indices)
    }

    fn test_examples(&self) -> usize {
        self.dataset.test.len()
    }

    fn test(&self, indices: Indices<usize>) -> Minibatch {
        self.gather(&self.dataset.test, &indices.collect::<Vec<_>>())
    }

    fn modes(&self) -> Option<&data::Modes> {
        self.dataset.modes.as_ref()
    }
}

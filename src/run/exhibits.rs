//! The pictures of what a learner makes of the test split.

use super::{Error, Folder, pictures};
use crate::config::Experiment;
use crate::data::Dataset;
use crate::figures::axis::grouped;
use crate::figures::confusion::{self, Confusion};
use crate::figures::mistakes::{self, Mistake};
use crate::figures::montage;
use crate::learner::{Data, Exhibit, Learner};
use crate::record::atomic;

/// Draws them after this epoch, if the learner has some to show.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn draw(
    experiment: &Experiment,
    folder: &Folder,
    dataset: &Dataset,
    data: &dyn Data,
    learner: &mut dyn Learner,
    epoch: u64,
) -> Result<(), Error> {
    let grid = (experiment.logging.montage.rows, experiment.logging.montage.columns);
    // Half of the rows are the examples themselves.
    let pairs = grid.0.div_ceil(2) * grid.1;
    if data.test_examples() == 0 {
        return Ok(());
    }
    let title = format!("{}, epoch {epoch}", experiment.name);
    match learner.exhibit(data, pairs) {
        Some(Exhibit::Reconstructions { inputs, outputs }) if !experiment.dataset.is_points() => {
            let rows = beside(&inputs, &outputs, grid.1 * dataset.features());
            let samples = pictures::as_images(dataset, experiment.dataset.range, &rows);
            let shown = (2 * grid.0.div_ceil(2), grid.1);
            atomic::write(&folder.reconstructions(), &montage::png(&samples, shown.0, shown.1))?;
        }
        // Points beside points show nothing.
        Some(Exhibit::Reconstructions { .. }) | None => {}
        Some(Exhibit::Predictions { classes, labels, predicted }) => {
            let counted = Confusion::new(classes, &labels, &predicted);
            atomic::write(&folder.confusion(), &confusion::png(&title, &counted, &dataset.class_names))?;
            if !experiment.dataset.is_points() {
                let png = draw_mistakes(experiment, dataset, data, &title, (&labels, &predicted));
                atomic::write(&folder.mistakes(), &png)?;
            }
        }
    }
    Ok(())
}

/// A row of examples, a row of what came out, and so on; `row` numbers are a row.
fn beside(inputs: &[f32], outputs: &[f32], row: usize) -> Vec<f32> {
    let mut rows = Vec::with_capacity(inputs.len() + outputs.len());
    for (inputs, outputs) in inputs.chunks(row).zip(outputs.chunks(row)) {
        rows.extend_from_slice(inputs);
        rows.extend_from_slice(outputs);
    }
    rows
}

/// The first of the mistakes: which they are does not depend on how the classifier ranks them.
fn draw_mistakes(
    experiment: &Experiment,
    dataset: &Dataset,
    data: &dyn Data,
    title: &str,
    (labels, predicted): (&[u8], &[u8]),
) -> Vec<u8> {
    let (rows, columns) = (experiment.logging.montage.rows, experiment.logging.montage.columns);
    let wrong = || (0..labels.len()).filter(|&index| labels[index] != predicted[index]);
    let name = |class: u8| {
        let known = dataset.class_names.get(usize::from(class)).cloned();
        known.unwrap_or_else(|| class.to_string())
    };
    let shown: Vec<usize> = wrong().take(rows * columns).collect();
    let mistakes: Vec<Mistake> = shown
        .iter()
        .map(|&index| Mistake { label: name(labels[index]), predicted: name(predicted[index]) })
        .collect();
    let values: Vec<f32> = shown.iter().flat_map(|&index| data.test(index..index + 1).values).collect();
    let samples = pictures::as_images(dataset, experiment.dataset.range, &values);
    let note = format!(
        "{} wrong of {}: what they are, and below the answer",
        grouped(&wrong().count().to_string()),
        grouped(&labels.len().to_string())
    );
    mistakes::png((title, &note), &mistakes, &samples, (rows, columns))
}

//! How samples are scored.
//!
//! A metric is a file here: a function of numbers, which knows neither networks nor files. What is scored comes as a [`Sample`], what it is
//! compared with as a [`Reference`].

mod class_coverage;
mod classifier_score;
mod density_coverage;
mod distances;
mod frechet;
mod kernel;
mod manifold;
mod modes;
mod neighbours;
mod parzen;
mod precision_recall;
mod sample;
mod unscorable;

pub use class_coverage::class_histogram;
pub use modes::{Coverage, SAMPLES_OF_MODES, coverage};
pub use neighbours::{Memorisation, Neighbours, memorisation};
pub use parzen::{Parzen, SAMPLES_OF_PARZEN, VALIDATION_OF_PARZEN, parzen};
pub use sample::{Reference, Sample};
pub use unscorable::Unscorable;

use crate::config::columns::Column;
use crate::config::evaluation::Metric;
use crate::random::Stream;

/// One metric.
pub trait Score: Sync {
    /// Its word and columns.
    fn metric(&self) -> Metric;

    /// What [`Score::score`] gives, in order.
    fn columns(&self) -> &'static [Column] {
        self.metric().columns()
    }

    /// A number for each column: how `samples` compare with the reference. A metric that draws subsets draws them from `randomness`, and gives the
    /// same bytes for the same stream, whatever the threads.
    fn score(
        &self,
        reference: &Reference,
        samples: &Sample,
        randomness: &Stream,
    ) -> Result<Vec<f64>, Unscorable>;
}

/// The one list: a word's metric.
pub fn score(metric: Metric) -> &'static dyn Score {
    match metric {
        Metric::Frechet => &frechet::Frechet,
        Metric::Kernel => &kernel::Kernel,
        Metric::PrecisionRecall => &precision_recall::PrecisionRecall,
        Metric::DensityCoverage => &density_coverage::DensityCoverage,
        Metric::ClassCoverage => &class_coverage::ClassCoverage,
        Metric::ClassifierScore => &classifier_score::ClassifierScore,
    }
}

/// The columns of these metrics, in their order, and how `samples` compare with the reference in each.
pub fn scores(
    metrics: &[Metric],
    reference: &Reference,
    samples: &Sample,
    randomness: &Stream,
) -> Result<Vec<(&'static Column, f64)>, Unscorable> {
    let mut found = Vec::new();
    for metric in metrics.iter().map(|metric| score(*metric)) {
        let numbers = metric.score(reference, samples, randomness)?;
        found.extend(metric.columns().iter().zip(numbers));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

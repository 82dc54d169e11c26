use super::manifold::share;
use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// How the labels that the classifier gives the samples are spread: the share of classes with at least one sample (0 to 1, and 1 is best), and the
/// total variation distance of the labels' histogram from the uniform distribution, ½ Σ |share − 1/classes|, which is the share of
/// samples that would have to change class (0 to 1 − 1/classes, and 0 is best). After the modes and the KL divergence of stacked digits in Srivastava et al.
/// 2017, VEEGAN, section 5.2, with a distance that stays finite and has a unit in place of the divergence.
///
/// A sample belongs to its most probable class, however unsure the classifier is; of equal ones to the first. What is uniform here
/// is the built-in data sets' test splits; for others the floor (real against real) shows how uniform the data are.
pub(super) struct ClassCoverage;

impl Score for ClassCoverage {
    fn metric(&self) -> Metric {
        Metric::ClassCoverage
    }

    fn score(&self, _: &Reference, samples: &Sample, _: &Stream) -> Result<Vec<f64>, Unscorable> {
        let histogram = class_histogram(samples)?;
        let present = histogram.iter().filter(|count| **count > 0).count();
        let even = 1.0 / histogram.len() as f64;
        let apart: f64 = histogram.iter().map(|&count| (share(count, samples.count) - even).abs()).sum();
        Ok(vec![share(present, histogram.len()), apart / 2.0])
    }
}

/// The number of samples of every class, by their most probable one. Fails where there is no classifier.
pub fn class_histogram(samples: &Sample) -> Result<Vec<usize>, Unscorable> {
    let mut histogram = vec![0; samples.classes];
    for numbers in samples.distributions(Metric::ClassCoverage.word())? {
        let first_greatest =
            (1..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best });
        histogram[first_greatest] += 1;
    }
    Ok(histogram)
}

use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// exp(mean over samples of KL(p(y | x) ‖ p(y))), where p(y) is the samples' mean: 1 (all samples alike, or the classifier at a loss) to the number of
/// classes (each sample surely of one, and all equally often). The formula of Salimans et al. 2016, "Improved Techniques for Training GANs", section 4.
///
/// Deviations: the classifier is the data set's own and not the Inception network, so numbers compare with no published Inception score; all
/// samples are one group instead of ten. It never sees the reference: repeating one good image of each class scores best.
pub(super) struct ClassifierScore;

impl Score for ClassifierScore {
    fn metric(&self) -> Metric {
        Metric::ClassifierScore
    }

    fn score(&self, _: &Reference, samples: &Sample, _: &Stream) -> Result<Vec<f64>, Unscorable> {
        let word = Metric::ClassifierScore.word();
        let mut mean = vec![0.0; samples.classes];
        for numbers in samples.distributions(word)? {
            for (mean, &p) in mean.iter_mut().zip(numbers) {
                *mean += f64::from(p) / samples.count as f64;
            }
        }
        // A class of probability 0 adds nothing: p ln p tends to 0.
        let divergence = |numbers: &[f32]| -> f64 {
            let terms = numbers.iter().zip(&mean).filter(|(p, _)| **p > 0.0);
            terms.map(|(&p, mean)| f64::from(p) * (f64::from(p) / mean).ln()).sum()
        };
        let total: f64 = samples.distributions(word)?.map(divergence).sum();
        Ok(vec![(total / samples.count as f64).exp()])
    }
}

use super::manifold::{self, NEIGHBOURS, share};
use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// Precision and recall (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models", section 2).
///
/// A distribution's manifold is the union of balls around its examples, each reaching to the example's k-th nearest other example. Precision is the
/// share of samples in the reference's manifold (quality), recall the share of reference examples in the samples' (variety). Both 0 to 1, and 1 is
/// best; the floor (real against real) is well below 1.
///
/// Deviations: k is 5 instead of 3, as for density and coverage, and balls are open, both as in the `prdc` package; the features are those of
/// the data set's classifier.
pub(super) struct PrecisionRecall;

impl Score for PrecisionRecall {
    fn metric(&self) -> Metric {
        Metric::PrecisionRecall
    }

    fn score(&self, reference: &Reference, samples: &Sample, _: &Stream) -> Result<Vec<f64>, Unscorable> {
        manifold::check(reference, samples, "precision and recall")?;
        let their_squared_radii = manifold::squared_radii(&samples.rows(), NEIGHBOURS);
        let inside = manifold::inside(reference, samples, Some(&their_squared_radii));
        let precise = inside.balls.iter().filter(|balls| **balls > 0).count();
        Ok(vec![share(precise, samples.count), share(inside.recalled, reference.sample().count)])
    }
}

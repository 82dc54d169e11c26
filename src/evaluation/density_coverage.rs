use super::manifold::{self, NEIGHBOURS, share};
use super::{Metric, Reference, Sample, Score, Unscorable};
use crate::random::Stream;

/// Density and coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", section 3.2, with their k = 5).
///
/// Density is the mean number of the reference's balls that a sample lies in, divided by k: at least 0, about 1 for the reference's own distribution,
/// more where samples crowd its dense parts. Coverage is the share of reference examples whose ball holds a sample, 0 to 1; with as many samples as
/// examples of the same distribution it is about 1 − 2⁻ᵏ = 0.97 (there, lemma 2). Unlike precision and recall, one outlier moves neither far.
pub(super) struct DensityCoverage;

impl Score for DensityCoverage {
    fn metric(&self) -> Metric {
        Metric::DensityCoverage
    }

    fn score(&self, reference: &Reference, samples: &Sample, _: &Stream) -> Result<Vec<f64>, Unscorable> {
        manifold::check(reference, samples, "density and coverage")?;
        let inside = manifold::inside(reference, samples, None);
        let balls: u64 = inside.balls.iter().map(|&balls| u64::from(balls)).sum();
        let density = balls as f64 / (NEIGHBOURS * samples.count) as f64;
        Ok(vec![density, share(inside.holding, reference.sample().count)])
    }
}

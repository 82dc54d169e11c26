//! What precision, recall, density and coverage share: a distribution's manifold as balls around its examples.

use std::sync::atomic::{AtomicU32, Ordering};

use super::distances::{Rows, visit};
use super::neighbours::Best;
use super::{Reference, Sample, Unscorable};

/// A ball reaches to the example's so-many-th nearest other example: the k of Naeem et al. 2020, section 3.3. (Kynkäänniemi et al. take 3.)
pub(super) const NEIGHBOURS: usize = 5;

/// The squared distance of every row to its `k`-th nearest other row; there are more than `k`.
pub(super) fn squared_radii(rows: &Rows<'_>, k: usize) -> Vec<f64> {
    let bests = visit(rows, rows, || Best::new(k), |best, near| best.see(near, Some(near.row)));
    bests.into_iter().map(|best| best.last_distance()).collect()
}

/// Which examples lie in whose balls. A ball is open, as in the `prdc` package: an example at exactly the radius is outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inside {
    /// For every sample, the reference's balls that it lies in.
    pub(super) balls: Vec<u32>,
    /// The reference examples whose balls hold a sample.
    pub(super) holding: usize,
    /// The reference examples in a ball of the samples; 0 where these were not asked for.
    pub(super) recalled: usize,
}

/// Counts for these samples; `their_squared_radii` are the squared radii of the samples' balls, where they are needed.
pub(super) fn inside(reference: &Reference, samples: &Sample, their_squared_radii: Option<&[f64]>) -> Inside {
    let balls: Vec<AtomicU32> = (0..samples.count).map(|_| AtomicU32::new(0)).collect();
    let squared_radii = reference.squared_radii();
    let seen = visit(
        &reference.sample().rows(),
        &samples.rows(),
        || (false, false),
        |(holds, is_in), near| {
            for offset in 0..near.approximate.len() {
                let sample = near.first + offset;
                if near.is_below(offset, squared_radii[near.row]) {
                    *holds = true;
                    balls[sample].fetch_add(1, Ordering::Relaxed);
                }
                *is_in =
                    *is_in || their_squared_radii.is_some_and(|radii| near.is_below(offset, radii[sample]));
            }
        },
    );
    Inside {
        balls: balls.into_iter().map(AtomicU32::into_inner).collect(),
        holding: seen.iter().filter(|(holds, _)| *holds).count(),
        recalled: seen.iter().filter(|(_, is_in)| *is_in).count(),
    }
}

/// Fails where there are no `k` neighbours, or where the features are of two kinds.
pub(super) fn check(reference: &Reference, samples: &Sample, what: &'static str) -> Result<(), Unscorable> {
    reference.check(samples)?;
    match reference.sample().count.min(samples.count) {
        found if found <= NEIGHBOURS => Err(Unscorable::TooFew { what, found, least: NEIGHBOURS + 1 }),
        _ => Ok(()),
    }
}

/// `part` of `whole`, 0 to 1.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

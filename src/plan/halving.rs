//! Successive halving (Jamieson and Talwalkar 2016): many configurations train a little, and a part of them train on.

/// One rung: how many trials it has, and the epoch after which it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) trials: usize,
    pub(super) until_epoch: u64,
}

/// The rungs of `trials` trials: after `start` epochs and then `factor` times as many each, up to `epochs`; from rung to
/// rung one in `factor` trials goes on, at least one, and a trial that is alone trains to the end at once.
pub(super) fn rungs(trials: usize, start: u64, factor: u64, epochs: u64) -> Vec<Rung> {
    let mut rungs = Vec::new();
    let (mut trials, mut until_epoch) = (trials, start.min(epochs));
    loop {
        if trials == 1 {
            until_epoch = epochs;
        }
        rungs.push(Rung { trials, until_epoch });
        if until_epoch == epochs {
            return rungs;
        }
        trials = (trials / usize::try_from(factor).unwrap_or(usize::MAX)).max(1);
        until_epoch = until_epoch.saturating_mul(factor).min(epochs);
    }
}

/// The `keep` best of the trials with these losses (the smaller the better; infinite for one that failed, which never
/// goes on), in the order in which they stand; of equals the first.
pub(super) fn survivors(losses: &[(usize, f64)], keep: usize) -> Vec<usize> {
    let mut ranked: Vec<&(usize, f64)> = losses.iter().filter(|(_, loss)| loss.is_finite()).collect();
    ranked.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut kept: Vec<usize> = ranked.into_iter().take(keep).map(|(trial, _)| *trial).collect();
    kept.sort_unstable();
    kept
}

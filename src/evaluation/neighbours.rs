//! The nearest training examples, and what they say about memorisation.

use super::Unscorable;
use super::distances::{Near, Rows, visit};
use super::manifold::share;
use super::sample::check_matrix;

/// The share of held-out examples that lie nearer to the training set than what counts as a copy.
const COPY: f64 = 0.01;

/// For every row of one set, the nearest rows of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// How many are looked for.
    pub k: usize,
    /// (count, k), row by row: where they stand in the other set, the nearest first; of equally near ones the one that stands first.
    pub indices: Vec<usize>,
    /// (count, k), row by row: their Euclidean distances.
    pub distances: Vec<f64>,
}

impl Neighbours {
    /// The `k` rows of `examples` that are nearest to each row of `queries`: matrices (count, `width`) of features, pixels or points. Fails where `k` is 0
    /// or there are fewer than `k` examples, and where a matrix has another shape, or numbers that are not finite.
    pub fn find(queries: &[f32], examples: &[f32], width: usize, k: usize) -> Result<Self, Unscorable> {
        for (what, matrix) in [("queries", queries), ("examples", examples)] {
            check_matrix(what, matrix, matrix.len() / width.max(1), width)?;
        }
        let (queries, examples) = (Rows::new(queries, width), Rows::new(examples, width));
        if k == 0 || examples.count() < k {
            let what = "a search for the nearest neighbours";
            return Err(Unscorable::TooFew { what, found: examples.count().min(k), least: k.max(1) });
        }
        let bests = visit(&queries, &examples, || Best::new(k), |best, near| best.see(near, None));
        let nearest = || bests.iter().flat_map(|best| &best.nearest);
        Ok(Self {
            k,
            indices: nearest().map(|(_, index)| *index).collect(),
            distances: nearest().map(|(distance, _)| distance.sqrt()).collect(),
        })
    }

    /// The distance of each row to its nearest neighbour.
    pub fn nearest(&self) -> Vec<f64> {
        self.distances.iter().step_by(self.k).copied().collect()
    }
}

/// Whether samples are nearer to the training examples than unseen examples of the same distribution are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memorisation {
    /// The probability that a sample is nearer to its nearest training example than a held-out one to its own, ties counting half: 0.5 where samples
    /// are like unseen data, 1 where all are copies, below 0.5 where they are farther off.
    pub nearer: f64,
    /// The share of samples that are nearer to the training set than 99 % of the held-out examples (or not farther than its nearest 1 %): about 0.01 where
    /// samples are like unseen data, 1 where all are copies.
    pub copies: f64,
}

/// What the distances to the nearest training example say, those of samples and those of held-out (test) examples.
///
/// `nearer` is the statistic of Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying in Generative Models", section 3: the
/// Mann-Whitney U of the two sets of distances, as a share of all pairs. Deviation: of the whole space, not of cells of it. A Fréchet distance does not
/// see memorisation: the training set itself scores best. Fails where one set is empty or has a number that is not finite.
pub fn memorisation(samples: &[f64], held_out: &[f64]) -> Result<Memorisation, Unscorable> {
    let sorted = |what, distances: &[f64]| {
        if distances.is_empty() {
            return Err(Unscorable::TooFew { what, found: 0, least: 1 });
        }
        if let Some(row) = distances.iter().position(|distance| !distance.is_finite()) {
            let value = distances[row] as f32;
            return Err(Unscorable::NotFinite { what: "distances", row, column: 0, value });
        }
        let mut sorted = distances.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(sorted)
    };
    let samples = sorted("memorisation (samples)", samples)?;
    let held_out = sorted("memorisation (held-out examples)", held_out)?;
    let wins = samples.iter().map(|sample| {
        let not_farther = held_out.partition_point(|other| other < sample);
        let ties = held_out[not_farther..].partition_point(|other| other <= sample);
        (held_out.len() - not_farther - ties) as f64 + ties as f64 / 2.0
    });
    let pairs = samples.len() as f64 * held_out.len() as f64;
    let nearest = held_out[((held_out.len() as f64 * COPY).ceil() as usize).clamp(1, held_out.len()) - 1];
    let copies = samples.partition_point(|sample| *sample <= nearest);
    Ok(Memorisation { nearer: wins.sum::<f64>() / pairs, copies: share(copies, samples.len()) })
}

/// The nearest rows so far.
pub(super) struct Best {
    /// (squared distance, index), in order; at most as many as were asked for.
    nearest: Vec<(f64, usize)>,
    k: usize,
}

impl Best {
    /// Looks for the `k` nearest, at least 1.
    pub(super) fn new(k: usize) -> Self {
        Self { nearest: Vec::with_capacity(k + 1), k }
    }

    /// Takes in more rows, but for the one of index `except`. Rows come in the order of their indices.
    pub(super) fn see(&mut self, near: &Near<'_>, except: Option<usize>) {
        for offset in 0..near.approximate.len() {
            let index = near.first + offset;
            // Of equally near rows the one that came first stays.
            let enters = self.nearest.len() < self.k || near.is_below(offset, self.last_distance());
            if enters && Some(index) != except {
                let distance = near.exact(offset);
                let at = self.nearest.partition_point(|(other, _)| *other <= distance);
                self.nearest.insert(at, (distance, index));
                self.nearest.truncate(self.k);
            }
        }
    }

    /// The squared distance of the farthest of them; there is at least one.
    pub(super) fn last_distance(&self) -> f64 {
        self.nearest.last().map_or(f64::INFINITY, |(distance, _)| *distance)
    }
}

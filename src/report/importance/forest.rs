//! A random forest for regression (Breiman 2001), small and deterministic.

use rand::Rng;
use rand::seq::index;

use crate::random::Stream;

/// Trees of a forest.
pub(super) const TREES: usize = 64;

/// A leaf holds at least so many points.
const LEAST_LEAF: usize = 2;

/// More cuts one below the other are not made.
const MOST_DEPTH: usize = 24;

enum Node {
    Leaf(f64),
    Cut { feature: usize, at: f64, below: Box<Node>, above: Box<Node> },
}

/// Trees on bootstrap samples.
pub(super) struct Forest {
    trees: Vec<Node>,
    /// For each tree, which points it was shown.
    shown: Vec<Vec<bool>>,
}

struct Data<'a> {
    /// (n, features)
    features: &'a [Vec<f64>],
    targets: &'a [f64],
}

impl Forest {
    /// Fits trees to points, `features` (n, parameters) with n at least 1.
    pub(super) fn fit(features: &[Vec<f64>], targets: &[f64]) -> Self {
        let data = Data { features, targets };
        let n = targets.len();
        let stream = Stream::new(0, "report-forest");
        let mut forest = Self { trees: Vec::new(), shown: Vec::new() };
        for tree in 0..TREES {
            let mut generator = stream.at(tree as u64);
            let sample: Vec<usize> = (0..n).map(|_| generator.gen_range(0..n)).collect();
            let mut shown = vec![false; n];
            for index in &sample {
                shown[*index] = true;
            }
            forest.trees.push(grow(&data, &sample, 0, &mut generator));
            forest.shown.push(shown);
        }
        forest
    }

    /// The mean of the trees.
    pub(super) fn predict(&self, point: &[f64]) -> f64 {
        self.trees.iter().map(|tree| tree.predict(point)).sum::<f64>() / TREES as f64
    }

    /// R² of each point's prediction by the trees that were not shown it: 1 is perfect, 0 as good as the mean.
    pub(super) fn explained_out_of_bag(&self, features: &[Vec<f64>], targets: &[f64]) -> f64 {
        let (mut errors, mut asked) = (0.0, Vec::new());
        for (index, (point, target)) in features.iter().zip(targets).enumerate() {
            let trees = self.trees.iter().zip(&self.shown).filter(|(_, shown)| !shown[index]);
            let predicted: Vec<f64> = trees.map(|(tree, _)| tree.predict(point)).collect();
            if !predicted.is_empty() {
                let mean = predicted.iter().sum::<f64>() / predicted.len() as f64;
                errors += (mean - target).powi(2);
                asked.push(*target);
            }
        }
        if asked.is_empty() {
            f64::NEG_INFINITY
        } else {
            1.0 - errors / squares(&asked).max(f64::MIN_POSITIVE)
        }
    }
}

impl Node {
    fn predict(&self, point: &[f64]) -> f64 {
        match self {
            Self::Leaf(mean) => *mean,
            Self::Cut { feature, at, below, above } => {
                if point[*feature] < *at {
                    below.predict(point)
                } else {
                    above.predict(point)
                }
            }
        }
    }
}

/// Sum of squared distances from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

fn grow(data: &Data<'_>, sample: &[usize], depth: usize, generator: &mut impl Rng) -> Node {
    let targets: Vec<f64> = sample.iter().map(|index| data.targets[*index]).collect();
    let leaf = Node::Leaf(targets.iter().sum::<f64>() / targets.len() as f64);
    if sample.len() < 2 * LEAST_LEAF || depth == MOST_DEPTH {
        return leaf;
    }
    let features = data.features[0].len();
    // Two thirds of the parameters are tried at each cut, so that the trees differ.
    let tried = index::sample(generator, features, (2 * features).div_ceil(3));
    let best = tried
        .into_iter()
        .filter_map(|feature| best_cut(data, sample, feature).map(|(gain, at)| (gain, feature, at)))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let Some((_, feature, at)) = best else {
        return leaf;
    };
    let (below, above): (Vec<usize>, Vec<usize>) =
        sample.iter().partition(|index| data.features[**index][feature] < at);
    Node::Cut {
        feature,
        at,
        below: Box::new(grow(data, &below, depth + 1, generator)),
        above: Box::new(grow(data, &above, depth + 1, generator)),
    }
}

/// By how much the best cut of a feature lowers the squared error, and where it lies; `None` if no cut lowers it.
fn best_cut(data: &Data<'_>, sample: &[usize], feature: usize) -> Option<(f64, f64)> {
    let mut order: Vec<(f64, f64)> =
        sample.iter().map(|index| (data.features[*index][feature], data.targets[*index])).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let n = order.len();
    let total: f64 = order.iter().map(|(_, target)| target).sum();
    let mut left = 0.0;
    let mut best: Option<(f64, f64)> = None;
    for count in 1..n {
        left += order[count - 1].1;
        let (low, high) = (order[count - 1].0, order[count].0);
        if low == high || count < LEAST_LEAF || n - count < LEAST_LEAF {
            continue;
        }
        let right = total - left;
        let gain = left * left / count as f64 + right * right / (n - count) as f64 - total * total / n as f64;
        if gain > 1e-12 * total.abs() && best.is_none_or(|(found, _)| gain > found) {
            best = Some((gain, low / 2.0 + high / 2.0));
        }
    }
    best
}

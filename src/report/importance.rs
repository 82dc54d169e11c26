//! Which parameters matter: the share of the objective's variance that each one's main effect explains.
//!
//! This is the first-order term of a functional analysis of variance (Hutter et al. 2014, "An Efficient Approach for
//! Assessing Hyperparameter Importance"). With f the mean objective of a configuration, m_j(v) the mean of f over all
//! configurations whose parameter j is v, a parameter's share is Var(m_j) / total.
//!
//! On a complete grid f is what was measured, the total is the variance over configurations plus the mean variance over
//! their seeds, and the shares, interactions and seeds add up to 1. Otherwise (drawn parameters, holes in the grid) f is a
//! random forest fitted to the configurations, m_j averages its predictions over all pairs of a value of j and the other
//! parameters of a configuration, and the forest's error out of the bag tells how much to believe of it.

mod forest;

use crate::record::names::short_names;
use std::collections::BTreeMap;

use super::number::{count, fixed};
use super::study::{Configuration, Study};
use super::{configurations, number::Statistic};
use forest::Forest;

/// With fewer configurations a forest says nothing.
const FEWEST: usize = 12;

/// A forest that explains less than this of what it has not seen says nothing either.
const LEAST_EXPLAINED: f64 = 0.1;

/// The most configurations that a forest is asked about: the best and the others at even distances.
const MOST: usize = 120;

/// The shares, or why there are none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Importance {
    /// Short names and shares in 0..=1, largest first; empty where nothing can be said.
    pub(super) shares: Vec<(String, f64)>,
    /// What remains, with its names: interactions, seeds.
    pub(super) rest: Vec<(String, f64)>,
    /// How it was computed, or why not.
    pub(super) explanation: String,
}

impl Importance {
    fn none(explanation: impl Into<String>) -> Self {
        Self { shares: Vec::new(), rest: Vec::new(), explanation: explanation.into() }
    }
}

/// The importance of the parameters that vary; `None` where there is nothing to compare: no sweep, no objective,
/// nothing that varies, or no value.
pub(super) fn importance(study: &Study, ranked: &[Configuration]) -> Option<Importance> {
    study.objective.as_ref()?;
    let varying = configurations::varying(study);
    if varying.is_empty() {
        return None;
    }
    let names = short_names(&study.parameters);
    let names: Vec<String> = varying.iter().map(|index| names[*index].clone()).collect();
    let search: Vec<&Configuration> = ranked.iter().filter(|configuration| !configuration.is_final).collect();
    // Values after fewer epochs, of what halving stopped, cannot be compared with the others.
    let points: Vec<Point> = search
        .iter()
        .filter(|configuration| configuration.complete > 0)
        .filter_map(|configuration| {
            let values = varying.iter().map(|index| configuration.parameters.get(*index).cloned());
            Some(Point { values: values.collect::<Option<_>>()?, objective: configuration.objective? })
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let has_spread = points.windows(2).any(|pair| pair[0].objective.mean != pair[1].objective.mean);
    if points.len() < 3 || !has_spread {
        let message = format!(
            "{} with a value {} too few to tell the parameters' effects apart.",
            count(points.len(), "configuration"),
            if points.len() == 1 { "is" } else { "are" }
        );
        return Some(Importance::none(message));
    }
    Some(if is_full_grid(&points) {
        of_grid(&names, &points)
    } else if points.len() < FEWEST {
        Importance::none(format!(
            "{} do not fill a grid, and fewer than {FEWEST} are too few for an estimate.",
            count(points.len(), "configuration")
        ))
    } else {
        of_forest(&names, &points)
    })
}

/// A configuration: the values of the parameters that vary, and what came of it.
#[derive(Clone, Debug)]
struct Point {
    values: Vec<String>,
    objective: Statistic,
}

/// Whether every combination of values is there, once.
fn is_full_grid(points: &[Point]) -> bool {
    let distinct = |parameter: usize| {
        let mut values: Vec<&String> = points.iter().map(|point| &point.values[parameter]).collect();
        values.sort();
        values.dedup();
        values.len()
    };
    let parameters = points[0].values.len();
    let cells = (0..parameters).try_fold(1_usize, |cells, parameter| cells.checked_mul(distinct(parameter)));
    let mut all: Vec<&Vec<String>> = points.iter().map(|point| &point.values).collect();
    all.sort();
    all.dedup();
    cells == Some(points.len()) && all.len() == points.len()
}

/// Mean of the squared distances from the mean, over n.
fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

fn of_grid(names: &[String], points: &[Point]) -> Importance {
    let means: Vec<f64> = points.iter().map(|point| point.objective.mean).collect();
    let between = variance(&means);
    // Over n, as the other variances: so the parts add up to the whole.
    let seeds: Vec<f64> = points
        .iter()
        .map(|point| {
            let n = point.objective.count as f64;
            point.objective.std.map_or(0.0, |std| std * std * (n - 1.0) / n)
        })
        .collect();
    let within = seeds.iter().sum::<f64>() / seeds.len() as f64;
    let total = between + within;
    let main = |parameter: usize| {
        let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for point in points {
            groups.entry(&point.values[parameter]).or_default().push(point.objective.mean);
        }
        let means: Vec<f64> =
            groups.values().map(|values| values.iter().sum::<f64>() / values.len() as f64).collect();
        variance(&means) / total
    };
    let shares: Vec<f64> = (0..names.len()).map(main).collect();
    let mut rest = Vec::new();
    if names.len() > 1 {
        let interactions = (between / total - shares.iter().sum::<f64>()).max(0.0);
        rest.push(("interactions between parameters".to_owned(), interactions));
    }
    let has_seeds = points.iter().any(|point| point.objective.count > 1);
    if has_seeds {
        rest.push(("the seed".to_owned(), within / total));
    }
    let seeds = if has_seeds {
        "of the runs"
    } else {
        "of the configurations (one seed each: how much of it is chance is not known)"
    };
    let explanation = format!(
        "The share of the objective's variance {seeds} that each parameter explains on its own (main effects on the complete \
         grid of {} configurations: the variance of the mean over everything else). The shares add up to 100\u{a0}%.",
        points.len()
    );
    Importance { shares: sorted(names, &shares), rest, explanation }
}

fn of_forest(names: &[String], points: &[Point]) -> Importance {
    let chosen: Vec<&Point> = if points.len() > MOST {
        (0..MOST).map(|place| &points[place * (points.len() - 1) / (MOST - 1)]).collect()
    } else {
        points.iter().collect()
    };
    let features: Vec<Vec<f64>> = columns(&chosen);
    let targets: Vec<f64> = chosen.iter().map(|point| point.objective.mean).collect();
    let forest = Forest::fit(&features, &targets);
    let explained = forest.explained_out_of_bag(&features, &targets);
    if explained < LEAST_EXPLAINED {
        return Importance::none(format!(
            "A random forest fitted to the {} configurations predicts the objective of those that it was not shown no better than \
             their mean does (R² = {}): what each parameter contributes cannot be told from these runs.",
            chosen.len(),
            fixed(explained, 2)
        ));
    }
    let n = chosen.len();
    let mut all = Vec::with_capacity(n * n);
    let mut shares = Vec::new();
    for parameter in 0..names.len() {
        let mut means = Vec::with_capacity(n);
        for value in &features {
            let mut sum = 0.0;
            for other in &features {
                let mut asked = other.clone();
                asked[parameter] = value[parameter];
                let predicted = forest.predict(&asked);
                sum += predicted;
                all.push(predicted);
            }
            means.push(sum / n as f64);
        }
        shares.push(variance(&means));
    }
    let total = variance(&all).max(shares.iter().sum()).max(f64::MIN_POSITIVE);
    let shares: Vec<f64> = shares.into_iter().map(|share| share / total).collect();
    let interactions = (1.0 - shares.iter().sum::<f64>()).max(0.0);
    let explanation = format!(
        "The share of the variance that each parameter explains on its own in a random forest of {} trees fitted to {} \
         configurations (first-order functional ANOVA, Hutter et al. 2014). The forest explains {}\u{a0}% of the variance of \
         configurations that it was not shown; read small shares with that in mind.",
        forest::TREES,
        chosen.len(),
        fixed(100.0 * explained, 0)
    );
    let rest = if names.len() > 1 {
        vec![("interactions between parameters".to_owned(), interactions)]
    } else {
        Vec::new()
    };
    Importance { shares: sorted(names, &shares), rest, explanation }
}

/// Numbers as they are; words as the rank of their mean objective, so that a tree can cut them apart in the best places.
fn columns(points: &[&Point]) -> Vec<Vec<f64>> {
    let parameters = points[0].values.len();
    let encode = |parameter: usize| -> Vec<f64> {
        let numbers: Option<Vec<f64>> = points
            .iter()
            .map(|point| point.values[parameter].parse().ok().filter(|number: &f64| number.is_finite()))
            .collect();
        numbers.unwrap_or_else(|| {
            let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
            for point in points {
                groups.entry(&point.values[parameter]).or_default().push(point.objective.mean);
            }
            let mut ranks: Vec<(f64, &str)> = groups
                .iter()
                .map(|(word, values)| (values.iter().sum::<f64>() / values.len() as f64, *word))
                .collect();
            ranks.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
            let rank = |word: &str| ranks.iter().position(|(_, other)| *other == word).unwrap_or(0) as f64;
            points.iter().map(|point| rank(&point.values[parameter])).collect()
        })
    };
    let by_parameter: Vec<Vec<f64>> = (0..parameters).map(encode).collect();
    (0..points.len()).map(|point| by_parameter.iter().map(|column| column[point]).collect()).collect()
}

fn sorted(names: &[String], shares: &[f64]) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = names.iter().cloned().zip(shares.iter().copied()).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all
}

#[cfg(test)]
mod tests;

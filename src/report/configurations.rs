//! Runs that differ in their seed only, taken together.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::number::Statistic;
use super::study::{Configuration, Run, Study};
use crate::record::columns::TIMINGS;
use crate::record::evaluation::{FLOOR, is_score};
use crate::record::history::Goal;
use crate::record::names::short_names;
use crate::record::sweep::RunState;

/// Every configuration, best first; those of the final phase before those of the search.
pub(super) fn ranked(study: &Study) -> Vec<Configuration> {
    let mut groups: BTreeMap<(bool, usize), Vec<usize>> = BTreeMap::new();
    for (index, run) in study.runs.iter().enumerate() {
        groups.entry((run.row.is_final, run.row.trial)).or_default().push(index);
    }
    let mut configurations: Vec<_> = groups
        .into_iter()
        .map(|((is_final, trial), runs)| configuration(study, trial, is_final, runs))
        .collect();
    configurations.sort_by(|a, b| compare(a, b, study.goal()));
    configurations
}

fn configuration(study: &Study, trial: usize, is_final: bool, runs: Vec<usize>) -> Configuration {
    let rows = || runs.iter().map(|index| &study.runs[*index].row);
    let complete = rows().filter(|row| row.state == RunState::Complete).count();
    // Values of different lengths of training must not be mixed.
    let counted = if complete > 0 { RunState::Complete } else { RunState::Stopped };
    let counts = || rows().filter(|row| row.state == counted);
    let metric =
        |metric: usize| Statistic::of(counts().filter_map(|row| row.metrics.get(metric).copied().flatten()));
    Configuration {
        trial,
        is_final,
        parameters: rows().next().map(|row| row.parameters.clone()).unwrap_or_default(),
        complete,
        objective: Statistic::of(counts().filter_map(|row| row.objective)),
        metrics: (0..study.metrics.len()).map(metric).collect(),
        runs,
    }
}

/// The final phase first, then whole before partly complete before stopped before lost, then by objective, then by trial.
fn compare(a: &Configuration, b: &Configuration, goal: Goal) -> Ordering {
    let class = |of: &Configuration| match (of.is_whole(), of.complete > 0, of.objective.is_some()) {
        (true, ..) => 0,
        (_, true, true) => 1,
        (_, true, false) => 2,
        (_, false, true) => 3,
        _ => 4,
    };
    let value = |of: &Configuration| of.objective.map(|objective| objective.mean);
    let by_value = match (value(a), value(b)) {
        (Some(a), Some(b)) if goal.prefers(a, b) => Ordering::Less,
        (Some(a), Some(b)) if goal.prefers(b, a) => Ordering::Greater,
        _ => Ordering::Equal,
    };
    (b.is_final.cmp(&a.is_final)).then(class(a).cmp(&class(b))).then(by_value).then(a.trial.cmp(&b.trial))
}

/// The positions of the parameters that take more than one value.
pub(super) fn varying(study: &Study) -> Vec<usize> {
    let differs = |parameter: &usize| {
        study.runs.windows(2).any(|pair| {
            let value = |run: usize| pair[run].row.parameters.get(*parameter);
            value(0) != value(1)
        })
    };
    (0..study.parameters.len()).filter(differs).collect()
}

/// The positions of the metrics that a table of configurations shows: the scores of evaluations, then the first `most` others, without what
/// tells how fast a run was or how it was scored. What `is_shown` already is left out.
pub(super) fn shown_metrics(study: &Study, most: usize, is_shown: impl Fn(&str) -> bool) -> Vec<usize> {
    let names: Vec<&str> = study.metrics.iter().map(String::as_str).collect();
    let scores = scores(&names);
    let has_scores = !scores.is_empty();
    let wanted = |index: &usize| {
        let name = names[*index];
        let is_aside = name.ends_with("gradient_norm") || TIMINGS.contains(&name);
        !is_aside && !is_shown(name) && (!has_scores || is_score(name))
    };
    let others = (0..names.len()).filter(|index| !scores.contains(index)).filter(wanted).take(most);
    scores.iter().copied().filter(|index| !is_shown(names[*index])).chain(others).collect()
}

/// The positions of the scores of evaluations among the names of columns: those that have a floor.
pub(super) fn scores(names: &[&str]) -> Vec<usize> {
    let has_floor = |name: &str| names.contains(&format!("{name}{FLOOR}").as_str());
    (0..names.len()).filter(|index| is_score(names[*index]) && has_floor(names[*index])).collect()
}

/// `learning_rate = 0.0002, update = alternating`, of the parameters that vary.
pub(super) fn describe(study: &Study, configuration: &Configuration) -> String {
    let names = short_names(&study.parameters);
    let shown: Vec<String> = varying(study)
        .into_iter()
        .filter_map(|index| Some(format!("{} = {}", names[index], configuration.parameters.get(index)?)))
        .collect();
    if shown.is_empty() { "the only configuration".to_owned() } else { shown.join(", ") }
}

/// A run's parameters and seed in a few words.
pub(super) fn setting(study: &Study, run: &Run) -> String {
    let names = short_names(&study.parameters);
    let mut parts: Vec<String> = varying(study)
        .into_iter()
        .filter_map(|index| Some(format!("{} = {}", names[index], run.row.parameters.get(index)?)))
        .collect();
    parts.push(format!("seed {}", run.row.seed));
    if run.row.is_final {
        parts.push("final".to_owned());
    }
    parts.join(", ")
}

//! The page's tables: configurations, runs that failed, every run.

use super::super::configurations::{setting, shown_metrics, varying};
use super::super::number::{column, duration, number};
use super::super::outcome::Outcome;
use super::super::provenance::cell;
use super::super::study::{Configuration, Run, Study};
use crate::record::names::short_names;
use crate::record::sweep::{RunState, TABLE};

/// Rows of the table of configurations, those that can be unfolded included.
const MOST_CONFIGURATIONS: usize = 200;

/// Rows of it that are seen at once.
const SEEN_CONFIGURATIONS: usize = 12;

/// Rows of the tables of runs.
pub(super) const MOST_RUNS: usize = 500;

/// Columns of metrics beside the objective and the scores.
const MOST_METRICS: usize = 6;

/// The table of configurations.
pub(super) struct Table {
    pub(super) objective: Option<String>,
    pub(super) parameters: Vec<String>,
    pub(super) metrics: Vec<String>,
    /// Those that are seen at once.
    pub(super) rows: Vec<TableRow>,
    /// Those that can be unfolded.
    pub(super) more: Vec<TableRow>,
    pub(super) notes: Vec<String>,
}

pub(super) struct TableRow {
    pub(super) is_best: bool,
    pub(super) is_final: bool,
    pub(super) rank: String,
    pub(super) objective: String,
    pub(super) parameters: Vec<String>,
    pub(super) runs: String,
    pub(super) metrics: Vec<String>,
}

/// A run that ended badly.
pub(super) struct Lost {
    pub(super) run: String,
    pub(super) state: RunState,
    pub(super) what: String,
    pub(super) reason: String,
    pub(super) epochs: u64,
}

pub(super) struct RunRow {
    pub(super) index: usize,
    pub(super) run: String,
    pub(super) state: RunState,
    pub(super) epochs: u64,
    pub(super) objective: String,
    pub(super) started: String,
    pub(super) seconds: String,
}

/// The table of configurations; none of a single run.
pub(super) fn table(study: &Study, ranked: &[Configuration], outcome: &Outcome) -> Option<Table> {
    if !study.is_sweep {
        return None;
    }
    let varying = varying(study);
    let names = short_names(&study.parameters);
    let objective = study.objective.as_ref().map(|objective| objective.column.as_str());
    // The objective may be the best of a run's values, the column beside it is the last one.
    let is_last = study.objective.as_ref().is_some_and(|objective| objective.value == "last");
    let metrics = shown_metrics(study, MOST_METRICS, |name| is_last && Some(name) == objective);
    let shown = &ranked[..ranked.len().min(MOST_CONFIGURATIONS)];
    let objectives = column(&shown.iter().map(|configuration| configuration.objective).collect::<Vec<_>>());
    let values: Vec<Vec<String>> = metrics
        .iter()
        .map(|metric| column(&shown.iter().map(|found| found.metrics[*metric]).collect::<Vec<_>>()))
        .collect();
    let mut place = 0;
    let rows = shown.iter().enumerate().map(|(index, configuration)| {
        place += usize::from(!configuration.is_final);
        let is_ranked = !configuration.is_final && configuration.is_whole();
        let parameters = varying
            .iter()
            .map(|parameter| configuration.parameters.get(*parameter).cloned().unwrap_or_default());
        TableRow {
            is_best: outcome.best == Some(index),
            is_final: configuration.is_final,
            rank: if is_ranked { place.to_string() } else { "–".to_owned() },
            objective: objectives[index].clone(),
            parameters: parameters.collect(),
            runs: format!("{}/{}", configuration.complete, configuration.runs.len()),
            metrics: values.iter().map(|column| column[index].clone()).collect(),
        }
    });
    let mut rows: Vec<TableRow> = rows.collect();
    let mut notes =
        vec!["Mean ± standard deviation over the complete runs of each configuration.".to_owned()];
    if rows.iter().any(|row| row.is_final) {
        notes.push(
            "Final: the best configuration run again with seeds that were not used to choose it.".to_owned(),
        );
    }
    let fixed: Vec<String> = (0..study.parameters.len())
        .filter(|index| !varying.contains(index))
        .filter_map(|index| {
            let value = study.runs.first()?.row.parameters.get(index)?;
            Some(format!("{} = {value}", study.parameters[index]))
        })
        .collect();
    if !fixed.is_empty() {
        notes.push(format!("The same in all runs: {}.", fixed.join(", ")));
    }
    // One or two more are not worth a click.
    let seen = if rows.len() > SEEN_CONFIGURATIONS + 2 { SEEN_CONFIGURATIONS } else { rows.len() };
    let more = rows.split_off(seen);
    if ranked.len() > MOST_CONFIGURATIONS {
        notes.push(format!("The first {MOST_CONFIGURATIONS} of {}; all are in {TABLE}.", ranked.len()));
    }
    Some(Table {
        objective: study.objective.as_ref().map(|objective| {
            format!("{} {}", if objective.value == "best" { "best" } else { "last" }, objective.column)
        }),
        parameters: varying.iter().map(|index| names[*index].clone()).collect(),
        metrics: metrics.iter().map(|index| format!("last {}", study.metrics[*index])).collect(),
        rows,
        more,
        notes,
    })
}

/// The runs that ended badly, and what is left out of them.
pub(super) fn lost(study: &Study) -> (Vec<Lost>, String) {
    let all: Vec<&Run> = study.runs.iter().filter(|run| run.is_lost()).collect();
    let lost = all.iter().take(MOST_RUNS).map(|run| Lost {
        run: run.row.run.clone(),
        state: run.row.state,
        what: setting(study, run),
        reason: if run.row.reason.is_empty() {
            "no reason was recorded".into()
        } else {
            run.row.reason.clone()
        },
        epochs: run.row.epochs,
    });
    let note = if all.len() > MOST_RUNS {
        format!("The first {MOST_RUNS} of {}; all are in {TABLE}.", all.len())
    } else {
        String::new()
    };
    (lost.collect(), note)
}

/// Every run of a sweep, and what is left out of them.
pub(super) fn runs(study: &Study) -> (Vec<RunRow>, String) {
    if !study.is_sweep {
        return (Vec::new(), String::new());
    }
    let row = |run: &Run| RunRow {
        index: run.row.index,
        run: run.row.run.clone(),
        state: run.row.state,
        epochs: run.row.epochs,
        objective: run.row.objective.map_or_else(|| "–".to_owned(), number),
        started: cell(run, "started").replace('T', " ").replace('Z', ""),
        seconds: cell(run, "seconds_training").parse().map_or_else(|_| String::new(), duration),
    };
    let note = if study.runs.len() > MOST_RUNS {
        format!("The first {MOST_RUNS} of {}; all are in {TABLE}.", study.runs.len())
    } else {
        String::new()
    };
    (study.runs.iter().take(MOST_RUNS).map(row).collect(), note)
}

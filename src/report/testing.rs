//! Studies made by hand, for the tests of this module.

use std::path::PathBuf;

use super::study::{Run, Study};
use crate::record::sweep::{Objective, RunState, SweepRow, provenance};

/// A run: trial, values of the parameters, seed, and the objective where it is complete.
pub(super) type Row<'a> = (usize, &'a [&'a str], u64, Option<f64>);

/// A sweep that minimises the last `g_loss`; a run without a value has failed.
pub(super) fn sweep(parameters: &[&str], rows: &[Row<'_>]) -> Study {
    let run = |(index, (trial, values, seed, objective)): (usize, &Row<'_>)| {
        let row = SweepRow {
            index,
            trial: *trial,
            is_final: false,
            parameters: values.iter().map(|value| (*value).to_owned()).collect(),
            seed: *seed,
            run: format!("run{index}"),
            state: if objective.is_some() { RunState::Complete } else { RunState::Failed },
            reason: if objective.is_some() { String::new() } else { "exit code 3".to_owned() },
            epochs: 3,
            steps: 30,
            objective: *objective,
            metrics: vec![*objective],
            provenance: provenance(None),
        };
        Run { row, folder: Some(PathBuf::from(format!("run{index}"))), history: None, damage: Vec::new() }
    };
    Study {
        folder: PathBuf::from("results/x"),
        name: "x".into(),
        description: String::new(),
        sweep: None,
        is_sweep: true,
        parameters: parameters.iter().map(|key| (*key).to_owned()).collect(),
        metrics: vec!["g_loss".into()],
        objective: Some(Objective { column: "g_loss".into(), goal: "min".into(), value: "last".into() }),
        runs: rows.iter().enumerate().map(run).collect(),
    }
}

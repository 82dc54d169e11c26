//! `training.early_stop`: when a training ends before its length.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::check::{Bounds, Finding, Findings, Mark};
use crate::config::columns;
use crate::config::key::path;
use crate::config::sweep::Goal;
use crate::config::words;

/// The training ends after an epoch when `patience` epochs in a row were no better than the best before them: Prechelt's (1998) early stopping
/// as Keras counts it. An epoch's value is the mean of its rows in `metrics.csv`; one that is not finite is no better than any.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop {
    /// A column of `metrics.csv` that is measured, not timed.
    pub column: String,
    /// Epochs, 1 to 1,000,000.
    pub patience: u64,
    /// Which end of the column is good; default max for accuracies, ELBOs and modes, min for every other column.
    pub mode: Goal,
    /// How much better than the best a value must be to count, 0 to 1e9; default 0.
    pub min_delta: f64,
}

/// Ends the training when a column no longer gets better.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// A column of metrics.csv.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = measured()))]
    column: Option<String>,
    /// Epochs in a row that may be no better than the best before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    patience: Option<i64>,
    /// Which end of the column is good; default max for accuracies, ELBOs and modes, min for every other column.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Goal>,
    /// How much better than the best a value must be to count; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "maximum" = 1e9))]
    min_delta: Option<f64>,
}

/// The columns that a training can go by: a timing would end the same file after another number of epochs each time.
fn measured() -> Vec<&'static str> {
    columns::all().chain(columns::scores()).map(|column| column.name).collect()
}

impl Section {
    pub(super) fn resolve(self, findings: &mut Findings) -> EarlyStop {
        for (key, given, example) in [
            ("column", self.column.is_some(), "column = \"g_loss\""),
            ("patience", self.patience.is_some(), "patience = 10"),
        ] {
            if !given {
                let at = path(&format!("training.early_stop.{key}"));
                let message = format!("`training.early_stop` needs the key `{key}`");
                let finding = Finding::new(at, Mark::Table, message).label("incomplete");
                findings.add(finding.help(format!("add {example}")));
            }
        }
        if let Some(column) = &self.column {
            check_column(column, findings);
        }
        let patience = self.patience.unwrap_or(1);
        EarlyStop {
            mode: self.mode.unwrap_or_else(|| Goal::of(self.column.as_deref().unwrap_or_default())),
            column: self.column.unwrap_or_default(),
            patience: findings.whole("training.early_stop.patience", patience, 1..=1_000_000, "epochs"),
            min_delta: findings.number(
                "training.early_stop.min_delta",
                self.min_delta.unwrap_or(0.0),
                Bounds::Within(0.0, 1e9),
            ),
        }
    }
}

fn check_column(column: &str, findings: &mut Findings) {
    let known = measured();
    if !known.contains(&column) {
        let near = words::nearest(column, &known).map(|near| format!("did you mean `{near}`? "));
        let message = format!("`training.early_stop.column` is {column:?}, which is not measured");
        let at = path("training.early_stop.column");
        let finding = Finding::new(at, Mark::Value, message).label("no measured column");
        let near = near.unwrap_or_default();
        findings.add(finding.help(format!("{near}the columns are {}", words::list(&known))));
    }
}

impl From<&EarlyStop> for Section {
    fn from(stop: &EarlyStop) -> Self {
        Self {
            column: Some(stop.column.clone()),
            patience: Some(stop.patience as i64),
            mode: Some(stop.mode),
            min_delta: Some(stop.min_delta),
        }
    }
}

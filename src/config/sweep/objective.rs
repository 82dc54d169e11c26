//! `sweep.objective`: the column that says which configuration is best.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::check::{Finding, Findings, Mark};
use crate::config::columns::{self, Column, TIMINGS};
use crate::config::evaluation::{Evaluation, Metric};
use crate::config::key::path;
use crate::config::words;

/// What decides which configuration is best: one number per run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// A column of `metrics.csv` or `evaluation.csv`.
    pub column: String,
    /// Which end of it is good; default [`Goal::of`] the column.
    pub goal: Goal,
    /// Which row of the run counts; default [`RowChoice::Last`].
    pub value: RowChoice,
}

/// Which end of a column is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// The smaller the better.
    Min,
    /// The larger the better.
    Max,
}

impl Goal {
    /// The usual goal for a column: what its learner or its metric says, [`Goal::Min`] for the timings.
    pub fn of(column: &str) -> Self {
        let is_max = columns::find(column).is_some_and(|column| column.is_higher_better);
        if is_max { Self::Max } else { Self::Min }
    }

    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// Which row of a run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowChoice {
    /// The last one whose value is finite.
    Last,
    /// The best one.
    Best,
}

impl RowChoice {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best => "best",
        }
    }
}

impl Objective {
    /// Whether `a` is better than `b`; both finite.
    pub fn is_better(&self, a: f64, b: f64) -> bool {
        match self.goal {
            Goal::Min => a < b,
            Goal::Max => a > b,
        }
    }

    /// A run's one number, from the column's values in the order of the rows; `None` where none is finite.
    pub fn choose(&self, values: impl IntoIterator<Item = f64>) -> Option<f64> {
        let finite = values.into_iter().filter(|value| value.is_finite());
        match self.value {
            RowChoice::Last => finite.last(),
            RowChoice::Best => finite.reduce(|a, b| if self.is_better(b, a) { b } else { a }),
        }
    }

    /// Whether the column is one of `evaluation.csv`.
    pub fn is_of_evaluation(&self) -> bool {
        Metric::of_column(&self.column).is_some()
    }

    /// `the smallest last g_loss`.
    pub fn describe(&self) -> String {
        let goal = match self.goal {
            Goal::Min => "smallest",
            Goal::Max => "largest",
        };
        match self.value {
            RowChoice::Last => format!("the {goal} last {}", self.column),
            RowChoice::Best => format!("the {goal} {} of any row", self.column),
        }
    }
}

/// The column that decides which configuration is best.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Section {
    /// A column of metrics.csv, or one of evaluation.csv that `evaluation.metrics` brings.
    #[schemars(extend("enum" = all_columns()))]
    column: String,
    /// Which end of it is good; default max for accuracies, ELBOs and scores such as recall, min for every other column.
    goal: Option<Goal>,
    /// Which row of a run counts; default last.
    value: Option<RowChoice>,
}

impl Section {
    pub(super) fn resolve(
        self,
        measured: &[Column],
        evaluation: Option<&Evaluation>,
        findings: &mut Findings,
    ) -> Objective {
        check_column(&self.column, measured, evaluation, findings);
        Objective {
            goal: self.goal.unwrap_or_else(|| Goal::of(&self.column)),
            column: self.column,
            value: self.value.unwrap_or(RowChoice::Last),
        }
    }
}

/// Every column that runs can have.
fn all_columns() -> Vec<&'static str> {
    let measured = columns::all().map(|column| column.name).chain(TIMINGS);
    measured.chain(columns::scores().map(|column| column.name)).collect()
}

/// The columns that the file's runs are going to have; `measured` are the learner's.
fn columns(measured: &[Column], evaluation: Option<&Evaluation>) -> Vec<&'static str> {
    let metrics = evaluation.map_or(&[][..], |evaluation| &evaluation.metrics);
    let scores = Metric::ALL.into_iter().filter(|metric| metrics.contains(metric)).flat_map(Metric::columns);
    let measured = measured.iter().map(|column| column.name).chain(TIMINGS);
    measured.chain(scores.map(|column| column.name)).collect()
}

fn check_column(column: &str, measured: &[Column], evaluation: Option<&Evaluation>, findings: &mut Findings) {
    let known = columns(measured, evaluation);
    if known.contains(&column) {
        return;
    }
    let finding = |message: String| Finding::new(path("sweep.objective.column"), Mark::Value, message);
    if ["epoch", "step"].contains(&column) {
        let message = format!("`{column}` counts, and says nothing about how good a run is");
        let help = format!("the columns are {}", words::list(&known));
        findings.add(finding(message).label("not an objective").help(help));
    } else if let Some(metric) = Metric::of_column(column) {
        let (message, help) = match evaluation {
            None => (
                format!("`{column}` is a column of evaluation.csv, but the file has no [evaluation]"),
                format!("add [evaluation] with metrics = [\"{}\"]", metric.word()),
            ),
            Some(_) => (
                format!("`{column}` is not measured: `evaluation.metrics` does not name `{}`", metric.word()),
                format!("add \"{}\" to `evaluation.metrics`", metric.word()),
            ),
        };
        findings.add(finding(message).label("not measured").help(help));
    } else if columns::find(column).is_some() {
        let message = format!("`{column}` is no column of this experiment's learner");
        let help = format!("the columns are {}", words::list(&known));
        findings.add(finding(message).label("not measured").help(help));
    } else {
        let near = words::nearest(column, &all_columns()).map(|near| format!("did you mean `{near}`? "));
        let help = format!("{}the columns are {}", near.unwrap_or_default(), words::list(&known));
        findings.add(finding(format!("unknown column `{column}`")).label("unknown column").help(help));
    }
}

/// Notes that `who` cannot do without an objective.
pub(super) fn missing(
    who: &str,
    measured: &[Column],
    evaluation: Option<&Evaluation>,
    findings: &mut Findings,
) {
    let message = format!("{who} needs to know what is best");
    let best = measured.iter().rfind(|column| column.is_headline).map_or("seconds", |column| column.name);
    let column = if columns(measured, evaluation).contains(&"frechet") { "frechet" } else { best };
    let finding = Finding::new(path("sweep.objective"), Mark::Table, message).label("incomplete");
    findings
        .add(finding.help(format!("add objective = {{ column = \"{column}\", goal = \"min\" }} to [sweep]")));
}

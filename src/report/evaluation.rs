//! How close a run's samples came to the data: the last and the best of each score beside what real examples reach, and `evaluation.png`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::exhibits::Exhibit;
use super::number::{brief, number};
use super::study::Study;
use crate::figures::axis::grouped;
use crate::figures::embed;
use crate::record::History;
use crate::record::columns::find;
use crate::record::evaluation::{FLOOR, STD, is_score};
use crate::record::history::{Goal, Table};

/// The file of the numbers, and that of the picture.
const TABLE: &str = "evaluation.csv";
const PICTURE: &str = "evaluation.png";

/// What a run's evaluations came to.
pub(super) struct Evaluation {
    pub(super) scores: Vec<Row>,
    /// The epoch of the last evaluation.
    pub(super) last_epoch: u64,
    /// What was compared, in a sentence.
    pub(super) note: String,
    pub(super) picture: Option<Exhibit>,
    /// Why there is no picture where there is a file.
    pub(super) damage: Option<String>,
}

/// A score.
pub(super) struct Row {
    pub(super) name: String,
    /// What it measures; empty where that is not known.
    pub(super) what: &'static str,
    /// In the last evaluation, with its standard deviation where there is one.
    pub(super) last: String,
    pub(super) best: String,
    /// The epoch of the best.
    pub(super) epoch: String,
    /// What real examples score against the same reference, in the last evaluation.
    pub(super) floor: String,
    pub(super) better: &'static str,
}

/// The evaluation table of a run, if there is a row in it.
fn table(history: &History) -> Option<&Table> {
    history.tables.iter().find(|table| table.file == TABLE && !table.rows.is_empty())
}

/// The columns of a run's evaluations, in the order of the file.
pub(super) fn columns(history: &History) -> Vec<&str> {
    table(history).map_or(&[][..], |table| &table.columns).iter().map(String::as_str).collect()
}

/// The evaluation of a single run; none of a sweep, whose table of configurations has the scores.
pub(super) fn evaluation(study: &Study) -> Option<Evaluation> {
    let history = study.runs.first()?.history.as_ref().filter(|_| !study.is_sweep)?;
    let table = table(history)?;
    let last = table.rows.last()?;
    let cell = |column: &str| table.index(column).map(|index| last[index]);
    let shown = |value: Option<f64>| match value {
        Some(value) => number(value),
        None => "–".to_owned(),
    };
    let row = |name: &str| {
        let std = cell(&format!("{name}{STD}")).filter(|std| std.is_finite());
        let goal = Goal::of(name);
        let best = history.best(name, goal);
        Row {
            name: name.to_owned(),
            what: find(name).map_or("", |column| column.what),
            last: match (cell(name).filter(|last| last.is_finite()), std) {
                (Some(last), Some(std)) => format!("{} ± {}", number(last), brief(std)),
                _ => shown(cell(name)),
            },
            best: shown(best.map(|(_, value)| value)),
            epoch: best.map_or_else(|| "–".to_owned(), |(epoch, _)| epoch.to_string()),
            floor: shown(cell(&format!("{name}{FLOOR}")).filter(|floor| !floor.is_nan())),
            better: if goal == Goal::Minimum { "lower" } else { "higher" },
        }
    };
    let count = |column: &str| {
        cell(column).filter(|count| *count >= 0.0).map(|count| grouped(&format!("{count:.0}")))
    };
    let note = match (count("samples"), count("reference")) {
        (Some(samples), Some(reference)) => format!(
            "{samples} samples against {reference} real examples. Real: what other real examples score against the same ones."
        ),
        _ => String::new(),
    };
    let path = history.folder.join(PICTURE);
    let picture = path.exists().then(|| embed::figure_from_file(&path)).transpose();
    let (picture, damage) = match picture {
        Ok(picture) => (picture, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let exhibit = |embed::Embedded { width, height, png }| Exhibit {
        caption: "The scores of each evaluation",
        width,
        height,
        picture: format!("data:image/png;base64,{}", STANDARD.encode(png)),
    };
    Some(Evaluation {
        scores: columns(history).into_iter().filter(|column| is_score(column)).map(row).collect(),
        // A whole number, as was checked when it was read.
        last_epoch: cell("epoch").unwrap_or_default() as u64,
        note,
        picture: picture.map(exhibit),
        damage,
    })
}

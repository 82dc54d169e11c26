//! A comparison as a table of texts, Markdown, CSV and JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::field::Which;
use super::statistics::{Statistics, number};
use super::{Comparison, Group, Run};
use crate::record::history::Goal;

/// What stands in a cell without a value.
const NOTHING: &str = "–";

/// The most runs that are named one by one below a table.
const MOST_NAMED: usize = 20;

/// Which side a column's cells stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Headers and rows of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The columns' names and sides.
    pub header: Vec<(String, Side)>,
    /// As many texts as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// The comparison as people read it: the number of each group, what differs, how many seeds are counted, states where a run
/// did not complete, and mean ± standard deviation of each metric.
pub fn table(comparison: &Comparison) -> Text {
    let mut header = vec![("#".to_owned(), Side::Right)];
    for (index, name) in comparison.short_parameters().into_iter().enumerate() {
        let values = || comparison.groups.iter().filter_map(|group| group.settings[index].as_ref());
        let is_number = values().all(|value| value.parse::<f64>().is_ok());
        header.push((name, if is_number { Side::Right } else { Side::Left }));
    }
    header.push(("seeds".to_owned(), Side::Right));
    let is_all_complete = comparison.groups.iter().flat_map(|group| &group.runs).all(Run::is_complete);
    if !is_all_complete {
        header.push(("states".to_owned(), Side::Left));
    }
    header.extend(comparison.metrics.iter().map(|metric| (metric.name(), Side::Right)));

    let row = |(index, group): (usize, &Group)| {
        let mut row = vec![(index + 1).to_string()];
        row.extend(group.settings.iter().map(|value| value.clone().unwrap_or_else(|| NOTHING.to_owned())));
        row.push(group.counted.to_string());
        if !is_all_complete {
            row.push(states(group));
        }
        row.extend(group.values.iter().map(|value| cell(value.as_ref(), group)));
        row
    };
    Text { header, rows: comparison.groups.iter().enumerate().map(row).collect() }
}

fn cell(value: Option<&Statistics>, group: &Group) -> String {
    match value {
        None => NOTHING.to_owned(),
        Some(value) if value.count < group.counted => format!("{} (n = {})", value.shown(), value.count),
        Some(value) => value.shown(),
    }
}

/// `2 complete, 1 diverged`.
pub fn states(group: &Group) -> String {
    let words: Vec<String> =
        group.states().into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    words.join(", ")
}

/// What has to be said about the numbers, a sentence each.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let mut notes = Vec::new();
    let counted = if comparison.with_unfinished {
        "all runs, also those that did not complete"
    } else {
        "the complete runs"
    };
    notes.push(format!("Values: mean ± standard deviation (n − 1) over the seeds of {counted}."));
    let highest: Vec<&str> = comparison
        .metrics
        .iter()
        .filter(|metric| metric.which == Which::Best && metric.goal == Goal::Maximum)
        .map(|metric| metric.column.as_str())
        .collect();
    if comparison.metrics.iter().any(|metric| metric.which == Which::Best) {
        let but = match highest.as_slice() {
            [] => String::new(),
            names => format!(", the highest of {}", names.join(", ")),
        };
        notes.push(format!("Best: the lowest value of each run{but}."));
    }
    if let [group] = comparison.groups.as_slice()
        && group.runs.len() > 1
    {
        notes.push("The runs differ in their seeds alone.".to_owned());
    }
    let runs = || comparison.groups.iter().flat_map(|group| &group.runs);
    let unfinished = runs().filter(|run| !run.is_complete()).map(|run| {
        let reason = run.history.run.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
        format!("{} is {}{reason}", run.history.folder.display(), run.history.state)
    });
    add_some(
        &mut notes,
        unfinished.collect(),
        "runs did not complete; `atelier list --where state!=complete` names them",
    );
    let repeated = comparison.repeated.iter().map(|attempt| {
        let (folder, counted) = (attempt.folder.display(), attempt.counted.display());
        format!("{folder} is not counted: {counted} has the same configuration and seed")
    });
    add_some(&mut notes, repeated.collect(), "repeated attempts are not counted");
    let apart = comparison.apart.iter();
    let apart =
        apart.map(|folder| format!("{} is left out: its experiment.toml cannot be read", folder.display()));
    add_some(&mut notes, apart.collect(), "runs are left out, as their experiment.toml cannot be read");
    notes.extend(differences(comparison));
    notes
}

fn add_some(notes: &mut Vec<String>, mut more: Vec<String>, rest: &str) {
    let left = more.len().saturating_sub(MOST_NAMED);
    more.truncate(MOST_NAMED);
    notes.extend(more);
    if left > 0 {
        notes.push(format!("{left} more {rest}"));
    }
}

/// Differences between runs that no setting tells, and that can change numbers.
fn differences(comparison: &Comparison) -> Vec<String> {
    let mut found = Vec::new();
    let mut data: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for run in comparison.groups.iter().flat_map(|group| &group.runs) {
        let path = run.history.settings.iter().filter(|(key, _)| key.starts_with("dataset."));
        let configuration: String = path.map(|(key, value)| format!("{key}={value};")).collect();
        let hashes = data.entry((run.history.run.dataset.name.as_str(), configuration)).or_default();
        let hash = run.history.run.dataset.sha256.as_str();
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    for ((name, _), hashes) in data.iter().filter(|(_, hashes)| hashes.len() > 1) {
        found.push(format!("Caution: {name} had {} different contents in these runs.", hashes.len()));
    }
    let mut tell = |what: &str, value: &dyn Fn(&Run) -> String| {
        let runs = comparison.groups.iter().flat_map(|group| &group.runs);
        let values: BTreeSet<String> = runs.map(value).collect();
        if values.len() > 1 {
            let some: Vec<&str> = values.iter().take(4).map(String::as_str).collect();
            let more = if values.len() > 4 { ", …" } else { "" };
            found.push(format!(
                "These runs were made with {} {what}: {}{more}.",
                values.len(),
                some.join(", ")
            ));
        }
    };
    tell("versions of the program", &|run| {
        let provenance = &run.history.run.provenance;
        let commit = provenance.git_commit.as_deref().map_or("", |commit| commit.get(..8).unwrap_or(commit));
        let dirty = if provenance.git_dirty == Some(true) { " with changes" } else { "" };
        format!("{} {commit}{dirty}", provenance.program_version).trim_end().to_owned()
    });
    tell("processors", &|run| {
        let provenance = &run.history.run.provenance;
        provenance.gpu.clone().unwrap_or_else(|| provenance.cpu.clone())
    });
    found
}

/// A GitHub-flavoured Markdown table, with the notes below.
pub fn markdown(comparison: &Comparison) -> String {
    let Text { header, rows } = table(comparison);
    let escaped = |cell: &str| cell.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(header.iter().map(|(name, _)| escaped(name)).collect());
    let rule = |side: &Side| if *side == Side::Left { "---" } else { "---:" }.to_owned();
    text += &line(header.iter().map(|(_, side)| rule(side)).collect());
    for row in &rows {
        text += &line(row.iter().map(|cell| escaped(cell)).collect());
    }
    text.push('\n');
    for note in notes(comparison) {
        text += &format!("{}\n", escaped(&note).replace('<', "&lt;"));
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A row per group: full keys of what differs, how many runs are counted and in which states they are, and mean, standard
/// deviation and count of each metric; an empty cell where there is no number.
pub fn csv(comparison: &Comparison) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header: Vec<String> = vec!["group".to_owned()];
    header.extend(comparison.parameters.iter().cloned());
    header.extend(["seeds", "states"].map(str::to_owned));
    for metric in &comparison.metrics {
        let name = format!("{}_{}", metric.column, metric.which.word());
        header.extend(["mean", "std", "n"].map(|part| format!("{name}_{part}")));
    }
    let mut records = vec![header];
    for (index, group) in comparison.groups.iter().enumerate() {
        let mut record = vec![(index + 1).to_string()];
        record.extend(group.settings.iter().map(|value| value.clone().unwrap_or_default()));
        record.extend([group.counted.to_string(), states(group)]);
        for value in &group.values {
            let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
            record.push(text(value.map(|value| value.mean)));
            record.push(text(value.and_then(|value| value.deviation)));
            record.push(value.map_or(0, |value| value.count).to_string());
        }
        records.push(record);
    }
    for record in records {
        writer.write_record(record).expect("memory takes every byte, and all records are of one length");
    }
    writer.into_inner().expect("memory takes every byte")
}

/// Everything that the table says and the runs behind it.
pub fn json(comparison: &Comparison) -> serde_json::Value {
    let statistics = |value: &Statistics| json!({"n": value.count, "mean": value.mean, "std": value.deviation, "min": value.lowest, "max": value.highest});
    let group = |(index, group): (usize, &Group)| {
        let settings: serde_json::Map<_, _> = comparison
            .parameters
            .iter()
            .cloned()
            .zip(group.settings.iter().map(|value| json!(value)))
            .collect();
        let mut values = serde_json::Map::new();
        for (metric, value) in comparison.metrics.iter().zip(&group.values) {
            let entry = values.entry(metric.column.clone()).or_insert_with(|| json!({}));
            entry[metric.which.word()] = json!(value.as_ref().map(statistics));
        }
        let run = |run: &Run| {
            let file = &run.history.run;
            json!({"folder": run.history.folder, "state": run.history.state, "seed": file.seed, "error": file.error})
        };
        json!({
            "group": index + 1,
            "settings": settings,
            "seeds": group.counted,
            "states": group.states().into_iter().collect::<BTreeMap<_, _>>(),
            "values": values,
            "runs": group.runs.iter().map(run).collect::<Vec<_>>(),
        })
    };
    json!({
        "parameters": comparison.parameters,
        "metrics": comparison.metrics.iter().map(|metric| json!({
            "column": metric.column,
            "value": metric.which.word(),
            "goal": if metric.goal == Goal::Minimum { "min" } else { "max" },
        })).collect::<Vec<_>>(),
        "groups": comparison.groups.iter().enumerate().map(group).collect::<Vec<_>>(),
        "notes": notes(comparison),
    })
}

/// A value for the terminal's lists.
pub fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), number)
}

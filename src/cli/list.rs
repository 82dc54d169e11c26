//! `atelier list [DIR]`.

use super::Exit;
use super::arguments::{List, Selection};
use super::exit::Failure;
use super::output;
use super::table::{Align, duration, render_wide};
use crate::compare::field::{Field, ordered};
use crate::compare::filter::Condition;
use crate::compare::output::shown;
use crate::compare::{Goals, Rows, Run, WITHOUT_EFFECT, index, select};
use crate::config::columns;
use crate::config::names::short_names;
use crate::record::{atomic, history};
use std::collections::BTreeMap;

/// Longer settings, such as lists of layers, are cut in the table.
const MOST_LETTERS: usize = 32;

pub(super) fn list(arguments: &List) -> Result<Exit, Failure> {
    if !arguments.folder.is_dir() {
        let message = format!(
            "{} is not a folder; runs write into `results` unless --out says otherwise",
            arguments.folder.display()
        );
        return Err(Failure::new(Exit::Damaged, message));
    }
    // The JSON has the whole last row.
    let rows = if arguments.json { Rows::Kept } else { Rows::Dropped };
    let (runs, errors) = select::read(&history::find(&arguments.folder), rows);
    let exit = complain_about(&runs, &errors);
    let is_empty = runs.is_empty() && errors.is_empty();
    if arguments.index {
        let path = arguments.folder.join(index::NAME);
        atomic::write(&path, &index::csv(&arguments.folder, &runs, &arguments.selection.goals()))?;
        if !arguments.json {
            output::complain(format_args!("wrote {}", path.display()));
        }
    }
    if runs.is_empty() {
        if is_empty && !arguments.json {
            output::line(format_args!("no runs in {}", arguments.folder.display()))?;
        }
        return Ok(exit);
    }
    let all = runs.len();
    let runs = arguments.selection.apply(runs)?;
    if arguments.json {
        for run in &runs {
            output::line(as_json(run))?;
        }
    } else if runs.is_empty() {
        output::line(format_args!("none of the {all} runs in {} is like this", arguments.folder.display()))?;
    } else {
        print(&runs, arguments.selection.sort_key())?;
    }
    Ok(exit)
}

/// Tells what could not be read, and what the program exits with then: runs that are missing are an error, and damage
/// inside a run that is shown all the same is a warning.
pub(super) fn complain_about(runs: &[Run], errors: &[crate::record::Error]) -> Exit {
    for damage in runs.iter().flat_map(|run| &run.history.damage) {
        output::complain(format_args!("warning: {damage}"));
    }
    for error in errors {
        output::complain(format_args!("error: {error}"));
    }
    if errors.is_empty() { Exit::Done } else { Exit::Damaged }
}

impl Selection {
    /// Which values are the better ones.
    pub(super) fn goals(&self) -> Goals {
        Goals { maximized: self.maximize.clone(), minimized: self.minimize.clone() }
    }

    /// What is sorted by, without the sign.
    pub(super) fn sort_key(&self) -> Option<&str> {
        let key = self.sort.as_deref()?;
        Some(key.strip_prefix('-').unwrap_or(key))
    }

    /// Whether the highest come first.
    pub(super) fn is_descending(&self) -> bool {
        self.descending != self.sort.as_deref().is_some_and(|key| key.starts_with('-'))
    }

    /// The runs that are meant, in the order that is asked for.
    fn apply(&self, runs: Vec<Run>) -> Result<Vec<Run>, Failure> {
        let goals = self.goals();
        let field = self.sort_key().map(|name| Field::resolve(name, &runs, &goals)).transpose()?;
        let mut runs = Condition::select(&self.conditions, runs, &goals)?;
        if let Some(field) = field {
            runs.sort_by_cached_key(|run| Sorted(field.text(run), self.is_descending()));
        }
        Ok(runs)
    }
}

/// A value in the order of a list.
#[derive(PartialEq, Eq)]
struct Sorted(Option<String>, bool);

impl Ord for Sorted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        ordered(self.0.as_deref(), other.0.as_deref(), self.1)
    }
}

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The settings that tell runs of one experiment apart. What differs between experiments is their subject; their names
/// stand in the folders.
fn telling(runs: &[Run]) -> Vec<String> {
    let mut by_experiment: BTreeMap<&str, Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for run in runs {
        by_experiment.entry(&run.history.run.experiment).or_default().push(&run.history.settings);
    }
    let ignored = [&["name"], &WITHOUT_EFFECT[..]].concat();
    let mut keys = Vec::new();
    for settings in by_experiment.into_values() {
        for key in history::differing(settings, &ignored) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    // The seed last, as it varies fastest.
    keys.sort_by_key(|key| key == "seed");
    keys
}

fn print(runs: &[Run], sort_key: Option<&str>) -> Result<(), Failure> {
    let settings = telling(runs);
    let mut columns: Vec<&str> = Vec::new();
    let evaluated =
        runs.iter().flat_map(|run| &run.history.tables).filter(|table| table.file != "metrics.csv");
    let evaluated = evaluated.flat_map(|table| &table.columns).map(String::as_str);
    for column in columns::headlines().into_iter().chain(evaluated).chain(sort_key) {
        let is_there = runs.iter().any(|run| run.values.contains_key(column));
        if is_there && !["epoch", "step"].contains(&column) && !columns.contains(&column) {
            columns.push(column);
        }
    }
    let mut header = vec![("run".to_owned(), Align::Left), ("state".to_owned(), Align::Left)];
    // `epochs` without more is how many are done.
    let is_taken = |name: &str| ["run", "state", "epochs", "training", "started"].contains(&name);
    let names = short_names(&settings).into_iter().zip(&settings);
    let names = names.map(|(name, key)| if is_taken(&name) { key.clone() } else { name });
    header.extend(names.map(|name| (name, Align::Right)));
    header.push(("epochs".to_owned(), Align::Right));
    header.extend(columns.iter().map(|column| ((*column).to_owned(), Align::Right)));
    header.extend([("training".to_owned(), Align::Right), ("started".to_owned(), Align::Left)]);
    let row = |run: &Run| {
        let file = &run.history.run;
        let mut row = vec![run.history.folder.display().to_string(), run.history.state.to_owned()];
        let setting = |key: &String| run.history.settings.get(key).map_or("–", String::as_str);
        row.extend(settings.iter().map(|key| cut(setting(key))));
        row.push(file.epochs_done.to_string());
        row.extend(columns.iter().map(|column| shown(run.values.get(*column).map(|value| value.last))));
        row.extend([duration(file.seconds_training), file.started.to_string()]);
        row
    };
    output::bytes(render_wide(&header, &runs.iter().map(row).collect::<Vec<_>>()).as_bytes())
}

/// The beginning of a long value, without what a terminal would obey: it comes from a file.
pub(super) fn cut(text: &str) -> String {
    let letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    if text.chars().count() <= MOST_LETTERS {
        return letters.collect();
    }
    letters.take(MOST_LETTERS - 1).chain(['…']).collect()
}

/// `run.toml`, with the folder, the state as it is now, the settings, and the last row of `metrics.csv` under `last`.
fn as_json(run: &Run) -> serde_json::Value {
    let history = &run.history;
    let mut line = serde_json::json!(history.run);
    line["folder"] = serde_json::json!(history.folder);
    line["state"] = serde_json::json!(history.state);
    line["settings"] = serde_json::json!(history.settings);
    let last = |file: &str| {
        let table = history.tables.iter().find(|table| table.file == file)?;
        let row = table.rows.last()?;
        let pairs = table.columns.iter().zip(row).map(|(column, value)| {
            let value = match column.as_str() {
                "epoch" | "step" => serde_json::json!(*value as u64),
                _ => serde_json::json!(value),
            };
            (column.clone(), value)
        });
        Some(pairs.collect::<serde_json::Map<_, _>>())
    };
    line["last"] = serde_json::json!(last("metrics.csv"));
    if let Some(evaluation) = last("evaluation.csv") {
        line["evaluation"] = serde_json::json!(evaluation);
    }
    line
}

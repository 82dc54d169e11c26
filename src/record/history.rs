//! Runs read back from their files, for lists, comparisons and reports.
//!
//! Nothing here depends on which columns a CSV file has, or on which keys an experiment has: what a later version adds is
//! read as well. A run whose `run.toml` is sound can always be read; what else is damaged is left out, and told in
//! [`History::damage`].

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::lock::RunLock;
use super::run_file::{self, RunFile, State};
use super::{Error, Result, read_limited};
use crate::config::{columns, names};

pub use table::Table;

/// The CSV files of a run, in the order in which their columns are looked up.
const TABLES: [&str; 2] = ["metrics.csv", "evaluation.csv"];

/// The resolved configuration's file.
const EXPERIMENT: &str = "experiment.toml";

/// The state of a run that says `running` while nobody holds its lock.
pub const KILLED: &str = "killed";

/// More of `experiment.toml` is not read.
const MOST_EXPERIMENT_BYTES: u64 = 1 << 20;

/// The most elements of one list that become settings of their own.
const MOST_ELEMENTS: usize = 16;

/// Tables of the experiment that are written under headings of their own below their section's; other tables inside a
/// section are values on one line.
const HEADED: [&str; 5] = ["generator", "discriminator", "encoder", "decoder", "classifier"];

const EXPERIMENT_ADVICE: &str = "mend the line, or give the run again; until then its settings are left out";

/// What a run has left behind, from its files alone.
#[derive(Debug)]
pub struct History {
    /// The run's folder, as it was given.
    pub folder: PathBuf,
    /// `run.toml`.
    pub run: RunFile,
    /// The state's word in `run.toml`, or [`KILLED`] where the run says `running` and nobody holds its lock.
    pub state: &'static str,
    /// Every dotted key of `experiment.toml` with its value as text: words bare, numbers as people write them. A table on
    /// one line is there as a whole (`objective.regularizer` is `{ r1 = { gamma = 1 } }`) and by its keys
    /// (`objective.regularizer.r1.gamma` is `1`).
    pub settings: BTreeMap<String, String>,
    /// `metrics.csv` and `evaluation.csv`, those that are there.
    pub tables: Vec<Table>,
    /// Epochs and files of `samples/epoch_*.png`, in order.
    pub montages: Vec<(u64, PathBuf)>,
    /// What could not be read besides: a file each, which is then left out of the fields above.
    pub damage: Vec<Error>,
}

/// Which values of a column are the better ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Low ones, as of a distance.
    Minimum,
    /// High ones, as of a coverage.
    Maximum,
}

impl Goal {
    /// The usual goal for a column: what its learner says, else high for shares of what should be covered or look real (`precision`, `recall`,
    /// `density`, `coverage`, `accuracy` and names that end in one of these), low for losses, distances and all others.
    pub fn of(column: &str) -> Self {
        if columns::find(column).is_some_and(|column| column.is_higher_better) {
            return Self::Maximum;
        }
        let last = column.rsplit(['_', '-', '.']).next().unwrap_or_default();
        match last {
            "precision" | "recall" | "density" | "coverage" | "accuracy" => Self::Maximum,
            _ => Self::Minimum,
        }
    }

    /// Whether `a` is better than `b`; NaN is never better.
    pub fn prefers(self, a: f64, b: f64) -> bool {
        match self {
            Self::Minimum => a < b,
            Self::Maximum => a > b,
        }
    }
}

impl History {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// If there is no `run.toml`, or it is damaged. Other damage is told in [`History::damage`].
    pub fn read(folder: &Path) -> Result<Self> {
        let run = RunFile::read(&folder.join(run_file::NAME))?;
        let mut damage = Vec::new();
        let mut settings = match read_settings(&folder.join(EXPERIMENT)) {
            Ok(settings) => settings,
            Err(error) => {
                damage.push(error);
                BTreeMap::new()
            }
        };
        // These two are known in any case.
        settings.entry("name".to_owned()).or_insert_with(|| run.experiment.clone());
        settings.entry("seed".to_owned()).or_insert_with(|| run.seed.to_string());
        let mut tables = Vec::new();
        for file in TABLES {
            match Table::read(&folder.join(file)) {
                Ok(table) => tables.extend(table),
                Err(error) => damage.push(error),
            }
        }
        let montages = montages(&folder.join("samples")).unwrap_or_else(|error| {
            damage.push(error);
            Vec::new()
        });
        let state = state(folder, &run);
        Ok(Self { folder: folder.to_owned(), run, state, settings, tables, montages, damage })
    }

    /// The column's epochs, steps and values, row by row, NaN for an empty cell; nothing for a column that is not there.
    pub fn series(&self, column: &str) -> Vec<(u64, u64, f64)> {
        self.cells(column).collect()
    }

    /// The column's last finite value.
    pub fn last(&self, column: &str) -> Option<f64> {
        let finite = self.cells(column).filter(|(_, _, value)| value.is_finite());
        finite.last().map(|(_, _, value)| value)
    }

    /// The column's best finite value with its epoch; the first of equal ones.
    pub fn best(&self, column: &str, goal: Goal) -> Option<(u64, f64)> {
        let finite = self.cells(column).filter(|(_, _, value)| value.is_finite());
        finite.fold(None, |best: Option<(u64, f64)>, (epoch, _, value)| match best {
            Some((_, found)) if !goal.prefers(value, found) => best,
            _ => Some((epoch, value)),
        })
    }

    /// The names of all columns but `epoch` and `step`, in the order of the files.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let all = self.tables.iter().flat_map(|table| &table.columns);
        all.map(String::as_str).filter(|name| !matches!(*name, "epoch" | "step"))
    }

    fn cells(&self, column: &str) -> impl Iterator<Item = (u64, u64, f64)> {
        let found = self.tables.iter().find_map(|table| Some((table, table.index(column)?)));
        found.into_iter().flat_map(|(table, index)| {
            let (epoch, step) = table.place;
            // Whole numbers, as was checked when they were read.
            table.rows.iter().map(move |row| (row[epoch] as u64, row[step] as u64, row[index]))
        })
    }
}

/// Where a run stands: one that says `running` while nobody holds its lock was killed.
pub fn state(folder: &Path, run: &RunFile) -> &'static str {
    match run.state {
        State::Running if matches!(RunLock::is_held(folder), Ok(None)) => KILLED,
        state => state.as_str(),
    }
}

/// The folders of runs at or below `path`, sorted: those with a `run.toml`. What a sweep has prepared and not yet started
/// has none, and is no run yet.
pub fn find(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries = WalkDir::new(path).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let Ok(entry) = entry else { continue };
        // A given folder may be a link; below it, links are not followed.
        let is_folder = entry.file_type().is_dir() || (entry.depth() == 0 && entry.path().is_dir());
        if is_folder && entry.path().join(run_file::NAME).symlink_metadata().is_ok() {
            found.push(entry.into_path());
            // There are no runs inside a run.
            entries.skip_current_dir();
        }
    }
    found
}

/// The settings that differ between runs, in the order of their keys: those that a table needs to tell the runs apart.
/// `ignored` keys are left out. Where all runs have a table of the same kind on one line, its keys are given
/// (`objective.regularizer.r1.gamma`, and `optimizer.betas.0` of the list `betas`); where they do not, the whole value (`objective.regularizer`).
pub fn differing<'a>(
    runs: impl IntoIterator<Item = &'a BTreeMap<String, String>>,
    ignored: &[&str],
) -> Vec<String> {
    let runs: Vec<_> = runs.into_iter().collect();
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.keys()).collect();
    let varies = |key: &str| runs.windows(2).any(|pair| pair[0].get(key) != pair[1].get(key));
    let varying: BTreeSet<&str> =
        keys.into_iter().map(String::as_str).filter(|key| !ignored.contains(key) && varies(key)).collect();
    let in_all = |key: &str| runs.iter().all(|run| run.contains_key(key));
    let is_below = |key: &str, table: &str| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
    // A table is told by its keys if every run has every one of them that varies.
    let is_told_by_keys = |table: &str| {
        let mut below = varying.iter().filter(|key| is_below(key, table)).peekable();
        below.peek().is_some() && below.all(|key| in_all(key))
    };
    let is_shown = |key: &&str| {
        let above = varying.iter().filter(|table| is_below(key, table));
        !is_told_by_keys(key) && above.clone().all(|table| is_told_by_keys(table))
    };
    varying.iter().copied().filter(is_shown).map(str::to_owned).collect()
}

/// The dotted keys of an experiment's file.
fn read_settings(path: &Path) -> Result<BTreeMap<String, String>> {
    let bytes = read_limited(path, MOST_EXPERIMENT_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::damaged(format!("{}:{line}", path.display()), "this is not UTF-8 text", EXPERIMENT_ADVICE)
    })?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let (line, column) = run_file::line_and_column(text, start);
        let place = format!("{}:{line}:{column}", path.display());
        Error::damaged(place, error.message().replace('\n', ", "), EXPERIMENT_ADVICE)
    })?;
    let mut settings = BTreeMap::new();
    for (key, value) in &table {
        flatten(&mut settings, key, value, 0);
    }
    Ok(settings)
}

/// Of a list whose elements have names, each is a setting of its own, too.
fn flatten(settings: &mut BTreeMap<String, String>, key: &str, value: &toml::Value, depth: usize) {
    let toml::Value::Table(table) = value else {
        settings.insert(key.to_owned(), text(value, false));
        if let (toml::Value::Array(items), true) = (value, names::has_named_elements(key)) {
            let items = items.iter().enumerate().take(MOST_ELEMENTS);
            settings.extend(items.map(|(index, item)| (format!("{key}.{index}"), text(item, true))));
        }
        return;
    };
    let name = key.rsplit('.').next().unwrap_or(key);
    if depth > 0 && !(depth == 1 && HEADED.contains(&name)) {
        settings.insert(key.to_owned(), text(value, true));
    }
    for (name, inner) in table {
        flatten(settings, &format!("{key}.{name}"), inner, depth + 1);
    }
}

/// A value on one line, as the experiment's file is written; a word alone is bare.
fn text(value: &toml::Value, is_inside: bool) -> String {
    match value {
        toml::Value::String(word) if !is_inside => word.clone(),
        toml::Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number}"),
        toml::Value::Float(number) => format!("{number:?}"),
        toml::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| text(item, true)).collect();
            format!("[{}]", items.join(", "))
        }
        toml::Value::Table(table) => {
            let entries: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", text(value, true))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// The pictures of a folder, by epoch; none if the folder is not there.
fn montages(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| Error::read(folder, source))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| Error::read(folder, source))?;
        let name = entry.file_name();
        let digits = name
            .to_str()
            .and_then(|name| name.strip_prefix("epoch_"))
            .and_then(|name| name.strip_suffix(".png"))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(epoch) = digits.and_then(|digits| digits.parse().ok()) {
            found.push((epoch, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;

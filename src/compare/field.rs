//! What a run can be filtered and sorted by: facts of the run, settings and measured columns, each by its name.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Goals, Run};
use crate::record::history::Goal;
use crate::record::names::readable;

/// Facts of a run, as in `run.toml`; `folder` is its path, and `seed` its seed.
pub const FACTS: [&str; 12] = [
    "folder",
    "experiment",
    "run",
    "state",
    "seed",
    "started",
    "ended",
    "seconds_training",
    "epochs_done",
    "steps_done",
    "resumed",
    "configuration_hash",
];

/// Which value of a column is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The last.
    Last,
    /// The best.
    Best,
}

impl Which {
    /// The word: `last` or `best`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best => "best",
        }
    }
}

/// Something that each run has, or has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// One of [`FACTS`].
    Fact(&'static str),
    /// A dotted key of the experiment.
    Setting(String),
    /// A column of a CSV file.
    Metric {
        /// Its name.
        column: String,
        /// Which of its values.
        which: Which,
        /// Which values are the better ones.
        goal: Goal,
    },
}

/// Why a name means no field.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has this name.
    #[error("no run has a setting or column `{name}`{}", hint(.nearest))]
    Unknown {
        /// The name.
        name: String,
        /// A name that was perhaps meant.
        nearest: Option<String>,
    },
    /// No column has this name.
    #[error("no run has a column `{name}`{}; there are {known}", hint(.nearest))]
    NoColumn {
        /// The name.
        name: String,
        /// A column that was perhaps meant.
        nearest: Option<String>,
        /// All columns.
        known: String,
    },
    /// Several settings end in this name.
    #[error("`{name}` may be {}; say which", listed(.candidates))]
    Ambiguous {
        /// The name.
        name: String,
        /// What it may be.
        candidates: Vec<String>,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

impl Field {
    /// What a name means among these runs: a fact, a dotted key, a column (`frechet` or `frechet.last` is its last value,
    /// `frechet.best` its best), or the end of a dotted key (`loss` of `objective.loss`, `beta1` of `optimizer.betas.0`) where only one has
    /// it.
    ///
    /// # Errors
    /// If nothing has the name, with the nearest one; if several settings end in it.
    pub fn resolve(name: &str, runs: &[Run], goals: &Goals) -> Result<Self, Error> {
        if let Some(fact) = FACTS.iter().find(|fact| **fact == name) {
            return Ok(Self::Fact(fact));
        }
        let settings: BTreeSet<&str> =
            runs.iter().flat_map(|run| run.history.settings.keys()).map(String::as_str).collect();
        if settings.contains(name) {
            return Ok(Self::Setting(name.to_owned()));
        }
        let columns: BTreeSet<&str> = runs.iter().flat_map(|run| run.history.columns()).collect();
        if let Some(field) = Self::metric(name, &columns, goals) {
            return Ok(field);
        }
        let ends_so = |key: &str| {
            let readable = readable(key);
            [key, readable.as_str()]
                .iter()
                .any(|key| key.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
        };
        let ending: Vec<&str> = settings.iter().copied().filter(|key| ends_so(key)).collect();
        match ending.as_slice() {
            [key] => Ok(Self::Setting((*key).to_owned())),
            [] => Err(Error::Unknown { name: name.to_owned(), nearest: nearest(name, &settings, &columns) }),
            several => {
                let candidates = several.iter().map(|key| (*key).to_owned()).collect();
                Err(Error::Ambiguous { name: name.to_owned(), candidates })
            }
        }
    }

    /// As [`resolve`](Self::resolve), for columns alone.
    ///
    /// # Errors
    /// If no column has the name, with the nearest one.
    pub fn resolve_metric(name: &str, runs: &[Run], goals: &Goals) -> Result<(String, Which), Error> {
        let columns: BTreeSet<&str> = runs.iter().flat_map(|run| run.history.columns()).collect();
        match Self::metric(name, &columns, goals) {
            Some(Self::Metric { column, which, .. }) => Ok((column, which)),
            _ => {
                let known: Vec<&str> = columns.iter().copied().collect();
                Err(Error::NoColumn {
                    name: name.to_owned(),
                    nearest: near(name, &known),
                    known: known.join(", "),
                })
            }
        }
    }

    fn metric(name: &str, columns: &BTreeSet<&str>, goals: &Goals) -> Option<Self> {
        let (column, which) = match name.rsplit_once('.') {
            _ if columns.contains(name) => (name, Which::Last),
            Some((column, "last")) => (column, Which::Last),
            Some((column, "best")) => (column, Which::Best),
            _ => return None,
        };
        let field = || Self::Metric { column: column.to_owned(), which, goal: goals.of(column) };
        columns.contains(column).then(field)
    }

    /// The run's value as text; `None` where it has none.
    pub fn text(&self, run: &Run) -> Option<String> {
        let file = &run.history.run;
        let text = match self {
            Self::Setting(key) => return run.history.settings.get(key).cloned(),
            Self::Metric { .. } => return self.metric_value(run).map(|value| value.to_string()),
            Self::Fact("folder") => run.history.folder.display().to_string(),
            Self::Fact("experiment") => file.experiment.clone(),
            Self::Fact("run") => file.run.clone(),
            Self::Fact("state") => run.history.state.to_owned(),
            Self::Fact("seed") => file.seed.to_string(),
            Self::Fact("started") => file.started.to_string(),
            Self::Fact("ended") => return file.ended.map(|ended| ended.to_string()),
            Self::Fact("seconds_training") => file.seconds_training.to_string(),
            Self::Fact("epochs_done") => file.epochs_done.to_string(),
            Self::Fact("steps_done") => file.steps_done.to_string(),
            Self::Fact("resumed") => file.resumed.to_string(),
            Self::Fact("configuration_hash") => file.configuration_hash.clone(),
            Self::Fact(_) => return None,
        };
        Some(text)
    }

    fn metric_value(&self, run: &Run) -> Option<f64> {
        let Self::Metric { column, which, goal } = self else {
            return None;
        };
        let extract = run.values.get(column)?;
        Some(match which {
            Which::Last => extract.last,
            Which::Best => extract.best(*goal).1,
        })
    }
}

/// Numbers by their size and before words, words by their letters, nothing last.
pub fn ascending(a: Option<&str>, b: Option<&str>) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| !number.is_nan());
    match (a, b) {
        (Some(a), Some(b)) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        },
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// [`ascending`] or its reverse; nothing comes last in both.
pub fn ordered(a: Option<&str>, b: Option<&str>, is_descending: bool) -> Ordering {
    match (a, b) {
        (Some(_), Some(_)) if is_descending => ascending(b, a),
        _ => ascending(a, b),
    }
}

/// Words for settings that other programs have.
const ALIASES: [(&str, &str); 4] =
    [("lr", "learning_rate"), ("bs", "batch_size"), ("fid", "frechet"), ("status", "state")];

/// The name that was probably meant, if one is near enough: a fact, a column, or the end of a key.
fn nearest(name: &str, settings: &BTreeSet<&str>, columns: &BTreeSet<&str>) -> Option<String> {
    let named: Vec<String> = settings.iter().map(|key| readable(key)).collect();
    let ends = named.iter().map(|key| key.rsplit('.').next().unwrap_or(key));
    let all: BTreeSet<&str> = FACTS
        .iter()
        .copied()
        .chain(columns.iter().copied())
        .chain(ends)
        .chain(settings.iter().copied())
        .collect();
    near(name, &all.into_iter().collect::<Vec<_>>())
}

fn near(name: &str, all: &[&str]) -> Option<String> {
    let name = name.to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, meant)| *meant);
    if let Some(meant) = alias.filter(|meant| all.contains(meant)) {
        return Some(meant.to_owned());
    }
    let distance = |candidate: &str| strsim::damerau_levenshtein(&name, candidate);
    let (distance, found) = all.iter().map(|candidate| (distance(candidate), *candidate)).min()?;
    (distance <= (name.chars().count() / 3).max(1)).then(|| found.to_owned())
}

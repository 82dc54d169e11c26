//! What a report is about: a folder's files, and nothing else.

use std::path::{Component, Path, PathBuf};

use super::number::Statistic;
use super::{Error, Result};
use crate::record::history::{Goal, History};
use crate::record::run_file;
use crate::record::sweep::{self, Objective, RunState, SweepFile, SweepRow, SweepTable};
use crate::record::{self, State};

/// A run's or a sweep's folder, read.
#[derive(Debug)]
pub struct Study {
    /// The folder, as it was given.
    pub(super) folder: PathBuf,
    /// The experiment's name.
    pub(super) name: String,
    pub(super) description: String,
    /// What was asked for, of a sweep whose `sweep.toml` is there.
    pub(super) sweep: Option<SweepFile>,
    pub(super) is_sweep: bool,
    /// The swept dotted keys, in the order of the file.
    pub(super) parameters: Vec<String>,
    /// The columns of the runs' CSV files.
    pub(super) metrics: Vec<String>,
    pub(super) objective: Option<Objective>,
    /// By index; exactly one where this is no sweep.
    pub(super) runs: Vec<Run>,
}

/// One run of a study.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) row: SweepRow,
    /// Its folder, where its name is one that may be looked up.
    pub(super) folder: Option<PathBuf>,
    /// What its folder says, where there is one.
    pub(super) history: Option<History>,
    /// What of its files could not be read.
    pub(super) damage: Vec<String>,
}

/// A configuration without its seed, and the runs of it.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) trial: usize,
    pub(super) is_final: bool,
    /// The values of [`Study::parameters`].
    pub(super) parameters: Vec<String>,
    /// Indices into [`Study::runs`].
    pub(super) runs: Vec<usize>,
    /// How many of them are complete.
    pub(super) complete: usize,
    /// Of the complete runs; of those that successive halving stopped where none is complete.
    pub(super) objective: Option<Statistic>,
    /// The same of each of [`Study::metrics`].
    pub(super) metrics: Vec<Option<Statistic>>,
}

impl Configuration {
    /// Whether every run of it is complete and has a value: only such a one can be called the best without a reserve.
    pub(super) fn is_whole(&self) -> bool {
        self.complete == self.runs.len()
            && self.objective.is_some_and(|objective| objective.count == self.complete)
    }
}

impl Study {
    /// Reads a folder; see [`super::read`].
    ///
    /// # Errors
    /// As [`super::read`].
    pub fn read(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let reason = if folder.exists() { "this is not a folder" } else { "there is no such folder" };
            return Err(neither(folder, reason));
        }
        let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
        if has(run_file::NAME) {
            Ok(Self::of_run(History::read(folder)?))
        } else if has(sweep::TABLE) {
            Self::of_sweep(folder)
        } else if has(sweep::DESCRIPTION) {
            let advice = "give the sweep's command again, which writes the table anew".to_owned();
            let reason = format!("{} is missing", sweep::TABLE);
            Err(Error::Neither { folder: folder.to_owned(), reason, advice })
        } else if has("experiment.toml") {
            let advice = "it has not been started: give its sweep's or run's command first".to_owned();
            let reason = format!("this run has no {}", run_file::NAME);
            Err(Error::Neither { folder: folder.to_owned(), reason, advice })
        } else {
            Err(neither(
                folder,
                &format!(
                    "this is neither a run's folder (no {}) nor a sweep's (no {})",
                    run_file::NAME,
                    sweep::TABLE
                ),
            ))
        }
    }

    fn of_run(history: History) -> Self {
        let metrics: Vec<String> = history.columns().map(str::to_owned).collect();
        let run = &history.run;
        let row = SweepRow {
            index: 0,
            trial: 0,
            is_final: false,
            parameters: Vec::new(),
            seed: run.seed,
            run: run.run.clone(),
            state: state(&history),
            reason: run.error.clone().or_else(|| run.reason.clone()).unwrap_or_default(),
            epochs: run.epochs_done,
            steps: run.steps_done,
            objective: None,
            metrics: metrics.iter().map(|column| history.last(column)).collect(),
            provenance: sweep::provenance(Some(run)),
        };
        Self {
            folder: history.folder.clone(),
            name: run.experiment.clone(),
            description: history.settings.get("description").cloned().unwrap_or_default(),
            sweep: None,
            is_sweep: false,
            parameters: Vec::new(),
            metrics,
            objective: None,
            runs: vec![Run::new(row, Some(history.folder.clone()), Some(history), Vec::new())],
        }
    }

    fn of_sweep(folder: &Path) -> Result<Self> {
        let table = SweepTable::read(&folder.join(sweep::TABLE))?;
        let description = folder.join(sweep::DESCRIPTION);
        let sweep = match SweepFile::read(&description) {
            Ok(file) => Some(file),
            Err(record::Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let runs: Vec<Run> = table.rows.into_iter().map(|row| read_run(folder, row)).collect();
        let from_folder = || {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
        };
        Ok(Self {
            folder: folder.to_owned(),
            name: sweep.as_ref().map_or_else(from_folder, |file| file.experiment.clone()),
            description: sweep.as_ref().map(|file| file.description.clone()).unwrap_or_default(),
            objective: sweep.as_ref().and_then(|file| file.objective.clone()),
            sweep,
            is_sweep: true,
            parameters: table.parameters,
            metrics: table.metrics,
            runs,
        })
    }

    /// Which values of the objective are the better ones.
    pub(super) fn goal(&self) -> Goal {
        match self.objective.as_ref().map(|objective| objective.goal.as_str()) {
            Some("max") => Goal::Maximum,
            _ => Goal::Minimum,
        }
    }

    /// The comment at the head of the experiment file, a paragraph a line; a line `Word: …` begins one, others go on.
    pub(super) fn header(&self) -> Vec<String> {
        let source = self.sweep.as_ref().map_or("", |file| &file.source);
        let mut paragraphs: Vec<String> = Vec::new();
        let comment =
            source.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with("#:"));
        for line in comment.map_while(|line| line.strip_prefix('#')) {
            let text = line.trim_start_matches('#').trim();
            let begins = text.split_once(": ").is_some_and(|(word, _)| {
                word.len() < 20 && word.chars().next().is_some_and(char::is_uppercase) && !word.contains(' ')
            });
            match paragraphs.last_mut() {
                Some(last) if !begins && !text.is_empty() && !last.is_empty() => {
                    last.push(' ');
                    last.push_str(text);
                }
                _ => paragraphs.push(text.to_owned()),
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        paragraphs
    }

    /// The configurations, best first: those that are whole by their objective, then the others.
    pub(super) fn configurations(&self) -> Vec<Configuration> {
        super::configurations::ranked(self)
    }

    /// How many runs are in a state.
    pub(super) fn in_state(&self, state: RunState) -> usize {
        self.runs.iter().filter(|run| run.row.state == state).count()
    }

    /// The text of a run's resolved configuration.
    pub(super) fn resolved(&self, run: &Run) -> Option<String> {
        // A resolved configuration has some kilobytes.
        const MOST_BYTES: u64 = 1 << 20;
        let path = run.folder.as_ref()?.join("experiment.toml");
        let metadata = std::fs::metadata(&path).ok()?;
        let is_plain = metadata.is_file() && metadata.len() <= MOST_BYTES;
        is_plain.then(|| std::fs::read_to_string(path).ok()).flatten()
    }
}

impl Run {
    fn new(row: SweepRow, folder: Option<PathBuf>, history: Option<History>, damage: Vec<String>) -> Self {
        let more = history.iter().flat_map(|history| history.damage.iter().map(ToString::to_string));
        let damage = damage.into_iter().chain(more).collect();
        Self { row, folder, history, damage }
    }

    /// Whether it ended badly.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.row.state, RunState::Failed | RunState::Diverged | RunState::Killed)
    }
}

fn neither(folder: &Path, reason: &str) -> Error {
    Error::Neither {
        folder: folder.to_owned(),
        reason: reason.to_owned(),
        advice: "give the folder of one run or of one sweep; `atelier list` shows the runs".to_owned(),
    }
}

fn state(history: &History) -> RunState {
    // `History` has looked whether a process still works on a run that says so.
    RunState::of(history.run.state, history.run.state == State::Running && history.state == "running")
}

fn read_run(folder: &Path, row: SweepRow) -> Run {
    // The name comes from a file: it must not lead out of the sweep's folder.
    let mut parts = Path::new(&row.run).components();
    let is_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    if !is_name {
        let damage = vec![format!("`{}` is not a folder's name", row.run.escape_debug())];
        return Run::new(row, None, None, damage);
    }
    let folder = folder.join(&row.run);
    match History::read(&folder) {
        Ok(history) => Run::new(row, Some(folder), Some(history), Vec::new()),
        // Nothing was to be expected of a run that has not begun, or failed before it could write.
        Err(_) if row.epochs == 0 && row.state != RunState::Complete => {
            Run::new(row, Some(folder), None, Vec::new())
        }
        Err(error) => {
            let damage = vec![error.to_string()];
            Run::new(row, Some(folder), None, damage)
        }
    }
}

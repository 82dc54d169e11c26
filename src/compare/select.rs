//! From folders and patterns to runs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use rayon::prelude::*;

use super::{Rows, Run};
use crate::record::{self, History, history};

/// Why an argument leads to no runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such folder, and it is no pattern either.
    #[error("{0}: there is no such folder; `atelier list` shows the runs")]
    Missing(String),
    /// A pattern that nothing matches.
    #[error("{0}: nothing matches this pattern; `atelier list` shows the runs")]
    NothingMatches(String),
    /// A folder without runs.
    #[error("{0}: there is no run in this folder; `atelier list` shows the runs")]
    NoRuns(String),
    /// A pattern that cannot be read.
    #[error("{pattern}: this is no pattern ({reason}); `*`, `?` and `[abc]` stand for parts of a name")]
    Pattern {
        /// The argument.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The folders of all runs that the arguments name, each once, in the order of the arguments: a run's folder, a folder of
/// runs, or a pattern (`results/*/seed1-*`) for any of these.
///
/// # Errors
/// If an argument leads to no run.
pub fn folders<'a>(arguments: impl IntoIterator<Item = &'a Path>) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut known = HashSet::new();
    for argument in arguments {
        let shown = argument.display().to_string();
        let runs: Vec<PathBuf> = if argument.exists() {
            history::find(argument)
        } else if shown.contains(['*', '?', '[']) {
            matching(&shown)?.iter().flat_map(|path| history::find(path)).collect()
        } else {
            return Err(Error::Missing(shown));
        };
        if runs.is_empty() {
            return Err(Error::NoRuns(shown));
        }
        // One folder may be named in two ways.
        found.extend(
            runs.into_iter().filter(|run| known.insert(run.canonicalize().unwrap_or_else(|_| run.clone()))),
        );
    }
    Ok(found)
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let wrong = |error: glob::PatternError| Error::Pattern {
        pattern: pattern.to_owned(),
        reason: error.msg.to_owned(),
    };
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
    Pattern::new(pattern).map_err(wrong)?;
    // A folder that may not be read has nothing that matches.
    let found: Vec<PathBuf> =
        glob::glob_with(pattern, options).map_err(wrong)?.filter_map(Result::ok).collect();
    if found.is_empty() { Err(Error::NothingMatches(pattern.to_owned())) } else { Ok(found) }
}

/// Reads the runs, on all threads; those that cannot be read come apart, with the reason. The order is kept.
pub fn read(folders: &[PathBuf], rows: Rows) -> (Vec<Run>, Vec<record::Error>) {
    let read = |folder: &PathBuf| History::read(folder).map(|history| Run::new(history, rows));
    let results: Vec<record::Result<Run>> = folders.par_iter().map(read).collect();
    let (mut runs, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(run) => runs.push(run),
            Err(error) => errors.push(error),
        }
    }
    (runs, errors)
}

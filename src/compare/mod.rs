//! Runs side by side: found, read, filtered, and grouped by what differs between their configurations.
//!
//! Everything comes from the files of the runs ([`History`]). A run that did not complete is counted and shown with its
//! state; it does not enter a mean unless that is asked for.

pub mod field;
pub mod filter;
mod group;
pub mod index;
pub mod output;
pub mod pictures;
pub mod select;
pub mod statistics;

use std::collections::BTreeMap;

use crate::record::History;
use crate::record::history::Goal;

pub use group::{Comparison, Group, Metric, Options, Repeated};

/// Keys of an experiment that change no number of a run; runs that differ in these alone are of one group.
pub const WITHOUT_EFFECT: [&str; 4] =
    ["description", "logging.progress_gif", "logging.tensorboard", "training.checkpoint_every"];

/// What one column of a run comes to. Only finite values count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extract {
    /// The last value.
    pub last: f64,
    /// The lowest value and its epoch, the first of equal ones.
    pub lowest: (u64, f64),
    /// The highest value and its epoch, the first of equal ones.
    pub highest: (u64, f64),
}

impl Extract {
    fn of(history: &History, column: &str) -> Option<Self> {
        Some(Self {
            last: history.last(column)?,
            lowest: history.best(column, Goal::Minimum)?,
            highest: history.best(column, Goal::Maximum)?,
        })
    }

    /// The best value and its epoch.
    pub fn best(&self, goal: Goal) -> (u64, f64) {
        match goal {
            Goal::Minimum => self.lowest,
            Goal::Maximum => self.highest,
        }
    }
}

/// Whether the rows of a run's tables are kept in memory: figures need them, tables do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Kept in [`History::tables`].
    Kept,
    /// Given up once the [`Extract`]s are made: a thousand long runs are gigabytes.
    Dropped,
}

/// A run, and what its columns come to.
#[derive(Debug)]
pub struct Run {
    /// What its files say; the tables have no rows where they were dropped.
    pub history: History,
    /// What each column comes to, for those with a finite value.
    pub values: BTreeMap<String, Extract>,
}

impl Run {
    /// Takes out of a history what tables need.
    pub fn new(mut history: History, rows: Rows) -> Self {
        let extract = |column: &str| Some((column.to_owned(), Extract::of(&history, column)?));
        let values = history.columns().filter_map(extract).collect();
        if rows == Rows::Dropped {
            for table in &mut history.tables {
                table.rows = Vec::new();
            }
        }
        Self { history, values }
    }

    /// Whether it trained to its end.
    pub fn is_complete(&self) -> bool {
        self.history.state == "complete"
    }
}

/// Which way the better values of a column lie: [`Goal::of`] but for the columns that were named.
#[derive(Clone, Debug, Default)]
pub struct Goals {
    /// Columns whose high values are the better ones.
    pub maximized: Vec<String>,
    /// Columns whose low values are the better ones.
    pub minimized: Vec<String>,
}

impl Goals {
    /// The column's goal.
    pub fn of(&self, column: &str) -> Goal {
        let is_among = |names: &[String]| names.iter().any(|name| name == column);
        if is_among(&self.maximized) {
            Goal::Maximum
        } else if is_among(&self.minimized) {
            Goal::Minimum
        } else {
            Goal::of(column)
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

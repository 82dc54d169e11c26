//! What a run tells while it goes on. The terminal is the command line's affair.

use super::Folder;
use crate::data::fetch;
use crate::record::{EvaluationRow, MetricsRow, State};
use crate::training::Schedule;
use std::path::Path;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A data set is being downloaded.
    Downloading(fetch::Progress<'a>),
    /// The feature extractor of a data set is being trained, once.
    Preparing {
        /// The data set.
        dataset: &'a str,
        /// Where it will be kept.
        path: &'a Path,
    },
    /// Training begins after this many steps (more than 0: it is resumed).
    Started {
        /// The run's folder.
        folder: &'a Folder,
        /// How long it is.
        schedule: &'a Schedule,
        /// Steps done before.
        step: u64,
    },
    /// A step is done.
    Step {
        /// Steps done in all.
        step: u64,
        /// What it saw: a value for each of the first columns that the learner fills.
        values: &'a [f64],
    },
    /// A row of metrics is written.
    Row(&'a MetricsRow),
    /// Samples were scored.
    Evaluated {
        /// The scores.
        row: &'a EvaluationRow,
        /// Their names.
        columns: &'a [&'static str],
    },
    /// An epoch is over, and everything of it is saved.
    Epoch {
        /// Its number, from 1.
        epoch: u64,
        /// Its picture, if one was drawn.
        montage: Option<&'a Path>,
    },
    /// The run ends before its length.
    StoppedEarly {
        /// Why.
        reason: &'a str,
    },
    /// The run is over.
    Ended {
        /// The run's folder.
        folder: &'a Folder,
        /// How it ended.
        state: State,
    },
}

/// Somebody who listens.
pub trait Reporter {
    /// Takes notice.
    fn report(&mut self, event: &Event<'_>);
}

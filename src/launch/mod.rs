//! A sweep's runs, each in a process of its own.
//!
//! The loop in [`sweep`] asks the plan what is to run, hands it to an [`Engine`], reads each ended run's folder back and
//! keeps `sweep.csv`. The engine knows neither sweeps nor results: it brings tasks to an end. [`local`] starts processes
//! on this machine, [`slurm`] job arrays on a cluster.

pub mod local;
mod memory;
mod process;
pub mod slurm;
mod standing;
pub mod sweep;

use crate::config;
use crate::record;
use crate::run::{self, Folder};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use standing::Standing;

/// One run to bring to its end, or to an epoch.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its position in the sweep.
    pub index: usize,
    /// Where it lives; made by [`Task::prepare`].
    pub folder: Folder,
    /// The epoch (from 1) after which it pauses, if before its end.
    pub until_epoch: Option<u64>,
    /// The text of its `experiment.toml`.
    pub experiment: String,
}

impl Task {
    /// Makes the run's folder with its `experiment.toml`, so that `atelier run FOLDER` can take it up.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn prepare(&self) -> record::Result<()> {
        let path = self.folder.experiment();
        if std::fs::read_to_string(&path).is_ok_and(|text| text == self.experiment) {
            return Ok(());
        }
        let root = self.folder.root();
        std::fs::create_dir_all(root).map_err(|source| record::Error::Write { path: root.into(), source })?;
        record::atomic::write(&path, self.experiment.as_bytes())
    }

    /// The arguments of the program that brings it to its end; `data` is where data sets are looked for first.
    pub fn arguments(&self, threads: usize, data: Option<&Path>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            vec!["run".into(), self.folder.root().into(), "--threads".into(), threads.to_string().into()];
        if let Some(epoch) = self.until_epoch {
            arguments.extend(["--until-epoch".into(), epoch.to_string().into()]);
        }
        if let Some(data) = data {
            arguments.extend(["--data-dir".into(), data.into()]);
        }
        arguments
    }
}

/// How a task's process ended, as its engine saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessEnd {
    /// Why, where `run.toml` does not tell: `killed by signal 9`, or the error that the program ended with.
    pub reason: Option<String>,
    /// Seconds from start to end.
    pub seconds: f64,
    /// The most memory that it held, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// What an engine tells while it works.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A task's process has begun, on so many threads.
    Started {
        /// The task.
        task: &'a Task,
        /// Threads that it computes on.
        threads: usize,
    },
    /// Time has passed: a moment to look at what the runs have written.
    Tick {
        /// The tasks that run.
        running: &'a [&'a Task],
    },
    /// A task's process has ended.
    Ended {
        /// The task.
        task: &'a Task,
        /// How.
        end: &'a ProcessEnd,
    },
    /// Something that the user should know, once.
    Notice(&'a str),
}

/// What the caller makes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing special.
    Continue,
    /// This task should be tried again.
    Retry,
    /// The others should save their state and end, and no more be started.
    Stop,
}

/// Brings tasks to an end.
pub trait Engine {
    /// Brings every task to an end; one that fails does not stop the others. Returns early, with every running task
    /// asked to save its state, when the caller says [`Verdict::Stop`] or the program is told to stop.
    ///
    /// # Errors
    /// If no task can be started at all. What tasks wrote stays.
    fn execute(
        &mut self,
        tasks: Vec<Task>,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, Error>,
    ) -> Result<(), Error>;
}

/// Why a sweep could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A run's configuration is wrong.
    #[error(transparent)]
    Config(#[from] Box<config::Error>),
    /// A run could not be run at all; nothing was started.
    #[error("{run}: {source}")]
    Run {
        /// The run's label.
        run: String,
        /// What is wrong.
        source: run::Error,
    },
    /// A file could not be written, read or locked.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// A cluster cannot take them.
    #[error(transparent)]
    Slurm(#[from] slurm::Error),
    /// A process could not be started.
    #[error("cannot start {}: {source}", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

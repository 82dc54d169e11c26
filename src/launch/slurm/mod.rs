//! Runs on a Slurm cluster: a job array per round, submitted and followed.
//!
//! In the folder `slurm` of a sweep, each array leaves a script that can be read and submitted by hand, the list of its
//! runs' folders, Slurm's messages, and a row in `jobs.csv`. The jobs do not need this program: when it ends, however it
//! ends, they go on, and when the sweep is given again it follows what waits or runs and submits only what is missing.
//! docs/slurm.md tells users what is assumed of a cluster.

mod client;
mod follow;
mod ledger;
mod script;
mod states;
mod submit;

use super::{Engine, Event, Task, Verdict};
use crate::config::sweep::Slurm as Settings;
use crate::record;
use client::Commands;
use follow::Follower;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Why a sweep cannot be run on a cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program of Slurm's could not be started.
    #[error(
        "cannot start `{program}`: {source}; --engine slurm needs Slurm's own programs on PATH, as the login nodes of a \
         cluster have them (without --engine slurm, the sweep runs on this machine)"
    )]
    Missing {
        /// Its name.
        program: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// `sbatch` refused a script.
    #[error("Slurm does not take {script}: {words}; [sweep.slurm] says what is asked for")]
    Refused {
        /// The script.
        script: String,
        /// What `sbatch` said.
        words: String,
    },
    /// Another of Slurm's programs failed.
    #[error("`{command}` failed: {words}")]
    Command {
        /// The command line.
        command: String,
        /// What it said.
        words: String,
    },
    /// A path that cannot stand on a line of a script.
    #[error(
        "{path:?} cannot be written into a job script: it has a control character such as a line break, or is not \
         UTF-8; choose another folder"
    )]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// A file could not be written or read.
    #[error(transparent)]
    Record(#[from] record::Error),
}

/// What the engine has to know of a sweep.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The experiment's name.
    pub experiment: String,
    /// The sweep's folder; scripts go to `slurm` in it.
    pub folder: PathBuf,
    /// The program that runs a run, at the same path on every node.
    pub program: PathBuf,
    /// The folder of data sets, where one was named on the command line.
    pub data: Option<PathBuf>,
    /// What each run asks the cluster for.
    pub settings: Settings,
}

/// The engine of a cluster.
pub struct Slurm {
    follower: Follower<Commands>,
}

impl Slurm {
    /// An engine that stops following when `stop` is set; its jobs go on.
    ///
    /// # Errors
    /// If there is no `sbatch` here. Nothing is written.
    pub fn new(setup: Setup, stop: Arc<AtomicBool>) -> Result<Self, Error> {
        Ok(Self { follower: Follower::new(Commands::find()?, setup, stop) })
    }
}

impl Engine for Slurm {
    fn execute(
        &mut self,
        tasks: Vec<Task>,
        watch: &mut dyn FnMut(Event<'_>) -> Result<Verdict, super::Error>,
    ) -> Result<(), super::Error> {
        self.follower.execute(tasks, watch)
    }
}

//! Where a run lives, and what its files are called.

use crate::config::Experiment;
use crate::record::run_file::{self, RunFile, State};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// A run's folder at this path.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of this configuration below `out`, a function of the experiment alone; `label` is what distinguishes it
    /// from its neighbours, to the eye.
    pub fn of(experiment: &Experiment, label: &str, out: &Path) -> Self {
        let hash = configuration_hash(experiment);
        Self::at(out.join(&experiment.name).join(format!("{label}-{}", &hash[..8])))
    }

    /// The folder beside this one for another attempt at the same configuration: the first that is free, or that holds
    /// an attempt which can still be gone on with.
    pub fn again(&self) -> Self {
        let attempt = |number: u32| {
            let mut name = self.root.file_name().unwrap_or_default().to_os_string();
            name.push(format!("-{number}"));
            Self::at(self.root.with_file_name(name))
        };
        if !self.run_file().exists() {
            return self.clone();
        }
        (2..).map(attempt).find(|folder| !folder.is_over()).unwrap_or_else(|| self.clone())
    }

    /// Whether there is a run that nothing can be added to: it ended, or its `run.toml` is damaged.
    fn is_over(&self) -> bool {
        match self.read_run_file() {
            Ok(run) => run.is_some_and(|run| matches!(run.state, State::Complete | State::Diverged)),
            Err(_) => true,
        }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The run's name: the folder's.
    pub fn name(&self) -> String {
        self.root.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The resolved configuration.
    pub fn experiment(&self) -> PathBuf {
        self.root.join("experiment.toml")
    }

    /// State and provenance.
    pub fn run_file(&self) -> PathBuf {
        self.root.join(run_file::NAME)
    }

    /// What `run.toml` says, if there is one.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn read_run_file(&self) -> crate::record::Result<Option<RunFile>> {
        let path = self.run_file();
        if path.exists() { RunFile::read(&path).map(Some) } else { Ok(None) }
    }

    /// What the run's process said, where a sweep started it.
    pub fn log(&self) -> PathBuf {
        self.root.join("run.log")
    }

    /// The measurements.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }

    /// The loss curves, with this ending.
    pub fn losses(&self, ending: &str) -> PathBuf {
        self.root.join(format!("losses.{ending}"))
    }

    /// The weights of the smallest GAN as a picture.
    pub fn faces(&self) -> PathBuf {
        self.root.join("faces.png")
    }

    /// A classifier's answers to the test split, counted.
    pub fn confusion(&self) -> PathBuf {
        self.root.join("confusion.png")
    }

    /// Examples that a classifier named wrongly.
    pub fn mistakes(&self) -> PathBuf {
        self.root.join("mistakes.png")
    }

    /// An autoencoder's pictures below the examples that they are of.
    pub fn reconstructions(&self) -> PathBuf {
        self.root.join("reconstructions.png")
    }

    /// The montages joined.
    pub fn progress_gif(&self) -> PathBuf {
        self.root.join("progress.gif")
    }

    /// Where the event files for TensorBoard are.
    pub fn tensorboard(&self) -> PathBuf {
        self.root.join("tensorboard")
    }

    /// Where the montages are.
    pub fn samples(&self) -> PathBuf {
        self.root.join("samples")
    }

    /// The montage after this epoch.
    pub fn montage(&self, epoch: u64) -> PathBuf {
        self.samples().join(format!("epoch_{epoch:04}.png"))
    }

    /// Where the checkpoints are.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The newest checkpoint.
    pub fn latest(&self) -> PathBuf {
        self.checkpoints().join("latest.safetensors")
    }

    /// The scores.
    pub fn evaluation(&self) -> PathBuf {
        self.root.join("evaluation.csv")
    }

    /// The scores over the epochs.
    pub fn evaluation_figure(&self) -> PathBuf {
        self.root.join("evaluation.png")
    }

    /// The checkpoint with the best score.
    pub fn best(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }

    /// The checkpoint that is kept after this epoch.
    pub fn kept(&self, epoch: u64) -> PathBuf {
        self.checkpoints().join(format!("epoch_{epoch:04}.safetensors"))
    }
}

/// SHA-256 of the canonical configuration, 64 hex digits: runs with one hash give the same numbers.
pub fn configuration_hash(experiment: &Experiment) -> String {
    format!("{:x}", Sha256::digest(experiment.canonical()))
}

//! What a run's folder holds, and how it is written and read back.
//!
//! Every file is either replaced as a whole ([`atomic`]) or grown by whole rows ([`metrics`]), so a process killed at any
//! moment leaves files that can be read. Everything read back is treated as untrusted data: a wrong, cut or huge file ends
//! in an [`Error`] that names the place, never in a panic or in unbounded memory.

pub mod atomic;
pub mod checkpoint;
pub mod evaluation;
pub mod history;
pub mod lock;
pub mod metrics;
pub mod npz;
pub mod provenance;
pub mod run_file;
pub mod sweep;
pub mod tensorboard;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use crate::config::{columns, names};
pub use checkpoint::{Checkpoint, Tensor};
pub use evaluation::{EvaluationFile, EvaluationRow};
pub use history::History;
pub use lock::RunLock;
pub use metrics::{Columns, MetricsFile, MetricsRow};
pub use npz::Npz;
pub use run_file::{RunFile, State};
pub use sweep::{RunState, SweepFile, SweepRow, SweepTable};

/// Why a file of a run's folder could not be written, read or locked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be written; what was there before is unchanged.
    #[error("cannot write `{}`: {source}{}", .path.display(), write_advice(.source))]
    Write {
        /// The file or folder that was to be written.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file or folder could not be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// The file or folder that was to be read.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file was read, but its content is not what it should be.
    #[error("{place}: {reason}; {advice}")]
    Damaged {
        /// The file, with line and column where there are some: `metrics.csv:3: column 2`.
        place: String,
        /// What is wrong.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// Another process works in this folder.
    #[error(
        "`{}` is in use by another process{}; wait for it to end, or stop it",
        .folder.display(),
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked {
        /// The run's folder.
        folder: PathBuf,
        /// The process that holds the lock, where it could be read.
        pid: Option<u32>,
    },
}

/// What the functions of this module return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Write { path: path.into(), source }
    }

    pub(crate) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Read { path: path.into(), source }
    }

    pub(crate) fn damaged(
        place: impl ToString,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Damaged { place: place.to_string(), reason: reason.into(), advice: advice.into() }
    }

    /// Whether output could not be written (the program then exits with code 6).
    pub fn is_write(&self) -> bool {
        matches!(self, Self::Write { .. })
    }

    /// Whether writing failed for want of space: a full disk, a quota, or a limit on the size of files.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Write { source, .. } if is_disk_full(source))
    }
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

fn write_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::FileTooLarge => {
            "; raise the limit on the size of files (`ulimit -f`), then give the same command again"
        }
        _ if is_disk_full(error) => "; make space, then give the same command again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write to with --out"
        }
        _ => "",
    }
}

/// Reads a file of at most `limit` bytes; folders, devices and longer files are errors.
fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |source| Error::read(path, source);
    // Asked before opening: opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::damaged(path.display(), "this is not a file", "move it away"));
    }
    let too_long = |length: u64| {
        Error::damaged(
            path.display(),
            format!("the file has {length} bytes, and more than {limit} are not read"),
            "it was not written by atelier: move it away",
        )
    };
    if metadata.len() > limit {
        return Err(too_long(metadata.len()));
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // A length that memory does not hold is an error, where `Vec::with_capacity` would end the program.
    bytes
        .try_reserve_exact(metadata.len() as usize + 1)
        .map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
    // The file may grow between the two calls.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

#[cfg(test)]
mod testing;

//! What can go wrong with a data set.

use std::io;
use std::path::PathBuf;

/// A data set that is missing, damaged, or cannot be fetched. Each message names the file or folder, the reason, and what
/// to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file does not hold what it should.
    #[error("{}: {reason}; {advice}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or folder of the cache cannot be written.
    #[error("cannot write {}: {source}; free some space or choose another cache folder with XDG_CACHE_HOME", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A folder that was named (`--data-dir`, `ATELIER_DATA_DIR`) is not there.
    #[error("{} (from {origin}) is not a folder", .path.display())]
    NoFolder {
        /// The folder that was named.
        path: PathBuf,
        /// Where it was named.
        origin: &'static str,
    },
    /// A folder holds some of a data set's files, but not all.
    #[error("{} lacks {missing} of {dataset}; add what is missing, or remove the rest and run `atelier data fetch {dataset}`", .folder.display())]
    Incomplete {
        /// The data set.
        dataset: &'static str,
        /// The folder.
        folder: PathBuf,
        /// The names of the files that are not there.
        missing: String,
    },
    /// No mirror delivered a file.
    #[error(
        "{file} could not be downloaded: {reasons}; check the network and give the command again (it goes on where it stopped), or put the files into a folder and name it with --data-dir or ATELIER_DATA_DIR"
    )]
    Download {
        /// The name of the file.
        file: String,
        /// What each mirror did, in order.
        reasons: String,
    },
    /// Another process has been downloading into the same folder for too long.
    #[error("{} is in use by another download; wait for it to end and give the command again", .path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// No data set has this name, or none that has files.
    #[error("there is no data set `{name}` to {verb}; those with files are {known}")]
    Unknown {
        /// The name that was given.
        name: String,
        /// What was to be done with it.
        verb: &'static str,
        /// The names that would have been right.
        known: String,
    },
    /// A parameter of a drawn data set is out of range.
    #[error("{dataset}: {reason}")]
    Parameter {
        /// The data set.
        dataset: &'static str,
        /// The parameter, its value and its range.
        reason: String,
    },
}

impl Error {
    /// True if something could not be written (a full disk, say), rather than read.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

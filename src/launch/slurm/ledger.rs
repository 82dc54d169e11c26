//! `jobs.csv`: the job arrays that a sweep has handed to Slurm.
//!
//! A row is written before `sbatch` is asked, and completed with the job's number when it answers. So a job that was
//! submitted is found again, whenever this program is killed: by its number, or by its name, which nothing else has.

use crate::record::run_file::Timestamp;
use crate::record::{self, atomic};
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the file.
const NAME: &str = "jobs.csv";

/// More is not read.
const MAXIMUM_BYTES: u64 = 1 << 24;

/// One job array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Array {
    /// Its number within the sweep, from 1; its files are named by it.
    pub(super) array: u32,
    /// The job's name.
    pub(super) name: String,
    /// Slurm's number; `None` until `sbatch` has answered.
    pub(super) job: Option<u64>,
    /// Tasks in it.
    pub(super) runs: usize,
    /// When it was submitted.
    pub(super) submitted: Timestamp,
    /// When nothing of it was left in the queue.
    pub(super) ended: Option<Timestamp>,
}

/// The arrays of a sweep, in the order in which they were submitted.
#[derive(Debug)]
pub(super) struct Ledger {
    folder: PathBuf,
    pub(super) arrays: Vec<Array>,
}

impl Ledger {
    /// Reads the one in `folder`; there may be none yet.
    ///
    /// # Errors
    /// If it cannot be read, or was damaged.
    pub(super) fn read(folder: &Path) -> record::Result<Self> {
        let path = folder.join(NAME);
        let mut arrays = Vec::new();
        if path.exists() {
            let failed = |source| record::Error::Read { path: path.clone(), source };
            let file = std::fs::File::open(&path).map_err(failed)?;
            let reader = csv::Reader::from_reader(file.take(MAXIMUM_BYTES));
            for row in reader.into_deserialize() {
                arrays.push(row.map_err(|error: csv::Error| damaged(&path, &error))?);
            }
        }
        Ok(Self { folder: folder.to_owned(), arrays })
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(&self) -> record::Result<()> {
        let path = self.folder.join(NAME);
        atomic::write_with(&path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            for array in &self.arrays {
                writer.serialize(array).map_err(std::io::Error::other)?;
            }
            writer.flush()
        })
    }

    /// The next array's number: one that no row and no file has.
    pub(super) fn next(&self) -> u32 {
        let last = self.arrays.iter().map(|array| array.array).max().unwrap_or(0);
        (last + 1..).find(|number| !self.script(*number).exists()).unwrap_or(last + 1)
    }

    /// The script of an array.
    pub(super) fn script(&self, array: u32) -> PathBuf {
        self.folder.join(format!("array{array:04}.sbatch"))
    }

    /// The list of its runs' folders.
    pub(super) fn list(&self, array: u32) -> PathBuf {
        self.folder.join(format!("array{array:04}.runs"))
    }

    /// Slurm's own messages about it.
    pub(super) fn log(&self, array: u32) -> PathBuf {
        self.folder.join(format!("array{array:04}.log"))
    }
}

fn damaged(path: &Path, error: &csv::Error) -> record::Error {
    let line = error.position().map(|position| format!(":{}", position.line())).unwrap_or_default();
    record::Error::Damaged {
        place: format!("{}{line}", path.display()),
        reason: error.to_string(),
        advice: "cancel the sweep's jobs (`squeue --me` lists them), and move the file away".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(number: u32, job: Option<u64>) -> Array {
        let submitted = Timestamp::now();
        Array { array: number, name: format!("atelier-x-{number}"), job, runs: 3, submitted, ended: None }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::read(folder.path()).unwrap();
        assert!(ledger.arrays.is_empty());
        assert_eq!(ledger.next(), 1);
        ledger.arrays = vec![array(1, Some(12)), array(2, None)];
        ledger.arrays[0].ended = Some(Timestamp::now());
        ledger.write().unwrap();
        let again = Ledger::read(folder.path()).unwrap();
        assert_eq!(again.arrays, ledger.arrays);
        std::fs::write(again.script(3), "").unwrap();
        assert_eq!(again.next(), 4);
    }

    #[test]
    fn a_damaged_one_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let header = "array,name,job,runs,submitted,ended\n";
        for row in ["1,x,abc,3,2026-01-01T00:00:00Z,\n", "1,x\n", "1,x,2,3,yesterday,\n", "\u{0}\n"] {
            std::fs::write(folder.path().join(NAME), format!("{header}{row}")).unwrap();
            let error = Ledger::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("jobs.csv:2"), "{error}");
        }
    }
}

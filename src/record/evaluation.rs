//! `evaluation.csv`: how close the samples are to the data, one row per evaluation.
//!
//! | column | unit | what |
//! | --- | --- | --- |
//! | `epoch` | epochs | the epoch after which the samples were drawn, from 1 |
//! | `step` | steps | updates since the start of the run |
//! | the metrics' own | | [`Metric::columns`](crate::config::evaluation::Metric::columns) describes them |
//! | the same with `_floor` | | what real examples score against the reference: as good as it gets |
//! | `samples` | samples | how many were drawn |
//! | `reference` | examples | how many real ones they were compared with |
//! | `extractor` | | the first sixteen hexadecimal digits of the SHA-256 of the feature extractor's file; empty for points |
//! | `seconds` | s | how long drawing and scoring took (a timing) |
//!
//! Every column but the last is a function of the experiment file and the data.

use std::path::{Path, PathBuf};

use super::{Error, Result, atomic, read_limited};
pub use crate::config::evaluation::Metric;

/// The columns before the scores.
const COUNTERS: [&str; 2] = ["epoch", "step"];
/// Those after the scores and their floors.
const REST: [&str; 4] = ["samples", "reference", EXTRACTOR, "seconds"];
/// The column that is no number.
pub const EXTRACTOR: &str = "extractor";
/// What a score's floor is called, after the score.
pub const FLOOR: &str = "_floor";

/// What the standard deviation of a score is called, after the score.
pub const STD: &str = "_std";

/// Whether a column of the file is a score, and not a floor, the spread of a score, or what tells how it was made. What a later version adds is one, too.
pub fn is_score(column: &str) -> bool {
    let is_aside = COUNTERS.contains(&column) || REST.contains(&column);
    !is_aside && !column.ends_with(FLOOR) && !column.ends_with(STD)
}

/// More is not read: evaluations are as rare as epochs.
const MAXIMUM_BYTES: u64 = 64 << 20;

const ADVICE: &str = "mend the line, or move the file away and run with --again";

/// One row; the units are in the [module's table](self).
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationRow {
    /// The epoch after which the samples were drawn, from 1.
    pub epoch: u64,
    /// Updates since the start of the run; grows from row to row.
    pub step: u64,
    /// A number for each column of the metrics.
    pub scores: Vec<f64>,
    /// What real examples score, for each of them.
    pub floors: Vec<f64>,
    /// How many samples were drawn.
    pub samples: usize,
    /// How many real examples they were compared with.
    pub reference: usize,
    /// The first digits of the hash of the feature extractor's file; empty where the examples are their own features.
    pub extractor: String,
    /// How long drawing and scoring took.
    pub seconds: f64,
}

/// The rows, and where they are kept. Rows are few: the file is written anew for each, in one step.
#[derive(Debug)]
pub struct EvaluationFile {
    path: PathBuf,
    columns: Vec<&'static str>,
    rows: Vec<EvaluationRow>,
}

impl EvaluationFile {
    /// The file at `path`, of metrics with these columns, as it stood after `step`, the step of a checkpoint: later rows are left out. Nothing
    /// is written before a row is added.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`] with the line.
    pub fn open(path: &Path, columns: impl IntoIterator<Item = &'static str>, step: u64) -> Result<Self> {
        let mut file =
            Self { path: path.to_owned(), columns: columns.into_iter().collect(), rows: Vec::new() };
        if step > 0 && path.exists() {
            file.rows = file.read(step)?;
        }
        Ok(file)
    }

    /// The names of the metrics' columns.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// All rows.
    pub fn rows(&self) -> &[EvaluationRow] {
        &self.rows
    }

    /// Epoch and value of a metric's column, row by row; `None` for another name.
    pub fn series(&self, column: &str) -> Option<Vec<(u64, f64)>> {
        let index = self.columns.iter().position(|name| *name == column)?;
        Some(self.rows.iter().map(|row| (row.epoch, row.scores[index])).collect())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::Write`]; the file is then as it was.
    pub fn add(&mut self, row: EvaluationRow) -> Result<()> {
        self.rows.push(row);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut text = || -> csv::Result<()> {
            writer.write_record(self.header())?;
            for row in &self.rows {
                let EvaluationRow { epoch, step, scores, floors, samples, reference, extractor, seconds } =
                    row;
                writer.serialize((epoch, step, scores, floors, samples, reference, extractor, seconds))?;
            }
            Ok(())
        };
        text().expect("a table of numbers can always be written to memory");
        atomic::write(&self.path, &writer.into_inner().expect("memory takes every byte"))
    }

    fn header(&self) -> impl Iterator<Item = String> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let floors = self.columns.iter().map(|name| format!("{name}{FLOOR}"));
        owned(&COUNTERS).into_iter().chain(owned(&self.columns)).chain(floors).chain(owned(&REST))
    }

    /// The rows up to this step.
    fn read(&self, last_step: u64) -> Result<Vec<EvaluationRow>> {
        let damaged = |line: usize, reason: String| {
            Error::damaged(format!("{}:{line}", self.path.display()), reason, ADVICE)
        };
        let bytes = read_limited(&self.path, MAXIMUM_BYTES)?;
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let found = reader.headers().map_err(|error| damaged(1, error.to_string()))?;
        if !found.iter().eq(self.header()) {
            let expected: Vec<String> = self.header().collect();
            let reason = format!("the first line is not the header `{}`", expected.join(","));
            return Err(damaged(1, reason));
        }
        let mut rows: Vec<EvaluationRow> = Vec::new();
        for (index, record) in reader.records().enumerate() {
            let line = index + 2;
            let record = record.map_err(|error| damaged(line, error.to_string()))?;
            let row = self.row(&record).map_err(|reason| damaged(line, reason))?;
            if row.step > last_step {
                break;
            }
            if let Some(before) = rows.last().filter(|before| before.step >= row.step) {
                return Err(damaged(line, format!("step {} comes after step {}", row.step, before.step)));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn row(&self, record: &csv::StringRecord) -> std::result::Result<EvaluationRow, String> {
        fn cell<T: std::str::FromStr>(
            record: &csv::StringRecord,
            at: usize,
        ) -> std::result::Result<T, String> {
            let text = record.get(at).unwrap_or_default();
            text.parse().map_err(|_| format!("column {}: `{text}` is not a number", at + 1))
        }
        let count = self.columns.len();
        let numbers = |start: usize| -> std::result::Result<Vec<f64>, String> {
            (start..start + count).map(|at| cell(record, at)).collect()
        };
        let rest = COUNTERS.len() + 2 * count;
        Ok(EvaluationRow {
            epoch: cell(record, 0)?,
            step: cell(record, 1)?,
            scores: numbers(COUNTERS.len())?,
            floors: numbers(COUNTERS.len() + count)?,
            samples: cell(record, rest)?,
            reference: cell(record, rest + 1)?,
            extractor: record.get(rest + 2).unwrap_or_default().to_owned(),
            seconds: cell(record, rest + 3)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u64) -> EvaluationRow {
        EvaluationRow {
            epoch,
            step: 10 * epoch,
            scores: vec![1.0 / 3.0, f64::NAN],
            floors: vec![0.25, 1e-17],
            samples: 10_000,
            reference: 2_000,
            extractor: "0123456789abcdef".into(),
            seconds: 1.5,
        }
    }

    #[test]
    fn scores_are_told_from_what_stands_beside_them() {
        let columns = crate::config::columns::scores().map(|column| column.name);
        let file = EvaluationFile::open(Path::new("evaluation.csv"), columns, 0).unwrap();
        let scores: Vec<String> = file.header().filter(|name| is_score(name)).collect();
        let expected = crate::config::columns::scores().map(|column| column.name);
        assert!(
            scores.iter().map(String::as_str).eq(expected.filter(|name| *name != "kernel_std")),
            "{scores:?}"
        );
        assert!(is_score("what_comes_later"));
    }

    #[test]
    fn rows_come_back_to_the_last_digit_up_to_the_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evaluation.csv");
        let columns = ["frechet", "kernel"];
        let mut file = EvaluationFile::open(&path, columns, 0).unwrap();
        assert!(!path.exists());
        for epoch in [1, 2, 3] {
            file.add(row(epoch)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("epoch,step,frechet,kernel,frechet_floor,kernel_floor,samples,reference,extractor,seconds\n1,10,0.3333333333333333,NaN,0.25,1e-17,10000,2000,0123456789abcdef,1.5\n"), "{text}");
        let resumed = EvaluationFile::open(&path, columns, 29).unwrap();
        let shown = |rows: &[EvaluationRow]| format!("{rows:?}");
        assert_eq!(shown(resumed.rows()), shown(&[row(1), row(2)]));
        // What a resumed run adds is what an undisturbed one would have.
        let mut resumed = resumed;
        resumed.add(row(3)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        // The first step of a new run has no use for old rows.
        assert!(EvaluationFile::open(&path, columns, 0).unwrap().rows().is_empty());
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evaluation.csv");
        let header = "epoch,step,frechet,frechet_floor,samples,reference,extractor,seconds\n";
        let told = |text: String| {
            std::fs::write(&path, text).unwrap();
            EvaluationFile::open(&path, ["frechet"], 99).unwrap_err().to_string()
        };
        assert!(told("epoch,step\n".into()).contains("evaluation.csv:1: the first line is not the header"));
        let cases = [
            ("1,10,x,0,5,5,ab,1\n", "evaluation.csv:2: column 3: `x` is not a number"),
            ("1,10,1,0,5,5,ab\n", "evaluation.csv:2: "),
            ("2,20,1,0,5,5,ab,1\n1,10,1,0,5,5,ab,1\n", "evaluation.csv:3: step 10 comes after step 20"),
        ];
        for (rows, reason) in cases {
            let message = told(format!("{header}{rows}"));
            assert!(message.contains(reason), "{message}");
        }
    }
}

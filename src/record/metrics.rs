//! `metrics.csv`: what training measured, one row per epoch or per `logging.every_steps` steps.
//!
//! | column | unit | what |
//! | --- | --- | --- |
//! | `epoch` | epochs | the epoch that the row ends or lies in, from 1 |
//! | `step` | steps | updates since the start of the run |
//! | the learner's own | | [`config::columns`](crate::config::columns) describes them |
//! | `images_per_second` | 1/s | training images seen per second since the last row |
//! | `seconds` | s | training time since the start of the run, without the time between interruption and resumption |
//!
//! The last two are timings and differ from run to run; every other column is a function of the experiment file. Numbers
//! are printed with the fewest digits that read back as the same number, so equal numbers give equal bytes; `NaN`, `inf`
//! and `-inf` stand for what is not finite.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Error, Result, atomic, read_limited};
use crate::config::columns::TIMINGS;

/// The columns before the learner's.
const COUNTERS: [&str; 2] = ["epoch", "step"];

/// The names of a `metrics.csv`'s columns, in order. A copy is another hold on the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Arc<[&'static str]>);

impl Columns {
    /// The columns of a learner that fills these.
    pub fn new(measured: impl IntoIterator<Item = &'static str>) -> Self {
        Self(COUNTERS.into_iter().chain(measured).chain(TIMINGS).collect())
    }

    /// All names.
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }

    /// The learner's own.
    pub fn measured(&self) -> &[&'static str] {
        &self.0[COUNTERS.len()..self.0.len() - TIMING_COLUMNS]
    }

    fn header(&self) -> String {
        self.0.join(",") + "\n"
    }
}

/// One row of `metrics.csv`; the units are in the [module's table](self).
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsRow {
    /// The names of its columns.
    pub columns: Columns,
    /// The epoch that the row ends or lies in, from 1.
    pub epoch: u64,
    /// Updates since the start of the run; grows from row to row.
    pub step: u64,
    /// A number for each of the learner's own columns.
    pub values: Vec<f64>,
    /// Training images per second since the last row (a timing).
    pub images_per_second: f64,
    /// Seconds of training since the start of the run (a timing).
    pub seconds: f64,
}

impl MetricsRow {
    /// The values under the names of the columns, in that order.
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let counters = [self.epoch as f64, self.step as f64];
        let timings = [self.images_per_second, self.seconds];
        let values = counters.into_iter().chain(self.values.iter().copied()).chain(timings);
        self.columns.names().iter().copied().zip(values)
    }

    /// The value of one of the learner's own columns, if there is such a column.
    pub fn value(&self, column: &str) -> Option<f64> {
        let index = self.columns.measured().iter().position(|name| *name == column)?;
        self.values.get(index).copied()
    }
}

/// As a table: whole numbers for the counters.
impl Serialize for MetricsRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(COUNTERS[0], &self.epoch)?;
        map.serialize_entry(COUNTERS[1], &self.step)?;
        for (name, value) in self.cells().skip(COUNTERS.len()) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// How many of the last columns are timings, which two runs of one file do not share.
pub const TIMING_COLUMNS: usize = TIMINGS.len();

/// More is not read: 256 MiB are two million rows.
const MAXIMUM_BYTES: u64 = 256 << 20;

const ADVICE: &str = "mend the line, or move the file away and run with --again";

/// `metrics.csv`, open for appending.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    columns: Columns,
    file: File,
    length: u64,
}

impl MetricsFile {
    /// Makes a file with the header alone, in place of one that may be there.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn create(path: &Path, columns: &Columns) -> Result<Self> {
        atomic::write(path, columns.header().as_bytes())?;
        Self::at_end(path, columns)
    }

    /// Opens the file to go on after `step`, the step of a checkpoint: rows beyond it and a torn last line are cut, and
    /// the bytes of the rows before are kept as they are. A missing file is made. Returns the file and the rows kept.
    ///
    /// # Errors
    /// [`Error::Damaged`] with line and column if a row that is kept is wrong; [`Error::Read`], [`Error::Write`].
    pub fn resume(path: &Path, columns: &Columns, step: u64) -> Result<(Self, Vec<MetricsRow>)> {
        if !path.exists() {
            return Ok((Self::create(path, columns)?, Vec::new()));
        }
        let rows = truncate_after(path, columns, step)?;
        Ok((Self::at_end(path, columns)?, rows))
    }

    /// The names of its columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    fn at_end(path: &Path, columns: &Columns) -> Result<Self> {
        let failed = |source| Error::write(path, source);
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), columns: columns.clone(), file, length })
    }

    /// Adds a row and forces it to the disk, which takes some milliseconds.
    ///
    /// # Errors
    /// [`Error::Write`]; the file is then cut back to the rows before, as far as the disk allows.
    ///
    /// # Panics
    /// If the row has other columns than the file.
    pub fn append(&mut self, row: &MetricsRow) -> Result<()> {
        self.append_unsynced(row)?;
        self.sync()
    }

    /// Adds a row and hands it to the operating system: it outlives the process, but not a power cut. For rows that come
    /// faster than a disk takes them; [`sync`](Self::sync) before the checkpoint that follows.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    ///
    /// # Panics
    /// As [`append`](Self::append).
    pub fn append_unsynced(&mut self, row: &MetricsRow) -> Result<()> {
        assert_eq!((&row.columns, row.values.len()), (&self.columns, self.columns.measured().len()));
        let line = line(row);
        if let Err(source) = self.file.write_all(line.as_bytes()) {
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(Error::write(&self.path, source));
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Forces the rows to the disk.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|source| Error::write(&self.path, source))
    }
}

/// Reads all rows of a file with these columns. A last line without its line end is one that is being written, or was when the process was killed: it
/// is left out.
///
/// # Errors
/// [`Error::Damaged`] with line and column; [`Error::Read`].
pub fn read(path: &Path, columns: &Columns) -> Result<Vec<MetricsRow>> {
    let bytes = read_limited(path, MAXIMUM_BYTES)?;
    let rows = parse(&path.display().to_string(), columns, &bytes, u64::MAX)?;
    Ok(rows.rows)
}

/// Cuts the rows whose step is greater than `step`, and a torn last line; the bytes before are kept as they are. Returns
/// the rows that are left.
///
/// # Errors
/// As [`read`], for the rows that are kept; [`Error::Write`].
pub fn truncate_after(path: &Path, columns: &Columns, step: u64) -> Result<Vec<MetricsRow>> {
    let bytes = read_limited(path, MAXIMUM_BYTES)?;
    let kept = parse(&path.display().to_string(), columns, &bytes, step)?;
    if kept.length == 0 {
        // Not even the header was whole.
        atomic::write(path, columns.header().as_bytes())?;
    } else if kept.length < bytes.len() {
        cut(path, kept.length as u64).map_err(|source| Error::write(path, source))?;
    }
    Ok(kept.rows)
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()?;
    atomic::sync_folder_of(path)
}

fn line(row: &MetricsRow) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let MetricsRow { epoch, step, values, images_per_second, seconds, columns: _ } = row;
    writer
        .serialize((epoch, step, values, images_per_second, seconds))
        .expect("a row of numbers can always be written to memory");
    let bytes = writer.into_inner().expect("memory takes every byte");
    String::from_utf8(bytes).expect("numbers are ASCII")
}

struct Parsed {
    rows: Vec<MetricsRow>,
    /// Bytes of the header and the rows.
    length: usize,
}

/// Parses the rows up to the first one whose step is greater than `last_step`, and what comes after it not at all: a
/// crash may have left anything there.
fn parse(file: &str, columns: &Columns, bytes: &[u8], last_step: u64) -> Result<Parsed> {
    let mut lines = Lines { bytes, start: 0 };
    let mut parsed = Parsed { rows: Vec::new(), length: 0 };
    let expected = columns.header();
    match lines.next() {
        // Killed while the header was written, or before: an empty file without a header has no rows.
        None if expected.as_bytes().starts_with(bytes) => return Ok(parsed),
        Some(first) if first == expected.as_bytes() => parsed.length = first.len(),
        _ => {
            return Err(Error::damaged(
                format!("{file}:1"),
                format!("the first line is not the header `{}`", expected.trim_end()),
                "this is no metrics file of this version: move it away and run with --again",
            ));
        }
    }
    for (index, line) in lines.enumerate() {
        if parsed.rows.last().is_some_and(|row| row.step >= last_step) {
            break;
        }
        let row = parse_row(file, columns, index + 2, line)?;
        if row.step > last_step {
            break;
        }
        if let Some(previous) = parsed.rows.last()
            && row.step <= previous.step
        {
            return Err(Error::damaged(
                place(file, columns, index + 2, 1),
                format!("step {} comes after step {}", row.step, previous.step),
                ADVICE,
            ));
        }
        parsed.rows.push(row);
        parsed.length += line.len();
    }
    Ok(parsed)
}

fn parse_row(file: &str, columns: &Columns, line_number: usize, line: &[u8]) -> Result<MetricsRow> {
    let damaged = |column: usize, reason: String| {
        Error::damaged(place(file, columns, line_number, column), reason, ADVICE)
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let mut bytes = csv::ByteRecord::new();
    match reader.read_byte_record(&mut bytes) {
        Ok(true) => {}
        Ok(false) => return Err(damaged(0, "the line is empty".to_string())),
        Err(error) => return Err(damaged(0, error.to_string())),
    }
    let wanted = columns.names().len();
    if bytes.len() != wanted {
        let reason = format!("the line has {} columns in place of {wanted}", bytes.len());
        return Err(damaged(bytes.len().min(wanted - 1), reason));
    }
    let no_number = |column: usize, kind: &str| {
        // A damaged file may hold anything: show a little of it, and nothing that a terminal would obey.
        let shown: String = bytes[column].escape_ascii().to_string().chars().take(40).collect();
        damaged(column, format!("`{shown}` is not a {kind}"))
    };
    // What is not UTF-8 is no number either.
    let text = |column: usize| std::str::from_utf8(&bytes[column]).unwrap_or_default();
    let whole = |column: usize| text(column).parse().map_err(|_| no_number(column, "whole number"));
    let number = |column: usize| text(column).parse().map_err(|_| no_number(column, "number"));
    let (epoch, step) = (whole(0)?, whole(1)?);
    let mut values: Vec<f64> = (COUNTERS.len()..wanted).map(number).collect::<Result<_>>()?;
    let timings = values.split_off(wanted - COUNTERS.len() - TIMING_COLUMNS);
    let columns = columns.clone();
    Ok(MetricsRow { columns, epoch, step, values, images_per_second: timings[0], seconds: timings[1] })
}

/// `metrics.csv:3: column 2 (step)`.
fn place(file: &str, columns: &Columns, line: usize, column: usize) -> String {
    format!("{file}:{line}: column {} ({})", column + 1, columns.names()[column])
}

/// The lines of `bytes` with their line ends; a last line without one is not given.
struct Lines<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.start..];
        let length = rest.iter().position(|byte| *byte == b'\n')? + 1;
        self.start += length;
        Some(&rest[..length])
    }
}

#[cfg(test)]
mod tests;

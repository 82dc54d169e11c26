//! `metrics.csv`: what training measured, one row per epoch or per `logging.every_steps` steps.
//!
//! | column | unit | what |
//! | --- | --- | --- |
//! | `epoch` | epochs | the epoch that the row ends or lies in, from 1 |
//! | `step` | steps | generator updates since the start of the run |
//! | `d_loss`, `g_loss` | nats, for the logistic losses | losses of the discriminator and the generator, means since the last row |
//! | `d_real`, `d_fake` | probability | means of sigmoid(logit) over real and generated examples since the last row |
//! | `d_gradient_norm`, `g_gradient_norm` | | Euclidean norms over all of a player's parameters, means since the last row |
//! | `images_per_second` | 1/s | real training images seen per second since the last row |
//! | `seconds` | s | training time since the start of the run, without the time between interruption and resumption |
//!
//! The last two are timings and differ from run to run; every other column is a function of the experiment file. Numbers
//! are printed with the fewest digits that read back as the same number, so equal numbers give equal bytes; `NaN`, `inf`
//! and `-inf` stand for what is not finite.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, Result, atomic, read_limited};

/// One row of `metrics.csv`; the units are in the [module's table](self).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsRow {
    /// The epoch that the row ends or lies in, from 1.
    pub epoch: u64,
    /// Generator updates since the start of the run; grows from row to row.
    pub step: u64,
    /// The discriminator's loss, mean since the last row.
    pub d_loss: f64,
    /// The generator's loss, mean since the last row.
    pub g_loss: f64,
    /// Mean of sigmoid(logit) over real examples, in 0..=1.
    pub d_real: f64,
    /// Mean of sigmoid(logit) over generated examples, in 0..=1.
    pub d_fake: f64,
    /// Euclidean norm of the discriminator's gradient.
    pub d_gradient_norm: f64,
    /// Euclidean norm of the generator's gradient.
    pub g_gradient_norm: f64,
    /// Training images per second since the last row (a timing).
    pub images_per_second: f64,
    /// Seconds of training since the start of the run (a timing).
    pub seconds: f64,
}

/// The header of `metrics.csv`: the columns of [`MetricsRow`] in order.
pub const COLUMNS: [&str; 10] = [
    "epoch",
    "step",
    "d_loss",
    "g_loss",
    "d_real",
    "d_fake",
    "d_gradient_norm",
    "g_gradient_norm",
    "images_per_second",
    "seconds",
];

impl MetricsRow {
    /// The values under the names of [`COLUMNS`], in that order.
    pub fn columns(&self) -> [(&'static str, f64); COLUMNS.len()] {
        // Taken apart without `..`: a new field that is not named here does not compile.
        let Self {
            epoch,
            step,
            d_loss,
            g_loss,
            d_real,
            d_fake,
            d_gradient_norm,
            g_gradient_norm,
            images_per_second,
            seconds,
        } = *self;
        let values = [
            epoch as f64,
            step as f64,
            d_loss,
            g_loss,
            d_real,
            d_fake,
            d_gradient_norm,
            g_gradient_norm,
            images_per_second,
            seconds,
        ];
        std::array::from_fn(|index| (COLUMNS[index], values[index]))
    }
}

/// How many of the last columns are timings, which two runs of one file do not share.
pub const TIMING_COLUMNS: usize = 2;

/// More is not read: 256 MiB are two million rows.
const MAXIMUM_BYTES: u64 = 256 << 20;

const ADVICE: &str = "mend the line, or move the file away and run with --again";

/// `metrics.csv`, open for appending.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl MetricsFile {
    /// Makes a file with the header alone, in place of one that may be there.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn create(path: &Path) -> Result<Self> {
        atomic::write(path, header().as_bytes())?;
        Self::at_end(path)
    }

    /// Opens the file to go on after `step`, the step of a checkpoint: rows beyond it and a torn last line are cut, and
    /// the bytes of the rows before are kept as they are. A missing file is made. Returns the file and the rows kept.
    ///
    /// # Errors
    /// [`Error::Damaged`] with line and column if a row that is kept is wrong; [`Error::Read`], [`Error::Write`].
    pub fn resume(path: &Path, step: u64) -> Result<(Self, Vec<MetricsRow>)> {
        if !path.exists() {
            return Ok((Self::create(path)?, Vec::new()));
        }
        let rows = truncate_after(path, step)?;
        Ok((Self::at_end(path)?, rows))
    }

    fn at_end(path: &Path) -> Result<Self> {
        let failed = |source| Error::write(path, source);
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), file, length })
    }

    /// Adds a row and forces it to the disk, which takes some milliseconds.
    ///
    /// # Errors
    /// [`Error::Write`]; the file is then cut back to the rows before, as far as the disk allows.
    pub fn append(&mut self, row: &MetricsRow) -> Result<()> {
        self.append_unsynced(row)?;
        self.sync()
    }

    /// Adds a row and hands it to the operating system: it outlives the process, but not a power cut. For rows that come
    /// faster than a disk takes them; [`sync`](Self::sync) before the checkpoint that follows.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_unsynced(&mut self, row: &MetricsRow) -> Result<()> {
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

/// Reads all rows. A last line without its line end is one that is being written, or was when the process was killed: it
/// is left out.
///
/// # Errors
/// [`Error::Damaged`] with line and column; [`Error::Read`].
pub fn read(path: &Path) -> Result<Vec<MetricsRow>> {
    let bytes = read_limited(path, MAXIMUM_BYTES)?;
    let rows = parse(&path.display().to_string(), &bytes, u64::MAX)?;
    Ok(rows.rows)
}

/// Cuts the rows whose step is greater than `step`, and a torn last line; the bytes before are kept as they are. Returns
/// the rows that are left.
///
/// # Errors
/// As [`read`], for the rows that are kept; [`Error::Write`].
pub fn truncate_after(path: &Path, step: u64) -> Result<Vec<MetricsRow>> {
    let bytes = read_limited(path, MAXIMUM_BYTES)?;
    let kept = parse(&path.display().to_string(), &bytes, step)?;
    if kept.length == 0 {
        // Not even the header was whole.
        atomic::write(path, header().as_bytes())?;
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

fn header() -> String {
    COLUMNS.join(",") + "\n"
}

fn line(row: &MetricsRow) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(row).expect("a row of numbers can always be written to memory");
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
fn parse(file: &str, bytes: &[u8], last_step: u64) -> Result<Parsed> {
    let mut lines = Lines { bytes, start: 0 };
    let mut parsed = Parsed { rows: Vec::new(), length: 0 };
    let expected = header();
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
        let row = parse_row(file, index + 2, line)?;
        if row.step > last_step {
            break;
        }
        if let Some(previous) = parsed.rows.last()
            && row.step <= previous.step
        {
            return Err(Error::damaged(
                place(file, index + 2, 1),
                format!("step {} comes after step {}", row.step, previous.step),
                ADVICE,
            ));
        }
        parsed.rows.push(row);
        parsed.length += line.len();
    }
    Ok(parsed)
}

fn parse_row(file: &str, line_number: usize, line: &[u8]) -> Result<MetricsRow> {
    let at =
        |column: usize, reason: String| Err(Error::damaged(place(file, line_number, column), reason, ADVICE));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => {}
        Ok(false) => return at(0, "the line is empty".to_string()),
        Err(error) => return at(0, error.to_string()),
    }
    if record.len() != COLUMNS.len() {
        let columns = format!("the line has {} columns in place of {}", record.len(), COLUMNS.len());
        return at(record.len().min(COLUMNS.len() - 1), columns);
    }
    record.deserialize::<MetricsRow>(None).or_else(|error| match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().unwrap_or(0) as usize;
            let value = record.get(column).unwrap_or_default();
            // A damaged file may hold anything: show a little of it, and nothing that a terminal would obey.
            let shown: String = value.escape_ascii().to_string().chars().take(40).collect();
            let wanted = if column < 2 { "whole number" } else { "number" };
            at(column, format!("`{shown}` is not a {wanted}"))
        }
        _ => at(0, error.to_string()),
    })
}

/// `metrics.csv:3: column 2 (step)`.
fn place(file: &str, line: usize, column: usize) -> String {
    format!("{file}:{line}: column {} ({})", column + 1, COLUMNS[column])
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

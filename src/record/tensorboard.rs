//! `tensorboard/events.out.tfevents.…`: the run for TensorBoard, on request (`logging.tensorboard`).
//!
//! | tag | what |
//! | --- | --- |
//! | `loss/d_loss`, `probability/d_real`, … | a scalar per column of `metrics.csv`, in single precision |
//! | `score/frechet`, `floor/frechet`, … | a scalar per score of `evaluation.csv`, and what real examples score |
//! | `montage` | the pictures of `samples/`, the PNG bytes as they are |
//! | `experiment` | the resolved configuration, as text |
//!
//! Steps are generator steps. The wall time of an event is the run's start plus its seconds of training, so the time axis
//! does not show the nights between interruption and resumption.
//!
//! The file is a copy: whatever is in it is in `metrics.csv`, `evaluation.csv` and `samples/` too. So a process that begins or goes on with
//! a run writes the whole file anew from these, under a new name, empties the file of the process before, and appends from
//! there on. Rows beyond the checkpoint and a last record that a crash has torn are gone with the old content; a TensorBoard
//! that runs meanwhile reads the new file after the old one, and the session's start that stands at its head makes it
//! forget what it had read. (The old file is not removed at once, but by the next process: a TensorBoard without its fast
//! loader would wait for it for ever.)
//!
//! A record (<https://www.tensorflow.org/tutorials/load_data/tfrecord>) is the payload's length in 8 bytes, the length's
//! masked CRC-32C in 4, the payload, and the payload's masked CRC-32C in 4, numbers little-endian. The payload is a
//! protobuf `Event`.

mod messages;

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use prost::Message;

use super::run_file::Timestamp;
use super::{Error, EvaluationRow, MetricsRow, Result, atomic, read_limited};
use messages::{Event, Image, SessionLog, Summary, Tensor, Value, What};

/// TensorBoard takes every file with `tfevents` in its name, in the order of the names.
const PREFIX: &str = "events.out.tfevents.";
const SUFFIX: &str = ".atelier";
/// Of the seconds in a name, so that names sort like numbers.
const DIGITS: usize = 10;

/// More of a picture is not read.
const MOST_PICTURE_BYTES: u64 = 64 << 20;

/// A picture of `samples/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Montage {
    /// Generator steps when it was drawn.
    pub step: u64,
    /// A PNG.
    pub path: PathBuf,
}

/// The event file of this process, open for appending.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
    length: u64,
    clock: Clock,
}

/// From seconds of training to the time that TensorBoard shows.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// Unix seconds at the run's start.
    started: f64,
    /// Seconds of training at the newest row, which a picture shares.
    seconds: f64,
}

impl Clock {
    fn time(self) -> f64 {
        self.started + self.seconds
    }
}

impl EventFile {
    /// Makes the file of this process in `folder`, with the configuration, the rows and the pictures so far, both in the
    /// order of their steps. Then the file of the process before is emptied, and older ones are removed.
    ///
    /// # Errors
    /// [`Error::Write`], with the older file as it was; [`Error::Read`] or [`Error::Damaged`] for a picture.
    pub fn create(
        folder: &Path,
        started: Timestamp,
        experiment: &str,
        rows: &[MetricsRow],
        montages: &[Montage],
    ) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
        let older = older_files(folder)?;
        let (path, file) = create_newest(folder, &older)?;
        let clock = Clock { started: started.unix_seconds() as f64, seconds: 0.0 };
        let filled = fill(&path, file, clock, experiment, rows, montages);
        let (file, clock, length) = match filled {
            Ok(filled) => filled,
            Err(error) => {
                // The first error is the one to report.
                let _ = fs::remove_file(&path);
                return Err(error);
            }
        };
        let newest = older.iter().map(|(number, _)| *number).max();
        for (number, old) in older {
            let withdrawn = match Some(number) == newest {
                true => OpenOptions::new().write(true).open(&old).and_then(|file| file.set_len(0)),
                false => fs::remove_file(&old),
            };
            withdrawn.map_err(|source| Error::write(old, source))?;
        }
        atomic::sync_folder(folder).map_err(|source| Error::write(folder, source))?;
        Ok(Self { path, file, length, clock })
    }

    /// Adds a row of `metrics.csv` and hands it to the operating system.
    ///
    /// # Errors
    /// [`Error::Write`]; the file is then cut back to the records before, as far as the disk allows.
    pub fn row(&mut self, row: &MetricsRow) -> Result<()> {
        self.clock.seconds = row.seconds;
        self.append(&losses(self.clock.time(), row))
    }

    /// Adds the scores of a row of `evaluation.csv`, whose metrics have these columns, at so many seconds of training.
    ///
    /// # Errors
    /// [`Error::Write`] as [`row`](Self::row).
    pub fn scores(&mut self, seconds: f64, columns: &[&str], row: &EvaluationRow) -> Result<()> {
        let tags = |group: &'static str| columns.iter().map(move |column| format!("{group}/{column}"));
        let scores = tags("score").zip(row.scores.iter().copied());
        let floors = tags("floor").zip(row.floors.iter().copied());
        let time = Clock { seconds, ..self.clock }.time();
        self.append(&scalars(time, row.step, scores.chain(floors)))
    }

    /// Adds a picture, the bytes of a PNG, drawn after `step` generator steps.
    ///
    /// # Errors
    /// [`Error::Damaged`] if `png` (of the file `path`, for the message) is none; [`Error::Write`] as [`row`](Self::row).
    pub fn montage(&mut self, step: u64, path: &Path, png: Vec<u8>) -> Result<()> {
        let event = montage(self.clock.time(), step, path, png)?;
        self.append(&event)
    }

    /// Forces the file to the disk. What a power cut takes before is written again when the run goes on.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|source| Error::write(&self.path, source))
    }

    fn append(&mut self, event: &Event) -> Result<()> {
        let record = record(event);
        if let Err(source) = self.file.write_all(&record) {
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(Error::write(&self.path, source));
        }
        self.length += record.len() as u64;
        Ok(())
    }
}

/// Writes all that is known so far; gives the file back with the clock at its last row and its length in bytes.
fn fill(
    path: &Path,
    file: File,
    mut clock: Clock,
    experiment: &str,
    rows: &[MetricsRow],
    montages: &[Montage],
) -> Result<(File, Clock, u64)> {
    let mut length = 0;
    let mut writer = BufWriter::new(file);
    let mut put = |event: &Event| {
        let record = record(event);
        length += record.len() as u64;
        writer.write_all(&record).map_err(|source| Error::write(path, source))
    };
    put(&Event::new(clock.time(), 0, What::FileVersion("brain.Event:2".into())))?;
    put(&Event::new(clock.time(), 0, What::SessionLog(SessionLog::START)))?;
    put(&Event::new(clock.time(), 0, What::Summary(text("experiment", experiment))))?;
    let mut montages = montages.iter().peekable();
    let mut rows = rows.iter().peekable();
    loop {
        // The row of a step comes before its picture, as it does while the run goes on.
        match (rows.peek(), montages.peek()) {
            (Some(row), next) if next.is_none_or(|picture| row.step <= picture.step) => {
                clock.seconds = row.seconds;
                put(&losses(clock.time(), row))?;
                rows.next();
            }
            (_, Some(Montage { step, path })) => {
                put(&montage(clock.time(), *step, path, read_limited(path, MOST_PICTURE_BYTES)?)?)?;
                montages.next();
            }
            _ => break,
        }
    }
    // Not the drop of the BufWriter: it would swallow a full disk.
    let file = writer.into_inner().map_err(|error| Error::write(path, error.into_error()))?;
    file.sync_all().map_err(|source| Error::write(path, source))?;
    Ok((file, clock, length))
}

/// The event files of the processes before, by the number in their names.
fn older_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let failed = |source| Error::read(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(number) = entry.file_name().to_str().and_then(number) {
            files.push((number, entry.path()));
        }
    }
    Ok(files)
}

/// The number in the name of a file of ours.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let is_ours = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_ours)
}

/// Makes a file with a name that comes after those of the `older` ones, also where the clock was turned back.
fn create_newest(folder: &Path, older: &[(u64, PathBuf)]) -> Result<(PathBuf, File)> {
    let now = u64::try_from(Timestamp::now().unix_seconds()).unwrap_or(0);
    let after = older.iter().map(|(number, _)| number.saturating_add(1)).max().unwrap_or(0);
    let path = folder.join(format!("{PREFIX}{:0DIGITS$}{SUFFIX}", now.max(after)));
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(file) => Ok((path, file)),
        Err(source) => Err(Error::write(path, source)),
    }
}

/// Under which heading TensorBoard shows a column: `d_loss` is `loss/d_loss`.
fn tag(column: &str) -> String {
    let group = match column {
        "epoch" => "progress",
        "d_real" | "d_fake" => "probability",
        "images_per_second" | "seconds" => "time",
        _ if column.ends_with("gradient_norm") => "gradient_norm",
        _ if column.ends_with("loss") => "loss",
        _ => "metrics",
    };
    format!("{group}/{column}")
}

/// One event with every column but the step, which is its abscissa.
fn losses(wall_time: f64, row: &MetricsRow) -> Event {
    let cells = row.cells().filter(|(column, _)| *column != "step");
    scalars(wall_time, row.step, cells.map(|(column, value)| (tag(column), value)))
}

/// An event with these tags and their values.
fn scalars(wall_time: f64, step: u64, values: impl Iterator<Item = (String, f64)>) -> Event {
    let scalar = |(tag, value)| Value { tag, simple_value: Some(value as f32), ..Value::default() };
    let value = values.map(scalar).collect();
    Event::new(wall_time, step, What::Summary(Summary { value }))
}

fn montage(wall_time: f64, step: u64, path: &Path, png: Vec<u8>) -> Result<Event> {
    let Some((width, height, colorspace)) = png_header(&png) else {
        return Err(Error::damaged(path.display(), "this is not a PNG", "delete it, and it is left out"));
    };
    let image = Image { height, width, colorspace, encoded_image_string: png };
    let value = Value { tag: "montage".into(), image: Some(image), ..Value::default() };
    Ok(Event::new(wall_time, step, What::Summary(Summary { value: vec![value] })))
}

/// A text for the text plugin, which takes Markdown: indented by four, every line is shown as it is.
fn text(tag: &str, text: &str) -> Summary {
    let markdown: String = text.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    let tensor = Tensor::of_text(markdown.into_bytes());
    let metadata = Some(messages::Metadata::of_plugin("text"));
    Summary { value: vec![Value { tag: tag.into(), tensor: Some(tensor), metadata, ..Value::default() }] }
}

/// Width, height and number of channels (1 grey, 2 grey and alpha, 3 RGB, 4 RGBA) of a PNG, from its first chunk.
fn png_header(bytes: &[u8]) -> Option<(i32, i32, i32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let (width, rest) = header.split_first_chunk()?;
    let (height, rest) = rest.split_first_chunk()?;
    let channels = match *rest.get(1)? {
        0 => 1,
        4 => 2,
        // A palette is shown in colour.
        2 | 3 => 3,
        6 => 4,
        _ => return None,
    };
    let side = |bytes: &[u8; 4]| i32::try_from(u32::from_be_bytes(*bytes)).ok().filter(|side| *side > 0);
    Some((side(width)?, side(height)?, channels))
}

/// An event as a record of the file.
fn record(event: &Event) -> Vec<u8> {
    let payload = event.encode_to_vec();
    let length = (payload.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(payload.len() + 16);
    record.extend(length);
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(&payload);
    record.extend(masked_crc(&payload).to_le_bytes());
    record
}

/// CRC-32C, rotated by 15 bits and offset, as the format wants it: the CRC of data that hold CRCs is a weak one.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests;

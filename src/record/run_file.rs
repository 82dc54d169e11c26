//! `run.toml`: the state of a run and where its numbers come from.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

use super::provenance::Provenance;
use super::{Error, Result, atomic, read_limited};

/// Name of the file in a run's folder.
pub const NAME: &str = "run.toml";

/// More is not read.
const MAXIMUM_BYTES: u64 = 1 << 20;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A process trains it, or was killed while it did: the run's lock tells which.
    Running,
    /// Trained to the end.
    Complete,
    /// Stopped by a signal, with its state saved.
    Interrupted,
    /// Stopped by a loss or gradient that is not finite.
    Diverged,
    /// Stopped by an error, given in `error`.
    Failed,
}

impl State {
    /// The word in `run.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A moment in UTC, to the second; RFC 3339 in files: `2026-03-01T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The system's clock, read now.
    pub fn now() -> Self {
        Self::from_unix_seconds(Utc::now().timestamp()).expect("the clock shows a four-digit year")
    }

    /// Seconds since 1970-01-01T00:00:00Z; `None` beyond the years that RFC 3339 can write (0 to 9999).
    pub fn from_unix_seconds(seconds: i64) -> Option<Self> {
        let moment = Utc.timestamp_opt(seconds, 0).single()?;
        let text = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
        (text.len() == "2026-03-01T12:00:00Z".len()).then_some(Self(moment))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|moment| Self::from_unix_seconds(moment.timestamp()))
            .ok_or_else(|| {
                let shown: String = text.escape_debug().take(40).collect();
                format!("`{shown}` is not a time like `2026-03-01T12:00:00Z`")
            })
    }
}

impl TryFrom<String> for Timestamp {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

/// The data set that a run was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRecord {
    /// As in `[dataset] name`.
    pub name: String,
    /// SHA-256 of the decoded content, 64 hex digits.
    pub sha256: String,
}

/// The content of `run.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Where the run stands.
    pub state: State,
    /// Why it ended, for `diverged` and `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why a complete run ended before its length (`training.early_stop`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The experiment's name.
    pub experiment: String,
    /// The run's name, which is its folder's.
    pub run: String,
    /// The seed of all random streams.
    pub seed: u64,
    /// Hash of the resolved configuration, in hex digits.
    pub configuration_hash: String,
    /// When the run was first started.
    pub started: Timestamp,
    /// When it ended, however it did; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Seconds of training, without the time between interruption and resumption.
    pub seconds_training: f64,
    /// How many times it was resumed.
    pub resumed: u32,
    /// Epochs finished.
    pub epochs_done: u64,
    /// Generator updates done.
    pub steps_done: u64,
    /// What it was trained on.
    pub dataset: DatasetRecord,
    /// What it was trained with; of the process that wrote last, if the run was resumed.
    pub provenance: Provenance,
}

impl RunFile {
    /// The file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("strings and numbers below 2^63 can be written as TOML")
    }

    /// Parses the file's text; `file` is for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] with line and column.
    pub fn from_toml(file: &str, text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let place = match error.span() {
                Some(span) => {
                    let (line, column) = line_and_column(text, span.start);
                    format!("{file}:{line}:{column}")
                }
                None => file.to_string(),
            };
            Error::damaged(
                place,
                error.message().replace('\n', ", "),
                "mend the line, or move the run's folder away and run again",
            )
        })
    }

    /// Writes the file in one step.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic::write(path, self.to_toml().as_bytes())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`] with line and column.
    pub fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let bytes = read_limited(path, MAXIMUM_BYTES)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::from_toml(&file, text),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let (line, column) = line_and_column(&before, before.len());
                Err(Error::damaged(
                    format!("{file}:{line}:{column}"),
                    "this is not UTF-8 text",
                    "move the run's folder away and run again",
                ))
            }
        }
    }
}

/// Line and column, both from 1, of a place in a text; columns count characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = text.floor_char_boundary(offset);
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests;

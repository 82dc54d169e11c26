//! A CSV file with a header and numbers, whatever its columns.

use std::collections::BTreeSet;
use std::path::Path;

use crate::record::evaluation::EXTRACTOR;
use crate::record::{Error, Result, read_limited};

/// More of a CSV file is not read: 256 MiB are two million rows.
const MOST_BYTES: u64 = 256 << 20;
/// More columns are not read.
const MOST_COLUMNS: usize = 1000;

const ADVICE: &str = "mend the line, or move the file away; until then it is left out";

/// A CSV file of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file's name.
    pub file: String,
    /// The header, without two columns of one name; `epoch` and `step` are among them.
    pub columns: Vec<String>,
    /// A number for each column; NaN for an empty cell, for what is NaN, and in the one column that holds words.
    pub rows: Vec<Vec<f64>>,
    /// Where `epoch` and `step` stand.
    pub(super) place: (usize, usize),
}

impl Table {
    /// Reads a CSV file. A last line without its line end is one that is being written, or was when the process was
    /// killed: it is left out. `None` if there is no such file, or nothing in it yet.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the line; [`Error::Read`].
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match read_limited(path, MOST_BYTES) {
            Err(Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            result => result?,
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Self::parse(&path.display().to_string(), &file, &bytes)
    }

    /// Where a column stands.
    pub fn index(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// `shown` is the path for messages.
    fn parse(shown: &str, file: &str, bytes: &[u8]) -> Result<Option<Self>> {
        let mut lines =
            bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
        let Some(header) = lines.next() else {
            return Ok(None);
        };
        let damaged = |line: usize, reason: String| Error::damaged(format!("{shown}:{line}"), reason, ADVICE);
        let columns = header_of(without_return(header)).map_err(|reason| damaged(1, reason))?;
        let find = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.ok_or_else(|| damaged(1, format!("the header has no column `{name}`")))
        };
        let place = (find("epoch")?, find("step")?);
        let mut table = Self { file: file.to_owned(), columns, rows: Vec::new(), place };
        for (index, line) in lines.enumerate() {
            let row = table.row(without_return(line)).map_err(|reason| damaged(index + 2, reason))?;
            table.rows.push(row);
        }
        Ok(Some(table))
    }

    /// The numbers of the next line, or what is wrong with it.
    fn row(&self, line: &[u8]) -> std::result::Result<Vec<f64>, String> {
        if line.is_empty() {
            return Err("the line is empty".to_owned());
        }
        let mut row = Vec::with_capacity(self.columns.len());
        for cell in line.split(|byte| *byte == b',') {
            let name = self.columns.get(row.len()).map_or("", String::as_str);
            let number = std::str::from_utf8(cell).ok().and_then(|text| match text.trim() {
                "" => Some(f64::NAN),
                _ if name == EXTRACTOR => Some(f64::NAN),
                text => text.parse().ok(),
            });
            row.push(number.ok_or_else(|| {
                format!("column {} ({name}): `{}` is not a number", row.len() + 1, shown(cell))
            })?);
            if row.len() > self.columns.len() {
                break;
            }
        }
        if row.len() != self.columns.len() {
            let found = line.split(|byte| *byte == b',').count();
            return Err(format!("the line has {found} columns in place of {}", self.columns.len()));
        }
        for (place, name) in [(self.place.0, "epoch"), (self.place.1, "step")] {
            // Beyond 2⁵³ neighbouring whole numbers are one.
            if !(row[place] >= 0.0 && row[place] <= 9e15 && row[place].fract() == 0.0) {
                return Err(format!("column {} ({name}): {} is not a whole number", place + 1, row[place]));
            }
        }
        let step = self.place.1;
        match self.rows.last() {
            Some(before) if row[step] <= before[step] => {
                Err(format!("step {} comes after step {}", row[step], before[step]))
            }
            _ => Ok(row),
        }
    }
}

/// The names of a header's columns, or what is wrong with it.
fn header_of(line: &[u8]) -> std::result::Result<Vec<String>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the header is not UTF-8 text".to_owned())?;
    let columns: Vec<String> =
        text.split(',').take(MOST_COLUMNS + 1).map(|name| name.trim().to_owned()).collect();
    if columns.len() > MOST_COLUMNS {
        return Err(format!("the header has more than {MOST_COLUMNS} columns"));
    }
    let mut known = BTreeSet::new();
    for (index, name) in columns.iter().enumerate() {
        if name.is_empty() || name.chars().any(char::is_control) || name.len() > 200 {
            return Err(format!(
                "column {} of the header has no name: `{}`",
                index + 1,
                shown(name.as_bytes())
            ));
        }
        if !known.insert(name) {
            return Err(format!("the header has two columns `{name}`"));
        }
    }
    Ok(columns)
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A little of what a damaged file holds, and nothing that a terminal would obey.
fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().chars().take(40).collect()
}

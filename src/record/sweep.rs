//! What a sweep leaves beside its runs: `sweep.csv`, a row per run, and `sweep.toml`, what was asked for.
//!
//! Every planned run is a row from the first moment on, whatever becomes of it. The columns are
//!
//! | column | what |
//! | --- | --- |
//! | `index`, `trial`, `phase` | position in the sweep; configuration without its seed; `search` or `final` |
//! | *swept keys* | the run's values, one column per key, named by the dotted key |
//! | `seed`, `run` | the run's seed, and the name of its folder |
//! | `state`, `reason` | where it stands ([`RunState`]), and why |
//! | `epochs`, `steps` | how far it trained |
//! | `objective` | the sweep's objective, where it has one |
//! | *metrics* | the last value of each column of the run's CSV files |
//! | [`PROVENANCE`] | times and origin, as in `run.toml` |
//!
//! A cell without a value is empty.

use super::{Error, Result, RunFile, State, atomic, read_limited};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// Name of the table in a sweep's folder.
pub const TABLE: &str = "sweep.csv";

/// Name of the description in a sweep's folder.
pub const DESCRIPTION: &str = "sweep.toml";

/// More is not read.
const MAXIMUM_BYTES: u64 = 1 << 28;

/// The columns before the swept keys.
const FIRST: [&str; 3] = ["index", "trial", "phase"];

/// The columns after the swept keys.
const SECOND: [&str; 7] = ["seed", "run", "state", "reason", "epochs", "steps", "objective"];

/// The last columns.
pub const PROVENANCE: [&str; 15] = [
    "started",
    "ended",
    "seconds_training",
    "resumed",
    "configuration_hash",
    "dataset",
    "dataset_sha256",
    "program_version",
    "git_commit",
    "git_dirty",
    "rustc",
    "cpu",
    "gpu",
    "threads",
    "os",
];

/// Where a run of a sweep stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RunState {
    /// Trained to the end.
    Complete,
    /// Not promoted by successive halving; its checkpoint is kept.
    Stopped,
    /// A loss or gradient was not finite.
    Diverged,
    /// It ended by an error, which is the reason.
    Failed,
    /// Its process was killed; the last checkpoint is kept.
    Killed,
    /// It was asked to stop, and saved its state.
    Interrupted,
    /// A process trains it.
    Running,
    /// It has not begun.
    Waiting,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Complete,
        Self::Stopped,
        Self::Diverged,
        Self::Failed,
        Self::Killed,
        Self::Interrupted,
        Self::Running,
        Self::Waiting,
    ];

    /// The word in `sweep.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Interrupted => "interrupted",
            Self::Running => "running",
            Self::Waiting => "waiting",
        }
    }

    /// Whether it did all that the sweep wants of it.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Complete | Self::Stopped)
    }

    /// What `run.toml` says; `is_locked` is whether a process works in the folder.
    pub fn of(state: State, is_locked: bool) -> Self {
        match state {
            State::Running if is_locked => Self::Running,
            State::Running => Self::Killed,
            State::Complete => Self::Complete,
            State::Interrupted => Self::Interrupted,
            State::Diverged => Self::Diverged,
            State::Failed => Self::Failed,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// Position in the sweep, from 0.
    pub index: usize,
    /// The configuration without its seed, from 0.
    pub trial: usize,
    /// Whether it belongs to the last phase, which runs the best configuration again.
    pub is_final: bool,
    /// The values of [`SweepTable::parameters`], as text.
    pub parameters: Vec<String>,
    /// Its seed.
    pub seed: u64,
    /// The name of its folder.
    pub run: String,
    /// Where it stands.
    pub state: RunState,
    /// Why, where there is something to say; one line.
    pub reason: String,
    /// Epochs finished.
    pub epochs: u64,
    /// Generator updates done.
    pub steps: u64,
    /// The objective's value, if the sweep has one and the run a value.
    pub objective: Option<f64>,
    /// The last values of [`SweepTable::metrics`].
    pub metrics: Vec<Option<f64>>,
    /// The cells of [`PROVENANCE`], in its order; empty text where nothing is known.
    pub provenance: Vec<String>,
}

/// The cells of [`PROVENANCE`] for a run; all empty for one that has not begun.
pub fn provenance(run: Option<&RunFile>) -> Vec<String> {
    let Some(run) = run else {
        return vec![String::new(); PROVENANCE.len()];
    };
    let origin = &run.provenance;
    let flag = |flag: Option<bool>| flag.map_or_else(String::new, |flag| flag.to_string());
    vec![
        run.started.to_string(),
        run.ended.map_or_else(String::new, |ended| ended.to_string()),
        run.seconds_training.to_string(),
        run.resumed.to_string(),
        run.configuration_hash.clone(),
        run.dataset.name.clone(),
        run.dataset.sha256.clone(),
        origin.program_version.clone(),
        origin.git_commit.clone().unwrap_or_default(),
        flag(origin.git_dirty),
        origin.rustc.clone(),
        origin.cpu.clone(),
        origin.gpu.clone().unwrap_or_default(),
        origin.threads.to_string(),
        origin.os.clone(),
    ]
}

/// The content of `sweep.csv`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepTable {
    /// The swept dotted keys, in the order of the file.
    pub parameters: Vec<String>,
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// The runs, by index.
    pub rows: Vec<SweepRow>,
}

impl SweepTable {
    /// The file's text.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let header = [
            names(&FIRST),
            self.parameters.clone(),
            names(&SECOND),
            self.metrics.clone(),
            names(&PROVENANCE),
        ];
        writer.write_record(header.concat()).expect("memory takes every record");
        for row in &self.rows {
            let phase = if row.is_final { "final" } else { "search" };
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let cells = [
                vec![row.index.to_string(), row.trial.to_string(), phase.to_owned()],
                row.parameters.clone(),
                vec![
                    row.seed.to_string(),
                    row.run.clone(),
                    row.state.as_str().to_owned(),
                    row.reason.clone(),
                    row.epochs.to_string(),
                    row.steps.to_string(),
                    number(row.objective),
                ],
                row.metrics.iter().map(|value| number(*value)).collect(),
                row.provenance.clone(),
            ];
            writer.write_record(cells.concat()).expect("every row has a cell per column");
        }
        let bytes = writer.into_inner().expect("memory takes every byte");
        String::from_utf8(bytes).expect("every cell is text")
    }

    /// Writes the file in one step.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic::write(path, self.to_csv().as_bytes())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`] with line and column.
    pub fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        Self::from_csv(&file, &read_limited(path, MAXIMUM_BYTES)?)
    }

    /// Parses the file's bytes; `file` is for messages.
    ///
    /// # Errors
    /// [`Error::Damaged`] with line and column.
    pub fn from_csv(file: &str, bytes: &[u8]) -> Result<Self> {
        const ADVICE: &str = "give the sweep's command again, which writes this file anew";
        let mut reader = csv::Reader::from_reader(bytes);
        let bad =
            |line: u64, reason: String| Error::damaged(format!("{file}:{line}"), reason, ADVICE.to_owned());
        let header = reader.headers().map_err(|error| bad(1, error.to_string()))?.clone();
        let header: Vec<&str> = header.iter().collect();
        let second = header.windows(SECOND.len()).position(|names| names == SECOND);
        let (Some(second), true, true) = (second, header.starts_with(&FIRST), header.ends_with(&PROVENANCE))
        else {
            return Err(bad(1, "the first line is not the header of a sweep's table".into()));
        };
        let metrics = second + SECOND.len();
        let last = header.len() - PROVENANCE.len();
        if second < FIRST.len() || metrics > last {
            return Err(bad(1, "the columns of the header overlap".into()));
        }
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut table = Self {
            parameters: owned(&header[FIRST.len()..second]),
            metrics: owned(&header[metrics..last]),
            rows: Vec::new(),
        };
        for record in reader.records() {
            let record = record
                .map_err(|error| bad(error.position().map_or(1, csv::Position::line), error.to_string()))?;
            let line = record.position().map_or(1, csv::Position::line);
            let cell = |column: usize| record.get(column).unwrap_or_default();
            let wrong = |column: usize| {
                let shown: String = cell(column).escape_debug().take(40).collect();
                bad(line, format!("column {} ({}): `{shown}` is wrong", column + 1, header[column]))
            };
            let texts = |from: usize, to: usize| (from..to).map(|c| cell(c).to_owned()).collect::<Vec<_>>();
            let number = |column: usize| match cell(column) {
                "" => Ok(None),
                text => text.parse::<f64>().map(Some).map_err(|_| wrong(column)),
            };
            let whole = |column: usize| cell(column).parse::<u64>().map_err(|_| wrong(column));
            let state = RunState::ALL.into_iter().find(|state| state.as_str() == cell(second + 2));
            table.rows.push(SweepRow {
                index: cell(0).parse().map_err(|_| wrong(0))?,
                trial: cell(1).parse().map_err(|_| wrong(1))?,
                is_final: match cell(2) {
                    "search" => false,
                    "final" => true,
                    _ => return Err(wrong(2)),
                },
                parameters: texts(FIRST.len(), second),
                seed: whole(second)?,
                run: cell(second + 1).to_owned(),
                state: state.ok_or_else(|| wrong(second + 2))?,
                reason: cell(second + 3).to_owned(),
                epochs: whole(second + 4)?,
                steps: whole(second + 5)?,
                objective: number(second + 6)?,
                metrics: (metrics..last).map(number).collect::<Result<_>>()?,
                provenance: texts(last, header.len()),
            });
        }
        Ok(table)
    }
}

/// A sweep's objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// A column of the runs' CSV files.
    pub column: String,
    /// `min` or `max`.
    pub goal: String,
    /// `last` or `best`.
    pub value: String,
}

/// The content of `sweep.toml`: what a sweep was asked for, for reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepFile {
    /// The experiment's name.
    pub experiment: String,
    /// What it is about, in the author's words.
    pub description: String,
    /// The experiment file, as it was given.
    pub file: String,
    /// The command, with all of its arguments.
    pub command: Vec<String>,
    /// `grid`, `random`, `tpe` or `halving`.
    pub strategy: String,
    /// The swept dotted keys, in the order of the file.
    pub parameters: Vec<String>,
    /// The seeds of each configuration.
    pub seeds: Vec<u64>,
    /// The seeds of the last phase; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub final_seeds: Vec<u64>,
    /// How many runs there are if none fails.
    pub runs: usize,
    /// The program's version that wrote this.
    pub program_version: String,
    /// The experiment file's text, its bases not included.
    pub source: String,
    /// What is optimised, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
}

impl SweepFile {
    /// Writes the file in one step.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = toml::to_string(self).expect("texts and numbers below 2^63 can be written as TOML");
        atomic::write(path, text.as_bytes())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Damaged`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read_limited(path, MAXIMUM_BYTES)?;
        let advice = "give the sweep's command again, which writes this file anew";
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| Error::damaged(path.display(), error.to_string(), advice))?;
        toml::from_str(text)
            .map_err(|error| Error::damaged(path.display(), error.message().replace('\n', ", "), advice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> SweepTable {
        let row = SweepRow {
            index: 0,
            trial: 0,
            is_final: false,
            parameters: vec!["hinge, \"wide\"".into()],
            seed: 3,
            run: "loss=hinge,seed3-0011aabb".into(),
            state: RunState::Failed,
            reason: "exit code 3: a comma, and a \"quote\"".into(),
            epochs: 2,
            steps: 40,
            objective: Some(0.125),
            metrics: vec![Some(1.5), None],
            provenance: provenance(None),
        };
        let second = SweepRow { index: 1, is_final: true, state: RunState::Waiting, ..row.clone() };
        SweepTable {
            parameters: vec!["objective.loss".into()],
            metrics: vec!["d_loss".into(), "g_loss".into()],
            rows: vec![row, second],
        }
    }

    #[test]
    fn a_table_reads_back() {
        let table = table();
        assert_eq!(SweepTable::from_csv("sweep.csv", table.to_csv().as_bytes()).unwrap(), table);
        let empty = SweepTable::default();
        assert_eq!(SweepTable::from_csv("sweep.csv", empty.to_csv().as_bytes()).unwrap(), empty);
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let text = table().to_csv();
        let broken = text.replace(",waiting,", ",sleeping,");
        let error = SweepTable::from_csv("sweep.csv", broken.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("sweep.csv:3: column 7 (state): `sleeping` is wrong"), "{error}");
        for broken in ["", "index,trial\n", "a,b,c\n1,2,3\n", &text.replace("0.125", "half")] {
            assert!(SweepTable::from_csv("sweep.csv", broken.as_bytes()).is_err(), "{broken}");
        }
        // Cut anywhere: rows that are whole, or an error; never a panic.
        for end in 0..text.len() {
            let _ = SweepTable::from_csv("sweep.csv", &text.as_bytes()[..end]);
        }
    }

    #[test]
    fn the_description_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DESCRIPTION);
        let file = SweepFile {
            experiment: "x".into(),
            description: "two \"losses\"\nand a line".into(),
            file: "experiments/x.toml".into(),
            command: vec!["atelier".into(), "sweep".into(), "experiments/x.toml".into()],
            strategy: "grid".into(),
            parameters: vec!["objective.loss".into()],
            seeds: vec![0, 1],
            final_seeds: Vec::new(),
            runs: 4,
            program_version: "0.1.0".into(),
            source: "'''\"\"\"\n[sweep]\n".into(),
            objective: Some(Objective { column: "g_loss".into(), goal: "min".into(), value: "last".into() }),
        };
        file.write(&path).unwrap();
        assert_eq!(SweepFile::read(&path).unwrap(), file);
        std::fs::write(&path, "experiment = 3\n").unwrap();
        assert!(SweepFile::read(&path).unwrap_err().to_string().contains("sweep.toml"));
    }
}

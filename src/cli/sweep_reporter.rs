//! A sweep's events on the terminal, as plain lines, or as JSON.

use super::output::mention;
use super::sweep::{runs, states};
use super::table::{duration, grouped};
use crate::config::training::Length;
use crate::launch::sweep::Event;
use crate::plan::{PlannedRun, SweepPlan};
use crate::record::history::Table;
use crate::record::{RunState, SweepRow};
use crate::run::Folder;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Somebody who listens to a sweep.
pub(super) trait Reporter {
    fn report(&mut self, event: &Event<'_>);

    /// After the last event: what came of it; `planned` is how many runs the whole sweep has.
    fn finish(&mut self, rows: &[SweepRow], planned: usize);
}

/// The reporter for this command line and terminal.
pub(super) fn choose(plan: &SweepPlan, folder: &Path, quiet: bool, json: bool) -> Box<dyn Reporter> {
    if json {
        Box::new(Json { folder: folder.to_owned() })
    } else if quiet {
        Box::new(Silent)
    } else {
        Box::new(Lines {
            name: plan.name().to_owned(),
            folder: folder.to_owned(),
            column: plan.objective().map(|objective| objective.column.clone()),
            planned: plan.runs(),
            started: Instant::now(),
            done_before: None,
            table: std::io::stdout().is_terminal().then(Live::new),
        })
    }
}

struct Silent;

impl Reporter for Silent {
    fn report(&mut self, _: &Event<'_>) {}

    fn finish(&mut self, _: &[SweepRow], _: usize) {}
}

/// A line per run that ended, and on a terminal a live table below.
struct Lines {
    name: String,
    folder: PathBuf,
    /// The objective's column.
    column: Option<String>,
    planned: usize,
    started: Instant,
    done_before: Option<usize>,
    table: Option<Live>,
}

impl Lines {
    fn line(&self, text: &str) {
        match &self.table {
            Some(table) => table.text.suspend(|| mention(text)),
            None => mention(text),
        }
    }

    /// Runs that need no more work.
    fn over(rows: &[SweepRow]) -> usize {
        rows.iter()
            .filter(|row| row.state.is_done() || matches!(row.state, RunState::Diverged | RunState::Failed))
            .count()
    }

    /// What is left at the pace so far.
    fn time_left(&self, rows: &[SweepRow]) -> Option<String> {
        let over = Self::over(rows);
        let done = over.checked_sub(self.done_before?).filter(|done| *done > 0)?;
        let left = self.planned.saturating_sub(over);
        if left == 0 {
            return None;
        }
        let seconds = self.started.elapsed().as_secs_f64() * left as f64 / done as f64;
        Some(format!("about {} left", duration(seconds)))
    }

    fn ended(&self, row: &SweepRow, seconds: f64, is_retried: bool, rows: &[SweepRow]) {
        let width = self.planned.to_string().len();
        let mut line =
            format!("[{:>width$}/{}] {:<11} {}", Self::over(rows), self.planned, row.state.as_str(), row.run);
        if let (Some(column), Some(value)) = (&self.column, row.objective) {
            line += &format!("  {column} {value:.4}");
        }
        line += &format!("  {}", duration(seconds));
        if row.state == RunState::Complete {
            line += &self.time_left(rows).map(|left| format!("  {left}")).unwrap_or_default();
        }
        if !row.reason.is_empty() {
            line += &format!("\n{:>1$} {2}", "", 2 * width + 3, row.reason);
        }
        if is_retried {
            line += "; it is tried again";
        }
        self.line(&line);
    }
}

impl Reporter for Lines {
    fn report(&mut self, event: &Event<'_>) {
        match event {
            Event::Round { rows, outstanding } => {
                if self.done_before.is_none() {
                    let over = Self::over(rows);
                    self.done_before = Some(over);
                    let before =
                        if over > 0 { format!(", {over} of them done before") } else { String::new() };
                    let into = self.folder.display();
                    self.line(&format!(
                        "sweeping {}: {}{before}, into {into}",
                        self.name,
                        runs(self.planned)
                    ));
                } else if *outstanding > 0 {
                    self.line(&format!("next round: {}", runs(*outstanding)));
                }
            }
            Event::Started { row, threads } => {
                if let Some(table) = &mut self.table {
                    table.started(row, *threads);
                }
            }
            Event::Tick { rows, running } => {
                let left = self.time_left(rows);
                if let Some(table) = &mut self.table {
                    table.tick(rows, running, self.column.as_deref(), self.planned, left);
                }
            }
            Event::Ended { row, end, is_retried, rows } => {
                if let Some(table) = &mut self.table {
                    table.runs.remove(&row.index);
                }
                self.ended(row, end.seconds, *is_retried, rows);
            }
            Event::Notice(text) => self.line(text),
        }
    }

    fn finish(&mut self, rows: &[SweepRow], planned: usize) {
        if let Some(table) = self.table.take() {
            table.text.finish_and_clear();
        }
        let mut said = states(rows);
        if rows.len() < planned {
            said += &format!(", {} not known yet", planned - rows.len());
        }
        mention(format_args!("{}: {said}; {}", self.name, self.folder.join("sweep.csv").display()));
        let resumable = |row: &&SweepRow| {
            matches!(
                row.state,
                RunState::Killed | RunState::Interrupted | RunState::Waiting | RunState::Running
            )
        };
        if rows.iter().any(|row| resumable(&row)) {
            mention("the same command goes on with what is left");
        }
        if rows.iter().any(|row| row.state == RunState::Failed) {
            mention("the same command with --retry 1 tries again what failed; each run's run.log says more");
        }
    }
}

/// The table of what runs now: one text of several lines, drawn as a whole.
struct Live {
    text: ProgressBar,
    runs: BTreeMap<usize, Shown>,
}

/// A running run's line.
struct Shown {
    name: String,
    threads: usize,
    started: Instant,
    /// How far it was when it was first looked at, from 0 to 1.
    first: Option<f64>,
    /// How far it is.
    done: f64,
    /// What is said beside it.
    said: String,
}

impl Live {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { text: ProgressBar::new(1).with_style(style), runs: BTreeMap::new() }
    }

    fn started(&mut self, row: &SweepRow, threads: usize) {
        let (name, said) = (row.run.clone(), "starting".to_owned());
        let shown = Shown { name, threads, started: Instant::now(), first: None, done: 0.0, said };
        self.runs.insert(row.index, shown);
    }

    fn tick(
        &mut self,
        rows: &[SweepRow],
        running: &[(&PlannedRun, &Folder)],
        column: Option<&str>,
        planned: usize,
        left: Option<String>,
    ) {
        for (run, folder) in running {
            if let Some(shown) = self.runs.get_mut(&run.index) {
                shown.look(run, folder, column);
            }
        }
        let names = self.runs.values().map(|shown| shown.name.chars().count()).max().unwrap_or(0);
        let mut text: String = self.runs.values().map(|shown| shown.line(names)).collect();
        let left = left.map_or_else(String::new, |left| format!(", {left}"));
        text += &format!("{} of {}{left}", states(rows), runs(planned));
        self.text.set_message(text);
    }
}

impl Shown {
    /// Reads how far the run is from its measurements.
    fn look(&mut self, run: &PlannedRun, folder: &Folder, column: Option<&str>) {
        let Ok(Some(table)) = Table::read(&folder.metrics()) else { return };
        let value = |column: &str| {
            let index = table.index(column)?;
            table.rows.last().map(|row| row[index])
        };
        let done = match (run.experiment.training.length, run.until_epoch) {
            (_, Some(last)) => value("epoch").map(|epoch| epoch / last as f64),
            (Length::Epochs(epochs), None) => value("epoch").map(|epoch| epoch / epochs as f64),
            (Length::Steps(steps), None) => value("step").map(|step| step / steps as f64),
            (Length::Images(images), None) => {
                let per_step = run.experiment.training.batch_size * run.experiment.batches_per_step();
                value("step").map(|step| step * per_step as f64 / images as f64)
            }
        };
        let Some(done) = done else { return };
        let first = *self.first.get_or_insert(done);
        self.done = done.clamp(0.0, 1.0);
        let mut said = Vec::new();
        if let Some(epoch) = value("epoch") {
            said.push(format!("epoch {}", grouped(epoch as u64)));
        }
        let measured = run.experiment.columns();
        let headlines = measured.iter().filter(|column| column.is_headline).map(|column| column.name);
        let columns = column.map_or_else(|| headlines.collect(), |column| vec![column]);
        said.extend(columns.iter().filter_map(|name| Some(format!("{name} {:.3}", value(name)?))));
        if done > first {
            let left = self.started.elapsed().as_secs_f64() * (1.0 - done).max(0.0) / (done - first);
            said.push(format!("{} left", duration(left)));
        }
        self.said = said.join("  ");
    }

    fn line(&self, names: usize) -> String {
        const WIDTH: usize = 16;
        let full = (self.done * WIDTH as f64) as usize;
        let bar = "━".repeat(full) + &"─".repeat(WIDTH - full);
        let percent = (self.done * 100.0) as u32;
        let threads = if self.threads == 1 { "" } else { "s" };
        format!(
            "{bar} {percent:>3} %  {:<names$}  {} thread{threads}  {}\n",
            self.name, self.threads, self.said
        )
    }
}

/// One JSON object per event, each on its line.
struct Json {
    folder: PathBuf,
}

impl Reporter for Json {
    fn report(&mut self, event: &Event<'_>) {
        use serde_json::json;
        mention(match event {
            Event::Round { rows, outstanding } => json!({
                "event": "round",
                "sweep": self.folder,
                "runs": rows.len(),
                "outstanding": outstanding,
            }),
            Event::Started { row, threads } => {
                json!({"event": "run-started", "index": row.index, "run": row.run, "threads": threads})
            }
            Event::Ended { row, end, is_retried, .. } => json!({
                "event": "run-ended",
                "index": row.index,
                "run": row.run,
                "state": row.state.as_str(),
                "reason": row.reason,
                "objective": row.objective,
                "seconds": end.seconds,
                "peak_bytes": end.peak_bytes,
                "retried": is_retried,
            }),
            Event::Notice(text) => json!({"event": "notice", "text": text}),
            Event::Tick { .. } => return,
        });
    }

    fn finish(&mut self, rows: &[SweepRow], planned: usize) {
        let mut counts = serde_json::Map::new();
        for row in rows {
            let count = counts.entry(row.state.as_str()).or_insert_with(|| 0.into());
            *count = (count.as_u64().unwrap_or(0) + 1).into();
        }
        mention(
            serde_json::json!({"event": "sweep-ended", "sweep": self.folder, "planned": planned, "states": counts}),
        );
    }
}

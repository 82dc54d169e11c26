//! A sweep from its plan to its table.
//!
//! Everything that decides what is still to do is read from the runs' folders, so a sweep can be killed at any moment and
//! given again: it skips what is complete, resumes what was interrupted or killed, and tries again what failed when it is
//! told to. `sweep.csv` is written from the same files.

use super::standing::{Standing, one_line};
use super::{Engine, Error, Event as EngineEvent, ProcessEnd, Task, Verdict};
use crate::plan::{PlannedRun, Score, SweepPlan};
use crate::record::sweep::{self, SweepFile, TABLE};
use crate::record::{RunLock, RunState, SweepRow, SweepTable, atomic};
use crate::run::{Folder, Plan};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the table is written while runs end faster than that.
const BETWEEN_TABLES: Duration = Duration::from_secs(1);

/// What the caller decides about a sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How often a run that fails is tried again, also one that failed when the sweep was given before.
    pub retry: u32,
    /// Whether the first failure ends the sweep.
    pub fail_fast: bool,
}

/// What is told while a sweep runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A round of runs is about to be worked on: all rows so far, and how many of the round are still to be done.
    Round {
        /// Rows of the table, by index.
        rows: &'a [SweepRow],
        /// Runs of this round that are not done yet.
        outstanding: usize,
    },
    /// A run has begun, or goes on.
    Started {
        /// Its row.
        row: &'a SweepRow,
        /// Threads that it computes on.
        threads: usize,
    },
    /// Time has passed.
    Tick {
        /// All rows.
        rows: &'a [SweepRow],
        /// The runs that are running now, and their folders.
        running: Vec<(&'a PlannedRun, &'a Folder)>,
    },
    /// A run's process has ended.
    Ended {
        /// Its row, as it stands now.
        row: &'a SweepRow,
        /// How it ended.
        end: &'a ProcessEnd,
        /// Whether it is going to be tried again.
        is_retried: bool,
        /// All rows.
        rows: &'a [SweepRow],
    },
    /// Something that the user should know.
    Notice(&'a str),
}

/// A sweep that is ready to run.
pub struct Sweep<'a> {
    plan: &'a SweepPlan,
    out: &'a Path,
    folder: PathBuf,
    options: Options,
    /// By index.
    runs: Vec<PlannedRun>,
    rows: Vec<SweepRow>,
    /// Last values of each run's columns.
    metrics: Vec<BTreeMap<String, f64>>,
    /// The columns, in the order in which they were first met.
    columns: Vec<String>,
    scores: HashMap<(usize, Option<u64>), Score>,
    attempts: HashMap<usize, u32>,
    written: Option<Instant>,
    is_stale: bool,
}

impl<'a> Sweep<'a> {
    /// A sweep below the folder `out`. Nothing is written.
    pub fn new(plan: &'a SweepPlan, out: &'a Path, options: Options) -> Self {
        Self {
            plan,
            out,
            folder: out.join(plan.name()),
            options,
            runs: Vec::new(),
            rows: Vec::new(),
            metrics: Vec::new(),
            columns: Vec::new(),
            scores: HashMap::new(),
            attempts: HashMap::new(),
            written: None,
            is_stale: false,
        }
    }

    /// The folder of the sweep: its runs, its table, its report.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a run of it lives.
    pub fn folder_of(&self, run: &PlannedRun) -> Folder {
        Folder::of(&run.experiment, &run.label, self.out)
    }

    /// The rows of all runs that can be told before anything runs, as they stand now. Nothing is written.
    ///
    /// # Errors
    /// If a run's configuration is wrong, or this program cannot run it.
    pub fn outlook(&mut self) -> Result<&[SweepRow], Error> {
        let round = self.round(0)?.unwrap_or_default();
        self.check(&round)?;
        for run in &round {
            self.look_at(run.index, run.until_epoch);
        }
        Ok(&self.rows)
    }

    /// Runs what is not done yet. The rows say what came of it.
    ///
    /// # Errors
    /// If a run's configuration is wrong (nothing has run then), the folder is in use, or the table cannot be written.
    pub fn execute(
        mut self,
        description: &SweepFile,
        engine: &mut dyn Engine,
        report: &mut dyn FnMut(Event<'_>),
    ) -> Result<Vec<SweepRow>, Error> {
        let first = self.round(0)?.unwrap_or_default();
        self.check(&first)?;
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| crate::record::Error::Write { path: self.folder.clone(), source })?;
        let _lock = RunLock::acquire(&self.folder)?;
        atomic::clean(&self.folder)?;
        description.write(&self.folder.join(sweep::DESCRIPTION))?;
        let mut number = 0;
        let mut round = Some(first);
        while let Some(runs) = round {
            let is_settled = self.run_round(&runs, engine, report)?;
            number += 1;
            // What comes next may depend on the scores of this round: all of them must be known.
            round = if is_settled { self.round(number)? } else { None };
        }
        self.write_table()?;
        Ok(self.rows)
    }

    /// Brings a round to its end; says whether every score is known.
    fn run_round(
        &mut self,
        runs: &[PlannedRun],
        engine: &mut dyn Engine,
        report: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Error> {
        for run in runs {
            self.look_at(run.index, run.until_epoch);
        }
        let mut outstanding: Vec<&PlannedRun> = runs.iter().filter(|run| self.is_outstanding(run)).collect();
        self.write_table()?;
        report(Event::Round { rows: &self.rows, outstanding: outstanding.len() });
        while !outstanding.is_empty() {
            let before: Vec<u64> = outstanding.iter().map(|run| self.rows[run.index].epochs).collect();
            let tasks = outstanding.iter().map(|run| self.task(run)).collect();
            let mut has_stopped = false;
            engine.execute(tasks, &mut |event| self.watch(event, &mut has_stopped, report))?;
            for run in runs {
                // Also those that were never started, or that another process works on.
                if matches!(self.rows[run.index].state, RunState::Running | RunState::Waiting) {
                    self.look_at(run.index, run.until_epoch);
                }
            }
            self.write_table()?;
            // A killed run has no score yet. It is taken up again as long as it comes further.
            let comes_further = |(run, before): (&&PlannedRun, &u64)| {
                let row = &self.rows[run.index];
                row.state == RunState::Killed && row.epochs > *before
            };
            outstanding = match self.plan.needs_scores() && !has_stopped {
                true => outstanding
                    .iter()
                    .zip(&before)
                    .filter(|pair| comes_further(*pair))
                    .map(|(run, _)| *run)
                    .collect(),
                false => Vec::new(),
            };
        }
        Ok(runs.iter().all(|run| {
            !matches!(
                self.rows[run.index].state,
                RunState::Interrupted | RunState::Running | RunState::Waiting
            )
        }))
    }

    /// Takes notice of what the engine tells.
    fn watch(
        &mut self,
        event: EngineEvent<'_>,
        has_stopped: &mut bool,
        report: &mut dyn FnMut(Event<'_>),
    ) -> Result<Verdict, Error> {
        match event {
            EngineEvent::Started { task, threads } => {
                let row = &mut self.rows[task.index];
                row.state = RunState::Running;
                row.reason.clear();
                self.is_stale = true;
                report(Event::Started { row: &self.rows[task.index], threads });
            }
            EngineEvent::Tick { running } => {
                let running = running.iter().map(|task| (&self.runs[task.index], &task.folder)).collect();
                report(Event::Tick { rows: &self.rows, running });
            }
            EngineEvent::Notice(text) => report(Event::Notice(text)),
            EngineEvent::Ended { task, end } => {
                let verdict = self.ended(task, end);
                *has_stopped |= verdict == Verdict::Stop;
                report(Event::Ended {
                    row: &self.rows[task.index],
                    end,
                    is_retried: verdict == Verdict::Retry,
                    rows: &self.rows,
                });
                self.is_stale = true;
                self.write_table_at_times()?;
                return Ok(verdict);
            }
        }
        self.write_table_at_times()?;
        Ok(Verdict::Continue)
    }

    /// Reads back what came of a run, and decides about it.
    fn ended(&mut self, task: &Task, end: &ProcessEnd) -> Verdict {
        self.look_at(task.index, task.until_epoch);
        let row = &mut self.rows[task.index];
        if let Some(reason) = &end.reason {
            // The folder's word counts; the process's is for what the folder does not know.
            if matches!(row.state, RunState::Waiting | RunState::Running) {
                row.state = RunState::Failed;
            }
            let is_cut_short =
                matches!(row.state, RunState::Failed | RunState::Killed | RunState::Interrupted);
            if row.reason.is_empty() && is_cut_short {
                row.reason = one_line(reason);
            }
        }
        if !matches!(row.state, RunState::Failed | RunState::Killed) {
            let is_failure = row.state == RunState::Diverged && self.options.fail_fast;
            return if is_failure { Verdict::Stop } else { Verdict::Continue };
        }
        let attempts = self.attempts.entry(task.index).or_default();
        *attempts += 1;
        if *attempts <= self.options.retry {
            Verdict::Retry
        } else if self.options.fail_fast {
            Verdict::Stop
        } else {
            Verdict::Continue
        }
    }

    /// The runs of a round, each known by its index from now on.
    fn round(&mut self, number: usize) -> Result<Option<Vec<PlannedRun>>, Error> {
        let round = {
            let score = |run: &PlannedRun| {
                self.scores.get(&(run.index, run.until_epoch)).copied().unwrap_or(Score::Worst)
            };
            self.plan.round(number, &score)?
        };
        for run in round.iter().flatten() {
            // A rung of successive halving takes up runs that are known.
            if run.index == self.runs.len() {
                self.rows.push(first_row(run, self.folder_of(run).name()));
                self.runs.push(run.clone());
                self.metrics.push(BTreeMap::new());
            }
        }
        if let Some(runs) = &round {
            self.tell_who_stopped(runs);
        }
        Ok(round)
    }

    /// After a rung: those that are not in the next one say so.
    fn tell_who_stopped(&mut self, next: &[PlannedRun]) {
        for row in self.rows.iter_mut().filter(|row| row.state == RunState::Stopped) {
            if next.iter().all(|run| run.index != row.index) {
                row.reason = format!("not promoted after epoch {}", row.epochs);
            }
        }
    }

    /// Refuses, before anything is written, what cannot be run.
    fn check(&self, runs: &[PlannedRun]) -> Result<(), Error> {
        for run in runs {
            let told = |source| Error::Run { run: run.label.clone(), source };
            let plan = Plan::new(run.experiment.clone(), self.out).map_err(|error| told(error.into()))?;
            plan.check_built().and_then(|()| plan.check_length()).map_err(told)?;
        }
        Ok(())
    }

    /// Reads a run's folder into its row, and into its score at that epoch.
    fn look_at(&mut self, index: usize, until_epoch: Option<u64>) {
        let standing = Standing::of(&self.folder_of(&self.runs[index]), until_epoch);
        let row = &mut self.rows[index];
        // What the process said last is not in the folder.
        let is_known = row.state == standing.state && standing.reason.is_empty();
        if !is_known {
            row.reason.clone_from(&standing.reason);
        }
        row.state = standing.state;
        row.provenance = sweep::provenance(standing.run());
        row.epochs = standing.run().map_or(0, |run| run.epochs_done);
        row.steps = standing.run().map_or(0, |run| run.steps_done);
        if let Some(history) = &standing.history {
            let metrics = &mut self.metrics[index];
            for column in history.columns() {
                if !self.columns.iter().any(|known| known == column) {
                    self.columns.push(column.to_owned());
                }
                if let Some(value) = history.last(column) {
                    metrics.insert(column.to_owned(), value);
                }
            }
        }
        let value = self.plan.objective().and_then(|objective| standing.objective(objective, until_epoch));
        row.objective = value;
        let score = match (standing.state, value) {
            (RunState::Complete | RunState::Stopped, Some(value)) => Score::Value(value),
            _ => Score::Worst,
        };
        self.scores.insert((index, until_epoch), score);
        self.is_stale = true;
    }

    /// Whether there is something to do for a run.
    fn is_outstanding(&self, run: &PlannedRun) -> bool {
        match self.rows[run.index].state {
            RunState::Complete | RunState::Stopped | RunState::Diverged => false,
            RunState::Failed => self.options.retry > 0,
            RunState::Killed | RunState::Interrupted | RunState::Running | RunState::Waiting => true,
        }
    }

    fn task(&self, run: &PlannedRun) -> Task {
        Task {
            index: run.index,
            folder: self.folder_of(run),
            until_epoch: run.until_epoch,
            experiment: run.experiment.to_toml(),
        }
    }

    fn write_table_at_times(&mut self) -> Result<(), Error> {
        let is_due = self.written.is_none_or(|written| written.elapsed() > BETWEEN_TABLES);
        if self.is_stale && is_due { self.write_table() } else { Ok(()) }
    }

    fn write_table(&mut self) -> Result<(), Error> {
        let fill = |row: &SweepRow| {
            let metrics = &self.metrics[row.index];
            let metrics = self.columns.iter().map(|column| metrics.get(column).copied()).collect();
            SweepRow { metrics, ..row.clone() }
        };
        let table = SweepTable {
            parameters: self.plan.parameters().to_vec(),
            metrics: self.columns.clone(),
            rows: self.rows.iter().map(fill).collect(),
        };
        table.write(&self.folder.join(TABLE))?;
        (self.written, self.is_stale) = (Some(Instant::now()), false);
        Ok(())
    }
}

/// The row of a run before its folder was looked at.
fn first_row(run: &PlannedRun, name: String) -> SweepRow {
    SweepRow {
        index: run.index,
        trial: run.trial,
        is_final: run.phase == crate::plan::Phase::Final,
        parameters: run.settings.iter().map(|(_, value)| value.clone()).collect(),
        seed: run.seed,
        run: name,
        state: RunState::Waiting,
        reason: String::new(),
        epochs: 0,
        steps: 0,
        objective: None,
        metrics: Vec::new(),
        provenance: sweep::provenance(None),
    }
}

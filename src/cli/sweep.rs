//! A file with a `[sweep]`, run.

use super::Exit;
use super::arguments::{Engine, Run};
use super::exit::Failure;
use super::output;
use super::signals::Signals;
use super::sweep_reporter as reporter;
use super::table::{Align, render};
use crate::config::Loaded;
use crate::launch::local::{Local, Shares};
use crate::launch::slurm::{self, Slurm};
use crate::launch::{self as engines, sweep as launch};
use crate::plan::SweepPlan;
use crate::record::sweep::{Objective, SweepFile};
use crate::record::{RunState, SweepRow};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most rows that `--dry-run` prints.
const MOST_ROWS: usize = 200;

/// A sweep that is ready to run.
pub(super) struct Sweep {
    plan: SweepPlan,
    description: SweepFile,
    out: PathBuf,
}

impl Sweep {
    /// Checks all that can be checked before anything is written.
    pub(super) fn new(file: &Path, loaded: Loaded, arguments: &Run) -> Result<Self, Failure> {
        if arguments.again || arguments.until_epoch.is_some() {
            let message = format!(
                "{}: --again and --until-epoch are for single runs, and this file has a [sweep]; move its folder away, or \
                 choose another with --out",
                file.display()
            );
            return Err(Failure::new(Exit::Wrong, message));
        }
        let experiment = loaded.experiment.clone();
        let plan = SweepPlan::new(loaded)?;
        let description = SweepFile {
            experiment: experiment.name,
            description: experiment.description,
            file: file.display().to_string(),
            // Where the program lay is of no use to who reads the report.
            command: std::iter::once("atelier".to_owned()).chain(std::env::args().skip(1)).collect(),
            strategy: plan.sweep().strategy.word().to_owned(),
            parameters: plan.parameters().to_vec(),
            seeds: plan.sweep().seeds.clone(),
            final_seeds: plan.sweep().final_seeds.clone(),
            runs: plan.runs(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            // It was read a moment ago; for the report only.
            source: std::fs::read_to_string(file).unwrap_or_default(),
            objective: plan.objective().map(|objective| Objective {
                column: objective.column.clone(),
                goal: objective.goal.word().to_owned(),
                value: objective.value.word().to_owned(),
            }),
        };
        Ok(Self { plan, description, out: arguments.places.out.clone() })
    }

    /// Says what would be done.
    pub(super) fn dry_run(&self, arguments: &Run) -> Result<(), Failure> {
        let mut sweep = launch::Sweep::new(&self.plan, &self.out, options(arguments));
        let folder = sweep.folder().display().to_string();
        let rows = sweep.outlook()?;
        let known = rows.len();
        output::line(format_args!(
            "would run the sweep {}: {} in {folder}",
            self.plan.name(),
            runs(self.plan.runs())
        ))?;
        let header: Vec<(&str, Align)> =
            [("index", Align::Right), ("run", Align::Left), ("state", Align::Left)].into();
        let cells: Vec<Vec<String>> = rows
            .iter()
            .take(MOST_ROWS)
            .map(|row| vec![row.index.to_string(), row.run.clone(), row.state.to_string()])
            .collect();
        output::bytes(render(&header, &cells).as_bytes())?;
        if known > MOST_ROWS {
            output::line(format_args!("… and {} more", known - MOST_ROWS))?;
        }
        if known < self.plan.runs() {
            output::line("the others depend on the scores of these")?;
        }
        Ok(())
    }

    /// Runs what is not done yet.
    pub(super) fn execute(
        &self,
        arguments: &Run,
        threads: usize,
        signals: &Signals,
    ) -> Result<Exit, Failure> {
        let sweep = launch::Sweep::new(&self.plan, &self.out, options(arguments));
        let folder = sweep.folder().to_owned();
        let mut reporter = reporter::choose(&self.plan, &folder, arguments.quiet, arguments.json);
        let mut engine: Box<dyn engines::Engine> = match arguments.sweep.engine {
            Engine::Local => Box::new(self.local(arguments, threads, signals)?),
            Engine::Slurm => Box::new(self.slurm(arguments, &folder, signals)?),
        };
        let rows = sweep.execute(&self.description, &mut *engine, &mut |event| reporter.report(&event))?;
        reporter.finish(&rows, self.plan.runs());
        drop(reporter);
        if signals.have_come() {
            return Ok(signals.exit());
        }
        Ok(if self.is_done(&rows) { Exit::Done } else { Exit::Outstanding })
    }

    fn is_done(&self, rows: &[SweepRow]) -> bool {
        rows.iter().all(|row| row.state.is_done())
    }

    fn local(&self, arguments: &Run, threads: usize, signals: &Signals) -> Result<Local, Failure> {
        let program = this_program()?;
        let asked = usize::from(arguments.sweep.jobs.unwrap_or(1));
        let jobs = asked.min(threads);
        if jobs < asked && !arguments.quiet && !arguments.json {
            output::complain(format_args!(
                "note: {asked} runs at a time need {asked} threads, and there are {threads}: {jobs} at a time \
                 (--threads says otherwise)"
            ));
        }
        let data = arguments.places.data_dir.clone();
        Ok(Local::new(program, data, Shares { jobs, threads }, Arc::clone(&signals.stop)))
    }

    fn slurm(&self, arguments: &Run, folder: &Path, signals: &Signals) -> Result<Slurm, Failure> {
        if arguments.sweep.jobs.is_some() || arguments.threads.is_some() {
            let message = "--jobs and --threads are for runs on this machine; with --engine slurm, `throttle` and `cpus` in \
                           [sweep.slurm] say how many run at a time, and on how many cores each";
            return Err(Failure::new(Exit::Wrong, message));
        }
        let setup = slurm::Setup {
            experiment: self.plan.name().to_owned(),
            folder: folder.to_owned(),
            program: this_program()?,
            data: arguments.places.data_dir.clone(),
            settings: self.plan.sweep().slurm.clone(),
        };
        Ok(Slurm::new(setup, Arc::clone(&signals.stop)).map_err(engines::Error::from)?)
    }
}

/// The program, to start runs with.
fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Outstanding, format!("cannot find this program to start runs with: {error}"))
    })
}

fn options(arguments: &Run) -> launch::Options {
    launch::Options { retry: arguments.sweep.retry, fail_fast: arguments.sweep.fail_fast }
}

/// `1 run`, `12 runs`.
pub(super) fn runs(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    }
}

/// How many rows are in each state, in words: `10 complete, 1 failed, 2 waiting`.
pub(super) fn states(rows: &[SweepRow]) -> String {
    let count = |state: RunState| rows.iter().filter(|row| row.state == state).count();
    let words = RunState::ALL.into_iter().filter_map(|state| match count(state) {
        0 => None,
        count => Some(format!("{count} {state}")),
    });
    words.collect::<Vec<_>>().join(", ")
}

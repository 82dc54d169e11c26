//! `atelier run` and `atelier sweep`.

use super::Exit;
use super::arguments::Run;
use super::exit::Failure;
use super::output;
use super::preview;
use super::reporter;
use super::signals::Signals;
use super::sweep;
use crate::config::{self, Experiment, Loaded};
use crate::data::Folders;
use crate::run::{Folder, Options, Outcome, Plan};
use std::path::Path;

/// What the command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `run`: whatever a file asks for.
    Any,
    /// `sweep`: a file without a `[sweep]` is a mistake.
    Sweep,
}

/// What a file on the command line asks for.
enum Work {
    Run(Box<Plan>),
    Sweep(Box<sweep::Sweep>),
}

/// Runs each file in turn. The first failure ends the program; what was done before it is kept.
pub(super) fn run(mut arguments: Run, wanted: Wanted) -> Result<Exit, Failure> {
    let work =
        arguments.files.iter().map(|file| work(file, &arguments, wanted)).collect::<Result<Vec<_>, _>>()?;
    let data = Folders::from_environment(arguments.places.data_dir.as_deref())?;
    if arguments.dry_run {
        for work in work {
            match work {
                Work::Run(plan) => dry_run(&plan)?,
                Work::Sweep(sweep) => sweep.dry_run(&arguments)?,
            }
        }
        return Ok(Exit::Done);
    }
    let signals = Signals::listen()
        .map_err(|error| Failure::new(Exit::Unwritable, format!("cannot listen for signals: {error}")))?;
    if arguments.stop_with_parent {
        signals.stop_with_parent();
    }
    let has_sweep = work.iter().any(|work| matches!(work, Work::Sweep(_)));
    arguments.preview = arguments.preview && can_preview(has_sweep);
    let threads = threads(arguments.threads);
    let mut has_started_threads = false;
    for work in work {
        let exit = match work {
            Work::Sweep(sweep) => sweep.execute(&arguments, threads, &signals)?,
            Work::Run(plan) => {
                if !std::mem::replace(&mut has_started_threads, true) {
                    start_threads(threads)?;
                }
                one(
                    *plan,
                    &arguments,
                    &Options {
                        data: &data,
                        threads,
                        stop: &signals.stop,
                        until_epoch: arguments.until_epoch,
                    },
                    &signals,
                )?
            }
        };
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

fn dry_run(plan: &Plan) -> Result<(), Failure> {
    plan.check_built()?;
    output::line(format_args!("would run {} in {}", plan.experiment.name, plan.folder.root().display()))
}

/// Whether pictures can be shown; if not, says so: the run is worth having all the same.
fn can_preview(has_sweep: bool) -> bool {
    let possible = match preview::possible() {
        Ok(()) if has_sweep => Err("a sweep shows its runs in a table"),
        possible => possible,
    };
    if let Err(reason) = possible {
        output::complain(format_args!(
            "warning: --preview is left out, as {reason}; the montages are in the run's folder, under samples/"
        ));
    }
    possible.is_ok()
}

/// Runs one plan.
fn one(plan: Plan, arguments: &Run, options: &Options<'_>, signals: &Signals) -> Result<Exit, Failure> {
    let mut reporter = reporter::choose(&plan, arguments.quiet, arguments.json, arguments.preview);
    let folder = plan.folder.root().display().to_string();
    let outcome = plan.execute(options, &mut *reporter);
    drop(reporter);
    match outcome.map_err(|error| kept(error.into(), Path::new(&folder)))? {
        Outcome::Complete => {}
        Outcome::AlreadyComplete if arguments.json => {
            output::mention(serde_json::json!({"event": "already-complete", "run": folder}));
        }
        Outcome::AlreadyComplete => {
            say(arguments, &format!("{folder} is complete; --again makes a new attempt"));
        }
        Outcome::AlreadyDiverged => {
            let message = format!(
                "{folder} diverged before, and the same configuration would do so again: change it, or make a new \
                 attempt with --again"
            );
            return Err(Failure::new(Exit::Diverged, message));
        }
        Outcome::Interrupted => {
            say(arguments, "interrupted, with the state saved; the same command goes on from here");
            return Ok(signals.exit());
        }
        Outcome::Paused => {
            say(
                arguments,
                "stopped as --until-epoch says, with the state saved; without it, the run goes on",
            );
        }
    }
    Ok(Exit::Done)
}

/// All that can be checked before anything is written.
fn work(file: &Path, arguments: &Run, wanted: Wanted) -> Result<Work, Failure> {
    if file.is_dir() {
        return of_folder(file, arguments).map(|plan| Work::Run(Box::new(plan)));
    }
    let loaded = Experiment::load(file, &arguments.overrides.sets, config::environment())?;
    if wanted == Wanted::Sweep && loaded.sweep.is_none() {
        let message = format!("{}: there is no [sweep] in this file; `atelier run` runs it", file.display());
        return Err(Failure::new(Exit::Wrong, message));
    }
    if !arguments.quiet && !arguments.json {
        for warning in &loaded.warnings {
            output::complain(format_args!("warning: {warning}"));
        }
    }
    if loaded.sweep.is_some() {
        return sweep::Sweep::new(file, loaded, arguments).map(|sweep| Work::Sweep(Box::new(sweep)));
    }
    let mut plan = plan_of(loaded, &arguments.places.out)?;
    if arguments.again {
        plan.folder = plan.folder.again();
    }
    Ok(Work::Run(Box::new(plan)))
}

/// The run that lives in a folder, as it was configured when it began.
fn of_folder(folder: &Path, arguments: &Run) -> Result<Plan, Failure> {
    if !arguments.overrides.sets.is_empty() || arguments.again {
        let message = format!(
            "{}: a run's folder is gone on with as it is; --set and --again need the experiment's file",
            folder.display()
        );
        return Err(Failure::new(Exit::Wrong, message));
    }
    if !Folder::at(folder).experiment().is_file() {
        let message = format!(
            "{} is a folder, but not a run's: it has no experiment.toml; `atelier list` shows the runs",
            folder.display()
        );
        return Err(Failure::new(Exit::Wrong, message));
    }
    plan_of_folder(folder)
}

/// The plan of the run in a folder, from the experiment file there and nothing else: no environment, no `--set`.
pub(super) fn plan_of_folder(folder: &Path) -> Result<Plan, Failure> {
    let folder = Folder::at(folder);
    if !folder.experiment().is_file() {
        let message = format!(
            "{} is not a run's folder: it has no experiment.toml; `atelier list` shows the runs",
            folder.root().display()
        );
        return Err(Failure::new(Exit::Damaged, message));
    }
    let plan = Experiment::load(&folder.experiment(), &[], std::iter::empty())
        .map_err(Failure::from)
        .and_then(|loaded| plan_of(loaded, Path::new("results")))
        .map_err(Failure::of_result)?;
    Ok(Plan { folder, ..plan })
}

/// The plan of a loaded file; an architecture that does not fit is told at its place in the file.
pub(super) fn plan_of(loaded: Loaded, out: &Path) -> Result<Plan, Failure> {
    Plan::new(loaded.experiment.clone(), out)
        .map_err(|error| Failure::Config(loaded.problem_at(&error.key, &error.reason)))
}

/// How many threads compute.
pub(super) fn threads(asked: Option<u16>) -> usize {
    match asked {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Starts the threads that compute.
pub(super) fn start_threads(threads: usize) -> Result<(), Failure> {
    atelier_kernels::start_threads(threads)
        .map_err(|error| Failure::new(Exit::Outstanding, format!("cannot start {threads} threads: {error}")))
}

/// Adds to a failure of writing what is safe all the same.
fn kept(failure: Failure, folder: &Path) -> Failure {
    match failure {
        Failure::Message(Exit::Unwritable, message) => {
            let checkpoint = folder.join("checkpoints").join("latest.safetensors");
            let kept = if checkpoint.exists() {
                format!(
                    "the run is kept up to its last checkpoint, {}; the same command goes on from there",
                    checkpoint.display()
                )
            } else {
                "no checkpoint had been written yet; the same command begins again".to_owned()
            };
            Failure::new(Exit::Unwritable, format!("{message}\n{kept}"))
        }
        other => other,
    }
}

fn say(arguments: &Run, message: &str) {
    if !arguments.quiet && !arguments.json {
        output::mention(message);
    }
}

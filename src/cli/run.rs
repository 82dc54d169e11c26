//! `atelier run` and, for now, what `atelier sweep` says.

use super::Exit;
use super::arguments::Run;
use super::exit::Failure;
use super::output;
use super::preview;
use super::reporter;
use super::signals::Signals;
use crate::config::{self, Experiment, Loaded};
use crate::data::Folders;
use crate::run::{Options, Outcome, Plan};
use std::path::Path;

/// Runs each file in turn. The first failure ends the program; what was done before it is kept.
pub(super) fn run(arguments: Run) -> Result<Exit, Failure> {
    let mut plans =
        arguments.files.iter().map(|file| plan(file, &arguments)).collect::<Result<Vec<_>, _>>()?;
    if arguments.again {
        for plan in &mut plans {
            plan.folder = plan.folder.again();
        }
    }
    let data = Folders::from_environment(arguments.places.data_dir.as_deref())?;
    if arguments.dry_run {
        for plan in plans {
            plan.check_built()?;
            output::line(format_args!(
                "would run {} in {}",
                plan.experiment.name,
                plan.folder.root().display()
            ))?;
        }
        return Ok(Exit::Done);
    }
    let threads = threads(arguments.threads)?;
    let preview = arguments.preview && can_preview();
    let signals = Signals::listen()
        .map_err(|error| Failure::new(Exit::Unwritable, format!("cannot listen for signals: {error}")))?;
    for plan in plans {
        let mut reporter = reporter::choose(&plan, arguments.quiet, arguments.json, preview);
        let options = Options { data: &data, threads, stop: &signals.stop };
        let folder = plan.folder.root().display().to_string();
        let outcome = plan.execute(&options, &mut *reporter);
        drop(reporter);
        match outcome.map_err(|error| kept(error.into(), Path::new(&folder)))? {
            Outcome::Complete => {}
            Outcome::AlreadyComplete if arguments.json => {
                output::mention(serde_json::json!({"event": "already-complete", "run": folder}));
            }
            Outcome::AlreadyComplete => {
                say(&arguments, &format!("{folder} is complete; --again makes a new attempt"));
            }
            Outcome::AlreadyDiverged => {
                let message = format!(
                    "{folder} diverged before, and the same configuration would do so again: change it, or make a \
                     new attempt with --again"
                );
                return Err(Failure::new(Exit::Diverged, message));
            }
            Outcome::Interrupted => {
                say(&arguments, "interrupted, with the state saved; the same command goes on from here");
                return Ok(signals.exit());
            }
        }
    }
    Ok(Exit::Done)
}

/// Whether pictures can be shown; if not, says so: the run is worth having all the same.
fn can_preview() -> bool {
    let possible = preview::possible();
    if let Err(reason) = possible {
        output::complain(format_args!(
            "warning: --preview is left out, as {reason}; the montages are in the run's folder, under samples/"
        ));
    }
    possible.is_ok()
}

/// Sweeps come with the next version; a file that asks for one is not run as if it did not.
pub(super) fn sweep(arguments: Run) -> Result<Exit, Failure> {
    for file in &arguments.files {
        let loaded = Experiment::load(file, &arguments.overrides.sets, config::environment())?;
        if loaded.sweep.is_none() {
            let message =
                format!("{}: there is no [sweep] in this file; `atelier run` runs it", file.display());
            return Err(Failure::new(Exit::Wrong, message));
        }
    }
    Err(no_sweeps_yet(&arguments.files[0]))
}

fn no_sweeps_yet(file: &Path) -> Failure {
    let message = format!(
        "{}: this file has a [sweep], and sweeps are not part of this version yet; take the section out, or run single \
         settings with --set",
        file.display()
    );
    Failure::new(Exit::Wrong, message)
}

/// All that can be checked before anything is written.
fn plan(file: &Path, arguments: &Run) -> Result<Plan, Failure> {
    let loaded = Experiment::load(file, &arguments.overrides.sets, config::environment())?;
    if !arguments.quiet && !arguments.json {
        for warning in &loaded.warnings {
            output::complain(format_args!("warning: {warning}"));
        }
    }
    if loaded.sweep.is_some() {
        return Err(no_sweeps_yet(file));
    }
    plan_of(loaded, &arguments.places.out)
}

/// The plan of a loaded file; an architecture that does not fit is told at its place in the file.
pub(super) fn plan_of(loaded: Loaded, out: &Path) -> Result<Plan, Failure> {
    Plan::new(loaded.experiment.clone(), out)
        .map_err(|error| Failure::Config(loaded.problem_at(&error.key, &error.reason)))
}

/// Starts the threads that compute, and says how many there are.
fn threads(asked: Option<u16>) -> Result<usize, Failure> {
    let threads = match asked {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().map_err(|error| {
        Failure::new(Exit::Outstanding, format!("cannot start {threads} threads: {error}"))
    })?;
    Ok(threads)
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

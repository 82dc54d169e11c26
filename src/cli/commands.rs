//! The commands that only read and print.

use super::Exit;
use super::arguments::{Arguments, Check, Show};
use super::exit::Failure;
use super::output;
use super::run::plan_of;
use super::table::{Align, grouped, render};
use crate::architecture::Network;
use crate::config::training::Length;
use crate::config::{self, Experiment};
use crate::plan::SweepPlan;
use crate::run::Plan;
use clap::CommandFactory;
use std::path::Path;

/// `atelier show FILE`.
pub(super) fn show(arguments: &Show) -> Result<Exit, Failure> {
    let loaded = Experiment::load(&arguments.file, &arguments.overrides.sets, config::environment())?;
    for warning in &loaded.warnings {
        output::complain(format_args!("warning: {warning}"));
    }
    let sweep = loaded.sweep.is_some().then(|| SweepPlan::new(loaded.clone())).transpose()?;
    let plan = plan_of(loaded, &arguments.out)?;
    output::line(plan.experiment.to_toml())?;
    for (name, network) in plan.networks.named() {
        output::line(layers(name, network))?;
    }
    output::line(what_happens(&plan))?;
    if let Some(sweep) = sweep {
        output::line(sweep.describe())?;
    }
    Ok(Exit::Done)
}

/// The table of a network's layers.
fn layers(name: &str, network: &Network) -> String {
    let header = [(name, Align::Left), ("output", Align::Right), ("parameters", Align::Right)];
    let mut rows = vec![vec!["(input)".to_owned(), network.input().to_string(), String::new()]];
    rows.extend(network.rows().into_iter().map(|row| {
        let parameters = row.parameters.total();
        let parameters = if parameters == 0 { String::new() } else { grouped(parameters as u64) };
        vec![row.layer, row.output.to_string(), parameters]
    }));
    let all = network.parameters();
    let mut text = render(&header, &rows);
    text += &format!("{} parameters", grouped(all.total() as u64));
    if all.fixed > 0 {
        text += &format!(", {} of them trainable", grouped(all.trainable as u64));
    }
    text + "\n"
}

/// The plan in a few lines.
fn what_happens(plan: &Plan) -> String {
    let training = &plan.experiment.training;
    let length = match training.length {
        Length::Epochs(epochs) => format!("{} epochs", grouped(epochs)),
        Length::Steps(steps) => format!("{} steps", grouped(steps)),
        Length::Images(images) => format!("on {} images", grouped(images)),
    };
    let steps = plan.experiment.dataset.training_examples().map_or_else(String::new, |examples| {
        plan.schedule(examples).map_or_else(
            |error| format!(" ({error})"),
            |schedule| {
                format!(
                    " ({} steps of {} examples)",
                    grouped(schedule.total_steps),
                    schedule.examples_per_step()
                )
            },
        )
    });
    let built = plan.check_built().map_or_else(|error| format!("\n{error}"), |()| String::new());
    format!("trains {length}{steps} into {}{built}", plan.folder.root().display())
}

/// `atelier check FILE…`: every file is checked, also after one that is wrong.
pub(super) fn check(arguments: &Check) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &arguments.files {
        match check_one(file, &arguments.overrides.sets) {
            Ok(notes) => output::line(format_args!("{}: ok{notes}", file.display()))?,
            Err(failure) => {
                exit = failure.exit();
                failure.report();
            }
        }
    }
    Ok(exit)
}

fn check_one(file: &Path, sets: &[String]) -> Result<String, Failure> {
    let loaded = Experiment::load(file, sets, config::environment())?;
    let mut notes: String = loaded.warnings.iter().map(|warning| format!("\n  warning: {warning}")).collect();
    if loaded.sweep.is_some() {
        check_sweep(&SweepPlan::new(loaded.clone())?)?;
    }
    let plan = plan_of(loaded, Path::new("results"))?;
    plan.check_length()?;
    if let Err(error) = plan.check_built() {
        notes += &format!("\n  note: {error}");
    }
    Ok(notes)
}

/// Every run of a sweep that is known before anything runs.
fn check_sweep(sweep: &SweepPlan) -> Result<(), Failure> {
    for run in (0..).map_while(|index| sweep.run(index)) {
        Plan::new(run.experiment, Path::new("results"))?.check_length()?;
    }
    Ok(())
}

/// `atelier schema`.
pub(super) fn schema() -> Result<Exit, Failure> {
    output::bytes(config::schema().as_bytes())?;
    Ok(Exit::Done)
}

/// Where only options would answer an empty word, bash completes a file name (`-o default`): most commands take one.
const BASH_FILES: &str = r#"
_atelier_or_files() {
    _atelier "$@"
    local word
    [[ -z $2 ]] || return 0
    for word in "${COMPREPLY[@]}"; do
        [[ $word == -* ]] || return 0
    done
    COMPREPLY=()
}
complete -F _atelier_or_files -o nosort -o bashdefault -o default atelier
"#;

/// `atelier completions SHELL`.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "atelier", &mut script);
    if shell == clap_complete::Shell::Bash {
        script.extend(BASH_FILES.bytes());
    }
    output::bytes(&script)?;
    Ok(Exit::Done)
}

//! The command line: the only place that knows the terminal, the clock's look, and exit codes.

mod arguments;
mod commands;
mod compare;
mod data;
mod evaluate;
mod exit;
mod list;
mod output;
mod preview;
mod report;
mod reporter;
mod run;
mod sample;
mod signals;
mod sweep;
mod sweep_reporter;
mod table;

use arguments::{Arguments, Command};
use clap::Parser;
use run::Wanted;
use std::process::ExitCode;

pub use exit::Exit;

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    // clap ends the program itself, with code 2, for a command line that is wrong.
    let arguments = Arguments::parse();
    atelier_kernels::memory::keep_freed_memory();
    signals::survive_file_size_limit();
    let result = match arguments.command {
        Command::Run(run) => run::run(run, Wanted::Any),
        Command::Sweep(run) => run::run(run, Wanted::Sweep),
        Command::Show(show) => commands::show(&show),
        Command::Check(check) => commands::check(&check),
        Command::List(list) => list::list(&list),
        Command::Compare(compare) => compare::compare(&compare),
        Command::Report(report) => report::report(&report),
        Command::Sample(sample) => sample::sample(&sample),
        Command::Evaluate(evaluate) => evaluate::evaluate(&evaluate),
        Command::Extractor(extractor) => evaluate::extractor(&extractor),
        Command::Data(data) => data::data(data),
        Command::Schema => commands::schema(),
        Command::Completions { shell } => commands::completions(shell),
    };
    match result {
        Ok(exit) => exit.code(),
        Err(failure) => failure.report(),
    }
}

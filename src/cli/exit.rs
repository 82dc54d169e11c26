//! Exit codes, and how errors are told.

use super::output;
use crate::compare;
use crate::record;
use crate::run;
use crate::{architecture, config, data, figures, launch, scoring};
use miette::Diagnostic;
use std::fmt::Write as _;
use std::process::ExitCode;

/// How the program ends. The numbers are a contract; the README lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The command line, a configuration or an architecture is wrong.
    Wrong = 2,
    /// A data set or result file is missing or damaged.
    Damaged = 3,
    /// Training diverged.
    Diverged = 4,
    /// Some runs failed or are outstanding.
    Outstanding = 5,
    /// Output could not be written.
    Unwritable = 6,
    /// Interrupted by Ctrl-C (SIGINT), with the state saved.
    Interrupted = 130,
    /// Ended by SIGTERM, with the state saved.
    Terminated = 143,
}

impl Exit {
    /// For `main`.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// An error on its way to the user.
#[derive(Debug)]
pub(super) enum Failure {
    /// A configuration, with its places in the source.
    Config(Box<config::Error>),
    /// Anything else: an exit code and a sentence or two.
    Message(Exit, String),
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Message(exit, message.into())
    }

    /// The same about a file that the program itself had written: it is damaged.
    pub(super) fn of_result(self) -> Self {
        match self {
            Self::Config(error) => Self::Message(Exit::Damaged, error.render()),
            other => other,
        }
    }

    /// What the program exits with.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Config(_) => Exit::Wrong,
            Self::Message(exit, _) => *exit,
        }
    }

    /// Tells the user, on standard error.
    pub(super) fn report(self) -> ExitCode {
        let exit = self.exit();
        match self {
            Self::Config(error) => {
                // One by one: as related diagnostics of one report, they would each begin with an empty "Error:".
                for problem in error.problems() {
                    output::complain(rendered(problem).trim_end());
                }
            }
            Self::Message(_, message) => output::complain(format_args!("error: {message}")),
        }
        exit.code()
    }
}

/// The error as miette draws it: in colour on a terminal, plain otherwise.
fn rendered(error: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let handler = miette::MietteHandlerOpts::new().build();
    struct Shown<'a>(&'a miette::MietteHandler, &'a dyn Diagnostic);
    impl std::fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            miette::ReportHandler::debug(self.0, self.1, f)
        }
    }
    let _ = writeln!(text, "{}", Shown(&handler, error));
    text
}

impl From<Box<config::Error>> for Failure {
    fn from(error: Box<config::Error>) -> Self {
        Self::Config(error)
    }
}

impl From<architecture::Error> for Failure {
    fn from(error: architecture::Error) -> Self {
        Self::new(Exit::Wrong, error.to_string())
    }
}

impl From<data::Error> for Failure {
    fn from(error: data::Error) -> Self {
        let exit = if error.is_write() { Exit::Unwritable } else { Exit::Damaged };
        Self::new(exit, error.to_string())
    }
}

impl From<record::Error> for Failure {
    fn from(error: record::Error) -> Self {
        let exit = match &error {
            record::Error::Locked { .. } => Exit::Outstanding,
            error if error.is_write() => Exit::Unwritable,
            _ => Exit::Damaged,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<figures::Error> for Failure {
    fn from(error: figures::Error) -> Self {
        Self::new(Exit::Damaged, error.to_string())
    }
}

impl From<launch::Error> for Failure {
    fn from(error: launch::Error) -> Self {
        match error {
            launch::Error::Config(error) => Self::Config(error),
            launch::Error::Record(error) => error.into(),
            launch::Error::Run { run, source } => match Self::from(source) {
                Self::Message(exit, message) => Self::Message(exit, format!("{run}: {message}")),
                failure @ Self::Config(_) => failure,
            },
            launch::Error::Slurm(launch::slurm::Error::Record(error)) => error.into(),
            launch::Error::Slurm(error @ launch::slurm::Error::Command { .. }) => {
                Self::new(Exit::Outstanding, error.to_string())
            }
            launch::Error::Slurm(error) => Self::new(Exit::Wrong, error.to_string()),
            error @ launch::Error::Start { .. } => Self::new(Exit::Outstanding, error.to_string()),
        }
    }
}

impl From<compare::field::Error> for Failure {
    fn from(error: compare::field::Error) -> Self {
        Self::new(Exit::Wrong, error.to_string())
    }
}

impl From<compare::filter::Error> for Failure {
    fn from(error: compare::filter::Error) -> Self {
        Self::new(Exit::Wrong, error.to_string())
    }
}

impl From<compare::select::Error> for Failure {
    fn from(error: compare::select::Error) -> Self {
        let exit = match error {
            compare::select::Error::Pattern { .. } => Exit::Wrong,
            _ => Exit::Damaged,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<scoring::Error> for Failure {
    fn from(error: scoring::Error) -> Self {
        match error {
            scoring::Error::Architecture(error) => error.into(),
            scoring::Error::Record(error) => error.into(),
            scoring::Error::NotBuilt { .. } => Self::new(Exit::Wrong, error.to_string()),
            scoring::Error::Unscorable(_) => Self::new(Exit::Damaged, error.to_string()),
        }
    }
}

impl From<run::Error> for Failure {
    fn from(error: run::Error) -> Self {
        let message = error.to_string();
        match error {
            run::Error::Architecture(error) => error.into(),
            run::Error::Data(error) => error.into(),
            run::Error::Record(error) => error.into(),
            run::Error::Figure(error) => error.into(),
            run::Error::Diverged { .. } => Self::new(Exit::Diverged, message),
            run::Error::Scoring(error) => error.into(),
            run::Error::OtherData { .. } => Self::new(Exit::Damaged, message),
            run::Error::Interrupted => Self::new(Exit::Interrupted, message),
            run::Error::NotFinite => Self::new(Exit::Diverged, message),
            run::Error::NotBuilt { .. }
            | run::Error::WithoutCuda
            | run::Error::NoGpu { .. }
            | run::Error::NoGpuCompiler { .. }
            | run::Error::Labels { .. }
            | run::Error::DrawsNothing
            | run::Error::NotAnExtractor
            | run::Error::Recipe { .. }
            | run::Error::NoTestExamples { .. }
            | run::Error::NoExtractor { .. }
            | run::Error::NoPixels { .. }
            | run::Error::TooFewExamples { .. } => Self::new(Exit::Wrong, message),
        }
    }
}

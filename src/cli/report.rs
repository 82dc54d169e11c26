//! `atelier report RUN|SWEEP`.

use super::Exit;
use super::arguments::Report;
use super::exit::Failure;
use super::output;
use crate::record::atomic;
use crate::report;
use std::path::Path;

/// Writes the page, or the Markdown, or both.
pub(super) fn report(arguments: &Report) -> Result<Exit, Failure> {
    let study = report::read(&arguments.folder)?;
    if let Some(path) = &arguments.markdown {
        let text = report::markdown(&study);
        if path == Path::new("-") {
            output::bytes(text.as_bytes())?;
        } else {
            atomic::write(path, text.as_bytes())?;
            output::line(path.display())?;
        }
        // Who asks for Markdown alone gets Markdown alone.
        if arguments.output.is_none() {
            return Ok(Exit::Done);
        }
    }
    let path = arguments.output.clone().unwrap_or_else(|| arguments.folder.join(report::NAME));
    atomic::write(&path, report::html(&study)?.as_bytes())?;
    if arguments.markdown.as_deref() != Some(Path::new("-")) {
        output::line(path.display())?;
    }
    Ok(Exit::Done)
}

impl From<report::Error> for Failure {
    fn from(error: report::Error) -> Self {
        match error {
            report::Error::Record(error) => error.into(),
            report::Error::Figure(error) => error.into(),
            error => Self::new(Exit::Damaged, error.to_string()),
        }
    }
}

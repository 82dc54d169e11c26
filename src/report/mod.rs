//! Reports: one self-contained HTML page, or Markdown for a README or a paper, about a run or a sweep.
//!
//! A report starts from files only, so it can be made again for years: [`Study`] holds what a folder says, every other
//! part is a pure function of it. Texts that come from files are data: the page escapes each of them, and its
//! Content-Security-Policy lets nothing run but the page's own script and nothing leave the page.

mod charts;
mod configurations;
mod curves;
mod evaluation;
mod exhibits;
mod importance;
mod markdown;
mod montages;
mod number;
mod outcome;
mod page;
mod provenance;
mod study;

use std::path::{Path, PathBuf};

use crate::{figures, record};

pub(crate) use number::duration;
pub use study::Study;

/// Name of the page in a run's or a sweep's folder.
pub const NAME: &str = "report.html";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds neither a run nor a sweep.
    #[error("{}: {reason}; {advice}", .folder.display())]
    Neither {
        /// The folder.
        folder: PathBuf,
        /// What it lacks.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// A file of the folder could not be read.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// A picture could not be made.
    #[error(transparent)]
    Figure(#[from] figures::Error),
    /// The page could not be filled in.
    #[error("the page cannot be written: {0}; this is a defect of atelier, please report it")]
    Page(String),
}

/// What the functions of this module return.
pub type Result<T> = std::result::Result<T, Error>;

/// The page, with everything it shows inside.
///
/// # Errors
/// [`Error::Page`], which no folder should lead to.
pub fn html(study: &Study) -> Result<String> {
    page::html(study)
}

/// The same in Markdown, without pictures: headings begin at the second level.
pub fn markdown(study: &Study) -> String {
    markdown::markdown(study)
}

/// Reads a run's or a sweep's folder.
///
/// # Errors
/// [`Error::Neither`] with advice; [`Error::Record`] where `run.toml`, `sweep.csv` or `sweep.toml` is damaged. What else is
/// damaged is left out and told in the report.
pub fn read(folder: &Path) -> Result<Study> {
    Study::read(folder)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

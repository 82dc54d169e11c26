//! `atelier sample RUN`.

use super::Exit;
use super::arguments::Sample;
use super::exit::Failure;
use super::output;
use super::run::plan_of_folder;
use crate::record::atomic;
use crate::run;
use std::path::PathBuf;

/// Draws new samples from a run's checkpoint.
pub(super) fn sample(arguments: &Sample) -> Result<Exit, Failure> {
    // What was trained is what is sampled.
    let plan = plan_of_folder(&arguments.run)?;
    let checkpoint = arguments.checkpoint.clone().unwrap_or_else(|| plan.folder.latest());
    let grid = (usize::from(arguments.rows), usize::from(arguments.columns));
    let png = run::sample(&plan, &checkpoint, grid, arguments.seed)?;
    let path: PathBuf = match &arguments.output {
        Some(path) => path.clone(),
        None => plan.folder.samples().join(format!("seed{}.png", arguments.seed)),
    };
    atomic::write(&path, &png)?;
    output::line(path.display())?;
    Ok(Exit::Done)
}

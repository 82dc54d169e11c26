//! `atelier sample RUN`.

use super::Exit;
use super::arguments::Sample;
use super::exit::Failure;
use super::output;
use crate::config::Experiment;
use crate::record::atomic;
use crate::run::{self, Folder, Plan};
use std::path::{Path, PathBuf};

/// Draws new samples from a run's checkpoint.
pub(super) fn sample(arguments: &Sample) -> Result<Exit, Failure> {
    let folder = Folder::at(&arguments.run);
    if !folder.experiment().is_file() {
        let message = format!(
            "{} is not a run's folder: it has no experiment.toml; `atelier list` shows the runs",
            arguments.run.display()
        );
        return Err(Failure::new(Exit::Damaged, message));
    }
    // The run's own file, and nothing from the environment: what was trained is what is sampled.
    let plan = Experiment::load(&folder.experiment(), &[], std::iter::empty())
        .map_err(Failure::from)
        .and_then(|loaded| super::run::plan_of(loaded, Path::new("results")))
        .map_err(Failure::of_result)?;
    let plan = Plan { folder, ..plan };
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

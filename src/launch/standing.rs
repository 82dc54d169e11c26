//! Where a planned run stands, from its folder alone.

use crate::config::sweep::Objective;
use crate::record::history::{self, History};
use crate::record::run_file::RunFile;
use crate::record::{RunLock, RunState};
use crate::run::Folder;

/// What a run's folder says.
#[derive(Debug)]
pub struct Standing {
    /// Where it stands.
    pub state: RunState,
    /// Why, where the folder tells; one line.
    pub reason: String,
    /// What was measured; `None` for a run that has not begun, or whose `run.toml` cannot be read.
    pub history: Option<History>,
}

impl Standing {
    /// Looks at a run that is to be trained to its end, or to the end of `until_epoch` (from 1).
    pub fn of(folder: &Folder, until_epoch: Option<u64>) -> Self {
        if !folder.run_file().exists() {
            let is_locked = matches!(RunLock::is_held(folder.root()), Ok(Some(_)));
            let state = if is_locked { RunState::Running } else { RunState::Waiting };
            return Self { state, reason: String::new(), history: None };
        }
        let history = match History::read(folder.root()) {
            Ok(history) => history,
            Err(error) => {
                return Self { state: RunState::Failed, reason: one_line(&error.to_string()), history: None };
            }
        };
        let run = &history.run;
        let state = RunState::of(run.state, history.state != history::KILLED);
        let (state, reason) = match (state, until_epoch) {
            (RunState::Interrupted, Some(last)) if run.epochs_done >= last => {
                (RunState::Stopped, format!("stands at epoch {}", run.epochs_done))
            }
            (state, _) => {
                let why = run.error.as_ref().or(run.reason.as_ref());
                (state, one_line(why.map_or("", String::as_str)))
            }
        };
        Self { state, reason, history: Some(history) }
    }

    /// `run.toml`, if there is one.
    pub fn run(&self) -> Option<&RunFile> {
        Some(&self.history.as_ref()?.run)
    }

    /// The objective's value over the rows up to an epoch; `None` without a finite one.
    pub fn objective(&self, objective: &Objective, until_epoch: Option<u64>) -> Option<f64> {
        let rows = self.history.as_ref()?.series(&objective.column);
        let counted = rows.into_iter().filter(|(epoch, _, _)| until_epoch.is_none_or(|last| *epoch <= last));
        objective.choose(counted.map(|(_, _, value)| value))
    }
}

/// The text on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

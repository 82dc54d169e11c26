//! What a plan hands out, and what it is told.

use crate::config::Experiment;

/// One run of the plan.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// The position in the sweep, from 0; a trial that halving promotes keeps its indices.
    pub index: usize,
    /// The configuration without its seed, from 0.
    pub trial: usize,
    /// The swept keys with their values as text, in the order of [`SweepPlan::parameters`](super::SweepPlan::parameters).
    pub settings: Vec<(String, String)>,
    /// The run's seed.
    pub seed: u64,
    /// The folder's name without its hash, such as `loss=hinge,lr=0.0002,seed1`.
    pub label: String,
    /// The whole configuration.
    pub experiment: Experiment,
    /// Halving: the run stops after this epoch with its state saved; `None` for one that trains to its end.
    pub until_epoch: Option<u64>,
    /// Whether it searches for the best configuration or measures it.
    pub phase: Phase,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// To find the best configuration.
    Search,
    /// To measure the best configuration with fresh seeds (phase 3 of Lucic et al. 2018).
    Final,
}

impl Phase {
    /// The word in `sweep.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Final => "final",
        }
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// The objective's value; one that is not finite counts as [`Score::Worst`].
    Value(f64),
    /// It failed or diverged.
    Worst,
}

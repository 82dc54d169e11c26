//! The plan of a sweep: which configurations are run, in which order, and what depends on the results.
//!
//! A plan is asked round by round. A grid and a random search are one round; a TPE search is a round per batch, halving
//! one per rung; a final phase is one more. Each round is a function of the file and of the scores of the rounds before,
//! in whatever order these came about: the same file gives the same trials, on any number of processes.

mod describe;
mod halving;
mod label;
mod run;
mod tpe;
pub mod trials;

use std::collections::HashMap;
use std::sync::Mutex;

use crate::config::sweep::{Goal, Objective, Strategy, Sweep};
use crate::config::training::Length;
use crate::config::{Error, Experiment, Loaded};

pub use run::{Phase, PlannedRun, Score};

use halving::Rung;
use trials::{Drawn, Space, Trial};

/// A sweep's runs in one order.
#[derive(Debug)]
pub struct SweepPlan {
    loaded: Loaded,
    sweep: Sweep,
    parameters: Vec<String>,
    names: Vec<String>,
    /// The trials that depend on no score: all but those which TPE proposes.
    known: Vec<Trial>,
    /// How many trials there are in all.
    count: usize,
    proposed: Mutex<Proposed>,
}

/// What TPE proposed last, so that the next round need not begin anew.
#[derive(Debug, Default)]
struct Proposed {
    /// The losses it went by, as bits.
    losses: Vec<u64>,
    trials: Vec<Trial>,
}

/// The loss of a run: its score, the smaller the better, infinite for the worst.
type Loss<'a> = dyn FnMut(&PlannedRun) -> f64 + 'a;

impl SweepPlan {
    /// The plan of a file with a `[sweep]`.
    ///
    /// # Errors
    ///
    /// Combinations that contradict themselves, or of which two are the same run, at their places in the file; a file
    /// without a `[sweep]`.
    pub fn new(loaded: Loaded) -> Result<Self, Box<Error>> {
        let Some(sweep) = loaded.sweep.clone() else {
            return Err(loaded.problem_at("sweep", "this file has no [sweep]"));
        };
        let known = match sweep.strategy {
            Strategy::Grid => trials::grid(&loaded)?,
            Strategy::Random | Strategy::Halving => trials::random(&loaded)?,
            Strategy::Tpe => Vec::new(),
        };
        let is_small = Space::new(&loaded).size().is_some_and(|size| size <= sweep.trials);
        let count = match sweep.strategy {
            Strategy::Tpe if is_small => trials::random(&loaded)?.len(),
            Strategy::Tpe => sweep.trials,
            _ => known.len(),
        };
        let parameters: Vec<String> =
            sweep.parameters.iter().map(|parameter| parameter.key.clone()).collect();
        let names = label::names(&parameters);
        Ok(Self { loaded, sweep, parameters, names, known, count, proposed: Mutex::default() })
    }

    /// The experiment's name.
    pub fn name(&self) -> &str {
        &self.loaded.experiment.name
    }

    /// The file as it was loaded.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The `[sweep]` section.
    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// The swept keys in the order of the file, without the seed.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// What decides which configuration is best.
    pub fn objective(&self) -> Option<&Objective> {
        self.sweep.objective.as_ref()
    }

    /// How many runs the sweep has in all, if nothing fails.
    pub fn runs(&self) -> usize {
        self.searched() + self.sweep.final_seeds.len()
    }

    /// Whether a later round depends on the scores of an earlier one.
    pub fn needs_scores(&self) -> bool {
        matches!(self.sweep.strategy, Strategy::Tpe | Strategy::Halving) || !self.sweep.final_seeds.is_empty()
    }

    /// How many runs the search has.
    fn searched(&self) -> usize {
        self.count * self.sweep.seeds.len()
    }

    /// The search's run at `index` where it depends on no score: of all strategies but TPE. Of halving it is the run
    /// trained to its end.
    pub fn run(&self, index: usize) -> Option<PlannedRun> {
        let seeds = &self.sweep.seeds;
        let trial = index / seeds.len();
        Some(self.planned(trial, self.known.get(trial)?, index % seeds.len(), None))
    }

    /// The tasks of round `number`, from 0; `None` after the last. `score` is asked for runs of the rounds before, and
    /// each call of this function asks anew, so it should remember what it had to read.
    ///
    /// # Errors
    ///
    /// None with today's strategies: what could be wrong is told by [`SweepPlan::new`].
    pub fn round(
        &self,
        number: usize,
        score: &dyn Fn(&PlannedRun) -> Score,
    ) -> Result<Option<Vec<PlannedRun>>, Box<Error>> {
        let is_max = self.objective().is_some_and(|objective| objective.goal == Goal::Max);
        let mut asked: HashMap<(usize, Option<u64>), f64> = HashMap::new();
        let mut loss = |run: &PlannedRun| {
            *asked.entry((run.index, run.until_epoch)).or_insert_with(|| match score(run) {
                Score::Value(value) if value.is_finite() => value * if is_max { -1.0 } else { 1.0 },
                _ => f64::INFINITY,
            })
        };
        Ok(match self.sweep.strategy {
            Strategy::Grid | Strategy::Random => {
                let all = self.runs_of(self.known.iter().enumerate(), None);
                self.or_final(vec![all], number, &mut loss)
            }
            Strategy::Halving => self.halving_round(number, &mut loss),
            Strategy::Tpe => self.tpe_round(number, &mut loss),
        })
    }

    /// Round `number` of a search whose rounds so far are `rounds`, or the final phase after them.
    fn or_final(
        &self,
        mut rounds: Vec<Vec<PlannedRun>>,
        number: usize,
        loss: &mut Loss<'_>,
    ) -> Option<Vec<PlannedRun>> {
        if number < rounds.len() {
            return Some(rounds.swap_remove(number));
        }
        let last = rounds.last().filter(|_| number == rounds.len() && !self.sweep.final_seeds.is_empty())?;
        // Of a TPE search every batch counts; of halving only the last rung has trained to the end.
        let compared: Vec<PlannedRun> = match self.sweep.strategy {
            Strategy::Halving => last.clone(),
            _ => rounds.into_iter().flatten().collect(),
        };
        let losses = self.losses(&compared, loss);
        let best = *halving::survivors(&losses, 1).first()?;
        let run = compared.into_iter().find(|run| run.trial == best)?;
        Some(self.final_runs(&run))
    }

    /// The mean loss of each trial over its seeds, infinite if one of them is; in the order of the trials' first runs.
    fn losses(&self, runs: &[PlannedRun], loss: &mut Loss<'_>) -> Vec<(usize, f64)> {
        let mut sums: Vec<(usize, f64)> = Vec::new();
        for run in runs {
            let loss = loss(run);
            match sums.last_mut() {
                Some((trial, sum)) if *trial == run.trial => *sum += loss,
                _ => sums.push((run.trial, loss)),
            }
        }
        let seeds = self.sweep.seeds.len() as f64;
        sums.into_iter().map(|(trial, sum)| (trial, sum / seeds)).collect()
    }

    fn final_runs(&self, best: &PlannedRun) -> Vec<PlannedRun> {
        let run = |(position, seed): (usize, &u64)| PlannedRun {
            index: self.searched() + position,
            seed: *seed,
            label: label::label(&self.names, &best.settings, *seed),
            experiment: Experiment { seed: *seed, ..best.experiment.clone() },
            until_epoch: None,
            phase: Phase::Final,
            ..best.clone()
        };
        self.sweep.final_seeds.iter().enumerate().map(run).collect()
    }

    fn halving_round(&self, number: usize, loss: &mut Loss<'_>) -> Option<Vec<PlannedRun>> {
        let mut alive: Vec<usize> = (0..self.known.len()).collect();
        let mut rounds: Vec<Vec<PlannedRun>> = Vec::new();
        for rung in self.rungs() {
            if let Some(last) = rounds.last() {
                alive = halving::survivors(&self.losses(last, loss), rung.trials);
            }
            if alive.is_empty() {
                return None;
            }
            let until_epoch = Some(rung.until_epoch).filter(|epoch| Some(*epoch) != self.epochs());
            rounds.push(self.runs_of(alive.iter().map(|trial| (*trial, &self.known[*trial])), until_epoch));
            if rounds.len() > number {
                return rounds.pop();
            }
        }
        self.or_final(rounds, number, loss)
    }

    /// The rungs of halving, with the number of trials if nothing fails.
    fn rungs(&self) -> Vec<Rung> {
        let epochs = self.epochs().unwrap_or(self.sweep.start);
        halving::rungs(self.count, self.sweep.start, self.sweep.factor, epochs)
    }

    fn epochs(&self) -> Option<u64> {
        match self.loaded.experiment.training.length {
            Length::Epochs(epochs) => Some(epochs),
            Length::Steps(_) | Length::Images(_) => None,
        }
    }

    fn tpe_round(&self, number: usize, loss: &mut Loss<'_>) -> Option<Vec<PlannedRun>> {
        let batch = self.sweep.batch;
        let mut memory = self.proposed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Proposed { losses: remembered, trials: known } = &mut *memory;
        let mut drawn = Drawn::new(Space::new(&self.loaded));
        let mut losses: Vec<f64> = Vec::new();
        let mut rounds = Vec::new();
        while drawn.trials.len() < self.count || rounds.is_empty() {
            let first = rounds.len() * batch;
            let end = (first + batch).min(self.count);
            if remembered.len() < first || losses.iter().zip(&*remembered).any(|(a, b)| a.to_bits() != *b) {
                // Another past than the one remembered: what was proposed after it does not count.
                remembered.clear();
                known.truncate(first);
                remembered.extend(losses.iter().map(|loss| loss.to_bits()));
            }
            self.propose(&mut drawn, &losses, end, known);
            if drawn.trials.len() <= first {
                break;
            }
            let numbered = drawn.trials.iter().enumerate().skip(first);
            let runs = self.runs_of(numbered, None);
            if rounds.len() == number {
                return Some(runs);
            }
            losses.extend(self.losses(&runs, loss).into_iter().map(|(_, loss)| loss));
            rounds.push(runs);
        }
        self.or_final(rounds, number, loss)
    }

    /// Adds trials up to number `end`, which go by the losses of those before; what is `known` is taken over.
    fn propose(&self, drawn: &mut Drawn<'_>, losses: &[f64], end: usize, known: &mut Vec<Trial>) {
        let startup = tpe::startup(self.count);
        while drawn.trials.len() < end {
            let number = drawn.trials.len();
            if let Some(trial) = known.get(number) {
                drawn.push(trial.clone());
                continue;
            }
            let before: Vec<Vec<f64>> = drawn.trials.iter().map(|trial| trial.coordinates.clone()).collect();
            let propose = |space: &Space<'_>, attempt: u64| {
                if number < startup {
                    return space.draw(number, attempt);
                }
                let loss = |index: usize| losses.get(index).copied().unwrap_or(f64::INFINITY);
                let observe = |(index, coordinates)| tpe::Observation { coordinates, loss: loss(index) };
                let observations: Vec<_> =
                    before.iter().map(Vec::as_slice).enumerate().map(observe).collect();
                tpe::propose(space, &observations, number, attempt)
            };
            if !drawn.next(propose, &mut None) {
                break;
            }
        }
        known.extend(drawn.trials.iter().skip(known.len()).cloned());
    }

    /// The runs of some trials, seeds innermost.
    fn runs_of<'a>(
        &self,
        trials: impl Iterator<Item = (usize, &'a Trial)>,
        until_epoch: Option<u64>,
    ) -> Vec<PlannedRun> {
        let seeds = 0..self.sweep.seeds.len();
        let runs = |(number, trial): (usize, &'a Trial)| {
            seeds.clone().map(move |seed| self.planned(number, trial, seed, until_epoch))
        };
        trials.flat_map(runs).collect()
    }

    fn planned(&self, number: usize, trial: &Trial, position: usize, until_epoch: Option<u64>) -> PlannedRun {
        let seed = self.sweep.seeds[position];
        PlannedRun {
            index: number * self.sweep.seeds.len() + position,
            trial: number,
            settings: trial.settings.clone(),
            seed,
            label: label::label(&self.names, &trial.settings, seed),
            experiment: Experiment { seed, ..trial.experiment.clone() },
            until_epoch,
            phase: Phase::Search,
        }
    }
}

#[cfg(test)]
mod tests;

//! `[sweep]`: what varies over a list of runs, and how it is chosen. Here it is read and checked; the plan expands it.

mod objective;
mod parameters;
mod reader;
mod slurm;

use std::collections::BTreeMap;

use figment::value::Dict;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::check::{Finding, Findings, Mark};
use super::columns::Column;
use super::evaluation::Evaluation;
use super::key::{self, path};
use super::layers::Tree;
use super::names::CASE;
use super::read::keys_of;
use super::training::{self, Length, Training};
use super::words;

pub use objective::{Goal, Objective, RowChoice};
pub use parameters::{Parameter, Range, Scale, Setting};
pub(super) use parameters::{combination, layers, must_be_whole, repeated, same_run, shown};
pub(super) use reader::{MOST_VALUES, distributions, unsweepable};
pub use slurm::Slurm;

/// The most seeds.
const MOST_SEEDS: usize = 10_000;

/// The most runs that a sweep may have.
pub const MOST_RUNS: usize = 100_000;

/// The most architectures that a sweep may have: each is compiled.
const MOST_ARCHITECTURES: usize = 256;

/// What varies over the runs of a sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// How the configurations are chosen.
    pub strategy: Strategy,
    /// The seeds of each configuration (innermost); the experiment's own where the file names none.
    pub seeds: Vec<u64>,
    /// [`CASE`] where the file has cases, then the swept keys in the order of the file, the first outermost; may be empty
    /// where there are seeds.
    pub parameters: Vec<Parameter>,
    /// How many configurations there are: of a grid every combination, else what the file says (1 to 100,000); of them
    /// the first is the file's own. A space with fewer different configurations ends the list early.
    pub trials: usize,
    /// What decides which configuration is best; always there for `tpe`, `halving` and a final phase.
    pub objective: Option<Objective>,
    /// `tpe`: how many trials are proposed together, 1 to 1000; default 4.
    pub batch: usize,
    /// `halving`: the epochs of the first rung, less than `training.epochs`; default 1.
    pub start: u64,
    /// `halving`: each rung keeps the best one in so many, which train so many times as long; 2 to 100, default 3.
    pub factor: u64,
    /// The seeds with which the best configuration is run again at the end; empty for no such phase.
    pub final_seeds: Vec<u64>,
    /// What a Slurm cluster is asked for.
    pub slurm: Slurm,
}

/// How the configurations are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Every combination.
    Grid,
    /// Drawn at random.
    Random,
    /// Tree-structured Parzen estimator (Bergstra et al. 2011).
    Tpe,
    /// Successive halving (Jamieson and Talwalkar 2016) of configurations drawn at random.
    Halving,
}

/// The keys that not every strategy has, and those that have them.
pub(super) const OWNERS: &[(&str, &[&str])] = &[
    ("trials", &["random", "tpe", "halving"]),
    ("batch", &["tpe"]),
    ("start", &["halving"]),
    ("factor", &["halving"]),
];

impl Strategy {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Tpe => "tpe",
            Self::Halving => "halving",
        }
    }
}

/// What varies over the runs of a sweep, and how it is chosen.
// The parameters are read apart, since their keys are dotted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// How the configurations are chosen; default grid.
    strategy: Option<Strategy>,
    /// The seeds of each configuration (innermost), each at most once; default the experiment's own.
    #[schemars(extend("minItems" = 1, "maxItems" = MOST_SEEDS, "uniqueItems" = true), inner(range(min = 0, max = 9_223_372_036_854_775_807_i64)))]
    seeds: Option<Vec<i64>>,
    /// How many configurations to try; the first is the file's own.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_RUNS))]
    trials: Option<i64>,
    /// What decides which configuration is best; `tpe`, `halving` and a final phase need it.
    objective: Option<objective::Section>,
    /// How many trials are proposed together; default 4.
    #[schemars(range(min = 1, max = 1000))]
    batch: Option<i64>,
    /// The epochs of the first rung, less than `training.epochs`; default 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    start: Option<i64>,
    /// Each rung keeps the best one in so many, which train so many times as long; default 3.
    #[schemars(range(min = 2, max = 100))]
    factor: Option<i64>,
    /// The last phase: the best configuration again, with fresh seeds.
    #[serde(rename = "final")]
    last: Option<Final>,
    /// The keys that vary, each with a list of values or a range to draw from.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    parameters: Option<BTreeMap<String, IgnoredAny>>,
    /// Settings that belong together, each table under a name of its own: one configuration per case, beside what else
    /// varies. A case is what a file that extends this one would say.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    cases: Option<BTreeMap<String, IgnoredAny>>,
    /// What a Slurm cluster is asked for, per run.
    slurm: Option<slurm::Section>,
}

/// The last phase: the best configuration again, with fresh seeds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Final {
    /// Seeds that the search does not use, each at most once.
    #[schemars(extend("minItems" = 1, "maxItems" = MOST_SEEDS, "uniqueItems" = true), inner(range(min = 0, max = 9_223_372_036_854_775_807_i64)))]
    seeds: Vec<i64>,
}

/// The tables within the section, with their keys, for a key that stands in the wrong one.
pub(super) fn tables() -> [(&'static str, &'static [&'static str]); 2] {
    [("`sweep.objective`", keys_of::<objective::Section>()), ("`sweep.slurm`", keys_of::<slurm::Section>())]
}

/// What the sweep has to know of the rest of the file.
pub(super) struct Surroundings<'a> {
    pub(super) tree: &'a Tree,
    pub(super) merged: &'a Dict,
    /// The experiment's own seed.
    pub(super) seed: u64,
    pub(super) training: Option<&'a Training>,
    pub(super) evaluation: Option<&'a Evaluation>,
    /// What the learner measures.
    pub(super) columns: &'a [Column],
}

impl Section {
    /// The checked sweep, its values not yet tried.
    pub(super) fn resolve(self, around: &Surroundings<'_>, findings: &mut Findings) -> Sweep {
        let strategy = self.strategy.unwrap_or(Strategy::Grid);
        self.check_owners(strategy, findings);
        let parameters = reader::read(around.tree, around.merged, strategy, findings);
        let is_empty = self.parameters.as_ref().is_none_or(BTreeMap::is_empty) && self.cases.is_none();
        check_varies(strategy, self.seeds.is_some(), is_empty, findings);
        let seeds = match self.seeds {
            Some(seeds) => resolve_seeds("sweep.seeds", &seeds, findings),
            None => vec![around.seed],
        };
        let trials = match strategy {
            Strategy::Grid => parameters.iter().try_fold(1_usize, |n, p| n.checked_mul(p.settings.len())),
            _ => Some(trials(strategy, self.trials, findings)),
        };
        let objective =
            self.objective.map(|section| section.resolve(around.columns, around.evaluation, findings));
        let final_seeds = match &self.last {
            Some(last) => resolve_final(&last.seeds, &seeds, findings),
            None => Vec::new(),
        };
        let needing = match strategy {
            Strategy::Tpe | Strategy::Halving => Some(format!("the strategy `{}`", strategy.word())),
            _ => self.last.as_ref().map(|_| "`sweep.final`".to_owned()),
        };
        if let Some(needing) = needing.filter(|_| objective.is_none()) {
            objective::missing(&needing, around.columns, around.evaluation, findings);
        }
        check_count(trials, &seeds, final_seeds.len(), &parameters, strategy, findings);
        check_architectures(strategy, trials, &parameters, findings);
        let sweep = Sweep {
            strategy,
            seeds,
            trials: trials.unwrap_or(MOST_RUNS),
            objective,
            batch: findings.count("sweep.batch", self.batch.unwrap_or(4), 1..=1000, "trials"),
            start: findings.whole("sweep.start", self.start.unwrap_or(1), 1..=1_000_000, "epochs"),
            factor: findings.whole("sweep.factor", self.factor.unwrap_or(3), 2..=100, ""),
            final_seeds,
            slurm: self.slurm.map(|section| section.resolve(findings)).unwrap_or_default(),
            parameters,
        };
        if strategy == Strategy::Halving {
            check_halving(&sweep, around, findings);
        }
        sweep
    }

    /// Keys that belong to another strategy than the one chosen.
    fn check_owners(&self, strategy: Strategy, findings: &mut Findings) {
        let given = [
            ("trials", self.trials.is_some()),
            ("batch", self.batch.is_some()),
            ("start", self.start.is_some()),
            ("factor", self.factor.is_some()),
        ];
        for (key, owners) in OWNERS {
            if given.contains(&(*key, true)) && !owners.contains(&strategy.word()) {
                let at = format!("sweep.{key}");
                findings.does_not_belong(&at, &words::list(owners), "sweep.strategy", strategy.word());
            }
        }
    }
}

/// A sweep over nothing is a mistake.
fn check_varies(strategy: Strategy, has_seeds: bool, is_empty: bool, findings: &mut Findings) {
    if !is_empty || (strategy == Strategy::Grid && has_seeds) {
        return;
    }
    let (message, help) = match strategy {
        Strategy::Grid => (
            "[sweep] names nothing that varies".to_owned(),
            "add seeds = [0, 1, 2], or [sweep.parameters] with a line such as \"optimizer.learning_rate\" = [1e-4, 2e-4]",
        ),
        _ => (
            format!("the strategy `{}` needs [sweep.parameters] to choose from", strategy.word()),
            "add [sweep.parameters] with a line such as \"optimizer.learning_rate\" = { log-uniform = [1e-5, 1e-3] }",
        ),
    };
    let finding = Finding::new(path("sweep.parameters"), Mark::Table, message);
    findings.add(finding.label("empty").help(help));
}

fn trials(strategy: Strategy, given: Option<i64>, findings: &mut Findings) -> usize {
    if let Some(given) = given {
        return findings.count("sweep.trials", given, 1..=MOST_RUNS as i64, "trials");
    }
    let message = format!("the strategy `{}` needs to know how many configurations to try", strategy.word());
    let finding = Finding::new(path("sweep.trials"), Mark::Table, message).label("incomplete");
    findings.add(finding.help("add trials = 20; the first of them is always the file's own configuration"));
    1
}

fn resolve_seeds(key: &str, seeds: &[i64], findings: &mut Findings) -> Vec<u64> {
    if seeds.is_empty() || seeds.len() > MOST_SEEDS {
        let message = format!("`{key}` has {} seeds, but must have 1 to {MOST_SEEDS}", seeds.len());
        findings.add(Finding::new(path(key), Mark::Value, message).label("a list of the wrong length"));
        return Vec::new();
    }
    let mut resolved = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for (index, seed) in seeds.iter().enumerate() {
        let at = format!("{key}.{index}");
        resolved.push(findings.whole(&at, *seed, 0..=i64::MAX, ""));
        if !known.insert(*seed) {
            let finding = Finding::new(path(&at), Mark::Value, format!("`{key}` has the seed {seed} twice"));
            findings.add(finding.label("the second time").help("remove one of them"));
        }
    }
    resolved
}

/// The final phase answers whether the best configuration was only lucky, so its seeds must be fresh.
fn resolve_final(given: &[i64], searched: &[u64], findings: &mut Findings) -> Vec<u64> {
    let seeds = resolve_seeds("sweep.final.seeds", given, findings);
    for (index, seed) in seeds.iter().enumerate() {
        if searched.contains(seed) {
            let at = path(&format!("sweep.final.seeds.{index}"));
            let message =
                format!("the search uses the seed {seed} already, but the final phase needs fresh seeds");
            let finding = Finding::new(at, Mark::Value, message).label("not fresh");
            let fresh = searched.iter().chain(&seeds).max().map_or(0, |largest| largest.saturating_add(1));
            findings.add(finding.help(format!("use another one, such as {fresh}")));
        }
    }
    seeds
}

/// The number of runs, refused where nobody can mean it.
fn check_count(
    trials: Option<usize>,
    seeds: &[u64],
    last: usize,
    parameters: &[Parameter],
    strategy: Strategy,
    findings: &mut Findings,
) {
    let runs = trials.and_then(|trials| trials.checked_mul(seeds.len())?.checked_add(last));
    if runs.is_some_and(|runs| runs <= MOST_RUNS) {
        return;
    }
    let most = key::grouped(MOST_RUNS as i64);
    let shown = match runs.and_then(|runs| i64::try_from(runs).ok()) {
        Some(runs) => key::grouped(runs),
        None => "more than 9_223_372_036_854_775_807".to_owned(),
    };
    let factors: Vec<String> = match strategy {
        Strategy::Grid => parameters.iter().map(|parameter| parameter.settings.len().to_string()).collect(),
        _ => vec![format!("{} trials", trials.unwrap_or_default())],
    };
    let values = if strategy == Strategy::Grid && !factors.is_empty() { " values" } else { "" };
    let product = factors.join(" × ");
    let message = format!(
        "the sweep has {shown} runs ({product}{values} × {} seed{}), but may have at most {most}",
        seeds.len(),
        if seeds.len() == 1 { "" } else { "s" },
    );
    let (at, help) = match strategy {
        Strategy::Grid => (
            "sweep.parameters",
            "sweep over fewer values, or let strategy = \"random\" draw some of the combinations",
        ),
        _ => ("sweep.trials", "ask for fewer trials or seeds"),
    };
    let mark = if strategy == Strategy::Grid { Mark::Key } else { Mark::Value };
    findings.add(Finding::new(path(at), mark, message).label("too many runs").help(help));
}

/// The architectures are compiled before the first run begins, so that there cannot be thousands. Of a list that is drawn
/// from there are no more than trials; TPE may propose any.
fn check_architectures(
    strategy: Strategy,
    trials: Option<usize>,
    parameters: &[Parameter],
    findings: &mut Findings,
) {
    let shapes: Vec<&Parameter> =
        parameters.iter().filter(|p| p.key == CASE || p.key.starts_with("architecture.")).collect();
    let sizes: Vec<usize> = shapes.iter().map(|parameter| parameter.size().unwrap_or(1)).collect();
    let mut count = sizes.iter().fold(1_usize, |count, size| count.saturating_mul(*size));
    if matches!(strategy, Strategy::Random | Strategy::Halving) {
        count = count.min(trials.unwrap_or(MOST_RUNS));
    }
    let Some(last) = shapes.last().filter(|_| count > MOST_ARCHITECTURES) else {
        return;
    };
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let message = format!(
        "the sweep has {count} architectures ({} values), but may have at most {MOST_ARCHITECTURES}",
        sizes.join(" × ")
    );
    let finding = Finding::new(last.at.clone(), Mark::Key, message).label("too many architectures");
    findings.add(finding.help("each is compiled before the first run; sweep over fewer of their values"));
}

/// The first key of a training's length that a sweep sets, by itself or in a case, and where.
fn swept_length(sweep: &Sweep) -> Option<(String, key::Path)> {
    let lengths = training::LENGTHS.map(|key| format!("training.{key}"));
    for parameter in &sweep.parameters {
        for key in &lengths {
            if parameter.key == *key {
                return Some((key.clone(), parameter.at.clone()));
            }
            if let Some(case) = parameter.settings.iter().find(|case| case.sets(&path(key))) {
                return Some((key.clone(), key::below(&parameter.at, &case.to_string())));
            }
        }
    }
    None
}

/// Halving counts in epochs, all configurations the same.
fn check_halving(sweep: &Sweep, around: &Surroundings<'_>, findings: &mut Findings) {
    if let Some((key, at)) = swept_length(sweep) {
        let message = format!("`{key}` cannot be swept by `halving`, whose rungs end at `training.epochs`");
        let finding = Finding::new(at, Mark::Key, message).label("cannot be swept here");
        findings.add(finding.help("remove it: configurations that do well train longer anyway"));
    }
    let epochs = match around.training.map(|training| training.length) {
        Some(Length::Epochs(epochs)) => epochs,
        Some(length @ (Length::Steps(_) | Length::Images(_))) => {
            let given = if matches!(length, Length::Steps(_)) { "steps" } else { "images" };
            let message = format!("the strategy `halving` counts in epochs, but `training.{given}` is given");
            let finding = Finding::new(path(&format!("training.{given}")), Mark::Key, message).label(given);
            findings.add(finding.also("sweep.strategy", "chosen here").help("write epochs = … in its place"));
            return;
        }
        None => return,
    };
    if sweep.start >= epochs {
        let message = format!(
            "`sweep.start` is {}, but must be less than `training.epochs`, which is {epochs}: else nothing is halved",
            sweep.start
        );
        let finding = Finding::new(path("sweep.start"), Mark::Value, message).label("too late");
        findings.add(finding.also("training.epochs", "the last rung ends here"));
    }
    let scored_every = around.evaluation.map(|evaluation| evaluation.every);
    if let (Some(objective), Some(every)) = (&sweep.objective, scored_every)
        && objective.is_of_evaluation()
        && every > sweep.start
    {
        let message = format!(
            "the first rung ends after {} epochs, but `{}` is measured every {every} epochs only",
            sweep.start, objective.column
        );
        let finding =
            Finding::new(path("sweep.start"), Mark::Value, message).label("nothing is measured yet");
        let help = format!("write start = {every}, or evaluate more often");
        findings.add(finding.also("evaluation.every", "measured so often").help(help));
    }
}

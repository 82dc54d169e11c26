//! Runs of one configuration and several seeds, and what tells the configurations apart.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::field::{self, Field, Which};
use super::statistics::Statistics;
use super::{Goals, Run, WITHOUT_EFFECT};
use crate::record::columns;
use crate::record::evaluation::is_score;
use crate::record::history::{self, Goal};
use crate::record::names::{CASE, short_names};

/// The file whose columns are compared besides.
const EVALUATION: &str = "evaluation.csv";

/// What is compared, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Columns, each with `.last` or `.best` or both where neither is said; none: the last losses of the learner, and the
    /// last and best of every score of `evaluation.csv`.
    pub metrics: Vec<String>,
    /// By which field the groups are sorted, lowest first; by the settings otherwise.
    pub sort: Option<String>,
    /// Highest first.
    pub is_descending: bool,
    /// Runs that did not complete enter the means with what they have reached.
    pub with_unfinished: bool,
    /// Which values are the better ones.
    pub goals: Goals,
}

/// A column of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The column's name.
    pub column: String,
    /// Its last or its best value.
    pub which: Which,
    /// Which values are the better ones.
    pub goal: Goal,
}

impl Metric {
    /// `frechet best`.
    pub fn name(&self) -> String {
        format!("{} {}", self.column, self.which.word())
    }

    fn of(&self, run: &Run) -> Option<f64> {
        let extract = run.values.get(&self.column)?;
        Some(match self.which {
            Which::Last => extract.last,
            Which::Best => extract.best(self.goal).1,
        })
    }
}

/// An attempt at a configuration and seed of which another attempt is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The attempt that is not counted.
    pub folder: PathBuf,
    /// The one that is: complete if one is, and the newest of those.
    pub counted: PathBuf,
}

/// The runs of one configuration.
#[derive(Debug)]
pub struct Group {
    /// The values of [`Comparison::parameters`], in their order; `None` where the configuration has no such key.
    pub settings: Vec<Option<String>>,
    /// One run per seed, by seed.
    pub runs: Vec<Run>,
    /// The statistics of [`Comparison::metrics`], in their order, over the runs that are counted; `None` if none of them
    /// has the column.
    pub values: Vec<Option<Statistics>>,
    /// How many runs are counted.
    pub counted: usize,
}

impl Group {
    /// The runs whose numbers count: the complete ones, or all.
    pub fn counted(&self, with_unfinished: bool) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| with_unfinished || run.is_complete())
    }

    /// How many runs there are in each state, most first.
    pub fn states(&self) -> Vec<(&'static str, usize)> {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for run in &self.runs {
            *counts.entry(run.history.state).or_default() += 1;
        }
        let mut states: Vec<_> = counts.into_iter().collect();
        states.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        states
    }
}

/// Groups of runs side by side.
#[derive(Debug)]
pub struct Comparison {
    /// The keys in which the groups differ; `name`, the experiment, first.
    pub parameters: Vec<String>,
    /// What is compared.
    pub metrics: Vec<Metric>,
    /// The configurations, in the order that was asked for.
    pub groups: Vec<Group>,
    /// Attempts that are not counted, as another one at the same configuration and seed is.
    pub repeated: Vec<Repeated>,
    /// Runs whose settings cannot be read, and which are of no group therefore.
    pub apart: Vec<PathBuf>,
    /// Whether runs that did not complete are counted.
    pub with_unfinished: bool,
}

impl Comparison {
    /// Groups the runs.
    ///
    /// # Errors
    /// If a metric or the field to sort by is unknown among the runs.
    pub fn new(runs: Vec<Run>, options: &Options) -> Result<Self, field::Error> {
        let metrics = metrics(&runs, options)?;
        let sort =
            options.sort.as_ref().map(|name| Field::resolve(name, &runs, &options.goals)).transpose()?;
        let (runs, apart): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(has_settings);
        let mut ignored = vec!["seed"];
        ignored.extend(WITHOUT_EFFECT);
        let parameters = parameters(&runs, &ignored);

        let mut by_configuration: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for run in runs {
            let settings = run.history.settings.iter().filter(|(key, _)| !ignored.contains(&key.as_str()));
            let key = settings.map(|(key, value)| format!("{key} = {value}\n")).collect();
            by_configuration.entry(key).or_default().push(run);
        }
        let mut repeated = Vec::new();
        let mut groups: Vec<Group> = by_configuration
            .into_values()
            .map(|runs| group(one_per_seed(runs, &mut repeated), &parameters, &metrics, options))
            .collect();
        groups.sort_by(by_settings);
        if let Some(field) = sort {
            let value = |group: &Group| sort_key(group, &field, options);
            groups.sort_by(|a, b| {
                field::ordered(value(a).as_deref(), value(b).as_deref(), options.is_descending)
            });
        }
        let apart = apart.into_iter().map(|run| run.history.folder).collect();
        Ok(Self { parameters, metrics, groups, repeated, apart, with_unfinished: options.with_unfinished })
    }

    /// The parameters' names as short as they can be: `loss` for `objective.loss`, and `experiment` for `name`.
    pub fn short_parameters(&self) -> Vec<String> {
        let mut names = short_names(&self.parameters);
        for (name, key) in names.iter_mut().zip(&self.parameters) {
            if key == "name" {
                *name = "experiment".to_owned();
            }
        }
        names
    }

    /// What a group is called in a legend: `loss=hinge, learning_rate=0.0002`. Where several experiments are compared it is
    /// the experiment's name, and what tells it from other groups of that experiment.
    pub fn label(&self, group: &Group) -> String {
        let name_of = |group: &Group| group.runs.first().map(|run| run.history.run.experiment.clone());
        let name = name_of(group);
        let has_names = self.parameters.first().is_some_and(|key| key == "name");
        let relatives: Vec<&Group> = self.groups.iter().filter(|other| name_of(other) == name).collect();
        let tells = |index: &usize| {
            relatives.iter().any(|other| other.settings[*index] != group.settings[*index])
                || (!has_names && relatives.len() == 1)
        };
        let names = self.short_parameters();
        let settings = (0..self.parameters.len()).filter(tells).filter_map(|index| {
            let value = group.settings[index].as_ref()?;
            Some(format!("{}={value}", names[index]))
        });
        let named = name.filter(|_| has_names || self.parameters.is_empty());
        named.into_iter().chain(settings).collect::<Vec<_>>().join(", ")
    }
}

/// Only the name and the seed are known of a run whose `experiment.toml` cannot be read.
fn has_settings(run: &Run) -> bool {
    run.history.settings.keys().any(|key| !matches!(key.as_str(), "name" | "seed"))
}

fn parameters(runs: &[Run], ignored: &[&str]) -> Vec<String> {
    let mut parameters = history::differing(runs.iter().map(|run| &run.history.settings), ignored);
    if parameters.iter().any(|key| key == CASE) {
        parameters.retain(|key| ["name", CASE].contains(&key.as_str()) || !follows_case(key, runs));
    }
    parameters.sort_by_key(|key| (key != "name", key != CASE));
    parameters
}

/// Whether all runs of an experiment's case agree about a key: the two names say it then.
fn follows_case(key: &str, runs: &[Run]) -> bool {
    let mut known = BTreeMap::new();
    runs.iter().all(|Run { history, .. }| {
        let setting = |key: &str| history.settings.get(key);
        let value = setting(key);
        *known.entry((setting("name"), setting(CASE))).or_insert(value) == value
    })
}

fn metrics(runs: &[Run], options: &Options) -> Result<Vec<Metric>, field::Error> {
    let known: BTreeSet<&str> = runs.iter().flat_map(|run| run.history.columns()).collect();
    let goals = &options.goals;
    let metric = |column: &str, which| Metric { column: column.to_owned(), which, goal: goals.of(column) };
    let both = |column: &str| [metric(column, Which::Last), metric(column, Which::Best)];
    let mut metrics = Vec::new();
    if options.metrics.is_empty() {
        // The lowest loss of one player says nothing: it is the moment in which the other one was worst.
        // A learner's last one is its best.
        let losses = columns::headlines().into_iter().rev().filter(|loss| known.contains(loss));
        metrics.extend(losses.map(|loss| metric(loss, Which::Last)));
        let tables = runs.iter().flat_map(|run| &run.history.tables).filter(|table| table.file == EVALUATION);
        for column in tables.flat_map(|table| &table.columns) {
            if is_score(column) && !metrics.iter().any(|metric: &Metric| metric.column == *column) {
                metrics.extend(both(column));
            }
        }
    }
    for name in &options.metrics {
        let (column, which) = Field::resolve_metric(name, runs, goals)?;
        if *name == column {
            metrics.extend(both(&column));
        } else {
            metrics.push(metric(&column, which));
        }
    }
    let mut kept: Vec<Metric> = Vec::new();
    metrics.retain(|metric| {
        !kept.contains(metric) && {
            kept.push(metric.clone());
            true
        }
    });
    Ok(metrics)
}

/// The runs by seed, one of each.
fn one_per_seed(mut runs: Vec<Run>, repeated: &mut Vec<Repeated>) -> Vec<Run> {
    let preference = |run: &Run| (run.is_complete(), run.history.run.started, run.history.folder.clone());
    runs.sort_by(|a, b| {
        let seeds = a.history.run.seed.cmp(&b.history.run.seed);
        seeds.then_with(|| preference(b).cmp(&preference(a)))
    });
    let mut kept: Vec<Run> = Vec::new();
    for run in runs {
        match kept.last() {
            Some(counted) if counted.history.run.seed == run.history.run.seed => repeated
                .push(Repeated { folder: run.history.folder, counted: counted.history.folder.clone() }),
            _ => kept.push(run),
        }
    }
    kept
}

fn group(runs: Vec<Run>, parameters: &[String], metrics: &[Metric], options: &Options) -> Group {
    let is_counted = |run: &&Run| run.is_complete() || options.with_unfinished;
    let statistics = |metric: &Metric| {
        let values: Vec<f64> = runs.iter().filter(is_counted).filter_map(|run| metric.of(run)).collect();
        Statistics::of(&values)
    };
    let settings = runs.first().map(|run| &run.history.settings);
    Group {
        settings: parameters
            .iter()
            .map(|key| settings.and_then(|settings| settings.get(key)).cloned())
            .collect(),
        values: metrics.iter().map(statistics).collect(),
        counted: runs.iter().filter(is_counted).count(),
        runs,
    }
}

fn by_settings(a: &Group, b: &Group) -> Ordering {
    let pairs = a.settings.iter().zip(&b.settings);
    pairs
        .map(|(a, b)| field::ascending(a.as_deref(), b.as_deref()))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// What a group is sorted by: the mean of a column, or what its first run has.
fn sort_key(group: &Group, field: &Field, options: &Options) -> Option<String> {
    let Field::Metric { column, which, goal } = field else {
        return group.runs.first().and_then(|run| field.text(run));
    };
    let metric = Metric { column: column.clone(), which: *which, goal: *goal };
    let values: Vec<f64> = group.counted(options.with_unfinished).filter_map(|run| metric.of(run)).collect();
    Statistics::of(&values).map(|statistics| statistics.mean.to_string())
}

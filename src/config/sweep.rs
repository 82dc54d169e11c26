//! `[sweep]`: the keys that vary over a list of runs. Here it is read and checked; the plan expands it.

use std::collections::BTreeMap;
use std::fmt;

use figment::value::{Dict, Value};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::check::{Finding, Findings, Mark};
use super::error::Problem;
use super::key::{self, Path, below, path};
use super::layers::Tree;
use super::source::{Layer, Parsed};

/// The most values that one key may be swept over.
pub(super) const MOST_VALUES: usize = 1000;

/// The most seeds.
const MOST_SEEDS: usize = 10_000;

/// What varies over the runs of a sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// How the combinations are chosen.
    pub strategy: Strategy,
    /// The seeds of each combination (innermost); the experiment's own where the file names none.
    pub seeds: Vec<u64>,
    /// The swept keys in the order of the file, the first outermost; may be empty where there are seeds.
    pub parameters: Vec<Parameter>,
}

/// How the combinations are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Every combination.
    Grid,
    /// Combinations drawn at random.
    Random,
    /// Tree-structured Parzen estimator (Bergstra et al. 2011).
    Tpe,
    /// Successive halving (Jamieson and Talwalkar 2016).
    Halving,
}

/// One swept key.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The dotted key, such as `optimizer.learning_rate`.
    pub key: String,
    /// Its values in the order of the file; at least one, no two of which give the same run.
    pub settings: Vec<Setting>,
}

/// One value for one key, which remembers its place in the file. `Display` gives the value on one line.
#[derive(Clone, Debug)]
pub struct Setting {
    key: String,
    parsed: Parsed,
}

impl Setting {
    /// The dotted key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value as the file has it.
    pub fn value(&self) -> &Value {
        &self.parsed.value
    }

    /// Puts the setting into a layer.
    pub(super) fn put(&self, layer: &mut Layer) {
        layer.put(&path(&self.key), self.parsed.clone());
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.parsed.value {
            Value::String(_, word) => f.write_str(word),
            value => f.write_str(&key::show(value)),
        }
    }
}

/// What varies over the runs of a sweep.
// The parameters are read apart, since their keys are dotted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// How the combinations are chosen; default grid.
    strategy: Option<Strategy>,
    /// The seeds of each combination (innermost), each at most once; default the experiment's own.
    #[schemars(extend("minItems" = 1, "maxItems" = MOST_SEEDS, "uniqueItems" = true))]
    #[schemars(inner(range(min = 0, max = 9_223_372_036_854_775_807_i64)))]
    seeds: Option<Vec<i64>>,
    /// The keys that vary, each with its values.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    parameters: Option<BTreeMap<String, IgnoredAny>>,
}

impl Section {
    /// The checked sweep, its values not yet tried.
    pub(super) fn resolve(self, seed: u64, tree: &Tree, merged: &Dict, findings: &mut Findings) -> Sweep {
        let parameters = match self.parameters {
            Some(_) => read_parameters(tree, merged, findings),
            None => Vec::new(),
        };
        if self.seeds.is_none() && self.parameters.as_ref().is_none_or(BTreeMap::is_empty) {
            let finding =
                Finding::new(path("sweep.parameters"), Mark::Table, "[sweep] names nothing that varies");
            findings.add(finding.label("empty").help(
                "add seeds = [0, 1, 2], or [sweep.parameters] with a line such as \"optimizer.learning_rate\" = [1e-4, 2e-4]",
            ));
        }
        let seeds = self.seeds.map_or_else(|| vec![seed], |seeds| resolve_seeds(&seeds, findings));
        Sweep { strategy: self.strategy.unwrap_or(Strategy::Grid), seeds, parameters }
    }
}

fn resolve_seeds(seeds: &[i64], findings: &mut Findings) -> Vec<u64> {
    if seeds.is_empty() || seeds.len() > MOST_SEEDS {
        let message = format!("`sweep.seeds` has {} seeds, but must have 1 to {MOST_SEEDS}", seeds.len());
        findings
            .add(Finding::new(path("sweep.seeds"), Mark::Value, message).label("a list of the wrong length"));
        return Vec::new();
    }
    let mut resolved = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for (index, seed) in seeds.iter().enumerate() {
        let at = format!("sweep.seeds.{index}");
        resolved.push(findings.whole(&at, *seed, 0..=i64::MAX, ""));
        if !known.insert(*seed) {
            let finding =
                Finding::new(path(&at), Mark::Value, format!("`sweep.seeds` has the seed {seed} twice"));
            findings.add(finding.label("the second time").help("remove one of them"));
        }
    }
    resolved
}

/// The swept keys with their lists, in the order of the file. A dotted key may be quoted or spelt as nested tables.
fn read_parameters(tree: &Tree, merged: &Dict, findings: &mut Findings) -> Vec<Parameter> {
    let top = path("sweep.parameters");
    let mut found: Vec<(String, Path)> = Vec::new();
    if let Some(table) = key::find_table(merged, &top) {
        collect(&top, "", table, &mut found, findings);
    }
    let start = |at: &Path| tree.spot(merged, at).and_then(|spot| Some(spot.key.span?.start));
    found.sort_by_key(|(_, at)| start(at));
    check_keys(&found, findings);
    let read = |(key, at): (String, Path)| {
        let items = key::find(merged, &at).and_then(Value::as_array).unwrap_or_default();
        let outer = tree.spot(merged, &at)?;
        let setting = |(index, value): (usize, &Value)| {
            let at = below(&at, &index.to_string());
            let mut spot = tree.spot(merged, &at)?;
            spot.key = outer.key.clone();
            let inner = tree.spots_inside(merged, &at);
            Some(Setting {
                key: key.clone(),
                parsed: Parsed { value: key::without_origin(value), spot, inner },
            })
        };
        let settings: Option<Vec<_>> = items.iter().enumerate().map(setting).collect();
        Some(Parameter { settings: settings?, key })
    };
    found.into_iter().filter_map(read).collect()
}

fn collect(at: &Path, prefix: &str, table: &Dict, found: &mut Vec<(String, Path)>, findings: &mut Findings) {
    for (name, value) in table {
        let at = below(at, name);
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) => collect(&at, &key, inner, found, findings),
            Value::Array(_, items) if items.is_empty() || items.len() > MOST_VALUES => {
                let message =
                    format!("`{key}` is swept over {} values, but must have 1 to {MOST_VALUES}", items.len());
                findings.add(Finding::new(at, Mark::Value, message).label("a list of the wrong length"));
            }
            Value::Array(..) => found.push((key, at)),
            other => {
                let message =
                    format!("`{key}` must be a list of values to sweep over, but is {}", key::show(other));
                let finding = Finding::new(at, Mark::Value, message).label("must be a list");
                findings.add(finding.help(format!("write [{}]", key::show(other))));
            }
        }
    }
}

/// Why a key cannot be swept, if it cannot.
pub(super) fn unsweepable(key: &str) -> Option<&'static str> {
    Some(match (key.split('.').next().unwrap_or_default(), key) {
        ("seed", _) => "has a place of its own: write seeds = [0, 1, 2] in [sweep]",
        ("name" | "description" | "extends" | "sweep", _) => "cannot be swept: it is the same for all runs",
        ("logging", _) | (_, "training.checkpoint_every") => {
            "cannot be swept: it changes nothing that is learned"
        }
        _ => return None,
    })
}

/// Keys that cannot be swept, and keys of which one is part of another.
fn check_keys(found: &[(String, Path)], findings: &mut Findings) {
    for (index, (key, at)) in found.iter().enumerate() {
        if let Some(reason) = unsweepable(key) {
            let message = format!("`{key}` {reason}");
            findings.add(Finding::new(at.clone(), Mark::Key, message).label("cannot be swept"));
        }
        let part_of = |other: &str| key == other || key.starts_with(&format!("{other}."));
        let mut others = found.iter().enumerate().filter(|(other, _)| *other != index);
        if let Some((_, (other, _))) =
            others.find(|(other, (name, _))| part_of(name) && (key != name || *other < index))
        {
            let message = format!("`{key}` is swept twice: `{other}` sets it too");
            findings.add(Finding::new(at.clone(), Mark::Key, message).label("swept twice"));
        }
    }
}

/// The problem of a value that gives the same run as an earlier one.
pub(super) fn repeated(setting: &Setting, first: &Setting) -> Problem {
    let message = format!("`{}` is swept over {setting} twice", setting.key);
    let problem = Problem::new(message, setting.parsed.spot.value.clone()).label("the same run again");
    problem.also(first.parsed.spot.value.clone(), "the first").help("remove one of them")
}

//! Reads `[sweep.parameters]` and `[sweep.cases]`.

use figment::value::{Dict, Value};

use super::Strategy;
use super::parameters::{LARGEST_WHOLE, Parameter, Range, Scale, Setting};
use crate::config::check::{Finding, Findings, Mark};
use crate::config::elements;
use crate::config::key::{self, Path, below, path};
use crate::config::layers::Tree;
use crate::config::names::CASE;
use crate::config::source::{Layer, Parsed, Spot};
use crate::config::words;

/// The most values that one key may be swept over.
pub(in crate::config) const MOST_VALUES: usize = 1000;

/// The words that stand before a range or a list.
const WORDS: [&str; 4] = ["uniform", "log-uniform", "integer", "choice"];

/// What varies, in the order of the file: the cases, if there are any, and then the swept keys with their values. A dotted
/// key may be quoted or spelt as nested tables.
pub(super) fn read(
    tree: &Tree,
    merged: &Dict,
    strategy: Strategy,
    findings: &mut Findings,
) -> Vec<Parameter> {
    let mut reader = Reader { tree, merged, strategy, found: Vec::new(), findings };
    let top = path("sweep.parameters");
    if let Some(table) = key::find_table(merged, &top) {
        reader.collect(&top, "", table);
    }
    let Reader { mut found, .. } = reader;
    found.sort_by_key(|parameter| start(&parameter.spot));
    let cases = cases(tree, merged, findings);
    check_keys(&found, findings);
    cases.iter().for_each(|cases| check_overlap(cases, &found, findings));
    cases.into_iter().chain(found).collect()
}

fn start(spot: &Spot) -> Option<usize> {
    spot.key.span.as_ref().map(|span| span.start)
}

/// `[sweep.cases]` as a parameter whose values are the cases.
fn cases(tree: &Tree, merged: &Dict, findings: &mut Findings) -> Option<Parameter> {
    let at = path("sweep.cases");
    let table = key::find_table(merged, &at)?;
    let spot = tree.spot(merged, &at)?;
    if table.is_empty() || table.len() > MOST_VALUES {
        let message = format!("`sweep.cases` has {} cases, but must have 1 to {MOST_VALUES}", table.len());
        findings.add(Finding::new(at, Mark::Key, message).label("a table of the wrong length").help(
            "write a table for each, such as [sweep.cases.hinge] with a line objective.loss = \"hinge\"",
        ));
        return None;
    }
    let mut settings: Vec<Setting> =
        table.iter().filter_map(|(name, value)| case(tree, merged, name, value, findings)).collect();
    settings.sort_by_key(|setting| start(&setting.parsed.spot));
    (!settings.is_empty()).then(|| Parameter { key: CASE.to_owned(), settings, range: None, at, spot })
}

/// One case: what it sets, as a layer over the file, and its name.
fn case(tree: &Tree, merged: &Dict, name: &str, value: &Value, findings: &mut Findings) -> Option<Setting> {
    let at = below(&path("sweep.cases"), name);
    let Value::Dict(_, table) = value else {
        let message =
            format!("the case `{name}` must be a table of what it sets, but is {}", key::show(value));
        findings.add(Finding::new(at, Mark::Value, message).label("must be a table"));
        return None;
    };
    let spot = tree.spot(merged, &at)?;
    let name = Parsed { value: Value::from(name), spot: spot.clone(), inner: Vec::new() };
    let mut layer = Layer::default();
    layer.put(&path(CASE), name.clone());
    for (key, value) in table {
        let at = below(&at, key);
        let inner = value.as_dict().into_iter().flatten();
        let inner = inner.map(|(name, _)| (below(&at, name), format!("{key}.{name}")));
        let mut keys = std::iter::once((at.clone(), key.clone())).chain(inner);
        if let Some((at, reason, key)) = keys.find_map(|(at, key)| Some((at, unsweepable(&key)?, key))) {
            findings.add(Finding::new(at, Mark::Key, format!("`{key}` {reason}")).label("not for a case"));
            continue;
        }
        let inner = tree.spots_inside(merged, &at);
        let spot = tree.spot(merged, &at)?;
        layer.put(&path(key), Parsed { value: key::without_origin(value), spot, inner });
    }
    Some(Setting { key: CASE.to_owned(), parsed: name, case: Some(layer) })
}

/// A swept key would undo what a case sets.
fn check_overlap(cases: &Parameter, found: &[Parameter], findings: &mut Findings) {
    for parameter in found {
        let at = path(&parameter.key);
        if let Some(case) = cases.settings.iter().find(|case| case.sets(&at)) {
            let message = format!("`{}` is swept, but the case `{case}` sets it too", parameter.key);
            let finding = Finding::new(parameter.at.clone(), Mark::Key, message).label("swept twice");
            findings.add(finding.help("take it out of one of the two"));
        }
    }
}

/// Where the distributions of a layer's `[sweep.parameters]` stand: each takes the place of an earlier layer's as a whole.
pub(in crate::config) fn distributions(values: &Dict) -> Vec<Path> {
    let mut found = Vec::new();
    let top = path("sweep.parameters");
    if let Some(table) = key::find_table(values, &top) {
        find_distributions(&top, table, &mut found);
    }
    found
}

fn find_distributions(at: &Path, table: &Dict, found: &mut Vec<Path>) {
    for (name, value) in table {
        if let Value::Dict(_, inner) = value {
            let at = below(at, name);
            if is_distribution(inner) { found.push(at) } else { find_distributions(&at, inner, found) }
        }
    }
}

/// Whether a table is `{ log-uniform = [1e-5, 1e-3] }` and not a part of a dotted key.
fn is_distribution(table: &Dict) -> bool {
    table.iter().any(|(word, value)| WORDS.contains(&word.as_str()) && !matches!(value, Value::Dict(..)))
}

/// Reads `[sweep.parameters]`.
struct Reader<'a> {
    tree: &'a Tree,
    merged: &'a Dict,
    strategy: Strategy,
    found: Vec<Parameter>,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn collect(&mut self, at: &Path, prefix: &str, table: &Dict) {
        for (name, value) in table {
            let at = below(at, name);
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Dict(_, inner) if is_distribution(inner) || self.is_misspelt(&key, inner) => {
                    self.distribution(at, key, inner);
                }
                Value::Dict(_, inner) => self.collect(&at, &key, inner),
                Value::Array(_, items) => self.list(&at, &at, &key, items),
                other => {
                    let shown = key::show(other);
                    let message = format!("`{key}` must be a list of values to sweep over, but is {shown}");
                    let finding = Finding::new(at, Mark::Value, message).label("must be a list");
                    self.findings.add(finding.help(format!("write [{shown}]")));
                }
            }
        }
    }

    /// Whether a table was meant as a range: the key is no section, or the word is nearly one.
    fn is_misspelt(&self, key: &str, table: &Dict) -> bool {
        if elements::are_elements(table) {
            return false;
        }
        let lists = table.iter().all(|(_, value)| matches!(value, Value::Array(..)));
        let is_value = key::find(self.merged, &path(key)).is_some_and(|v| !matches!(v, Value::Dict(..)));
        lists && !table.is_empty() && (is_value || table.keys().all(|word| near(word).is_some()))
    }

    fn distribution(&mut self, at: Path, key: String, table: &Dict) {
        if table.len() != 1 {
            let message =
                format!("`{key}` must be one range or list, but is a table of {} keys", table.len());
            let finding = Finding::new(at, Mark::Value, message).label("needs exactly one key");
            self.findings.add(finding.help(format!("keep one of {}", words::list(&WORDS))));
            return;
        }
        let (word, value) = table.iter().next().expect("the table has one entry");
        let inner = below(&at, word);
        let scale = match word.as_str() {
            "uniform" => Scale::Uniform,
            "log-uniform" => Scale::LogUniform,
            "integer" => Scale::Integer,
            "choice" => {
                match value {
                    Value::Array(_, items) => self.list(&at, &inner, &key, items),
                    other => {
                        let message = format!(
                            "`choice` must be a list of values for `{key}`, but is {}",
                            key::show(other)
                        );
                        let finding = Finding::new(inner, Mark::Value, message).label("must be a list");
                        self.findings
                            .add(finding.help(format!("write {{ choice = [{}] }}", key::show(other))));
                    }
                }
                return;
            }
            _ => {
                let near = near(word).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let message = format!("unknown word `{word}` for the range of `{key}`");
                let finding = Finding::new(inner, Mark::Key, message).label("unknown word");
                self.findings.add(finding.help(format!("{near}the words are {}", words::list(&WORDS))));
                return;
            }
        };
        if let Some((low, high)) = self.ends(&inner, &key, scale, value) {
            self.range(at, key, Range { scale, low, high });
        }
    }

    /// The two ends of a range, checked.
    fn ends(&mut self, at: &Path, key: &str, scale: Scale, value: &Value) -> Option<(f64, f64)> {
        let word = scale.word();
        let numbers = if scale == Scale::Integer { "whole numbers" } else { "numbers" };
        let Some([low, high]) = value.as_array() else {
            let message =
                format!("`{word}` must be the two ends of a range for `{key}`, but is {}", key::show(value));
            let finding =
                Finding::new(at.clone(), Mark::Value, message).label(format!("must be two {numbers}"));
            self.findings.add(finding.help(format!("write {{ {word} = [low, high] }}")));
            return None;
        };
        let low = self.end(below(at, "0"), key, scale, low);
        let high = self.end(below(at, "1"), key, scale, high);
        let (low, high) = (low?, high?);
        let shown = key::show_number;
        if low >= high {
            let message =
                format!("the range of `{key}` is empty: {} is not less than {}", shown(low), shown(high));
            let finding = Finding::new(at.clone(), Mark::Value, message);
            self.findings.add(if low > high {
                finding.label("upside down").help(format!("write {word} = [{}, {}]", shown(high), shown(low)))
            } else {
                finding.label("only one number").help(format!("write a list: [{}]", shown(low)))
            });
            return None;
        }
        Some((low, high))
    }

    fn end(&mut self, at: Path, key: &str, scale: Scale, value: &Value) -> Option<f64> {
        let word = scale.word();
        let number = match value {
            Value::Num(_, number) => match key::whole(*number) {
                Some(whole) => Some(whole as f64),
                None if scale == Scale::Integer => None,
                None => number.to_f64(),
            },
            _ => None,
        };
        let shown = key::show(value);
        let (reason, help) = match number {
            None if scale == Scale::Integer => (
                format!("`integer` takes whole numbers for `{key}`, but gets {shown}"),
                "write { uniform = [low, high] } for fractions",
            ),
            None => (format!("`{word}` takes numbers for `{key}`, but gets {shown}"), "write two numbers"),
            Some(number) if !number.is_finite() => {
                (format!("`{word}` takes finite numbers for `{key}`, but gets {shown}"), "write two numbers")
            }
            Some(number) if scale == Scale::LogUniform && number <= 0.0 => (
                format!("`log-uniform` takes numbers above 0 for `{key}`, but gets {shown}"),
                "no ratio leads to 0; begin at a small number such as 1e-6, or write uniform",
            ),
            Some(number) if scale == Scale::Integer && number.abs() > LARGEST_WHOLE => {
                (format!("`integer` takes numbers up to 2⁵³ for `{key}`, but gets {shown}"), "use less")
            }
            Some(number) => return Some(number),
        };
        self.findings.add(Finding::new(at, Mark::Value, reason).label("not an end of a range").help(help));
        None
    }

    fn range(&mut self, at: Path, key: String, range: Range) {
        let word = range.scale.word();
        if self.strategy == Strategy::Grid {
            let message = format!("`{key}` has a range, but a grid takes every value of a list");
            let finding = Finding::new(below(&at, word), Mark::Key, message).label("a range");
            let finding = finding.also("sweep.strategy", "chosen here");
            self.findings.add(finding.help(
                "write a list such as [1e-4, 2e-4], or strategy = \"random\", \"tpe\" or \"halving\" with trials = 20",
            ));
        }
        let Some(spot) = self.tree.spot(self.merged, &at) else {
            return;
        };
        let mut parameter = Parameter { key, settings: Vec::new(), range: Some(range), at, spot };
        let end = |index: &str, number: f64| {
            let mut setting = parameter.number(number);
            if let Some(spot) = self.tree.spot(self.merged, &below(&below(&parameter.at, word), index)) {
                setting.parsed.spot.value = spot.value;
            }
            setting
        };
        parameter.settings = vec![end("0", range.low), end("1", range.high)];
        self.found.push(parameter);
    }

    /// A list of values at `list`, for the key that stands at `at`.
    fn list(&mut self, at: &Path, list: &Path, key: &str, items: &[Value]) {
        if items.is_empty() || items.len() > MOST_VALUES {
            let message =
                format!("`{key}` is swept over {} values, but must have 1 to {MOST_VALUES}", items.len());
            let finding = Finding::new(list.clone(), Mark::Value, message);
            self.findings.add(finding.label("a list of the wrong length"));
            return;
        }
        let Some(outer) = self.tree.spot(self.merged, at) else {
            return;
        };
        let setting = |(index, value): (usize, &Value)| {
            let at = below(list, &index.to_string());
            let mut spot = self.tree.spot(self.merged, &at)?;
            spot.key = outer.key.clone();
            let inner = self.tree.spots_inside(self.merged, &at);
            let parsed = Parsed { value: key::without_origin(value), spot, inner };
            Some(Setting { key: key.to_owned(), parsed, case: None })
        };
        let settings: Option<Vec<_>> = items.iter().enumerate().map(setting).collect();
        if let Some(settings) = settings {
            let (key, at) = (key.to_owned(), at.clone());
            self.found.push(Parameter { key, settings, range: None, at, spot: outer });
        }
    }
}

/// The word of a range that was probably meant.
fn near(word: &str) -> Option<&'static str> {
    match word {
        "range" | "float" | "quniform" => Some("uniform"),
        "log" | "loguniform" | "log_range" => Some("log-uniform"),
        "int" | "randint" => Some("integer"),
        "values" | "categorical" | "list" => Some("choice"),
        _ => words::nearest(word, &WORDS),
    }
}

/// Why a key cannot be swept, if it cannot.
pub(in crate::config) fn unsweepable(key: &str) -> Option<&'static str> {
    Some(match (key.split('.').next().unwrap_or_default(), key) {
        ("seed", _) => "has a place of its own: write seeds = [0, 1, 2] in [sweep]",
        ("case", _) => "has a place of its own: write a table [sweep.cases.NAME] for each",
        ("name" | "description" | "extends" | "sweep", _) => "cannot be swept: it is the same for all runs",
        ("logging", _) | (_, "training.checkpoint_every") => {
            "cannot be swept: it changes nothing that is learned"
        }
        _ => return None,
    })
}

/// Keys that cannot be swept, and keys of which one is part of another.
fn check_keys(found: &[Parameter], findings: &mut Findings) {
    for (index, Parameter { key, at, .. }) in found.iter().enumerate() {
        if let Some(reason) = unsweepable(key) {
            let message = format!("`{key}` {reason}");
            findings.add(Finding::new(at.clone(), Mark::Key, message).label("cannot be swept"));
        }
        let part_of = |other: &str| key == other || key.starts_with(&format!("{other}."));
        let mut others = found.iter().enumerate().filter(|(other, _)| *other != index);
        if let Some((_, other)) =
            others.find(|(other, name)| part_of(&name.key) && (*key != name.key || *other < index))
        {
            let message = match *key == other.key {
                true => format!("`{key}` is swept twice, spelt in two ways"),
                false => format!("`{key}` is swept twice: `{}` sets it too", other.key),
            };
            findings.add(Finding::new(at.clone(), Mark::Key, message).label("swept twice"));
        }
    }
}

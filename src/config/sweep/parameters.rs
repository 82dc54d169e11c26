//! The swept keys, each with a list of values or a range to draw from.

use std::fmt;

use figment::value::Value;

use crate::config::error::Problem;
use crate::config::key::{self, Path, path};
use crate::config::source::{Layer, Parsed, Spot};

/// The largest whole number of a range: up to here a float holds each of them.
pub(super) const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One swept key.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The dotted key, such as `optimizer.learning_rate`.
    pub key: String,
    /// Its values in the order of the file, at least one, no two of which give the same run; of a range its two ends.
    pub settings: Vec<Setting>,
    /// The range to draw from, where the file gives one instead of a list.
    pub range: Option<Range>,
    /// Where it stands below the top of the file.
    pub(super) at: Path,
    pub(super) spot: Spot,
}

impl Parameter {
    /// A number as a value for the key: whole if the range is of whole numbers.
    pub fn number(&self, number: f64) -> Setting {
        let value = match self.range {
            Some(Range { scale: Scale::Integer, .. }) => Value::from(number as i64),
            _ => Value::from(number),
        };
        let parsed = Parsed { value, spot: self.spot.clone(), inner: Vec::new() };
        Setting { key: self.key.clone(), parsed, case: None }
    }

    /// How many values there are; `None` for a range of fractions.
    pub fn size(&self) -> Option<usize> {
        match self.range {
            None => Some(self.settings.len()),
            Some(Range { scale: Scale::Integer, low, high }) => Some((high - low) as usize + 1),
            Some(_) => None,
        }
    }

    /// Of a range of fractions, one end as a whole number; `None` for other ranges and ends.
    pub(in crate::config) fn as_whole(&self) -> Option<Setting> {
        let Range { scale, low, high } = self.range?;
        let end = [low, high].into_iter().find(|end| end.fract() == 0.0 && end.abs() < LARGEST_WHOLE)?;
        let mut setting = self.number(end);
        setting.parsed.value = Value::from(end as i64);
        (scale != Scale::Integer).then_some(setting)
    }
}

/// The values of combination `index`: the first parameter outermost.
pub(in crate::config) fn combination<'a>(parameters: &[&'a Parameter], mut index: usize) -> Vec<&'a Setting> {
    let mut settings = Vec::with_capacity(parameters.len());
    for parameter in parameters.iter().rev() {
        let count = parameter.settings.len();
        settings.push(&parameter.settings[index % count]);
        index /= count;
    }
    settings.reverse();
    settings
}

/// A range of numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// What is equally likely.
    pub scale: Scale,
    /// The smallest number; above 0 on a logarithmic scale.
    pub low: f64,
    /// The largest number, greater than the smallest.
    pub high: f64,
}

/// What is equally likely in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every number.
    Uniform,
    /// Every ratio.
    LogUniform,
    /// Every whole number.
    Integer,
}

impl Scale {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::LogUniform => "log-uniform",
            Self::Integer => "integer",
        }
    }
}

/// One value for one key, which remembers its place in the file. `Display` gives the value on one line.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(super) key: String,
    pub(super) parsed: Parsed,
    /// Of [`CASE`](crate::config::names::CASE), all that the case sets.
    pub(super) case: Option<Layer>,
}

impl Setting {
    /// The dotted key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is a case that sets the key at `at`.
    pub(super) fn sets(&self, at: &[String]) -> bool {
        self.case.as_ref().is_some_and(|layer| key::find(&layer.values, at).is_some())
    }

    /// The value as the file has it.
    pub fn value(&self) -> &Value {
        &self.parsed.value
    }
}

/// The settings as layers, each to go over the one before: a case is what an extending file would say, and the other keys
/// go over it.
pub(in crate::config) fn layers(settings: &[&Setting]) -> Vec<Layer> {
    let mut layers: Vec<Layer> = settings.iter().filter_map(|setting| setting.case.clone()).collect();
    let mut keys = Layer::default();
    for setting in settings.iter().filter(|setting| setting.case.is_none()) {
        keys.put(&path(&setting.key), setting.parsed.clone());
    }
    layers.push(keys);
    layers
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.parsed.value))
    }
}

/// A value on one line, a text without its quotes.
pub(in crate::config) fn shown(value: &Value) -> String {
    match value {
        Value::String(_, word) => word.clone(),
        value => key::show(value),
    }
}

/// The problem of a range of fractions over a key that takes whole numbers.
pub(in crate::config) fn must_be_whole(parameter: &Parameter, setting: &Setting) -> Problem {
    let range = parameter.range.map_or("uniform", |range| range.scale.word());
    let message = format!("`{}` must be a whole number, but `{range}` draws fractions", parameter.key);
    let problem = Problem::new(message, setting.parsed.spot.value.clone()).label("fractions");
    match parameter.range {
        Some(Range { low, high, .. }) => {
            problem.help(format!("write {{ integer = [{}, {}] }}", low.ceil(), high.floor()))
        }
        None => problem,
    }
}

/// The problem of a value that gives the same run as an earlier one.
pub(in crate::config) fn repeated(setting: &Setting, first: &Setting) -> Problem {
    let message = match setting.case {
        Some(_) => format!("the cases `{first}` and `{setting}` are the same run"),
        None => format!("`{}` is swept over {setting} twice", setting.key),
    };
    let problem = Problem::new(message, setting.parsed.spot.value.clone()).label("the same run again");
    problem.also(first.parsed.spot.value.clone(), "the first").help("remove one of them")
}

/// The problem of two combinations of values that give the same run, at the last key in which they differ; `None` where
/// they do not differ at all.
pub(in crate::config) fn same_run(one: &[&Setting], other: &[&Setting]) -> Option<Problem> {
    let pairs = || one.iter().copied().zip(other.iter().copied());
    let differ = |(a, b): &(&Setting, &Setting)| a.to_string() != b.to_string();
    let shown = |settings: &mut dyn Iterator<Item = &Setting>| {
        let shown: Vec<String> = settings.map(|setting| format!("{} = {setting}", setting.key)).collect();
        shown.join(", ")
    };
    let (_, last) = pairs().rfind(differ)?;
    let same = shown(&mut pairs().filter(|pair| !differ(pair)).map(|(a, _)| a));
    let message = format!(
        "the sweep has the same run twice: {} and {} make no difference{}{same}",
        shown(&mut pairs().filter(differ).map(|(a, _)| a)),
        shown(&mut pairs().filter(differ).map(|(_, b)| b)),
        if same.is_empty() { "" } else { " where " },
    );
    let problem = Problem::new(message, last.parsed.spot.key.clone()).label("another key sets the same");
    Some(problem.help("sweep over one of the keys, or leave out the values that change nothing"))
}

//! Findings: what the sections' checks hold against a configuration, by key; the places come later.

use std::ops::RangeInclusive;

use super::key::{Path, dotted, grouped, path, show_number};

/// Which part of a key an error marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The key's name: it is unknown, or does not belong.
    Key,
    /// The value: it is wrong.
    Value,
    /// The table's name: something is missing in it.
    Table,
}

/// One thing wrong with a key.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) path: Path,
    pub(super) mark: Mark,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
    /// Another key that the reason speaks of.
    pub(super) also: Option<(Path, String)>,
}

impl Finding {
    pub(super) fn new(path: Path, mark: Mark, message: impl Into<String>) -> Self {
        Self { path, mark, message: message.into(), label: "here".to_owned(), help: None, also: None }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn also(mut self, key: &str, label: impl Into<String>) -> Self {
        self.also = Some((path(key), label.into()));
        self
    }
}

/// The range of a number that need not be whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    /// Greater than the first and at most the second.
    Above(f64, f64),
    /// From the first to the second, both included.
    Within(f64, f64),
    /// From the first, included, to the second, excluded.
    Below(f64, f64),
}

impl Bounds {
    fn contain(self, value: f64) -> bool {
        match self {
            Self::Above(low, high) => value > low && value <= high,
            Self::Within(low, high) => value >= low && value <= high,
            Self::Below(low, high) => value >= low && value < high,
        }
    }

    fn inside(self) -> f64 {
        match self {
            Self::Above(_, high) => high,
            Self::Within(low, _) | Self::Below(low, _) => low,
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = show_number;
        match *self {
            Self::Above(low, high) => write!(f, "greater than {} and at most {}", show(low), show(high)),
            Self::Within(low, high) => write!(f, "between {} and {}", show(low), show(high)),
            Self::Below(low, high) => write!(f, "at least {} and less than {}", show(low), show(high)),
        }
    }
}

/// The findings of one reading.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    /// Adds one, unless the same key has one already: what follows from a wrong value is no news.
    pub(super) fn add(&mut self, finding: Finding) {
        if !self.list.iter().any(|known| known.path == finding.path) {
            self.list.push(finding);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }

    /// Checks a number; a wrong one is noted, and the reading goes on with one in the range.
    pub(super) fn number(&mut self, key: &str, value: f64, bounds: Bounds) -> f64 {
        self.number_at(path(key), value, bounds)
    }

    pub(super) fn number_at(&mut self, path: Path, value: f64, bounds: Bounds) -> f64 {
        if bounds.contain(value) {
            return value;
        }
        let message = format!("`{}` is {}, but must be {bounds}", dotted(&path), show_number(value));
        self.add(Finding::new(path, Mark::Value, message).label("out of range"));
        bounds.inside()
    }

    /// Checks a whole number, counted in `unit` (which may be empty).
    pub(super) fn whole(&mut self, key: &str, value: i64, range: RangeInclusive<i64>, unit: &str) -> u64 {
        self.whole_at(path(key), value, range, unit)
    }

    pub(super) fn whole_at(&mut self, path: Path, value: i64, range: RangeInclusive<i64>, unit: &str) -> u64 {
        if range.contains(&value) {
            return value.unsigned_abs();
        }
        let (low, high) = range.into_inner();
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let (name, low_text, high_text) = (dotted(&path), grouped(low), grouped(high));
        let message = format!("`{name}` is {value}, but must be between {low_text} and {high_text}{unit}");
        self.add(Finding::new(path, Mark::Value, message).label("out of range"));
        low.unsigned_abs()
    }

    /// Like [`Findings::whole`], for counts that are kept in memory.
    pub(super) fn count(&mut self, key: &str, value: i64, range: RangeInclusive<i64>, unit: &str) -> usize {
        usize::try_from(self.whole(key, value, range, unit)).unwrap_or(usize::MAX)
    }

    /// Notes a key that is known to the section but belongs to another choice than the one made.
    pub(super) fn does_not_belong(&mut self, key: &str, owners: &str, choice_key: &str, choice: &str) {
        self.does_not_belong_because(key, owners, (choice_key, choice), "remove it");
    }

    /// [`Findings::does_not_belong`], with more to say about what to do.
    pub(super) fn does_not_belong_because(
        &mut self,
        key: &str,
        owners: &str,
        (choice_key, choice): (&str, &str),
        help: &str,
    ) {
        let message = format!("`{key}` belongs to {owners}, but `{choice_key}` is `{choice}`");
        let finding = Finding::new(path(key), Mark::Key, message).label(format!("not a key of {choice}"));
        self.add(finding.help(help).also(choice_key, "chosen here"));
    }
}

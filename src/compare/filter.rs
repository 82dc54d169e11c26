//! `--where key=value`: which runs are meant.

use std::cmp::Ordering;
use std::str::FromStr;

use super::field::{self, Field};
use super::{Goals, Run};

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// The longer ones first: `<=` begins with `<`.
const COMPARATORS: [(&str, Comparator); 7] = [
    ("!=", Comparator::Unequal),
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
    ("==", Comparator::Equal),
    ("=", Comparator::Equal),
    ("<", Comparator::Less),
    (">", Comparator::Greater),
];

/// A condition as it was written, before anyone knows the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field's name.
    pub key: String,
    /// How it is compared.
    pub comparator: Comparator,
    /// With what.
    pub value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no condition; write `loss=hinge`, `state!=complete`, `learning_rate>=1e-4` or `frechet<30`"
            )
        };
        let at = text.find(['!', '<', '>', '=']).ok_or_else(wrong)?;
        let (key, rest) = text.split_at(at);
        let sign = COMPARATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, comparator) = sign.ok_or_else(wrong)?;
        let (key, value) = (key.trim(), rest[sign.len()..].trim());
        // Quotes are for the shell and for people who write TOML.
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        if key.is_empty() || value.is_empty() {
            return Err(wrong());
        }
        Ok(Self { key: key.to_owned(), comparator: *comparator, value: value.to_owned() })
    }
}

/// Why a condition cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its key means nothing, or several things.
    #[error(transparent)]
    Field(#[from] field::Error),
    /// Something that is no number is to be greater or less.
    #[error("`{0}` is not a number, so nothing can be less or greater than it; `=` and `!=` compare words")]
    NotANumber(String),
}

impl Condition {
    /// The runs that meet all conditions, in their order.
    ///
    /// # Errors
    /// If a key is unknown or ambiguous among the runs, or a value is not a number where one is needed.
    pub fn select(conditions: &[Self], runs: Vec<Run>, goals: &Goals) -> Result<Vec<Run>, Error> {
        let tests =
            conditions.iter().map(|condition| condition.test(&runs, goals)).collect::<Result<Vec<_>, _>>()?;
        Ok(runs.into_iter().filter(|run| tests.iter().all(|is_met| is_met(run))).collect())
    }

    fn test(&self, runs: &[Run], goals: &Goals) -> Result<impl Fn(&Run) -> bool + use<>, Error> {
        let field = Field::resolve(&self.key, runs, goals)?;
        let comparator = self.comparator;
        let is_about_order = !matches!(comparator, Comparator::Equal | Comparator::Unequal);
        // Times in their usual form are in the order of their letters.
        let is_time = matches!(field, Field::Fact("started" | "ended"));
        if is_about_order && !is_time && self.value.parse::<f64>().is_err() {
            return Err(Error::NotANumber(self.value.clone()));
        }
        let wanted = self.value.clone();
        Ok(move |run: &Run| {
            let found = field.text(run);
            match found {
                Some(found) => comparator.holds(&found, &wanted),
                None => comparator == Comparator::Unequal,
            }
        })
    }
}

impl Comparator {
    /// Numbers are compared as numbers, so `2e-4` is `0.0002`; all else by its letters.
    fn holds(self, found: &str, wanted: &str) -> bool {
        let order = match (found.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(found), Ok(wanted)) => found.partial_cmp(&wanted),
            (Err(_), Err(_)) => Some(found.cmp(wanted)),
            // A word and a number: neither equal nor in an order.
            _ => None,
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Unequal => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

//! Where the values of a parameter stand on an axis.

use crate::figures::axis::Axis;
use crate::report::number::number;

/// More different values are not written one by one.
const MOST_WORDS: usize = 10;

/// An axis of a parameter.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Each value has its place; numbers are in order, words as they came.
    Words(Vec<String>),
    Linear {
        low: f64,
        high: f64,
    },
    /// For positive numbers over more than a power of ten and a half.
    Logarithmic {
        low: f64,
        high: f64,
    },
}

impl Scale {
    /// A scale for these values; text that is no number has a place of its own.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = Vec::new();
        for value in values {
            if !words.contains(&value) {
                words.push(value);
            }
        }
        let numbers: Option<Vec<f64>> = words.iter().map(|word| parse(word)).collect();
        match numbers {
            Some(numbers) if words.len() > MOST_WORDS => Self::of_numbers(&numbers),
            Some(_) => {
                words.sort_by(|a, b| parse(a).unwrap_or(0.0).total_cmp(&parse(b).unwrap_or(0.0)));
                Self::Words(words.into_iter().map(str::to_owned).collect())
            }
            None => Self::Words(words.into_iter().map(str::to_owned).collect()),
        }
    }

    /// A scale over finite numbers.
    pub(super) fn of_numbers(numbers: &[f64]) -> Self {
        let low = numbers.iter().copied().fold(f64::MAX, f64::min);
        let high = numbers.iter().copied().fold(f64::MIN, f64::max);
        if low > 0.0 && high / low > 30.0 {
            Self::Logarithmic { low, high }
        } else {
            Self::Linear { low, high }
        }
    }

    /// The share of the axis, 0..=1, at which a value stands.
    pub(super) fn place(&self, value: &str) -> Option<f64> {
        match self {
            Self::Words(words) => {
                let index = words.iter().position(|word| word == value)?;
                // One value stands in the middle.
                Some(if words.len() == 1 { 0.5 } else { index as f64 / (words.len() - 1) as f64 })
            }
            _ => self.place_of_number(parse(value)?),
        }
    }

    /// The same of a number; `None` where each value is a word.
    pub(super) fn place_of_number(&self, value: f64) -> Option<f64> {
        let (share, is_point) = match *self {
            Self::Words(_) => return None,
            Self::Linear { low, high } => ((value - low) / (high - low), low == high),
            Self::Logarithmic { low, high } => ((value / low).ln() / (high / low).ln(), low == high),
        };
        Some(if is_point || !share.is_finite() { 0.5 } else { share.clamp(0.0, 1.0) })
    }

    /// Places and labels.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        match self {
            Self::Words(words) => {
                words.iter().filter_map(|word| Some((self.place(word)?, word.clone()))).collect()
            }
            Self::Linear { low, high } if low == high => vec![(0.5, number(*low))],
            Self::Linear { low, high } => {
                let axis = Axis::new(*low..*high, 5);
                let tick = |tick: &f64| Some((self.place_of_number(*tick)?, axis.label(*tick)));
                axis.ticks().iter().filter_map(tick).collect()
            }
            Self::Logarithmic { low, high } => {
                let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
                // One label for each power of ten, or for each second, third, … of very many.
                let step = ((last - first) / 6 + 1).max(1) as usize;
                (first..=last)
                    .step_by(step)
                    .filter_map(|power| {
                        let value: f64 = format!("1e{power}").parse().ok()?;
                        let label =
                            if (-3..4).contains(&power) { format!("{value}") } else { format!("1e{power}") };
                        Some((self.place_of_number(value)?, label.replace('-', "−")))
                    })
                    .collect()
            }
        }
    }
}

fn parse(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_are_in_order_and_words_as_they_came() {
        let scale = Scale::of(["0.001", "1e-4", "0.001"]);
        assert_eq!(scale.ticks(), [(0.0, "1e-4".to_owned()), (1.0, "0.001".to_owned())]);
        let scale = Scale::of(["hinge", "minimax", "0.5"]);
        assert_eq!(scale.place("minimax"), Some(0.5));
        assert_eq!(scale.place("wasserstein"), None);
        assert_eq!(Scale::of(["only"]).place("only"), Some(0.5));
    }

    #[test]
    fn many_numbers_have_a_linear_or_a_logarithmic_axis() {
        let words: Vec<String> = (0..=20).map(|index| (f64::from(index) / 10.0).to_string()).collect();
        let scale = Scale::of(words.iter().map(String::as_str));
        assert_eq!(scale.place("1"), Some(0.5));
        let words: Vec<String> =
            (0..=20).map(|index| 10_f64.powf(f64::from(index) / 5.0 - 5.0).to_string()).collect();
        let scale = Scale::of(words.iter().map(String::as_str));
        assert!(matches!(scale, Scale::Logarithmic { .. }));
        assert!((scale.place("0.001").unwrap() - 0.5).abs() < 1e-9);
        assert_eq!(scale.ticks().len(), 5);
    }
}

//! Numbers as people read them.

/// Four significant digits: `0.8123`, `12.35`, `1234`, `1.2e-5`; with a true minus sign.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number" } else { "infinite" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = exponent(value);
    let text = if !(-4..7).contains(&exponent) {
        let text = format!("{value:.3e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{power}", trimmed(digits))
    } else if value.fract() == 0.0 {
        format!("{value}")
    } else {
        format!("{value:.*}", (3 - exponent).max(0) as usize)
    };
    signed(&text)
}

/// `decimals` digits after the point.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    signed(&format!("{value:.decimals$}"))
}

/// The power of ten of the first digit.
fn exponent(value: f64) -> i32 {
    let text = format!("{value:.3e}");
    text.rsplit_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

fn signed(text: &str) -> String {
    text.replace('-', "−")
}

/// Mean and spread of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Statistic {
    pub(super) mean: f64,
    /// The sample standard deviation (n − 1); none for a single value.
    pub(super) std: Option<f64>,
    pub(super) count: usize,
}

impl Statistic {
    /// Of the finite values; `None` if there are none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().map(|value| value / count as f64).sum::<f64>();
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, std, count })
    }

    /// `0.812 ± 0.031`: the spread with two significant digits, the mean with as many decimals.
    pub(super) fn show(&self) -> String {
        let Some(std) = self.std else {
            return number(self.mean);
        };
        if std == 0.0 || exponent(self.mean.abs().max(std)) >= 7 {
            return format!("{} ± {}", number(self.mean), number(std));
        }
        let decimals = 1 - exponent(std);
        if decimals > 9 || exponent(self.mean.abs().max(std)) < -4 {
            return format!("{} ± {}", number(self.mean), number(std));
        }
        let decimals = decimals.max(0) as usize;
        format!("{} ± {}", fixed(self.mean, decimals), fixed(std, decimals))
    }
}

/// Two significant digits, for differences and spreads: `0.096`.
pub(super) fn brief(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || !(-4..7).contains(&exponent(value)) {
        return number(value);
    }
    fixed(value, (1 - exponent(value)).max(0) as usize)
}

/// A column of a table: as many decimals in every row as suit the median spread, so that they can be compared at a glance;
/// `–` where there is no value.
pub(super) fn column(statistics: &[Option<Statistic>]) -> Vec<String> {
    let mut spreads: Vec<f64> =
        statistics.iter().flatten().filter_map(|statistic| statistic.std).filter(|std| *std > 0.0).collect();
    spreads.sort_by(f64::total_cmp);
    let decimals = spreads.get(spreads.len() / 2).map(|median| (1 - exponent(*median)).max(0));
    let largest = statistics.iter().flatten().map(|statistic| statistic.mean.abs()).fold(0.0, f64::max);
    let show = |statistic: &Statistic| match decimals {
        Some(decimals @ 0..=6) if exponent(largest) < 7 => {
            let decimals = decimals as usize;
            let mean = fixed(statistic.mean, decimals);
            statistic.std.map_or(mean.clone(), |std| format!("{mean} ± {}", fixed(std, decimals)))
        }
        _ => statistic.show(),
    };
    statistics.iter().map(|statistic| statistic.as_ref().map_or_else(|| "–".to_owned(), show)).collect()
}

/// Seconds as people say them: `12 s`, `4 min 05 s`, `3 h 20 min`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// `1 run`, `2 runs`.
pub(super) fn count(number: usize, singular: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {singular}{ending}")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let shown = [0.812_34, 12.345_6, 1234.56, 3.0, 0.0, 1.25e-5, -0.5, 2e12, 0.0002].map(number);
        assert_eq!(shown, ["0.8123", "12.35", "1235", "3", "0", "1.25e−5", "−0.5000", "2e12", "0.0002000"]);
        assert_eq!(number(f64::NAN), "not a number");
    }

    #[test]
    fn a_mean_has_the_decimals_of_its_spread() {
        let shown = |values: &[f64]| Statistic::of(values.iter().copied()).unwrap().show();
        // Mean 2, squares 1 + 0 + 1, over n − 1 = 2.
        assert_eq!(shown(&[1.0, 2.0, 3.0]), "2.0 ± 1.0");
        assert_eq!(shown(&[0.80, 0.82]), "0.810 ± 0.014");
        assert_eq!(shown(&[120.0, 180.0]), "150 ± 42");
        assert_eq!(shown(&[0.5]), "0.5000");
        assert_eq!(shown(&[0.5, f64::NAN]), "0.5000");
        assert_eq!(shown(&[2.0, 2.0]), "2 ± 0");
        assert!(Statistic::of([f64::NAN]).is_none());
    }

    #[test]
    fn a_column_has_the_same_decimals_in_each_row() {
        let rows = [&[0.94, 0.96][..], &[0.9415, 0.9417], &[1.2], &[]];
        let statistics: Vec<_> = rows.iter().map(|values| Statistic::of(values.iter().copied())).collect();
        // Spreads of 0.00014 and 0.014: the median (the larger of two) has three decimals.
        assert_eq!(column(&statistics), ["0.950 ± 0.014", "0.942 ± 0.000", "1.200", "–"]);
        assert_eq!(column(&[Statistic::of([0.5])]), ["0.5000"]);
        assert_eq!((brief(0.096_23).as_str(), brief(150.4).as_str()), ("0.096", "150"));
    }

    #[test]
    fn words_are_joined() {
        assert_eq!(and(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(count(1, "run"), "1 run");
        assert_eq!(duration(125.0), "2 min 05 s");
    }
}

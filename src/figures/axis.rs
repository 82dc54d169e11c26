//! An axis with ticks at round numbers, where plotters' own would put them at fractions of a step.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// A linear or logarithmic axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
    /// Digits after the decimal point of the ticks' labels; as many as each needs on a logarithmic axis.
    digits: usize,
    is_logarithmic: bool,
}

impl Axis {
    /// An axis over `range`, which must be finite, with at most about `count` ticks at multiples of 1, 2 or 5 times a power of ten.
    pub(crate) fn new(range: Range<f64>, count: usize) -> Self {
        let step = round_step((range.end - range.start) / count.max(1) as f64);
        Self::with_step(range, step)
    }

    /// As [`new`](Self::new), with ticks at whole numbers only.
    pub(crate) fn of_whole_numbers(range: Range<f64>, count: usize) -> Self {
        let step = round_step((range.end - range.start) / count.max(1) as f64).max(1.0);
        Self::with_step(range, step)
    }

    fn with_step(range: Range<f64>, step: f64) -> Self {
        // A little beyond the ends, against rounding.
        let first = (range.start / step - 1e-9).ceil() as i64;
        let last = (range.end / step + 1e-9).floor() as i64;
        Self {
            ticks: (first..=last).map(|index| index as f64 * step).collect(),
            digits: (-decimal_exponent(step)).max(0) as usize,
            range,
            is_logarithmic: false,
        }
    }

    /// A logarithmic axis over `range`, which must be finite and above 0, widened to the next 1, 2 or 5 times a power of ten on both sides: at
    /// most about `count` ticks, at all of these or at powers of ten alone.
    pub(crate) fn logarithmic(range: Range<f64>, count: usize) -> Self {
        let (low, high) = (decimal_exponent(range.start), decimal_exponent(range.end));
        let round: Vec<(i32, f64)> = (low..=high + 1)
            .flat_map(|power| [1.0, 2.0, 5.0].map(|factor| (power, factor * power_of_ten(power))))
            .collect();
        let first = round.iter().rposition(|(_, tick)| *tick <= range.start * (1.0 + 1e-9)).unwrap_or(0);
        let last = round.iter().position(|(_, tick)| *tick >= range.end * (1.0 - 1e-9));
        let last = last.unwrap_or(round.len() - 1).max(first + 1);
        let inside = &round[first..=last];
        let every = (high.abs_diff(low) as usize + 1).div_ceil(count.max(1)) as i32;
        let is_tick = |index: usize| {
            inside.len() <= count + 1 || ((first + index).is_multiple_of(3) && inside[index].0 % every == 0)
        };
        Self {
            range: inside[0].1..inside[inside.len() - 1].1,
            ticks: (0..inside.len()).filter(|index| is_tick(*index)).map(|index| inside[index].1).collect(),
            digits: 0,
            is_logarithmic: true,
        }
    }

    /// The axis, widened to the next ticks on both sides.
    pub(crate) fn widened(range: Range<f64>, count: usize) -> Self {
        let step = round_step((range.end - range.start) / count.max(1) as f64);
        let start = (range.start / step + 1e-9).floor() * step;
        let end = (range.end / step - 1e-9).ceil() * step;
        Self::with_step(start..end, step)
    }

    /// Where the ticks are.
    pub(crate) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// What is written at a tick.
    pub(crate) fn label(&self, value: f64) -> String {
        let digits =
            if self.is_logarithmic { (-decimal_exponent(value)).max(0) as usize } else { self.digits };
        if self.range.start.abs().max(self.range.end.abs()) >= 1e7 || digits > 6 {
            return format!("{value:e}").replace('-', "−");
        }
        let text = format!("{:.digits$}", value.abs());
        let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
        let sign =
            if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
        format!("{sign}{}{fraction}", grouped(whole))
    }
}

/// The range of values to show: all of the finite ones, but for the outermost of many if they would flatten the others.
pub(super) fn range_of(values: impl IntoIterator<Item = f64>) -> Range<f64> {
    // Sums and differences of what is left cannot overflow.
    let finite = values.into_iter().filter(|value| value.is_finite());
    let mut values: Vec<f64> = finite.map(|value| value.clamp(-1e100, 1e100)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&lowest), Some(&highest)) = (values.first(), values.last()) else {
        return 0.0..1.0;
    };
    let (mut low, mut high) = (lowest, highest);
    let outer = values.len() / 100;
    let (first, last) = (values[outer], values[values.len() - 1 - outer]);
    let spread = last - first;
    if high - low > 4.0 * spread && spread > 0.0 {
        low = low.max(first - 0.5 * spread);
        high = high.min(last + 0.5 * spread);
    }
    if low > 0.0 && low < 0.5 * high {
        low = 0.0;
    }
    let margin = 0.03 * (high - low);
    if margin > 1e-9 * high.abs().max(low.abs()) {
        return (if low == 0.0 { low } else { low - margin })..high + margin;
    }
    let margin = if high == 0.0 { 1.0 } else { 0.5 * high.abs() };
    low - margin..high + margin
}

/// The smallest 1, 2 or 5 times a power of ten that is not less than `step`.
fn round_step(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let power = power_of_ten(decimal_exponent(step));
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|candidate| *candidate >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// The exponent of the first digit of a positive number. By way of its text, which is exact: the logarithms of two
/// platforms may differ.
fn decimal_exponent(number: f64) -> i32 {
    let text = format!("{number:e}");
    let exponent = text.rsplit_once('e').map(|(_, exponent)| exponent.parse());
    exponent.and_then(Result::ok).unwrap_or(0)
}

fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

/// Digits in groups of three, from ten thousand on.
pub(crate) fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_string();
    }
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let Range { start, end } = self.range;
        let share = match self.is_logarithmic {
            // The logarithms of two platforms' own libraries may differ.
            true => libm::log(value.max(f64::MIN_POSITIVE) / start) / libm::log(end / start),
            false => (value - start) / (end - start),
        };
        // Far outside, but not so far that a difference of two places overflows.
        let place = f64::from(low) + share * f64::from(high - low);
        place.round().clamp(-1e6, 1e6) as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Axis::new(0.0..1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::new(-1.0..1.0, 4)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(&Axis::new(1.0..60.0, 8)), ["10", "20", "30", "40", "50", "60"]);
        assert_eq!(labels(&Axis::new(0.0..20_000.0, 4)), ["0", "5000", "10,000", "15,000", "20,000"]);
        assert_eq!(labels(&Axis::new(0.0..0.004, 4)), ["0.000", "0.001", "0.002", "0.003", "0.004"]);
    }

    #[test]
    fn whole_numbers_have_no_fractions() {
        assert_eq!(labels(&Axis::of_whole_numbers(0.5..3.5, 10)), ["1", "2", "3"]);
        assert_eq!(labels(&Axis::of_whole_numbers(0.0..2.0, 10)), ["0", "1", "2"]);
    }

    #[test]
    fn widened_axes_end_at_ticks() {
        let axis = Axis::widened(0.13..2.41, 5);
        assert_eq!(labels(&axis), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(axis.range(), 0.0..2.5);
    }

    #[test]
    fn logarithmic_axes_have_equal_ratios_at_equal_distances() {
        let axis = Axis::logarithmic(0.3..18.0, 6);
        assert_eq!(labels(&axis), ["0.2", "0.5", "1", "2", "5", "10", "20"]);
        let places: Vec<i32> = [0.2, 2.0, 20.0, 0.0, -1.0].map(|value| axis.map(&value, (0, 1000))).to_vec();
        assert_eq!(places[..3], [0, 500, 1000]);
        assert!(places[3] < -1000 && places[4] == places[3]);
        assert_eq!(labels(&Axis::logarithmic(0.002..900.0, 6)), ["0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(labels(&Axis::logarithmic(10.0..1000.0, 5)), ["10", "100", "1000"]);
        let far = Axis::logarithmic(1e-200..1e200, 6);
        assert!((2..9).contains(&far.ticks.len()), "{far:?}");
    }

    #[test]
    fn extreme_ranges_neither_overflow_nor_take_memory() {
        for range in [0.0..1e300, -1e-300..1e-300, 0.0..0.0, 1e18..1e18 + 4096.0, 1e5..1e5 + 1e-9] {
            for axis in [Axis::new(range.clone(), 8), Axis::widened(range.clone(), 8)] {
                assert!(axis.ticks.len() <= 20, "{axis:?}");
                let _ = labels(&axis);
                let _ = axis.map(&f64::MAX, (0, 15_000));
            }
        }
    }
}

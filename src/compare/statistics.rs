//! Mean and standard deviation over seeds.

/// A sample of numbers, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// How many numbers there are, at least 1.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation with n − 1 in the denominator, which estimates that of all seeds; `None` for one number.
    pub deviation: Option<f64>,
    /// The lowest.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
}

impl Statistics {
    /// Of finite numbers; `None` if there are none. In two passes, so that close numbers far from 0 keep their digits.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let sum: f64 = values.iter().sum();
        // The sum of large numbers may overflow where their mean does not.
        let mean = if sum.is_finite() { sum / n } else { values.iter().map(|value| value / n).sum() };
        let deviation = (count > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (count - 1) as f64).sqrt()
        });
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self { count, mean, deviation, lowest, highest })
    }

    /// `0.7544 ± 0.0123`, or `0.7544` alone for one number.
    pub fn shown(&self) -> String {
        match self.deviation {
            None => number(self.mean),
            Some(deviation) => format!("{} ± {}", number(self.mean), with_digits_of(self.mean, deviation)),
        }
    }
}

/// A number with four significant digits, as people read it: `0.7544`, `30.51`, `1.234e-7`.
pub fn number(value: f64) -> String {
    with_digits_of(value, value)
}

/// `value` with as many decimals as `scale` needs for four significant digits.
fn with_digits_of(scale: f64, value: f64) -> String {
    let size = scale.abs();
    if !value.is_finite() {
        return value.to_string();
    }
    if value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e7) && !(size >= 1e-4 && value.abs() < size) {
        return format!("{value:.3e}");
    }
    let decimals = match size {
        0.0 => 0,
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        size if size >= 0.1 => 4,
        size if size >= 0.01 => 5,
        _ => 6,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_of_pencil_and_paper() {
        // 1, 2, 4: the mean is 7/3; the squares 16/9 + 1/9 + 25/9 over 2 are 7/3.
        let three = Statistics::of(&[1.0, 2.0, 4.0]).unwrap();
        assert!((three.mean - 7.0 / 3.0).abs() < 1e-12);
        assert!((three.deviation.unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((three.count, three.lowest, three.highest), (3, 1.0, 4.0));
        // Two numbers: half their distance times √2.
        assert!((Statistics::of(&[3.0, 5.0]).unwrap().deviation.unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
        let one = Statistics::of(&[0.5]).unwrap();
        assert_eq!((one.mean, one.deviation), (0.5, None));
        assert_eq!(Statistics::of(&[]), None);
    }

    #[test]
    fn close_numbers_far_from_zero_and_large_ones_keep_their_digits() {
        let far = Statistics::of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0]).unwrap();
        assert!((far.deviation.unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-6);
        assert!(Statistics::of(&[1.5e308, 1.5e308]).unwrap().mean.is_finite());
    }

    #[test]
    fn numbers_read_well() {
        let table = [
            (0.754_414_8, "0.7544"),
            (30.512, "30.51"),
            (-1.2345, "-1.234"),
            (123.456, "123.5"),
            (4567.8, "4568"),
            (0.0, "0"),
            (0.012_345_6, "0.01235"),
            (1.234e-7, "1.234e-7"),
            (3e9, "3.000e9"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
        let statistics =
            |mean, deviation| Statistics { count: 3, mean, deviation, lowest: 0.0, highest: 0.0 };
        assert_eq!(statistics(0.754_41, Some(0.012_34)).shown(), "0.7544 ± 0.0123");
        assert_eq!(statistics(30.5, Some(0.000_01)).shown(), "30.50 ± 0.00");
        assert_eq!(statistics(30.5, None).shown(), "30.50");
    }
}

//! The points of a curve: what of them is drawn, and over which range.

use std::ops::Range;

use plotters::style::RGBColor;

use super::super::axis;
use super::Axis;

/// Rows from which on the moving mean is drawn over them.
const LONG: usize = 150;

/// Points that a line is thinned to: twice the panel's width, so that nothing is lost that could be seen.
const MOST_POINTS: usize = 1920;

/// A named line through rows.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) color: RGBColor,
    /// Place and value, in the order of places; values may be NaN or infinite.
    pub(super) points: Vec<(f64, f64)>,
}

impl Curve {
    /// Whether there are too many rows for a line through them to be read.
    pub(super) fn is_long(&self) -> bool {
        self.points.len() >= LONG
    }

    /// The stretches between values that are not finite.
    pub(super) fn stretches(&self) -> impl Iterator<Item = &[(f64, f64)]> {
        self.points.split(|point| !point.1.is_finite()).filter(|stretch| !stretch.is_empty())
    }

    /// The places of the values that are not finite.
    pub(super) fn holes(&self) -> impl Iterator<Item = f64> {
        let holes = self.points.iter().filter(|point| !point.1.is_finite());
        holes.map(|point| point.0)
    }
}

/// The stretch with at most about [`MOST_POINTS`] points: the first, lowest, highest and last of each group of neighbours.
pub(super) fn thinned(stretch: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if stretch.len() <= MOST_POINTS {
        return stretch.to_vec();
    }
    let group = stretch.len().div_ceil(MOST_POINTS / 4);
    let mut points = Vec::with_capacity(MOST_POINTS + 4);
    for group in stretch.chunks(group) {
        let by_value = |a: &usize, b: &usize| group[*a].1.total_cmp(&group[*b].1);
        let lowest = (0..group.len()).min_by(by_value).unwrap_or(0);
        let highest = (0..group.len()).max_by(by_value).unwrap_or(0);
        let mut kept = [0, lowest, highest, group.len() - 1];
        kept.sort_unstable();
        points.extend(kept.map(|index| group[index]));
    }
    points.dedup();
    points
}

/// The centred moving mean of a stretch over about a twenty-fifth of a run of `rows` rows, less near the ends, at no more
/// than [`MOST_POINTS`] places. What lies beyond `range`, the axis's, counts as its end: one value of a million would else be
/// all that can be seen.
pub(super) fn smoothed(stretch: &[(f64, f64)], rows: usize, range: &Range<f64>) -> Vec<(f64, f64)> {
    let reach = (rows / 50).max(3);
    // The window is the same on both sides, else the mean of a slope would be off; where it would be too narrow to smooth
    // there is no mean.
    let edge = reach / 3;
    let Some(last) = stretch.len().checked_sub(1 + 2 * edge) else {
        return Vec::new();
    };
    let places = (last + 1).min(MOST_POINTS);
    (0..places)
        .map(|place| {
            let index = edge + place * last / (places - 1).max(1);
            let reach = reach.min(index).min(stretch.len() - 1 - index);
            let window = &stretch[index - reach..=index + reach];
            let values = window.iter().map(|point| point.1.clamp(range.start, range.end));
            let share = 1.0 / window.len() as f64;
            (stretch[index].0, values.map(|value| value * share).sum())
        })
        .collect()
}

/// The range of losses to show: all of them, but for the outermost of a long run if they would flatten the others.
pub(super) fn loss_range(curves: &[Curve]) -> Range<f64> {
    axis::range_of(curves.iter().flat_map(|curve| &curve.points).map(|point| point.1))
}

/// What the marks in the panel mean, or nothing.
pub(super) fn note(curves: &[Curve], axis: &Axis) -> String {
    use plotters::coord::ranged1d::Ranged;
    let range = axis.range();
    let count = |wanted: &dyn Fn(f64) -> bool| {
        let points = curves.iter().flat_map(|curve| &curve.points);
        points.filter(|point| wanted(point.1)).count()
    };
    let beyond = count(&|value| value.is_finite() && !(range.start..=range.end).contains(&value));
    let holes = count(&|value| !value.is_finite());
    let values = |count| if count == 1 { "value" } else { "values" };
    let mut notes = Vec::new();
    if curves.iter().any(Curve::is_long) {
        notes.push("thick: moving mean".to_string());
    }
    if beyond > 0 {
        notes.push(format!("{beyond} {} beyond the axis", values(beyond)));
    }
    if holes > 0 {
        notes.push(format!("× {holes} {} not finite", values(holes)));
    }
    notes.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Curve {
        let points = values.iter().enumerate();
        Curve {
            name: "loss",
            color: RGBColor(0, 0, 0),
            points: points.map(|(index, value)| (index as f64, *value)).collect(),
        }
    }

    fn range(values: &[f64]) -> Range<f64> {
        loss_range(&[curve(values)])
    }

    #[test]
    fn stretches_end_at_values_that_are_not_finite() {
        let curve = curve(&[f64::NAN, 1.0, 2.0, f64::INFINITY, f64::NAN, 5.0]);
        let stretches: Vec<_> = curve.stretches().collect();
        assert_eq!(stretches, [&[(1.0, 1.0), (2.0, 2.0)][..], &[(5.0, 5.0)]]);
        assert_eq!(curve.holes().collect::<Vec<_>>(), [0.0, 3.0, 4.0]);
    }

    #[test]
    fn thinning_keeps_the_ends_and_the_extremes() {
        let values: Vec<f64> = (0..50_000).map(|index| ((index * 7919) % 10_007) as f64).collect();
        let all = curve(&values).points;
        let thin = thinned(&all);
        assert!(thin.len() <= MOST_POINTS);
        assert_eq!((thin[0], thin[thin.len() - 1]), (all[0], all[49_999]));
        let extremes = |points: &[(f64, f64)]| {
            let fold =
                |start, choose: fn(f64, f64) -> f64| points.iter().map(|point| point.1).fold(start, choose);
            (fold(f64::MAX, f64::min), fold(f64::MIN, f64::max))
        };
        assert_eq!(extremes(&thin), extremes(&all));
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn the_moving_mean_keeps_a_slope_and_removes_an_alternation() {
        let slope: Vec<f64> = (0..1000).map(f64::from).collect();
        let smooth = smoothed(&curve(&slope).points, 1000, &(0.0..1000.0));
        assert_eq!((smooth[0].0, smooth[smooth.len() - 1].0), (6.0, 993.0));
        for (place, mean) in smooth {
            assert!((place - mean).abs() < 1e-9);
        }
        let alternating: Vec<f64> = (0..10_000).map(|index| f64::from(index % 2)).collect();
        let smooth = smoothed(&curve(&alternating).points, 10_000, &(0.0..1.0));
        assert_eq!(smooth.len(), MOST_POINTS);
        assert!(smooth.iter().all(|point| (point.1 - 0.5).abs() < 0.01));
    }

    #[test]
    fn the_moving_mean_takes_short_stretches_and_values_beyond_the_axis() {
        for length in 0..20 {
            let short = smoothed(&curve(&vec![2.0; length]).points, 1000, &(0.0..4.0));
            assert_eq!(short.len(), length.saturating_sub(12));
            assert!(short.iter().all(|point| (point.1 - 2.0).abs() < 1e-12));
        }
        let mut values = vec![1.0; 1000];
        values[500] = f64::MAX;
        let smooth = smoothed(&curve(&values).points, 1000, &(0.0..4.0));
        assert!(smooth.iter().all(|point| point.1 < 1.1));
    }

    #[test]
    fn ranges_hold_every_value_but_the_outermost_of_long_runs() {
        assert_eq!(range(&[]), 0.0..1.0);
        assert_eq!(range(&[f64::NAN]), 0.0..1.0);
        assert_eq!(range(&[2.0]), 1.0..3.0);
        assert_eq!(range(&[0.0, 0.0]), -1.0..1.0);
        let short = range(&[0.5, 1.0, 30.0]);
        assert!(short.start == 0.0 && short.end > 30.0);
        let negative = range(&[-3.0, -2.0]);
        assert!(negative.start < -3.0 && negative.end > -2.0 && negative.end < -1.9);
        let mut values: Vec<f64> = (0..1000).map(|index| 1.0 + f64::from(index % 10) / 10.0).collect();
        values[500] = 1e6;
        let long = range(&values);
        assert!(long.end > 1.9 && long.end < 3.0, "{long:?}");
        let huge = range(&[f64::MAX, f64::MIN]);
        assert!(huge.start.is_finite() && huge.end.is_finite());
    }

    #[test]
    fn the_note_counts_what_is_marked() {
        let axis = Axis::new(0.0..1.0, 2);
        assert_eq!(note(&[curve(&[0.0, 1.0])], &axis), "");
        let marked = [curve(&[2.0, 0.5, f64::NAN]), curve(&[f64::INFINITY])];
        assert_eq!(note(&marked, &axis), "1 value beyond the axis · × 2 values not finite");
    }
}

//! From the curves of runs to the mean and the extremes at each place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Group;

/// Places from which on the axis is divided into [`PARTS`].
const LONG: usize = 200;
/// Parts of the axis over which long runs are averaged.
const PARTS: u64 = 150;

/// A place on the axis with what a group's runs have there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Epoch or step.
    pub(super) place: f64,
    /// Lowest, mean and highest of the runs' finite values.
    pub(super) low: f64,
    pub(super) mean: f64,
    pub(super) high: f64,
    /// How many runs have a finite value; at least 1.
    pub(super) count: usize,
    /// Whether this is the first after a place where no run has a finite value.
    is_after_gap: bool,
}

/// What is drawn of a group.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// How many runs there are.
    pub(super) runs: usize,
    /// Places in order.
    pub(super) points: Vec<Point>,
    /// Places with values that are not finite, in order.
    pub(super) holes: Vec<f64>,
    /// How many such values there are.
    pub(super) not_finite: usize,
    /// Whether the points are means over parts of the axis.
    pub(super) is_averaged: bool,
}

impl Band {
    /// The points without a gap between them.
    pub(super) fn stretches(&self) -> impl Iterator<Item = &[Point]> {
        self.points.chunk_by(|_, next| !next.is_after_gap)
    }

    /// The parts of a stretch where all runs have a value, and the parts between them; neighbours share a point.
    pub(super) fn parts<'a>(&self, stretch: &'a [Point]) -> Vec<&'a [Point]> {
        let is_whole = |pair: &[Point]| pair.iter().all(|point| point.count == self.runs);
        let mut parts = Vec::new();
        let mut start = 0;
        for index in 1..stretch.len() {
            let is_last = index + 1 == stretch.len();
            if is_last || is_whole(&stretch[index - 1..=index]) != is_whole(&stretch[index..=index + 1]) {
                parts.push(&stretch[start..=index]);
                start = index;
            }
        }
        parts
    }
}

/// What is drawn of each group.
pub(super) fn bands(groups: &[Group]) -> Vec<Band> {
    let all = || groups.iter().flat_map(|group| &group.runs).flatten().map(|point| point.0);
    let longest = groups.iter().flat_map(|group| &group.runs).map(Vec::len).max().unwrap_or(0);
    let (first, last) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    let is_long = longest > LONG;
    // Whole parts, so that each place has the same runs' rows in it whatever their number.
    let width = ((last - first) / PARTS + 1).max(1);
    groups
        .iter()
        .map(|group| match is_long {
            true => {
                let averaged: Vec<_> = group.runs.iter().map(|run| averaged(run, first, width)).collect();
                let mut band = band(&averaged);
                // Counted before they were averaged away.
                band.not_finite = not_finite(&group.runs);
                band.is_averaged = true;
                band
            }
            false => {
                let exact =
                    |run: &Vec<(u64, f64)>| run.iter().map(|(place, value)| (*place, *value)).collect();
                let mut band = band(&group.runs.iter().map(exact).collect::<Vec<_>>());
                band.not_finite = not_finite(&group.runs);
                band
            }
        })
        .collect()
}

fn not_finite(runs: &[Vec<(u64, f64)>]) -> usize {
    runs.iter().flatten().filter(|point| !point.1.is_finite()).count()
}

/// The means of a run's finite values over parts of the axis, at the parts' middles; NaN for a part where a value is not
/// finite and none is.
fn averaged(run: &[(u64, f64)], first: u64, width: u64) -> Vec<(u64, f64)> {
    let mut parts: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for (place, value) in run {
        let part = parts.entry((place - first) / width).or_default();
        if value.is_finite() {
            // A running mean: a sum could overflow.
            part.1 += 1;
            part.0 += (value - part.0) / part.1 as f64;
        }
    }
    let middle = |part: u64| first.saturating_add(part.saturating_mul(width)).saturating_add(width / 2);
    let value = |(mean, count): (f64, usize)| if count == 0 { f64::NAN } else { mean };
    parts.into_iter().map(|(part, sum)| (middle(part), value(sum))).collect()
}

fn band(runs: &[Vec<(u64, f64)>]) -> Band {
    let mut places: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (place, value) in runs.iter().flatten() {
        places.entry(*place).or_default().push(*value);
    }
    let mut points = Vec::new();
    let mut holes = Vec::new();
    let mut is_after_gap = false;
    for (place, values) in places {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let count = finite().count();
        let place = place as f64;
        if count < values.len() {
            holes.push(place);
        }
        if count == 0 {
            is_after_gap = true;
            continue;
        }
        let share = 1.0 / count as f64;
        points.push(Point {
            place,
            low: finite().fold(f64::INFINITY, f64::min),
            mean: finite().map(|value| value * share).sum(),
            high: finite().fold(f64::NEG_INFINITY, f64::max),
            count,
            is_after_gap,
        });
        is_after_gap = false;
    }
    Band { runs: runs.len(), points, holes, not_finite: 0, is_averaged: false }
}

/// From the first to the last place, with room around a single one.
pub(super) fn places(bands: &[Band]) -> Range<f64> {
    let points = || bands.iter().flat_map(|band| &band.points).map(|point| point.place);
    let holes = || bands.iter().flat_map(|band| &band.holes).copied();
    let low = points().chain(holes()).fold(f64::INFINITY, f64::min);
    let high = points().chain(holes()).fold(f64::NEG_INFINITY, f64::max);
    match low < high {
        true => low..high,
        false if low.is_finite() => low - 0.5..low + 0.5,
        false => 0.0..1.0,
    }
}

/// What lines, bands and marks mean.
pub(super) fn note(bands: &[Band], range: &Range<f64>) -> String {
    let has_points = |band: &&Band| !band.points.is_empty();
    let mut notes = Vec::new();
    if bands.iter().filter(has_points).any(|band| band.runs > 1) {
        notes.push("line: mean over seeds · band: lowest to highest seed".to_owned());
    }
    if bands.iter().any(|band| band.points.iter().any(|point| point.count < band.runs)) {
        notes.push("thin: some seeds have no value".to_owned());
    }
    if bands.iter().any(|band| band.is_averaged) {
        notes.push(format!("points: means over 1/{PARTS} of the axis"));
    }
    let values = |count| if count == 1 { "value" } else { "values" };
    let points = bands.iter().flat_map(|band| &band.points);
    let beyond = points.filter(|point| point.low < range.start || point.high > range.end).count();
    if beyond > 0 {
        notes.push(format!("{beyond} {} beyond the axis", if beyond == 1 { "place" } else { "places" }));
    }
    let not_finite: usize = bands.iter().map(|band| band.not_finite).sum();
    if not_finite > 0 {
        notes.push(format!("× {not_finite} {} not finite", values(not_finite)));
    }
    if bands.iter().all(|band| band.points.is_empty()) {
        notes.push("no values".to_owned());
    }
    notes.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(runs: &[&[(u64, f64)]]) -> Group {
        Group { label: String::new(), runs: runs.iter().map(|run| run.to_vec()).collect() }
    }

    fn only(group: Group) -> Band {
        bands(&[group]).remove(0)
    }

    #[test]
    fn a_place_has_the_mean_and_the_extremes_of_its_runs() {
        let band =
            only(group(&[&[(1, 1.0), (2, 5.0)], &[(1, 2.0), (2, 6.0)], &[(1, 6.0), (2, 7.0), (3, 8.0)]]));
        let numbers: Vec<_> = band
            .points
            .iter()
            .map(|point| (point.place, point.low, point.mean, point.high, point.count))
            .collect();
        assert_eq!(numbers.len(), 3);
        assert!((numbers[0].2 - 3.0).abs() < 1e-12 && (numbers[0].1, numbers[0].3) == (1.0, 6.0));
        assert!((numbers[1].2 - 6.0).abs() < 1e-12);
        assert_eq!(numbers[2], (3.0, 8.0, 8.0, 8.0, 1));
        // All three runs up to place 2, one after it.
        let stretch: Vec<_> = band.stretches().collect();
        assert_eq!(stretch.len(), 1);
        let lengths: Vec<_> = band.parts(stretch[0]).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [2, 2]);
        assert!(note(&[band], &(0.0..9.0)).contains("thin"));
    }

    #[test]
    fn values_that_are_not_finite_are_counted_and_leave_gaps() {
        let nan = f64::NAN;
        let band = only(group(&[
            &[(1, 1.0), (2, nan), (3, nan), (4, 1.0)],
            &[(1, 1.0), (2, 2.0), (3, f64::INFINITY)],
        ]));
        assert_eq!((band.holes.clone(), band.not_finite), (vec![2.0, 3.0], 3));
        let lengths: Vec<_> = band.stretches().map(<[Point]>::len).collect();
        assert_eq!(lengths, [2, 1]);
        assert!(note(&[band], &(0.0..3.0)).contains("× 3 values not finite"));
    }

    #[test]
    fn long_runs_are_averaged_over_equal_parts() {
        let run: Vec<_> = (0..3000).map(|step| (step, if step % 2 == 0 { 0.0 } else { 2.0 })).collect();
        let band = only(group(&[&run, &run]));
        assert!((140..=160).contains(&band.points.len()), "{}", band.points.len());
        assert!(band.points.iter().all(|point| (point.mean - 1.0).abs() < 0.06 && point.count == 2));
        assert!(note(&[band], &(0.0..3.0)).contains("points: means over 1/150 of the axis"));
    }

    #[test]
    fn nothing_and_the_largest_places_do_no_harm() {
        assert_eq!(places(&bands(&[])), 0.0..1.0);
        assert!(note(&bands(&[group(&[])]), &(0.0..1.0)).contains("no values"));
        let far = only(group(&[&[(0, 1.0), (u64::MAX, 2.0)]]));
        assert_eq!(far.points.len(), 2);
        let long: Vec<_> = (0..500).map(|index| (u64::MAX - 500 + index, f64::MAX)).collect();
        assert!(only(group(&[&long, &[(0, f64::MIN)]])).points.iter().all(|point| point.mean.is_finite()));
    }
}

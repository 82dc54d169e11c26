//! Which scores share a panel, over which range, and in which words.

use plotters::style::RGBColor;

use super::super::axis::{self, Axis};
use crate::figures::palette;
use crate::record::EvaluationRow;
use crate::record::columns;
use crate::record::evaluation::Metric;
use crate::record::evaluation::STD;
use crate::record::history::Goal;

/// A ratio from which on a distance is drawn on a logarithmic axis: most rows would lie on the bottom of a linear one.
const WIDE: f64 = 25.0;

/// Rows that it takes besides.
const LEAST_ROWS: usize = 3;

/// A row of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Epoch or step.
    pub(super) place: f64,
    /// The score; may be NaN or infinite.
    pub(super) value: f64,
    /// Its standard deviation; 0 where there is none.
    pub(super) std: f64,
    /// What real examples score; NaN where there is none.
    pub(super) floor: f64,
}

/// The curve of one column.
pub(super) struct Score {
    pub(super) name: String,
    pub(super) color: RGBColor,
    pub(super) points: Vec<Point>,
    goal: Goal,
}

impl Score {
    /// The stretches between values that are not finite.
    pub(super) fn stretches(&self) -> impl Iterator<Item = &[Point]> {
        self.points.split(|point| !point.value.is_finite()).filter(|stretch| !stretch.is_empty())
    }

    /// The best row, the first of equal ones.
    pub(super) fn best_point(&self) -> Option<Point> {
        let finite = self.points.iter().filter(|point| point.value.is_finite()).copied();
        finite.reduce(|best, point| if self.goal.prefers(point.value, best.value) { point } else { best })
    }

    /// Where the best row is, and its score.
    pub(super) fn best(&self) -> Option<(u64, f64)> {
        self.best_point().map(|point| (point.place as u64, point.value))
    }

    /// What real examples score, in the last row that says.
    pub(super) fn floor(&self) -> Option<f64> {
        self.points.iter().rev().map(|point| point.floor).find(|floor| floor.is_finite())
    }

    pub(super) fn has_floor(&self) -> bool {
        self.floor().is_some()
    }

    /// Whether there are several rows to choose the best of.
    pub(super) fn is_a_choice(&self) -> bool {
        self.points.iter().filter(|point| point.value.is_finite()).nth(1).is_some()
    }

    pub(super) fn has_holes(&self) -> bool {
        self.points.iter().any(|point| !point.value.is_finite())
    }

    pub(super) fn has_band(&self) -> bool {
        self.points.iter().any(|point| point.std > 0.0)
    }
}

/// The scores of one metric.
pub(super) struct Panel {
    pub(super) title: String,
    /// What the vertical axis measures; empty for a pure number, and where the scores differ in it.
    pub(super) unit: &'static str,
    pub(super) vertical: Axis,
    /// Whether one of its scores is a share.
    is_of_shares: bool,
    pub(super) scores: Vec<Score>,
}

impl Panel {
    /// Which end of the axis is the good one: words in their colours, `None` the usual one. Where the scores differ in it, a word each.
    pub(super) fn direction(&self) -> Vec<(&'static str, Option<RGBColor>)> {
        let word = |score: &Score| match score.goal {
            Goal::Minimum => "lower",
            Goal::Maximum => "higher",
        };
        let [first, others @ ..] = &self.scores[..] else { return Vec::new() };
        if others.iter().all(|other| other.goal == first.goal) {
            let both = if first.goal == Goal::Minimum { "lower is better" } else { "higher is better" };
            return vec![(both, None)];
        }
        let words = self.scores.iter().map(|score| (word(score), Some(score.color)));
        let separated = words.enumerate().flat_map(|(index, word)| {
            [(index > 0).then_some((", ", None)), Some(word)].into_iter().flatten()
        });
        separated.chain([(" is better", None)]).collect()
    }

    /// A score with the digits that tell it from others of the panel.
    pub(super) fn number(&self, value: f64) -> String {
        let text = match value.abs() {
            0.0 => "0".to_owned(),
            size if !(1e-5..1e6).contains(&size) => format!("{value:.2e}"),
            size => {
                // Three significant digits, of a share as many decimals.
                let exponent = libm::log10(size).floor() as i32;
                let decimals = if self.is_of_shares { 3 } else { 2 - exponent.min(2) };
                format!("{value:.*}", decimals as usize)
            }
        };
        text.replace('-', "−")
    }
}

/// Columns of one metric whose units can share an axis.
struct Group<'a> {
    metric: Option<Metric>,
    /// Where each stands among the row's scores, its name and its unit.
    columns: Vec<(usize, &'a str, &'static str)>,
}

impl Group<'_> {
    /// A pure number can be measured on any axis.
    fn takes(&self, metric: Option<Metric>, unit: &str) -> bool {
        let fits =
            |(_, _, other): &(usize, &str, &str)| *other == unit || other.is_empty() || unit.is_empty();
        metric.is_some()
            && self.metric == metric
            && self.columns.iter().all(fits)
            && self.columns.len() < COLORS.len()
    }
}

/// The panels, in the order of the columns. A metric's columns share one, and a column that no metric fills has one of its own.
pub(super) fn panels(
    columns: &[&str],
    rows: &[EvaluationRow],
    position: impl Fn(&EvaluationRow) -> f64,
) -> Vec<Panel> {
    let is_std = |name: &str| name.strip_suffix(STD).is_some_and(|score| columns.contains(&score));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, &name) in columns.iter().enumerate().filter(|(_, name)| !is_std(name)) {
        let metric = Metric::of_column(name);
        let unit = columns::find(name).map_or("", |column| column.unit);
        match groups.iter_mut().find(|group| group.takes(metric, unit)) {
            Some(group) => group.columns.push((index, name, unit)),
            None => groups.push(Group { metric, columns: vec![(index, name, unit)] }),
        }
    }
    let at = |numbers: &[f64], index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
    let score = |(&(index, name, _), color): (&(usize, &str, &str), RGBColor)| {
        let std = columns.iter().position(|other| other.strip_suffix(STD) == Some(name));
        let point = |row: &EvaluationRow| Point {
            place: position(row),
            value: at(&row.scores, index),
            std: std.map(|std| at(&row.scores, std)).filter(|std| std.is_finite()).map_or(0.0, f64::abs),
            floor: at(&row.floors, index),
        };
        Score { name: name.to_owned(), color, points: rows.iter().map(point).collect(), goal: Goal::of(name) }
    };
    let panel = |group: Group<'_>| {
        let scores: Vec<Score> = group.columns.iter().zip(COLORS).map(score).collect();
        let unit = group.columns[0].2;
        let is_of_shares = group.columns.iter().any(|(_, _, unit)| *unit == "share");
        Panel {
            title: title(&group),
            unit: if group.columns.iter().all(|(_, _, other)| *other == unit) { unit } else { "" },
            vertical: vertical(is_of_shares, &scores),
            is_of_shares,
            scores,
        }
    };
    groups.into_iter().map(panel).collect()
}

/// Of the lines of a panel.
const COLORS: [RGBColor; 4] = [palette::BLUE, palette::VERMILLION, palette::GREEN, palette::PURPLE];

/// `precision and recall`; a first word that all have is said once.
fn title(group: &Group<'_>) -> String {
    let words = |name: &str| match name {
        "frechet" => "Fréchet distance".to_owned(),
        "kernel" => "kernel distance".to_owned(),
        other => other.replace('_', " "),
    };
    let mut names: Vec<String> = group.columns.iter().map(|(_, name, _)| words(name)).collect();
    let first = names[0].split_inclusive(' ').next().unwrap_or_default().to_owned();
    if first.ends_with(' ') && names.iter().all(|name| name.starts_with(&first)) {
        for name in &mut names[1..] {
            name.drain(..first.len());
        }
    }
    names.join(" and ")
}

/// Shares lie from 0 to 1, whatever they are, so that pictures can be compared. Other scores choose their range.
fn vertical(is_of_shares: bool, scores: &[Score]) -> Axis {
    const STEPS: usize = 5;
    let points = || scores.iter().flat_map(|score| &score.points);
    let values: Vec<f64> = points()
        .filter(|point| point.value.is_finite())
        .flat_map(|point| [point.value, point.value - point.std, point.value + point.std, point.floor])
        .filter(|value| value.is_finite())
        .collect();
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if is_of_shares && lowest >= 0.0 && highest <= 1.5 {
        return Axis::widened(0.0..highest.max(1.0), STEPS);
    }
    let is_distance = scores.iter().all(|score| score.goal == Goal::Minimum);
    let count = scores.iter().map(|score| score.points.len()).max().unwrap_or(0);
    if is_distance && count >= LEAST_ROWS && lowest > 0.0 && highest / lowest > WIDE {
        return Axis::logarithmic(lowest..highest, STEPS + 1);
    }
    Axis::widened(axis::range_of(values), STEPS)
}

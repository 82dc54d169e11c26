//! Curves over epochs: of one run as they are, of a sweep as means over seeds with bands.

use std::collections::BTreeMap;

use super::charts::{Chart, Line, LineChart, Point};
use super::configurations::{describe, scores};
use super::evaluation;
use super::number::Statistic;
use super::study::{Configuration, Study};
use crate::record::columns::{self, TIMINGS};
use crate::record::evaluation::{FLOOR, is_score};
use crate::record::history::History;

/// Configurations with a colour of their own: more could not be told apart.
pub(super) const COLORED: usize = 6;

/// Configurations that are drawn at all.
const MOST_LINES: usize = 60;

/// Points of a single run's line: about twice as many as a chart is wide.
const MOST_POINTS: usize = 1000;

/// Points of a sweep's lines, of those with a colour and of the faint ones: there are many of them in a page.
const MOST_POINTS_OF_SWEEP: (usize, usize) = (240, 120);

/// The most charts.
const MOST_CHARTS: usize = 12;

/// The charts of a study, and what is left out of them; of a run `with_scores` where no picture shows its evaluations.
pub(super) fn charts(
    study: &Study,
    ranked: &[Configuration],
    with_scores: bool,
) -> (Vec<Chart>, Vec<String>) {
    if study.is_sweep { of_sweep(study, ranked) } else { (of_run(study, with_scores), Vec::new()) }
}

fn of_run(study: &Study, with_scores: bool) -> Vec<Chart> {
    let Some(history) = study.runs.first().and_then(|run| run.history.as_ref()) else {
        return Vec::new();
    };
    // Columns of one kind share a chart.
    let mut groups: Vec<(&str, Vec<&str>)> = vec![
        ("Losses", vec!["d_loss", "g_loss"]),
        ("Mean probability that the discriminator gives", vec!["d_real", "d_fake"]),
        ("Reconstruction error of the discriminator", vec!["real_error", "fake_error"]),
        ("Gradient norms", vec!["d_gradient_norm", "g_gradient_norm"]),
        ("Loss", vec!["loss", "test_loss"]),
        ("Share of examples that are named rightly", vec!["accuracy", "test_accuracy"]),
        ("Evidence lower bound, nats per example", vec!["elbo", "test_elbo"]),
        ("Terms of the bound, nats per example", vec!["reconstruction", "kl"]),
    ];
    let known: Vec<&str> = groups.iter().flat_map(|(_, columns)| columns.clone()).collect();
    let evaluated = evaluation::columns(history);
    let others = history
        .columns()
        .filter(|column| !known.contains(column) && !TIMINGS.contains(column) && !evaluated.contains(column));
    groups.extend(others.map(|column| (column, vec![column])));
    // A score beside what real examples reach.
    let scores = evaluated.iter().filter(|column| with_scores && is_score(column));
    groups.extend(scores.map(|score| {
        let floor = evaluated.iter().find(|column| column.strip_suffix(FLOOR) == Some(score));
        (*score, std::iter::once(score).chain(floor).copied().collect())
    }));
    let steps = counts_steps(std::iter::once(history));
    groups
        .into_iter()
        .filter_map(|(title, columns)| {
            let lines: Vec<Line> = columns
                .iter()
                .enumerate()
                .map(|(color, column)| Line {
                    label: legend(column).to_owned(),
                    color: Some(color),
                    points: thinned(raw(history, column, steps), MOST_POINTS),
                })
                .filter(|line| !line.points.is_empty())
                .collect();
            let chart = LineChart {
                title: title.to_owned(),
                horizontal: if steps { "step" } else { "epoch" },
                is_probability: columns.contains(&"d_real"),
                lines,
                has_legend: columns.len() > 1,
            };
            chart.draw()
        })
        .take(MOST_CHARTS)
        .collect()
}

fn of_sweep(study: &Study, ranked: &[Configuration]) -> (Vec<Chart>, Vec<String>) {
    let histories = || study.runs.iter().filter_map(|run| run.history.as_ref());
    let mut columns: Vec<String> = study.objective.iter().map(|objective| objective.column.clone()).collect();
    let names: Vec<&str> = study.metrics.iter().map(String::as_str).collect();
    let scores = scores(&names);
    let mut all: Vec<&str> = columns::headlines().into_iter().rev().collect();
    all.extend(scores.iter().map(|index| names[*index]));
    all.extend(names.iter().filter(|name| scores.is_empty() || is_score(name)));
    for column in all {
        let is_wanted = !TIMINGS.contains(&column) && !columns.iter().any(|known| known == column);
        if is_wanted && histories().any(|history| history.columns().any(|found| found == column)) {
            columns.push(column.to_owned());
        }
    }
    let steps = counts_steps(histories());
    // Two phases of one configuration would be two lines of one name: the search is what is compared.
    let search: Vec<&Configuration> = ranked.iter().filter(|configuration| !configuration.is_final).collect();
    let charts = columns
        .iter()
        .take(MOST_CHARTS)
        .filter_map(|column| {
            let lines = search.iter().take(MOST_LINES).enumerate().map(|(place, configuration)| Line {
                label: describe(study, configuration),
                color: (place < COLORED).then_some(place),
                points: averaged(
                    &band(study, configuration, column, steps),
                    if place < COLORED { MOST_POINTS_OF_SWEEP.0 } else { MOST_POINTS_OF_SWEEP.1 },
                ),
            });
            let chart = LineChart {
                title: column.clone(),
                horizontal: if steps { "step" } else { "epoch" },
                is_probability: matches!(column.as_str(), "d_real" | "d_fake"),
                lines: lines.filter(|line| !line.points.is_empty()).collect(),
                has_legend: false,
            };
            chart.draw()
        })
        .collect();
    let mut left_out = Vec::new();
    if histories().any(|run| run.tables.iter().any(|table| table.rows.len() > MOST_POINTS_OF_SWEEP.0)) {
        left_out.push("Long curves are drawn as means over equal parts.".to_owned());
    }
    if search.len() > MOST_LINES {
        left_out.push(format!("Of {} configurations, the first {MOST_LINES} are drawn.", search.len()));
    }
    if columns.len() > MOST_CHARTS {
        left_out.push(format!("Of {} columns, the first {MOST_CHARTS} are drawn.", columns.len()));
    }
    (charts, left_out)
}

/// What a column's line is called in a legend.
fn legend(column: &str) -> &str {
    match column {
        "d_loss" => "discriminator (d_loss)",
        "g_loss" => "generator (g_loss)",
        "d_real" => "to real examples (d_real)",
        "d_fake" => "to generated examples (d_fake)",
        "d_gradient_norm" => "discriminator (d_gradient_norm)",
        "g_gradient_norm" => "generator (g_gradient_norm)",
        "real_error" => "of real examples (real_error)",
        "fake_error" => "of generated examples (fake_error)",
        "loss" | "accuracy" | "elbo" => "training",
        "test_loss" | "test_accuracy" | "test_elbo" => "test",
        "kl" => "KL divergence (kl)",
        floor if floor.ends_with(FLOOR) => "real examples",
        other => other,
    }
}

/// Whether steps are counted on the axis: where there are several rows an epoch, or a single epoch.
fn counts_steps<'a>(mut histories: impl Iterator<Item = &'a History>) -> bool {
    histories.any(|history| {
        history.tables.first().is_some_and(|table| {
            let Some(epoch) = table.index("epoch") else { return false };
            table.rows.windows(2).any(|pair| pair[0][epoch] == pair[1][epoch])
        })
    })
}

fn raw(history: &History, column: &str, steps: bool) -> Vec<Point> {
    let place = |epoch: u64, step: u64| if steps { step } else { epoch } as f64;
    let series = history.series(column).into_iter();
    series.map(|(epoch, step, mean)| Point { x: place(epoch, step), mean, spread: 0.0 }).collect()
}

/// Mean and standard deviation over the configuration's runs at every place where at least half of its runs with such a
/// column have a value, so that a run that ended early does not make the mean jump.
fn band(study: &Study, configuration: &Configuration, column: &str, steps: bool) -> Vec<Point> {
    let mut places: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut runs = 0;
    for run in &configuration.runs {
        let Some(history) = &study.runs[*run].history else { continue };
        let series = history.series(column);
        runs += usize::from(!series.is_empty());
        for (epoch, step, value) in series {
            places.entry(if steps { step } else { epoch }).or_default().push(value);
        }
    }
    let points = places.into_iter().filter(|(_, values)| 2 * values.len() >= runs);
    points
        .map(|(x, values)| {
            let statistic = Statistic::of(values);
            Point {
                x: x as f64,
                mean: statistic.map_or(f64::NAN, |statistic| statistic.mean),
                spread: statistic.and_then(|statistic| statistic.std).unwrap_or(0.0),
            }
        })
        .collect()
}

/// At most about `most` points: the lowest and highest of neighbours.
fn thinned(points: Vec<Point>, most: usize) -> Vec<Point> {
    if points.len() <= most {
        return points;
    }
    let group = points.len().div_ceil(most / 2);
    points
        .chunks(group)
        .flat_map(|group| {
            let by_mean = |a: &&Point, b: &&Point| a.mean.total_cmp(&b.mean);
            let mut kept: Vec<Point> = group
                .iter()
                .min_by(by_mean)
                .into_iter()
                .chain(group.iter().max_by(by_mean))
                .copied()
                .collect();
            kept.sort_by(|a, b| a.x.total_cmp(&b.x));
            kept.dedup_by(|a, b| a.x == b.x);
            kept
        })
        .collect()
}

/// At most `most` points: means over equal numbers of neighbours, of means and of spreads. A mean over seeds wants to be
/// read, where a single run wants its extremes seen.
fn averaged(points: &[Point], most: usize) -> Vec<Point> {
    let group = points.len().div_ceil(most).max(1);
    let mean = |values: Vec<f64>| values.iter().map(|value| value / values.len() as f64).sum::<f64>();
    points
        .chunks(group)
        .map(|group| {
            let finite: Vec<&Point> = group.iter().filter(|point| point.mean.is_finite()).collect();
            let Some(last) = finite.last() else { return group[0] };
            Point {
                x: if group.len() == 1 { last.x } else { mean(finite.iter().map(|point| point.x).collect()) },
                mean: mean(finite.iter().map(|point| point.mean).collect()),
                spread: mean(finite.iter().map(|point| point.spread).collect()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let value = |index: usize| ((index * 7919) % 10_007) as f64;
        let points =
            (0..50_000).map(|index| Point { x: index as f64, mean: value(index), spread: 0.0 }).collect();
        let thin = thinned(points, MOST_POINTS);
        assert!(thin.len() <= MOST_POINTS);
        assert!(
            thin.iter().any(|point| point.mean == 0.0) && thin.iter().any(|point| point.mean == 10_006.0)
        );
        assert!(thin.windows(2).all(|pair| pair[0].x < pair[1].x));
    }

    #[test]
    fn averages_keep_a_slope_and_leave_short_curves_alone() {
        let points: Vec<Point> =
            (0..1000).map(|x| Point { x: f64::from(x), mean: 2.0 * f64::from(x), spread: 1.0 }).collect();
        let averages = averaged(&points, 100);
        assert_eq!(averages.len(), 100);
        assert!(
            averages.iter().all(|point| (point.mean - 2.0 * point.x).abs() < 1e-9 && point.spread > 0.999)
        );
        assert_eq!(averaged(&points[..50], 100), points[..50]);
        let hole = Point { x: 0.0, mean: f64::NAN, spread: 0.0 };
        assert!(averaged(&[hole], 100)[0].mean.is_nan());
    }
}

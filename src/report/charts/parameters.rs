//! The objective over the parameters: a strip for one, a heat map for two on a grid, parallel coordinates otherwise.

use super::scale::Scale;
use super::{Chart, Svg, shortened};
use crate::record::history::Goal;
use crate::record::names::short_names;
use crate::report::configurations::varying;
use crate::report::number::{Statistic, number};
use crate::report::study::{Configuration, Study};

/// Steps of the heat map's colours and of the lines' grouping, worst to best.
const STEPS: usize = 5;

/// Lines of parallel coordinates.
const MOST_LINES: usize = 300;

/// A heat map with more cells on a side could not be read.
const MOST_SIDE: usize = 12;

/// What is drawn: configurations of the search, ranked, with the parameters that vary.
struct Plot<'a> {
    study: &'a Study,
    column: &'a str,
    goal: Goal,
    /// Positions of the parameters that vary.
    varying: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    configurations: Vec<&'a Configuration>,
}

/// The chart that suits the parameters; `None` if there is no objective, or nothing that varies has a value.
pub(in crate::report) fn parameters(study: &Study, ranked: &[Configuration]) -> Option<Chart> {
    let plot = Plot::new(study, ranked)?;
    let is_grid = study.sweep.as_ref().is_none_or(|file| file.strategy == "grid");
    match plot.varying.len() {
        0 => None,
        1 => plot.strip(),
        2 if is_grid => plot.heat_map().or_else(|| plot.parallel()),
        _ => plot.parallel(),
    }
}

/// The heading of the section that the chart stands in.
pub(in crate::report) fn parameters_title() -> &'static str {
    "What matters"
}

impl<'a> Plot<'a> {
    fn new(study: &'a Study, ranked: &'a [Configuration]) -> Option<Self> {
        let column = study.objective.as_ref()?.column.as_str();
        let varying = varying(study);
        let names = short_names(&study.parameters);
        let names = varying.iter().map(|index| names[*index].clone()).collect();
        let configurations: Vec<&Configuration> = ranked
            .iter()
            .filter(|configuration| {
                !configuration.is_final && configuration.parameters.len() == study.parameters.len()
            })
            .collect();
        let has_values = configurations.iter().any(|configuration| configuration.objective.is_some());
        has_values.then_some(Self { study, column, goal: study.goal(), varying, names, configurations })
    }

    fn value(&self, configuration: &'a Configuration, parameter: usize) -> &'a str {
        &configuration.parameters[self.varying[parameter]]
    }

    fn scale(&self, parameter: usize) -> Scale {
        // In the order of the sweep, not of the ranking.
        let rows = self.study.runs.iter().filter(|run| !run.row.is_final);
        Scale::of(rows.filter_map(|run| run.row.parameters.get(self.varying[parameter])).map(String::as_str))
    }

    /// The share of the way from the worst to the best mean.
    fn goodness(&self) -> impl Fn(f64) -> f64 {
        let means = || self.configurations.iter().filter_map(|found| Some(found.objective?.mean));
        let low = means().fold(f64::MAX, f64::min);
        let high = means().fold(f64::MIN, f64::max);
        let goal = self.goal;
        move |mean| {
            let share = if high > low { (mean - low) / (high - low) } else { 1.0 };
            if high > low && goal == Goal::Minimum { 1.0 - share } else { share }
        }
    }

    fn better(&self) -> &'static str {
        if self.goal == Goal::Minimum { "lower is better" } else { "higher is better" }
    }

    /// A dot per run over the values of the only parameter, and the means.
    fn strip(&self) -> Option<Chart> {
        let (width, height, left, top, bottom) = (520.0, 320.0, 62.0, 14.0, 266.0);
        let (first, last) = (left + 34.0, width - 48.0);
        let horizontal = self.scale(0);
        let runs: Vec<(&Configuration, f64)> = self
            .configurations
            .iter()
            .flat_map(|configuration| {
                let rows = configuration.runs.iter().map(|run| &self.study.runs[*run].row);
                rows.filter(|row| row.state.is_done())
                    .filter_map(|row| row.objective)
                    .filter(|value| value.is_finite())
                    .map(|value| (*configuration, value))
            })
            .collect();
        let values: Vec<f64> = runs.iter().map(|(_, value)| *value).collect();
        let vertical = margin(&values)?;
        let mut svg = Svg::new(
            width,
            height,
            &format!("Strip chart: {} of every run over {}. {}", self.column, self.names[0], self.in_words()),
        );
        let y = |value: f64| Some(bottom - vertical.place_of_number(value)? * (bottom - top));
        for (place, label) in vertical.ticks() {
            let place = bottom - place * (bottom - top);
            svg.line((left, place), (width - 14.0, place), "grid");
            svg.text((left - 8.0, place + 4.5), "tick", "end", &label);
        }
        let ticks = horizontal.ticks();
        for (place, label) in &ticks {
            let x = first + place * (last - first);
            svg.line((x, bottom), (x, bottom + 5.0), "axis");
            svg.text(
                (x, bottom + 20.0),
                "tick",
                "middle",
                &shortened(label, (60 / ticks.len().max(1)).max(6)),
            );
        }
        svg.line((left, bottom), (width - 14.0, bottom), "axis");
        svg.text(((left + width) / 2.0, height - 6.0), "label", "middle", &self.names[0]);
        for (configuration, value) in &runs {
            let x = first + horizontal.place(self.value(configuration, 0))? * (last - first);
            svg.dot((x, y(*value)?), 4.5, "dot c0 translucent", &number(*value));
        }
        for configuration in &self.configurations {
            let Some(Statistic { mean, .. }) = configuration.objective else { continue };
            let x = first + horizontal.place(self.value(configuration, 0))? * (last - first);
            svg.line((x - 16.0, y(mean)?), (x + 16.0, y(mean)?), "mean");
        }
        Some(Chart {
            title: format!("{} by {} ({})", self.column, self.names[0], self.better()),
            svg: svg.end(),
            legend: Vec::new(),
            note: "A dot is a run, a bar the mean of a configuration.".to_owned(),
            is_wide: false,
        })
    }

    /// A cell per pair of values; `None` if a side is too long.
    fn heat_map(&self) -> Option<Chart> {
        // The longer side lies down.
        let (Scale::Words(a), Scale::Words(b)) = (self.scale(0), self.scale(1)) else { return None };
        let (across, down) = if a.len() > b.len() { (0, 1) } else { (1, 0) };
        let (columns, rows) = if a.len() > b.len() { (a, b) } else { (b, a) };
        if columns.len() > MOST_SIDE || rows.len() > MOST_SIDE {
            return None;
        }
        let longest = rows.iter().map(|word| word.chars().count().min(18)).max().unwrap_or(0);
        let left = (longest as f64 * 8.5 + 22.0).max(56.0);
        let cell = ((620.0 - left) / columns.len() as f64).clamp(76.0, 150.0);
        let (top, high) = (58.0, 58.0);
        let width = left + cell * columns.len() as f64 + 4.0;
        let height = top + high * rows.len() as f64 + 6.0;
        let title = format!("{} by {} and {}", self.column, self.names[across], self.names[down]);
        let mut svg = Svg::new(width, height, &format!("Heat map: {title}. {}", self.in_words()));
        svg.text((left + cell * columns.len() as f64 / 2.0, 16.0), "label", "middle", &self.names[across]);
        svg.text((left - 12.0, 42.0), "label", "end", &shortened(&self.names[down], 18));
        for (index, word) in columns.iter().enumerate() {
            let x = left + (index as f64 + 0.5) * cell;
            svg.text((x, 42.0), "tick", "middle", &shortened(word, (cell / 7.5) as usize));
        }
        let goodness = self.goodness();
        for (row, word) in rows.iter().enumerate() {
            let y = top + row as f64 * high;
            svg.text((left - 12.0, y + high / 2.0 + 5.0), "tick", "end", &shortened(word, 18));
            for (column, other) in columns.iter().enumerate() {
                let found = self.configurations.iter().find(|configuration| {
                    self.value(configuration, across) == other && self.value(configuration, down) == word
                });
                let x = left + column as f64 * cell;
                self.cell(&mut svg, found.copied(), (x, y), (cell, high), &goodness);
            }
        }
        Some(Chart {
            title: format!("{title} ({})", self.better()),
            svg: svg.end(),
            legend: Vec::new(),
            note: "Mean over the seeds, below it the standard deviation. The outlined cell is the best."
                .to_owned(),
            is_wide: width > 560.0,
        })
    }

    fn cell(
        &self,
        svg: &mut Svg,
        found: Option<&Configuration>,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        goodness: &impl Fn(f64) -> f64,
    ) {
        let middle = (x + width / 2.0, y + height / 2.0);
        let step = found.and_then(|found| found.objective).map(|objective| {
            (goodness(objective.mean) * STEPS as f64).floor().clamp(0.0, (STEPS - 1) as f64) as usize
        });
        let is_best = found.is_some_and(|found| {
            found.is_whole() && self.configurations.first().is_some_and(|best| best.trial == found.trial)
        });
        let class = match (step, is_best) {
            (Some(step), true) => format!("heat{step} best"),
            (Some(step), false) => format!("heat{step}"),
            (None, _) => "heat-none".to_owned(),
        };
        // The best one's outline needs a little more room.
        let inset = if is_best { 3.0 } else { 1.5 };
        svg.put(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" class=\"{class}\"/>",
            super::round(x + inset),
            super::round(y + inset),
            super::round(width - 2.0 * inset),
            super::round(height - 2.0 * inset)
        ));
        match found.map(|found| (found, found.objective)) {
            Some((found, Some(objective))) => {
                let class = format!("heat-text{}", step.unwrap_or(0));
                let shown = objective.show();
                let (mean, std) =
                    shown.split_once(" ± ").map_or((shown.as_str(), None), |(a, b)| (a, Some(b)));
                let mut below = std.map(|std| format!("± {std}")).unwrap_or_default();
                if !found.is_whole() {
                    below = format!("{} of {} runs", found.complete, found.runs.len());
                }
                let lift = if below.is_empty() { 5.0 } else { -2.0 };
                svg.text((middle.0, middle.1 + lift), &class, "middle", mean);
                svg.text((middle.0, middle.1 + 16.0), &format!("{class} small"), "middle", &below);
            }
            Some((found, None)) => {
                let is_lost = found.runs.iter().all(|run| self.study.runs[*run].is_lost());
                let text = if is_lost { "failed" } else { "no value" };
                svg.text((middle.0, middle.1 + 5.0), "tick", "middle", text);
            }
            None => svg.text((middle.0, middle.1 + 5.0), "tick", "middle", "–"),
        }
    }

    /// A line per configuration through its values and its objective.
    fn parallel(&self) -> Option<Chart> {
        let axes = self.varying.len() + 1;
        let (top, bottom, height) = (46.0, 300.0, 316.0);
        let (left, right) = (66.0, 84.0);
        let distance = (940.0 - left - right) / (axes - 1) as f64;
        let distance = distance.clamp(120.0, 300.0);
        let width = left + right + distance * (axes - 1) as f64;
        let scales: Vec<Scale> = (0..self.varying.len()).map(|parameter| self.scale(parameter)).collect();
        let means: Vec<f64> =
            self.configurations.iter().filter_map(|found| Some(found.objective?.mean)).collect();
        let objective = margin(&means)?;
        let title = format!("{} and {}", self.names.join(", "), self.column);
        let mut svg = Svg::new(width, height, &format!("Parallel coordinates: {title}. {}", self.in_words()));
        let x = |axis: usize| left + distance * axis as f64;
        let y = |share: f64| {
            // Good values are above, whichever they are.
            bottom - share * (bottom - top)
        };
        let flip = |share: f64| if self.goal == Goal::Minimum { 1.0 - share } else { share };
        let goodness = self.goodness();
        // The best are drawn last, on top.
        for (rank, configuration) in self.configurations.iter().enumerate().take(MOST_LINES).rev() {
            let Some(mean) = configuration.objective.map(|objective| objective.mean) else { continue };
            let mut points = Vec::with_capacity(axes);
            for (axis, scale) in scales.iter().enumerate() {
                points.push((x(axis), y(scale.place(self.value(configuration, axis))?)));
            }
            points.push((x(axes - 1), y(flip(objective.place_of_number(mean)?))));
            let step = (goodness(mean) * STEPS as f64).floor().clamp(0.0, (STEPS - 1) as f64);
            let class = if rank == 0 { "strand first".to_owned() } else { format!("strand strand{step}") };
            let label = format!(
                "{}: {}",
                crate::report::configurations::describe(self.study, configuration),
                number(mean)
            );
            svg.path(points, &class, "", &label);
        }
        for (axis, scale) in scales.iter().enumerate() {
            draw_axis(&mut svg, x(axis), (top, bottom), &self.names[axis], &scale.ticks());
        }
        let ticks: Vec<(f64, String)> =
            objective.ticks().into_iter().map(|(share, label)| (flip(share), label)).collect();
        draw_axis(&mut svg, x(axes - 1), (top, bottom), self.column, &ticks);
        let lost = self.configurations.iter().filter(|found| found.objective.is_none()).count();
        let mut note = format!(
            "A line is a configuration; the stronger, the better ({}, the good end of the last axis is above). The \
             thickest is the best.",
            self.better()
        );
        if lost > 0 {
            note += &format!(
                " {} without a value not drawn.",
                super::super::number::count(lost, "configuration")
            );
        }
        if self.configurations.len() > MOST_LINES {
            note += &format!(" The best {MOST_LINES} of {} are drawn.", self.configurations.len());
        }
        Some(Chart { title, svg: svg.end(), legend: Vec::new(), note, is_wide: true })
    }

    /// For those who cannot see it.
    fn in_words(&self) -> String {
        let ends = [self.configurations.first(), self.configurations.iter().rfind(|c| c.objective.is_some())];
        let [Some(best), Some(worst)] = ends else { return String::new() };
        let say = |configuration: &Configuration| {
            let value = configuration.objective.map_or_else(String::new, |objective| objective.show());
            format!("{}: {value}", crate::report::configurations::describe(self.study, configuration))
        };
        format!("Best: {}. Worst: {}.", say(best), say(worst))
    }
}

fn draw_axis(svg: &mut Svg, x: f64, (top, bottom): (f64, f64), name: &str, ticks: &[(f64, String)]) {
    svg.line((x, top), (x, bottom), "axis");
    svg.text((x, top - 24.0), "label", "middle", &shortened(name, 18));
    for (share, label) in ticks {
        let y = bottom - share * (bottom - top);
        svg.line((x, y), (x + 4.0, y), "axis");
        svg.text((x + 8.0, y + 4.5), "tick halo", "start", &shortened(label, 14));
    }
}

/// A scale that is a little longer than the values; `None` if there are none.
fn margin(values: &[f64]) -> Option<Scale> {
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let high = values.iter().copied().fold(f64::MIN, f64::max);
    if low > high {
        return None;
    }
    let margin = (0.06 * (high - low)).max(1e-9 * high.abs().max(low.abs()));
    let margin = if margin == 0.0 { 1.0 } else { margin };
    Some(Scale::Linear { low: low - margin, high: high + margin })
}

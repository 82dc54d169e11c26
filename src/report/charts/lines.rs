//! Lines over epochs or steps, with bands.

use std::ops::Range;

use super::{Chart, Svg};
use crate::figures::axis::Axis;
use crate::report::number::number;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = HEIGHT - 46.0;

/// A place on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Point {
    pub(in crate::report) x: f64,
    /// May be NaN or infinite: the line then has a hole.
    pub(in crate::report) mean: f64,
    /// Half the band's height, at least 0.
    pub(in crate::report) spread: f64,
}

/// One line, perhaps with a band.
#[derive(Clone, Debug)]
pub(in crate::report) struct Line {
    pub(in crate::report) label: String,
    /// Which of the page's colours, or none for a faint one.
    pub(in crate::report) color: Option<usize>,
    /// In the order of x.
    pub(in crate::report) points: Vec<Point>,
}

/// What a chart of lines is made from.
#[derive(Clone, Debug)]
pub(in crate::report) struct LineChart {
    pub(in crate::report) title: String,
    /// What is counted on the horizontal axis.
    pub(in crate::report) horizontal: &'static str,
    /// The vertical axis is 0..=1 then.
    pub(in crate::report) is_probability: bool,
    pub(in crate::report) lines: Vec<Line>,
    pub(in crate::report) has_legend: bool,
}

struct Plane {
    x: Range<f64>,
    y: Range<f64>,
}

impl Plane {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let share = |value: f64, range: &Range<f64>| (value - range.start) / (range.end - range.start);
        let y = y.clamp(self.y.start, self.y.end);
        (LEFT + share(x, &self.x) * (RIGHT - LEFT), BOTTOM - share(y, &self.y) * (BOTTOM - TOP))
    }
}

impl LineChart {
    /// The chart; `None` if there is no finite value to draw.
    pub(in crate::report) fn draw(&self) -> Option<Chart> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        if !points().any(|point| point.mean.is_finite()) {
            return None;
        }
        let ends =
            points().fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.x), high.max(point.x)));
        let horizontal = if ends.0 < ends.1 { ends.0..ends.1 } else { ends.0 - 0.5..ends.1 + 0.5 };
        let x = Axis::of_whole_numbers(horizontal.clone(), 6);
        let (y, range) = if self.is_probability {
            (Axis::new(0.0..1.0, 5), 0.0..1.0)
        } else {
            let axis = Axis::widened(range(&self.lines), 5);
            let (first, last) = (axis.ticks().first().copied()?, axis.ticks().last().copied()?);
            (axis, first..last)
        };
        if range.start >= range.end {
            return None;
        }
        let plane = Plane { x: horizontal, y: range };
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.in_words());
        self.draw_axes(&mut svg, &plane, &x, &y);
        // The faint ones below, the first on top.
        let faint = self.lines.iter().filter(|line| line.color.is_none());
        for line in faint.chain(self.lines.iter().filter(|line| line.color.is_some()).rev()) {
            draw_line(&mut svg, &plane, line);
        }
        // An end at a tick may be rounded to the wrong side of the value that it is made for: 3 · 0.2 is above 0.6.
        let rounding = 1e-9 * (plane.y.end - plane.y.start);
        let inside = plane.y.start - rounding..=plane.y.end + rounding;
        let beyond = points().filter(|point| point.mean.is_finite() && !inside.contains(&point.mean)).count();
        let holes = points().filter(|point| !point.mean.is_finite()).count();
        let mut notes = Vec::new();
        if beyond > 0 {
            notes.push(format!("{} beyond the axis", super::super::number::count(beyond, "value")));
        }
        if holes > 0 {
            notes.push(format!("{} not finite, left out", super::super::number::count(holes, "value")));
        }
        let legend = if self.has_legend {
            let entry = |line: &Line| Some((format!("c{}", line.color?), line.label.clone()));
            self.lines.iter().filter_map(entry).collect()
        } else {
            Vec::new()
        };
        Some(Chart {
            title: format!("{} by {}", self.title, self.horizontal),
            svg: svg.end(),
            legend,
            note: notes.join("; "),
            is_wide: false,
        })
    }

    /// For those who cannot see it.
    fn in_words(&self) -> String {
        let mut words = format!("Line chart: {} by {}.", self.title, self.horizontal);
        for line in self.lines.iter().filter(|line| line.color.is_some()) {
            let mut finite = line.points.iter().filter(|point| point.mean.is_finite());
            if let (Some(first), Some(last)) =
                (finite.next(), line.points.iter().rfind(|p| p.mean.is_finite()))
            {
                words += &format!(
                    " {}: from {} at {} {} to {} at {}.",
                    line.label,
                    number(first.mean),
                    self.horizontal,
                    first.x,
                    number(last.mean),
                    last.x
                );
            }
        }
        words
    }

    fn draw_axes(&self, svg: &mut Svg, plane: &Plane, x: &Axis, y: &Axis) {
        for tick in y.ticks() {
            let (_, place) = plane.at(plane.x.start, *tick);
            svg.line((LEFT, place), (RIGHT, place), "grid");
            svg.text((LEFT - 8.0, place + 4.5), "tick", "end", &y.label(*tick));
        }
        for tick in x.ticks() {
            let (place, _) = plane.at(*tick, plane.y.start);
            svg.line((place, BOTTOM), (place, BOTTOM + 5.0), "axis");
            svg.text((place, BOTTOM + 20.0), "tick", "middle", &x.label(*tick));
        }
        svg.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis");
        svg.text(((LEFT + RIGHT) / 2.0, HEIGHT - 5.0), "label", "middle", self.horizontal);
    }
}

fn draw_line(svg: &mut Svg, plane: &Plane, line: &Line) {
    let color = line.color.map_or("faint".to_owned(), |color| format!("c{color}"));
    let stretches =
        || line.points.split(|point| !point.mean.is_finite()).filter(|stretch| !stretch.is_empty());
    let place = |point: &Point, offset: f64| plane.at(point.x, point.mean + offset * point.spread);
    if line.color.is_some() {
        for stretch in stretches().filter(|stretch| stretch.iter().any(|point| point.spread > 0.0)) {
            let upper = stretch.iter().map(|point| place(point, 1.0));
            let lower = stretch.iter().rev().map(|point| place(point, -1.0));
            svg.path(upper.chain(lower), &format!("band {color}"), "Z", "");
        }
    }
    for stretch in stretches() {
        if stretch.len() > 1 {
            svg.path(
                stretch.iter().map(|point| place(point, 0.0)),
                &format!("line {color}"),
                "",
                &line.label,
            );
        }
        // A line through one point is none.
        if stretch.len() == 1 || line.points.len() <= 12 {
            for point in stretch {
                let title = format!("{}: {} at {}", line.label, number(point.mean), point.x);
                svg.dot(place(point, 0.0), 3.0, &format!("dot {color}"), &title);
            }
        }
    }
}

/// The vertical range: all means and bands, but for the outermost hundredths if they would flatten the others.
fn range(lines: &[Line]) -> Range<f64> {
    let points = lines.iter().flat_map(|line| &line.points).filter(|point| point.mean.is_finite());
    let ends = points.flat_map(|point| [point.mean - point.spread, point.mean + point.spread]);
    // Sums and differences of what is left cannot overflow.
    let mut values: Vec<f64> = ends.map(|value| value.clamp(-1e100, 1e100)).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&lowest), Some(&highest)) = (values.first(), values.last()) else {
        return 0.0..1.0;
    };
    let outer = (values.len() / 50).max(usize::from(values.len() >= 12));
    let (first, last) = (values[outer], values[values.len() - 1 - outer]);
    let spread = last - first;
    let (mut low, mut high) = (lowest, highest);
    if spread > 0.0 && high - low > 5.0 * spread {
        low = low.max(first - 0.5 * spread);
        high = high.min(last + 0.5 * spread);
    }
    if low > 0.0 && low < 0.4 * high {
        low = 0.0;
    }
    if high - low <= 1e-9 * high.abs().max(low.abs()) {
        let margin = if high == 0.0 { 1.0 } else { 0.5 * high.abs() };
        return low - margin..high + margin;
    }
    low..high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64]) -> LineChart {
        let points = values.iter().enumerate();
        let points = points.map(|(x, mean)| Point { x: x as f64, mean: *mean, spread: 0.1 }).collect();
        LineChart {
            title: "a <b>".into(),
            horizontal: "epoch",
            is_probability: false,
            lines: vec![Line { label: "\"x\" & y".into(), color: Some(0), points }],
            has_legend: true,
        }
    }

    #[test]
    fn every_text_is_escaped() {
        let drawn = chart(&[1.0, 2.0, 1.5]).draw().unwrap();
        assert!(!drawn.svg.contains("<b>") && drawn.svg.contains("&lt;b&gt;"));
        assert!(drawn.svg.contains("&quot;x&quot; &amp; y"));
        assert_eq!(drawn.legend, [("c0".to_owned(), "\"x\" & y".to_owned())]);
    }

    #[test]
    fn whatever_the_values_every_coordinate_is_a_number() {
        let cases: [&[f64]; 8] = [
            &[1.0],
            &[0.0, 0.0],
            &[f64::NAN, 1.0, f64::INFINITY, 2.0],
            &[f64::MAX, f64::MIN],
            &[1e-300, 2e-300],
            &[1e18, 1e18 + 4096.0],
            &[5.0, 5.0, 5.0],
            &[-1.0, -2.0],
        ];
        for values in cases {
            if let Some(drawn) = chart(values).draw() {
                assert!(
                    !drawn.svg.contains("NaN") && !drawn.svg.contains("inf"),
                    "{values:?}: {}",
                    drawn.svg
                );
            }
        }
        assert!(chart(&[f64::NAN]).draw().is_none());
        assert!(chart(&[]).draw().is_none());
    }

    #[test]
    fn the_ends_of_the_axis_are_not_beyond_it() {
        let drawn = chart(&[0.6, 0.7, 0.8, 0.9, 1.0]).draw().unwrap();
        assert_eq!(drawn.note, "");
    }

    #[test]
    fn outliers_do_not_flatten_the_others() {
        let mut values: Vec<f64> = (0..200).map(|index| 1.0 + f64::from(index % 10) / 10.0).collect();
        values[100] = 1e6;
        let drawn = chart(&values).draw().unwrap();
        assert!(drawn.note.contains("1 value beyond the axis"), "{}", drawn.note);
    }
}

//! The figures of a comparison: a figure of curves for each measure, and the montages side by side.

use super::statistics::Statistics;
use super::{Comparison, Group, Run};
use crate::figures::bands::{self, Bands, Horizontal};
use crate::figures::plane::{self, Plane, Point};
use crate::figures::progress::Picture;
use crate::figures::sheet::{self, Entry};
use crate::figures::{Error, Result};
use crate::record::evaluation::FLOOR;

/// A file that is to be written, with what it is called.
#[derive(Debug)]
pub struct File {
    /// `g_loss.svg`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The figures: `COLUMN.png` and `COLUMN.svg` for each compared column, `precision_recall` and `density_coverage` where these were
/// scored, and `montages.png` where there are montages. All runs of a group are drawn, whatever their state: the curves show how far
/// they came.
///
/// The runs must have been read with [`Rows::Kept`](super::Rows::Kept). Pictures that cannot be read are left out and
/// told.
///
/// # Errors
/// [`Error::Drawing`], which no values should lead to.
pub fn files(comparison: &Comparison) -> Result<(Vec<File>, Vec<Error>)> {
    let title = title(comparison);
    let mut columns: Vec<&str> = comparison.metrics.iter().map(|metric| metric.column.as_str()).collect();
    columns.dedup();
    let mut files = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].contains(column) {
            continue;
        }
        let horizontal = horizontal(comparison, column);
        let groups: Vec<bands::Group> =
            comparison.groups.iter().map(|group| curves(comparison, group, column, horizontal)).collect();
        let figure = Bands { title: &title, measure: column, horizontal, groups: &groups };
        let stem = stem(column);
        files.push(File { name: format!("{stem}.png"), bytes: bands::png(&figure)? });
        files.push(File { name: format!("{stem}.svg"), bytes: bands::svg(&figure)?.into_bytes() });
    }
    for (stem, horizontal, vertical) in plane::SCORES {
        let points = points(comparison, horizontal, vertical);
        if points.is_empty() {
            continue;
        }
        let floor = floor(comparison, horizontal, vertical);
        let figure = Plane { title: &title, note: NOTE, horizontal, vertical, points: &points, floor };
        files.push(File { name: format!("{stem}.png"), bytes: plane::png(&figure)? });
        files.push(File { name: format!("{stem}.svg"), bytes: plane::svg(&figure)?.into_bytes() });
    }
    let (entries, problems) = montages(comparison);
    if !entries.is_empty() {
        files.push(File { name: "montages.png".to_owned(), bytes: sheet::png(&title, &entries)? });
    }
    Ok((files, problems))
}

const NOTE: &str = "the last evaluation of each run";

/// Where the groups lie that have two scores.
pub(super) fn points(comparison: &Comparison, horizontal: &str, vertical: &str) -> Vec<Point> {
    let point = |group: &Group| {
        let both = |run| last(run, horizontal).zip(last(run, vertical));
        let (x, y): (Vec<f64>, Vec<f64>) = group.counted(comparison.with_unfinished).filter_map(both).unzip();
        let (x, y) = (Statistics::of(&x)?, Statistics::of(&y)?);
        let std = x.deviation.zip(y.deviation);
        Some(Point { name: comparison.label(group), x: x.mean, y: y.mean, std })
    };
    comparison.groups.iter().filter_map(point).collect()
}

/// What real examples reach of two scores.
pub(super) fn floor(comparison: &Comparison, horizontal: &str, vertical: &str) -> Option<(f64, f64)> {
    let floor = |run: &Run| {
        let floor = |column: &str| last(run, &format!("{column}{FLOOR}"));
        floor(horizontal).zip(floor(vertical))
    };
    comparison.groups.iter().flat_map(|group| &group.runs).find_map(floor)
}

fn last(run: &Run, column: &str) -> Option<f64> {
    run.values.get(column).map(|extract| extract.last)
}

/// The experiments' names.
fn title(comparison: &Comparison) -> String {
    let runs = comparison.groups.iter().flat_map(|group| &group.runs);
    let mut names: Vec<&str> = runs.map(|run| run.history.run.experiment.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [first, second, third, _, ..] => format!("{first}, {second}, {third}, …"),
        names => names.join(", "),
    }
}

/// Columns come from files: a name is what letters and digits it has.
fn stem(column: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let plain: String = column.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    plain.trim_start_matches('.').to_owned()
}

/// Epochs where every row ends one of its own, as in losses.png; steps otherwise.
fn horizontal(comparison: &Comparison, column: &str) -> Horizontal {
    let is_per_epoch = |run: &Run| run.history.series(column).windows(2).all(|pair| pair[0].0 < pair[1].0);
    match comparison.groups.iter().flat_map(|group| &group.runs).all(is_per_epoch) {
        true => Horizontal::Epoch,
        false => Horizontal::Step,
    }
}

fn curves(comparison: &Comparison, group: &Group, column: &str, horizontal: Horizontal) -> bands::Group {
    let place = |epoch: u64, step: u64| if horizontal == Horizontal::Epoch { epoch } else { step };
    let curve = |run: &Run| {
        let series = run.history.series(column);
        series.into_iter().map(|(epoch, step, value)| (place(epoch, step), value)).collect()
    };
    bands::Group { label: comparison.label(group), runs: group.runs.iter().map(curve).collect() }
}

/// The newest montage of the lowest seed of each group, of a complete run where there is one: not the prettiest one.
fn montages(comparison: &Comparison) -> (Vec<Entry>, Vec<Error>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for group in &comparison.groups {
        let with_montage = || group.runs.iter().filter(|run| !run.history.montages.is_empty());
        let Some(run) = with_montage().find(|run| run.is_complete()).or_else(|| with_montage().next()) else {
            continue;
        };
        let Some((epoch, path)) = run.history.montages.last() else { continue };
        let state = if run.is_complete() { String::new() } else { format!(", {}", run.history.state) };
        let below = format!("seed {}, epoch {epoch}{state}", run.history.run.seed);
        let picture = Picture::read(path, below).and_then(|picture| sheet::check(&picture).map(|()| picture));
        match picture {
            Ok(picture) => entries.push(Entry { label: comparison.label(group), picture }),
            Err(error) => problems.push(error),
        }
    }
    (entries, problems)
}

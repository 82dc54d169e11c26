//! The montages that a page holds: few enough for it to stay small.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;

use super::configurations::describe;
use super::number::count;
use super::study::{Configuration, Study};
use crate::figures::embed::{self, Embedded};

/// Bytes of all PNGs of a page: a third more in base64.
const MOST_BYTES: usize = 5 << 20;

/// Epochs of a single run's slider.
const MOST_EPOCHS: usize = 60;

/// Epochs of a sweep's slider.
const MOST_EPOCHS_OF_SWEEP: usize = 8;

/// Configurations whose montages are shown.
const MOST_CONFIGURATIONS: usize = 48;

/// The montages of a page.
#[derive(Debug, Default)]
pub(super) struct Montages {
    /// PNGs as data URIs, each once.
    pub(super) pictures: Vec<String>,
    /// The epochs that the slider goes through.
    pub(super) epochs: Vec<u64>,
    /// A run each.
    pub(super) figures: Vec<Figure>,
    /// What is not shown, and why.
    pub(super) left_out: Vec<String>,
}

/// The montages of one run.
#[derive(Debug)]
pub(super) struct Figure {
    /// What it shows: the configuration and the seed.
    pub(super) caption: String,
    pub(super) width: usize,
    pub(super) height: usize,
    /// For each of [`Montages::epochs`], the newest picture up to it and that picture's epoch; none before the first.
    pub(super) frames: Vec<Option<(usize, u64)>>,
}

impl Figure {
    /// The last picture with its epoch.
    pub(super) fn last(&self) -> Option<(usize, u64)> {
        self.frames.last().copied().flatten()
    }
}

/// A run whose montages are shown.
struct Source<'a> {
    caption: String,
    montages: &'a [(u64, PathBuf)],
}

/// Chooses, reads and encodes the montages: of a run all, of a sweep those of each configuration's first seed, best first.
pub(super) fn montages(study: &Study, ranked: &[Configuration]) -> Montages {
    let mut shown = Montages::default();
    let mut sources = sources(study, ranked);
    if sources.is_empty() {
        return shown;
    }
    if study.is_sweep && ranked.iter().any(|configuration| configuration.runs.len() > 1) {
        shown.left_out.push("Of each configuration, the first seed with pictures is shown.".to_owned());
    }
    if sources.len() > MOST_CONFIGURATIONS {
        shown.left_out.push(format!(
            "Of {} configurations with pictures, the best {MOST_CONFIGURATIONS} are shown.",
            sources.len()
        ));
        sources.truncate(MOST_CONFIGURATIONS);
    }
    let most = if study.is_sweep { MOST_EPOCHS_OF_SWEEP } else { MOST_EPOCHS };
    let mut all: BTreeSet<u64> = BTreeSet::new();
    for source in &sources {
        all.extend(source.montages.iter().map(|(epoch, _)| *epoch));
    }
    let all: Vec<u64> = all.into_iter().collect();
    let wanted = evenly(&all, most);
    let pictures = encode(&sources, &wanted, &mut shown);
    collect(&mut shown, &sources, &wanted, pictures);
    if shown.epochs.len() < all.len() {
        shown.left_out.push(format!("Of {}, {} are shown.", count(all.len(), "epoch"), shown.epochs.len()));
    }
    shown
}

fn sources<'a>(study: &'a Study, ranked: &[Configuration]) -> Vec<Source<'a>> {
    let mut sources = Vec::new();
    let mut known = BTreeSet::new();
    for configuration in ranked {
        // The final phase repeats a configuration of the search.
        if !known.insert(&configuration.parameters) {
            continue;
        }
        let with_pictures = configuration.runs.iter().filter_map(|run| {
            let run = &study.runs[*run];
            let montages = &run.history.as_ref()?.montages;
            (!montages.is_empty()).then_some((run, montages))
        });
        // The run that came farthest, the first of equal ones.
        let best = with_pictures.rev().max_by_key(|(run, montages)| {
            (run.row.state.is_done(), montages.last().map(|(epoch, _)| *epoch))
        });
        if let Some((run, montages)) = best {
            let seed = format!("seed {}", run.row.seed);
            let caption =
                if study.is_sweep { format!("{} · {seed}", describe(study, configuration)) } else { seed };
            sources.push(Source { caption, montages });
        }
    }
    sources
}

/// At most `most` of the values, the first and the last among them.
fn evenly(values: &[u64], most: usize) -> Vec<u64> {
    let kept = values.len().min(most);
    if kept < 2 {
        return values.iter().rev().take(kept).copied().collect();
    }
    (0..kept).map(|place| values[place * (values.len() - 1) / (kept - 1)]).collect()
}

/// Pictures by source and epoch, the last of each source first, until the page is full.
fn encode(sources: &[Source<'_>], wanted: &[u64], shown: &mut Montages) -> BTreeMap<(usize, u64), Embedded> {
    let mut order: Vec<(bool, usize, u64, &PathBuf)> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let last = source.montages.len() - 1;
        for (place, (epoch, path)) in source.montages.iter().enumerate() {
            if place == last || wanted.contains(epoch) {
                order.push((place != last, index, *epoch, path));
            }
        }
    }
    order.sort();
    let read: Vec<_> = order
        .par_iter()
        .map(|(_, source, epoch, path)| ((*source, *epoch), embed::from_file(path)))
        .collect();
    let mut pictures = BTreeMap::new();
    let (mut bytes, mut full, mut damaged) = (0, 0, Vec::new());
    for (key, result) in read {
        match result {
            Ok(picture) if bytes + picture.png.len() <= MOST_BYTES => {
                bytes += picture.png.len();
                pictures.insert(key, picture);
            }
            Ok(_) => full += 1,
            Err(error) => damaged.push(error.to_string()),
        }
    }
    if full > 0 {
        let size = format!("{} MiB", MOST_BYTES >> 20);
        shown.left_out.push(format!("{} left out to keep all below {size}.", count(full, "picture")));
    }
    shown.left_out.extend(damaged.into_iter().map(|reason| format!("Left out: {reason}.")));
    pictures
}

/// Puts each picture into the page once.
fn collect(
    shown: &mut Montages,
    sources: &[Source<'_>],
    wanted: &[u64],
    pictures: BTreeMap<(usize, u64), Embedded>,
) {
    let mut epochs: Vec<u64> = wanted.to_vec();
    epochs.retain(|epoch| pictures.keys().any(|(_, found)| found <= epoch));
    let mut places: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut by_source: Vec<Vec<(u64, usize)>> = vec![Vec::new(); sources.len()];
    let mut sizes = vec![(0, 0); sources.len()];
    for ((source, epoch), picture) in pictures {
        sizes[source] = (picture.width, picture.height);
        let next = shown.pictures.len();
        let place = *places.entry(picture.png).or_insert_with_key(|png| {
            shown.pictures.push(format!("data:image/png;base64,{}", STANDARD.encode(png)));
            next
        });
        by_source[source].push((epoch, place));
    }
    for ((source, found), (width, height)) in sources.iter().zip(by_source).zip(sizes) {
        let frame = |epoch: &u64| {
            found.iter().rfind(|(found, _)| found <= epoch).map(|(found, place)| (*place, *found))
        };
        let figure = Figure {
            caption: source.caption.clone(),
            width,
            height,
            frames: epochs.iter().map(frame).collect(),
        };
        if figure.last().is_some() {
            shown.figures.push(figure);
        }
    }
    shown.epochs = epochs;
}

#[cfg(test)]
mod tests {
    use super::evenly;

    #[test]
    fn the_first_and_the_last_epoch_are_kept() {
        let all: Vec<u64> = (1..=100).collect();
        assert_eq!(evenly(&all, 4), [1, 34, 67, 100]);
        assert_eq!(evenly(&all, 1), [100]);
        assert_eq!(evenly(&[3, 5], 8), [3, 5]);
        assert_eq!(evenly(&[], 8), [0; 0]);
    }
}

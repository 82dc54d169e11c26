//! Layers of configuration, merged by figment; later wins.
//!
//! Tables are merged key by key, with three rules for what belongs together:
//!
//! - **An enum value is replaced whole.** `{ r1 = { gamma = 1 } }` over `{ dragan = { weight = 10 } }` is R1 alone, and
//!   over `"none"` as well. These are `objective.regularizer`, `objective.likelihood`, `training.initialization` (a player's, too), the optimizers' schedules and the
//!   ranges of a sweep. Only `--set`, the environment and a sweep can name a parameter of the value that is there,
//!   `objective.regularizer.gradient-penalty.weight`, and leave the others. A list is replaced whole too, so an extension's `layers` are all the layers;
//!   only a key that names an element, `optimizer.betas.0`, changes that element alone (`elements.rs`).
//! - **Another choice drops the keys that belong to the earlier one.** A layer that sets `dataset.name`,
//!   `architecture.family`, `objective.loss`, `optimizer.name` or `sweep.strategy` takes out the keys of earlier layers that the new choice does not have
//!   (`betas` under `sgd`), and keeps those it has (`learning_rate`). Within one layer such a key is an error.
//! - **`training.epochs`, `training.steps` and `training.images` are one choice**, and so are `training.ema.decay` and `half_life`: a later
//!   layer's one takes the place of an earlier layer's other. Within one layer both are an error.
//!
//! Before each layer an eraser goes in, which sets to figment's `Empty` what that layer replaces.

use std::sync::Arc;

use figment::value::{Dict, Empty, Tag, Value};
use figment::{Figment, Profile, Provider};

use super::check::{Finding, Mark};
use super::error::Problem;
use super::key::{self, Path, path};
use super::source::{Kind, Layer, Numbered, Place, Source, Spot};
use super::{dataset, elements, networks, objective, optimizer, sweep};

/// Values that are replaced whole.
const WHOLE: [&str; 14] = [
    "objective.regularizer",
    "objective.likelihood",
    "training.initialization",
    "training.generator.initialization",
    "training.discriminator.initialization",
    "optimizer.schedule",
    "optimizer.momentum_schedule",
    "optimizer.beta2_schedule",
    "optimizer.generator.schedule",
    "optimizer.generator.momentum_schedule",
    "optimizer.generator.beta2_schedule",
    "optimizer.discriminator.schedule",
    "optimizer.discriminator.momentum_schedule",
    "optimizer.discriminator.beta2_schedule",
];

/// Keys of which only the latest layer's counts.
const EITHER: [&[&str]; 2] = [
    &["training.epochs", "training.steps", "training.images"],
    &["training.ema.decay", "training.ema.half_life"],
];

/// Which words a key belongs to.
pub(super) type Owners = &'static [(&'static str, &'static [&'static str])];

/// The keys whose word decides which of their neighbours belong.
pub(super) const CHOICES: [(&str, &str, Owners); 5] = [
    ("dataset", "name", dataset::OWNERS),
    ("architecture", "family", networks::OWNERS),
    ("objective", "loss", objective::OWNERS),
    ("optimizer", "name", optimizer::OWNERS),
    ("sweep", "strategy", sweep::OWNERS),
];

/// The merged layers, with the origin of each value.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    figment: Figment,
    layers: Vec<Arc<Layer>>,
    main: Arc<Source>,
}

impl Tree {
    /// No layers yet; `main` is the file that an error without a better place is about.
    pub(super) fn new(main: Arc<Source>) -> Self {
        Self { figment: Figment::new(), layers: Vec::new(), main }
    }

    pub(super) fn main(&self) -> &Arc<Source> {
        &self.main
    }

    /// Puts a layer on top.
    pub(super) fn push(&mut self, layer: Layer) {
        let index = self.layers.len();
        let old = self.merged();
        let layer = Layer { values: elements::whole_lists(&old, &layer.values), ..layer };
        let eraser = eraser(&old, &layer);
        let figment = std::mem::take(&mut self.figment);
        self.figment = figment.merge(Numbered(index, &eraser)).merge(Numbered(index, &layer.values));
        self.layers.push(Arc::new(layer));
    }

    /// The values of all layers together.
    pub(super) fn merged(&self) -> Dict {
        // The layers are tables already, so merging them has no way to fail.
        let mut values =
            self.figment.data().unwrap_or_default().remove(&Profile::Default).unwrap_or_default();
        prune(&mut values);
        values
    }

    /// The number of the layer that a merged value came from: [`Numbered`] left it as the name.
    fn number(&self, value: &Value) -> Option<usize> {
        self.figment.get_metadata(value.tag())?.name.parse().ok()
    }

    /// The layer that a merged value came from.
    fn layer_of(&self, value: &Value) -> Option<&Layer> {
        self.layers.get(self.number(value)?).map(Arc::as_ref)
    }

    /// Where the key at `path` was given, if anywhere.
    pub(super) fn spot(&self, merged: &Dict, path: &[String]) -> Option<Spot> {
        let origin = key::find(merged, path).and_then(|value| self.layer_of(value));
        let spot = origin.and_then(|layer| layer.spots.get(path));
        spot.or_else(|| self.layers.iter().rev().find_map(|layer| layer.spots.get(path))).cloned()
    }

    /// The spots inside the value at `path`, relative to it.
    pub(super) fn spots_inside(&self, merged: &Dict, path: &[String]) -> Vec<(Path, Spot)> {
        let Some(layer) = key::find(merged, path).and_then(|value| self.layer_of(value)) else {
            return Vec::new();
        };
        let inside = layer.spots.range(path.to_vec()..).take_while(|(spot, _)| spot.starts_with(path));
        inside
            .filter(|(spot, _)| spot.len() > path.len())
            .map(|(p, s)| (p[path.len()..].to_vec(), s.clone()))
            .collect()
    }

    /// The table that should hold the key at `path`: in the experiment's own file where it is there, else in the
    /// latest layer that has it, else the file as a whole.
    fn table(&self, path: &[String]) -> Place {
        let given = |spot: &&Spot| spot.key.source.kind != Kind::Default;
        for length in (1..path.len()).rev() {
            let spots: Vec<&Spot> = self
                .layers
                .iter()
                .rev()
                .filter_map(|layer| layer.spots.get(&path[..length]))
                .filter(given)
                .collect();
            let own = spots.iter().find(|spot| Arc::ptr_eq(&spot.key.source, &self.main));
            if let Some(spot) = own.or(spots.first()) {
                return spot.key.clone();
            }
        }
        Place::whole(&self.main)
    }

    fn place(&self, merged: &Dict, path: &[String], mark: Mark) -> Place {
        match (mark, self.spot(merged, path)) {
            (Mark::Key, Some(spot)) => spot.key,
            (Mark::Value, Some(spot)) => spot.value,
            _ => self.table(path),
        }
    }

    /// A finding with its places. Of two keys that contradict each other, the mark goes to the one given later: a
    /// `--set` that contradicts the file, or what the user wrote and not what is built in.
    pub(super) fn locate(&self, merged: &Dict, finding: Finding) -> Problem {
        let mut place = self.place(merged, &finding.path, finding.mark);
        let mut label = finding.label;
        let mut other = None;
        if let Some((path, also)) = finding.also {
            let mut second = (self.place(merged, &path, Mark::Value), also);
            let rank = |path: &[String]| key::find(merged, path).and_then(|value| self.number(value));
            if rank(&path) > rank(&finding.path) {
                std::mem::swap(&mut place, &mut second.0);
                let contradicted = key::dotted(&finding.path);
                second.1 = format!("`{contradicted}`");
                label = format!("conflicts with `{contradicted}`");
            }
            other = Some(second);
        }
        if place.source.kind == Kind::Default {
            place = Place::whole(&self.main);
        }
        let problem = Problem::new(finding.message, place).label(label).help_maybe(finding.help);
        match other {
            Some((place, label)) => problem.also(place, label),
            None => problem,
        }
    }
}

/// The merged values `old` with those of one more layer, as [`Tree::push`] would have it.
pub(super) fn over(old: &Dict, new: Layer) -> Dict {
    let new = Layer { values: elements::whole_lists(old, &new.values), ..new };
    let mut values = old.clone();
    merge(&mut values, &eraser(old, &new));
    merge(&mut values, &new.values);
    prune(&mut values);
    values
}

fn merge(old: &mut Dict, new: &Dict) {
    for (name, value) in new {
        match (old.get_mut(name), value) {
            (Some(Value::Dict(_, old)), Value::Dict(_, new)) => merge(old, new),
            _ => {
                old.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Whether the layer gives single parameters of the word that an enum's value has already.
fn changes_parameters(old: &Dict, layer: &Layer, whole: &Path) -> bool {
    let word = |root| key::find_table(root, whole).filter(|table| table.len() == 1)?.keys().next().cloned();
    let is_below = layer.given.iter().all(|given| !whole.starts_with(given));
    is_below && word(old).is_some_and(|old| word(&layer.values) == Some(old))
}

/// What the layer `layer` replaces in `old` besides the keys it gives.
fn eraser(old: &Dict, layer: &Layer) -> Dict {
    let new = &layer.values;
    let mut erased = Dict::new();
    let mut erase = |path: &[String]| key::insert(&mut erased, path, Value::Empty(Tag::Default, Empty::None));
    for whole in WHOLE.map(path) {
        if key::find(new, &whole).is_some() && !changes_parameters(old, layer, &whole) {
            erase(&whole);
        }
    }
    for distribution in sweep::distributions(new) {
        erase(&distribution);
    }
    for keys in EITHER {
        let (given, others): (Vec<Path>, Vec<Path>) =
            keys.iter().map(|key| path(key)).partition(|at| key::find(new, at).is_some());
        if !given.is_empty() {
            others.iter().for_each(|other| erase(other));
        }
    }
    for (section, choice, owners) in CHOICES {
        let section = path(section);
        let choose = |table: &[String]| key::find(new, &key::below(table, choice)).and_then(Value::as_str);
        let shared = choose(&section);
        let mut tables = vec![(section.clone(), shared)];
        // A player without a name of its own follows the shared one.
        for player in ["generator", "discriminator"].map(|player| key::below(&section, player)) {
            if choice == "name" {
                let own = key::find(old, &key::below(&player, choice)).is_some();
                let chosen = choose(&player).or(if own { None } else { shared });
                tables.push((player, chosen));
            }
        }
        for (table, word) in tables {
            let (Some(word), Some(given)) = (word, key::find_table(old, &table)) else {
                continue;
            };
            for name in given.keys() {
                let at = key::below(&table, name);
                if key::find(new, &at).is_none() && !belongs(owners, name, word) {
                    erase(&at);
                }
            }
        }
    }
    erased
}

/// Whether `key` may stand beside the choice `word`; a word that nothing belongs to is left to the errors.
fn belongs(owners: Owners, key: &str, word: &str) -> bool {
    owners.iter().all(|(owned, words)| *owned != key || words.contains(&word))
}

/// Takes the erased keys out.
fn prune(dict: &mut Dict) {
    dict.retain(|_, value| match value {
        Value::Empty(..) => false,
        Value::Dict(_, inner) => {
            // A table that held nothing but erased keys goes too; one that the user left empty stays.
            let was_empty = inner.is_empty();
            prune(inner);
            was_empty || !inner.is_empty()
        }
        _ => true,
    });
}

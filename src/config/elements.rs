//! Single elements of lists: `optimizer.betas.0` is a key too, in a file, in the environment, in `--set` and in a sweep.
//!
//! Such a key is a table of digits to TOML, `{ betas = { 0 = 0.5 } }`. Over a list it gives that list with other elements; from
//! there on nobody sees that the list was not given whole. Where there is no list to change, or it has no such element, the
//! table stays, and is refused where a list is wanted.

use figment::value::{Dict, Value};

use super::key::{self, Path, below, path};
use super::source::Layer;
use super::{networks, optimizer};

/// Whether a table names elements of a list, and nothing else.
pub(super) fn are_elements(table: &Dict) -> bool {
    !table.is_empty() && table.keys().all(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The values of a layer that goes over `old`, with whole lists where it names elements of them. In `[sweep]` all stays as it
/// is: what is swept there goes over the experiment later.
pub(super) fn whole_lists(old: &Dict, new: &Dict) -> Dict {
    let mut tables = Vec::new();
    find_tables(&Path::new(), new, &mut tables);
    let mut whole = new.clone();
    for at in tables.into_iter().filter(|at| at.first().is_some_and(|section| section != "sweep")) {
        let Some(table) = key::find(new, &at) else { continue };
        // The shared list comes before those of the players, which may follow it.
        if let Some(list) = list(&at, &whole, old)
            && let Some(changed) = over(&list, table)
        {
            key::insert(&mut whole, &at, changed);
        }
    }
    whole
}

/// The outermost tables of elements.
fn find_tables(at: &Path, table: &Dict, found: &mut Vec<Path>) {
    for (name, value) in table {
        if let Value::Dict(_, inner) = value {
            let at = below(at, name);
            if are_elements(inner) { found.push(at) } else { find_tables(&at, inner, found) }
        }
    }
}

/// The list that elements at `at` are changed in: that of the layers below, or the default of one that nobody gave.
fn list(at: &Path, new: &Dict, old: &Dict) -> Option<Value> {
    let given =
        |root: &Dict, at: &Path| key::find(root, at).filter(|value| value.as_array().is_some()).cloned();
    if let Some(list) = given(old, at) {
        return Some(list);
    }
    match at.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["optimizer", .., "betas"] => {
            let shared = path("optimizer.betas");
            let shared = given(new, &shared).or_else(|| given(old, &shared));
            Some(shared.unwrap_or_else(|| optimizer::BETAS.to_vec().into()))
        }
        ["architecture", ..] => {
            let mut root = super::layers::over(old, family_of(new));
            networks::add_defaults(&mut root);
            given(&root, at)
        }
        _ => None,
    }
}

/// A layer's choice of a family, which brings defaults.
fn family_of(new: &Dict) -> Layer {
    let mut layer = Layer::default();
    let at = path("architecture.family");
    if let Some(family) = key::find(new, &at) {
        key::insert(&mut layer.values, &at, family.clone());
    }
    layer
}

/// `old` with what `new` gives: of a table and a list those keys and elements, of everything else the whole. `None` where a
/// list has no such element.
fn over(old: &Value, new: &Value) -> Option<Value> {
    match (old, new) {
        (Value::Array(_, items), Value::Dict(_, table)) if are_elements(table) => {
            let mut items = items.clone();
            for (index, value) in table {
                let item = items.get_mut(index.parse::<usize>().ok()?)?;
                *item = over(item, value)?;
            }
            Some(Value::from(items))
        }
        (Value::Dict(_, old), Value::Dict(_, table)) => {
            let mut merged = old.clone();
            for (name, value) in table {
                let value = match old.get(name) {
                    Some(old) => over(old, value)?,
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Some(Value::from(merged))
        }
        _ => Some(new.clone()),
    }
}

//! The experiment as TOML text: sections in a fixed order, keys in the order of their structs, values on one line.

use figment::value::{Dict, Num, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::key::{show_number, whole};
use super::learner::{self, Learner};
use super::read::keys_of;

/// Tables that get a heading of their own below their section's.
pub(super) const HEADED: [&str; 5] = ["generator", "discriminator", "encoder", "decoder", "classifier"];

/// Adds `[name]` and the section's keys to `text`, without those that say nothing to the learner.
pub(super) fn section<T: Serialize + DeserializeOwned>(
    text: &mut String,
    name: &str,
    section: &T,
    learner: Learner,
) {
    let value = Value::serialize(section).expect("a section is a table of plain values");
    let mut table = value.into_dict().expect("a section is a table");
    table.retain(|key, _| learner::has(learner, &format!("{name}.{key}")));
    let keys = keys_of::<T>();
    let plain = |key: &&str| !HEADED.contains(key);
    if keys.iter().any(|key| plain(key) && table.contains_key(*key)) {
        text.push_str(&format!("\n[{name}]\n"));
        entries(text, keys.iter().copied().filter(|key| plain(key)), &table);
    }
    for heading in HEADED {
        if let Some(Value::Dict(_, inner)) = table.get(heading) {
            text.push_str(&format!("\n[{name}.{heading}]\n"));
            // A player's keys come in the order of the section's; those of a network are its own.
            let known = keys.iter().copied().filter(|key| inner.contains_key(*key));
            let own = inner.keys().map(String::as_str).filter(|key| !keys.contains(key));
            entries(text, known.chain(own), inner);
        }
    }
}

fn entries<'a>(text: &mut String, keys: impl Iterator<Item = &'a str>, table: &Dict) {
    for key in keys {
        if let Some(value) = table.get(key) {
            entry(text, key, value);
        }
    }
}

/// Adds `key = value`; a list of layers gets a line for each.
pub(super) fn entry(text: &mut String, key: &str, value: &Value) {
    let written = match value {
        Value::Array(_, items) if key == "layers" => {
            let lines: Vec<String> = items.iter().map(|item| format!("    {},\n", inline(item))).collect();
            format!("[\n{}]", lines.concat())
        }
        value => inline(value),
    };
    text.push_str(&format!("{key} = {written}\n"));
}

/// A value as TOML on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Bool(_, flag) => flag.to_string(),
        // Through f64, 0.3 would become 0.30000001192092896.
        Value::Num(_, Num::F32(number)) => format!("{number:?}"),
        Value::Num(_, number) => match (whole(*number), number.to_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, real) => show_number(real.unwrap_or(f64::NAN)),
        },
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        // A word whose parameters are all the usual ones.
        Value::Dict(_, table) if alone(table).is_some() => format!("{:?}", alone(table).unwrap_or_default()),
        Value::Dict(_, table) => {
            let entries: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        other => toml::Value::from(other.as_str().unwrap_or_default()).to_string(),
    }
}

/// The word of `{ word = {} }`.
fn alone(table: &Dict) -> Option<&str> {
    let [(word, Value::Dict(_, parameters))] = table.iter().collect::<Vec<_>>()[..] else {
        return None;
    };
    parameters.is_empty().then_some(word.as_str())
}

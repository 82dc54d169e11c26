//! The experiment file as a JSON Schema, which editors complete and check with.
//!
//! Keys, words, descriptions and ranges come from the serde structs themselves (`schemars` reads their attributes and
//! doc comments); this module takes out what only Rust means by them, and adds what stands elsewhere: the built-in
//! defaults, the keys that belong to some words only, and the keys that can be swept. It is draft 7, the newest that
//! taplo, the TOML server of most editors, understands whole.
//!
//! The schema is about one file. A base, the environment or `--set` may bring what a file leaves out, so it asks for no
//! key that one of them could bring, and leaves contradictions between sections to `atelier check`.

use std::collections::BTreeMap;

use figment::value::Dict;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::architecture::Architecture;
use super::key::path;
use super::sweep::Scale;
use super::{dataset, evaluation, logging, objective, optimizer, sweep, training};
use super::{defaults, layers, names, words};

/// An experiment of Atelier: one question about GANs. Its layers are the files that `extends` names, the file itself,
/// the environment and `--set`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Atelier experiment")]
#[allow(dead_code, reason = "only its schema is used; the sections are read one by one")]
struct File {
    /// The folder under `results/`: 1 to 64 letters, digits, `_`, `-` and `.`, not beginning with a dot. Default: the
    /// file's name without its ending.
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$"))]
    name: String,
    /// What it is about, in your words.
    description: String,
    /// Which of its sweep's cases the run is; a label that changes nothing. A sweep sets it.
    case: String,
    /// Feeds every random stream.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    seed: i64,
    /// Files that this one builds upon, relative to it; later ones win over earlier ones.
    extends: Vec<String>,
    dataset: dataset::Section,
    architecture: Architecture,
    objective: objective::Section,
    optimizer: optimizer::Section,
    training: training::Section,
    evaluation: evaluation::Section,
    logging: logging::Section,
    sweep: sweep::Section,
}

/// The longest line of the text, about, in bytes.
const LINE: usize = 160;

/// A swept key that leads through an element of a list without a fixed length.
const SWEPT_ELEMENT: &str = r"^architecture\.([a-z]+\.layers|hidden)\.[0-9]+(\.|$)";

/// The schema as JSON text: the same bytes for the same program.
pub fn json() -> String {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    tidy(&mut schema);
    // A table of the file may be a part of the whole; one inside a list or beside a word is whole.
    require_nothing(&mut schema);
    add_defaults(&mut schema, &defaults().values);
    add_owners(&mut schema);
    let pairs = [["epochs", "steps"], ["epochs", "images"], ["steps", "images"]];
    schema["properties"]["training"]["not"] =
        json!({ "anyOf": pairs.map(|pair| json!({ "required": pair })) });
    for section in super::SECTIONS.iter().filter(|section| **section != "sweep") {
        add_elements(section, &mut schema["properties"][section]);
    }
    let keys = swept_keys(&schema);
    let mut case = references(&keys);
    for section in super::SECTIONS.iter().filter(|section| sweep::unsweepable(section).is_none()) {
        case[section] = json!({ "$ref": format!("#/properties/{section}") });
    }
    schema["properties"]["sweep"]["properties"]["cases"]["additionalProperties"] = json!({
        "description": "What this case sets, by section or by dotted key.",
        "type": "object",
        "properties": case,
        "patternProperties": { SWEPT_ELEMENT: { "description": "An element of a list, and what is below it." } },
        "additionalProperties": false,
    });
    let parameters = swept_parameters(&schema, &keys);
    let table = &mut schema["properties"]["sweep"]["properties"]["parameters"];
    table["properties"] = parameters;
    table["patternProperties"] =
        json!({ SWEPT_ELEMENT: { "description": "An element of a list, and what is below it." } });
    table["additionalProperties"] = json!(false);
    let mut text = laid_out(&schema, 0);
    text.push('\n');
    text
}

/// JSON as a person would write it: what fits on a line stands on one.
fn laid_out(value: &Value, depth: usize) -> String {
    let (open, close, items): (_, _, Vec<String>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| laid_out(item, depth + 1)).collect()),
        Value::Object(table) => {
            let entry = |(key, value)| format!("{}: {}", json!(key), laid_out(value, depth + 1));
            ('{', '}', table.iter().map(entry).collect())
        }
        plain => return plain.to_string(),
    };
    let length = 2 * depth + items.iter().map(|item| item.len() + 2).sum::<usize>();
    if length <= LINE && items.iter().all(|item| !item.contains('\n')) {
        let space = if open == '{' && !items.is_empty() { " " } else { "" };
        return format!("{open}{space}{}{space}{close}", items.join(", "));
    }
    let indent = "  ".repeat(depth);
    let lines: Vec<String> = items.iter().map(|item| format!("{indent}  {item}")).collect();
    format!("{open}\n{}\n{indent}{close}", lines.join(",\n"))
}

/// Takes out what only Rust and serde mean: sizes of integers, `null` for an absent key, line breaks of comments.
fn tidy(schema: &mut Value) {
    if let Value::Array(items) = schema {
        items.iter_mut().for_each(tidy);
        return;
    }
    let Value::Object(table) = schema else {
        return;
    };
    table.values_mut().for_each(tidy);
    if let Some(Value::String(text)) = table.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    table.remove("format");
    if let Some(Value::Array(types)) = table.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            table["type"] = only.clone();
        }
    }
    for choice in ["anyOf", "oneOf"] {
        let Some(Value::Array(mut branches)) = table.remove(choice) else {
            continue;
        };
        branches.retain(|branch| branch["type"] != "null");
        set_choice(table, gather_words(branches));
    }
}

/// The word alone, of a branch whose parameters all have defaults.
fn alone(branch: &Value) -> Option<Value> {
    let (word, parameters) =
        branch["properties"].as_object().filter(|words| words.len() == 1)?.iter().next()?;
    let can_be_left_out = parameters["properties"].is_object() && parameters["required"].is_null();
    can_be_left_out.then(|| json!({ "const": word, "description": branch["description"] }))
}

/// The words of an enum as one list, with the meaning of each where taplo looks for it.
fn gather_words(mut branches: Vec<Value>) -> Vec<Value> {
    let alone: Vec<Value> = branches.iter().filter_map(alone).collect();
    branches.extend(alone);
    let (words, mut others): (Vec<Value>, Vec<Value>) =
        branches.into_iter().partition(|branch| branch["const"].is_string());
    if !words.is_empty() {
        let names: Vec<&Value> = words.iter().map(|word| &word["const"]).collect();
        let meanings: Vec<&Value> = words.iter().map(|word| &word["description"]).collect();
        let docs = json!({ "docs": { "enumValues": meanings } });
        others.insert(0, json!({ "type": "string", "enum": names, "x-taplo": docs }));
    }
    others
}

/// A table's value is one of `branches`; a single one is the table itself.
fn set_choice(table: &mut Map<String, Value>, mut branches: Vec<Value>) {
    if branches.len() > 1 {
        table.insert("oneOf".to_owned(), branches.into());
    } else if let Some(Value::Object(only)) = branches.pop() {
        for (key, value) in only {
            table.entry(key).or_insert(value);
        }
    }
}

fn require_nothing(schema: &mut Value) {
    let Value::Object(table) = schema else {
        return;
    };
    table.remove("required");
    if let Some(Value::Object(properties)) = table.get_mut("properties") {
        properties.values_mut().for_each(require_nothing);
    }
}

/// The schema of a dotted key.
fn find<'a>(schema: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    path(key).iter().try_fold(schema, |table, name| table.get_mut("properties")?.get_mut(name))
}

/// Adds the built-in defaults.
fn add_defaults(schema: &mut Value, defaults: &Dict) {
    for (name, value) in defaults {
        let Some(property) = schema["properties"].get_mut(name) else {
            continue;
        };
        match value {
            figment::value::Value::Dict(_, table) => add_defaults(property, table),
            value => property["default"] = json!(value),
        }
    }
}

/// Says which keys belong to some words only: in the description, and as a rule for a table that has both.
fn add_owners(schema: &mut Value) {
    for (section, choice, owners) in layers::CHOICES {
        let Some(table) = find(schema, section) else {
            continue;
        };
        add_owners_of(table, choice, owners);
        // Where the players have optimizers of their own, a shared key may belong to one of those.
        let players = ["generator", "discriminator"];
        let own = |player: &&str| table["properties"][*player]["properties"].get(choice).is_some();
        let players: Vec<&str> = players.into_iter().filter(own).collect();
        if let (false, Value::Object(rules)) = (players.is_empty(), &mut table["dependencies"]) {
            for rule in rules.values_mut() {
                let has = players.iter().map(|player| json!({ "required": [player] }));
                let ways: Vec<Value> = [rule.take()].into_iter().chain(has).collect();
                *rule = json!({ "anyOf": ways });
            }
        }
        for player in players {
            add_owners_of(&mut table["properties"][player], choice, owners);
        }
    }
}

fn add_owners_of(table: &mut Value, choice: &str, owners: layers::Owners) {
    for (key, owners) in owners {
        let Some(property) = table["properties"].get_mut(key) else {
            continue;
        };
        let description = property["description"].as_str().unwrap_or_default();
        // Some say it themselves, before anything else.
        if !description.starts_with('`') {
            property["description"] = json!(format!("{description} Belongs to {}.", words::list(owners)));
        }
        table["dependencies"][key] = json!({ "properties": { choice: { "enum": owners } } });
    }
}

/// Beside each list, a table of some of its elements: over a list from a base it changes these alone.
fn add_elements(key: &str, schema: &mut Value) {
    let Value::Object(table) = schema else {
        return;
    };
    if let Some(Value::Object(properties)) = table.get_mut("properties") {
        properties.iter_mut().for_each(|(name, property)| add_elements(name, property));
    }
    if let Some(Value::Array(branches)) = table.get_mut("oneOf") {
        branches.iter_mut().for_each(|branch| add_elements(key, branch));
    }
    if table.get("type") != Some(&json!("array")) {
        return;
    }
    let items = table.get("items").cloned().unwrap_or_else(|| json!({}));
    let length =
        table.get("minItems").filter(|least| table.get("maxItems") == Some(least)).and_then(Value::as_u64);
    table.insert("type".to_owned(), json!(["array", "object"]));
    match length {
        Some(length) => {
            let element = |index: u64| {
                let mut element = items.get(index as usize).unwrap_or(&items).clone();
                element["description"] =
                    json!(format!("{} alone.", names::readable(&format!("{key}.{index}"))));
                (index.to_string(), element)
            };
            let elements: Map<String, Value> = (0..length).map(element).collect();
            table.insert("properties".to_owned(), elements.into());
        }
        None => {
            // Of lists of layers the program checks the elements: the vocabulary need not stand here twice.
            let item = if items["type"].is_string() { items } else { json!({}) };
            table.insert("patternProperties".to_owned(), json!({ "^[0-9]+$": item }));
        }
    }
    table.insert("additionalProperties".to_owned(), json!(false));
}

/// Every dotted key that can be swept, with the place and the description of its schema.
fn swept_keys(schema: &Value) -> BTreeMap<String, (String, Value)> {
    let mut keys = BTreeMap::new();
    for section in super::SECTIONS {
        let pointer = format!("#/properties/{section}");
        collect_swept(&schema["properties"][section], section, &pointer, &mut keys);
    }
    keys.retain(|key, _| key.contains('.') && sweep::unsweepable(key).is_none());
    keys
}

/// Each key with a reference to its schema.
fn references(keys: &BTreeMap<String, (String, Value)>) -> Value {
    let reference =
        |(key, (pointer, _)): (&String, &(String, Value))| (key.clone(), json!({ "$ref": pointer }));
    keys.iter().map(reference).collect::<Map<_, _>>().into()
}

/// `[sweep.parameters]`: every key that can be swept, quoted and dotted or as tables, with a list of its values.
fn swept_parameters(schema: &Value, keys: &BTreeMap<String, (String, Value)>) -> Value {
    let mut properties = Map::new();
    for (key, (pointer, description)) in keys {
        let place = schema.pointer(pointer.trim_start_matches('#')).expect("a key's schema");
        properties.insert(key.clone(), swept(pointer, place, description));
    }
    let names: Vec<Vec<String>> = keys.keys().map(|key| path(key)).collect();
    properties.extend(as_tables(&names, &[]));
    properties.into()
}

/// Every key of a table and below it, with the place and the description of its schema.
fn collect_swept(table: &Value, key: &str, pointer: &str, keys: &mut BTreeMap<String, (String, Value)>) {
    keys.insert(key.to_owned(), (pointer.to_owned(), table["description"].clone()));
    for (name, property) in table["properties"].as_object().into_iter().flatten() {
        collect_swept(property, &format!("{key}.{name}"), &format!("{pointer}/properties/{name}"), keys);
    }
    for (index, branch) in table["oneOf"].as_array().into_iter().flatten().enumerate() {
        for (name, property) in branch["properties"].as_object().into_iter().flatten() {
            let (key, pointer) =
                (format!("{key}.{name}"), format!("{pointer}/oneOf/{index}/properties/{name}"));
            collect_swept(property, &key, &pointer, keys);
            // What a word means stands with the word, not with its parameters.
            keys.insert(key, (pointer, branch["description"].clone()));
        }
    }
}

/// The schema of a swept key: a list of values, or, for a number, a range whose ends are values.
fn swept(pointer: &str, schema: &Value, description: &Value) -> Value {
    let value = json!({ "$ref": pointer });
    let list = |description: &str| {
        json!({
            "description": description,
            "type": "array",
            "items": value,
            "minItems": 1,
            "maxItems": sweep::MOST_VALUES,
            "uniqueItems": true,
        })
    };
    let range = |description: &str, end: Value| {
        json!({
            "description": description,
            "type": "array",
            "items": end,
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": true,
        })
    };
    let mut ranges = json!({ "choice": list("One of these.") });
    if schema["type"] == "number" {
        let positive = json!({ "allOf": [value, { "exclusiveMinimum": 0 }] });
        ranges[Scale::Uniform.word()] = range("[low, high]; every number is equally likely.", value.clone());
        ranges[Scale::LogUniform.word()] =
            range("[low, high], above 0; every ratio is equally likely.", positive);
    }
    if schema["type"] == "number" || schema["type"] == "integer" {
        let whole = json!({ "allOf": [value, { "type": "integer" }] });
        ranges[Scale::Integer.word()] = range("[low, high]; every whole number is equally likely.", whole);
    }
    let table = json!({
        "description": "A range to draw from, or `choice` and a list.",
        "type": "object",
        "properties": ranges,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    });
    json!({ "description": description, "anyOf": [list("Its values."), table] })
}

/// The swept keys below `above`, as tables within tables.
fn as_tables(keys: &[Vec<String>], above: &[String]) -> Map<String, Value> {
    let mut tables = Map::new();
    for key in keys.iter().filter(|key| key.len() > above.len() && key.starts_with(above)) {
        let here = &key[..=above.len()];
        let name = &here[above.len()];
        if tables.contains_key(name) {
            continue;
        }
        let pointer = format!("#/properties/sweep/properties/parameters/properties/{}", here.join("."));
        let list = keys.iter().any(|key| key == here).then(|| json!({ "$ref": pointer }));
        let inner = as_tables(keys, here);
        let table = (!inner.is_empty())
            .then(|| json!({ "type": "object", "additionalProperties": false, "properties": inner }));
        let branches: Vec<Value> = list.into_iter().chain(table).collect();
        let value =
            if let [only] = branches.as_slice() { only.clone() } else { json!({ "anyOf": branches }) };
        tables.insert(name.clone(), value);
    }
    tables
}

#[cfg(test)]
mod tests;

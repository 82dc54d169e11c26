//! Paths of keys such as `optimizer.learning_rate` and `architecture.generator.layers[2].dense.units`.

use figment::value::{Dict, Num, Tag, Value};

/// The names from the top of the file down to a key; an element of a list is its index in digits.
pub(super) type Path = Vec<String>;

/// `"optimizer.learning_rate"` as a path. Not for keys that contain dots themselves.
pub(super) fn path(dotted: &str) -> Path {
    dotted.split('.').map(str::to_owned).collect()
}

/// The path of `key` below `parent`.
pub(super) fn below(parent: &[String], key: &str) -> Path {
    let mut path = parent.to_vec();
    path.push(key.to_owned());
    path
}

/// `architecture.generator.layers[2].dense.units`.
pub(super) fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for name in path {
        if name.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            text.push_str(&format!("[{name}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            if name.contains('.') {
                text.push_str(&format!("{name:?}"));
            } else {
                text.push_str(name);
            }
        }
    }
    text
}

/// The value at `path`, through tables and lists.
pub(super) fn find<'a>(root: &'a Dict, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(root.get(first)?, |value, name| child(value, name))
}

fn child<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Dict(_, dict) => dict.get(name),
        Value::Array(_, items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The table at `path`, if there is one.
pub(super) fn find_table<'a>(root: &'a Dict, path: &[String]) -> Option<&'a Dict> {
    find(root, path)?.as_dict()
}

/// Puts `value` at `path`, making the tables on the way; whatever stood in the way gives way. A list stays, where the path goes
/// on with the index of one of its elements.
pub(super) fn insert(root: &mut Dict, path: &[String], value: Value) {
    if let Some((first, rest)) = path.split_first() {
        put(root.entry(first.clone()).or_insert_with(|| Value::from(Dict::new())), rest, value);
    }
}

fn put(slot: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *slot = value;
        return;
    };
    if let Value::Array(_, items) = slot {
        let item = first.parse::<usize>().ok().and_then(|index| items.get_mut(index));
        if let Some(item) = item {
            return put(item, rest, value);
        }
    }
    if !matches!(slot, Value::Dict(..)) {
        *slot = Value::from(Dict::new());
    }
    if let Value::Dict(_, dict) = slot {
        insert(dict, path, value);
    }
}

/// Takes the key at `path` out of its table. A list element stays, so that the indices of its neighbours keep meaning
/// the same places; `false` then, and where there is nothing.
pub(super) fn remove(root: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => root.remove(last).is_some(),
        [first, rest @ ..] => match root.get_mut(first) {
            Some(Value::Dict(_, dict)) => remove(dict, rest),
            _ => false,
        },
    }
}

/// The value without its origin, so that figment gives it that of the layer which it goes into next.
pub(super) fn without_origin(value: &Value) -> Value {
    match value {
        Value::String(_, text) => Value::from(text.as_str()),
        Value::Char(_, character) => Value::from(*character),
        Value::Bool(_, flag) => Value::from(*flag),
        Value::Num(_, number) => Value::Num(Tag::Default, *number),
        Value::Empty(_, empty) => Value::Empty(Tag::Default, *empty),
        Value::Array(_, items) => items.iter().map(without_origin).collect::<Vec<_>>().into(),
        Value::Dict(_, dict) => {
            dict.iter().map(|(key, value)| (key.clone(), without_origin(value))).collect::<Dict>().into()
        }
    }
}

/// A value as it would stand in a file, on one line.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, character) => format!("{:?}", character.to_string()),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => match whole(*number) {
            Some(whole) => whole.to_string(),
            None => show_number(number.to_f64().unwrap_or(f64::NAN)),
        },
        Value::Empty(..) => "nothing".to_owned(),
        Value::Array(_, items) => {
            let items: Vec<_> = items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Dict(_, dict) => {
            let entries: Vec<_> =
                dict.iter().map(|(key, value)| format!("{key} = {}", show(value))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
    }
}

/// The number, if it is whole by type: figment asks signed and unsigned ones apart.
pub(super) fn whole(number: Num) -> Option<i128> {
    number.to_i128().or_else(|| i128::try_from(number.to_u128()?).ok())
}

/// A whole number in groups of three digits, as TOML takes it: `65_536`.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len() > 4 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// A number the way a person writes it: `0.5`, `1e-7`, `-1`, `inf`.
pub(super) fn show_number(number: f64) -> String {
    if number.is_nan() {
        "nan".to_owned()
    } else if number == number.trunc() && number.abs() < 1e15 {
        format!("{number}")
    } else {
        format!("{number:?}")
    }
}

//! A misfit in a reader's words, with the nearest valid ones.

use figment::value::Dict;

use super::check::{Finding, Mark};
use super::elements;
use super::key::{self, Path, dotted, path};
use super::read::{Kind, Misfit, keys_of};
use super::{SECTIONS, TOP, words};
use super::{architecture, dataset, evaluation, logging, objective, optimizer, sweep, training};

/// The finding for a misfit at `misfit.path` from the top of the file; `root` holds the values.
pub(super) fn explain(root: &Dict, misfit: Misfit) -> Finding {
    let Misfit { path, kind } = misfit;
    let name = dotted(&path);
    match kind {
        Kind::UnknownKey(known) => unknown_key(path, known),
        Kind::UnknownWord(word, known) => unknown_word(path, &word, known),
        Kind::Missing(missing) => missing_key(&path, missing),
        Kind::Type { expected, .. } if is_list(&expected) && missing_element(root, &path).is_some() => {
            let index = missing_element(root, &path).unwrap_or_default();
            let message = format!("`{name}` has no element {index} to change");
            let finding =
                Finding::new(key::below(&path, &index), Mark::Key, message).label("no such element");
            finding.help(format!(
                "it must be {expected}; its elements are counted from 0, and one can be changed where there is a list with it \
                 already: else give the whole list"
            ))
        }
        Kind::Type { found, expected } => {
            let message = format!("`{name}` must be {expected}, but is {found}");
            let finding = Finding::new(path.clone(), Mark::Value, message)
                .label(format!("must be {}", brief(&expected)));
            match quoted_number(root, &path, &expected) {
                Some(bare) => finding.help(format!("remove the quotes: {bare}")),
                None => finding,
            }
        }
        Kind::NotOneWord { found, words } => {
            let message =
                format!("`{name}` must be one word with its parameters, but is a table of {found} keys");
            let finding = Finding::new(path, Mark::Value, message).label("needs exactly one key");
            finding.help(format!("keep one of {}", words::list(words)))
        }
        Kind::NeedsParameters(word) => {
            let finding = Finding::new(path, Mark::Value, format!("`{word}` needs its parameters"));
            finding.label("needs parameters").help(format!("write {{ {word} = … }}{}", example(&word)))
        }
        Kind::TakesNoParameters(word) => {
            let finding = Finding::new(path, Mark::Key, format!("`{word}` takes no parameters"));
            finding.label("takes no parameters").help(format!("write just \"{word}\""))
        }
        Kind::Length { found, expected } => {
            let message = format!("`{name}` must be {expected}, but has {found} elements");
            Finding::new(path, Mark::Value, message).label("a list of the wrong length")
        }
        Kind::Other(message) => Finding::new(path, Mark::Value, format!("`{name}`: {message}")),
        Kind::Names(_) => Finding::new(path, Mark::Value, format!("`{name}` cannot be read")),
    }
}

fn is_list(expected: &str) -> bool {
    expected.starts_with("a list")
}

/// Where a table of elements stands and not the list that they would be in, the last of them.
fn missing_element(root: &Dict, path: &[String]) -> Option<String> {
    let table = key::find_table(root, path).filter(|table| elements::are_elements(table))?;
    table.keys().max_by_key(|index| (index.len(), *index)).cloned()
}

/// The expectation without its example, for the label under the source line.
fn brief(expected: &str) -> &str {
    expected.split(" such as ").next().unwrap_or(expected).split(" `").next().unwrap_or(expected)
}

/// The number in a text where a number is wanted, as in `epochs = "10"`.
fn quoted_number(root: &Dict, path: &[String], expected: &str) -> Option<String> {
    let text = key::find(root, path)?.as_str()?;
    let number = match expected {
        "a whole number" => text.parse::<i64>().is_ok(),
        "a number" => text.parse::<f64>().is_ok(),
        "true or false" => text.parse::<bool>().is_ok(),
        _ => false,
    };
    number.then(|| text.to_owned())
}

/// How a word with parameters is written.
fn example(word: &str) -> &'static str {
    match word {
        "dense" => ", such as { dense = { units = 128 } }",
        "conv" => ", such as { conv = { channels = 64, kernel = 5, stride = 2 } }",
        "conv-transpose" => ", such as { conv-transpose = { channels = 64, kernel = 5, stride = 2 } }",
        "dropout" => ", such as { dropout = 0.3 }",
        "leaky-relu" => ", such as { leaky-relu = 0.3 }",
        "maxout" => ", such as { maxout = { units = 240, pieces = 5 } }",
        "residual" => {
            ", such as { residual = { layers = [\"relu\", { conv = { channels = 64, kernel = 3 } }] } }"
        }
        "label-embedding" => ", such as { label-embedding = { classes = 10, width = 50 } }",
        "label-projection" => ", such as { label-projection = { classes = 10 } }",
        "reshape" => ", such as { reshape = [7, 7, 256] }",
        "weight-clipping" => ", such as { weight-clipping = { bound = 0.01 } }",
        "max-norm" => ", such as { max-norm = { bound = 1.9365 } }",
        "gradient-penalty" => ", such as { gradient-penalty = { weight = 10 } }",
        "dragan" => ", such as { dragan = { weight = 10 } }",
        "r1" => ", such as { r1 = { gamma = 1 } }",
        "r2" => ", such as { r2 = { gamma = 1 } }",
        "linear" => ", such as { linear = { end = 0 } }",
        "cosine" => ", such as { cosine = { end = 0 } }",
        "exponential" => ", such as { exponential = { decay = 0.9999 } }",
        "gaussian" => ", such as { gaussian = { std = 0.1 } }",
        "normal" => ", such as { normal = { std = 0.02 } }",
        "uniform" => ", such as { uniform = { low = -0.05, high = 0.05 } }",
        _ => "",
    }
}

/// The keys of every table that has a name, for a key that stands in the wrong one.
fn tables() -> Vec<(&'static str, &'static [&'static str])> {
    let mut tables = vec![
        ("[dataset]", keys_of::<dataset::Section>()),
        ("[architecture]", keys_of::<architecture::Architecture>()),
        ("[objective]", keys_of::<objective::Section>()),
        ("[optimizer]", keys_of::<optimizer::Section>()),
        ("[training]", keys_of::<training::Section>()),
        ("[evaluation]", keys_of::<evaluation::Section>()),
        ("[logging]", keys_of::<logging::Section>()),
        ("[sweep]", keys_of::<sweep::Section>()),
        ("`logging.montage`", keys_of::<logging::Grid>()),
    ];
    tables.extend(sweep::tables());
    tables
}

/// How a table is spoken of: `[optimizer]`, or `` `logging.montage` `` deeper down.
fn table_name(table: &[String]) -> String {
    match table {
        [] => "the top of the file".to_owned(),
        [section] => format!("[{section}]"),
        _ => format!("`{}`", dotted(table)),
    }
}

fn unknown_key(path: Path, known: &[&str]) -> Finding {
    let (name, table) = path.split_last().expect("an unknown key has a name");
    let table = table_name(table);
    let message = format!("unknown key `{name}` in {table}");
    let near = words::nearest(name, known);
    let elsewhere =
        tables().into_iter().filter(|(other, keys)| *other != table && keys.contains(&name.as_str()));
    let elsewhere: Vec<&str> = elsewhere.map(|(table, _)| table).collect();
    let finding = Finding::new(path.clone(), Mark::Key, message).label("unknown key");
    // Among the parameters of a word, a section's key of the same name is a coincidence.
    let is_parameter = path.len() > 3;
    if !is_parameter && !elsewhere.is_empty() && !near.is_some_and(|near| words::almost_equal(name, near)) {
        return finding.help(format!("`{name}` is a key of {}", elsewhere.join(" and of ")));
    }
    if known.is_empty() {
        return finding.help("it takes no keys");
    }
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    finding.help(format!("{near}{table} has the keys {}", words::list(known)))
}

/// A key at the top of the file that is neither a key there nor a section.
pub(super) fn unknown_top(name: &str, is_table: bool) -> Finding {
    let known = if is_table { SECTIONS } else { TOP };
    if !is_table {
        return unknown_key(path_of(name), known);
    }
    let finding =
        Finding::new(path_of(name), Mark::Key, format!("unknown section [{name}]")).label("unknown section");
    let near = words::nearest(name, known).map(|near| format!("did you mean [{near}]? ")).unwrap_or_default();
    let sections: Vec<String> = known.iter().map(|section| format!("[{section}]")).collect();
    finding.help(format!("{near}the sections are {}", sections.join(", ")))
}

fn path_of(name: &str) -> Path {
    vec![name.to_owned()]
}

fn unknown_word(path: Path, word: &str, known: &[&str]) -> Finding {
    // A table's word is the last name of the path; the key is what stands before it.
    let is_table_key = path.last().is_some_and(|name| name == word) && path.len() > 1;
    let key = if is_table_key { dotted(&path[..path.len() - 1]) } else { dotted(&path) };
    let mark = if is_table_key { Mark::Key } else { Mark::Value };
    let layers = key.contains("layers[");
    let message = if layers {
        format!("unknown layer `{word}` at `{key}`")
    } else {
        format!("unknown word `{word}` for `{key}`")
    };
    let all = if layers { "the layers are" } else { "the words are" };
    let near = words::nearest(word, known).map(|near| format!("did you mean `{near}`? "));
    let help = format!("{}{all} {}", near.unwrap_or_default(), words::list(known));
    let label = if layers { "unknown layer" } else { "unknown word" };
    Finding::new(path, mark, message).label(label).help(help)
}

fn missing_key(table: &[String], missing: &str) -> Finding {
    let at = key::below(table, missing);
    let finding = Finding::new(at, Mark::Table, format!("{} needs the key `{missing}`", table_name(table)));
    let finding = finding.label("incomplete");
    match (dotted(table).as_str(), missing) {
        ("architecture", "family") => finding.help(
            "add [architecture] with family = \"dcgan\" (for 28×28 and 32×32 images), \"mlp\", \"slanted-faces\", \
             \"custom\", \"began\", \"vae\" or \"classifier\"",
        ),
        ("", _) => finding,
        _ => finding.help(format!("add {missing} = …")),
    }
}

/// A section that is not a table.
pub(super) fn not_a_table(section: &str, found: &str) -> Finding {
    let message = format!("`{section}` is a section of keys, but is {found} here");
    Finding::new(path(section), Mark::Value, message)
        .label("must be a section")
        .help(format!("write [{section}] on a line of its own and its keys below"))
}

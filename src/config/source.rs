//! The texts a configuration comes from (a file, an environment variable, `--set`), read into layers that remember
//! the place of every key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use miette::NamedSource;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Error, Problem};
use super::key::{self, Path};
use super::words;

/// The largest experiment file that is read, in bytes.
pub const LARGEST_FILE: u64 = 1 << 20;

/// What kind of text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Default,
    File(PathBuf),
    Environment(String),
    Set,
}

/// One text that keys come from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) kind: Kind,
    pub(super) named: NamedSource<Arc<str>>,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn new(kind: Kind, text: &str) -> Arc<Self> {
        let name = match &kind {
            Kind::Default => "built-in defaults".to_owned(),
            Kind::File(path) => path.display().to_string(),
            Kind::Environment(_) => "environment variable".to_owned(),
            Kind::Set => "--set".to_owned(),
        };
        let text: Arc<str> = text.into();
        Arc::new(Self { kind, named: NamedSource::new(name, text.clone()).with_language("TOML"), text })
    }
}

/// A place in a text: what an error points at.
#[derive(Clone, Debug)]
pub struct Place {
    pub(super) source: Arc<Source>,
    pub(super) span: Option<Range<usize>>,
}

impl Place {
    /// The whole text.
    pub(super) fn whole(source: &Arc<Source>) -> Self {
        Self { source: source.clone(), span: None }
    }

    pub(super) fn at(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self { source: source.clone(), span: Some(span) }
    }

    /// The file, if the place is in one.
    pub fn file(&self) -> Option<&FilePath> {
        match &self.source.kind {
            Kind::File(path) => Some(path),
            _ => None,
        }
    }

    /// Line and column, both from 1, the column in characters; `None` where the place is a whole file.
    pub fn position(&self) -> Option<(usize, usize)> {
        let start = self.span.as_ref()?.start.min(self.source.text.len());
        let before = self.source.text.get(..start)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let first = if line_start == 0 {
            before.strip_prefix('\u{feff}').unwrap_or(before)
        } else {
            &before[line_start..]
        };
        Some((before.matches('\n').count() + 1, first.chars().count() + 1))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source.kind {
            Kind::Default => f.write_str("built-in default"),
            Kind::Environment(name) => write!(f, "environment variable {name}"),
            Kind::Set => write!(f, "--set {}", self.source.text),
            Kind::File(path) => match self.position() {
                Some((line, column)) => write!(f, "{}:{line}:{column}", path.display()),
                None => write!(f, "{}", path.display()),
            },
        }
    }
}

/// Where one key stands: the key itself and its value.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) key: Place,
    pub(super) value: Place,
}

/// One layer of configuration: values, and the spot of each key.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) values: Dict,
    pub(super) spots: BTreeMap<Path, Spot>,
    /// The keys that values were put at: of a file those of its top, of `--set` and of a sweep any.
    pub(super) given: BTreeSet<Path>,
}

impl Layer {
    /// Puts `value`, whose place is known as a whole, at `path`; the tables on the way stand at the same place.
    pub(super) fn put(&mut self, path: &[String], parsed: Parsed) {
        key::insert(&mut self.values, path, parsed.value);
        self.spots.retain(|spot, _| !spot.starts_with(path));
        self.given.retain(|given| !given.starts_with(path));
        self.given.insert(path.to_vec());
        for length in 1..path.len() {
            self.spots.entry(path[..length].to_vec()).or_insert_with(|| parsed.spot.clone());
        }
        self.spots.insert(path.to_vec(), parsed.spot);
        for (inner, spot) in parsed.inner {
            self.spots.insert([path, &inner].concat(), spot);
        }
    }
}

/// A layer on its way into figment, which hands its index back as the origin of each value.
pub(super) struct Numbered<'a>(pub(super) usize, pub(super) &'a Dict);

impl Provider for Numbered<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.1.clone())]))
    }
}

/// A value with its own spot and those of everything inside.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) value: Value,
    pub(super) spot: Spot,
    pub(super) inner: Vec<(Path, Spot)>,
}

/// Reads a file's text, with every reason against it named.
pub(super) fn read_file(path: &FilePath) -> Result<Arc<Source>, Error> {
    let empty = Source::new(Kind::File(path.to_owned()), "");
    let problem = |message: String| Problem::new(message, Place::whole(&empty));
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file `{shown}`"),
            _ => format!("`{shown}` cannot be read: {error}"),
        };
        let near = neighbour(path).map(|near| format!("did you mean `{}`?", near.display()));
        problem(message).help_maybe(near)
    })?;
    if metadata.is_dir() {
        return Err(problem(format!("`{shown}` is a folder, but an experiment is a TOML file")).into());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| problem(format!("`{shown}` cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST_FILE {
        let message = format!("`{shown}` is larger than 1 MiB, which no experiment file is");
        return Err(problem(message).help("is it the right file?").into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(Kind::File(path.to_owned()), &text)),
        Err(error) => {
            let bytes = error.as_bytes();
            let at = error.utf8_error().valid_up_to();
            let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
            let message =
                format!("`{shown}` is not UTF-8 text: line {line} holds the byte 0x{:02x}", bytes[at]);
            Err(problem(message).help("save the file as UTF-8 in your editor").into())
        }
    }
}

/// The file beside a missing one that was probably meant.
fn neighbour(path: &FilePath) -> Option<PathBuf> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => FilePath::new("."),
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .take(10_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let wanted = path.file_name()?.to_str()?;
    let bare = wanted.strip_suffix(".toml").unwrap_or(wanted);
    let stems: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".toml")).collect();
    let near = if stems.contains(&bare) { bare } else { words::nearest(bare, &stems)? };
    Some(path.with_file_name(format!("{near}.toml")))
}

/// A TOML document as a layer.
pub(super) fn parse_document(source: &Arc<Source>) -> Result<Layer, Error> {
    let document = DeTable::parse(&source.text).map_err(|error| syntax(source, 0, &error))?;
    let mut layer = Layer::default();
    for (name, item) in document.get_ref().iter() {
        let parsed = convert(source, 0, Place::at(source, name.span()), item)?;
        layer.put(&[name.get_ref().clone().into_owned()], parsed);
    }
    Ok(layer)
}

/// A key in TOML's dotted form, bare or quoted, such as `sweep.parameters."optimizer.learning_rate"`.
fn parse_key(text: &str) -> Option<Path> {
    let document = format!("{text} = 0");
    let mut table = DeTable::parse(&document).ok()?.into_inner();
    let mut path = Path::new();
    loop {
        if table.len() != 1 {
            return None;
        }
        let (name, value) = table.into_iter().next()?;
        path.push(name.into_inner().into_owned());
        match value.into_inner() {
            DeValue::Table(inner) => table = inner,
            DeValue::Integer(_) => return Some(path),
            _ => return None,
        }
    }
}

/// The layer of all `--set key=value` arguments; of two for one key, the later wins.
pub(super) fn parse_sets(arguments: &[String]) -> Result<Layer, Error> {
    let mut layer = Layer::default();
    for argument in arguments {
        let source = Source::new(Kind::Set, argument);
        let Some((name, value)) = argument.split_once('=') else {
            let problem = Problem::new(format!("`--set {argument}` has no `=`"), Place::whole(&source));
            return Err(problem
                .help("write it as `--set section.key=value`, such as `--set training.epochs=5`")
                .into());
        };
        let Some(path) = parse_key(name) else {
            let place = Place::at(&source, 0..name.len());
            let problem = Problem::new(format!("`{name}` is not a key"), place).label("not a key");
            return Err(problem
                .help("a key is words joined by dots, such as `optimizer.learning_rate`")
                .into());
        };
        let parsed = parse_loose(&source, 0..name.len(), name.len() + 1, value)?;
        layer.put(&path, parsed);
    }
    Ok(layer)
}

/// The environment's variables as text. `std::env::vars` panics where one of them, of whatever program, is not UTF-8.
///
/// In a value for the configuration, bytes that are not UTF-8 become U+FFFD, which the checks then refuse.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

/// What an environment variable that is meant for the configuration begins with.
pub const ENVIRONMENT_PREFIX: &str = "ATELIER__";

/// The layer of all environment variables `ATELIER__SECTION__KEY`.
pub(super) fn parse_environment(variables: impl Iterator<Item = (String, String)>) -> Result<Layer, Error> {
    let mut variables: Vec<_> = variables.filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX)).collect();
    variables.sort();
    let mut layer = Layer::default();
    for (name, value) in variables {
        let source = Source::new(Kind::Environment(name.clone()), &format!("{name}={value}"));
        let path: Path = name[ENVIRONMENT_PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        if path.iter().any(String::is_empty) {
            let place = Place::at(&source, 0..name.len());
            let problem = Problem::new(format!("`{name}` does not name a key"), place).label("an empty name");
            return Err(problem
                .help("write it as ATELIER__SECTION__KEY, such as ATELIER__TRAINING__EPOCHS")
                .into());
        }
        let parsed = parse_loose(&source, 0..name.len(), name.len() + 1, &value)?;
        layer.put(&path, parsed);
    }
    Ok(layer)
}

/// A TOML value, or else a bare word as a string; `offset` is where `text` begins in the source.
fn parse_loose(source: &Arc<Source>, name: Range<usize>, offset: usize, text: &str) -> Result<Parsed, Error> {
    let key = Place::at(source, name);
    match DeValue::parse(text) {
        Ok(value) if !matches!(value.get_ref(), DeValue::Datetime(_)) => convert(source, offset, key, &value),
        Err(error)
            if text.trim().is_empty() || text.contains(['"', '\'', '[', ']', '{', '}', '#', '=', '\n']) =>
        {
            if text.trim().is_empty() {
                let problem = Problem::new("no value is given after the `=`", key).label("needs a value");
                return Err(problem.into());
            }
            Err(syntax(source, offset, &error))
        }
        _ => {
            let word = text.trim();
            let start = offset + (text.len() - text.trim_start().len());
            let value = Place::at(source, start..start + word.len());
            Ok(Parsed { value: Value::from(word), spot: Spot { key, value }, inner: Vec::new() })
        }
    }
}

/// A parsed TOML value as figment's, with the spots of everything in it.
fn convert(
    source: &Arc<Source>,
    offset: usize,
    key: Place,
    item: &Spanned<DeValue<'_>>,
) -> Result<Parsed, Error> {
    let shift = |span: Range<usize>| span.start + offset..span.end + offset;
    let place = Place::at(source, shift(item.span()));
    let mut inner = Vec::new();
    let value = match item.get_ref() {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => {
                let message = format!("the whole number {number} is too large: the largest is {}", i64::MAX);
                return Err(Problem::new(message, place).label("too large").into());
            }
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => Value::from(number),
            Err(error) => {
                let message = format!("`{number}` is not a number: {error}");
                return Err(Problem::new(message, place).label("not a number").into());
            }
        },
        DeValue::Datetime(date) => {
            let problem =
                Problem::new(format!("`{date}` is a date, and no key takes one"), place).label("a date");
            return Err(problem.help(format!("a text goes in quotes: \"{date}\"")).into());
        }
        DeValue::Array(items) => {
            let mut values = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let whole = Place::at(source, shift(item.span()));
                values.push(collect(convert(source, offset, whole, item)?, index.to_string(), &mut inner));
            }
            Value::from(values)
        }
        DeValue::Table(table) => {
            let mut dict = Dict::new();
            for (name, item) in table.iter() {
                let parsed = convert(source, offset, Place::at(source, shift(name.span())), item)?;
                let name = name.get_ref().clone().into_owned();
                dict.insert(name.clone(), collect(parsed, name, &mut inner));
            }
            Value::from(dict)
        }
    };
    Ok(Parsed { value, spot: Spot { key, value: place }, inner })
}

/// Moves the spots of a child below its name into `inner` and gives back its value.
fn collect(child: Parsed, name: String, inner: &mut Vec<(Path, Spot)>) -> Value {
    for (path, spot) in child.inner {
        inner.push(([vec![name.clone()], path].concat(), spot));
    }
    inner.push((vec![name], child.spot));
    child.value
}

/// An error of the TOML parser, told in its own words at its own place.
fn syntax(source: &Arc<Source>, offset: usize, error: &toml::de::Error) -> Error {
    let message = error.message();
    let place = match error.span() {
        Some(span) => Place::at(source, span.start + offset..span.end + offset),
        None => Place::whole(source),
    };
    let problem = Problem::new(format!("this is not valid TOML: {message}"), place).label("not valid TOML");
    problem.into()
}

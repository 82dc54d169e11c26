//! From figment's merged values to structs, strictly.
//!
//! figment's own deserialiser takes a number as an enum's variant, ignores a second key beside a variant's name, and
//! tells neither apart in its errors. This one takes exactly what a file may say, and its errors hold the path and the
//! reason as data, so that they can be told well.

use std::collections::btree_map;
use std::fmt;

use figment::value::{Dict, Tag, Value};
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::de::{DeserializeOwned, VariantAccess};
use serde::forward_to_deserialize_any;

use super::key::{Path, show, whole};

/// A value that does not fit, and where it is below the value that was read.
#[derive(Clone, Debug)]
pub(super) struct Misfit {
    pub(super) path: Path,
    pub(super) kind: Kind,
}

/// Why a value does not fit.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The path ends in a key that the table does not have.
    UnknownKey(&'static [&'static str]),
    /// A word that is none of the enum's.
    UnknownWord(String, &'static [&'static str]),
    /// A table without a key that it needs.
    Missing(&'static str),
    /// Of the wrong type: what it is and what it must be.
    Type { found: String, expected: String },
    /// A table of an enum that does not have exactly one key.
    NotOneWord { found: usize, words: &'static [&'static str] },
    /// A word that needs a table of parameters, and was given none.
    NeedsParameters(String),
    /// A word that takes no parameters, and was given some.
    TakesNoParameters(String),
    /// A list of the wrong length.
    Length { found: usize, expected: String },
    /// Anything else serde may say.
    Other(String),
    /// Not an error: the keys of a struct or the words of an enum, for [`keys_of`].
    Names(&'static [&'static str]),
}

impl Misfit {
    fn new(kind: Kind) -> Self {
        Self { path: Path::new(), kind }
    }

    fn under(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Other(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Kind::Type { found: found.to_string(), expected: expected.to_string() })
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(found: usize, expected: &dyn de::Expected) -> Self {
        Self::new(Kind::Length { found, expected: expected.to_string() })
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord(word.to_owned(), known))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey(known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Kind::Missing(name))
    }
}

/// Reads a whole table.
pub(super) fn read<T: DeserializeOwned>(table: &Dict) -> Result<T, Misfit> {
    let value = Value::from(table.clone());
    T::deserialize(Reader(&value))
}

/// The keys that a struct takes.
pub(super) fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Probe) {
        Err(Misfit { kind: Kind::Names(names), .. }) => names,
        _ => &[],
    }
}

/// The words that an enum takes.
#[cfg(test)]
pub(super) fn words_of<T: DeserializeOwned>() -> &'static [&'static str] {
    keys_of::<T>()
}

/// What a value is, in a reader's words.
fn describe(value: &Value) -> String {
    match value {
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => "a list".to_owned(),
        Value::String(..) | Value::Char(..) => format!("the text {}", show(value)),
        _ => show(value),
    }
}

/// serde's words for what it expects, in a reader's.
fn translate(expected: &str) -> String {
    match expected {
        "i64" | "u64" | "i32" | "u32" | "usize" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a string" | "string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list in [brackets]".to_owned(),
        "a map" => "a table".to_owned(),
        other => other
            .replace("an array of length", "a list of length")
            .replace("a tuple of size", "a list of length"),
    }
}

/// Reads one value.
struct Reader<'a>(&'a Value);

impl Reader<'_> {
    fn wrong_type(&self, expected: String) -> Misfit {
        Misfit::new(Kind::Type { found: describe(self.0), expected })
    }

    /// Puts the value itself in place of serde's words for it, where the misfit is the value's own.
    fn tell(&self, misfit: Misfit) -> Misfit {
        match misfit {
            Misfit { path, kind: Kind::Type { expected, .. } } if path.is_empty() => {
                self.wrong_type(translate(&expected))
            }
            Misfit { path, kind: Kind::Length { found, expected } } => {
                Misfit { path, kind: Kind::Length { found, expected: translate(&expected) } }
            }
            other => other,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let result = match self.0 {
            Value::String(_, text) => visitor.visit_borrowed_str(text),
            Value::Char(_, character) => visitor.visit_char(*character),
            Value::Bool(_, flag) => visitor.visit_bool(*flag),
            Value::Num(_, number) => match (whole(*number), number.to_f64()) {
                (Some(whole), _) if i64::try_from(whole).is_ok() => visitor.visit_i64(whole as i64),
                (_, Some(real)) => visitor.visit_f64(real),
                _ => visitor.visit_unit(),
            },
            Value::Empty(..) => visitor.visit_none(),
            Value::Array(_, items) => read_list(items, visitor),
            Value::Dict(_, dict) => visitor.visit_map(Entries { left: dict.iter(), value: None }),
        };
        result.map_err(|misfit| self.tell(misfit))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Empty(..) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Dict(..) => self.deserialize_any(visitor),
            _ => Err(self.wrong_type(table_of(keys))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::String(_, word) => visitor.visit_enum(Word { word, parameters: None }),
            Value::Dict(_, dict) if dict.len() == 1 => {
                let (word, parameters) = dict.iter().next().expect("the table has one entry");
                visitor.visit_enum(Word { word, parameters: Some(parameters) })
            }
            Value::Dict(_, dict) => Err(Misfit::new(Kind::NotOneWord { found: dict.len(), words })),
            _ => Err(self.wrong_type(format!("one of the words {}", super::words::list(words)))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

fn table_of(keys: &[&str]) -> String {
    let entries: Vec<String> = keys.iter().map(|key| format!("{key} = …")).collect();
    format!("a table such as {{ {} }}", entries.join(", "))
}

fn read_list<'de, V: Visitor<'de>>(items: &'de [Value], visitor: V) -> Result<V::Value, Misfit> {
    let mut list = Items { items, next: 0 };
    let value = visitor.visit_seq(&mut list)?;
    if list.next < items.len() {
        let expected = format!("a list of length {}", list.next);
        return Err(Misfit::new(Kind::Length { found: items.len(), expected }));
    }
    Ok(value)
}

/// The elements of a list.
struct Items<'a> {
    items: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.get(self.next) else {
            return Ok(None);
        };
        let index = self.next.to_string();
        self.next += 1;
        seed.deserialize(Reader(item)).map(Some).map_err(|misfit| misfit.under(&index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// The entries of a table.
struct Entries<'a> {
    left: btree_map::Iter<'a, String, Value>,
    value: Option<(&'a String, &'a Value)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, value)) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some((key, value));
        let name: StrDeserializer<'_, Misfit> = key.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|misfit| misfit.under(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let (key, value) = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(Reader(value)).map_err(|misfit| misfit.under(key))
    }
}

/// The parameters of a word that stands alone.
static NO_PARAMETERS: Value = Value::Dict(Tag::Default, Dict::new());

/// A word, alone or with its parameters: `"none"` or `{ r1 = { gamma = 1 } }`.
struct Word<'a> {
    word: &'a str,
    parameters: Option<&'a Value>,
}

impl<'a> Word<'a> {
    fn parameters(&self) -> Result<&'a Value, Misfit> {
        self.parameters.ok_or_else(|| self.needs_parameters())
    }

    fn needs_parameters(&self) -> Misfit {
        Misfit::new(Kind::NeedsParameters(self.word.to_owned()))
    }
}

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        let name: StrDeserializer<'_, Misfit> = self.word.into_deserializer();
        let variant = seed.deserialize(name).map_err(|misfit| match self.parameters {
            Some(_) => misfit.under(self.word),
            None => misfit,
        })?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.parameters {
            None => Ok(()),
            Some(_) => Err(Misfit::new(Kind::TakesNoParameters(self.word.to_owned())).under(self.word)),
        }
    }

    /// A word whose parameters all have defaults may stand alone.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        match self.parameters {
            Some(parameters) => {
                seed.deserialize(Reader(parameters)).map_err(|misfit| misfit.under(self.word))
            }
            None => seed.deserialize(Reader(&NO_PARAMETERS)).map_err(|_| self.needs_parameters()),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Reader(self.parameters()?).deserialize_any(visitor).map_err(|misfit| misfit.under(self.word))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        Reader(self.parameters()?)
            .deserialize_struct("", keys, visitor)
            .map_err(|misfit| misfit.under(self.word))
    }
}

/// Asks a struct for its keys, or an enum for its words.
struct Probe;

impl<'de> Deserializer<'de> for Probe {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit::new(Kind::Names(&[])))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Misfit> {
        Err(Misfit::new(Kind::Names(keys)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Misfit> {
        Err(Misfit::new(Kind::Names(words)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

//! The tree read into types: a serde deserializer that knows what to say when a value does not fit.

use secrecy::ExposeSecret;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Reason};
use super::tree::{Entries, Node, Value};

/// What is expected where keys shall stand.
pub(crate) const SECTION: &str = "a section";

/// Reads a value of the tree as whatever type asks.
pub(crate) struct Decoder<'a>(pub(crate) &'a Node);

impl Decoder<'_> {
    fn refuse(&self, expected: &'static str) -> Fault {
        Fault::new(Reason::WrongType { expected }).at(&self.0.origin)
    }

    fn whole(&self, max: u64) -> Result<u64, Fault> {
        let expected = "a whole number, zero or more";
        let number = match &self.0.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            Value::Plain(text) => text.expose_secret().trim().parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.refuse(expected))?;
        if number > max { Err(Fault::new(Reason::TooLarge { max }).at(&self.0.origin)) } else { Ok(number) }
    }

    fn signed(&self) -> Result<i64, Fault> {
        let number = match &self.0.value {
            Value::Integer(number) => Some(*number),
            Value::Plain(text) => text.expose_secret().trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.refuse("a whole number"))
    }

    fn number(&self) -> Result<f64, Fault> {
        let number = match &self.0.value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Plain(text) => text.expose_secret().trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.refuse("a number"))
    }

    fn boolean(&self) -> Result<bool, Fault> {
        match &self.0.value {
            Value::Boolean(value) => Ok(*value),
            Value::Plain(text) => match text.expose_secret().trim() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(self.refuse("true or false")),
            },
            _ => Err(self.refuse("true or false")),
        }
    }

    fn text(&self) -> Result<&str, Fault> {
        let text = self.0.text().ok_or_else(|| self.refuse("a string in quotes"))?;
        Ok(text.expose_secret())
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.visit_u64(self.whole(u64::from(<$type>::MAX))?)
        }
    )*};
}

macro_rules! signed_numbers {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.visit_i64(self.signed()?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Fault;

    whole_numbers!(deserialize_u8: u8, deserialize_u16: u16, deserialize_u32: u32, deserialize_u64: u64);
    signed_numbers!(deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text: StrDeserializer<'_, Fault> = self.text()?.into_deserializer();
        visitor.visit_enum(text).map_err(|fault| fault.at(&self.0.origin))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::List(nodes) => visitor.visit_seq(List(nodes.iter())),
            Value::Plain(text) => {
                let items =
                    text.expose_secret().split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
                let nodes: Vec<Node> =
                    items.map(|item| Node::plain(self.0.origin.clone(), item.into())).collect();
                visitor.visit_seq(List(nodes.iter()))
            }
            _ => Err(self.refuse("a list, such as [\"one\", \"two\"]")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Section(entries) => visitor.visit_map(Section::new(entries)),
            _ => Err(self.refuse(SECTION)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Section(_) => self.deserialize_map(visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Quoted(_) | Value::Plain(_) => self.deserialize_str(visitor),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Other(_) => Err(self.refuse("a string, a number, true or false")),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct List<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(Decoder(node)).map(Some).map_err(|fault| fault.at(&node.origin))
    }
}

/// The entries of a section.
struct Section<'a> {
    entries: indexmap::map::Iter<'a, String, Node>,
    current: Option<(&'a String, &'a Node)>,
}

impl<'a> Section<'a> {
    fn new(entries: &'a Entries) -> Self {
        Self { entries: entries.iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Section<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.entries.next();
        let Some((key, node)) = self.current else { return Ok(None) };
        let text: StrDeserializer<'_, Fault> = key.as_str().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|fault| fault.at(&node.key).below(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, node)) = self.current else {
            return Err(Fault::new(Reason::Other("a value was asked for before its key".to_owned())));
        };
        seed.deserialize(Decoder(node)).map_err(|fault| fault.at(&node.origin).below(key))
    }
}

//! A serde deserializer over the tree that knows what to say when a value does not fit.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::misfit::{Misfit, Reason};
use crate::script::read::{Entry, Node, Value};

/// Reads a value of the tree as whatever type asks.
pub(crate) struct Decoder<'a>(pub(crate) &'a Node);

impl Decoder<'_> {
    fn refuse(&self, expected: &'static str) -> Misfit {
        Misfit::new(Reason::WrongType { expected: expected.into() }).at(self.0)
    }

    fn whole(&self, max: u64) -> Result<u64, Misfit> {
        let number = match self.0.value {
            Value::Integer(number) => u64::try_from(number).ok(),
            Value::Large(number) => Some(number),
            _ => None,
        };
        let number = number.ok_or_else(|| self.refuse("a whole number, zero or more"))?;
        if number > max { Err(Misfit::new(Reason::TooLarge { max }).at(self.0)) } else { Ok(number) }
    }

    fn number(&self) -> Result<f64, Misfit> {
        let number = match self.0.value {
            Value::Integer(number) => Some(number as f64),
            Value::Large(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.refuse("a number"))
    }

    fn text(&self) -> Result<&str, Misfit> {
        match &self.0.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.refuse("a text")),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.visit_u64(self.whole(u64::from(<$type>::MAX))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Misfit;

    whole_numbers!(deserialize_u8: u8, deserialize_u16: u16, deserialize_u32: u32, deserialize_u64: u64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0.value {
            Value::Boolean(value) => visitor.visit_bool(value),
            _ => Err(self.refuse("true or false")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    /// A key that is there has a value: one that was forgotten must not pass for a missing key.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let none_of = |_| Misfit::new(Reason::UnknownChoice { found: None, known: variants }).at(self.0);
        let text: StrDeserializer<'_, Misfit> = self.text().map_err(none_of)?.into_deserializer();
        visitor.visit_enum(text).map_err(|misfit| misfit.at(self.0))
    }

    /// Nothing is an empty list, as of a key whose items are commented out.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.value {
            Value::List(items) => visitor.visit_seq(List { items, next: 0 }),
            Value::Null => visitor.visit_seq(List { items: &[], next: 0 }),
            _ => Err(self.refuse("a list")),
        }
    }

    /// Nothing is an empty map, as of a key whose keys are commented out.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.0.value {
            Value::Map(entries) => visitor.visit_map(Map { entries, next: 0 }),
            Value::Null => visitor.visit_map(Map { entries: &[], next: 0 }),
            _ => Err(self.refuse("a map of keys and values")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let visited = match &self.0.value {
            Value::Map(entries) => visitor.visit_map(Map { entries, next: 0 }),
            Value::List(items) => visitor.visit_seq(List { items, next: 0 }),
            Value::Text(text) => visitor.visit_str(text),
            Value::Integer(number) => match u64::try_from(*number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i64(*number),
            },
            Value::Large(number) => visitor.visit_u64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Null => visitor.visit_unit(),
        };
        visited.map_err(|misfit| misfit.at(self.0))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The items of a list.
struct List<'a> {
    items: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let index = self.next;
        let Some(node) = self.items.get(index) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(Decoder(node)).map(Some).map_err(|misfit| misfit.at(node).in_item(index))
    }
}

/// The entries of a map.
struct Map<'a> {
    entries: &'a [Entry],
    next: usize,
}

impl<'de> MapAccess<'de> for Map<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(Entry { key, node }) = self.entries.get(self.next) else { return Ok(None) };
        let text: StrDeserializer<'_, Misfit> = key.text.as_str().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|misfit| misfit.at(node).below(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some(Entry { key, node }) = self.entries.get(self.next) else {
            return Err(Misfit::new(Reason::Other("a value was asked for before its key".to_owned())));
        };
        self.next += 1;
        seed.deserialize(Decoder(node)).map_err(|misfit| misfit.at(node).below(key))
    }
}

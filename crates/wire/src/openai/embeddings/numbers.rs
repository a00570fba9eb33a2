//! The numbers of a vector: an array of floats, or base64 of little-endian `f32`s.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings/create#embeddings_create-encoding_format>

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// How a vector's numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// An array of decimals, each the shortest that reads back as the same `f32`.
    #[default]
    Float,
    /// Base64 of the numbers as little-endian `f32`s; what the official clients ask for.
    Base64,
}

impl Encoding {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Base64 => "base64",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::Float, Self::Base64].into_iter().find(|encoding| encoding.as_str() == name)
    }
}

/// Numbers as they came, in either encoding.
pub(super) struct Numbers(pub(super) Vec<f32>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor).map(Self)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Vec<f32>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of numbers or a string in base64")
    }

    // Asked for as `f32`s: a decimal that is rounded to `f64` first may end up one step beside.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<f32>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<f32>, E> {
        let bytes = STANDARD.decode(text).map_err(E::custom)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        match rest {
            [] => Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
            _ => Err(E::custom("the bytes in base64 are no whole number of floats")),
        }
    }
}

/// Numbers to be written.
pub(super) struct WrittenNumbers<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) encoding: Encoding,
}

impl Serialize for WrittenNumbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.encoding {
            Encoding::Float => self.numbers.serialize(serializer),
            Encoding::Base64 => {
                let bytes: Vec<u8> = self.numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                serializer.serialize_str(&STANDARD.encode(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<f32>, serde_json::Error> {
        serde_json::from_str::<Numbers>(json).map(|numbers| numbers.0)
    }

    fn write(numbers: &[f32], encoding: Encoding) -> String {
        serde_json::to_string(&WrittenNumbers { numbers, encoding }).unwrap()
    }

    #[test]
    fn floats_are_written_short() {
        let written = write(&[0.1, -0.023_468_018, 1.0, 1.2e-8, 0.0], Encoding::Float);
        assert_eq!(written, "[0.1,-0.023468018,1.0,1.2e-8,0.0]");
    }

    #[test]
    fn base64_is_little_endian() {
        assert_eq!(write(&[1.0, -2.0], Encoding::Base64), r#""AACAPwAAAMA=""#);
        assert_eq!(read(r#""AACAPwAAAMA=""#).unwrap(), [1.0, -2.0]);
        assert_eq!(read(r#""""#).unwrap(), [0.0; 0]);
    }

    #[test]
    fn decimals_are_rounded_once() {
        // Just below the middle of two floats; as a double it is the middle itself.
        assert_eq!(read("[1.00000017881393432617187499]").unwrap(), [1.000_000_1]);
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for json in ["7", "null", "{}", r#"["1"]"#, "[null]", "[[1]]", r#""AAAA""#, r#""no base64""#] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}

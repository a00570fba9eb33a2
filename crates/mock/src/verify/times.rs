//! How often something is expected.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// How often something is expected: a number, `never`, or a map with `at_least` and `at_most`.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use playhouse_mock::verify::Times;
///
/// let times: Times = serde_json::from_str(r#"{"at_least": 1, "at_most": 3}"#)?;
/// assert_eq!(times, Times::from(1..=3));
/// assert_eq!(times.to_string(), "1 to 3 calls");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    at_least: u64,
    at_most: Option<u64>,
}

impl Times {
    /// Not once.
    pub const NEVER: Self = Self { at_least: 0, at_most: Some(0) };

    /// Once or more.
    pub const SOME: Self = Self::at_least(1);

    /// So often or more.
    pub const fn at_least(times: u64) -> Self {
        Self { at_least: times, at_most: None }
    }

    /// So often or less.
    pub const fn at_most(times: u64) -> Self {
        Self { at_least: 0, at_most: Some(times) }
    }

    /// Whether this many are as many as expected.
    pub fn contains(self, times: u64) -> bool {
        times >= self.at_least && !self.exceeded_by(times)
    }

    /// Whether this many are more than expected.
    pub fn exceeded_by(self, times: u64) -> bool {
        self.at_most.is_some_and(|most| times > most)
    }

    /// Whether no number can be as expected.
    pub(super) fn is_impossible(self) -> bool {
        self.exceeded_by(self.at_least)
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::SOME
    }
}

impl From<u64> for Times {
    fn from(times: u64) -> Self {
        Self { at_least: times, at_most: Some(times) }
    }
}

impl From<RangeInclusive<u64>> for Times {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { at_least: *range.start(), at_most: Some(*range.end()) }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (_, Some(0)) => formatter.write_str("no call"),
            (least, Some(most)) if least == most => calls(formatter, "", most),
            (0, Some(most)) => calls(formatter, "at most ", most),
            (least, Some(most)) => write!(formatter, "{least} to {most} calls"),
            (least, None) => calls(formatter, "at least ", least),
        }
    }
}

fn calls(formatter: &mut fmt::Formatter<'_>, bound: &str, times: u64) -> fmt::Result {
    write!(formatter, "{bound}{times} {}", if times == 1 { "call" } else { "calls" })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    at_least: Option<u64>,
    at_most: Option<u64>,
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberWordOrBounds)
    }
}

struct NumberWordOrBounds;

impl<'de> Visitor<'de> for NumberWordOrBounds {
    type Value = Times;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, \"never\", or a map with `at_least` and `at_most`")
    }

    fn visit_u64<E: de::Error>(self, times: u64) -> Result<Times, E> {
        Ok(Times::from(times))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Times, E> {
        match word {
            "never" => Ok(Times::NEVER),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Times, A::Error> {
        let Bounds { at_least, at_most } = Bounds::deserialize(MapAccessDeserializer::new(map))?;
        if at_least.is_none() && at_most.is_none() {
            return Err(de::Error::custom("say `at_least`, `at_most`, or both"));
        }
        Ok(Times { at_least: at_least.unwrap_or(0), at_most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Times, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn times_are_written_in_three_ways() {
        assert_eq!(read("2"), Ok(Times::from(2)));
        assert_eq!(read("\"never\""), Ok(Times::NEVER));
        assert_eq!(read(r#"{"at_least": 2}"#), Ok(Times::at_least(2)));
        assert_eq!(read(r#"{"at_most": 2}"#), Ok(Times::at_most(2)));
    }

    #[test]
    fn anything_else_is_refused() {
        for json in ["-1", "1.5", "\"twice\"", "{}", r#"{"atleast": 1}"#, "null", "[1]"] {
            assert!(read(json).is_err(), "{json} was taken");
        }
    }

    #[test]
    fn bounds_hold_at_their_ends() {
        let times = Times::from(1..=2);
        assert_eq!([0, 1, 2, 3].map(|calls| times.contains(calls)), [false, true, true, false]);
        assert!(Times::NEVER.contains(0) && !Times::NEVER.contains(1));
        assert!(Times { at_least: 3, at_most: Some(1) }.is_impossible());
    }

    #[test]
    fn times_read_as_words() {
        let words = [Times::NEVER, Times::from(1), Times::from(2), Times::SOME, Times::at_most(3)];
        let words = words.map(|times| times.to_string());
        assert_eq!(words, ["no call", "1 call", "2 calls", "at least 1 call", "at most 3 calls"]);
    }
}

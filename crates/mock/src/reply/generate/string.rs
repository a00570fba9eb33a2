//! Strings.

use serde_json::{Map, Value};

use super::object::count;
use super::value::{Generator, Unmet};
use super::{format, pattern};

/// The longest string that is made.
const MAX_CHARACTERS: usize = 1 << 16;
/// Tries to find a string of a pattern that has the right length, and how many of them are alike.
const TRIES: u32 = 96;
const ALIKE: u32 = 8;

const WORDS: [&str; 12] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island", "juniper", "lagoon",
    "meadow",
];

impl Generator<'_> {
    /// A string of the pattern, the format and the length that are said.
    pub(super) fn string(&mut self, fields: &Map<String, Value>) -> Result<String, Unmet> {
        let min = count(fields, "minLength").unwrap_or(0);
        let max = count(fields, "maxLength").unwrap_or(MAX_CHARACTERS);
        if min > max || min > MAX_CHARACTERS {
            return Err(self.unmet("has a length that no string is made of"));
        }
        if let Some(pattern) = fields.get("pattern").and_then(Value::as_str) {
            return self.of_pattern(pattern, min, max);
        }
        let format = fields.get("format").and_then(Value::as_str);
        let formatted = format.and_then(|format| format::formatted(format, self.draw));
        Ok(formatted.unwrap_or_else(|| self.words(min, max)))
    }

    fn of_pattern(&mut self, pattern: &str, min: usize, max: usize) -> Result<String, Unmet> {
        let parsed = pattern::parse(pattern);
        let parsed =
            parsed.map_err(|reason| self.unmet(format!("has a pattern that is not understood: {reason}")))?;
        let mut tries = (0..TRIES).map(|attempt| pattern::matching(&parsed, attempt / ALIKE, self.draw));
        let found = tries.find(|text| (min..=max).contains(&text.chars().count()));
        found.ok_or_else(|| self.unmet("has a pattern of which no string with the right length was found"))
    }

    fn words(&mut self, min: usize, max: usize) -> String {
        let mut text = String::new();
        let mut words = 1 + self.draw.below(2);
        while words > 0 || text.len() < min {
            let space = if text.is_empty() { "" } else { " " };
            text.push_str(space);
            text.push_str(WORDS[self.draw.below(WORDS.len() as u64) as usize]);
            words = words.saturating_sub(1);
        }
        text.truncate(max);
        text
    }
}

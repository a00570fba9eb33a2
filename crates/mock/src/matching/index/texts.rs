//! Looking up rules by the texts they want at one place of a request.

use std::collections::HashMap;

use super::bits::Bits;
use super::grams::Grams;
use crate::matching::view::Text;

/// The rules that want a text at one place, by that text in lower case.
#[derive(Debug, Default)]
pub(super) struct TextIndex {
    wholes: HashMap<String, Vec<u32>>,
    parts: Grams,
}

/// The texts of a [`TextIndex`] before it is put together.
#[derive(Debug, Default)]
pub(super) struct Texts {
    wholes: HashMap<String, Vec<u32>>,
    parts: HashMap<String, Vec<u32>>,
}

impl Texts {
    pub(super) fn add_whole(&mut self, text: String, rule: u32) {
        self.wholes.entry(text).or_default().push(rule);
    }

    pub(super) fn add_part(&mut self, text: String, rule: u32) {
        self.parts.entry(text).or_default().push(rule);
    }

    pub(super) fn into_index(self) -> TextIndex {
        TextIndex { wholes: self.wholes, parts: Grams::of(self.parts) }
    }
}

impl TextIndex {
    pub(super) fn is_empty(&self) -> bool {
        self.wholes.is_empty() && self.parts.is_empty()
    }

    /// Adds the rules that may want a text like this.
    pub(super) fn add_wanting(&self, text: &Text<'_>, found: &mut Bits) {
        if !self.is_empty() {
            self.add_wanting_whole(text.folded(), found);
        }
    }

    /// Adds the rules that want this text, in lower case, and may want a part of it.
    pub(super) fn add_wanting_whole(&self, text: &str, found: &mut Bits) {
        if let Some(rules) = self.wholes.get(text) {
            found.add_all(rules);
        }
        self.add_wanting_part(text, found);
    }

    /// Adds the rules that may want a part of this text, in lower case.
    pub(super) fn add_wanting_part(&self, text: &str, found: &mut Bits) {
        self.parts.add_wanting_part(text, found);
    }
}

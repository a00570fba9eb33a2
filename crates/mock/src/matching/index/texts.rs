//! Looking up rules by the texts they want at one place of a request.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::bits::Bits;
use crate::matching::view::Text;

/// The rules that want a text at one place, by that text in lower case.
#[derive(Debug, Default)]
pub(super) struct TextIndex {
    wholes: HashMap<String, Vec<u32>>,
    /// Finds all parts that are in a text in one pass over it.
    finder: Option<AhoCorasick>,
    /// The rules of each part, by its number in the finder.
    rules_of_part: Vec<Vec<u32>>,
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

    /// Puts the index together. Rules that it cannot hold (their parts are too large to be looked
    /// for at once) are added to those that are always looked at.
    pub(super) fn into_index(self, always: &mut Bits) -> TextIndex {
        let (parts, rules_of_part): (Vec<_>, Vec<_>) = self.parts.into_iter().unzip();
        let finder = (!parts.is_empty()).then(|| AhoCorasick::new(parts).ok()).flatten();
        if finder.is_none() {
            rules_of_part.iter().for_each(|rules| add(Some(rules), always));
        }
        TextIndex { wholes: self.wholes, finder, rules_of_part }
    }
}

impl TextIndex {
    pub(super) fn is_empty(&self) -> bool {
        self.wholes.is_empty() && self.finder.is_none()
    }

    /// Adds the rules that want a text like this.
    pub(super) fn add_wanting(&self, text: &Text<'_>, found: &mut Bits) {
        if !self.is_empty() {
            self.add_wanting_whole(text.folded(), found);
        }
    }

    /// Adds the rules that want this text, in lower case, or a part of it.
    pub(super) fn add_wanting_whole(&self, text: &str, found: &mut Bits) {
        if !self.wholes.is_empty() {
            add(self.wholes.get(text), found);
        }
        self.add_wanting_part(text, found);
    }

    /// Adds the rules that want a part of this text, in lower case.
    pub(super) fn add_wanting_part(&self, text: &str, found: &mut Bits) {
        let Some(finder) = &self.finder else { return };
        // A part that comes again and again must not cost its rules again and again.
        let mut seen = Bits::under(self.rules_of_part.len());
        for part in finder.find_overlapping_iter(text) {
            let part = part.pattern().as_usize();
            if seen.insert(part) {
                add(self.rules_of_part.get(part), found);
            }
        }
    }
}

pub(super) fn add(rules: Option<&Vec<u32>>, found: &mut Bits) {
    for rule in rules.into_iter().flatten() {
        found.insert(*rule as usize);
    }
}

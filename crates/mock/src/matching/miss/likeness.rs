//! How much the texts that a rule wants are like those of a request.

use crate::matching::Ready;
use crate::matching::condition::{Condition, TextTest};
use crate::matching::fold::fold;
use crate::matching::view::View;

/// Only the first of a text is looked at.
const MAX_BYTES: usize = 4_096;
/// Bits of the set; trigrams share one rarely.
const BITS: usize = 1 << 16;

/// The trigrams (three bytes in a row) of what a user says. Texts that share many are alike, even
/// where a word is misspelt.
pub(super) struct Likeness {
    trigrams: Vec<u64>,
}

impl Likeness {
    /// What is like the last user message of a request.
    pub(super) fn to(view: &View<'_>) -> Self {
        let mut trigrams = vec![0; BITS / 64];
        for place in places(view.user.folded()) {
            trigrams[place / 64] |= 1 << (place % 64);
        }
        Self { trigrams }
    }

    /// Of a thousand trigrams that a rule wants of the user, how many are there.
    pub(super) fn of(&self, rule: &Ready) -> usize {
        let user = rule.conditions.iter().find_map(|condition| match condition {
            Condition::User(test) => Some(test),
            _ => None,
        });
        user.map_or(0, |test| texts(test).map(|text| self.of_text(&text)).max().unwrap_or(0))
    }

    fn of_text(&self, text: &str) -> usize {
        let (shared, all) = places(text).fold((0, 0), |(shared, all), place| {
            (shared + usize::from(self.trigrams[place / 64] & (1 << (place % 64)) != 0), all + 1)
        });
        shared * 1_000 / std::cmp::max(all, 1)
    }
}

fn texts(test: &TextTest) -> impl Iterator<Item = String> {
    let needles = test.is.iter().chain(&test.contains).map(|needle| fold(&needle.written));
    needles.chain(test.literals.iter().cloned())
}

/// Where the trigrams of a text are in the set.
fn places(text: &str) -> impl Iterator<Item = usize> {
    let bytes = &text.as_bytes()[..text.len().min(MAX_BYTES)];
    bytes.windows(3).map(|three| {
        let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        (number.wrapping_mul(0x9E37_79B1) >> 16) as usize
    })
}

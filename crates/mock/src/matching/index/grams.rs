//! Finding in one pass which of thousands of texts may be parts of a text.
//!
//! Each text is known by one gram: a few bytes in a row that it shares with the fewest others. A text
//! that has it in it has that gram too, so all grams of a text are looked up. (An automaton for all
//! texts at once finds them exactly, but takes time quadratic in their number to build where many
//! begin with another, like `item 1` and `item 12`.)

use std::collections::HashMap;

use super::bits::Bits;

/// The sizes of grams in bytes; a text is known by one of the largest that fits into it.
const SIZES: [usize; 4] = [8, 4, 2, 1];
/// Grams of one text that are compared; of a longer text, only some.
const MAX_COMPARED: usize = 64;
/// Bits of the filter for one gram.
const FILTER_BITS: usize = 16;

/// Texts by their grams.
#[derive(Debug, Default)]
pub(super) struct Grams(Vec<OfSize>);

/// Grams of one size.
#[derive(Debug)]
struct OfSize {
    size: usize,
    filter: Filter,
    /// The number of each gram.
    numbers: HashMap<u64, usize>,
    /// The rules that want a text known by a gram, by its number.
    rules: Vec<Vec<u32>>,
}

/// Says quickly of most grams that no text is known by them.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Grams {
    /// Grams of texts, each with the rules that want it.
    pub(super) fn of(texts: HashMap<String, Vec<u32>>) -> Self {
        let mut by_size: HashMap<usize, Vec<(String, Vec<u32>)>> = HashMap::new();
        for (text, rules) in texts {
            if let Some(size) = SIZES.into_iter().find(|size| *size <= text.len()) {
                by_size.entry(size).or_default().push((text, rules));
            }
        }
        Self(by_size.into_iter().map(|(size, texts)| OfSize::of(size, texts)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the rules that want a text that may be a part of this one.
    pub(super) fn add_wanting_part(&self, text: &str, found: &mut Bits) {
        self.0.iter().for_each(|grams| grams.add_wanting_part(text, found));
    }
}

impl OfSize {
    fn of(size: usize, texts: Vec<(String, Vec<u32>)>) -> Self {
        let mut sharers: HashMap<u64, usize> = HashMap::new();
        for gram in texts.iter().flat_map(|(text, _)| compared(text, size)) {
            *sharers.entry(gram).or_default() += 1;
        }
        let mut grams =
            Self { size, filter: Filter::for_grams(texts.len()), numbers: HashMap::new(), rules: Vec::new() };
        for (text, rules) in texts {
            let rarest = compared(&text, size).min_by_key(|gram| sharers.get(gram));
            rarest.into_iter().for_each(|gram| grams.add(gram, &rules));
        }
        grams
    }

    fn add(&mut self, gram: u64, rules: &[u32]) {
        self.filter.insert(gram);
        let number = *self.numbers.entry(gram).or_insert(self.rules.len());
        self.rules.resize_with(self.rules.len().max(number + 1), Vec::new);
        self.rules[number].extend_from_slice(rules);
    }

    fn add_wanting_part(&self, text: &str, found: &mut Bits) {
        // A gram that comes again and again must not cost its rules again and again.
        let mut seen = Bits::under(self.rules.len());
        for gram in grams(text, self.size).filter(|gram| self.filter.may_have(*gram)) {
            if let Some(number) = self.numbers.get(&gram)
                && seen.insert(*number)
            {
                found.add_all(&self.rules[*number]);
            }
        }
    }
}

impl Filter {
    fn for_grams(count: usize) -> Self {
        Self(vec![0; (count * FILTER_BITS / 64).next_power_of_two()])
    }

    fn insert(&mut self, gram: u64) {
        let (word, bit) = self.place(gram);
        self.0[word] |= bit;
    }

    fn may_have(&self, gram: u64) -> bool {
        let (word, bit) = self.place(gram);
        self.0[word] & bit != 0
    }

    fn place(&self, gram: u64) -> (usize, u64) {
        // The upper bits of a product with an odd number depend on all bits of the gram.
        let mixed = gram.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        ((mixed >> 6) as usize & (self.0.len() - 1), 1 << (mixed & 63))
    }
}

/// The grams of a text, as numbers: each the one before with a byte more at its end.
fn grams(text: &str, size: usize) -> impl Iterator<Item = u64> {
    let mask = u64::MAX >> (64 - 8 * size);
    let next = move |gram: &mut u64, byte| {
        *gram = (*gram << 8 | u64::from(byte)) & mask;
        Some(*gram)
    };
    text.bytes().scan(0, next).skip(size - 1)
}

/// Grams of a text by which it may be known, from all over it.
fn compared(text: &str, size: usize) -> impl Iterator<Item = u64> {
    let count = text.len() + 1 - size;
    grams(text, size).step_by(count.div_ceil(MAX_COMPARED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], text: &str) -> Vec<usize> {
        let texts = texts.iter().zip(0..).map(|(text, rule)| ((*text).to_owned(), vec![rule])).collect();
        let mut found = Bits::under(1_000);
        Grams::of(texts).add_wanting_part(text, &mut found);
        found.iter().collect()
    }

    #[test]
    fn parts_of_every_size_are_found() {
        let texts = ["a", "ab", "abc", "abcd", "cdefghi", "bcdefghi", "abcdefghijkl", "nowhere", "no", "x"];
        assert_eq!(found(&texts, "_abcdefghijkl_"), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(found(&texts, ""), [0; 0]);
    }

    #[test]
    fn a_text_is_known_by_what_tells_it_from_others() {
        let texts: Vec<_> =
            (0..500).map(|number| format!("the weather in the city number {number:03} of all")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        assert_eq!(found(&texts, &format!("What is {} today?", texts[123])), [123]);
    }

    #[test]
    fn in_a_long_text_not_all_grams_are_compared() {
        let long = "lorem ipsum ".repeat(1_000);
        assert_eq!(compared(&long, 8).count(), 64);
        assert_eq!(found(&[&long], &format!("x{long}y")), [0]);
    }
}

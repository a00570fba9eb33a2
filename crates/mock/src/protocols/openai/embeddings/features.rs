//! What a text is made of, as far as its vector tells: words, and what words are made of.

use std::collections::HashMap;

use playhouse_llm::EmbedInput;

/// How much a word weighs.
const WORD: u32 = 16;
/// Short words are mostly articles and prepositions, which say little of a text; so does a single
/// ideograph, beside its word.
const SHORT_WORD: u32 = 8;
/// Three letters in a row weigh little, so that `cat` is near `cats` but nearer still to `cat`.
const TRIGRAM: u32 = 4;
/// The text as it stands weighs least: the same words in another order are very near, but differ.
const WHOLE: u32 = 2;

/// How long a short word is at most, in characters.
const SHORT_CHARS: usize = 3;
/// How far a text is looked at: further than the vendor reads, which takes 8192 tokens, and not so
/// far that a sum of weighted directions could leave an `i32`.
const MAX_TEXT_BYTES: usize = 64 << 10;
const MAX_TOKENS: usize = 8192;

/// The features of one input, each a number that stands for it, with its weight.
#[derive(Debug)]
pub(super) struct Features {
    /// What every feature's number is drawn from: another model has other directions.
    seed: u64,
    /// The weight of one occurrence, and how many there are.
    counted: HashMap<u64, (u32, u32)>,
}

/// The features of an input. There is always one.
pub(super) fn of_input(input: &EmbedInput, model: &str) -> Features {
    let mut features = Features { seed: fnv(FNV_START, model.as_bytes()), counted: HashMap::new() };
    match input {
        EmbedInput::Text(text) => features.add_text(text),
        EmbedInput::Tokens(tokens) => features.add_tokens(tokens),
    }
    features
}

impl Features {
    /// Every feature with its weight in this text: a word that comes four times counts twice.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.counted.iter().map(|(feature, (weight, times))| (*feature, root(*weight, *times)))
    }

    fn add_text(&mut self, text: &str) {
        self.add(b'=', text.as_bytes(), WHOLE);
        let text = text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_lowercase();
        let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut letters = Vec::new();
        for word in words {
            letters.clear();
            letters.extend(std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')));
            self.add_word(word, &letters);
        }
    }

    fn add_tokens(&mut self, tokens: &[u32]) {
        let whole: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        self.add(b'=', &whole, WHOLE);
        for token in tokens.iter().take(MAX_TOKENS) {
            self.add(b't', &token.to_le_bytes(), WORD);
        }
    }

    /// Adds a word, whose letters stand between two blanks.
    fn add_word(&mut self, word: &str, letters: &[char]) {
        let is_short = letters.len() - 2 <= SHORT_CHARS;
        self.add(b'w', word.as_bytes(), if is_short { SHORT_WORD } else { WORD });
        for three in letters.windows(3) {
            let bytes = [three[0], three[1], three[2]].map(|char| u32::from(char).to_le_bytes());
            self.add(b'3', bytes.as_flattened(), TRIGRAM);
        }
        for char in letters.iter().filter(|char| is_ideograph(**char)) {
            self.add(b'i', &u32::from(*char).to_le_bytes(), SHORT_WORD);
        }
    }

    /// Adds a feature; `kind` keeps a word apart from three letters that spell the same.
    fn add(&mut self, kind: u8, bytes: &[u8], weight: u32) {
        let feature = fnv(fnv(self.seed, &[kind]), bytes);
        self.counted.entry(feature).or_insert((weight, 0)).1 += 1;
    }
}

/// The weight, times the square root of how often; whole numbers, so that no machine rounds otherwise.
fn root(weight: u32, times: u32) -> u32 {
    let square = u64::from(weight * weight) * u64::from(times);
    u32::try_from(square.isqrt()).unwrap_or(u32::MAX)
}

/// Whether a character is a word, or half of one, though no blank sets it apart.
fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

const FNV_START: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a: unlike the standard library's hashes, it is the same in every release.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(text: &str) -> Vec<u32> {
        let mut weights: Vec<u32> = of_input(&text.into(), "m").iter().map(|(_, weight)| weight).collect();
        weights.sort_unstable();
        weights
    }

    #[test]
    fn words_weigh_more_than_letters_and_short_words_less() {
        assert_eq!(weights("Lake"), [2, 4, 4, 4, 4, 16]);
        assert_eq!(weights("of"), [2, 4, 4, 8]);
    }

    #[test]
    fn a_word_that_comes_again_counts_less_each_time() {
        assert_eq!(weights("of OF of, Of"), [2, 8, 8, 16]);
    }

    #[test]
    fn there_is_always_a_feature() {
        assert_eq!(weights(""), [2]);
        assert_eq!(weights(" ?!"), [2]);
        assert_eq!(of_input(&EmbedInput::Tokens(Vec::new()), "m").iter().count(), 1);
    }

    #[test]
    fn ideographs_are_words_of_their_own() {
        assert_eq!(weights("日本"), [2, 4, 4, 8, 8, 8]);
    }

    #[test]
    fn an_endless_text_costs_no_more_than_a_long_one() {
        let endless: String = (0..100_000).map(|number| format!("{number:x} ")).collect();
        assert!(weights(&endless).len() < MAX_TEXT_BYTES);
        assert!(of_input(&vec![7; 1 << 20].into(), "m").iter().all(|(_, weight)| weight < 1 << 12));
    }
}

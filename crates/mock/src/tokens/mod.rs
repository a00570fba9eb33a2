//! Counting and splitting text as a model's tokenizer does.
//!
//! The vocabularies are OpenAI's. Their tables are made when the program is built and lie in it
//! ready for use, so that nothing has to be loaded: see `build/main.rs`.
//!
//! In reading order: `words`, `classes` → `merge` → `vocabulary`, `hash` (text to tokens) →
//! `prompt`, `offer` (requests) → `answer` → `cache`.

pub(crate) mod answer;
mod cache;
mod classes;
mod hash;
mod merge;
mod offer;
mod prompt;
mod vocabulary;
mod words;

pub use prompt::prompt_tokens;
use vocabulary::Vocabulary;
use words::Cutting;

/// The tokenizer of a family of models.
///
/// ```
/// use playhouse_mock::tokens::Tokenizer;
///
/// let tokenizer = Tokenizer::of_model("gpt-4o-mini");
/// assert_eq!(tokenizer.split("Hello there!"), ["Hello", " there", "!"]);
/// assert_eq!(tokenizer.count("Hello there!"), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tokenizer(Family);

/// Models that share a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Family {
    /// GPT-3.5, GPT-4 and the text embeddings.
    Cl100k,
    /// GPT-4o, GPT-4.1, GPT-5, the o-series, ChatGPT.
    O200k,
}

/// A piece of text that is whole characters, and how many tokens it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'text> {
    pub(crate) text: &'text str,
    pub(crate) tokens: u64,
}

/// What the names of models begin with that have the older vocabulary (`tiktoken/model.py`).
const CL100K_MODELS: [&str; 4] = ["gpt-4-", "gpt-3.5", "gpt-35", "text-embedding-"];

/// Texts shorter than this are counted as fast as they are looked up.
const MIN_CACHED_BYTES: usize = 64;

impl Tokenizer {
    /// The tokenizer of this model; names that are not known get that of the newest models.
    pub fn of_model(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let name = name.strip_prefix("ft:").unwrap_or(name);
        let base = name.split(':').next().unwrap_or(name);
        let is_older = base == "gpt-4" || CL100K_MODELS.iter().any(|prefix| base.starts_with(prefix));
        Self(if is_older { Family::Cl100k } else { Family::O200k })
    }

    /// How many tokens a text has.
    pub fn count(self, text: &str) -> u64 {
        let count = |word: &str| merge::token_count(self.vocabulary(), word.as_bytes()) as u64;
        words::words(text, self.cutting()).map(count).sum()
    }

    /// The token that ends a text, which is the last that a request can name.
    pub(crate) fn end_of_text(self) -> u32 {
        match self.0 {
            Family::Cl100k => 100_257,
            Family::O200k => 199_999,
        }
    }

    /// How many tokens a text has that may well be asked about again.
    pub(crate) fn count_once(self, text: &str) -> u64 {
        if text.len() < MIN_CACHED_BYTES {
            return self.count(text);
        }
        cache::count_once((self, text), || self.count(text))
    }

    /// The text cut into its tokens; cuts never fall inside a character, so a character that takes
    /// several tokens is one piece.
    pub fn split(self, text: &str) -> Vec<&str> {
        self.pieces(text).map(|piece| piece.text).collect()
    }

    /// The text cut into its tokens, with what each piece counts for.
    pub(crate) fn pieces(self, text: &str) -> impl Iterator<Item = Piece<'_>> {
        words::words(text, self.cutting()).flat_map(move |word| {
            let mut from = 0;
            let mut tokens = 0;
            self.token_ends(word).into_iter().filter_map(move |end| {
                tokens += 1;
                let piece = Piece { text: word.get(from..end)?, tokens };
                (from, tokens) = (end, 0);
                Some(piece)
            })
        })
    }

    fn token_ends(self, word: &str) -> Vec<usize> {
        merge::token_ends(self.vocabulary(), word.as_bytes())
    }

    fn vocabulary(self) -> &'static Vocabulary {
        match self.0 {
            Family::Cl100k => &vocabulary::CL100K,
            Family::O200k => &vocabulary::O200K,
        }
    }

    fn cutting(self) -> Cutting {
        match self.0 {
            Family::Cl100k => Cutting::Cl100k,
            Family::O200k => Cutting::O200k,
        }
    }
}

#[cfg(test)]
mod tests;

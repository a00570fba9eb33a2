//! Cutting text into the words that are turned into tokens one by one.
//!
//! OpenAI publishes regular expressions for this (`tiktoken_ext/openai_public.py` of
//! <https://github.com/openai/tiktoken>); here they are written out, because an expression over all
//! of Unicode takes milliseconds to build. The names in brackets are the alternatives they follow.

use super::classes::Classes;

/// How a vocabulary wants text cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cutting {
    /// Words keep capitals and small letters together.
    Cl100k,
    /// A word goes from capitals to small letters once.
    O200k,
}

const LINE_ENDS: &str = "\r\n";

/// The words of a text, in order; together they are the text.
pub(super) fn words(text: &str, cutting: Cutting) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word;
        (word, rest) = rest.split_at(word_end(rest, cutting));
        (!word.is_empty()).then_some(word)
    })
}

fn word_end(text: &str, cutting: Cutting) -> usize {
    let start = match cutting {
        Cutting::Cl100k => contraction(text, 0).or_else(|| letters(text)),
        Cutting::O200k => cased_letters(text),
    };
    let after_symbols = if cutting == Cutting::O200k { "\r\n/" } else { LINE_ENDS };
    start.or_else(|| number(text)).or_else(|| symbols(text, after_symbols)).unwrap_or_else(|| space(text))
}

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
fn contraction(text: &str, at: usize) -> Option<usize> {
    let mut after = text[at..].strip_prefix('\'')?.chars();
    let length = match (after.next()?, after.next().map(|second| second.to_ascii_lowercase())) {
        // The long s is a small form of the same capital.
        ('s' | 'S' | 't' | 'T' | 'm' | 'M' | 'd' | 'D', _) => 1,
        ('ſ', _) => 'ſ'.len_utf8(),
        ('r' | 'R' | 'v' | 'V', Some('e')) | ('l' | 'L', Some('l')) => 2,
        _ => return None,
    };
    Some(at + 1 + length)
}

/// `[^\r\n\p{L}\p{N}]?\p{L}+`
fn letters(text: &str) -> Option<usize> {
    let start = lead(text).unwrap_or(0);
    let end = run(text, start, Classes::LETTER);
    (end > start).then_some(end)
}

/// `[^\r\n\p{L}\p{N}]?` and capitals, small letters, or both; a contraction may follow.
fn cased_letters(text: &str) -> Option<usize> {
    let starts = || lead(text).into_iter().chain([0]);
    let small = starts().find_map(|start| capitals_then_small(text, start));
    let end = small.or_else(|| starts().find_map(|start| capitals(text, start)))?;
    contraction(text, end).or(Some(end))
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
fn capitals_then_small(text: &str, start: usize) -> Option<usize> {
    let small_from = run(text, start, Classes::CAPITAL);
    let end = run(text, small_from, Classes::SMALL);
    if end > small_from {
        return Some(end);
    }
    // What can be either is given back until one of them is the small part.
    let either = text[start..small_from].char_indices().rev();
    let mut either = either.filter(|(_, character)| Classes::of(*character).has(Classes::SMALL));
    either.next().map(|(at, character)| start + at + character.len_utf8())
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+`, where no small letters follow.
fn capitals(text: &str, start: usize) -> Option<usize> {
    let end = run(text, start, Classes::CAPITAL);
    (end > start).then_some(end)
}

/// `[^\r\n\p{L}\p{N}]`
fn lead(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let leads = !Classes::of(first).has(Classes::LETTER.or(Classes::NUMBER).or(Classes::LINE_END));
    leads.then_some(first.len_utf8())
}

/// `\p{N}{1,3}`
fn number(text: &str) -> Option<usize> {
    let digits = text.chars().take_while(|character| Classes::of(*character).has(Classes::NUMBER));
    let end: usize = digits.take(3).map(char::len_utf8).sum();
    (end > 0).then_some(end)
}

/// ` ?[^\s\p{L}\p{N}]+`, and what may come after it.
fn symbols(text: &str, after: &str) -> Option<usize> {
    let start = usize::from(text.starts_with(' '));
    let others = Classes::SPACE.or(Classes::LETTER).or(Classes::NUMBER);
    let end = end_of(text, start, |character| !Classes::of(character).has(others));
    (end > start).then(|| end_of(text, end, |character| after.contains(character)))
}

/// `\s*[\r\n]+|\s+$|\s+(?!\S)|\s+`
fn space(text: &str) -> usize {
    let end = run(text, 0, Classes::SPACE);
    if let Some(line_end) = text[..end].rfind(['\r', '\n']) {
        return line_end + 1;
    }
    let mut characters = text[..end].char_indices();
    match characters.next_back() {
        // The last one goes with the word that follows it.
        Some((last, _)) if last > 0 && end < text.len() => last,
        _ => end,
    }
}

fn run(text: &str, start: usize, classes: Classes) -> usize {
    end_of(text, start, |character| Classes::of(character).has(classes))
}

fn end_of(text: &str, start: usize, belongs: impl Fn(char) -> bool) -> usize {
    text[start..].find(|character| !belongs(character)).map_or(text.len(), |length| start + length)
}

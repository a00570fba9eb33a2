//! What a text must be like, and what it is.

use similar::{ChangeTag, TextDiff};

use super::excerpt::{back, forward, quoted, quoted_at};
use crate::matching::condition::TextTest;
use crate::matching::fold::fold;
use crate::matching::view::Text;

/// Letters that are shown before the first that differs.
const BEFORE: usize = 20;
/// Letters that are compared from there on.
const COMPARED: usize = 80;
/// Texts less alike than this are not compared: nothing is to be learnt from it.
const ALIKE: f32 = 0.5;

/// What a test wants of a text that it does not hold for, and what there is; `what` says which text
/// that is.
pub(super) fn text_difference(test: &TextTest, text: &Text<'_>, what: &str) -> String {
    let unmet = test.unmet(text);
    let change = unmet.is.as_ref().and_then(|is| change(&is.written, &text.written));
    let change = change.map(|change| format!("; the difference: {change}")).unwrap_or_default();
    let case =
        if differs_in_case_only(&unmet, text) { "; they differ in case only: say `ignore_case`" } else { "" };
    let shown = quoted_at(&text.written, place(&unmet, &text.written));
    format!("expected {}, {what} is {shown}{change}{case}", wanted(&unmet))
}

/// What a test wants of a text.
pub(super) fn wanted(test: &TextTest) -> String {
    let is = test.is.iter().map(|needle| format!("to be {}", quoted(&needle.written)));
    let needles: Vec<_> = test.contains.iter().map(|needle| quoted(&needle.written)).collect();
    let contains = (!needles.is_empty()).then(|| format!("to contain {}", needles.join(" and ")));
    let matches = test.pattern.iter().map(|pattern| format!("to match /{}/", pattern.written));
    let all: Vec<_> = is.chain(contains).chain(matches).collect();
    let case = if test.ignore_case { " in any case" } else { "" };
    if all.is_empty() { "any text".to_owned() } else { format!("{}{case}", all.join(" and ")) }
}

/// Where to look in a text for what it lacks: at the first letter that differs, or else at a word
/// of what it should contain.
fn place(unmet: &TextTest, text: &str) -> usize {
    if let Some(is) = &unmet.is {
        return shared_begin(&is.written, text);
    }
    let mut words = unmet.contains.iter().flat_map(|needle| needle.written.split_whitespace());
    words.find_map(|word| text.find(word)).unwrap_or(0)
}

fn differs_in_case_only(unmet: &TextTest, text: &Text<'_>) -> bool {
    !unmet.ignore_case
        && unmet.pattern.is_none()
        && unmet.is.as_ref().is_none_or(|needle| fold(&needle.written) == text.folded())
        && unmet.contains.iter().all(|needle| text.folded().contains(&fold(&needle.written)))
}

/// The words around the first letter that differs: `[-expected-]`, `{+found+}`.
fn change(expected: &str, found: &str) -> Option<String> {
    let begin = shared_begin(expected, found);
    let from = back(expected, begin, BEFORE);
    let window = |text: &str| text[from..begin + forward(&text[begin..], COMPARED)].to_owned();
    let (expected, found) = (window(expected), window(found));
    let diff = TextDiff::from_words(&expected, &found);
    if diff.ratio() < ALIKE {
        return None;
    }
    let changes = diff.iter_all_changes().map(|change| {
        let words = change.value().escape_debug();
        match change.tag() {
            ChangeTag::Equal => words.to_string(),
            ChangeTag::Delete => format!("[-{words}-]"),
            ChangeTag::Insert => format!("{{+{words}+}}"),
        }
    });
    let before = if from > 0 { "…" } else { "" };
    Some(format!("{before}{}", changes.collect::<String>().trim_start()))
}

/// How many bytes two texts have in common at their begin.
fn shared_begin(one: &str, other: &str) -> usize {
    let mut letters = one.char_indices().zip(other.chars());
    let differing = letters.find(|((_, one), other)| one != other);
    differing.map_or(one.len().min(other.len()), |((at, _), _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_differ_are_marked() {
        let shown = change("What is the weather in Paris?", "What is the time in Paris?");
        assert_eq!(shown.as_deref(), Some("What is the [-weather-]{+time+} in Paris?"));
        assert_eq!(change("one\ntwo", "one\ntwo\n").as_deref(), Some(r"one\ntwo{+\n+}"));
        assert_eq!(change("Hello", "Something else"), None);
    }

    #[test]
    fn only_what_is_around_the_first_difference_is_compared() {
        let (long, same) = ("word ".repeat(10_000), "ä".repeat(50));
        let shown = change(&format!("{same} x {long}"), &format!("{same} y {long}")).unwrap();
        assert!(shown.starts_with(&format!("…{} [-x-]{{+y+}} word", "ä".repeat(19))), "{shown}");
        assert!(shown.chars().count() < 120, "{shown}");
    }
}

//! Texts word by word.

use similar::{ChangeTag, TextDiff};

use super::spoken::literal;
use crate::script::TextMatch;

/// Longer texts are not compared word by word.
const MAX_BYTES: usize = 4096;

/// Texts less alike than this are not shown word by word: it would not help.
const MIN_LIKENESS: f32 = 0.4;

/// A word, or what is between two, and whose it is.
type Change<'a> = (ChangeTag, &'a str);

/// How alike two texts are, from 0 to 1; of long ones, how alike they begin.
pub(crate) fn likeness(expected: &str, actual: &str) -> f32 {
    let head = |text: &str| text.chars().take(200).collect::<String>().to_lowercase();
    TextDiff::from_chars(head(expected), head(actual)).ratio()
}

/// A wanted text beside the one that came, word by word: `[-weather-]{+wether+} in Paris`.
///
/// None where no text is wanted word for word, or the two have too little in common.
pub(super) fn word_diff(wanted: &TextMatch, actual: &str) -> Option<String> {
    let expected = literal(wanted)?;
    if expected.len() > MAX_BYTES || actual.len() > MAX_BYTES {
        return None;
    }
    let diff = TextDiff::from_words(expected, actual);
    let mut changes: Vec<_> = diff.iter_all_changes().map(|change| (change.tag(), change.value())).collect();
    if wanted.is.is_none() {
        trim_around(&mut changes);
    }
    let same: usize = bytes_of(&changes, ChangeTag::Equal);
    let other = bytes_of(&changes, ChangeTag::Insert) + bytes_of(&changes, ChangeTag::Delete);
    let likeness = 2.0 * same as f32 / (2 * same + other).max(1) as f32;
    (likeness >= MIN_LIKENESS).then(|| written(&changes))
}

/// Where only a part is wanted, what comes before and after it does not matter: of what stands
/// there, as many words are left as are missing.
fn trim_around(changes: &mut Vec<Change<'_>>) {
    let is_same = |change: &Change<'_>| change.0 == ChangeTag::Equal;
    let first = changes.iter().position(is_same).unwrap_or(changes.len());
    let last = changes.iter().rposition(is_same).map_or(first, |at| at + 1);
    let (missing_before, other_before) = by_side(&changes[..first]);
    let (missing_after, other_after) = by_side(&changes[last..]);
    let nearest_before = other_before.len().saturating_sub(missing_before.len());
    let nearest_after = other_after.len().min(missing_after.len());
    *changes = [
        &missing_before[..],
        &other_before[nearest_before..],
        &changes[first..last],
        &missing_after[..],
        &other_after[..nearest_after],
    ]
    .concat();
}

/// The changes of the wanted text, and those of the other.
fn by_side<'a>(changes: &[Change<'a>]) -> (Vec<Change<'a>>, Vec<Change<'a>>) {
    changes.iter().partition(|(tag, _)| *tag == ChangeTag::Delete)
}

fn bytes_of(changes: &[Change<'_>], tag: ChangeTag) -> usize {
    let those = changes.iter().filter(|(known, _)| *known == tag);
    those.map(|(_, text)| text.len()).sum()
}

fn written(changes: &[Change<'_>]) -> String {
    let runs = changes.chunk_by(|(left, _), (right, _)| left == right);
    let runs = runs.map(|run| {
        let text: String = run.iter().map(|(_, text)| *text).collect();
        match run[0].0 {
            ChangeTag::Equal => text,
            ChangeTag::Delete => format!("[-{text}-]"),
            ChangeTag::Insert => format!("{{+{text}+}}"),
        }
    });
    runs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::TextMatch;

    fn part(text: &str) -> TextMatch {
        TextMatch::from(text.to_owned())
    }

    fn whole(text: &str) -> TextMatch {
        TextMatch { is: Some(text.to_owned()), ..TextMatch::default() }
    }

    #[test]
    fn a_whole_text_is_compared_to_its_ends() {
        let words = word_diff(&whole("What is the weather in Paris?"), "And what is the weather in Rome?");
        assert_eq!(words.as_deref(), Some("[-What-]{+And what+} is the weather in [-Paris?-]{+Rome?+}"));
    }

    #[test]
    fn what_surrounds_a_part_does_not_matter() {
        let words =
            word_diff(&part("the weather in Paris"), "Tell me the weather of Paris please, and hurry");
        assert_eq!(words.as_deref(), Some("the weather [-in-]{+of+} Paris"));
        let words = word_diff(&part("What is the weather"), "What is the wether in Paris?");
        assert_eq!(words.as_deref(), Some("What is the [-weather-]{+wether+}"));
    }

    #[test]
    fn texts_that_have_little_in_common_are_not_compared() {
        assert_eq!(word_diff(&whole("What is the weather?"), "Hello"), None);
        assert_eq!(word_diff(&TextMatch::default(), "Hello"), None);
    }

    #[test]
    fn likeness_sees_letters() {
        assert!(likeness("weather", "wether") > likeness("weather", "Hello"));
        assert!((likeness("a", "A") - 1.0).abs() < f32::EPSILON);
    }
}

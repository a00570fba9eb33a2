//! Lines that begin a section.

/// What a line can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Thought,
    Action,
    Input,
    Observation,
    Answer,
}

/// The words for each, longer ones first where one begins another.
const WORDS: [(&str, Label); 9] = [
    ("thoughts", Label::Thought),
    ("thought", Label::Thought),
    ("action input", Label::Input),
    ("action_input", Label::Input),
    ("actioninput", Label::Input),
    ("action", Label::Action),
    ("observation", Label::Observation),
    ("final answer", Label::Answer),
    ("answer", Label::Answer),
];

/// Marks that models put around labels: Markdown of all kinds.
const MARKS: [char; 6] = ['*', '#', '_', '`', '>', '-'];

/// The label a line begins with, and what stands behind it.
pub(super) fn label(line: &str) -> Option<(Label, &str)> {
    let (name, label) = word(bare(line))?;
    let behind = without_number(name).trim_start_matches(MARKS).trim_start();
    let said = behind.strip_prefix(':').or_else(|| behind.strip_prefix('：'))?;
    Some((label, said.trim_start_matches(['*', '_', '`']).trim_start()))
}

/// Whether a line that has only begun may still turn out to have a label.
pub(super) fn may_become_label(line: &str) -> bool {
    let line = bare(line);
    if line.contains([':', '：']) {
        return false;
    }
    let is_whole = |behind: &str| without_number(behind).trim_start_matches(MARKS).trim_start().is_empty();
    WORDS.iter().any(|(word, _)| begins(word, line)) || word(line).is_some_and(|(behind, _)| is_whole(behind))
}

fn bare(line: &str) -> &str {
    line.trim_start_matches(|mark: char| mark.is_whitespace() || MARKS.contains(&mark))
}

fn word(line: &str) -> Option<(&str, Label)> {
    WORDS.iter().find_map(|(word, label)| {
        let head = line.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| (&line[word.len()..], *label))
    })
}

/// Some models number their steps, as the paper does: `Action 2:`.
fn without_number(behind: &str) -> &str {
    behind.trim_start().trim_start_matches(|digit: char| digit.is_ascii_digit()).trim_start()
}

fn begins(word: &str, line: &str) -> bool {
    word.get(..line.len()).is_some_and(|head| head.eq_ignore_ascii_case(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_however_they_are_decorated() {
        for line in [
            "Answer: 4",
            "  answer : 4",
            "**Answer:** 4",
            "### Final Answer: 4",
            "Answer 1: 4",
            "> Answer： 4",
        ] {
            assert_eq!(label(line), Some((Label::Answer, "4")), "{line}");
        }
        assert_eq!(label("Action Input: {}"), Some((Label::Input, "{}")));
        assert_eq!(label("**Action Input**: {}"), Some((Label::Input, "{}")));
        assert_eq!(label("Action: add"), Some((Label::Action, "add")));
    }

    #[test]
    fn other_lines_have_none() {
        for line in ["", "Answering: no", "The answer: 4", "Actions: two", "Answer", "Answer is: 4"] {
            assert_eq!(label(line), None, "{line}");
        }
    }

    #[test]
    fn a_line_that_has_begun_may_become_one() {
        for line in
            ["", "  ", "**", "A", "Act", "Action", "Action ", "Action 1", "Action Inp", "Observation", "Fin"]
        {
            assert!(may_become_label(line), "{line}");
        }
        for line in ["B", "Answers", "Action: x", "Action plan"] {
            assert!(!may_become_label(line), "{line}");
        }
    }
}

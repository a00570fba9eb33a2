//! "Did you mean": the known name that is nearest to an unknown one.

/// How alike two names are where one was probably meant for the other, from 0 to 1.
const ALIKE: f64 = 0.6;

/// How alike a name counts as that is a word of the other.
const A_WORD_OF: f64 = 0.7;

/// Names that others use for what is called otherwise here.
const SYNONYMS: [(&str, &str); 14] = [
    ("content", "text"),
    ("delay", "pace"),
    ("equals", "is"),
    ("error", "fault"),
    ("exact", "is"),
    ("finish_reason", "finish"),
    ("includes", "contains"),
    ("match", "when"),
    ("pattern", "matches"),
    ("prompt", "user"),
    ("regex", "matches"),
    ("response", "reply"),
    ("responses", "sequence"),
    ("status_code", "status"),
];

/// The known name that was most probably meant, if one is near enough.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    let means = |name: &&str| SYNONYMS.contains(&(&unknown, name));
    if let Some(name) = known.clone().into_iter().find(means) {
        return Some(name);
    }
    let scored = known.into_iter().map(|name| (likeness(&unknown, name), name));
    let (score, name) = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (score >= ALIKE).then_some(name)
}

fn likeness(unknown: &str, known: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(unknown, &known.to_lowercase());
    let is_word = unknown.len() > 2 && known.split(['_', '-']).any(|word| word == unknown);
    if is_word { edits.max(A_WORD_OF) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let known = ["tool_calls", "template", "text", "missing_done"];
        let cases = [
            ("tool_call", Some("tool_calls")),
            ("toolCalls", Some("tool_calls")),
            ("Text", Some("text")),
            ("done", Some("missing_done")),
            ("content", Some("text")),
            ("colour", None),
        ];
        for (unknown, meant) in cases {
            assert_eq!(nearest(unknown, known), meant, "{unknown}");
        }
    }
}

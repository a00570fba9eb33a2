//! "Did you mean": the known name that is nearest to an unknown one.

/// The known name that was most probably meant, if one is near enough.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    let scored = known.into_iter().map(|name| (likeness(&unknown, name), name));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (best.0 >= 0.6).then_some(best.1)
}

/// From 0 (nothing alike) to 1 (the same); a common beginning or end counts for more.
fn likeness(unknown: &str, known: &str) -> f64 {
    let edits = strsim::normalized_damerau_levenshtein(unknown, &known.to_lowercase());
    let is_part = unknown.len() > 2 && known.split('_').any(|word| word == unknown);
    if is_part { edits.max(0.7) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let known = ["retries", "retry_base_ms", "total_timeout_ms"];
        let cases = [
            ("retrys", Some("retries")),
            ("RETRIES", Some("retries")),
            ("total_timeout", Some("total_timeout_ms")),
            ("retry_base", Some("retry_base_ms")),
            ("colour", None),
        ];
        for (unknown, meant) in cases {
            assert_eq!(nearest(unknown, known), meant, "{unknown}");
        }
    }
}

//! Long texts shortened to what matters.

/// Letters that are shown of a text.
const SHOWN: usize = 160;
/// Letters that are shown before the place it is about.
const BEFORE: usize = 40;

/// A text in quotes, shortened to its begin.
pub(super) fn quoted(text: &str) -> String {
    quoted_at(text, 0)
}

/// A text in quotes, shortened to what is around this place in it (in bytes, where a letter begins).
pub(super) fn quoted_at(text: &str, place: usize) -> String {
    let from = if place == 0 || fits(text) { 0 } else { back(text, place, BEFORE) };
    let rest = &text[from..];
    let to = if fits(rest) { rest.len() } else { forward(rest, SHOWN) };
    let before = if from > 0 { "…" } else { "" };
    let after = if to < rest.len() { "…" } else { "" };
    let size = if from > 0 || to < rest.len() { format!(" ({} bytes)", text.len()) } else { String::new() };
    format!("{before}{:?}{after}{size}", &rest[..to])
}

/// Several texts in quotes, the last ones only if there are many.
pub(super) fn listed<S: AsRef<str>>(texts: &[S], at_most: usize) -> String {
    let left_out = texts.len().saturating_sub(at_most);
    let shown: Vec<_> = texts[left_out..].iter().map(|text| quoted(text.as_ref())).collect();
    let more = if left_out > 0 { format!("{left_out} more, ") } else { String::new() };
    format!("{more}{}", shown.join(", "))
}

fn fits(text: &str) -> bool {
    text.len() <= SHOWN || text.chars().nth(SHOWN).is_none()
}

/// The place so many letters before another.
pub(super) fn back(text: &str, place: usize, letters: usize) -> usize {
    text[..place].char_indices().rev().nth(letters.saturating_sub(1)).map_or(0, |(at, _)| at)
}

/// The place behind so many letters.
pub(super) fn forward(text: &str, letters: usize) -> usize {
    text.char_indices().nth(letters).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_as_it_is() {
        assert_eq!(quoted("say \"hi\"\n"), r#""say \"hi\"\n""#);
        assert_eq!(quoted_at("short", 4), r#""short""#);
    }

    #[test]
    fn a_long_text_is_shortened_around_the_place() {
        let text = format!("{}needle{}", "ä".repeat(500), "z".repeat(500));
        let shown = quoted_at(&text, 1_000);
        assert_eq!(shown, format!("…\"{}needle{}\"… (1506 bytes)", "ä".repeat(40), "z".repeat(114)));
        assert_eq!(quoted(&text), format!("\"{}\"… (1506 bytes)", "ä".repeat(160)));
    }

    #[test]
    fn of_many_texts_the_last_are_listed() {
        assert_eq!(listed(&["a", "b"], 2), r#""a", "b""#);
        assert_eq!(listed(&["a", "b", "c"], 2), r#"1 more, "b", "c""#);
    }
}

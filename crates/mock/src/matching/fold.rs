//! Text without the difference of upper and lower case.

/// The text in lower case, character by character.
///
/// Unlike [`str::to_lowercase`] it looks at no neighbours, so where a text contains another, the
/// folded text contains the folded other. The index stands on that.
pub(super) fn fold(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.chars().flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_is_gone() {
        assert_eq!(fold("Hello"), "hello");
        assert_eq!(fold("ÄÖÜ Straße"), "äöü straße");
    }

    #[test]
    fn a_part_of_a_text_is_a_part_of_its_folding() {
        // `str::to_lowercase` writes the last sigma of a word in another way than the others.
        assert!(fold("ΟΔΟΣΑ").contains(&fold("ΟΔΟΣ")));
    }
}

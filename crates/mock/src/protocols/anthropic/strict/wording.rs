//! Anthropic's sentences about a parameter, without the place that stands before them.
//!
//! The wording is that of recorded answers and of public reports of real ones.

use std::fmt::Display;

pub(crate) const MISSING: &str = "Field required";
pub(crate) const UNKNOWN: &str = "Extra inputs are not permitted";
/// Of an object that has no tag.
pub(crate) const MISSHAPEN: &str = "Input does not match the expected shape.";
/// Of an object that has one, or free names.
pub(crate) const NO_OBJECT: &str = "Input should be an object";
pub(crate) const NO_ARRAY: &str = "Input should be a valid array";
pub(crate) const NO_TEXT: &str = "Input should be a valid string";
pub(crate) const NO_BOOLEAN: &str = "Input should be a valid boolean";
pub(crate) const NO_INTEGER: &str = "Input should be a valid integer";
pub(crate) const NO_NUMBER: &str = "Input should be a valid number";
pub(crate) const EMPTY: &str = "String should have at least 1 character";

pub(crate) fn at_least(min: impl Display) -> String {
    format!("must be greater than or equal to {min}")
}

pub(crate) fn at_most(max: impl Display) -> String {
    format!("must be less than or equal to {max}")
}

pub(crate) fn range(min: impl Display, max: impl Display) -> String {
    format!("range: {min}..{max}")
}

pub(crate) fn too_long(max: usize) -> String {
    format!("String should have at most {max} characters")
}

pub(crate) fn no_match(pattern: &str) -> String {
    format!("String should match pattern '{pattern}'")
}

/// `Input should be 'a', 'b' or 'c'`.
pub(crate) fn one_of(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    let listed = match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    };
    format!("Input should be {listed}")
}

/// `tag` is the name of the member that says what kind of object it is.
pub(crate) fn unknown_kind(tag: &str, said: &str, kinds: &[&str]) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    format!(
        "Input tag '{said}' found using '{tag}' does not match any of the expected tags: {}",
        kinds.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_joined_as_anthropic_does() {
        assert_eq!(one_of(&["ephemeral"]), "Input should be 'ephemeral'");
        assert_eq!(one_of(&["auto", "standard_only"]), "Input should be 'auto' or 'standard_only'");
        assert_eq!(one_of(&["low", "medium", "high"]), "Input should be 'low', 'medium' or 'high'");
    }
}

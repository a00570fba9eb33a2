//! Texts as PostgreSQL takes them.

use std::borrow::Cow;

use crate::Scope;

/// The longest text that goes into an index; PostgreSQL has room for about 2,700 bytes.
const LONGEST_INDEXED: usize = 1_024;

/// The text without NUL, which PostgreSQL cannot hold: a replacement character stands where one was.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// The owner that a scope is limited to, if it is.
pub(super) fn owner(scope: &Scope) -> Option<Cow<'_, str>> {
    scope.key_id().map(|id| indexed(id))
}

/// The text as an index takes it: without NUL, and the beginning only of one that is out of any proportion.
pub(super) fn indexed(text: &str) -> Cow<'_, str> {
    kept(&text[..text.floor_char_boundary(LONGEST_INDEXED)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgres_cannot_hold_is_replaced() {
        assert_eq!(kept("a\0b"), "a\u{fffd}b");
        assert!(matches!(kept("ab"), Cow::Borrowed("ab")));
    }

    #[test]
    fn an_index_takes_whole_characters() {
        let long = "ä".repeat(1_000);
        assert_eq!(indexed(&long), "ä".repeat(512));
        assert_eq!(indexed("short"), "short");
    }
}

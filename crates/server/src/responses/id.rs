//! The ids of responses: UUIDs in the store, `resp_…` for everybody else.

use std::sync::Arc;

use uuid::Uuid;

const PREFIX: &str = "resp_";

/// A new one, as it is stored.
pub(super) fn new() -> Arc<str> {
    Uuid::now_v7().to_string().into()
}

/// An id as it is told.
pub(super) fn told(stored: &str) -> String {
    let hex: String = stored.chars().filter(|digit| *digit != '-').collect();
    format!("{PREFIX}{hex}")
}

/// The stored form of an id that is told; `None` for what is no id of a response.
pub(super) fn stored(told: &str) -> Option<Arc<str>> {
    let hex = told.strip_prefix(PREFIX).filter(|hex| hex.len() == 32)?;
    Uuid::try_parse(hex).ok().map(|id| id.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_and_found_again() {
        let id = new();
        assert_eq!(stored(&told(&id)), Some(id));
        for odd in
            ["", "resp_", "resp_1", "0190b6e47a3c7def8000000000000001", &format!("resp_{}", "g".repeat(32))]
        {
            assert_eq!(stored(odd), None, "{odd}");
        }
    }
}

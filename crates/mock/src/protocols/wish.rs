//! What a caller wants of an answer's content that a prompt has no word for.

use serde_json::Value;

use super::named;
use crate::call::Facts;

/// What a caller wants of an answer's content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish<'facts> {
    /// How many alternatives.
    pub choices: u32,
    /// The JSON Schema that the answer shall satisfy.
    pub schema: Option<&'facts Value>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { choices: 1, schema: None }
    }
}

/// What the caller of this request wants, as its protocol says it.
pub fn wish(facts: &Facts) -> Wish<'_> {
    named(facts.protocol).map(|protocol| protocol.wish(facts)).unwrap_or_default()
}

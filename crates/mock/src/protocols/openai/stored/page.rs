//! The part of a list that is asked for.

use playhouse_wire::openai::stored::{has_metadata, is_of_model};
use serde_json::Value;

use crate::call::Page;

const DEFAULT_LIMIT: usize = 20;

/// Whether an answer has the model and the metadata that a list is asked by.
pub(in crate::protocols::openai) fn is_wanted(answer: &Value, page: &Page) -> bool {
    let is_of = page.parameter("model").is_none_or(|model| is_of_model(answer, model));
    let metadata = page.parameters.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name, value.as_str()))
    });
    is_of && metadata.into_iter().all(|(name, value)| has_metadata(answer, name, value))
}

/// The items of a page, which come oldest first, and whether there are more behind them.
pub(in crate::protocols::openai) fn part_of<'a>(
    items: impl DoubleEndedIterator<Item = &'a Value>,
    page: &Page,
) -> (Vec<Value>, bool) {
    let is_turned = page.parameter("order") == Some("desc");
    let ordered: Vec<&Value> = if is_turned { items.rev().collect() } else { items.collect() };
    let start = page.parameter("after").map_or(0, |after| {
        let at = ordered.iter().position(|item| item.get("id").and_then(Value::as_str) == Some(after));
        at.map_or(ordered.len(), |at| at + 1)
    });
    let limit = page.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(DEFAULT_LIMIT);
    let rest = &ordered[start..];
    (rest.iter().take(limit).map(|item| (*item).clone()).collect(), rest.len() > limit)
}

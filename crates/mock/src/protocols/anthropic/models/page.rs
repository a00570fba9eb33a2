//! The part of the list that is asked for (<https://platform.claude.com/docs/en/api/models/list>).

use playhouse_llm::ModelInfo;

use super::complaint;
use crate::call::Page;
use crate::protocols::Violation;
use crate::protocols::anthropic::strict::wording;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;

/// What is wrong with a question, if something is. Nobody has shown the words.
pub(super) fn check(page: &Page) -> Option<Violation> {
    let words = match page.parameter("limit")?.parse::<i64>() {
        Err(_) => wording::NO_INTEGER.to_owned(),
        Ok(..1) => wording::at_least(1),
        Ok(limit) if limit > MAX_LIMIT as i64 => wording::at_most(MAX_LIMIT),
        Ok(_) => return None,
    };
    Some(complaint("anthropic-models/limit", 400, format!("limit: {words}")))
}

/// The models of a page, and whether there are more in its direction.
pub(super) fn part_of<'a>(models: &'a [ModelInfo], page: &Page) -> (&'a [ModelInfo], bool) {
    let limit = page.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(DEFAULT_LIMIT);
    let place = |name: &str| {
        let id = page.parameter(name)?;
        models.iter().position(|model| &*model.id == id)
    };
    if let Some(end) = place("before_id") {
        let start = end.saturating_sub(limit);
        return (&models[start..end], start > 0);
    }
    let start = place("after_id").map_or(0, |at| at + 1);
    let end = models.len().min(start.saturating_add(limit));
    (&models[start..end], end < models.len())
}

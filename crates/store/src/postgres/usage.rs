//! Token counts as columns: prompt, completion, total, cached, cache write, reasoning, in this order.

use playhouse_llm::Usage;
use tokio_postgres::{Error, Row};

/// The counts as they are bound to a statement.
pub(super) fn usage_columns(usage: Option<&Usage>) -> [Option<i64>; 6] {
    let Some(usage) = usage else { return [None; 6] };
    let counts = [
        Some(usage.prompt_tokens),
        Some(usage.completion_tokens),
        Some(usage.total_tokens),
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    ];
    counts.map(|count| count.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX)))
}

/// The counts in a row, from this column on.
pub(super) fn usage_at(row: &Row, first: usize) -> Result<Option<Usage>, Error> {
    let Some(prompt_tokens) = count_at(row, first)? else { return Ok(None) };
    Ok(Some(Usage {
        prompt_tokens,
        completion_tokens: count_at(row, first + 1)?.unwrap_or_default(),
        total_tokens: count_at(row, first + 2)?.unwrap_or_default(),
        cached_tokens: count_at(row, first + 3)?,
        cache_write_tokens: count_at(row, first + 4)?,
        reasoning_tokens: count_at(row, first + 5)?,
        ..Usage::default()
    }))
}

fn count_at(row: &Row, column: usize) -> Result<Option<u64>, Error> {
    let count: Option<i64> = row.try_get(column)?;
    Ok(count.and_then(|tokens| u64::try_from(tokens).ok()))
}

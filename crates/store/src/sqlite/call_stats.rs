//! Sums over the call log, gathered in one pass.

use playhouse_llm::Outcome;
use rusqlite::{Connection, Row};

use crate::ids::CallId;
use crate::stats::{Group, Groups, day_of};
use crate::{CallStat, StatsBy};

pub(super) const SCAN: &str = "SELECT started_at_us, model, outcome, prompt_tokens, cached_tokens, \
     completion_tokens, reasoning_tokens, cost_usd, ttft_us, duration_us FROM calls WHERE id >= ?1";
pub(super) const SCAN_OF_KEY: &str = "SELECT started_at_us, model, outcome, prompt_tokens, cached_tokens, \
     completion_tokens, reasoning_tokens, cost_usd, ttft_us, duration_us FROM calls WHERE key_id = ?1 AND id >= ?2";

/// Sums up the records from an id on, those of one key where one is named.
pub(super) fn sum_up(
    db: &Connection,
    key_id: Option<&str>,
    by: StatsBy,
    from: CallId,
) -> rusqlite::Result<Vec<CallStat>> {
    let mut groups = Groups::new(by);
    let mut statement = db.prepare_cached(if key_id.is_some() { SCAN_OF_KEY } else { SCAN })?;
    let mut rows = match key_id {
        Some(key_id) => statement.query((key_id, from))?,
        None => statement.query([from])?,
    };
    while let Some(row) = rows.next()? {
        add(groups.group(day_of(row.get(0)?), row.get(1)?), row)?;
    }
    Ok(groups.into_stats())
}

fn add(group: &mut Group, row: &Row<'_>) -> rusqlite::Result<()> {
    let outcome = row.get_ref(2)?.as_str()?;
    let tokens =
        |column| row.get::<_, Option<i64>>(column).map(|count| count.unwrap_or_default().unsigned_abs());
    let sums = &mut group.sums;
    sums.calls += 1;
    sums.cancelled += u64::from(outcome == Outcome::Cancelled.as_str());
    sums.errors += u64::from(outcome == Outcome::Error.as_str());
    sums.prompt_tokens += tokens(3)?;
    sums.cached_tokens += tokens(4)?;
    sums.completion_tokens += tokens(5)?;
    sums.reasoning_tokens += tokens(6)?;
    sums.cost_usd += row.get::<_, Option<f64>>(7)?.unwrap_or_default();
    if let Some(ttft_us) = row.get::<_, Option<i64>>(8)? {
        group.ttft.add(ttft_us);
    }
    group.duration.add(row.get(9)?);
    Ok(())
}

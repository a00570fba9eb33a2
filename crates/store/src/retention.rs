//! Forgetting call records, runs, responses and idempotency keys that are old enough.

use crate::{Calls, IdempotencyKeys, Responses, Runs, StoreError};

const DAY_US: i64 = 86_400_000_000;
/// Small enough that writes of turns do not wait for long behind it.
const CALL_STEP: u32 = 500;
/// As small: a run holds steps and tools.
const RUN_STEP: u32 = 20;
/// As small: a response holds what was asked and told in it.
const RESPONSE_STEP: u32 = 50;
const KEY_STEP: u32 = 500;

/// Removes all call records older than `retention_days`, in small steps, and says how many; with 0 days
/// none. To be called now and then; `now_us` is now, in Unix microseconds.
///
/// # Errors
/// Those of [`Calls::prune_calls`]; what has been removed until then stays removed.
pub async fn prune_expired_calls(
    calls: &dyn Calls,
    retention_days: u32,
    now_us: i64,
) -> Result<u64, StoreError> {
    let Some(before_us) = expiry(retention_days, now_us) else { return Ok(0) };
    let mut removed = 0;
    loop {
        let step = calls.prune_calls(before_us, CALL_STEP).await?;
        removed += step;
        if step < u64::from(CALL_STEP) {
            return Ok(removed);
        }
    }
}

/// Removes all runs that began longer than `retention_days` ago and do not run any more, in small steps,
/// and says how many; with 0 days none. To be called now and then; `now_us` is now, in Unix microseconds.
///
/// # Errors
/// Those of [`Runs::prune_runs`]; what has been removed until then stays removed.
pub async fn prune_expired_runs(
    runs: &dyn Runs,
    retention_days: u32,
    now_us: i64,
) -> Result<u64, StoreError> {
    let Some(before_us) = expiry(retention_days, now_us) else { return Ok(0) };
    let mut removed = 0;
    loop {
        let step = runs.prune_runs(before_us, RUN_STEP).await?;
        removed += step;
        if step < u64::from(RUN_STEP) {
            return Ok(removed);
        }
    }
}

/// Removes all responses that began longer than `retention_days` ago, have ended, and that nothing which is
/// kept goes on from, in small steps, and says how many; with 0 days none. To be called now and then; `now_us`
/// is now, in Unix microseconds.
///
/// # Errors
/// Those of [`Responses::prune_responses`]; what has been removed until then stays removed.
pub async fn prune_expired_responses(
    responses: &dyn Responses,
    retention_days: u32,
    now_us: i64,
) -> Result<u64, StoreError> {
    let Some(before_us) = expiry(retention_days, now_us) else { return Ok(0) };
    let mut removed = 0;
    loop {
        let step = responses.prune_responses(before_us, RESPONSE_STEP).await?;
        removed += step;
        // What went was perhaps all that something older was kept for, so the last step removes nothing.
        if step == 0 {
            return Ok(removed);
        }
    }
}

/// Removes all idempotency keys that came before `before_us` (Unix microseconds), in small steps, and says
/// how many. To be called now and then.
///
/// # Errors
/// Those of [`IdempotencyKeys::prune_idempotency_keys`]; what has been removed until then stays removed.
pub async fn prune_expired_idempotency_keys(
    keys: &dyn IdempotencyKeys,
    before_us: i64,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let step = keys.prune_idempotency_keys(before_us, KEY_STEP).await?;
        removed += step;
        if step < u64::from(KEY_STEP) {
            return Ok(removed);
        }
    }
}

/// What began before this moment is to go; `None` where everything is kept.
fn expiry(retention_days: u32, now_us: i64) -> Option<i64> {
    (retention_days > 0).then(|| now_us.saturating_sub(i64::from(retention_days) * DAY_US))
}

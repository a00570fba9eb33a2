//! Forgetting call records that are old enough.

use crate::{Calls, StoreError};

const DAY_US: i64 = 86_400_000_000;
/// Small enough that writes of turns do not wait for long behind it.
const STEP: u32 = 500;

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
    if retention_days == 0 {
        return Ok(0);
    }
    let before_us = now_us.saturating_sub(i64::from(retention_days) * DAY_US);
    let mut removed = 0;
    loop {
        let step = calls.prune_calls(before_us, STEP).await?;
        removed += step;
        if step < u64::from(STEP) {
            return Ok(removed);
        }
    }
}

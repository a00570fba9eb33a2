//! The time of day, as the store keeps it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in Unix microseconds.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

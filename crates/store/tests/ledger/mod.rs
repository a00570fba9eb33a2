//! The call ledger over a real database, and under a real `kill -9` and a disk that takes no more.

mod child;
mod verify;

use std::sync::Arc;

use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_store::{CallFilter, Calls, SqliteStore};

/// 2026-03-01 at noon, UTC, in milliseconds.
const NOON_MS: u64 = 1_772_366_400_000;

fn record(number: u32) -> CallRecord {
    let at_ms = NOON_MS + u64::from(number);
    CallRecord {
        id: format!("{:08x}-{:04x}-7000-8000-{number:012x}", at_ms >> 16, at_ms & 0xffff).into(),
        request_id: format!("request-{number}").into(),
        session_id: Some("ada".into()),
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: i64::try_from(at_ms).unwrap() * 1_000,
        operation: Default::default(),
        model: "gpt-4o-mini".into(),
        model_served: None,
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(12.345_678_9),
        duration_ms: 98.765_432_1,
        usage: Some(Usage::new(12, 34)),
        cost_usd: Some(0.000_012_3),
        upstream_request_id: None,
    }
}

/// How many calls a database has, counted page by page.
async fn ids_in(store: &SqliteStore) -> Vec<Arc<str>> {
    let mut ids: Vec<Arc<str>> = Vec::new();
    loop {
        let filter = CallFilter { before: ids.last().cloned(), limit: 1_000, ..CallFilter::default() };
        let page = store.list_calls(filter).await.unwrap();
        if page.is_empty() {
            return ids;
        }
        ids.extend(page.into_iter().map(|record| record.id));
    }
}

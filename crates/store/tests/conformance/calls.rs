//! The call log.

use std::sync::Arc;

use playhouse_llm::{CallRecord, Operation, Outcome, Usage};
use playhouse_store::{CallFilter, Calls, Scope, StatsBy, Store, StoreError, prune_expired_calls};

use super::Backend;

const DAY_MS: u64 = 86_400_000;
/// 2026-11-05 00:00 UTC.
pub(crate) const START_MS: u64 = 20_762 * DAY_MS;

/// A call that began so long after [`START_MS`].
pub(crate) fn call(after_ms: u64) -> CallRecord {
    let time_ms = START_MS + after_ms;
    CallRecord {
        id: call_id(time_ms),
        request_id: format!("request-{after_ms}").into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: time_ms as i64 * 1_000,
        operation: Default::default(),
        model: "small".into(),
        model_served: Some("small-2026-01-01".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(120.5),
        duration_ms: 900.25,
        usage: Some(Usage::new(100, 20)),
        cost_usd: Some(0.000_027),
        upstream_request_id: Some("req_1".into()),
    }
}

fn call_id(time_ms: u64) -> Arc<str> {
    let hex = format!("{time_ms:012x}");
    format!("{}-{}-7000-8000-000000000000", &hex[..8], &hex[8..]).into()
}

async fn append(store: &dyn Store, calls: impl IntoIterator<Item = CallRecord>) {
    store.append_calls(calls.into_iter().collect()).await.unwrap();
}

/// How long after the start the calls began that a filter finds.
async fn found(store: &dyn Store, filter: CallFilter) -> Vec<u64> {
    let calls = store.list_calls(filter).await.unwrap();
    calls.iter().map(|call| call.started_at_us as u64 / 1_000 - START_MS).collect()
}

pub(crate) async fn calls_come_newest_first_as_they_were(backend: &dyn Backend) {
    let store = backend.open().await;
    let bare = CallRecord {
        operation: Operation::Embeddings,
        session_id: Some("ada".into()),
        turn_id: Some(call_id(START_MS)),
        run_id: Some(call_id(START_MS + 1)),
        model_served: None,
        provider: None,
        stream: false,
        outcome: Outcome::Cancelled,
        status: None,
        error: Some("cancelled".into()),
        finish_reason: None,
        ttft_ms: None,
        usage: None,
        cost_usd: None,
        upstream_request_id: None,
        ..call(2)
    };
    let full = Usage {
        cached_tokens: Some(64),
        cache_write_tokens: Some(0),
        reasoning_tokens: Some(9),
        total_tokens: 121,
        ..Usage::new(100, 20)
    };
    let full = CallRecord { usage: Some(full), attempts: 3, ..call(1) };
    append(&*store, [full.clone(), bare.clone()]).await;
    append(&*store, [call(3)]).await;
    assert_eq!(store.list_calls(CallFilter::default()).await.unwrap(), [call(3), bare, full]);
}

pub(crate) async fn a_batch_sent_twice_counts_once(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, [call(1), call(2)]).await;
    append(&*store, [call(2), CallRecord { attempts: 9, ..call(1) }, call(3)]).await;
    let calls = store.list_calls(CallFilter::default()).await.unwrap();
    assert_eq!(calls, [call(3), call(2), call(1)]);
    append(&*store, []).await;
}

pub(crate) async fn a_large_batch_is_stored_whole_in_whatever_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let full = |n| CallRecord { error: Some("timeout".into()), session_id: Some("ada".into()), ..call(n) };
    let empty = |n| CallRecord { usage: None, ttft_ms: None, cost_usd: None, finish_reason: None, ..call(n) };
    let one = |n: u64| if n.is_multiple_of(3) { full(n) } else { empty(n) };
    append(&*store, [one(4), one(90)]).await;
    // 37 has no divisor in common with 151, so each comes once; the last of them come twice.
    let scattered = (0..151).map(|n| one(n * 37 % 151));
    let again = (140..151).map(|n| one(n * 37 % 151));
    append(&*store, scattered.chain(again)).await;
    let filter = CallFilter { limit: 1_000, ..CallFilter::default() };
    let newest_first: Vec<CallRecord> = (0..151).rev().map(one).collect();
    assert_eq!(store.list_calls(filter).await.unwrap(), newest_first);
}

pub(crate) async fn a_batch_with_a_bad_id_is_refused_whole(backend: &dyn Backend) {
    let store = backend.open().await;
    let bad = CallRecord { id: "call-2".into(), ..call(2) };
    let refusal = store.append_calls([call(1), bad].into_iter().collect()).await.unwrap_err();
    assert_eq!(refusal, StoreError::invalid("'call-2' is no call id: a call id is a UUIDv7"));
    assert!(store.list_calls(CallFilter::default()).await.unwrap().is_empty());
}

pub(crate) async fn filters_choose(backend: &dyn Backend) {
    let store = backend.open().await;
    let in_session = |call: CallRecord| CallRecord { session_id: Some("ada".into()), ..call };
    append(
        &*store,
        [
            call(1),
            in_session(call(2)),
            CallRecord { model: "large".into(), ..call(3) },
            CallRecord { outcome: Outcome::Error, error: Some("rate_limited".into()), ..call(4) },
            CallRecord { outcome: Outcome::Cancelled, ..in_session(call(5)) },
            CallRecord { request_id: "request-1".into(), run_id: Some("run-1".into()), ..call(6) },
        ],
    )
    .await;
    let all = CallFilter::default;
    assert_eq!(found(&*store, CallFilter { model: Some("large".into()), ..all() }).await, [3]);
    assert_eq!(found(&*store, CallFilter { session_id: Some("ada".into()), ..all() }).await, [5, 2]);
    assert_eq!(found(&*store, CallFilter { request_id: Some("request-1".into()), ..all() }).await, [6, 1]);
    assert_eq!(found(&*store, CallFilter { run_id: Some("run-1".into()), ..all() }).await, [6]);
    assert!(found(&*store, CallFilter { run_id: Some("run-2".into()), ..all() }).await.is_empty());
    assert_eq!(found(&*store, CallFilter { outcome: Some(Outcome::Error), ..all() }).await, [4]);
    assert_eq!(found(&*store, CallFilter { outcome: Some(Outcome::Cancelled), ..all() }).await, [5]);
    assert_eq!(found(&*store, CallFilter { outcome: Some(Outcome::Ok), ..all() }).await, [6, 3, 2, 1]);
    let both = CallFilter { session_id: Some("ada".into()), outcome: Some(Outcome::Ok), ..all() };
    assert_eq!(found(&*store, both).await, [2]);
    assert!(found(&*store, CallFilter { model: Some("' OR 1=1 --".into()), ..all() }).await.is_empty());
}

pub(crate) async fn a_span_of_time_includes_its_start(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, (1..=5).map(call)).await;
    let at_us = |after_ms: u64| Some((START_MS + after_ms) as i64 * 1_000);
    let span = CallFilter { since_us: at_us(2), until_us: at_us(4), ..CallFilter::default() };
    assert_eq!(found(&*store, span).await, [3, 2]);
    let before_time = CallFilter { since_us: Some(-1), until_us: Some(i64::MIN), ..CallFilter::default() };
    assert!(found(&*store, before_time).await.is_empty());
    let ever = CallFilter { since_us: Some(i64::MIN), until_us: Some(i64::MAX), ..CallFilter::default() };
    assert_eq!(found(&*store, ever).await.len(), 5);
}

pub(crate) async fn cursors_go_on_where_a_page_ended(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, (1..=5).map(call)).await;
    let page = |before: Option<u64>| CallFilter {
        before: before.map(|after_ms| call_id(START_MS + after_ms)),
        limit: 2,
        ..CallFilter::default()
    };
    assert_eq!(found(&*store, page(None)).await, [5, 4]);
    assert_eq!(found(&*store, page(Some(4))).await, [3, 2]);
    assert_eq!(found(&*store, page(Some(2))).await, [1]);
    let newer = CallFilter { after: Some(call_id(START_MS + 3)), ..CallFilter::default() };
    assert_eq!(found(&*store, newer).await, [5, 4]);
    let odd = CallFilter { before: Some("5".into()), ..CallFilter::default() };
    assert!(matches!(store.list_calls(odd).await, Err(StoreError::Invalid { .. })));
}

pub(crate) async fn limits_are_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, (0..1_100).map(call)).await;
    for (limit, expected) in [(0, 1), (1, 1), (1_000, 1_000), (u32::MAX, 1_000)] {
        let calls = store.list_calls(CallFilter { limit, ..CallFilter::default() }).await.unwrap();
        assert_eq!(calls.len(), expected);
    }
    assert_eq!(store.list_calls(CallFilter::default()).await.unwrap().len(), 100);
}

pub(crate) async fn stats_sum_up_by_day_and_model(backend: &dyn Backend) {
    let store = backend.open().await;
    let large = |call: CallRecord| CallRecord { model: "large".into(), ..call };
    append(
        &*store,
        [
            call(1),
            CallRecord { outcome: Outcome::Error, usage: None, cost_usd: None, ttft_ms: None, ..call(2) },
            large(call(3)),
            CallRecord { outcome: Outcome::Cancelled, duration_ms: 100.0, ..call(DAY_MS - 1) },
            large(call(DAY_MS)),
        ],
    )
    .await;
    let rows = |stats: &[playhouse_store::CallStat]| -> Vec<String> {
        stats
            .iter()
            .map(|stat| {
                let day = stat.day.as_deref().unwrap_or("-");
                let model = stat.model.as_deref().unwrap_or("-");
                format!("{day} {model} {} {} {}", stat.calls, stat.errors, stat.cancelled)
            })
            .collect()
    };
    let by_day = store.call_stats(&Scope::Everything, StatsBy::Day, None).await.unwrap();
    assert_eq!(rows(&by_day), ["2026-11-06 - 1 0 0", "2026-11-05 - 4 1 1"]);
    let by_model = store.call_stats(&Scope::Everything, StatsBy::Model, None).await.unwrap();
    assert_eq!(rows(&by_model), ["- small 3 1 1", "- large 2 0 0"]);
    let both = store.call_stats(&Scope::Everything, StatsBy::DayAndModel, None).await.unwrap();
    assert_eq!(rows(&both), ["2026-11-06 large 1 0 0", "2026-11-05 small 3 1 1", "2026-11-05 large 1 0 0"]);

    let small = &by_model[0];
    assert_eq!((small.prompt_tokens, small.completion_tokens), (200, 40));
    assert!((small.cost_usd - 0.000_054).abs() < 1e-12);
    let duration = small.duration_ms.unwrap();
    assert!((duration.mean - (900.25 * 2.0 + 100.0) / 3.0).abs() < 1e-9);
    assert!((duration.p95 / 900.25 - 1.0).abs() < 0.05, "{duration:?}");
    assert!((small.ttft_ms.unwrap().mean - 120.5).abs() < 1e-9);

    let since = Some((START_MS + DAY_MS) as i64 * 1_000);
    let late = store.call_stats(&Scope::Everything, StatsBy::Day, since).await.unwrap();
    assert_eq!(rows(&late), ["2026-11-06 - 1 0 0"]);
}

pub(crate) async fn old_calls_are_forgotten_in_steps(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, (1..=10).map(call)).await;
    let before_us = (START_MS + 8) as i64 * 1_000;
    assert_eq!(store.prune_calls(before_us, 3).await.unwrap(), 3);
    assert_eq!(found(&*store, CallFilter::default()).await, [10, 9, 8, 7, 6, 5, 4]);
    assert_eq!(store.prune_calls(before_us, 100).await.unwrap(), 4);
    assert_eq!(store.prune_calls(before_us, 100).await.unwrap(), 0);
    assert_eq!(found(&*store, CallFilter::default()).await, [10, 9, 8]);
}

pub(crate) async fn retention_keeps_what_is_young(backend: &dyn Backend) {
    let store = backend.open().await;
    append(&*store, (0..1_200).chain([2 * DAY_MS]).map(call)).await;
    let now_us = (START_MS + 2 * DAY_MS) as i64 * 1_000;
    assert_eq!(prune_expired_calls(&*store, 0, now_us).await.unwrap(), 0);
    assert_eq!(prune_expired_calls(&*store, 3, now_us).await.unwrap(), 0);
    assert_eq!(prune_expired_calls(&*store, 1, now_us).await.unwrap(), 1_200);
    assert_eq!(found(&*store, CallFilter::default()).await, [2 * DAY_MS]);
    let calls: Arc<dyn Calls> = store;
    assert_eq!(prune_expired_calls(&*calls, 1, now_us).await.unwrap(), 0);
}

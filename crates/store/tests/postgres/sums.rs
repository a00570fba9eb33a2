//! The kept sums over the call log: they are what the records add up to, whatever is done to those.

use std::sync::Arc;

use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_store::testing::postgres;
use playhouse_store::{Calls, SqliteStore, StatsBy, StoreConfig};

use super::open;

const DAY_US: i64 = 86_400_000_000;
const START_US: i64 = 20_762 * DAY_US;

/// Calls of three models over four days, of every outcome and many durations.
fn calls(count: u32) -> Vec<CallRecord> {
    (0..count).map(|n| call(n, START_US + i64::from(n) * 4 * DAY_US / i64::from(count))).collect()
}

fn call(n: u32, started_at_us: i64) -> CallRecord {
    let hex = format!("{:012x}", started_at_us / 1_000);
    let outcome = [Outcome::Ok, Outcome::Ok, Outcome::Error, Outcome::Cancelled][n as usize % 4];
    CallRecord {
        id: format!("{}-{}-7000-8000-{n:012x}", &hex[..8], &hex[8..]).into(),
        request_id: format!("request-{n}").into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us,
        operation: Default::default(),
        model: ["small", "large", "huge"][n as usize % 3].into(),
        model_served: None,
        provider: Some("openai".into()),
        stream: n.is_multiple_of(2),
        outcome,
        status: Some(200),
        error: None,
        finish_reason: None,
        attempts: 1,
        ttft_ms: (outcome != Outcome::Error).then(|| f64::from(n % 97) * 3.5),
        duration_ms: f64::from(n % 389) * 11.25,
        usage: (outcome == Outcome::Ok).then(|| Usage::new(u64::from(n % 50), u64::from(n % 20))),
        cost_usd: Some(f64::from(n % 13) * 0.000_25),
        upstream_request_id: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_those_of_the_records_for_every_span() {
    let Some(database) = postgres::database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&folder.path().join("calls.db"), &StoreConfig::default()).unwrap();
    let store = open(&database).await;
    let calls = calls(2_000);
    for batch in calls.chunks(300) {
        let batch: Arc<[CallRecord]> = batch.into();
        sqlite.append_calls(Arc::clone(&batch)).await.unwrap();
        store.append_calls(Arc::clone(&batch)).await.unwrap();
        // Sent again, as after an answer that was lost.
        store.append_calls(batch).await.unwrap();
    }
    for pruned_us in [None, Some(START_US + DAY_US / 3), Some(START_US + 2 * DAY_US)] {
        if let Some(before_us) = pruned_us {
            let mut removed = (1, 0);
            while removed != (0, 0) {
                removed = (
                    store.prune_calls(before_us, 170).await.unwrap(),
                    sqlite.prune_calls(before_us, 170).await.unwrap(),
                );
            }
        }
        for by in [StatsBy::Day, StatsBy::Model, StatsBy::DayAndModel] {
            for since_us in
                [None, Some(START_US), Some(START_US + DAY_US * 5 / 3), Some(START_US + 9 * DAY_US)]
            {
                let (kept, counted) = (
                    store.call_stats(&playhouse_store::Scope::Everything, by, since_us).await.unwrap(),
                    sqlite.call_stats(&playhouse_store::Scope::Everything, by, since_us).await.unwrap(),
                );
                assert_eq!(kept.len(), counted.len());
                kept.iter().zip(&counted).for_each(|(kept, counted)| assert_same(kept, counted));
            }
        }
    }
    assert_eq!(database.sql("SELECT count(*) FROM call_days WHERE calls = 0"), "0");
}

/// The same counts and percentiles to the last bit; sums of fractions as near as fractions are.
fn assert_same(kept: &playhouse_store::CallStat, counted: &playhouse_store::CallStat) {
    let near = |left: f64, right: f64| (left - right).abs() <= 1e-9 * left.abs().max(1.0);
    let flat = |stat: &playhouse_store::CallStat| {
        let mut stat = stat.clone();
        stat.cost_usd = 0.0;
        for spread in [&mut stat.ttft_ms, &mut stat.duration_ms].into_iter().flatten() {
            spread.mean = 0.0;
        }
        stat
    };
    assert_eq!(flat(kept), flat(counted));
    assert!(near(kept.cost_usd, counted.cost_usd), "{kept:?}\n{counted:?}");
    for (kept, counted) in [(kept.ttft_ms, counted.ttft_ms), (kept.duration_ms, counted.duration_ms)] {
        assert!(near(kept.map_or(0.0, |s| s.mean), counted.map_or(0.0, |s| s.mean)), "{kept:?} {counted:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_count_once_what_replicas_send_at_the_same_time() {
    let Some(database) = postgres::database() else { return };
    let replicas = [open(&database).await, open(&database).await];
    let calls: Arc<[CallRecord]> = calls(400).into();
    let sends = (0..8).map(|n| {
        let (store, mut calls) = (replicas[n % 2].clone(), calls.to_vec());
        // Each in an order of its own.
        calls.rotate_left(n * 50);
        tokio::spawn(async move { store.append_calls(calls.into()).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap().unwrap();
    }
    let stats =
        replicas[0].call_stats(&playhouse_store::Scope::Everything, StatsBy::Model, None).await.unwrap();
    assert_eq!(stats.iter().map(|stat| stat.calls).sum::<u64>(), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_postgres_has_no_form_for_are_kept_as_near_as_can_be() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    let odd = CallRecord { model: "m\0".into(), request_id: "x".repeat(9_000).into(), ..call(1, START_US) };
    store.append_calls([odd].into()).await.unwrap();
    let kept = store.list_calls(playhouse_store::CallFilter::default()).await.unwrap();
    assert_eq!((&*kept[0].model, kept[0].request_id.len()), ("m\u{fffd}", 1_024));
}

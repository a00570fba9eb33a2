//! What tests of runs say and do.

use std::sync::Arc;

use playhouse_llm::{Extra, FinishReason, Message, Part, ToolCall, Usage};
use playhouse_store::run::INTERRUPTED;
use playhouse_store::{BeginRun, FinishRun, RunFilter, RunStep, Scope, Store, StoreError, ToolEnd};
use serde_json::json;

/// 2026-11-05 00:00 UTC.
pub(crate) const START_MS: u64 = 20_762 * 86_400_000;

/// The id of a test's n-th run: it begins n milliseconds after [`START_MS`].
pub(crate) fn run_id(n: u64) -> Arc<str> {
    let hex = format!("{:012x}", START_MS + n);
    format!("{}-{}-7000-8000-000000000000", &hex[..8], &hex[8..]).into()
}

/// When the n-th run begins, in Unix microseconds.
pub(crate) fn begin_us(n: u64) -> i64 {
    (START_MS + n) as i64 * 1_000
}

/// What the n-th run begins with: it can go on.
pub(crate) fn beginning_run(n: u64) -> BeginRun {
    BeginRun {
        key_id: None,
        run_id: run_id(n),
        agent: "calculator".into(),
        model: "small".into(),
        input: vec![Message::user(format!("question {n}"))],
        resumable: true,
        request_id: format!("request-{n}").into(),
        session_id: None,
        turn_id: None,
        idempotency: None,
        now_us: begin_us(n),
    }
}

/// Begins the n-th run.
pub(crate) async fn begin_run(store: &dyn Store, n: u64) -> Arc<str> {
    store.begin_run(beginning_run(n)).await.unwrap();
    run_id(n)
}

/// A call of the calculator.
pub(crate) fn call(id: &str) -> ToolCall {
    let extra = Extra::from_iter([("type".to_owned(), json!("function"))]);
    ToolCall { id: id.into(), name: "calculator".into(), arguments: "{\"expression\": \"1 +".into(), extra }
}

/// A step that calls the calculator once for each id; one that answers without any.
pub(crate) fn step(number: u32, calls: &[&str]) -> RunStep {
    let calls: Vec<ToolCall> = calls.iter().map(|id| call(id)).collect();
    let mut said = Message::assistant(format!("thinking {number}"));
    said.parts.extend(calls.iter().cloned().map(Part::ToolCall));
    let finish = if calls.is_empty() { FinishReason::Stop } else { FinishReason::ToolCalls };
    RunStep {
        number,
        at_us: i64::from(number) * 1_000,
        said,
        thought: Some(format!("thinking {number}")).filter(|_| !calls.is_empty()),
        calls,
        model: "small-2026-01-01".into(),
        finish_reason: Some(finish),
        usage: Some(Usage { cached_tokens: Some(7), ..Usage::new(40, 12) }),
        cost_usd: Some(0.000_031),
        duration_ms: 812.5,
    }
}

/// The end of a call that went well.
pub(crate) fn tool_end(id: &str) -> ToolEnd {
    ToolEnd {
        call_id: id.into(),
        tool: "calculator".into(),
        success: true,
        output: format!("result of {id}"),
        error: None,
        duration_ms: 1.25,
        now_us: 9_000,
    }
}

/// The end of the n-th run: completed.
pub(crate) fn run_end(n: u64) -> FinishRun {
    FinishRun {
        run_id: run_id(n),
        now_us: begin_us(n) + 2_000_000,
        status: "completed".into(),
        answer: Some(format!("answer {n}")),
        reason: None,
        error: None,
        usage: Usage::new(80, 24),
        cost_usd: Some(0.000_062),
        duration_ms: 1_999.5,
    }
}

/// Has the n-th run begin, call a tool, answer and end with this status.
pub(crate) async fn take_run(store: &dyn Store, begin: BeginRun, n: u64, status: &str) {
    let id = Arc::clone(&begin.run_id);
    store.begin_run(begin).await.unwrap();
    store.add_step(&id, step(1, &["c1"])).await.unwrap();
    store.end_tool(&id, 1, tool_end("c1")).await.unwrap();
    store.add_step(&id, step(2, &[])).await.unwrap();
    let end = FinishRun { run_id: id, status: status.into(), ..run_end(n) };
    store.finish_run(end).await.unwrap();
}

/// Has the n-th run cut off.
pub(crate) async fn interrupt(store: &dyn Store, n: u64) {
    let reason = Some("the server stopped".into());
    let cut = FinishRun { status: INTERRUPTED.into(), reason, ..run_end(n) };
    store.finish_run(cut).await.unwrap();
}

/// The status of the n-th run.
pub(crate) async fn status_of(store: &dyn Store, n: u64) -> Option<String> {
    store.run(&Scope::Everything, &run_id(n)).await.unwrap().map(|run| run.summary.status.to_string())
}

/// Which runs a filter finds, on its first page.
pub(crate) async fn found(store: &dyn Store, filter: RunFilter) -> Vec<u64> {
    let page = store.list_runs(filter).await.unwrap();
    page.runs.iter().map(|run| run.started_at_us as u64 / 1_000 - START_MS).collect()
}

/// What a run that has ended says to whoever adds to it.
pub(crate) fn ended(n: u64, status: &str) -> StoreError {
    StoreError::RunEnded { run_id: run_id(n), status: status.into() }
}

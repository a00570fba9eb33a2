//! What a log line costs whoever writes it: `cargo run --release --example log_cost`.

#![expect(clippy::print_stdout, reason = "the figures are for whoever runs this")]

use std::error::Error;
use std::fs::OpenOptions;
use std::sync::Arc;
use std::time::Instant;

use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_telemetry::log::{LineQueue, Sink, log_layer};
use playhouse_telemetry::{LoggingConfig, RequestLine, RequestScope, TraceParent, debug, info, log_call};
use tracing_subscriber::layer::SubscriberExt;

const LINES: u32 = 500_000;

const OWN: &str = "playhouse::example";

fn main() -> Result<(), Box<dyn Error>> {
    let output = OpenOptions::new().write(true).open("/dev/null")?;
    let queue = LineQueue::start(output, LineQueue::LIMIT_BYTES)?;
    let layer = log_layer(&LoggingConfig::default(), false, Sink::Queue(Arc::clone(&queue)));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;

    let scope = RequestScope::new("req_0193b2d8c4f07e6fa1d2b3c4d5e6f708").traced(&TraceParent::new(true));
    scope.enter(|| {
        report("a message and a field", || info!(target: OWN, address = "127.0.0.1:8000", "Listening"));
        report("a request's line", || request_line().log());
        let record = call_record();
        report("a call's line", || log_call(&record, 0));
        report("a line that is not enabled", || debug!(target: OWN, address = "127.0.0.1:8000", "Listening"));
    });
    report("entering and leaving a scope", || scope.enter(|| std::hint::black_box(())));
    println!("dropped: {}", queue.dropped());
    Ok(())
}

fn report(what: &str, mut log: impl FnMut()) {
    (0..LINES / 10).for_each(|_| log());
    let start = Instant::now();
    (0..LINES).for_each(|_| log());
    println!("{what:30} {:>6} ns", start.elapsed().as_nanos() / u128::from(LINES));
}

fn request_line() -> RequestLine<'static> {
    RequestLine {
        method: "POST",
        path: "/v1/chat/completions",
        route: Some("/v1/chat/completions"),
        status_code: 200,
        duration_ms: 1234.567,
        key_id: None,
        client_aborted: false,
    }
}

fn call_record() -> CallRecord {
    CallRecord {
        id: "0193b2d8-c4f0-7e6f-a1d2-b3c4d5e6f708".into(),
        request_id: "req_0193b2d8c4f07e6fa1d2b3c4d5e6f708".into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: "gpt-4o-mini".into(),
        model_served: Some("gpt-4o-mini-2024-07-18".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(312.25),
        duration_ms: 1234.567,
        usage: Some(Usage::new(812, 97)),
        cost_usd: Some(0.000_18),
        upstream_request_id: Some("req_7f3c2c1b8a9d4e5f".into()),
    }
}

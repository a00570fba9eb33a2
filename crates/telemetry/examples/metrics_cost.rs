//! What a request's metrics cost: `cargo run --release --example metrics_cost`.

#![expect(clippy::print_stdout, reason = "the figures are for whoever runs this")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_telemetry::Metrics;
use playhouse_telemetry::metrics::RequestSample;

const ROUNDS: u32 = 500_000;

fn main() {
    let metrics = Metrics::new("1.0.0", "example");
    let record = call_record();
    let sample = RequestSample {
        method: "POST",
        route: Some("/v1/chat/completions"),
        status_code: 200,
        duration: Duration::from_millis(1234),
        upstream: Some(Duration::from_micros(1_233_900)),
    };
    let whole_request = || {
        let _held = (metrics.active_request_guard(), metrics.inflight_guard());
        metrics.observe_attempt("openai", "gpt-4o-mini", None);
        metrics.observe_call(&record);
        metrics.observe_request(&sample);
    };
    report("all of a request's updates", ROUNDS, whole_request);
    report("  its call", ROUNDS, || metrics.observe_call(&record));
    report("  its HTTP request", ROUNDS, || metrics.observe_request(&sample));
    report("rendering them", 1_000, || drop(black_box(metrics.render())));
}

fn report(what: &str, rounds: u32, update: impl Fn()) {
    (0..rounds / 10).for_each(|_| update());
    let start = Instant::now();
    (0..rounds).for_each(|_| update());
    println!("{what:30} {:>6} ns", start.elapsed().as_nanos() / u128::from(rounds));
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
        model_served: None,
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
        upstream_request_id: None,
    }
}

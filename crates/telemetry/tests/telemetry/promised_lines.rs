//! The lines whose fields others rely on.

use playhouse_llm::{CallRecord, Error, ErrorKind, Outcome, Usage};
use playhouse_telemetry::log::capture;
use playhouse_telemetry::{LoggingConfig, RequestLine, RequestScope, log_attempt, log_call};
use serde_json::{Value, json};

fn logged(level: &str, log: impl FnOnce()) -> Vec<Value> {
    let config = LoggingConfig { level: level.parse().unwrap(), ..LoggingConfig::default() };
    let (lines, _guard) = capture(&config);
    log();
    lines.json()
}

/// The line without what changes from build to build and run to run.
fn stable(mut line: Value) -> Value {
    let fields = line.as_object_mut().unwrap();
    for varying in ["timestamp", "module", "line", "function"] {
        fields.shift_remove(varying).unwrap();
    }
    line
}

fn request(path: &'static str) -> RequestLine<'static> {
    RequestLine {
        method: "GET",
        path,
        route: None,
        status_code: 200,
        duration_ms: 12.345_678,
        key_id: None,
        client_aborted: false,
    }
}

fn call(outcome: Outcome) -> CallRecord {
    CallRecord {
        id: "call_1".into(),
        request_id: "req_1".into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: "fast".into(),
        model_served: Some("gpt-4o-mini-2024".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 2,
        ttft_ms: Some(120.000_49),
        duration_ms: 900.1,
        usage: Some(Usage::new(10, 5)),
        cost_usd: Some(0.000_001_500_000_1),
        upstream_request_id: Some("req_upstream".into()),
    }
}

#[test]
fn a_request_line() {
    let line =
        RequestLine { route: Some("/v1/sessions/{id}"), key_id: Some("key_1"), ..request("/v1/sessions/s1") };
    let lines = logged("info", || RequestScope::new("req_1").enter(|| line.log()));
    let expected = json!({"level": "INFO", "message": "Request completed", "logger": "playhouse::request",
        "request_id": "req_1", "method": "GET", "path": "/v1/sessions/s1", "route": "/v1/sessions/{id}",
        "status_code": 200, "duration_ms": 12.346, "key_id": "key_1"});
    assert_eq!(lines.into_iter().map(stable).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_client_that_left_is_told_of() {
    let line = RequestLine { status_code: 499, client_aborted: true, ..request("/v1/chat") };
    let lines = logged("info", || line.log());
    assert_eq!((&lines[0]["client_aborted"], &lines[0]["status_code"]), (&json!(true), &json!(499)));
}

#[test]
fn probes_are_logged_at_debug_only() {
    let log_all = || {
        for path in ["/health", "/health/ready", "/metrics", "/healthy"] {
            request(path).log();
        }
    };
    let at_info = logged("info", log_all);
    assert_eq!(at_info.len(), 1);
    assert_eq!(at_info[0]["path"], "/healthy");
    let at_debug = logged("debug", log_all);
    assert_eq!(at_debug.iter().filter(|line| line["level"] == "DEBUG").count(), 3);
}

#[test]
fn a_call_line() {
    let lines = logged("info", || log_call(&call(Outcome::Ok), 0));
    let expected = json!({"level": "INFO", "message": "LLM call completed", "logger": "playhouse::call",
        "call_id": "call_1", "request_id": "req_1", "operation": "chat", "model": "fast", "model_served": "gpt-4o-mini-2024",
        "provider": "openai", "stream": true, "duration_ms": 900.1, "ttft_ms": 120.0, "prompt_tokens": 10,
        "completion_tokens": 5, "total_tokens": 15, "cost_usd": 0.0000015, "finish_reason": "stop",
        "attempts": 2, "status": 200, "upstream_request_id": "req_upstream"});
    assert_eq!(lines.into_iter().map(stable).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_call_line_names_what_the_call_belongs_to() {
    let record = CallRecord {
        session_id: Some("ada".into()),
        turn_id: Some("turn_1".into()),
        run_id: Some("run_1".into()),
        key_id: Some("key_1".into()),
        ..call(Outcome::Ok)
    };
    let line = &logged("info", || log_call(&record, 0))[0];
    let named = ["session_id", "turn_id", "run_id", "key_id"].map(|name| &line[name]);
    assert_eq!(named, [&json!("ada"), &json!("turn_1"), &json!("run_1"), &json!("key_1")]);
}

#[test]
fn a_cost_is_written_without_exponent() {
    let config = LoggingConfig::default();
    let (lines, _guard) = capture(&config);
    log_call(&call(Outcome::Ok), 0);
    assert!(lines.text().contains("\"cost_usd\":0.0000015,"), "{}", lines.text());
}

#[test]
fn failed_and_cancelled_calls_say_so() {
    let failed = CallRecord { error: Some("rate_limited".into()), usage: None, ..call(Outcome::Error) };
    let lines = logged("info", || {
        log_call(&failed, 0);
        log_call(&call(Outcome::Cancelled), 0);
    });
    let told = lines.iter().map(|line| (line["level"].as_str(), line["message"].as_str()));
    let expected = [(Some("ERROR"), Some("LLM call failed")), (Some("WARN"), Some("LLM call cancelled"))];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert_eq!(lines[0]["error"], "rate_limited");
    assert!(lines[0].get("prompt_tokens").is_none());
}

#[test]
fn a_failed_attempt_says_who_and_why_but_not_what_was_asked() {
    let refusal = Error::new(ErrorKind::RateLimited, "upstream quoted the prompt");
    let attempt = || log_attempt("openai", "gpt-4o", &refusal);
    assert!(logged("info", attempt).is_empty(), "a failure is told once, by the call it belongs to");
    let line = &logged("debug", || RequestScope::new("req_1").enter(attempt))[0];
    assert_eq!((&line["level"], &line["message"]), (&json!("DEBUG"), &json!("LLM attempt failed")));
    assert_eq!((&line["provider"], &line["error"]), (&json!("openai"), &json!("rate_limited")));
    assert_eq!(line["request_id"], "req_1");
    assert!(!line.to_string().contains("quoted"), "{line}");
}

#[test]
fn the_function_of_a_promised_line_is_the_one_that_writes_it() {
    let lines = logged("info", || log_call(&call(Outcome::Ok), 0));
    assert_eq!(lines[0]["function"], "log_call");
    assert_eq!(lines[0]["module"], "playhouse_telemetry::lines");
}

#[test]
fn no_text_ends_a_line_early() {
    let model = "a\u{85}b\u{2028}c\u{2029}d\u{7f}\n\"\\\u{e4}\u{1f600}";
    let config = LoggingConfig::default();
    let (lines, _guard) = capture(&config);
    log_call(&CallRecord { model: model.into(), ..call(Outcome::Ok) }, 0);
    assert_eq!(lines.json()[0]["model"], model);
    let ends_line = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    assert_eq!(lines.text().matches(ends_line).count(), 1, "{:?}", lines.text());
}

//! Log lines as whoever reads stdout sees them.

use std::error::Error;
use std::fmt;

use playhouse_telemetry::log::capture;
use playhouse_telemetry::{LogFormat, LoggingConfig, RequestScope, TraceParent, debug, error, info, warn};
use serde_json::{Value, json};

fn config(level: &str) -> LoggingConfig {
    LoggingConfig { level: level.parse().unwrap(), ..LoggingConfig::default() }
}

/// What one piece of code logs, as JSON.
fn logged(log: impl FnOnce()) -> Vec<Value> {
    let (lines, _guard) = capture(&config("debug,telemetry=debug"));
    log();
    lines.json()
}

fn only(lines: Vec<Value>) -> Value {
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

fn keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

#[derive(Debug)]
struct Failure {
    message: &'static str,
    cause: Option<Box<Failure>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &dyn Error)
    }
}

fn disk_failure() -> Failure {
    let cause = Failure { message: "disk full", cause: None };
    Failure { message: "could not append", cause: Some(Box::new(cause)) }
}

#[test]
fn a_line_has_the_standard_keys_then_its_own() {
    let line = only(logged(|| info!(address = "127.0.0.1:8000", port = 8000, "Listening on {}", "loopback")));
    let expected =
        ["timestamp", "level", "message", "logger", "module", "function", "line", "address", "port"];
    assert_eq!(keys(&line), expected);
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "Listening on loopback");
    assert_eq!(line["logger"], "telemetry::log_lines");
    assert_eq!(line["module"], "telemetry::log_lines");
    assert_eq!(line["function"], "a_line_has_the_standard_keys_then_its_own");
    assert!(line["line"].as_u64().unwrap() > 40);
}

#[test]
fn a_timestamp_is_utc_with_offset_and_microseconds() {
    let line = only(logged(|| info!("now")));
    let timestamp = line["timestamp"].as_str().unwrap();
    let shape: String = timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000+00:00");
}

#[test]
fn values_keep_their_types() {
    let line = only(logged(|| {
        info!(
            yes = true,
            count = 7_u64,
            less = -7_i64,
            share = 0.25,
            none = Option::<u64>::None,
            some = Some("text"),
            shown = %"dis\"play",
            debugged = ?Some(1),
            big = u128::MAX,
            r#type = "word",
            "values"
        );
    }));
    let expected = json!({"yes": true, "count": 7, "less": -7, "share": 0.25, "some": "text",
        "shown": "dis\"play", "debugged": "Some(1)", "big": u128::MAX.to_string(), "type": "word"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(line[name], *value, "{name}");
    }
    assert!(line.get("none").is_none());
}

#[test]
fn hostile_text_stays_within_its_line() {
    let text = "a\"b\\c\nd\r\te\u{0}\u{1b}[31m\u{2028}é";
    let lines = logged(|| info!(text, "{text}"));
    let line = only(lines);
    assert_eq!((line["message"].as_str(), line["text"].as_str()), (Some(text), Some(text)));
}

#[test]
fn a_value_without_end_is_cut() {
    let long = "é".repeat(100_000);
    let line = only(logged(|| info!(long, "{long}")));
    assert!(line["long"].as_str().unwrap().len() < 17_000);
    assert!(line["message"].as_str().unwrap().ends_with("é…"));
}

#[test]
fn no_key_comes_twice() {
    let line = only(logged(|| {
        RequestScope::new("req_scope")
            .enter(|| info!(line = "x", level = 1, request_id = "req_own", timestamp = "t", "twice"));
    }));
    assert_eq!(line["line_"], "x");
    assert_eq!(line["level_"], 1);
    assert_eq!(line["timestamp_"], "t");
    assert_eq!(line["request_id"], "req_own");
    assert_eq!(line["level"], "INFO");
    assert!(line["line"].is_u64());
}

#[test]
fn a_key_is_written_once_in_the_bytes() {
    let (lines, _guard) = capture(&config("telemetry=debug"));
    RequestScope::new("r").enter(|| info!(request_id = "own", function = "f", message_ = 1, "once"));
    let text = lines.text();
    for key in ["\"request_id\":", "\"function\":", "\"function_\":", "\"message\":", "\"message_\":"] {
        assert_eq!(text.matches(key).count(), 1, "{key} in {text}");
    }
}

#[test]
fn an_error_brings_its_causes() {
    let failure = disk_failure();
    let line = only(logged(|| error!(error = &failure as &dyn Error, "Lost a record")));
    assert_eq!(line["error"], "could not append");
    assert_eq!(line["exception"], "could not append\ncaused by: disk full");

    let line = only(logged(|| error!(exception = &failure as &dyn Error, "Lost a record")));
    assert_eq!(line["exception"], "could not append\ncaused by: disk full");
    assert!(line.get("exception_").is_none());
}

#[test]
fn every_line_within_a_scope_carries_its_ids() {
    let trace = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
    let lines = logged(|| {
        warn!("outside");
        RequestScope::new("req_1").traced(&trace).enter(|| {
            debug!("ours");
            tracing::warn!(target: "hyper::proto", "theirs");
        });
    });
    assert!(lines[0].get("request_id").is_none());
    for line in &lines[1..] {
        assert_eq!(line["request_id"], "req_1");
        assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["span_id"], "b7ad6b7169203331");
    }
}

#[test]
fn a_library_line_is_named_after_its_module() {
    let line = only(logged(|| tracing::warn!(target: "hyper::proto", "theirs")));
    assert_eq!(
        (line["logger"].as_str(), line["function"].as_str()),
        (Some("hyper::proto"), Some("log_lines"))
    );
}

#[test]
fn libraries_are_quiet_unless_named() {
    let heard = |level: &str| {
        let (lines, _guard) = capture(&config(level));
        tracing::info!(target: "hyper::proto", "theirs");
        tracing::warn!(target: "hyper::proto", "theirs");
        tracing::debug!(target: "playhouse_server::chat", "ours");
        lines.json().len()
    };
    assert_eq!(heard("info"), 1);
    assert_eq!(heard("debug"), 2);
    assert_eq!(heard("debug,hyper=info"), 3);
}

/// A value that logs while it is shown.
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The test's subscriber is busy and may not hear this; the line around it must not suffer.
        info!("inner");
        RequestScope::new("other").enter(|| formatter.write_str("chatty"))
    }
}

#[test]
fn a_value_may_log_and_enter_scopes_itself() {
    let lines = logged(|| RequestScope::new("req_1").enter(|| info!(value = %Chatty, "outer")));
    let outer = lines.iter().find(|line| line["message"] == "outer").unwrap();
    assert_eq!((outer["value"].as_str(), outer["request_id"].as_str()), (Some("chatty"), Some("req_1")));
}

/// What one piece of code logs for people, without the time.
fn text_lines(log: impl FnOnce()) -> Vec<String> {
    let config = LoggingConfig { format: LogFormat::Text, ..config("telemetry=debug") };
    let (lines, _guard) = capture(&config);
    log();
    lines.text().lines().map(|line| line.get(13..).unwrap_or(line).to_owned()).collect()
}

#[test]
fn text_is_one_short_line() {
    let lines = text_lines(|| {
        let listening = || info!(address = "127.0.0.1:8000", name = "two words", port = 8000, "Listening");
        RequestScope::new("req_1").enter(listening);
    });
    let expected = r#" INFO Listening address=127.0.0.1:8000 name="two words" port=8000 request_id=req_1"#;
    assert_eq!(lines, [expected]);
}

#[test]
fn text_from_outside_moves_no_cursor_and_forges_no_field() {
    let lines = text_lines(|| warn!(name = "x\" admin=\"yes", empty = "", "Lost\na record\u{1b}[31m"));
    let expected = r#" WARN Lost\na record\u{1b}[31m name="x\" admin=\"yes" empty="" (telemetry::log_lines:"#;
    assert!(lines[0].starts_with(expected), "{}", lines[0]);
    assert_eq!(lines.len(), 1);
}

#[test]
fn text_shows_an_exception_below_its_line() {
    let (lines, _guard) = capture(&LoggingConfig { format: LogFormat::Text, ..config("telemetry=debug") });
    error!(exception = &disk_failure() as &dyn Error, "Lost");
    let text = lines.text();
    let below: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(below, ["    could not append", "    caused by: disk full"]);
}

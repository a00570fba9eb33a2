//! The metrics as Prometheus sees them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use playhouse_llm::{CacheOutcome, CallRecord, ErrorKind, Operation, Outcome, Phase, Usage};
use playhouse_telemetry::Metrics;
use playhouse_telemetry::metrics::{
    CallRecordCounts, CircuitSample, RequestSample, RunSample, ToolCallSample,
};

fn call(model: &str) -> CallRecord {
    CallRecord {
        id: "call_1".into(),
        request_id: "req_1".into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: 0,
        operation: Default::default(),
        model: model.into(),
        model_served: None,
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(200.0),
        duration_ms: 1200.0,
        usage: Some(Usage { cached_tokens: Some(4), ..Usage::new(10, 11) }),
        cost_usd: Some(0.5),
        upstream_request_id: None,
    }
}

fn failed(error: &str) -> CallRecord {
    let error = Some(error.into());
    CallRecord { outcome: Outcome::Error, error, usage: None, cost_usd: None, ..call("gpt-4o") }
}

fn request(route: Option<&'static str>) -> RequestSample<'static> {
    let duration = Duration::from_millis(30);
    RequestSample { method: "POST", route, status_code: 200, duration, upstream: None }
}

/// Metrics with something in each family.
fn touched() -> Metrics {
    let metrics = Metrics::new("1.2.3", "abc");
    let upstream = Some(Duration::from_micros(29_900));
    metrics.observe_request(&RequestSample { upstream, ..request(Some("/v1/chat")) });
    metrics.observe_call(&call("gpt-4o"));
    metrics.observe_attempt("openai", "gpt-4o", None);
    metrics.observe_circuit_opened("openai", "gpt-4o");
    metrics.observe_cache(CacheOutcome::Hit);
    metrics.watch_circuits(|| {
        vec![CircuitSample { provider: "openai".into(), model: "gpt-4o".into(), state: 3 }]
    });
    metrics.observe_step("math");
    metrics.observe_tool_call(&ToolCallSample { tool: Some("calculator"), success: true, duration_ms: 1.0 });
    metrics.observe_run(&RunSample { agent: "math", status: "completed", duration_ms: 900.0 });
    metrics.watch_dropped_log_lines(|| 3);
    metrics.watch_call_records(|| CallRecordCounts {
        queued: 1,
        written: 2,
        oldest_age_s: 0.5,
        ..CallRecordCounts::default()
    });
    metrics
}

/// What a text tells of its series but their values; a histogram's buckets on one line.
fn shape(text: &str) -> String {
    let mut shape: Vec<String> = Vec::new();
    for line in text.lines() {
        let series = if line.starts_with('#') { line } else { line.rsplit_once(' ').unwrap().0 };
        match (series.split_once("le="), shape.last_mut()) {
            (Some((before, bound)), Some(last)) if last.starts_with(before) => {
                last.push(' ');
                last.push_str(bound.trim_end_matches('}'));
            }
            _ => shape.push(series.to_owned()),
        }
    }
    shape.join("\n")
}

#[track_caller]
fn assert_has(metrics: &Metrics, expected: &str) {
    let text = metrics.render();
    let family = expected.split(['{', ' ']).next().unwrap();
    let near: Vec<_> = text.lines().filter(|line| line.starts_with(family)).collect();
    assert!(text.lines().any(|line| line == expected), "{expected}\nis not among\n{}", near.join("\n"));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux has /proc")]
fn names_helps_labels_and_buckets() {
    insta::assert_snapshot!(shape(&touched().render()));
}

#[test]
fn promtool_finds_nothing() {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        return println!("skipped: promtool is not installed");
    };
    promtool.stdin.take().unwrap().write_all(touched().render().as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "");
    assert!(output.status.success());
}

#[test]
fn a_call_is_counted_in_base_units() {
    let metrics = Metrics::new("1", "r");
    metrics.observe_call(&call("gpt-4o"));
    let names = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o""#;
    let server = r#"server_address="",server_port="""#;
    assert_has(
        &metrics,
        &format!(
            r#"gen_ai_client_operation_duration_seconds_sum{{error_type="",{names},gen_ai_response_model="",{server}}} 1.2"#
        ),
    );
    assert_has(&metrics, &format!("gen_ai_server_time_to_first_token_seconds_sum{{{names}}} 0.2"));
    assert_has(&metrics, &format!("gen_ai_server_time_per_output_token_seconds_sum{{{names}}} 0.1"));
    assert_has(
        &metrics,
        &format!(
            r#"gen_ai_client_token_usage_sum{{{names},gen_ai_response_model="",gen_ai_token_type="input",{server}}} 10"#
        ),
    );
    assert_has(&metrics, r#"playhouse_tokens_total{kind="completion",model="gpt-4o",provider="openai"} 11"#);
    assert_has(&metrics, r#"playhouse_tokens_total{kind="cached",model="gpt-4o",provider="openai"} 4"#);
    assert_has(&metrics, r#"playhouse_cost_usd_total{model="gpt-4o",provider="openai"} 0.5"#);
}

#[test]
fn embeddings_are_an_operation_of_their_own_that_writes_nothing() {
    let metrics = Metrics::new("1", "r");
    let usage = Some(Usage::new(8, 0));
    let embedded = CallRecord { operation: Operation::Embeddings, stream: false, usage, ..call("embed-1") };
    metrics.observe_call(&embedded);
    let names =
        r#"gen_ai_operation_name="embeddings",gen_ai_provider_name="openai",gen_ai_request_model="embed-1""#;
    assert_has(
        &metrics,
        &format!(
            r#"gen_ai_client_token_usage_sum{{{names},gen_ai_response_model="",gen_ai_token_type="input",server_address="",server_port=""}} 8"#
        ),
    );
    assert_has(&metrics, r#"playhouse_tokens_total{kind="prompt",model="embed-1",provider="openai"} 8"#);
    let text = metrics.render();
    assert!(!text.contains("time_to_first") && !text.contains(r#"type="output""#), "{text}");
}

#[test]
fn a_failure_has_its_type_and_no_first_token() {
    let metrics = Metrics::new("1", "r");
    metrics.observe_call(&failed("rate_limited"));
    metrics.observe_call(&failed("a text from outside"));
    metrics.observe_call(&CallRecord { outcome: Outcome::Cancelled, ..call("gpt-4o") });
    let count = |error: &str| {
        format!(
            r#"gen_ai_client_operation_duration_seconds_count{{error_type="{error}",gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_response_model="",server_address="",server_port=""}} 1"#
        )
    };
    assert_has(&metrics, &count("rate_limited"));
    assert_has(&metrics, &count("_OTHER"));
    assert_has(&metrics, &count("cancelled"));
    assert_has(
        &metrics,
        r#"gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o"} 0"#,
    );
}

#[test]
fn a_whole_answer_has_no_first_token() {
    let metrics = Metrics::new("1", "r");
    metrics.observe_call(&CallRecord { stream: false, ..call("gpt-4o") });
    assert_has(
        &metrics,
        r#"gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o"} 0"#,
    );
}

#[test]
fn nonsense_numbers_do_no_harm() {
    let metrics = Metrics::new("1", "r");
    let (ttft_ms, cost_usd) = (Some(f64::NAN), Some(f64::NEG_INFINITY));
    metrics.observe_call(&CallRecord { duration_ms: -1.0, ttft_ms, cost_usd, ..call("gpt-4o") });
    assert_has(&metrics, r#"playhouse_cost_usd_total{model="gpt-4o",provider="openai"} 0"#);
    assert!(!metrics.render().contains("NaN"));
}

#[test]
fn attempts_are_counted_by_outcome() {
    let metrics = Metrics::new("1", "r");
    metrics.observe_attempt("openai", "gpt-4o", Some(ErrorKind::Timeout(Phase::Connect)));
    metrics.observe_attempt("openai", "gpt-4o", None);
    let attempt = |outcome: &str| {
        format!(
            r#"playhouse_upstream_attempts_total{{model="gpt-4o",outcome="{outcome}",provider="openai"}} 1"#
        )
    };
    assert_has(&metrics, &attempt("timeout_connect"));
    assert_has(&metrics, &attempt("ok"));
}

#[test]
fn requests_are_counted_by_route_template() {
    let metrics = Metrics::new("1", "r");
    metrics.observe_request(&request(Some("/v1/sessions/{id}")));
    metrics.observe_request(&RequestSample { method: "BREW", status_code: 999, ..request(None) });
    assert_has(&metrics, r#"playhouse_requests_total{route="/v1/sessions/{id}",status="200"} 1"#);
    assert_has(&metrics, r#"playhouse_requests_total{route="unmatched",status="other"} 1"#);
    assert_has(
        &metrics,
        r#"http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="other",http_route="unmatched"} 1"#,
    );
}

#[test]
fn overhead_is_what_upstream_did_not_take() {
    let metrics = touched();
    metrics.observe_request(&request(Some("/health")));
    assert_has(&metrics, "playhouse_overhead_seconds_count 1");
    assert_has(&metrics, r#"playhouse_overhead_seconds_bucket{le="0.00005"} 0"#);
    assert_has(&metrics, r#"playhouse_overhead_seconds_bucket{le="0.0001"} 1"#);
}

#[test]
fn the_conventions_metrics_name_the_vendor_and_ours_the_provider() {
    let metrics = Metrics::new("1", "r");
    metrics.name_vendors([("eu".to_owned(), "azure.ai.openai")]);
    metrics.observe_call(&CallRecord { provider: Some("eu".into()), ..call("gpt-4o") });
    assert_has(
        &metrics,
        r#"gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="chat",gen_ai_provider_name="azure.ai.openai",gen_ai_request_model="gpt-4o",gen_ai_response_model="",server_address="",server_port=""} 1"#,
    );
    assert_has(&metrics, r#"playhouse_cost_usd_total{model="gpt-4o",provider="eu"} 0.5"#);
}

#[test]
fn a_call_names_the_model_that_answered_and_where() {
    let metrics = Metrics::new("1", "r");
    metrics.name_servers([("openai".into(), ("api.openai.com".into(), 443))]);
    let served = |model: &str| Some(model.into());
    metrics.observe_call(&CallRecord { model_served: served("gpt-4o-2024"), ..call("gpt-4o") });
    metrics.observe_call(&CallRecord { model_served: served("gpt-4o-2025"), ..call("gpt-4o") });
    metrics.observe_call(&CallRecord { model_served: served("gpt-4o-2025"), ..failed("overloaded") });
    let count = |error: &str, model: &str| {
        format!(
            r#"gen_ai_client_operation_duration_seconds_count{{error_type="{error}",gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_response_model="{model}",server_address="api.openai.com",server_port="443"}} 1"#
        )
    };
    assert_has(&metrics, &count("", "gpt-4o-2024"));
    assert_has(&metrics, &count("", "gpt-4o-2025"));
    assert_has(&metrics, &count("overloaded", "gpt-4o-2025"));
    for (kind, tokens) in [("input", 10), ("output", 11)] {
        assert_has(
            &metrics,
            &format!(
                r#"gen_ai_client_token_usage_sum{{gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o",gen_ai_response_model="gpt-4o-2024",gen_ai_token_type="{kind}",server_address="api.openai.com",server_port="443"}} {tokens}"#
            ),
        );
    }
}

#[test]
fn models_that_answered_are_bounded_whatever_upstream_says() {
    let metrics = Metrics::new("1", "r");
    for number in 0..1_000 {
        let model_served = Some(format!("served-{number}").into());
        metrics.observe_call(&CallRecord { model_served, ..call("gpt-4o") });
    }
    let text = metrics.render();
    let count = |prefix: &str| text.lines().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(count("gen_ai_client_operation_duration_seconds_count{"), 5);
    assert_eq!(count("gen_ai_client_token_usage_count{"), 10);
    assert!(
        text.contains(r#"gen_ai_response_model="other",server_address="",server_port=""} 996"#),
        "{text}"
    );
}

#[test]
fn labels_are_bounded_whoever_names_them() {
    let metrics = Metrics::new("1", "r");
    for number in 0..5_000 {
        metrics.observe_call(&call(&format!("model-{number}")));
        metrics.observe_call(&CallRecord { model: format!("bad-{number}").into(), ..failed("not_found") });
        let route = format!("/path/{number}");
        metrics.observe_request(&RequestSample { route: Some(&route), ..request(None) });
    }
    let text = metrics.render();
    let count = |prefix: &str| text.lines().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(count("playhouse_cost_usd_total{"), 251);
    assert_eq!(count("playhouse_requests_total{"), 201);
    assert_has(&metrics, r#"playhouse_cost_usd_total{model="other",provider="openai"} 2400"#);
    assert_has(&metrics, r#"playhouse_requests_total{route="other",status="200"} 4800"#);
}

#[test]
fn a_hostile_model_name_stays_within_its_label() {
    let metrics = touched();
    metrics.observe_call(&call("a\"} 1\nb{\\"));
    assert_has(&metrics, r#"playhouse_cost_usd_total{model="a\"} 1\nb{\\",provider="openai"} 0.5"#);
}

#[test]
fn guards_hold_their_gauge() {
    let metrics = Metrics::new("1", "r");
    let held = (metrics.active_request_guard(), metrics.inflight_guard(), metrics.inflight_guard());
    assert_has(&metrics, "http_server_active_requests 1");
    assert_has(&metrics, "playhouse_inflight_requests 2");
    drop(held);
    assert_has(&metrics, "http_server_active_requests 0");
    assert_has(&metrics, "playhouse_inflight_requests 0");
}

#[test]
fn watched_counts_are_read_and_never_counted_twice() {
    let metrics = touched();
    metrics.render();
    assert_has(&metrics, "playhouse_log_lines_dropped_total 3");
    assert_has(&metrics, "playhouse_call_records_written_total 2");
    assert_has(&metrics, "playhouse_call_records_queued 1");
    assert_has(&metrics, "playhouse_ledger_lag_records 1");
    assert_has(&metrics, "playhouse_ledger_oldest_record_age_seconds 0.5");
}

#[test]
fn a_circuit_that_is_gone_is_shown_no_more() {
    let metrics = touched();
    assert_has(&metrics, r#"playhouse_circuit_state{model="gpt-4o",provider="openai"} 3"#);
    metrics.watch_circuits(Vec::new);
    assert!(!metrics.render().contains("playhouse_circuit_state{"));
    assert_has(&metrics, r#"playhouse_circuit_opened_total{model="gpt-4o",provider="openai"} 1"#);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux has /proc")]
fn the_process_tells_of_itself() {
    let text = Metrics::new("1", "r").render();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") >= 3.0);
    assert!(value("process_start_time_seconds") > 1.7e9);
    assert!(value("process_threads") >= 1.0);
}

#[test]
fn a_tool_that_there_is_not_has_one_name() {
    let metrics = touched();
    metrics.observe_tool_call(&ToolCallSample { tool: None, success: false, duration_ms: 1.0 });
    assert_has(&metrics, r#"playhouse_tool_calls_total{outcome="error",tool="unknown"} 1"#);
}

#[test]
fn a_run_that_a_bound_ended_counts_as_an_error_of_that_name() {
    let metrics = touched();
    metrics.observe_run(&RunSample { agent: "math", status: "step_limit", duration_ms: 900.0 });
    assert_has(&metrics, r#"playhouse_agent_runs_total{agent="math",status="step_limit"} 1"#);
    let series =
        r#"gen_ai_invoke_agent_duration_seconds_count{error_type="step_limit",gen_ai_agent_name="math"} 1"#;
    assert_has(&metrics, series);
}

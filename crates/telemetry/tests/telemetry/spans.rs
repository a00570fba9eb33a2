//! Spans as a receiver reads them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use playhouse_llm::{
    Chunk, Context, Decode, Encoded, Error, ErrorKind, Event, FinishReason, Malformed, Message, Operation,
    Outline, Prompt, Protocol, Reply, Request, TraceContext, Usage,
};
use playhouse_telemetry::otlp::{
    ChatSpan, ChatTarget, ContentCapture, RequestEnd, RequestSpan, RequestStart, SamplerKind,
};
use playhouse_telemetry::{RunSpans, TelemetryConfig, TraceParent, Tracer};

use crate::decoded::{attributes, captured, only_span, resource, spans};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn caller(traceparent: &str) -> TraceContext {
    TraceParent::parse(traceparent).unwrap().context(Some("vendor=1".into()))
}

fn start(caller: Option<&TraceContext>) -> RequestStart<'_> {
    RequestStart {
        caller,
        started: Instant::now(),
        path: "/v1/chat/completions",
        route: Some("/v1/chat/completions"),
        user_agent: Some("test/1"),
    }
}

fn end(status_code: u16) -> RequestEnd<'static> {
    RequestEnd {
        method: "POST",
        path: "/v1/chat/completions",
        route: Some("/v1/chat/completions"),
        client: Some("127.0.0.1"),
        status_code: Some(status_code),
        client_aborted: false,
        duration: Duration::from_millis(12),
    }
}

fn target() -> ChatTarget {
    ChatTarget::new("openai", Some(("api.openai.com", 443)))
}

fn request(trace: TraceContext) -> Request {
    let context = Context { session_id: Some("ada".into()), trace: Some(trace), ..Context::named("req_1") };
    let prompt = Prompt {
        temperature: Some(0.5),
        max_tokens: Some(64),
        ..Prompt::new(vec![Message::system("Be kind."), Message::user("Hello")])
    };
    Request::new("gpt-4o", prompt).streamed(true).within(Arc::new(context))
}

fn answer() -> [Event; 2] {
    let first = Chunk { id: Some("chatcmpl-1".to_owned()), ..Chunk::text("Hi!") };
    let mut last = Chunk { model: Some("gpt-4o-2024".to_owned()), ..Chunk::default() };
    last.usage = Some(Usage { cached_tokens: Some(3), ..Usage::new(10, 5) });
    last.choices.push(playhouse_llm::ChoiceDelta { finish: Some(FinishReason::Stop), ..Default::default() });
    [Event::chunk(first), Event::chunk(last)]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn error_code(span: &Span) -> i32 {
    span.status.as_ref().map_or(0, |status| status.code)
}

#[test]
fn a_request_is_a_server_span_of_its_callers_trace() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let caller = caller(CALLER);
    let span = RequestSpan::begin(&tracer, &start(Some(&caller))).unwrap();
    let told = span.trace();
    span.end(&end(200));

    let seen = only_span(&exports);
    assert_eq!((seen.name.as_str(), seen.kind()), ("POST /v1/chat/completions", SpanKind::Server));
    assert_eq!(hex(&seen.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&seen.parent_span_id), "b7ad6b7169203331");
    assert_eq!(seen.trace_state, "vendor=1");
    assert_eq!(seen.flags, 0x301, "sampled, and its parent is another process's");
    assert_eq!(seen.end_time_unix_nano - seen.start_time_unix_nano, 12_000_000);
    assert!(seen.start_time_unix_nano > 0);
    let header = TraceParent::of(&told).unwrap().to_string();
    assert_eq!(header, format!("00-{}-{}-01", hex(&seen.trace_id), hex(&seen.span_id)));
    assert_eq!(told.tracestate.as_deref(), Some("vendor=1"));
    let said = attributes(&seen.attributes);
    for (key, value) in [
        ("http.request.method", "POST"),
        ("url.scheme", "http"),
        ("url.path", "/v1/chat/completions"),
        ("http.route", "/v1/chat/completions"),
        ("http.response.status_code", "200"),
        ("client.address", "127.0.0.1"),
        ("user_agent.original", "test/1"),
    ] {
        assert_eq!(said[key], value, "{key}");
    }
    assert!(!said.contains_key("error.type") && error_code(&seen) == 0);
}

#[test]
fn only_our_own_failures_are_errors_of_the_span() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let left = RequestEnd { status_code: None, client_aborted: true, ..end(0) };
    for (how, error_type, code) in [(end(404), "404", 0), (end(502), "502", 2), (left, "cancelled", 0)] {
        RequestSpan::begin(&tracer, &start(None)).unwrap().end(&how);
        let seen = only_span(&exports);
        assert_eq!(attributes(&seen.attributes)["error.type"], error_type);
        assert_eq!(error_code(&seen), code, "{error_type}");
        assert!(seen.parent_span_id.is_empty());
    }
}

#[test]
fn probes_and_odd_methods_make_no_odd_spans() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let probe = RequestStart { route: Some("/health/ready"), ..start(None) };
    assert!(RequestSpan::begin(&tracer, &probe).is_none());
    let odd = RequestStart { route: None, ..start(None) };
    RequestSpan::begin(&tracer, &odd).unwrap().end(&RequestEnd { method: "BREW", route: None, ..end(404) });
    let seen = only_span(&exports);
    let said = attributes(&seen.attributes);
    assert_eq!((seen.name.as_str(), said["http.request.method"].as_str()), ("HTTP", "_OTHER"));
    assert_eq!(said["http.request.method_original"], "BREW");
}

#[test]
fn attempts_are_client_spans_beside_each_other() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let server = RequestSpan::begin(&tracer, &start(None)).unwrap();
    let request = request(server.trace());
    let mut failed = ChatSpan::begin(&tracer, &target(), &request).unwrap();
    failed.end(Some(&Error::new(ErrorKind::RateLimited, "slower")));
    drop(failed);
    let mut answered = ChatSpan::begin(&tracer, &target(), &request).unwrap();
    let told = TraceParent::of(&answered.trace()).unwrap();
    answer().iter().for_each(|event| answered.observe(event));
    answered.end(None);
    drop(answered);
    server.end(&end(200));

    let [server, failed, answered] = <[Span; 3]>::try_from(spans(&exports)).unwrap();
    for attempt in [&failed, &answered] {
        assert_eq!((attempt.name.as_str(), attempt.kind()), ("chat gpt-4o", SpanKind::Client));
        assert_eq!(attempt.parent_span_id, server.span_id);
        assert_eq!(attempt.trace_id, server.trace_id);
        let said = attributes(&attempt.attributes);
        for (key, value) in [
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-4o"),
            ("gen_ai.request.stream", "true"),
            ("gen_ai.request.temperature", "0.5"),
            ("gen_ai.request.max_tokens", "64"),
            ("gen_ai.conversation.id", "ada"),
            ("server.address", "api.openai.com"),
            ("server.port", "443"),
        ] {
            assert_eq!(said[key], value, "{key}");
        }
    }
    assert_eq!(attributes(&failed.attributes)["error.type"], "rate_limited");
    assert_eq!((error_code(&failed), error_code(&answered)), (2, 0));
    assert_eq!(hex(&answered.span_id), told.span_id.to_string(), "what is told upstream is what is exported");
    let said = attributes(&answered.attributes);
    for (key, value) in [
        ("gen_ai.response.id", "chatcmpl-1"),
        ("gen_ai.response.model", "gpt-4o-2024"),
        ("gen_ai.response.finish_reasons", "stop"),
        ("gen_ai.usage.input_tokens", "10"),
        ("gen_ai.usage.output_tokens", "5"),
        ("gen_ai.usage.cache_read.input_tokens", "3"),
    ] {
        assert_eq!(said[key], value, "{key}");
    }
    let first_chunk: f64 = said["gen_ai.response.time_to_first_chunk"].parse().unwrap();
    assert!(first_chunk > 0.0 && first_chunk < 10.0);
    let content: Vec<&String> = said.keys().filter(|key| key.ends_with("messages")).collect();
    assert!(content.is_empty(), "{content:?}");
}

/// A protocol of embeddings, of which nothing is decoded.
#[derive(Debug)]
struct Vectors;

impl Decode for Vectors {
    fn protocol(&self) -> Protocol {
        Protocol::new("vectors")
    }

    fn operation(&self) -> Operation {
        Operation::Embeddings
    }

    fn prompt(&self, _: &[u8]) -> Result<Prompt, Malformed> {
        Err(Malformed::new("no conversation"))
    }

    fn untold(&self, _: &Prompt) -> Result<Vec<String>, Malformed> {
        Ok(Vec::new())
    }

    fn reply(&self, _: &[u8]) -> Result<Reply, Malformed> {
        Err(Malformed::new("no message"))
    }

    fn chunks(&self, _: &[u8]) -> Result<Vec<Chunk>, Malformed> {
        Err(Malformed::new("no pieces"))
    }
}

#[test]
fn embeddings_are_an_operation_that_writes_nothing() {
    let capture_content = ContentCapture::SpanOnly;
    let (tracer, exports, _metrics) = captured(TelemetryConfig { capture_content, ..Default::default() });
    let encoded = || Encoded { bytes: "{}".into(), decoder: &Vectors };
    let request = Request::from_encoded("embed-1", false, encoded());
    let request =
        request.within(Arc::new(Context { trace: Some(caller(CALLER)), ..Context::named("req_1") }));
    let mut span = ChatSpan::begin(&tracer, &target(), &request).unwrap();
    let usage = Some(Usage::new(8, 0));
    span.observe(&Event::from_body(encoded(), Outline { has_output: true, usage, ..Outline::default() }));
    span.end(None);
    drop(span);
    let seen = only_span(&exports);
    assert_eq!(
        (seen.name.as_str(), seen.kind(), error_code(&seen)),
        ("embeddings embed-1", SpanKind::Client, 0)
    );
    let said = attributes(&seen.attributes);
    assert_eq!(said["gen_ai.operation.name"], "embeddings");
    assert_eq!(said["gen_ai.usage.input_tokens"], "8");
    let written = ["gen_ai.usage.output_tokens", "gen_ai.response.id", "gen_ai.output.messages"];
    assert!(written.iter().all(|name| !said.contains_key(*name)), "{said:?}");
}

#[test]
fn an_attempt_that_is_dropped_was_cancelled() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let mut span = ChatSpan::begin(&tracer, &target(), &request(caller(CALLER))).unwrap();
    span.observe(&answer()[0]);
    drop(span);
    let said = attributes(&only_span(&exports).attributes);
    assert_eq!(said["error.type"], "cancelled");
    assert_eq!(said["gen_ai.response.id"], "chatcmpl-1");
}

#[test]
fn what_was_said_is_in_spans_only_where_that_is_switched_on() {
    let capture_content = ContentCapture::SpanOnly;
    let (tracer, exports, _metrics) = captured(TelemetryConfig { capture_content, ..Default::default() });
    let mut span = ChatSpan::begin(&tracer, &target(), &request(caller(CALLER))).unwrap();
    answer().iter().for_each(|event| span.observe(event));
    span.end(None);
    drop(span);
    let said = attributes(&only_span(&exports).attributes);
    assert_eq!(said["gen_ai.system_instructions"], r#"[{"type":"text","content":"Be kind."}]"#);
    assert_eq!(
        said["gen_ai.input.messages"],
        r#"[{"role":"user","parts":[{"type":"text","content":"Hello"}]}]"#
    );
    assert_eq!(
        said["gen_ai.output.messages"],
        r#"[{"role":"assistant","parts":[{"type":"text","content":"Hi!"}],"finish_reason":"stop"}]"#
    );
}

#[test]
fn endless_content_is_cut() {
    let capture_content = ContentCapture::SpanOnly;
    let (tracer, exports, _metrics) = captured(TelemetryConfig { capture_content, ..Default::default() });
    let long = "ä".repeat(1 << 20);
    let messages = (0..40).map(|_| Message::user(long.clone())).collect();
    let mut span =
        ChatSpan::begin(&tracer, &target(), &Request::new("gpt-4o", Prompt::new(messages))).unwrap();
    span.observe(&Event::reply(Reply::text(long)));
    span.end(None);
    drop(span);
    let said = attributes(&only_span(&exports).attributes);
    for key in ["gen_ai.input.messages", "gen_ai.output.messages"] {
        assert!((1000..100_000).contains(&said[key].len()), "{key}: {}", said[key].len());
        assert!(serde_json::from_str::<serde_json::Value>(&said[key]).unwrap().is_array());
    }
}

#[test]
fn a_run_is_a_span_with_its_tools_and_chats_in_it() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let server = RequestSpan::begin(&tracer, &start(None)).unwrap();
    let context =
        Context { session_id: Some("ada".into()), trace: Some(server.trace()), ..Context::named("req_1") };
    let mut run = RunSpans::begin(&tracer, &context, "math", "run_1", "gpt-4o").unwrap();
    let chat = ChatSpan::begin(&tracer, &target(), &request(run.trace())).unwrap();
    drop(chat);
    run.begin_tool("calculator", "c1", r#"{"expression":"1"}"#);
    run.end_tool("c1", false, || "secret".to_owned());
    run.end(&Usage::new(20, 9), Some("step_limit"));
    server.end(&end(200));

    let [server, run, chat, tool] = <[Span; 4]>::try_from(spans(&exports)).unwrap();
    assert_eq!((run.name.as_str(), run.kind()), ("invoke_agent math", SpanKind::Internal));
    assert_eq!((tool.name.as_str(), tool.kind()), ("execute_tool calculator", SpanKind::Internal));
    assert_eq!(run.parent_span_id, server.span_id);
    assert_eq!((&chat.parent_span_id, &tool.parent_span_id), (&run.span_id, &run.span_id));
    let said = attributes(&run.attributes);
    for (key, value) in [
        ("gen_ai.operation.name", "invoke_agent"),
        ("gen_ai.agent.name", "math"),
        ("gen_ai.conversation.id", "ada"),
        ("playhouse.run.id", "run_1"),
        ("gen_ai.usage.input_tokens", "20"),
        ("gen_ai.usage.output_tokens", "9"),
        ("error.type", "step_limit"),
    ] {
        assert_eq!(said[key], value, "{key}");
    }
    let said = attributes(&tool.attributes);
    for (key, value) in [
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "calculator"),
        ("gen_ai.tool.call.id", "c1"),
        ("gen_ai.tool.type", "function"),
        ("error.type", "tool_error"),
    ] {
        assert_eq!(said[key], value, "{key}");
    }
    assert!(!said.keys().any(|key| key.starts_with("gen_ai.tool.call.") && key != "gen_ai.tool.call.id"));
}

#[test]
fn a_callers_decision_is_followed_and_passed_on() {
    let (tracer, exports, _metrics) = captured(TelemetryConfig::default());
    let unsampled = caller(&CALLER.replace("-01", "-00"));
    let server = RequestSpan::begin(&tracer, &start(Some(&unsampled))).unwrap();
    let chat = ChatSpan::begin(&tracer, &target(), &request(server.trace())).unwrap();
    let told = TraceParent::of(&chat.trace()).unwrap();
    assert_eq!(told.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert!(!told.is_sampled() && !chat.is_recording());
    drop(chat);
    server.end(&end(200));
    assert!(spans(&exports).is_empty());
}

#[test]
fn a_sampler_of_ones_own_goes_before_the_callers_decision() {
    let config = TelemetryConfig { sampler: SamplerKind::AlwaysOff, ..TelemetryConfig::default() };
    let (tracer, exports, _metrics) = captured(config);
    let sampled = caller(CALLER);
    let span = RequestSpan::begin(&tracer, &start(Some(&sampled))).unwrap();
    assert!(TraceParent::of(&span.trace()).unwrap().to_string().ends_with("-00"));
    span.end(&end(200));
    assert!(spans(&exports).is_empty());
}

#[test]
fn without_a_tracer_there_are_no_spans() {
    let off = Tracer::default();
    assert!(RequestSpan::begin(&off, &start(None)).is_none());
    assert!(ChatSpan::begin(&off, &target(), &request(caller(CALLER))).is_none());
    assert!(RunSpans::begin(&off, &Context::default(), "math", "run_1", "gpt-4o").is_none());
}

#[test]
fn the_resource_says_who_exports() {
    let config = TelemetryConfig {
        service_name: Some("chat".to_owned()),
        resource_attributes: [("deployment.environment.name".to_owned(), "test".to_owned())].into(),
        ..TelemetryConfig::default()
    };
    let (_tracer, exports, _metrics) = captured(config);
    let said = resource(&exports);
    assert_eq!((said["service.name"].as_str(), said["service.version"].as_str()), ("chat", "test"));
    assert_eq!(said["deployment.environment.name"], "test");
    assert_eq!((said["telemetry.sdk.language"].as_str(), said["service.instance.id"].len()), ("rust", 32));
}

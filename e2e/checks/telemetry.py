"""Traces and metrics over OTLP, as a receiver decodes them with the official definitions."""

import json
import signal

import pytest

from harness import upstream
from harness.collector import Collector
from harness.gateway import gateway_env
from harness.plain import completion_body
from harness.words import ANSWER, CALLER_KEY, PROMPT, UPSTREAM_KEY

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = CALLER.split("-")[1]
REQUEST_SPAN = "POST /v1/chat/completions"
AGENT = """
[agents.weather]
tools = ["calculator"]

[chat]
model = "gpt-4o-mini"
"""
CALL = {"id": "call_1", "type": "function", "function": {"name": "calculator", "arguments": '{"expression": "10 * 5"}'}}
CONVENTIONS = {
    "gen_ai.client.token.usage": ("{token}", [float(4**power) for power in range(14)]),
    "gen_ai.client.operation.duration": ("s", [0.01 * 2**power for power in range(14)]),
    "gen_ai.client.operation.time_to_first_chunk": ("s", [0.01 * 2**power for power in range(14)]),
    "gen_ai.client.operation.time_per_output_chunk": ("s", [0.01 * 2**power for power in range(14)]),
    "gen_ai.server.request.duration": ("s", [0.01 * 2**power for power in range(14)]),
    "gen_ai.server.time_to_first_token": (
        "s",
        [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    ),
    "gen_ai.server.time_per_output_token": ("s", [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]),
    "http.server.request.duration": ("s", [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]),
}


@pytest.fixture
def collector():
    receiver = Collector()
    yield receiver
    receiver.close()


@pytest.fixture
def observed(started, vendor, collector):
    """Starts a server in front of the scripted vendor that exports to the collector."""

    def start(config="", **more):
        return started("serve", collector.env(**gateway_env(vendor, **more)), config)

    return start


def ask(server, stream=False, **headers):
    answer = server.http.post("/v1/chat/completions", content=completion_body(stream), headers=headers)
    answer.read()
    return answer


def by_name(spans, name):
    return [span for span in spans if span.name == name]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_request_is_a_server_span_with_its_attempt_in_it(observed, vendor, collector, stream):
    server = observed(OTEL_SERVICE_NAME="chat-api", OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test")
    answer = ask(server, stream, traceparent=CALLER, tracestate="vendor=1")
    request, attempt = sorted(collector.trace_of(REQUEST_SPAN), key=lambda span: span.name == "chat gpt-4o-mini")
    assert (request.kind, request.trace_id, request.parent_id) == ("SERVER", TRACE_ID, CALLER.split("-")[2])
    assert (attempt.name, attempt.kind, attempt.parent_id) == ("chat gpt-4o-mini", "CLIENT", request.span_id)
    assert request.resource["service.name"] == "chat-api"
    assert request.resource["deployment.environment.name"] == "test"
    expected = {
        "http.request.method": "POST",
        "url.scheme": "http",
        "url.path": "/v1/chat/completions",
        "http.route": "/v1/chat/completions",
        "http.response.status_code": 200,
        "client.address": "127.0.0.1",
    }
    assert expected.items() <= request.attributes.items(), request.attributes
    assert request.attributes["user_agent.original"].startswith("python-httpx/")
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "server.address": "127.0.0.1",
        "server.port": vendor.port,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
    }
    assert expected.items() <= attempt.attributes.items(), attempt.attributes
    assert not any(span.is_error or "error.type" in span.attributes for span in (request, attempt))
    assert attempt.attributes["gen_ai.response.id"].startswith("chatcmpl-")
    assert attempt.attributes["gen_ai.response.model"]
    assert ("gen_ai.response.time_to_first_chunk" in attempt.attributes) == stream
    assert attempt.attributes.get("gen_ai.request.stream", False) == stream
    sent = vendor.wait_for().headers
    assert sent["traceparent"] == f"00-{TRACE_ID}-{attempt.span_id}-01"
    assert sent["tracestate"] == "vendor=1"
    for line in server.log_of(answer.headers["x-request-id"]):
        assert (line["trace_id"], line["span_id"]) == (TRACE_ID, request.span_id), line


def test_retries_and_fallbacks_are_siblings(observed, vendor, collector):
    chain = '[models.fast]\nchain = ["openai/first", "openai/second"]\n'
    server = observed(chain, PLAYHOUSE_UPSTREAM__RETRIES="1", PLAYHOUSE_UPSTREAM__RETRY_BASE_MS="5")
    failed = upstream.whole(503, '{"error": {"message": "busy"}}')
    vendor.plays(failed, failed, upstream.completion())
    body = completion_body().replace(b"gpt-4o-mini", b"fast")
    assert server.http.post("/v1/chat/completions", content=body).status_code == 200
    spans = collector.trace_of(REQUEST_SPAN)
    [request] = by_name(spans, REQUEST_SPAN)
    attempts = [span for span in spans if span.parent_id == request.span_id]
    assert [span.name for span in attempts].count("chat first") == 2
    assert [span.name for span in attempts].count("chat second") == 1
    for span in attempts:
        failed = span.name == "chat first"
        assert (span.is_error, "error.type" in span.attributes) == (failed, failed), span
    told = {exchange.headers["traceparent"].split("-")[2] for exchange in vendor.exchanges}
    assert told == {span.span_id for span in attempts}


def test_an_agents_run_holds_its_chats_and_tools(observed, vendor, collector):
    server = observed(AGENT)
    message = upstream.reply_body(None, tool_calls=[CALL])
    message["choices"][0]["finish_reason"] = "tool_calls"
    vendor.plays(upstream.whole(200, json.dumps(message)), upstream.completion())
    answer = server.http.post("/v1/agents/weather/runs", json={"input": PROMPT})
    assert answer.json()["status"] == "completed", answer.text
    spans = collector.trace_of("POST /v1/agents/{name}/runs")
    [request] = by_name(spans, "POST /v1/agents/{name}/runs")
    [run] = by_name(spans, "invoke_agent weather")
    assert (run.kind, run.parent_id) == ("INTERNAL", request.span_id)
    assert run.attributes["gen_ai.usage.input_tokens"] == 22
    [tool] = by_name(spans, "execute_tool calculator")
    assert (tool.kind, tool.parent_id, tool.attributes["gen_ai.tool.call.id"]) == ("INTERNAL", run.span_id, "call_1")
    chats = by_name(spans, "chat gpt-4o-mini")
    assert [(chat.kind, chat.parent_id) for chat in chats] == [("CLIENT", run.span_id)] * 2


def test_a_caller_that_does_not_sample_is_followed(observed, vendor, collector):
    server = observed()
    unsampled = CALLER[:-2] + "00"
    ask(server, traceparent=unsampled)
    sent = vendor.wait_for().headers["traceparent"]
    assert sent.startswith(f"00-{TRACE_ID}-") and sent.endswith("-00")
    assert sent.split("-")[2] != CALLER.split("-")[2]
    ask(server)
    collector.trace_of(REQUEST_SPAN)
    assert TRACE_ID not in {span.trace_id for span in collector.spans()}


def test_always_off_exports_metrics_only(observed, collector):
    server = observed(OTEL_TRACES_SAMPLER="always_off")
    ask(server)
    collector.wait_for(lambda: "gen_ai.client.operation.duration" in collector.metrics(), "metrics")
    assert collector.count("/v1/traces") == 0


def test_metrics_have_the_conventions_names_units_and_bounds(observed, collector):
    server = observed()
    ask(server)
    ask(server, stream=True)
    metrics = collector.wait_for(
        lambda: (found := collector.metrics()).get("gen_ai.client.operation.duration")
        and sum(point.count for point in found["gen_ai.client.operation.duration"].histogram.data_points) == 2
        and found,
        "metrics of two calls",
    )
    for name, (unit, bounds) in CONVENTIONS.items():
        metric = metrics[name]
        assert metric.unit == unit, name
        assert metric.histogram.aggregation_temporality == 2, name
        for point in metric.histogram.data_points:
            assert list(point.explicit_bounds) == pytest.approx(bounds), name
            assert sum(point.bucket_counts) == point.count, name
    assert not metrics["http.server.active_requests"].sum.is_monotonic
    text = server.http.get("/metrics").text
    assert "gen_ai_client_operation_duration_seconds_bucket" in text


def test_what_was_said_is_exported_only_where_that_is_switched_on(observed, collector):
    silent = observed()
    ask(silent)
    collector.trace_of(REQUEST_SPAN)
    silent.signal(signal.SIGTERM)
    silent.wait(20)
    for word in (PROMPT, ANSWER, UPSTREAM_KEY, CALLER_KEY):
        assert word.encode() not in collector.raw(), word
    open_about_it = observed(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="SPAN_ONLY")
    ask(open_about_it, stream=True, traceparent=CALLER)
    [attempt] = by_name(collector.trace_of(REQUEST_SPAN, TRACE_ID), "chat gpt-4o-mini")
    assert PROMPT in attempt.attributes["gen_ai.input.messages"]
    assert ANSWER in attempt.attributes["gen_ai.output.messages"]
    assert UPSTREAM_KEY.encode() not in collector.raw()


def test_headers_are_sent_and_never_shown(observed, collector):
    server = observed(OTEL_EXPORTER_OTLP_HEADERS=f"authorization=Bearer%20{CALLER_KEY}")
    ask(server)
    collector.trace_of(REQUEST_SPAN)
    assert collector.headers[0]["authorization"] == f"Bearer {CALLER_KEY}"
    assert CALLER_KEY not in server.stdout() + server.stderr()


def test_what_waits_is_exported_at_the_end(observed, collector):
    server = observed(OTEL_BSP_SCHEDULE_DELAY="3600000", OTEL_METRIC_EXPORT_INTERVAL="3600000")
    ask(server)
    server.signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert by_name(collector.spans(), REQUEST_SPAN)
    assert "gen_ai.client.operation.duration" in collector.metrics()


def test_a_receiver_that_is_away_harms_nobody(started, vendor, collector):
    collector.close()
    server = started("serve", collector.env(**gateway_env(vendor)))
    for _ in range(20):
        assert ask(server).status_code == 200
    server.signal(signal.SIGTERM)
    assert server.wait(20) == 0


def test_another_protocol_is_refused(started, vendor, collector):
    server = started("serve", collector.env(**gateway_env(vendor, OTEL_EXPORTER_OTLP_PROTOCOL="grpc")), begin=False)
    with pytest.raises(AssertionError, match="exited with 2"):
        server.start()
    assert "telemetry.protocol is one of: http/protobuf" in server.stderr()


def test_a_disabled_sdk_exports_nothing_and_passes_traces_on(observed, vendor, collector):
    server = observed(OTEL_SDK_DISABLED="true")
    ask(server, traceparent=CALLER)
    assert vendor.wait_for().headers["traceparent"] == CALLER
    server.signal(signal.SIGTERM)
    server.wait(20)
    assert not collector.raw()

"""Logs, metrics, and what must never be in either."""

import datetime
import json
import re
import shutil
import subprocess

import pytest

from harness import playhouse, upstream
from harness.plain import chat_body, completion_body
from harness.report import is_ci
from harness.words import ANSWER, CALLER_KEY, PROMPT, SENTINELS, UPSTREAM_KEY

EVERY_LINE = {"timestamp", "level", "message", "logger", "module", "function", "line"}
REQUEST_LINE = {"request_id", "method", "path", "status_code", "duration_ms"}
CALL_LINE = {"model", "provider", "duration_ms", "ttft_ms", "prompt_tokens", "completion_tokens", "total_tokens"}
LEVELS = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"}


def completions(server, stream=False, **headers):
    return server.http.post("/v1/chat/completions", content=completion_body(stream), headers=headers)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/chat"], ids=["compatible", "native"])
def test_a_request_with_a_call_is_two_lines(gateway, vendor, route, stream):
    body = completion_body(stream) if route == "/v1/chat/completions" else chat_body(stream)
    answer = gateway.http.post(route, content=body)
    call, request = gateway.log_of(answer.headers["x-request-id"])
    assert (call["message"], request["message"]) == ("LLM call completed", "Request completed")
    assert REQUEST_LINE <= set(request), REQUEST_LINE - set(request)
    assert (request["method"], request["path"], request["status_code"]) == ("POST", route, 200)
    assert 0 < request["duration_ms"] < 5000
    assert CALL_LINE <= set(call), CALL_LINE - set(call)
    assert (call["model"], call["provider"]) == ("gpt-4o-mini", "openai")
    assert (call["prompt_tokens"], call["completion_tokens"], call["total_tokens"]) == (11, 7, 18)
    assert 0 < call["ttft_ms"] <= call["duration_ms"] <= request["duration_ms"]


def test_a_known_model_has_its_cost_in_the_line_and_in_the_record(gateway, vendor):
    reply = upstream.reply_body() | {"model": "gpt-4o-mini-2024-07-18"}
    vendor.plays(upstream.whole(200, json.dumps(reply)))
    request_id = completions(gateway).headers["x-request-id"]
    [call] = gateway.log_of(request_id, "LLM call completed")
    assert 0 < call["cost_usd"] < 0.001
    assert gateway.call_of(request_id)["cost_usd"] == pytest.approx(call["cost_usd"])


def test_a_failed_call_has_its_error_class_and_attempts(served, vendor):
    server = served(PLAYHOUSE_UPSTREAM__RETRIES="1", PLAYHOUSE_UPSTREAM__RETRY_BASE_MS="10")
    vendor.plays(upstream.whole(500, '{"error": {"message": "oh no"}}'))
    answer = completions(server)
    [call] = server.log_of(answer.headers["x-request-id"], "LLM call failed")
    assert (call["level"], call["error"], call["attempts"], call["status"]) == ("ERROR", "upstream_error", 2, 500)


@pytest.mark.parametrize("sent", ["mine-1", "has space", "x" * 129, "é"], ids=["sane", "with a space", "too long", "not ASCII"])
def test_the_request_id_of_the_line_is_that_of_the_answer(gateway, sent):
    answer = gateway.http.get("/v1/models", headers={"x-request-id": sent.encode()})
    answered = answer.headers["x-request-id"]
    assert (answered == sent) == (sent == "mine-1"), answered
    assert [line["message"] for line in gateway.log_of(answered)] == ["Request completed"]
    if sent != "mine-1":
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", answered), answered


@pytest.mark.parametrize("path", ["/health", "/no/such/route", "/v1/sessions/none", "/docs", "/metrics", "/v1/models"])
def test_every_answer_has_a_request_id(gateway, path):
    assert gateway.http.get(path).headers["x-request-id"]


def test_probes_are_not_in_the_log(started):
    server = started()
    for path in ("/health", "/health/ready", "/health/detailed", "/metrics", "/livez", "/readyz"):
        assert server.http.get(path).status_code == 200
    request_id = server.http.get("/v1/models").headers["x-request-id"]
    server.log_of(request_id)
    probed = [line["path"] for line in server.log() if line["message"] == "Request completed"]
    assert probed == ["/v1/models"]


def test_a_query_with_a_key_in_it_is_not_logged(gateway):
    answer = gateway.http.get("/v1/models", params={"api_key": CALLER_KEY})
    [line] = gateway.log_of(answer.headers["x-request-id"])
    assert line["path"] == "/v1/models"


def test_text_logs_are_for_people(started):
    server = started(env={"LOG_FORMAT": "text"})
    server.chat(PROMPT)
    server.signal(playhouse.signal.SIGTERM)
    server.wait()
    told = server.stdout()
    playhouse.STARTED.remove(server)
    assert "Request completed" in told and "/v1/chat" in told
    assert not any(line.startswith("{") for line in told.splitlines())
    assert not any(sentinel in told for sentinel in SENTINELS)


@pytest.fixture(scope="module")
def measured(gateway, vendor):
    """The metrics of a server that has seen something of everything."""
    for stream in (False, True):
        vendor.plays(upstream.completion())
        completions(gateway, stream)
        gateway.chat(PROMPT, stream=stream, session_id="measured")
        vendor.plays(upstream.whole(500, "{}"))
        completions(gateway, stream)
    for path in ("/v1/sessions/measured", "/no/such/route", "/v1/calls", "/health"):
        gateway.http.get(path)
    gateway.http.request("BREW", "/v1/chat")
    return gateway.http.get("/metrics")


def test_promtool_finds_the_metrics_clean(measured):
    if not shutil.which("promtool"):
        told = "promtool is not installed (Debian: apt-get install prometheus)"
        pytest.fail(told) if is_ci() else pytest.skip(told)
    ended = subprocess.run(["promtool", "check", "metrics"], input=measured.text, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 0 and not ended.stderr, f"{ended.stdout}{ended.stderr}"


FAMILIES = [
    "http_server_request_duration_seconds_bucket",
    "gen_ai_client_operation_duration_seconds_bucket",
    "gen_ai_client_token_usage_bucket",
    "gen_ai_server_time_to_first_token_seconds_bucket",
    "gen_ai_server_time_per_output_token_seconds_bucket",
    "playhouse_requests_total",
    "playhouse_inflight_requests",
    "playhouse_tokens_total",
    "playhouse_cost_usd_total",
    "playhouse_overhead_seconds_bucket",
    "playhouse_upstream_attempts_total",
    "playhouse_call_records_queued",
    "playhouse_ledger_appended_total",
    "playhouse_ledger_bytes",
    "playhouse_build_info",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_metric_is_there(measured, family):
    values = re.findall(rf"^{family}(?:\{{.*\}})? (\S+)", measured.text, re.MULTILINE)
    assert values, f"{family} is not among the metrics"
    quiet = family in ("playhouse_call_records_queued",)
    assert quiet or any(float(value) > 0 for value in values), f"{family} counts nothing"


def test_metrics_are_counted_by_route_template(measured):
    text = measured.text
    assert measured.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'route="/v1/sessions/{id}"' in text and 'route="unmatched"' in text
    assert "/v1/sessions/measured" not in text and "/no/such/route" not in text and "BREW" not in text


def test_names_that_callers_choose_do_not_grow_the_metrics(started):
    server = started()
    for number in range(300):
        completions_of(server, f"model-{number}")
        server.http.get(f"/no/such/route/{number}")
    before = len(server.http.get("/metrics").text.splitlines())
    for number in range(300, 700):
        completions_of(server, f"model-{number}")
    grown = len(server.http.get("/metrics").text.splitlines()) - before
    assert grown < 200, f"400 more model names made {grown} more lines of metrics"


def completions_of(server, model: str) -> None:
    request = {"model": model, "messages": [{"role": "user", "content": PROMPT}]}
    assert server.http.post("/v1/chat/completions", json=request).status_code == 200


def test_metrics_want_a_key_where_keys_are_set(locked_demo):
    assert locked_demo.http.get("/metrics").status_code == 401
    assert locked_demo.http.get("/metrics", headers={"authorization": f"Bearer {CALLER_KEY}"}).status_code == 200


def test_no_metric_holds_a_sentinel(measured):
    assert not [sentinel for sentinel in SENTINELS if sentinel in measured.text]


@pytest.mark.last
def test_every_line_of_every_server_is_one_json_object():
    wrong = []
    read = 0
    for server in playhouse.STARTED:
        if not server.logs_json:
            continue
        for line in server.stdout().splitlines():
            read += 1
            fault = fault_of(line)
            if fault:
                wrong.append(f"{fault}: {line[:300]}")
    assert read > 100, f"only {read} log lines were read"
    assert not wrong, f"{len(wrong)} of {read} lines: " + "; ".join(wrong[:5])


def fault_of(line: str) -> str | None:
    """What is wrong with a log line."""
    try:
        fields = json.loads(line, object_pairs_hook=unique)
    except ValueError as error:
        return str(error)
    if not EVERY_LINE <= set(fields):
        return f"{EVERY_LINE - set(fields)} missing"
    stamp = datetime.datetime.fromisoformat(fields["timestamp"].replace("Z", "+00:00"))
    if stamp.utcoffset() != datetime.timedelta(0):
        return "the timestamp is not UTC with an offset"
    if fields["level"] not in LEVELS or not isinstance(fields["line"], int):
        return "a field of the wrong kind"
    return None


def unique(pairs: list) -> dict:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a field comes twice")
    return dict(pairs)


@pytest.mark.last
@pytest.mark.parametrize("word", SENTINELS, ids=["prompt", "answer", "caller's key", "upstream's key"])
def test_no_log_of_any_server_holds(word):
    """Standard error too. The prompts, answers and keys of all checks carry these words."""
    assert any(server.stdout() for server in playhouse.STARTED)
    leaks = []
    for server in playhouse.STARTED:
        leaks += [line[:400] for line in (server.stdout() + server.stderr()).splitlines() if word in line]
    assert not leaks, f"{len(leaks)} lines hold {word!r}: {leaks[:3]}"


@pytest.mark.last
def test_no_server_panicked():
    assert all(server.stdout() or server.stderr() for server in playhouse.STARTED)
    told = [line for server in playhouse.STARTED for line in (server.stdout() + server.stderr()).splitlines() if "panicked" in line]
    assert not told, [line[:1500] for line in told[:5]]


@pytest.mark.last
def test_the_keys_are_in_no_file_of_any_server():
    """Databases and what else a server writes; the checks' own files are left out."""
    leaks = []
    for server in playhouse.STARTED:
        for file in server.data_dir.rglob("*"):
            data = file.read_bytes() if file.is_file() else b""
            leaks += [f"{file.name} holds {key!r}" for key in (CALLER_KEY, UPSTREAM_KEY) if key.encode() in data]
    assert any(server.data_dir.is_dir() for server in playhouse.STARTED)
    assert not leaks, leaks[:5]


def test_the_prompt_is_where_it_should_be(gateway, vendor):
    """The sentinels are no empty promise: they do travel."""
    gateway.chat(PROMPT, session_id="sentinel")
    assert PROMPT in vendor.wait_for().body.decode()
    assert vendor.exchanges[0].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert [message["content"] for message in gateway.http.get("/v1/sessions/sentinel").json()["messages"]] == [PROMPT, ANSWER]

"""Upstreams that talk nonsense: a clear 502 in the right shape, logged once, at a bounded cost."""

import asyncio
import gzip
import json

import pytest

from harness import upstream
from harness.playhouse import free_port
from harness.plain import chat_body, completion_body
from harness.upstream import head, raw, reply_body, whole
from harness.words import ANSWER, PROMPT

ROUTES = {"/v1/chat/completions": completion_body, "/v1/chat": chat_body}
routes = pytest.mark.parametrize("route", ROUTES, ids=["compatible", "native"])
REPLY = json.dumps(reply_body()).encode()
JSON = {"content-type": "application/json"}
HTML = f"<html><body>{ANSWER}</body></html>"


def announced(length: int, sent: bytes) -> bytes:
    return head(200, JSON | {"content-length": str(length)}) + sent


def without_end(start: bytes, more: bytes) -> upstream.Act:
    """Never stops sending."""

    async def act(exchange):
        await exchange.send(start)
        while True:
            await exchange.send(more)

    return act


ZIPPED_STREAM = gzip.compress("".join(upstream.frames()).encode())
EVENT_STREAM = head(200, {"content-type": "text/event-stream"})

WHOLE = {
    "HTML": (whole(200, HTML, content_type="text/html"), "bad_reply"),
    "HTML that says it is JSON": (whole(200, HTML), "bad_reply"),
    "half a JSON": (whole(200, REPLY[: len(REPLY) // 2]), "bad_reply"),
    "other JSON": (whole(200, '{"hello": "world"}'), "bad_reply"),
    "no choices": (whole(200, json.dumps(reply_body() | {"choices": []})), "bad_reply"),
    "nothing": (whole(200, ""), "bad_reply"),
    "gzip": (whole(200, gzip.compress(REPLY), content_encoding="gzip"), "bad_reply"),
    "gzip that does not say so": (whole(200, gzip.compress(REPLY)), "bad_reply"),
    "a length too great": (raw(announced(len(REPLY) + 100, REPLY)), "bad_reply"),
    "a length too small": (raw(announced(len(REPLY) - 100, REPLY)), "bad_reply"),
    "two lengths": (raw(head(200, JSON | {"content-length": "5", "Content-Length": "7"}) + REPLY), None),
    "a chunk that is no chunk": (raw(head(200, JSON | {"transfer-encoding": "chunked"}) + b"zz\r\n" + REPLY), "bad_reply"),
    "a body without end": (without_end(head(200, JSON) + b'{"a": "', b"x" * 65536), "bad_reply"),
    "headers without end": (without_end(b"HTTP/1.1 200 OK\r\n", b"x-flood: " + b"y" * 8192 + b"\r\n"), None),
    "no HTTP": (raw("220 smtp.example.com ESMTP\r\n"), None),
    "a hang-up": (raw(b""), "unreachable"),
    "half a head": (raw(b"HTTP/1.1 200 OK\r\ncontent-ty"), None),
    "a redirect": (whole(302, "", location="http://127.0.0.1:1/"), "bad_reply"),
    "status 204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "bad_reply"),
}

STREAMED = {
    "HTML": (whole(200, HTML, content_type="text/html"), "bad_reply"),
    "HTML in frames": (raw(EVENT_STREAM + f"data: {HTML}\n\n".encode()), "bad_reply"),
    "a stream of nothing": (raw(EVENT_STREAM), None),
    "half a JSON in a frame": (raw(EVENT_STREAM + b'data: {"choices": [\n\n'), "bad_reply"),
    "gzip": (whole(200, ZIPPED_STREAM, content_type="text/event-stream", content_encoding="gzip"), "bad_reply"),
    "a line without end": (without_end(EVENT_STREAM + b"data: ", b"x" * 65536), "bad_reply"),
    "only [DONE]": (raw(EVENT_STREAM + upstream.DONE.encode()), None),
    "binary": (raw(EVENT_STREAM + bytes(range(256)) * 10), None),
}


def ask(server, route: str, stream: bool):
    return server.http.post(route, content=ROUTES[route](stream), headers={"content-type": "application/json"}, timeout=20)


def assert_bad_gateway(server, answer, route: str, error_class: str | None) -> None:
    assert answer.status_code == 502, f"expected 502, got {answer.status_code}: {answer.text[:500]}"
    if route == "/v1/chat":
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        told, error = problem["detail"], problem["code"]
        assert problem["status"] == 502
    else:
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}, answer.text
        told = error["message"]
    assert "openai" in told, f"the provider is not named: {told}"
    assert ANSWER not in answer.text and PROMPT not in answer.text, "the error quotes what the upstream sent"
    [line] = server.log_of(answer.headers["x-request-id"], "LLM call failed")
    assert line["level"] == "ERROR" and line["attempts"] == 1 and line["error"], line
    assert error_class in (None, line["error"]), f"error class {line['error']}, expected {error_class}"
    assert line["provider"] == "openai" and line["model"] == "gpt-4o-mini", line


@routes
@pytest.mark.parametrize("case", WHOLE)
def test_instead_of_a_whole_answer(gateway, vendor, route, case):
    act, error_class = WHOLE[case]
    vendor.plays(act)
    assert_bad_gateway(gateway, ask(gateway, route, False), route, error_class)


@routes
@pytest.mark.parametrize("case", STREAMED)
def test_instead_of_a_stream(gateway, vendor, route, case):
    act, error_class = STREAMED[case]
    vendor.plays(act)
    assert_bad_gateway(gateway, ask(gateway, route, True), route, error_class)


@routes
def test_an_endless_line_after_a_good_start_is_an_error_event(gateway, vendor, route):
    start = EVENT_STREAM + (upstream.ROLE + upstream.chunk({"content": "Hel"})).encode()
    vendor.plays(without_end(start + b"data: ", b"x" * 65536))
    before = gateway.rss_kib()
    text = ask(gateway, route, True).text
    assert '"Hel"' in text and "error" in text and "[DONE]" not in text and "event: done" not in text, text[-500:]
    assert vendor.wait_for().wait_closed(1), "the upstream is still connected"
    assert gateway.rss_kib() - before < 32 * 1024


@routes
def test_a_stream_that_only_comments_has_no_first_token(served, vendor, route):
    """Told by status, or within the stream where comments have been passed on already."""

    async def comment(exchange):
        await exchange.begin_stream()
        for _ in range(100):
            await exchange.send_chunk(": ping\n\n")
            await asyncio.sleep(0.05)

    server = served(PLAYHOUSE_UPSTREAM__FIRST_TOKEN_TIMEOUT_MS="400")
    vendor.plays(comment)
    answer = ask(server, route, True)
    assert "no first token" in answer.text and "[DONE]" not in answer.text, answer.text
    assert answer.status_code in (200, 504)
    [line] = server.log_of(answer.headers["x-request-id"], "LLM call failed")
    assert line["error"] == "timeout_first_token"


@routes
def test_a_whole_answer_that_never_comes_times_out(served, vendor, route):
    server = served(PLAYHOUSE_UPSTREAM__TOTAL_TIMEOUT_MS="400")
    vendor.plays(upstream.silent)
    answer = ask(server, route, False)
    assert answer.status_code == 504, f"expected 504, got {answer.status_code}: {answer.text}"
    assert vendor.wait_for().wait_closed(1), "the upstream is still connected"


@routes
def test_nobody_at_the_address_is_unreachable(started, route):
    env = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1", "PLAYHOUSE_UPSTREAM__RETRIES": "0"}
    server = started("serve", env)
    answer = ask(server, route, False)
    assert_bad_gateway(server, answer, route, "unreachable")


@routes
def test_junk_beside_an_answer_is_no_reason_to_refuse_it(gateway, vendor, route):
    """What many vendors do: a charset, other case, extra headers, no content type."""
    for content_type in ("application/json; charset=utf-8", "Application/JSON", "text/plain"):
        vendor.plays(whole(200, REPLY, content_type=content_type, x_junk="y" * 4000))
        answer = ask(gateway, route, False)
        assert ANSWER in answer.text, f"{content_type}: {answer.text}"


@routes
def test_comments_marks_and_odd_line_ends_are_no_reason_to_refuse_a_stream(gateway, vendor, route):
    odd = "\ufeff: hello\r\n\r\n" + "".join(upstream.frames()).replace("\n", "\r\n").replace("data: ", "data:")
    vendor.plays(raw(head(200, {"content-type": "text/event-stream"}) + odd.encode()))
    text = ask(gateway, route, True).text
    assert ANSWER in text and ("[DONE]" in text or "event: done" in text), text


def test_a_failure_is_logged_once(gateway, vendor):
    vendor.plays(whole(200, HTML))
    answer = ask(gateway, "/v1/chat/completions", False)
    told = [line for line in gateway.log_of(answer.headers["x-request-id"]) if "error" in line]
    assert len(told) == 1, f"one failed attempt makes {len(told)} lines: {[line['message'] for line in told]}"


def test_failures_are_in_the_call_log_with_their_class(gateway, vendor):
    vendor.plays(whole(200, HTML))
    answer = ask(gateway, "/v1/chat/completions", False)
    call = gateway.call_of(answer.headers["x-request-id"])
    assert (call["outcome"], call["error"], call["attempts"]) == ("error", "bad_reply", 1), call

"""Callers that go away, and upstreams that do: nobody generates for nobody, nobody is told a made-up end."""

import time

import pytest

from harness import sse, upstream
from harness.plain import Plain, chat_body, completion_body, post
from harness.words import ANSWER, PROMPT


def left_chat_body(stream: bool = False, **fields) -> bytes:
    """A request for native chat that is to end with its caller; turns.py has those that go on."""
    return chat_body(stream, on_disconnect="cancel", **fields)


ROUTES = {"/v1/chat/completions": completion_body, "/v1/chat": left_chat_body}

routes = pytest.mark.parametrize("route", ROUTES, ids=["compatible", "native"])
ways = pytest.mark.parametrize("way", ["leave", "reset"])


def ask_and_go(gateway, vendor, route, stream, wait_for, way):
    """Asks, waits until these bytes have come, goes, and expects the upstream to be left within 1 s."""
    with Plain(gateway.port) as caller:
        caller.send(post(route, ROUTES[route](stream)))
        exchange = vendor.wait_for()
        if wait_for:
            caller.read_until(wait_for)
        assert not exchange.wait_closed(0.15), "the upstream was left before the caller had gone"
        gone_at = time.monotonic()
        getattr(caller, way)()
        assert exchange.wait_closed(3), "the upstream was still connected 3 s after the caller had gone"
    took = exchange.closed_at - gone_at
    assert took < 1, f"the upstream was left {took:.2f} s after the caller had gone, expected within 1 s"


@ways
@routes
def test_before_the_first_token(gateway, vendor, route, way):
    vendor.plays(upstream.silent)
    ask_and_go(gateway, vendor, route, True, None, way)


@routes
def test_after_the_upstreams_head_and_before_the_first_token(gateway, vendor, route):
    async def only_head(exchange):
        await exchange.begin_stream()
        await exchange.silence()

    vendor.plays(only_head)
    ask_and_go(gateway, vendor, route, True, None, "leave")


@ways
@routes
def test_in_the_middle_of_a_stream(gateway, vendor, route, way):
    vendor.plays(upstream.stream_then_silence())
    ask_and_go(gateway, vendor, route, True, ANSWER.encode(), way)


@ways
@routes
def test_while_waiting_for_a_whole_answer(gateway, vendor, route, way):
    vendor.plays(upstream.silent)
    ask_and_go(gateway, vendor, route, False, None, way)


def test_while_an_attempt_waits_to_be_repeated(served, vendor):
    server = served(PLAYHOUSE_UPSTREAM__RETRIES="5", PLAYHOUSE_UPSTREAM__RETRY_BASE_MS="400")
    vendor.plays(upstream.whole(503, "{}"))
    with Plain(server.port) as caller:
        caller.send(post("/v1/chat/completions", completion_body()))
        vendor.wait_for()
    time.sleep(1.5)
    assert len(vendor.exchanges) <= 2, f"the upstream was asked {len(vendor.exchanges)} times for a caller that had gone"


def test_a_turn_whose_caller_left_is_interrupted_and_frees_its_session(gateway, vendor):
    vendor.plays(upstream.stream_then_silence(), upstream.completion())
    with Plain(gateway.port) as caller:
        caller.send(post("/v1/chat", left_chat_body(True, session_id="left")))
        caller.read_until(ANSWER.encode())
    messages = gateway.messages_of("left", "interrupted")
    assert [message["content"] for message in messages] == [PROMPT, ANSWER]
    assert gateway.chat(PROMPT, session_id="left").status_code == 200


def test_a_call_whose_caller_left_is_in_the_log_as_cancelled(gateway, vendor):
    vendor.plays(upstream.stream_then_silence())
    with Plain(gateway.port) as caller:
        caller.send(post("/v1/chat/completions", completion_body(True), x_request_id="left-1"))
        caller.read_until(ANSWER.encode())
    [call] = gateway.log_of("left-1", "LLM call cancelled")
    assert (call["level"], call["model"], call["provider"]) == ("WARN", "gpt-4o-mini", "openai")
    [line] = gateway.log_of("left-1", "Request completed")
    assert line["client_aborted"] is True
    assert gateway.call_of("left-1")["outcome"] == "cancelled"


@pytest.mark.parametrize("way", ["hang_up", "reset", "end"])
@routes
def test_an_upstream_that_dies_in_a_stream_is_an_error_and_no_end(gateway, vendor, route, way):
    async def die(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        if way == "end":  # A clean end of the body, but no finish reason and no [DONE].
            return await exchange.end_stream()
        getattr(exchange, way)()

    vendor.plays(die)
    answer = gateway.http.post(route, content=ROUTES[route](True), headers={"content-type": "application/json"})
    assert answer.status_code == 200 and ANSWER in answer.text, answer.text
    assert_broken(answer.text, route)
    assert len(vendor.exchanges) == 1


@routes
def test_done_without_a_finish_reason_is_an_error(gateway, vendor, route):
    async def finish_without_reason(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}) + upstream.DONE)
        await exchange.end_stream()

    vendor.plays(finish_without_reason)
    answer = gateway.http.post(route, content=ROUTES[route](True), headers={"content-type": "application/json"})
    assert_broken(answer.text, route)


@routes
def test_an_upstream_that_falls_silent_in_a_stream_is_an_error(served, vendor, route):
    server = served(PLAYHOUSE_UPSTREAM__IDLE_TIMEOUT_MS="300")
    vendor.plays(upstream.stream_then_silence())
    answer = server.http.post(route, content=ROUTES[route](True), headers={"content-type": "application/json"})
    assert ANSWER in answer.text
    assert_broken(answer.text, route)
    assert vendor.wait_for().wait_closed(1), "the silent upstream is still connected"


def assert_broken(text: str, route: str) -> None:
    """The stream ends with an error event, and neither with [DONE] nor with a finish reason."""
    last = sse.events(text)[-1]
    if route == "/v1/chat":
        assert last["event"] == "error" and last["json"]["status"] >= 500, text
        assert "done" not in sse.names(text), text
    else:
        assert set(last["json"]["error"]) >= {"message", "type", "param", "code"}, text
        assert "[DONE]" not in text, text
        assert all(choice["finish_reason"] is None for event in sse.events(text) for choice in event["json"].get("choices", []))


"""SIGTERM, SIGINT and `kill -9`, at bad moments."""

import signal
import threading
import time

import httpx
import pytest

from harness import sse, upstream
from harness.plain import Plain, chat_body, completion_body, post
from harness.words import ANSWER, PROMPT

ROUTES = {"/v1/chat/completions": completion_body, "/v1/chat": chat_body}
routes = pytest.mark.parametrize("route", ROUTES, ids=["compatible", "native"])


class Reader(threading.Thread):
    """Reads a streamed answer beside the check."""

    def __init__(self, port: int, route: str, **fields):
        super().__init__(daemon=True)
        self.caller = Plain(port, timeout=15)
        self.caller.send(post(route, ROUTES[route](True, **fields), connection="close"))
        self.got = self.caller.read_until(ANSWER.encode())
        self.start()

    def run(self):
        self.got += self.caller.read_all()

    def whole(self) -> str:
        self.join(15)
        assert not self.is_alive(), "the stream did not end"
        return dechunked(self.got)


def dechunked(response: bytes) -> str:
    """The body of a chunked response; a chunk that is cut off counts as far as it came."""
    _, _, rest = response.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size or b"0", 16)
        body += rest[:length]
        rest = rest[length + 2 :]
        if length == 0:
            break
    return body.decode()


@routes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_running_stream_finishes_whole_and_the_exit_is_0(served, vendor, route, number):
    server = served()
    vendor.plays(upstream.paced(0.1, 12))
    reader = Reader(server.port, route)
    server.signal(number)
    assert_not_ready(server)
    assert server.process.poll() is None, "the server ended under a running stream"
    text = reader.whole()
    assert all(f"{ANSWER}-{piece} " in text for piece in range(12)), text
    assert ("[DONE]" in text) if route == "/v1/chat/completions" else (sse.names(text)[-1] == "done"), text
    assert server.wait(3) == 0


def assert_not_ready(server) -> None:
    """Within half a second: 503, or nobody accepts a connection."""
    deadline = time.monotonic() + 0.5
    while True:
        try:
            status = httpx.get(f"{server.url}/health/ready", timeout=2).status_code
            if status == 503:
                return
            assert status == 200, f"/health/ready answered {status}"
        except httpx.TransportError:
            return
        assert time.monotonic() < deadline, "/health/ready still answered 200 half a second after the signal"
        time.sleep(0.02)


def test_a_connection_that_is_kept_alive_learns_that_it_ends(served, vendor):
    server = served()
    vendor.plays(upstream.paced(0.1, 8))
    reader = Reader(server.port, "/v1/chat/completions")
    with Plain(server.port) as idle:
        idle.send(b"GET /health HTTP/1.1\r\nhost: playhouse\r\n\r\n")
        idle.read_until(b"healthy")
        server.signal(signal.SIGTERM)
        ended = idle.read_all()
    assert not ended or (b" 503 " in ended or b"connection: close" in ended.lower()), ended
    reader.whole()
    assert server.wait(3) == 0


def test_an_idle_server_ends_at_once(started):
    server = started()
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait(3) == 0
    assert time.monotonic() - begun < 1, "an idle server took more than a second to end"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_second_signal_ends_at_once(served, vendor, number):
    server = served()
    vendor.plays(upstream.stream_then_silence())
    Reader(server.port, "/v1/chat/completions")
    server.signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None, "the server ended under a running stream"
    begun = time.monotonic()
    server.signal(number)
    server.wait(3)
    assert time.monotonic() - begun < 0.5, "the second signal took more than half a second"


@routes
def test_the_grace_time_bounds_the_wait(served, vendor, route):
    server = served(PLAYHOUSE_SERVER__SHUTDOWN_GRACE_MS="500")
    vendor.plays(upstream.stream_then_silence())
    fields = {"session_id": "cut"} if route == "/v1/chat" else {}
    reader = Reader(server.port, route, **fields)
    begun = time.monotonic()
    server.signal(signal.SIGTERM)
    server.wait(3)
    took = time.monotonic() - begun
    assert 0.4 < took < 1.5, f"the server ended {took:.2f} s after SIGTERM, its grace time is 0.5 s"
    text = reader.whole()
    assert "[DONE]" not in text and "done" not in sse.names(text), text
    if route == "/v1/chat":
        server.start()
        messages = server.http.get("/v1/sessions/cut").json()["messages"]
        assert [(message["content"], message["turn_state"]) for message in messages] == [
            (PROMPT, "interrupted"),
            (ANSWER, "interrupted"),
        ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_kill_9_after_an_answer_loses_nothing(served, stream):
    server = served()
    for number in range(5):
        session_id = f"s{number}"
        assert server.chat(f"{PROMPT} {number}", session_id=session_id, stream=stream).status_code == 200
        server.kill()
        server.start()
        session = server.http.get(f"/v1/sessions/{session_id}").json()
        told = [(message["role"], message["content"], message["turn_state"]) for message in session["messages"]]
        assert told == [("user", f"{PROMPT} {number}", "completed"), ("assistant", ANSWER, "completed")], told
    assert len(server.http.get("/v1/sessions").json()["sessions"]) == 5


def test_sigterm_right_after_an_answer_loses_no_call_record(served):
    server = served()
    made = [server.chat(PROMPT, stream=number % 2 == 0).headers["x-request-id"] for number in range(20)]
    server.signal(signal.SIGTERM)
    assert server.wait(3) == 0
    server.start()
    calls = server.http.get("/v1/calls").json()["calls"]
    assert sorted(call["request_id"] for call in calls) == sorted(made)


def test_a_conversation_goes_on_after_kill_9(served, vendor):
    server = served()
    server.chat(PROMPT, session_id="s1")
    server.kill()
    server.start()
    assert server.chat("and then?", session_id="s1").status_code == 200
    said = [upstream.flat(message["content"]) for message in vendor.exchanges[-1].json["messages"]]
    assert said == [PROMPT, ANSWER, "and then?"]


@pytest.mark.parametrize("act", [upstream.silent, upstream.stream_then_silence()], ids=["before a token", "mid-stream"])
def test_a_turn_cut_by_kill_9_is_found_as_interrupted(served, vendor, act):
    server = served()
    vendor.plays(act, upstream.completion())
    with Plain(server.port) as caller:
        caller.send(post("/v1/chat", chat_body(True, session_id="cut")))
        vendor.wait_for()
        time.sleep(0.2)
        server.kill()
    server.start()
    [message, *_] = server.http.get("/v1/sessions/cut").json()["messages"]
    assert (message["content"], message["turn_state"]) == (PROMPT, "interrupted")
    turn = server.http.get(f"/v1/turns/{message['turn_id']}").json()
    assert turn["state"] == "interrupted", turn
    assert server.chat(PROMPT, session_id="cut").status_code == 200, "the session is still taken"

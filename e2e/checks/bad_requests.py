"""Requests that are wrong, huge, slow or endless: a clear answer, a bounded cost."""

import json
import subprocess
import time

import httpx
import pytest

from harness import upstream
from harness.gateway import gateway_env
from harness.plain import Plain, chat_body, completion_body, drip, has_answer, post
from harness.playhouse import Playhouse
from harness.words import CALLER_KEY, PROMPT

MIB = 1 << 20
BODY_LIMIT_MIB = 20
routes = pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/chat"], ids=["compatible", "native"])


def assert_refused(answer: httpx.Response, route: str, status: int) -> None:
    """The right status, in the shape of the route."""
    assert answer.status_code == status, f"expected {status}, got {answer.status_code}: {answer.text}"
    assert answer.headers["x-request-id"]
    if route == "/v1/chat":
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail"} <= set(answer.json()) and answer.json()["status"] == status
    else:
        assert answer.headers["content-type"] == "application/json"
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"} and answer.json()["error"]["message"]


@routes
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"message": "\xff"}',
        f'{{"message": "{PROMPT}", "messages": [{{"role": "user", "content": "{PROMPT}"}}], "model": "m"'.encode(),
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
    ],
    ids=["empty", "brace", "array", "null", "string", "not UTF-8", "not UTF-8 within", "cut", "deep", "deeper"],
)
def test_broken_json(gateway, vendor, route, body):
    answer = gateway.http.post(route, content=body, headers={"content-type": "application/json"})
    assert_refused(answer, route, 400)
    assert not vendor.exchanges, "the upstream was asked"
    lines = gateway.log_of(answer.headers["x-request-id"])
    assert [line["message"] for line in lines] == ["Request completed"], lines


@routes
def test_a_native_field_of_the_wrong_type_or_name(gateway, route):
    body = {"message": 7} if route == "/v1/chat" else {"model": "m", "messages": 7}
    assert_refused(gateway.http.post(route, json=body), route, 400)
    if route == "/v1/chat":
        answer = gateway.http.post(route, json={"message": "hello", "mesage": "hello"})
        assert_refused(answer, route, 400)
        assert "mesage" in answer.json()["detail"]


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A file of 100 MiB of valid JSON."""
    path = tmp_path_factory.mktemp("huge") / "body.json"
    start, end = b'{"model": "m", "message": "', b'", "messages": []}'
    with open(path, "wb") as file:
        file.write(start)
        for _ in range(100):
            file.write(b"x" * MIB)
        file.write(end)
    return path


@routes
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_of_100_mb_is_refused_to_httpx(started, route, framing, huge):
    server = started()
    before = server.rss_kib()

    def pieces():
        with open(huge, "rb") as file:
            while piece := file.read(MIB):
                yield piece

    content = huge.read_bytes() if framing == "length" else pieces()
    answer = server.http.post(route, content=content, headers={"content-type": "application/json"})
    assert_refused(answer, route, 413)
    grown = (server.peak_rss_kib() - before) / 1024
    assert grown < 4 * BODY_LIMIT_MIB, f"the server grew by {grown:.0f} MiB, its body limit is {BODY_LIMIT_MIB} MiB"


@pytest.mark.parametrize("words", [[], ["-H", "transfer-encoding: chunked"], ["-H", "expect:"]], ids=["expect", "chunked", "no expect"])
def test_a_body_of_100_mb_is_refused_to_curl(gateway, huge, words):
    url = f"{gateway.url}/v1/chat/completions"
    send = ["--data-binary", f"@{huge}", "-H", "content-type: application/json", *words]
    ended = subprocess.run(["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *send, url], capture_output=True, text=True, timeout=30)
    body, _, status = ended.stdout.rpartition("\n")
    assert (ended.returncode, status) == (0, "413"), ended
    assert "larger than" in json.loads(body)["error"]["message"]


def test_a_body_at_the_limit_is_taken(gateway, vendor):
    body = completion_body(padding="x" * (BODY_LIMIT_MIB * MIB - 200))
    assert gateway.http.post("/v1/chat/completions", content=body).status_code == 200
    assert vendor.wait_for().body == body


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"x-flood-%d: %s\r\n" % (number, b"y" * 100) for number in range(10_000)),
        b"x-flood: " + b"y" * (2 * MIB) + b"\r\n",
        b"".join(b"x-%d: y\r\n" % number for number in range(500)),
    ],
    ids=["10000 headers", "a header of 2 MiB", "500 small headers"],
)
def test_a_header_flood_is_refused(gateway, flood):
    before = gateway.rss_kib()
    with Plain(gateway.port) as caller:
        try:
            caller.send(b"POST /v1/chat HTTP/1.1\r\nhost: playhouse\r\n" + flood + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # It has seen enough; its answer is still to be read.
        answer = caller.read_all()
    status = answer.split(b"\r\n")[0]
    assert status.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")), f"expected 431 or 400, got {answer[:200]!r}"
    request_id = json.loads(answer.rpartition(b"\r\n\r\n")[2])["request_id"]
    assert f"x-request-id: {request_id}\r\n".encode() in answer, answer
    assert len(gateway.log_of(request_id, "Request refused")) == 1
    assert gateway.rss_kib() - before < 10 * 1024


def test_a_request_line_without_end_is_refused(gateway):
    before = gateway.rss_kib()
    with Plain(gateway.port) as caller:
        try:
            for _ in range(50):
                caller.send(b"G" * MIB)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            raise AssertionError("50 MiB of a request line were taken in")
    assert gateway.rss_kib() - before < 10 * 1024


def test_bytes_that_are_no_http_are_refused(gateway):
    with Plain(gateway.port) as caller:
        caller.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n")
        answer = caller.read_all()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), f"something else than a refusal came: {answer[:200]!r}"
    assert gateway.http.get("/health").status_code == 200


HASTY = {
    "PLAYHOUSE_SERVER__HEADER_TIMEOUT_MS": "500",
    "PLAYHOUSE_SERVER__BODY_TIMEOUT_MS": "500",
    "PLAYHOUSE_SERVER__IDLE_TIMEOUT_MS": "500",
    "PLAYHOUSE_SERVER__WRITE_TIMEOUT_MS": "1000",
}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory, vendor):
    """A server that waits for nobody."""
    server = Playhouse(tmp_path_factory.mktemp("hasty"), "serve", gateway_env(vendor, **HASTY)).start()
    yield server
    server.close()


def test_a_head_that_drips_is_cut_off(hasty):
    with Plain(hasty.port) as caller:
        took = drip(caller, post("/v1/chat", chat_body()), pause_s=0.05, limit_s=4)
    assert 0.3 < took < 1.5, f"cut off after {took:.2f} s, the limit is 0.5 s"


def test_a_second_head_that_drips_is_cut_off(hasty):
    with Plain(hasty.port) as caller:
        caller.send(post("/v1/chat", chat_body()))
        caller.read_until(b"turn_id")
        caller.socket.setblocking(False)
        try:
            while caller.socket.recv(65536):
                pass
        except BlockingIOError:
            pass
        took = drip(caller, post("/v1/chat", chat_body()), pause_s=0.05, limit_s=4)
    assert 0.3 < took < 1.5, f"cut off after {took:.2f} s, the limit is 0.5 s"


@routes
def test_a_body_that_drips_is_refused(hasty, route):
    body = completion_body() if route == "/v1/chat/completions" else chat_body()
    request = post(route, body)
    at = len(request) - len(body)
    with Plain(hasty.port) as caller:
        caller.send(request[:at])
        took = drip(caller, request[at:], pause_s=0.05, limit_s=4)
        answer = caller.read_all()
    assert 0.3 < took < 1.5, f"refused after {took:.2f} s, the limit is 0.5 s"
    assert answer.split(b" ")[1] in (b"400", b"408"), f"expected 400 or 408, got {answer[:300]!r}"
    assert b"did not arrive" in answer


def test_a_connection_that_is_idle_is_closed(hasty):
    with Plain(hasty.port, timeout=3) as caller:
        begun = time.monotonic()
        assert caller.read_all() == b""
        took = time.monotonic() - begun
    assert 0.3 < took < 1.5, f"closed after {took:.2f} s, the limit is 0.5 s"


def test_a_slow_answer_is_no_idle_connection(hasty, vendor):
    vendor.plays(upstream.paced(0.3, 6))
    answer = hasty.http.post("/v1/chat/completions", content=completion_body(True))
    assert answer.text.endswith("data: [DONE]\n\n"), "a stream that paused was cut by the idle timeout"


@routes
def test_a_client_that_never_reads_costs_little_and_is_cut_off(hasty, vendor, route):
    sent = 0

    async def flood(exchange):
        nonlocal sent
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE)
        frame = upstream.chunk({"content": "x" * 60_000})
        while sent < 500 * MIB:
            await exchange.send_chunk(frame)
            sent += len(frame)

    vendor.plays(flood)
    before = hasty.rss_kib()
    body = completion_body(True) if route == "/v1/chat/completions" else chat_body(True)
    with Plain(hasty.port, receive_buffer=4096) as caller:
        caller.send(post(route, body))
        assert vendor.wait_for().wait_closed(8), f"the upstream is still read from, {sent / MIB:.0f} MiB so far"
    grown = (hasty.rss_kib() - before) / 1024
    assert sent < 64 * MIB, f"{sent / MIB:.0f} MiB were taken in for a client that never reads"
    assert grown < 48, f"the server grew by {grown:.0f} MiB for a client that never reads"


def test_pipelined_requests_are_answered_in_order(gateway):
    with Plain(gateway.port) as caller:
        ids = [f"piped-{number}" for number in range(5)]
        requests = [post("/v1/chat/completions", completion_body(), x_request_id=id) for id in ids]
        caller.send(b"".join(requests) + b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = caller.read_all().decode()
    places = [answer.index(f"x-request-id: {id}") for id in ids]
    assert places == sorted(places) and answer.rstrip().endswith('{"status":"healthy"}')


def test_more_requests_than_are_taken_are_told_to_come_back(served, vendor):
    server = served(PLAYHOUSE_SERVER__MAX_CONCURRENT_REQUESTS="3")
    vendor.plays(upstream.silent)
    held = [Plain(server.port) for _ in range(3)]
    for caller in held:
        caller.send(post("/v1/chat/completions", completion_body()))
    vendor.wait_for(3)
    for route, body in (("/v1/chat/completions", completion_body()), ("/v1/chat", chat_body())):
        answer = server.http.post(route, content=body, headers={"connection": "close"})
        assert_refused(answer, route, 503)
        assert int(answer.headers["retry-after"]) >= 1
    assert server.http.get("/health").status_code == 200, "a probe was refused"
    for caller in held:
        caller.leave()
    deadline = time.monotonic() + 3
    vendor.plays(upstream.completion())
    while server.http.post("/v1/chat", content=chat_body(), headers={"connection": "close"}).status_code != 200:
        assert time.monotonic() < deadline, "places are not given back"
        time.sleep(0.05)


EARLY = {
    "without a key, compatible": ("/v1/chat/completions", {}, b"401"),
    "without a key, native": ("/v1/chat", {}, b"401"),
    "an unknown route": ("/no/such/route", {"authorization": f"Bearer {CALLER_KEY}"}, b"404"),
    "a wrong method": ("/health", {"authorization": f"Bearer {CALLER_KEY}"}, b"405"),
    "a body that does not fit": ("/v1/chat/completions", {"authorization": f"Bearer {CALLER_KEY}"}, b"400"),
    "a wrong content type": ("/v1/chat", {"authorization": f"Bearer {CALLER_KEY}", "content_type": "text/plain"}, b"400"),
}


@pytest.mark.parametrize("case", EARLY)
def test_a_refusal_before_the_body_has_come_does_not_trap_the_next_request(locked_demo, case):
    """Many clients send head and body apart. The connection lives on, or the refusal says that it does not."""
    route, headers, status = EARLY[case]
    body = chat_body()
    request = post(route, body, **headers)
    at = len(request) - len(body)
    with Plain(locked_demo.port) as caller:
        caller.send(request[:at])
        time.sleep(0.1)  # What takes the network: the server may answer now, or wait for the body.
        caller.socket.settimeout(0.1)
        refusal = caller.socket.recv(65536) if has_answer(caller) else b""
        caller.socket.settimeout(3)
        if b"connection: close" in refusal.lower():
            assert status in refusal.split(b"\r\n")[0]
            return
        next_ = b""
        try:
            caller.send(body + b"GET /health HTTP/1.1\r\nhost: playhouse\r\nconnection: close\r\n\r\n")
            next_ = caller.read_all()
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert status in (refusal + next_).split(b"\r\n")[0], refusal + next_
    assert next_.endswith(b'{"status":"healthy"}'), (
        f"the connection closed though the refusal did not say `connection: close`; then came {next_[-200:]!r}"
    )


def test_two_messages_at_once_on_one_session_are_one_too_many(gateway, vendor):
    vendor.plays(upstream.silent)
    with Plain(gateway.port) as first:
        first.send(post("/v1/chat", chat_body(session_id="busy")))
        vendor.wait_for()
        answer = gateway.chat(PROMPT, session_id="busy")
        assert_refused(answer, "/v1/chat", 409)
        assert "busy" in answer.json()["detail"]

"""What goes wrong is seen by the official client as a real vendor's trouble is."""

import time

import openai
import pytest

MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "Count to ten, please, in words, one after the other."}]
STATUSES = {
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    408: openai.APIStatusError,
    409: openai.ConflictError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    502: openai.InternalServerError,
    503: openai.InternalServerError,
    529: openai.InternalServerError,
}
STREAM_BREAKERS = ["reset_after_headers", {"kind": "cut", "after_events": 3}, {"kind": "cut", "after_bytes": 700}, "error_event", "malformed_chunk", "truncated_json"]


@pytest.fixture
def meets(double, namespace):
    """Every request meets a fault."""

    def meet(fault, reply="One two three four five six seven eight nine ten."):
        double.put_script(namespace, {"rules": [{"fault": fault, "reply": reply}]})
        return double.client(namespace)

    return meet


def ask(client, **more):
    return client.chat.completions.create(model=MODEL, messages=MESSAGES, **more)


def read(client) -> str:
    chunks = ask(client, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@pytest.mark.parametrize("status", STATUSES)
def test_statuses(meets, status):
    with meets(status) as client, pytest.raises(STATUSES[status]) as raised:
        ask(client)
    assert raised.value.status_code == status
    assert set(raised.value.body) >= {"message", "type", "param", "code"}


def test_a_rate_limit_says_when_to_come_back(meets):
    with meets({"status": 429, "retry_after_s": 7}) as client, pytest.raises(openai.RateLimitError) as raised:
        ask(client)
    assert raised.value.response.headers["retry-after"] == "7" and raised.value.code == "rate_limit_exceeded"


def test_fail_twice_then_succeed_is_one_line(double, namespace):
    double.put_script(namespace, {"rules": [{"fault": {"status": 503, "times": 2, "retry_after_s": 0.01}, "reply": "ok"}]})
    with double.client(namespace, max_retries=2) as client:
        assert ask(client).choices[0].message.content == "ok"
    assert [call["sent"]["status"] for call in double.calls(namespace)] == [503, 503, 200]


@pytest.mark.parametrize("kind", ["refuse", "reset_before_headers", "reset_in_headers"])
def test_resets_are_connection_errors(meets, kind):
    with meets(kind) as client, pytest.raises(openai.APIConnectionError):
        ask(client)


@pytest.mark.parametrize("fault", STREAM_BREAKERS, ids=str)
def test_broken_streams_raise(meets, fault):
    with meets(fault) as client, pytest.raises(Exception):
        read(client)


@pytest.mark.parametrize("kind", ["duplicate_chunk", "reordered_chunks", "missing_done", "missing_finish"])
def test_streams_that_are_odd_but_whole_are_read(meets, kind):
    with meets(kind) as client:
        assert "five" in read(client)


def test_a_stall_meets_the_clients_timeout(meets):
    with meets({"kind": "stall", "after_events": 2, "stall_ms": 5000}) as client:
        begun = time.monotonic()
        with pytest.raises(openai.APITimeoutError):
            for _ in client.with_options(timeout=0.3).chat.completions.create(model=MODEL, messages=MESSAGES, stream=True):
                pass
        assert time.monotonic() - begun < 4


def test_a_slow_drip_arrives_whole(meets):
    with meets({"kind": "drip", "bytes": 64, "every_ms": 1}) as client:
        assert "seven" in read(client)


def test_a_length_stop_inside_tool_json(meets):
    reply = {"tool_calls": [{"name": "book", "arguments": {"city": "Oslo", "nights": 3}}]}
    with meets("length_in_tool_json", reply) as client:
        choice = ask(client).choices[0]
    assert choice.finish_reason == "length"
    assert not choice.message.tool_calls[0].function.arguments.endswith("}")


def test_chaos_is_the_same_for_the_same_test(doubles):
    server = doubles("--chaos", "rate=0.5,seed=42,faults=503")

    def outcomes(namespace) -> list[bool]:
        with server.client(namespace) as client:
            return [succeeds(client, number) for number in range(40)]

    first = outcomes("one")
    server.control("POST", "/namespaces/one/reset")
    assert outcomes("one") == first and 5 < sum(first) < 35
    assert outcomes("two") != first
    line = next(line for line in server.logged(count=120) if line.get("fault"))
    assert "seed=42" in str(line)


def succeeds(client, number) -> bool:
    try:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": f"request {number}"}])
        return True
    except openai.InternalServerError:
        return False


def test_chaos_says_how_to_get_a_fault_again(doubles):
    server = doubles("--chaos", "rate=1,seed=3,faults=503+404")
    with server.client("again") as client, pytest.raises(openai.APIStatusError):
        ask(client)
    line = server.logged()[0]
    assert line["fault"] in ("503", "404")
    assert "`--chaos rate=1,seed=3,faults=503+404` draws it for attempt 1 of this request in namespace 'again'" in line["again"]


def test_quotas_are_told_and_kept(double, namespace):
    double.put_script(namespace, {"quota": {"requests_per_minute": 2}, "rules": [{"reply": "ok"}]})
    with double.client(namespace) as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
        assert raw.headers["x-ratelimit-limit-requests"] == "2" and raw.headers["x-ratelimit-remaining-requests"] == "1"
        ask(client)
        with pytest.raises(openai.RateLimitError) as raised:
            ask(client)
    assert float(raised.value.response.headers["retry-after"]) > 0


def test_pace_is_kept_and_fast_leaves_it_out(double, doubles, namespace):
    script = {"pace": {"first_token_ms": 120, "token_ms": 10}, "rules": [{"reply": "one two three four five"}]}
    double.put_script(namespace, script)
    with double.client(namespace) as client:
        begun = time.monotonic()
        assert "five" in read(client)
        assert 0.15 < time.monotonic() - begun < 2
    with doubles("--fast", script=script).client() as client:
        begun = time.monotonic()
        assert "five" in read(client)
        assert time.monotonic() - begun < 0.12

"""Recorded vendor exchanges through the gateway: the same bytes, save for named edits."""

import asyncio
import json

import httpx
import pytest

from harness import playhouse, recorded, upstream
from harness.recorded import Recording
from harness.words import UPSTREAM_KEY

# What a gateway may put into a request for a stream that did not ask for token counts.
FORCED_USAGE = b',"stream_options":{"include_usage":true}'


@pytest.fixture(scope="module")
def gateways(tmp_path_factory, vendor):
    """Servers by the vendor's name, in front of the scripted one, which plays that vendor."""
    servers = {}

    def gateway(name: str) -> playhouse.Playhouse:
        if name not in servers:
            section = f'[providers.{name}]\nbase_url = "{vendor.url}"\napi_key = "{UPSTREAM_KEY}"\n'
            config = f"[upstream]\nretries = 0\n\n{section}"
            servers[name] = playhouse.Playhouse(tmp_path_factory.mktemp(name), "serve", config=config).start()
        return servers[name]

    yield gateway
    for server in servers.values():
        server.close()


def replay(recording: Recording, piece_bytes: int) -> upstream.Act:
    """Answers what the vendor answered, in pieces that do not respect its frames."""

    async def act(exchange: upstream.Exchange) -> None:
        headers = {name.replace("-", "_"): value for name, value in recording.headers.items()}
        if not recording.headers["content-type"].startswith("text/event-stream"):
            return await exchange.answer(recording.status, recording.body, **headers)
        await exchange.begin_stream(**headers)
        for at in range(0, len(recording.body), piece_bytes):
            await exchange.send_chunk(recording.body[at : at + piece_bytes])
            await asyncio.sleep(0)
        await exchange.end_stream()

    return act


def ask(server: playhouse.Playhouse, body: bytes) -> httpx.Response:
    return server.http.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})


def differences(server, vendor, recording: Recording, piece_bytes: int) -> list[str]:
    """What is not as it should be with one recording."""
    vendor.plays(replay(recording, piece_bytes))
    answer = ask(server, recording.request)
    sent = vendor.wait_for().body
    found = []
    if answer.status_code != recording.status:
        found.append(f"status {answer.status_code}, recorded {recording.status}")
    forced = recording.is_streamed and not recording.asks_for_usage and sent != recording.request
    expected_request = recording.request
    if forced:
        sent = sent.replace(FORCED_USAGE, b"", 1)
    if sent != expected_request:
        found.append(f"the upstream got {first_difference(sent, expected_request)}")
    expected = without_usage(recording.body) if recording.is_streamed and not recording.asks_for_usage else recording.body
    if recording.status == 200 and answer.content != expected:
        found.append(f"the client got {first_difference(answer.content, expected)}")
    if recording.status != 200:
        found += error_differences(answer, recording)
    return [f"{recording.name}: {difference}" for difference in found]


def error_differences(answer: httpx.Response, recording: Recording) -> list[str]:
    """An error body in OpenAI's shape comes through as it is, another keeps its message."""
    told = json.loads(recording.body)
    if isinstance(told.get("error"), dict):
        return [] if answer.content == recording.body else [f"the error body became {answer.text}"]
    message = told.get("message") or told["detail"]
    error = answer.json().get("error", {})
    is_told = set(error) == {"message", "type", "param", "code"} and message in error["message"]
    return [] if is_told else [f"the error {told} became {answer.text}"]


def without_usage(stream: bytes) -> bytes:
    """The stream as a client that did not ask for token counts should get it."""
    kept = []
    for frame in stream.split(b"\n\n"):
        data = frame.removeprefix(b"data: ")
        chunk = json.loads(data) if data.startswith(b"{") else {}
        if chunk.get("usage") is None:
            kept.append(frame)
        elif chunk["choices"]:
            usage = data[data.index(b'"usage":') :]
            _, end = json.JSONDecoder().raw_decode(usage.decode()[len('"usage":') :])
            member = usage.decode()[: len('"usage":') + end].encode()
            cut = frame.replace(b"," + member, b"", 1)
            kept.append(cut if cut != frame else frame.replace(member + b",", b"", 1))
    return b"\n\n".join(kept)


def first_difference(got: bytes, expected: bytes) -> str:
    at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
    return f"{got[max(0, at - 30) : at + 60]!r} where {expected[max(0, at - 30) : at + 60]!r} is expected (byte {at})"


@pytest.mark.parametrize("folder", recorded.FOLDERS)
def test_every_recording_arrives_as_it_was(folder, gateways, vendor):
    recordings = recorded.recordings(folder)
    server = gateways(folder.removesuffix("-stream"))
    found = [told for recording in recordings for told in differences(server, vendor, recording, 97)]
    assert not found, f"{len(found)} differences in {len(recordings)} recordings: " + "; ".join(found[:5])


def test_a_stream_cut_at_every_byte_arrives_as_it_was(gateways, vendor):
    shortest = min(recorded.recordings("openai-stream"), key=lambda recording: len(recording.body))
    assert not differences(gateways("openai"), vendor, shortest, 1)


def test_the_upstream_gets_key_id_and_trace(gateway, vendor):
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"x-request-id": "mine-7", "traceparent": traceparent, "authorization": "Bearer sk-of-the-caller"}
    answer = gateway.http.post("/v1/chat/completions", json=plain_request(), headers=headers)
    assert answer.headers["x-request-id"] == "mine-7"
    got = vendor.wait_for().headers
    assert got["authorization"] == f"Bearer {UPSTREAM_KEY}", "the caller's own key must not go upstream"
    assert got["x-request-id"] == "mine-7"
    assert got["traceparent"].split("-")[1] == traceparent.split("-")[1], "another trace"


def test_the_model_prefix_is_the_only_edit(gateway, vendor):
    body = b'{"model" : "openai/gpt-4o-mini",  "messages":[{"role":"user","content":"caf\\u00e9 \xc3\xa9"}], "new_field":{"a":[1.0,2e3]}}'
    assert ask(gateway, body).status_code == 200
    assert vendor.wait_for().body == body.replace(b"openai/gpt-4o-mini", b"gpt-4o-mini")


def test_unknown_fields_travel_both_ways(gateway, vendor):
    reply = json.dumps(upstream.reply_body() | {"new_field": {"a": [1.0, 2e3]}}, indent=1)
    vendor.plays(upstream.whole(200, reply))
    assert ask(gateway, json.dumps(plain_request()).encode()).text == reply


def test_retry_after_and_the_error_body_reach_native_callers_too(gateway, vendor):
    error = {"error": {"message": "slow down", "type": "tokens", "param": None, "code": "rate_limit_exceeded"}}
    vendor.plays(upstream.whole(429, json.dumps(error), retry_after="7"))
    answer = gateway.chat("hello")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (429, "rate_limited") and "slow down" in problem["detail"], problem


def test_a_failing_upstream_is_asked_again_until_it_answers(served, vendor):
    server = served(PLAYHOUSE_UPSTREAM__RETRIES="2", PLAYHOUSE_UPSTREAM__RETRY_BASE_MS="10")
    for stream in (False, True):
        vendor.plays(upstream.whole(503, "{}"), upstream.whole(429, "{}", retry_after_ms="10"), upstream.completion())
        answer = ask(server, json.dumps(plain_request(stream=stream)).encode())
        assert answer.status_code == 200 and len(vendor.exchanges) == 3, answer.text
        [call] = server.log_of(answer.headers["x-request-id"], "LLM call completed")
        assert call["attempts"] == 3


def test_a_stream_that_has_begun_is_never_asked_for_again(served, vendor):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": "Hel"}))
        exchange.hang_up()

    server = served(PLAYHOUSE_UPSTREAM__RETRIES="2", PLAYHOUSE_UPSTREAM__RETRY_BASE_MS="10")
    vendor.plays(break_off, upstream.completion())
    answer = ask(server, json.dumps(plain_request(stream=True)).encode())
    assert '"Hel"' in answer.text and len(vendor.exchanges) == 1, answer.text


def plain_request(**fields) -> dict:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]} | fields

"""Turns that outlive their connection, their client and their process; requests that are sent twice."""

import signal
import time

from harness import sse, upstream
from harness.plain import Plain, chat_body, post
from harness.words import ANSWER, PROMPT

HEADERS = {"content-type": "application/json"}


def begin_and_leave(server, mark: str, **fields) -> tuple[str, str]:
    """Asks for a stream, reads until this has come, and leaves; the turn's id, and what was read."""
    with server.http.stream("POST", "/v1/chat", content=chat_body(True, **fields), headers=HEADERS) as answer:
        text = ""
        for piece in answer.iter_text():
            text += piece
            if mark in text:
                break
        return answer.headers["x-turn-id"], text[: text.rfind("\n\n") + 2]


def turn_in(server, turn_id: str, state: str, timeout: float = 10) -> dict:
    """The turn, once it is in this state."""
    deadline = time.monotonic() + timeout
    while True:
        turn = server.http.get(f"/v1/turns/{turn_id}").json()
        if turn["state"] == state:
            return turn
        assert time.monotonic() < deadline, f"the turn is not {state} after {timeout} s: {turn}"
        time.sleep(0.02)


def said(text: str) -> str:
    return "".join(event["json"]["content"] for event in sse.events(text) if event["event"] == "delta")


def ids(text: str) -> list[int]:
    return [int(line.removeprefix("id: ")) for line in text.splitlines() if line.startswith("id: ")]


def test_a_client_leaves_and_comes_back_to_the_rest(gateway, vendor):
    vendor.plays(upstream.paced(0.05, 10))
    turn_id, begun = begin_and_leave(gateway, f"{ANSWER}-2")
    last = ids(begun)[-1]
    rest = gateway.http.get(f"/v1/turns/{turn_id}/stream", headers={"last-event-id": str(last)})
    assert rest.status_code == 200, rest.text
    whole = begun + rest.text
    assert ids(whole) == list(range(1, len(ids(whole)) + 1)), whole
    assert all(f"{ANSWER}-{piece} " in said(whole) for piece in range(10)), whole
    assert sse.names(whole)[-1] == "done", whole
    assert len(vendor.exchanges) == 1
    again = gateway.http.get(f"/v1/turns/{turn_id}/stream")
    assert said(again.text) == said(whole)


def test_a_turn_goes_on_for_nobody(gateway, vendor):
    vendor.plays(upstream.paced(0.05, 6))
    turn_id, _ = begin_and_leave(gateway, f"{ANSWER}-0")
    turn = turn_in(gateway, turn_id, "completed")
    assert f"{ANSWER}-5" in turn["messages"][1]["content"], turn


def test_a_turn_is_cancelled_and_its_upstream_left(gateway, vendor):
    vendor.plays(upstream.stream_then_silence())
    turn_id, _ = begin_and_leave(gateway, ANSWER)
    exchange = vendor.wait_for()
    assert not exchange.wait_closed(0.15), "the upstream was left with the client"
    cancelled = gateway.http.delete(f"/v1/turns/{turn_id}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "interrupted"), cancelled.text
    assert exchange.wait_closed(1), "the upstream of a cancelled turn is still connected"
    assert gateway.http.delete(f"/v1/turns/{turn_id}").status_code == 409


def test_kill_9_in_a_stream_leaves_its_text_and_a_retry_answers(served, vendor):
    server = served()
    vendor.plays(upstream.stream_then_silence(), upstream.completion())
    turn_id, _ = begin_and_leave(server, ANSWER)
    deadline = time.monotonic() + 5
    while len(server.http.get(f"/v1/turns/{turn_id}").json()["messages"]) < 2:
        assert time.monotonic() < deadline, "the text was not kept within 5 s"
        time.sleep(0.02)
    server.kill()
    server.start()
    turn = server.http.get(f"/v1/turns/{turn_id}").json()
    assert turn["state"] == "interrupted", turn
    assert [message["content"] for message in turn["messages"]] == [PROMPT, ANSWER], turn
    followed = server.http.get(f"/v1/turns/{turn_id}/stream").text
    assert said(followed) == ANSWER and sse.names(followed)[-1] == "error", followed

    retried = server.http.post(f"/v1/turns/{turn_id}/retry", json={})
    assert (retried.status_code, retried.json()["content"]) == (200, ANSWER), retried.text
    sent = vendor.exchanges[-1].json["messages"]
    assert [upstream.flat(message["content"]) for message in sent] == [PROMPT], "the cut answer is in the prompt"


def test_a_request_sent_again_is_answered_once(gateway, vendor):
    vendor.plays(upstream.paced(0.05, 6))
    key = {"idempotency-key": '"again-1"', **HEADERS}
    body = chat_body(True, session_id="again-1")
    with Plain(gateway.port) as caller:
        caller.send(post("/v1/chat", body, idempotency_key='"again-1"'))
        caller.read_until(f"{ANSWER}-1".encode())
    again = gateway.http.post("/v1/chat", content=body, headers=key)
    assert again.status_code == 200 and sse.names(again.text)[-1] == "done", again.text
    assert ids(again.text)[0] == 1 and f"{ANSWER}-0 " in said(again.text), again.text
    assert gateway.http.post("/v1/chat", content=body, headers=key).text == again.text
    assert len(vendor.exchanges) == 1
    other = gateway.http.post("/v1/chat", content=chat_body(True, session_id="again-2"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused"), other.text


def test_a_key_is_remembered_over_kill_9(served, vendor):
    server = served()
    key = {"idempotency-key": "kept-1", **HEADERS}
    first = server.http.post("/v1/chat", content=chat_body(), headers=key)
    server.kill()
    server.start()
    assert server.http.post("/v1/chat", content=chat_body(), headers=key).text == first.text
    assert len(vendor.exchanges) == 1


def test_a_turn_without_a_client_finishes_before_the_server_ends(served, vendor):
    server = served()
    vendor.plays(upstream.paced(0.1, 10))
    turn_id, _ = begin_and_leave(server, f"{ANSWER}-1")
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0
    server.start()
    turn = server.http.get(f"/v1/turns/{turn_id}").json()
    assert (turn["state"], f"{ANSWER}-9" in turn["messages"][1]["content"]) == ("completed", True), turn


def test_a_turn_that_does_not_finish_in_time_is_stored_with_its_text(served, vendor):
    server = served(PLAYHOUSE_SERVER__SHUTDOWN_GRACE_MS="300")
    vendor.plays(upstream.stream_then_silence())
    turn_id, _ = begin_and_leave(server, ANSWER)
    server.signal(signal.SIGTERM)
    server.wait(5)
    server.start()
    turn = server.http.get(f"/v1/turns/{turn_id}").json()
    assert (turn["state"], turn["messages"][1]["content"]) == ("interrupted", ANSWER), turn


def test_requests_are_answered_for_a_while_after_readiness_has_gone(served, vendor):
    server = served(PLAYHOUSE_SERVER__DRAIN_DELAY_MS="1500")
    server.signal(signal.SIGTERM)
    deadline = time.monotonic() + 1
    while server.http.get("/health/ready").status_code != 503:
        assert time.monotonic() < deadline, "/health/ready is not 503 a second after the signal"
    answer = server.chat(PROMPT)
    assert (answer.status_code, answer.headers["connection"]) == (200, "close"), answer.text
    assert server.wait(5) == 0

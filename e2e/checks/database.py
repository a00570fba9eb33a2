"""The database goes away under a running server, and comes back."""

import time

import pytest

from harness import upstream
from harness.words import ANSWER, PROMPT

HEALED_WITHIN_S = 8


class Database:
    """The database's file of a server, which can be taken away."""

    def __init__(self, server):
        [self.file] = server.data_dir.glob("*.db")
        self._kept = server.data_dir.parent / "kept.db"

    def move_away(self):
        self.file.rename(self._kept)

    def replace_by_folder(self):
        self.move_away()
        self.file.mkdir()

    def put_back(self):
        if self.file.is_dir():
            self.file.rmdir()
        self._kept.rename(self.file)


@pytest.fixture
def running(served):
    """A server that has had a conversation, and its database."""
    server = served()
    assert server.chat(PROMPT, session_id="before").status_code == 200
    return server, Database(server)


def complete(server):
    request = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    return server.http.post("/v1/chat/completions", json=request)


def assert_degraded(server) -> None:
    health = server.http.get("/health/detailed")
    assert health.status_code == 200
    assert health.json() == {"status": "degraded", "checks": {"database": "error"}}
    assert server.http.get("/health").json() == {"status": "healthy"}, "the process lives all the same"


def assert_refuses_chat(server, vendor) -> None:
    asked = len(vendor.exchanges)
    answer = server.chat(PROMPT, session_id="before")
    assert answer.status_code == 503, f"expected 503, got {answer.status_code}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 503 and answer.json()["detail"]
    assert len(vendor.exchanges) == asked, "the model was asked though the message is not stored"


def assert_passes_through(server) -> None:
    for _ in range(5):
        answer = complete(server)
        assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"] == ANSWER


def wait_until_healthy(server) -> None:
    deadline = time.monotonic() + HEALED_WITHIN_S
    while server.http.get("/health/detailed").json()["status"] != "healthy":
        assert time.monotonic() < deadline, f"still degraded {HEALED_WITHIN_S} s after the database came back"
        time.sleep(0.05)


def assert_goes_on(server) -> None:
    answer = server.chat(PROMPT, session_id="before")
    assert answer.status_code == 200, answer.text
    messages = server.http.get("/v1/sessions/before").json()["messages"]
    assert [message["content"] for message in messages] == [PROMPT, ANSWER] * 2


def test_moved_away_for_a_moment(running, vendor):
    server, database = running
    database.move_away()
    assert_degraded(server)
    assert_refuses_chat(server, vendor)
    assert_passes_through(server)
    database.put_back()
    wait_until_healthy(server)
    assert_goes_on(server)


def test_replaced_by_a_folder_for_a_while(running, vendor):
    server, database = running
    database.replace_by_folder()
    assert_degraded(server)
    assert_refuses_chat(server, vendor)
    assert_passes_through(server)
    time.sleep(3)
    assert_degraded(server)
    for path in ("/v1/sessions", "/v1/calls"):
        answer = server.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), path
    database.put_back()
    wait_until_healthy(server)
    assert_goes_on(server)


def test_calls_made_meanwhile_are_in_the_log_afterwards(running):
    server, database = running
    database.replace_by_folder()
    made = [complete(server).headers["x-request-id"] for _ in range(3)]
    database.put_back()
    wait_until_healthy(server)
    for request_id in made:
        assert server.call_of(request_id, timeout=HEALED_WITHIN_S)["outcome"] == "ok"


def test_gone_while_an_answer_comes(running, vendor):
    """The caller has its text, is not told that it is stored, and it is stored later."""
    server, database = running
    vendor.plays(upstream.paced(0.1, 5))
    with server.http.stream("POST", "/v1/chat", json={"message": PROMPT, "session_id": "during", "stream": True}) as answer:
        lines = answer.iter_lines()
        while "delta" not in next(lines):
            pass
        database.replace_by_folder()
        rest = "\n".join(lines)
    assert f"{ANSWER}-4" in rest and "event: error" in rest and "event: done" not in rest, rest
    database.put_back()
    wait_until_healthy(server)
    messages = server.messages_of("during", "completed", timeout=HEALED_WITHIN_S)
    assert messages[-1]["content"] == "".join(f"{ANSWER}-{piece} " for piece in range(5))


def test_deleted_for_good_gives_way_to_a_new_one(running):
    server, database = running
    database.file.unlink()
    wait_until_healthy_after_outage(server)
    assert server.chat(PROMPT, session_id="after").status_code == 200


def wait_until_healthy_after_outage(server) -> None:
    assert_degraded(server)
    wait_until_healthy(server)


def test_an_outage_is_told_and_not_at_every_call(running):
    """Calls go on, so nobody is refused: the log must tell all the same, and not flood."""
    server, database = running
    database.replace_by_folder()
    for _ in range(50):
        complete(server)
    deadline = time.monotonic() + 3
    while not (told := outage_lines(server)):
        assert time.monotonic() < deadline, "no line tells that the database is away"
        time.sleep(0.05)
    database.put_back()
    wait_until_healthy(server)
    assert len(told) < 20, f"{len(told)} lines tell that the database is away"


def outage_lines(server) -> list[dict]:
    return [line for line in server.log() if line["level"] in ("WARN", "ERROR") and "database" in str(line)]

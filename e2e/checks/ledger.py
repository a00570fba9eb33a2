"""The call ledger: what a caller has seen the end of has a record, whatever happens to the process."""

import json
import time

import pytest

from harness import playhouse, upstream
from harness.gateway import gateway_env
from harness.plain import Plain, chat_body, completion_body, post
from harness.words import ANSWER, PROMPT

ROUNDS = 5


def compatible(port: int, stream: bool) -> None:
    """Reads a completion up to its last byte, and not the end of the connection."""
    with Plain(port, timeout=15) as caller:
        caller.send(post("/v1/chat/completions", completion_body(stream)))
        read_end(caller, b"data: [DONE]\n\n" if stream else None)


def native(port: int, stream: bool) -> None:
    with Plain(port, timeout=15) as caller:
        caller.send(post("/v1/chat", chat_body(stream)))
        read_end(caller, b"event: done" if stream else None)


def read_end(caller: Plain, end: bytes | None) -> None:
    """Reads until this has come, or a body as long as its head says."""
    if end is not None:
        caller.read_until(end)
        return
    head = caller.read_until(b"\r\n\r\n")
    head, _, body = head.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    while len(body) < int(fields["content-length"]):
        body += caller.socket.recv(65536)


WAYS = {
    "whole": lambda port: compatible(port, False),
    "streamed": lambda port: compatible(port, True),
    "native whole": lambda port: native(port, False),
    "native streamed": lambda port: native(port, True),
}


def calls_of(server) -> list[dict]:
    """The records in the database, once the ledger has nothing more to deliver."""
    deadline = time.monotonic() + 5
    while (lag := metric(server, "playhouse_ledger_lag_records")) > 0:
        assert time.monotonic() < deadline, f"{lag} records still wait"
        time.sleep(0.02)
    return server.http.get("/v1/calls", params={"limit": 1000}).json()["calls"]


def metric(server, name: str) -> float:
    [value] = [line.split()[1] for line in server.http.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(value)


def verify(server) -> dict:
    """What `playhouse calls --verify` tells, which must be that all is well."""
    told = playhouse.run(["calls", "--verify", "--json", "--data-dir", str(server.data_dir)], server.home)
    assert told.returncode == 0, told.stdout + told.stderr
    return json.loads(told.stdout)


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS.keys())
def test_kill_9_right_after_the_end_of_an_answer_loses_no_record(served, ask):
    server = served()
    for asked in range(1, ROUNDS + 1):
        ask(server.port)
        server.kill()
        server.start()
        calls = calls_of(server)
        assert len(calls) == asked, f"{asked} answers were read to their ends, there are {len(calls)} records"
        assert all(call["outcome"] == "ok" for call in calls), calls
    report = verify(server)
    assert (report["missing"], report["differing"], report["damaged"]) == (0, 0, 0), report


AGENT = """
[agents.plain]
instructions = "Answer."
"""


def agents_run(port: int, stream: bool) -> None:
    with Plain(port, timeout=15) as caller:
        body = json.dumps({"input": PROMPT, "stream": stream}).encode()
        caller.send(post("/v1/agents/plain/runs", body))
        read_end(caller, b"event: done" if stream else None)


def agent_as_model(port: int, stream: bool) -> None:
    with Plain(port, timeout=15) as caller:
        caller.send(post("/v1/chat/completions", completion_body(stream, model="agent:plain")))
        read_end(caller, b"data: [DONE]\n\n" if stream else None)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("ask", [agents_run, agent_as_model], ids=["run", "as a model"])
def test_kill_9_right_after_an_agents_answer_loses_no_record(started, vendor, ask, stream):
    server = started("serve", gateway_env(vendor), config=AGENT)
    for asked in range(1, ROUNDS + 1):
        ask(server.port, stream)
        server.kill()
        server.start()
        assert len(calls_of(server)) == asked
    assert verify(server)["missing"] == 0


def test_kill_9_right_after_an_error_loses_no_record(served, vendor):
    server = served()
    vendor.plays(upstream.whole(500, '{"error": {"message": "no"}}'))
    with Plain(server.port, timeout=15) as caller:
        caller.send(post("/v1/chat/completions", completion_body(False)))
        read_end(caller, None)
    server.kill()
    server.start()
    assert [call["outcome"] for call in calls_of(server)] == ["error"]


async def stream_then_break(exchange: upstream.Exchange) -> None:
    await exchange.begin_stream()
    await exchange.send_chunk(upstream.chunk({"content": ANSWER}))
    exchange.hang_up()


def test_kill_9_right_after_the_error_of_a_stream_loses_no_record(served, vendor):
    server = served()
    vendor.plays(stream_then_break)
    with Plain(server.port, timeout=15) as caller:
        caller.send(post("/v1/chat/completions", completion_body(True)))
        caller.read_until(b'"error"')
    server.kill()
    server.start()
    assert [call["outcome"] for call in calls_of(server)] == ["error"]


def test_records_of_a_database_that_is_away_come_when_it_is_back(served):
    server = served()
    compatible(server.port, False)
    assert len(calls_of(server)) == 1
    [database] = server.data_dir.glob("*.db")
    kept = server.data_dir.parent / "kept.db"
    database.rename(kept)
    for number in range(20):
        compatible(server.port, number % 2 == 0)
    assert metric(server, "playhouse_ledger_lag_records") == 20
    time.sleep(0.1)
    assert metric(server, "playhouse_ledger_oldest_record_age_seconds") > 0.05
    server.kill()
    kept.rename(database)
    server.start()
    assert len(calls_of(server)) == 21
    assert metric(server, "playhouse_ledger_oldest_record_age_seconds") == 0
    assert verify(server)["stored"] == 21


def test_two_servers_do_not_share_a_ledger(served, started):
    server = served()
    told = playhouse.run(
        ["demo", "--listen", f"127.0.0.1:{playhouse.free_port()}", "--data-dir", str(server.data_dir)], server.home
    )
    assert told.returncode == 1 and str(server.data_dir) in told.stderr, told.stderr

"""What is there in the end: in the database, in the ledgers, in what the replicas say of themselves."""

import asyncio
import json
from dataclasses import dataclass

import bounds
from engines import Postgres
from harness import playhouse
from process import until
from replicas import Fleet, Replica, operator

TURNS = """
SELECT sessions.id AS session, sessions.owner, turns.number, turns.id, turns.state, turns.question, turns.answer,
       turns.question_json, turns.answer_json
FROM turns JOIN sessions ON sessions.key = turns.session ORDER BY sessions.key, turns.number"""
RUNS = """
SELECT id, owner, status, resumed_at_us, answer, input, input_json,
       (SELECT count(*) FROM run_steps WHERE run = runs.key) AS steps
FROM runs ORDER BY key"""
CALLS = """
SELECT id, request_id, turn_id, run_id, session_id, key_id, outcome, cost_usd, total_tokens, prompt_tokens,
       completion_tokens FROM calls ORDER BY id"""
SUMS = """
SELECT coalesce(sum(calls), 0) AS calls, coalesce(sum(errors), 0) AS errors, coalesce(sum(cancelled), 0) AS cancelled,
       coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
       coalesce(sum(cost_usd), 0)::float8 AS cost_usd FROM call_days"""
RUNNING = """
SELECT (SELECT count(*) FROM turns WHERE state = 'running') AS turns,
       (SELECT count(*) FROM runs WHERE status = 'running') AS runs"""


@dataclass
class Facts:
    """Read once, when nothing runs any more."""

    turns: list[dict]
    runs: list[dict]
    calls: list[dict]
    sums: dict
    usage: dict[str, dict]
    """What the replicas say each API key has used this month, by the key's id."""
    sessions: dict[tuple[str, str], list[dict]]
    """The messages of each session as the API tells them, by owner and id."""
    ledgers: dict[str, dict]
    """What `playhouse calls --verify` says of each replica's ledger."""


async def quiet(fleet: Fleet, postgres: Postgres) -> None:
    """Waits until no turn and no run is under way, and every call record is in the database."""
    report = fleet.report
    for what, holds in {"no turn or run is left running": _none_runs, "no record waits in a ledger": _no_lag}.items():
        report.check(what, 1)
        try:
            await until(lambda holds=holds: holds(fleet, postgres), bounds.QUIET_S, what, 0.2)
        except TimeoutError:
            report.wrong(what, await _state(fleet, postgres))


async def _none_runs(fleet: Fleet, postgres: Postgres) -> bool:
    [running] = await postgres.rows(RUNNING)
    served = [await replica.metric("playhouse_running_turns") for replica in fleet.replicas]
    return running == {"turns": 0, "runs": 0} and not any(served)


async def _no_lag(fleet: Fleet, _: Postgres) -> bool:
    return not any([await replica.metric("playhouse_ledger_lag_records") for replica in fleet.replicas])


async def _state(fleet: Fleet, postgres: Postgres) -> str:
    [running] = await postgres.rows(RUNNING)
    told = [f"{running} in the database"]
    for replica in fleet.replicas:
        turns, lag = (
            await replica.metric("playhouse_running_turns"),
            await replica.metric("playhouse_ledger_lag_records"),
        )
        told.append(f"{replica.name} has {turns} turns and {lag} records that wait")
    return ", ".join(told)


async def gather(fleet: Fleet, postgres: Postgres, key_ids: list[str]) -> Facts:
    usage = {}
    for key_id in key_ids:
        answer = await fleet.replicas[0].http.get(f"/v1/admin/keys/{key_id}", headers=operator(), timeout=10)
        usage[key_id] = answer.json()["usage"]["month"]
    [sums] = await postgres.rows(SUMS)
    turns = await postgres.rows(TURNS)
    sessions = await read_sessions(fleet, {(turn["owner"], turn["session"]) for turn in turns})
    ledgers = {replica.name: await asyncio.to_thread(verify, replica) for replica in fleet.replicas}
    runs, calls = await postgres.rows(RUNS), await postgres.rows(CALLS)
    return Facts(turns, runs, calls, sums, usage, sessions, ledgers)


async def read_sessions(fleet: Fleet, names: set[tuple[str, str]]) -> dict[tuple[str, str], list[dict]]:
    """Reads every session, each at another replica than the one before."""
    sessions = {}
    for at, (owner, name) in enumerate(sorted(names)):
        params = {"limit": 1000} | ({"key_id": owner} if owner else {})
        replica = fleet.replicas[at % len(fleet.replicas)]
        answer = await replica.http.get(f"/v1/sessions/{name}", params=params, headers=operator(), timeout=10)
        sessions[owner, name] = answer.json().get("messages", [])
    return sessions


def verify(replica: Replica) -> dict:
    """What `playhouse calls --verify` says; `exit` is its exit code."""
    # By variable: the flag for a folder would mean the SQLite database in it.
    env = {"DATABASE_URL": replica.env["DATABASE_URL"], "PLAYHOUSE_DATA_DIR": str(replica.data)}
    told = playhouse.run(["calls", "--verify", "--json"], replica.home, env, timeout=60)
    try:
        return {"exit": told.returncode, **json.loads(told.stdout)}
    except ValueError:
        return {"exit": told.returncode, "said": told.stdout + told.stderr}

"""The upstream: `playhouse mock`, paced, with a rule for every fault it knows and chaos over everything."""

import json
import signal
from pathlib import Path

import httpx

from bounds import START_S
from harness import playhouse
from harness.playhouse import BINARY, free_port
from process import Process, until
from wording import ANSWER

MODEL = "gpt-4o-mini"
CHAOS_RATE = 0.06
# How the faults that take more than their name are met. Any that the mock learns later is met by its name.
SETTINGS = {
    "cut": {"after_events": 4},
    "stall": {"after_events": 3, "stall_ms": 4_000},
    "drip": {"bytes": 64, "every_ms": 20},
    "malformed_chunk": {"after_events": 3},
    "invalid_utf8": {"after_events": 3},
    "duplicate_chunk": {"after_events": 3},
    "reordered_chunks": {"after_events": 3},
    "error_event": {"after_events": 3},
    "wrong_content_type": {"content_type": "text/html"},
}
STATUSES = {429: {"retry_after_s": 0.3}, 400: {}, 401: {}, 500: {}, 503: {}}
CALCULATION = {"tool_calls": [{"name": "calculator", "arguments": {"expression": "6 * 7"}}]}


def fault_kinds(home: Path) -> list[str]:
    """Every kind of fault that the mock knows, as its schema says."""
    schema = json.loads(playhouse.run(["mock", "--schema"], home).stdout)
    kinds = schema["$defs"]["FaultKind"]
    names = kinds.get("enum") or [kind["const"] for kind in kinds["oneOf"]]
    return [name for name in names if name != "status"]


def faults(kinds: list[str]) -> dict[str, dict]:
    """The faults that messages may ask for, by name."""
    told = {kind: {"kind": kind, **SETTINGS.get(kind, {})} for kind in kinds}
    return told | {f"status_{status}": {"status": status, **more} for status, more in STATUSES.items()}


def script(kinds: list[str]) -> dict:
    reply = {"template": ANSWER.format("{{ user }}")}
    pace = {"first_token_ms": {"mean": 120, "stddev": 60}, "token_ms": {"mean": 12, "stddev": 6}}
    told = [
        {"name": name, "when": {"user": f"<{name}>"}, "reply": CALCULATION if "tool" in name else reply, "fault": fault}
        for name, fault in faults(kinds).items()
    ]
    agent = [
        {"name": "the tool has answered", "when": {"tool_result": {"name": "calculator"}}, "reply": reply},
        {"name": "the tool is there", "when": {"tools": ["calculator"]}, "reply": CALCULATION},
    ]
    return {"models": [MODEL], "pace": pace, "rules": [*told, *agent, {"name": "anything", "reply": reply}]}


class Upstream:
    """`playhouse mock`, running."""

    name = "upstream"

    def __init__(self, home: Path, kinds: list[str], seed: int):
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.process = Process(self.name, home / "mock.log")
        (home / "script.json").write_text(json.dumps(script(kinds)))
        self.flags = [
            "--chaos",
            f"rate={CHAOS_RATE},seed={seed}",
            "--seed",
            str(seed),
            "--no-reload",
            "--log-level",
            "error",
        ]

    async def start(self) -> None:
        listen = ["--listen", f"127.0.0.1:{self.port}"]
        self.process.spawn([BINARY, "mock", "script.json", *listen, *self.flags], self.home)
        await until(self._answers, START_S, f"the mock has not started: {self.process.last_words()}")

    async def _answers(self) -> bool:
        if not self.process.runs:
            raise RuntimeError(f"the mock does not start: {self.process.last_words()}")
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"http://127.0.0.1:{self.port}/health", timeout=2)).status_code == 200
            except httpx.TransportError:
                return False

    async def crash(self) -> None:
        await self.process.end(signal.SIGKILL)

    async def stop(self) -> None:
        await self.process.end(signal.SIGTERM)


def check(home: Path) -> None:
    """Whether the script is one: `playhouse check` says what is wrong with it."""
    checked = playhouse.run(["check", "script.json"], home)
    if checked.returncode:
        raise RuntimeError(f"the script of the upstream is wrong: {checked.stdout}{checked.stderr}")

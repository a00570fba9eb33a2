"""One request, from its first byte to its last, or to the moment its caller gives up."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

import bounds
from replicas import Fleet, Replica

# Texts of a replica that has begun to stop: while nothing else is wrong, no caller may read one.
STOPPING = ("the server stopped", "shutting down", "is stopping", "is draining")


@dataclass
class Event:
    """A server-sent event."""

    id: int | None
    name: str
    data: str

    @property
    def json(self) -> dict:
        return json.loads(self.data)


@dataclass
class Answer:
    """What came back."""

    request_id: str
    replica: Replica
    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    lost: str | None = None
    """Why the connection ended before the answer did, if it did."""
    left: bool = False
    """Whether the caller hung up on purpose."""

    @property
    def json(self) -> dict:
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    @property
    def problem(self) -> str:
        """In a few words, how it went."""
        if self.lost:
            return f"lost: {self.lost}"
        error = self.json.get("error")
        code = error.get("code") or error.get("type") if isinstance(error, dict) else self.json.get("code")
        return f"{self.status} {code or ''}".strip()

    @property
    def is_ok(self) -> bool:
        return self.lost is None and self.status == 200


Hear = Callable[[Event], bool]
"""Takes an event; false when the caller has heard enough."""


async def ask(
    fleet: Fleet,
    replica: Replica,
    kind: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: dict | None = None,
    hear: Hear | None = None,
) -> Answer:
    """Sends a request and hears its answer. Waits as long as its kind may take, and notes how long it did."""
    request_id = headers.setdefault("x-request-id", f"chaos-{uuid.uuid4()}")
    answer = Answer(request_id, replica)
    was_rolling, begun = fleet.is_rolling, time.monotonic()
    try:
        async with asyncio.timeout(bounds.REQUEST_S[kind]):
            await _exchange(answer, method, path, headers, body, hear)
    except TimeoutError:
        answer.lost = "it took too long"
        fleet.report.wrong(
            "no request waits longer than its bound", f"{kind} {method} {path} at {replica.name}, {request_id}"
        )
    except (httpx.TransportError, httpx.StreamError) as error:
        answer.lost = type(error).__name__
    fleet.report.check("no request waits longer than its bound", 1)
    fleet.report.waited(kind, time.monotonic() - begun)
    if was_rolling and fleet.is_rolling:
        _judge_drain(fleet, answer, f"{method} {path}")
    return answer


async def _exchange(
    answer: Answer, method: str, path: str, headers: dict[str, str], body: dict | None, hear: Hear | None
) -> None:
    content = None if body is None else json.dumps(body).encode()
    if content is not None:
        headers = {**headers, "content-type": "application/json"}
    async with answer.replica.http.stream(method, path, content=content, headers=headers) as response:
        answer.status, answer.headers = response.status_code, response.headers
        if hear and response.headers.get("content-type", "").startswith("text/event-stream"):
            await _hear_all(answer, response, hear)
        else:
            answer.body = await response.aread()


async def _hear_all(answer: Answer, response: httpx.Response, hear: Hear) -> None:
    rest = b""
    async for piece in response.aiter_bytes():
        *blocks, rest = (rest + piece).split(b"\n\n")
        for block in blocks:
            event = parse(block.decode(errors="replace"))
            if event and (event.name == "error" or event.data.startswith('{"error"')):
                answer.body = event.data.encode()
            if event and not hear(event):
                answer.left = True
                return


def parse(block: str) -> Event | None:
    """An event as it stands in a stream; `None` for a comment."""
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
    if "data" not in fields:
        return None
    number = fields.get("id")
    return Event(int(number) if number else None, fields.get("event", "message"), fields["data"])


def _judge_drain(fleet: Fleet, answer: Answer, what: str) -> None:
    fleet.report.check("no request fails while replicas are drained", 1)
    stopped = next((text for text in STOPPING if text.encode() in answer.body), None)
    if answer.lost or stopped:
        why = answer.lost or stopped
        fleet.report.wrong(
            "no request fails while replicas are drained",
            f"{what} at {answer.replica.name}: {why} ({answer.request_id})",
        )

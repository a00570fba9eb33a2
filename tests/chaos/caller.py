"""Somebody with an API key and a conversation: how requests are sent, and sent again."""

import asyncio
import random
import time
import uuid

import bounds
from exchange import Answer, Hear, ask
from notes import Notes
from replicas import Fleet, Replica

PAUSE_S = 0.15
MAX_PAUSE_S = 1.0


class GaveUp(Exception):
    """A request has no end although all is well again."""


class Caller:
    """Sends each request to a replica that is ready, and what fails to another one."""

    def __init__(self, name: str, owner: str, secret: str, rng: random.Random, fleet: Fleet, notes: Notes):
        self.name, self.owner, self.secret = name, owner, secret
        self.rng, self.fleet, self.notes = rng, fleet, notes
        self.report = fleet.report
        self.said = 0
        self.last: Replica | None = None
        self.deadline: float | None = None
        """Until when every request must have its end; set once all is well again."""

    @classmethod
    def of(cls, name: str, owner: str, secret: str, seed: int, fleet: Fleet, notes: Notes) -> "Caller":
        """One whose dice are drawn from the run's seed."""
        return cls(name, owner, secret, random.Random(f"{seed}/{name}"), fleet, notes)

    async def send(
        self,
        kind: str,
        method: str,
        path: str,
        body: dict | None = None,
        key: str | None = None,
        hear: Hear | None = None,
        after: int = 0,
    ) -> Answer:
        """One request, to a ready replica that is another one than the last time; `after` is the last event heard."""
        replica = self.fleet.pick(self.rng, self.last)
        self.last = replica
        headers = {"authorization": f"Bearer {self.secret}"}
        if key:
            headers["idempotency-key"] = f'"{key}"'
        if after:
            headers["last-event-id"] = str(after)
        if method == "POST":
            headers["x-request-id"] = f"chaos-{uuid.uuid4()}"
            self.notes.request_ids.add(headers["x-request-id"])
        answer = await ask(self.fleet, replica, kind, method, path, headers, body, hear)
        self.report.met(answer.problem if not answer.left else "left on purpose")
        return answer

    async def pause(self, tries: int) -> None:
        """Between two tries; raises when there have been enough of them."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise GaveUp
        await asyncio.sleep(min(PAUSE_S * tries, MAX_PAUSE_S) * (0.5 + self.rng.random()))

    def settle_soon(self) -> None:
        self.deadline = time.monotonic() + bounds.SETTLE_S

    def new_key(self) -> str:
        """From the caller's own dice, so that a run has the same ones."""
        return f"{self.name}-{self.rng.getrandbits(64):016x}"

    def wrong(self, what: str, text: str) -> None:
        self.report.wrong(what, f"{self.name}: {text}")

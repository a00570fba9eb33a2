"""What is done to the replicas, the database, Redis and the upstream, drawn from the seed.

Two lanes run beside each other, one thing at a time each: one for the replicas, so that never more than one of
three is away, and one for what they stand on. Each goes through all that it knows in turn, in an order of its own.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator

import bounds
from engines import Postgres, Redis
from notes import Notes
from replicas import Fleet, Replica
from rush import rush
from upstream import Upstream

DRAINED = "a drained replica ends in order and in time"
SHORTEST_OUTAGE_S = 0.3
LONGEST_RESTART_S = 2.0
LONGEST_CALM_S = 1.5

Trouble = Callable[[], Awaitable[None]]


class Disorder:
    """Everything that goes wrong in a run, apart from what the upstream does by itself."""

    def __init__(self, seed: int, fleet: Fleet, postgres: Postgres, redis: Redis, upstream: Upstream, notes: Notes):
        self.fleet, self.postgres, self.redis, self.upstream = fleet, postgres, redis, upstream
        self.notes, self.report = notes, fleet.report
        self.of_replicas = random.Random(f"{seed}/replicas")
        self.of_engines = random.Random(f"{seed}/engines")
        self.engines = asyncio.Lock()
        """Held while something is done to what the replicas stand on."""

    async def run(self, until: float) -> None:
        """Goes on until this time; then all is well again."""
        replicas = [self.kill, self.kill, self.drain, self.hang, self.roll]
        engines = [
            lambda: self._stop(self.postgres, "stopped"), lambda: self._stop(self.postgres, "crashed"),
            lambda: self._pause(self.postgres),
            lambda: self._stop(self.redis, "stopped"), lambda: self._stop(self.redis, "crashed"),
            lambda: self._pause(self.redis),
            lambda: self._stop(self.upstream, "crashed"),
            self.rush, self.rush,
        ]  # fmt: skip
        lanes = [
            self._lane(self.of_replicas, replicas, until),
            self._lane(self.of_engines, engines, until, self.engines),
        ]
        await asyncio.gather(*lanes)

    async def _lane(
        self, rng: random.Random, troubles: list[Trouble], until: float, lock: asyncio.Lock | None = None
    ) -> None:
        for trouble in bag(rng, troubles):
            await asyncio.sleep(rng.uniform(0.2, LONGEST_CALM_S))
            if time.monotonic() > until:
                return
            if lock is None:
                await trouble()
                continue
            async with lock:
                await trouble()

    # -- the replicas

    async def kill(self) -> None:
        replica = self._draw()
        self.report.trouble(f"{replica.name}: kill -9")
        await replica.kill()
        await asyncio.sleep(self.of_replicas.uniform(0, LONGEST_RESTART_S))
        await self._start(replica)

    async def drain(self) -> None:
        replica = self._draw()
        self.report.trouble(f"{replica.name}: SIGTERM")
        await self._drain(replica)
        await self._start(replica)

    async def hang(self) -> None:
        """It stands still, perhaps for so long that others take it for dead."""
        replica = self._draw()
        outage_s = self.of_replicas.uniform(SHORTEST_OUTAGE_S, bounds.LONGEST_OUTAGE_S)
        self.report.trouble(f"{replica.name}: paused")
        replica.process.pause()
        await asyncio.sleep(outage_s)
        replica.process.resume()
        await self.fleet.all_ready()

    async def roll(self) -> None:
        """All replicas are drained and started again, one after the other, and nothing else happens."""
        async with self.engines:
            await self.fleet.in_order()
            self.report.trouble("all replicas: drained in turn")
            self.fleet.is_rolling = True
            try:
                for replica in self.fleet.replicas:
                    await self._drain(replica)
                    await self._start(replica)
                    await self.fleet.all_ready()
            finally:
                self.fleet.is_rolling = False

    def _draw(self) -> Replica:
        return self.of_replicas.choice(self.fleet.replicas)

    async def _drain(self, replica: Replica) -> None:
        begun = time.monotonic()
        code = await replica.drain()
        self.report.check(DRAINED, 1)
        self.report.waited("SIGTERM to the end of a replica", time.monotonic() - begun)
        if code != 0:
            ended = "did not end" if code is None else f"ended with {code}"
            self.report.wrong(
                DRAINED,
                f"{replica.name} {ended} after {time.monotonic() - begun:.1f} s: {replica.process.last_words()}",
            )

    async def _start(self, replica: Replica) -> None:
        begun = time.monotonic()
        await replica.start()
        self.report.waited("start of a replica", time.monotonic() - begun)

    # -- what they stand on

    async def _stop(self, engine: Postgres | Redis | Upstream, how: str) -> None:
        outage_s = self.of_engines.uniform(SHORTEST_OUTAGE_S, bounds.LONGEST_OUTAGE_S)
        self.report.trouble(f"{engine.name}: {how}")
        await (engine.stop() if how == "stopped" else engine.crash())
        await asyncio.sleep(outage_s)
        await engine.start()

    async def _pause(self, engine: Postgres | Redis) -> None:
        outage_s = self.of_engines.uniform(SHORTEST_OUTAGE_S, bounds.LONGEST_OUTAGE_S)
        self.report.trouble(f"{engine.name}: paused")
        engine.process.pause()
        await asyncio.sleep(outage_s)
        engine.process.resume()

    async def rush(self) -> None:
        """While Redis and the database are there: budgets are exact then, whatever becomes of the replicas."""
        await self.fleet.in_order()
        self.report.say("rush on a budget")
        await rush(len(self.notes.rushes) + 1, self.of_engines, self.fleet, self.notes)


def bag(rng: random.Random, troubles: list[Trouble]) -> Iterator[Trouble]:
    """All of them in some order, then again in another."""
    while True:
        yield from rng.sample(troubles, len(troubles))

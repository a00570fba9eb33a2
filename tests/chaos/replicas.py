"""The replicas of `playhouse serve`, and which of them is ready."""

import asyncio
import random
import signal
import time
from pathlib import Path

import httpx

import bounds
from harness import playhouse
from harness.playhouse import BINARY, free_port
from process import Process, until
from report import Report
from upstream import MODEL

OPERATOR_KEY = "sk-chaos-operator"
LOOK_S = 0.1

CONFIG = """
[server]
shutdown_grace_ms = {b.GRACE_MS}
drain_delay_ms = {b.DRAIN_DELAY_MS}
lease_beat_ms = {b.LEASE_BEAT_MS}
lease_missed_beats = {b.LEASE_MISSED_BEATS}

[auth]
api_keys = ["{operator}"]
key_ttl_ms = 500

[store.postgres]
max_connections = 8
connect_timeout_ms = {b.DATABASE_CONNECT_MS}
acquire_timeout_ms = {b.ACQUIRE_MS}
statement_timeout_ms = {b.STATEMENT_MS}
lock_timeout_ms = 1000

[redis]
command_timeout_ms = {b.REDIS_COMMAND_MS}

[providers.openai]
base_url = "{upstream}"
api_key = "sk-test-chaos"

[upstream]
retries = 2
retry_base_ms = 50
retry_max_ms = 500
connect_timeout_ms = {b.CONNECT_MS}
first_token_timeout_ms = {b.FIRST_TOKEN_MS}
idle_timeout_ms = {b.IDLE_MS}
total_timeout_ms = {b.CALL_MS}

[breaker]
failure_percent = 80
cooldown_ms = 1000

[prices."openai/{model}"]
input_usd_per_mtok = 1000.0
output_usd_per_mtok = 4000.0

[chat]
model = "{model}"
history_messages = 8

[agents.math]
model = "{model}"
instructions = "Use the calculator."
tools = ["calculator"]
bounds = {{ max_steps = {b.MAX_STEPS} }}
"""


class Replica:
    """One `playhouse serve` with a port, a data folder and a log of its own."""

    def __init__(self, number: int, home: Path, database: str, redis: str, upstream: str):
        self.number, self.name, self.home = number, f"replica {number}", home
        self.port, self.data = free_port(), home / "data"
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process(self.name, home / "serve.log")
        self.env = playhouse.environment(home, {"DATABASE_URL": database, "REDIS_URL": redis, "LOG_LEVEL": "warn"})
        (home / "playhouse.toml").write_text(
            CONFIG.format(b=bounds, operator=OPERATOR_KEY, upstream=upstream, model=MODEL)
        )
        self.is_ready = False
        self.peak_mib = 0
        self.refused_starts = 0
        self.http = self._client()

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=40)
        return httpx.AsyncClient(base_url=self.url, timeout=None, limits=limits)

    async def start(self) -> None:
        """Starts it, as whoever runs containers does: again and again, until it is ready."""
        deadline = time.monotonic() + bounds.START_S
        while True:
            self.process.spawn(
                [BINARY, "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.data)],
                self.home,
                self.env,
            )
            await until(
                self._is_decided,
                bounds.START_S,
                f"{self.name} is not ready: {self.process.last_words()}",
            )
            if self.process.runs:
                return
            self.refused_starts += 1
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start: {self.process.last_words()}")
            await asyncio.sleep(0.5)

    async def _is_decided(self) -> bool:
        """Whether it is ready, or has given up."""
        return not self.process.runs or await self.answers_ready()

    async def answers_ready(self) -> bool:
        try:
            return (await self.http.get("/health/ready", timeout=1)).status_code == 200
        except httpx.TransportError:
            return False

    async def kill(self) -> None:
        self._note_peak()
        await self.process.end(signal.SIGKILL)

    async def drain(self) -> int | None:
        """SIGTERM, and its exit code; `None` if it had to be forced."""
        self._note_peak()
        return await self.process.end(signal.SIGTERM, bounds.EXIT_S)

    def _note_peak(self) -> None:
        self.peak_mib = max(self.peak_mib, self.process.peak_mib())

    async def detail(self) -> dict:
        """What `/health/detailed` tells."""
        try:
            answer = await self.http.get("/health/detailed", timeout=5, headers=operator())
            return answer.json()
        except (httpx.TransportError, ValueError):
            return {}

    async def metric(self, name: str) -> float | None:
        """The sum of a metric over its labels; `None` if there is none."""
        told = (await self.http.get("/metrics", timeout=5, headers=operator())).text
        values = [line.rpartition(" ")[2] for line in told.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(map(float, values)) if values else None


def operator() -> dict[str, str]:
    return {"authorization": f"Bearer {OPERATOR_KEY}"}


class Fleet:
    """All replicas, as whoever balances load over them sees them."""

    def __init__(self, replicas: list[Replica], report: Report):
        self.replicas, self.report = replicas, report
        self.is_rolling = False
        """While replicas are drained one after the other and nothing else happens: no request may fail."""
        self._watchers: list[asyncio.Task] = []

    async def start(self) -> None:
        await asyncio.gather(*(replica.start() for replica in self.replicas))
        for replica in self.replicas:
            replica.is_ready = True
        self._watchers = [asyncio.create_task(self._watch(replica)) for replica in self.replicas]

    async def _watch(self, replica: Replica) -> None:
        while True:
            replica.is_ready = replica.process.runs and await replica.answers_ready()
            await asyncio.sleep(LOOK_S)

    def pick(self, rng: random.Random, other_than: Replica | None = None) -> Replica:
        """One that is ready, and if possible not this one; any where none is."""
        ready = [replica for replica in self.replicas if replica.is_ready]
        others = [replica for replica in ready if replica is not other_than]
        return rng.choice(others or ready or self.replicas)

    async def all_ready(self) -> None:
        await until(
            lambda: all(replica.is_ready for replica in self.replicas), bounds.START_S, "not all replicas are ready"
        )

    async def in_order(self) -> None:
        """All are ready, and neither the database nor Redis is away for any."""

        async def holds() -> bool:
            details = await asyncio.gather(*(replica.detail() for replica in self.replicas))
            checks = [detail.get("checks", {}) for detail in details]
            return all(told and set(told.values()) == {"ok"} for told in checks)

        await self.all_ready()
        await until(holds, bounds.START_S, "not all replicas reach the database and Redis", 0.2)

    async def close(self) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for replica in self.replicas:
            await replica.kill()
            await replica.http.aclose()

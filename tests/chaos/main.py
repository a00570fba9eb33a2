"""Chaos: three replicas under load, while everything they stand on fails. See README.md."""

import argparse
import asyncio
import random
import resource
import secrets
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "e2e"))

import bounds  # noqa: E402
import facts  # noqa: E402
import judgement  # noqa: E402
import logs  # noqa: E402
from disorder import DRAINED, Disorder  # noqa: E402
from doubts import doubt  # noqa: E402
from engines import Postgres, Redis, missing  # noqa: E402
from caller import Caller  # noqa: E402
from load import Client  # noqa: E402
from notes import Notes  # noqa: E402
from replicas import OPERATOR_KEY, Fleet, Replica  # noqa: E402
from report import Report, fail  # noqa: E402
from rush import create_key  # noqa: E402
from upstream import Upstream, check, fault_kinds, faults  # noqa: E402

REPLICAS = 3
OWNERS = ["red", "green", "blue"]
"""Of stored API keys; the operator is one more."""
OPEN_FILES = 4096
MISSING = 77


class Stage:
    """All that runs, in one folder."""

    def __init__(self, home: Path, seed: int, report: Report):
        self.home, self.seed, self.report = home, seed, report
        self.kinds = fault_kinds(self._folder("upstream"))
        self.postgres = Postgres(self._folder("postgres"))
        self.redis = Redis(self._folder("redis"))
        self.upstream = Upstream(home / "upstream", self.kinds, seed)
        replicas = [
            Replica(number, self._folder(f"replica-{number}"), self.postgres.url, self.redis.url, self.upstream.url)
            for number in range(1, REPLICAS + 1)
        ]
        self.fleet = Fleet(replicas, report)

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir(exist_ok=True)
        return folder

    async def start(self) -> None:
        check(self.home / "upstream")
        await asyncio.gather(self.postgres.create(), self.redis.start(), self.upstream.start())
        # At once: they come to an empty database together.
        await self.fleet.start()

    async def end(self) -> None:
        await self.fleet.close()
        await asyncio.gather(self.upstream.stop(), self.redis.crash(), self.postgres.stop())


async def play(stage: Stage, seconds: float, clients: int) -> None:
    report, fleet, notes = stage.report, stage.fleet, Notes(keys={"operator": ""})
    await stage.start()
    await fleet.in_order()
    report.say(f"{REPLICAS} replicas, PostgreSQL, Redis and the upstream are there")
    owners = await create_owners(stage, notes)
    stop = asyncio.Event()
    callers, kinds = [], list(faults(stage.kinds))
    for number in range(clients):
        # Callers of different owners give their sessions the same names.
        conversations, owner = divmod(number, len(owners))
        caller = Caller.of(f"c{number}", *owners[owner], stage.seed, fleet, notes)
        # Each begins with another fault, so that none is left out.
        callers.append(Client(caller, f"s{conversations}", kinds[number % len(kinds) :] + kinds[: number % len(kinds)]))
    load = [asyncio.create_task(client.run(stop)) for client in callers]
    disorder = Disorder(stage.seed, fleet, stage.postgres, stage.redis, stage.upstream, notes)
    try:
        await both(asyncio.create_task(disorder.run(time.monotonic() + seconds)), load)
    except BaseException:
        for caller in load:
            caller.cancel()
        await asyncio.gather(*load, return_exceptions=True)
        raise
    report.say("all is well again; what is under way is brought to its end")
    await fleet.in_order()
    stop.set()
    for client in callers:
        client.caller.settle_soon()
    await asyncio.gather(*load)
    await judge(stage, notes)


async def create_owners(stage: Stage, notes: Notes) -> list[tuple[str, str]]:
    owners = [("operator", OPERATOR_KEY)]
    for name in OWNERS:
        key_id, secret = await create_key(stage.fleet, random.Random(stage.seed), name, 1e6)
        notes.keys[name] = key_id
        owners.append((name, secret))
    return owners


async def both(disorder: asyncio.Task, load: list[asyncio.Task]) -> None:
    """Waits for the disorder to end; a caller that fails by a mistake of this program ends the run at once."""
    while not disorder.done():
        await asyncio.wait([disorder, *load], return_when=asyncio.FIRST_EXCEPTION, timeout=1)
        for caller in load:
            if caller.done():
                disorder.cancel()
                caller.result()
                raise RuntimeError("a caller has stopped too early")
    disorder.result()


async def judge(stage: Stage, notes: Notes) -> None:
    report, fleet = stage.report, stage.fleet
    await facts.quiet(fleet, stage.postgres)
    keys = [key_id for key_id in notes.keys.values() if key_id]
    found = await facts.gather(fleet, stage.postgres, keys)
    judgement.judge(notes, found, report)
    doubt(notes, found, report)
    report.facts["memory"] = ", ".join(
        f"{replica.name} {max(replica.peak_mib, replica.process.peak_mib())} MiB" for replica in fleet.replicas
    )
    granted, refused = (sum(getattr(rush, name) for rush in notes.rushes) for name in ("granted", "refused"))
    report.facts["faults of the upstream"] = f"{len(report.faults)} of {len(faults(stage.kinds))} asked for"
    report.facts["rushes"] = f"{granted} requests granted, {refused} refused"
    refused = sum(replica.refused_starts for replica in fleet.replicas)
    report.facts["starts that a replica gave up, for want of the database"] = str(refused)
    report.facts["there"] = f"{len(found.turns)} turns, {len(found.runs)} runs, {len(found.calls)} call records"
    await say_goodbye(stage)
    logs.judge([replica.process for replica in fleet.replicas], report)


async def say_goodbye(stage: Stage) -> None:
    """With nothing to do a replica ends at once."""
    codes = await asyncio.gather(*(replica.drain() for replica in stage.fleet.replicas))
    stage.report.check(DRAINED, len(codes))
    for replica, code in zip(stage.fleet.replicas, codes, strict=True):
        if code != 0:
            stage.report.wrong(
                DRAINED, f"{replica.name} ended with {code} at the very end: {replica.process.last_words()}"
            )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/chaos/run", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the disorder lasts (60)")
    parser.add_argument("--seed", type=int, help="what it is drawn from; another one each time")
    parser.add_argument("--clients", type=int, default=24, help="how many callers there are (24)")
    parser.add_argument("--keep", type=Path, help="a folder to leave logs and data in")
    return parser.parse_args()


async def run(home: Path, options: argparse.Namespace, report: Report) -> None:
    stage = Stage(home, report.seed, report)
    try:
        async with asyncio.timeout(options.seconds + 3 * bounds.START_S + bounds.SETTLE_S + 2 * bounds.QUIET_S + 60):
            await play(stage, options.seconds, options.clients)
    finally:
        await stage.end()


def main() -> int:
    options = arguments()
    if absent := missing():
        fail(f"{' and '.join(absent)} not found; Debian's packages are postgresql and redis-server")
        return MISSING
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most), most))
    report = Report(options.seed if options.seed is not None else secrets.randbelow(1_000_000))
    print(f"chaos: seed {report.seed}, {options.seconds:.0f} s, {options.clients} clients", flush=True)
    with tempfile.TemporaryDirectory(prefix="playhouse-chaos-") as folder:
        home = options.keep or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        try:
            asyncio.run(run(home, options, report))
        except Exception as error:  # noqa: BLE001 - whatever it is, the table and the seed are told
            report.wrong("the run itself", f"{type(error).__name__}: {error}")
            raise
        finally:
            report.print()
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())

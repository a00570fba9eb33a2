"""What was done, what was checked, how long was waited, and what was wrong."""

import sys
import time
from collections import Counter, defaultdict

import bounds

SHOWN = 5
MAX_KEPT = 200


class Report:
    """Collects while the run goes on; prints one table at its end."""

    def __init__(self, seed: int):
        self.seed = seed
        self.begun = time.monotonic()
        self.done: Counter[str] = Counter()
        self.suffered: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.checked: dict[str, int] = {}
        self.wrongs: defaultdict[str, list[str]] = defaultdict(list)
        self.faults: set[str] = set()
        self.worst: dict[str, float] = {}
        self.facts: dict[str, str] = {}

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:7.1f}  {text}", flush=True)

    def did(self, what: str) -> None:
        self.done[what] += 1

    def met(self, outcome: str) -> None:
        """How a request ended for its caller."""
        self.suffered[outcome] += 1

    def trouble(self, what: str) -> None:
        self.troubles[what] += 1
        self.say(what)

    def waited(self, kind: str, seconds: float) -> None:
        self.worst[kind] = max(self.worst.get(kind, 0.0), seconds)

    def check(self, what: str, number: int) -> None:
        """That this many were looked at."""
        self.checked[what] = self.checked.get(what, 0) + number
        self.wrongs[what] += []

    def wrong(self, what: str, text: str) -> None:
        """What must not be."""
        if len(self.wrongs[what]) < MAX_KEPT:
            self.wrongs[what].append(text)
        if len(self.wrongs[what]) <= SHOWN:
            self.say(f"WRONG {what}: {text}")

    @property
    def is_clean(self) -> bool:
        return not any(self.wrongs.values())

    def print(self) -> None:
        out = ["", f"chaos: seed {self.seed}, {time.monotonic() - self.begun:.0f} s"]
        out += (
            section("asked", self.done)
            + section("as their callers saw it", self.suffered)
            + section("done to it", self.troubles)
        )
        out += ["", f"  {'waits':58}{'worst':>10}{'bound':>10}"]
        for kind, worst in sorted(self.worst.items()):
            out.append(f"  {kind:58}{worst:9.2f}s{bounds.REQUEST_S.get(kind, bounds.EXIT_S):9.2f}s")
        out += ["", f"  {'checked':58}{'of':>10}{'wrong':>10}"]
        for what in [*self.checked, *(what for what in self.wrongs if what not in self.checked)]:
            out.append(f"  {what:58}{self.checked.get(what, '-'):>10}{len(self.wrongs[what]):>10}")
        out += ["", *(f"  {name}: {fact}" for name, fact in self.facts.items())]
        for what, texts in self.wrongs.items():
            out += [f"WRONG {what}: {text}" for text in texts[:SHOWN]]
            out += [f"WRONG {what}: … and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
        wrong = sum(map(len, self.wrongs.values()))
        verdict = "ok" if self.is_clean else "FAIL"
        out += ["", f"{verdict}: {sum(self.checked.values())} facts checked, {wrong} wrong (seed {self.seed})"]
        print("\n".join(out), flush=True)


def section(title: str, counts: Counter[str]) -> list[str]:
    return ["", f"  {title}", *(f"    {what:56}{count:>10}" for what, count in sorted(counts.items()))]


def fail(text: str) -> None:
    print(f"FAIL: {text}", file=sys.stderr, flush=True)

"""The report: one line a check, and what a reader of a failure needs."""

import os
import sys

from harness import playhouse

MAX_MESSAGE_CHARS = 4000


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


class Report:
    """Prints checks as they end. It takes the place of pytest's own reporter."""

    def __init__(self):
        self.passed = self.failed = 0
        self._ended: set[str] = set()

    def pytest_runtest_logreport(self, report):
        name = check_name(report.nodeid)
        if report.failed:
            self._fail(name, report)
        elif report.skipped:
            self._say(f"skip {name}: {report.longrepr[2].removeprefix('Skipped: ')}")
        elif report.when == "call":
            self.passed += 1
            self._say(f"ok   {name} ({report.duration:.1f} s)")

    def pytest_collectreport(self, report):
        if report.failed:
            self._fail(f"{report.nodeid}: cannot be read", report)

    def pytest_internalerror(self, excrepr):
        self.failed += 1
        self._say(f"FAIL the checks themselves: {excrepr}")

    def pytest_keyboard_interrupt(self, excinfo):
        self.failed += 1
        self._say(f"FAIL the run was interrupted: {excinfo.value}")

    def pytest_unconfigure(self):
        self._say(f"{self.passed} passed, {self.failed} failed")

    def _fail(self, name: str, report) -> None:
        self.failed += 1
        crash = getattr(report.longrepr, "reprcrash", None)
        told = crash.message if crash else str(report.longrepr)
        where = f" ({os.path.basename(crash.path)}:{crash.lineno})" if crash else ""
        if not told.startswith("AssertionError: assert"):
            told = told.split("\nassert ")[0]  # What pytest adds to a message of the check's own.
        told = told if len(told) <= MAX_MESSAGE_CHARS else told[:MAX_MESSAGE_CHARS] + " …"
        during = "" if report.when == "call" else f" [{report.when}]"
        self._say(f"FAIL {name}{during}: {' | '.join(told.split(chr(10)))}{where}")
        for line in getattr(report, "server_words", []):
            self._say(f"       {line}")

    @staticmethod
    def _say(line: str) -> None:
        sys.__stdout__.write(line + "\n")
        sys.__stdout__.flush()


def check_name(nodeid: str) -> str:
    """`checks/binary.py::test_a_thing[case]` → `binary: a thing [case]`."""
    path, _, function = nodeid.partition("::")
    function, bracket, case = function.removeprefix("test_").partition("[")
    theme = os.path.basename(path).removesuffix(".py").replace("_", " ")
    return f"{theme}: {function.replace('_', ' ')}" + (f" [{case}" if bracket else "")


def server_words(servers: list["playhouse.Playhouse"]) -> list[str]:
    """The last log lines of these servers, for a failure."""
    lines = []
    for server in servers:
        lines += [f"{server.command}@{server.port} {line[:400]}" for line in server.last_words().splitlines()]
    return lines

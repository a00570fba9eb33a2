"""What the replicas have said of themselves."""

import json

from process import Process
from report import Report

SOUND = "no replica panics, or meets what it calls impossible"
# A line that says one of these tells of a mistake in the program, whatever happens around it.
MISTAKES = ("panicked", "; the log says how", "The store failed")


def judge(processes: list[Process], report: Report) -> None:
    errors = 0
    for process in processes:
        for line in process.words().splitlines():
            report.check(SOUND, 1)
            errors += _level(line) == "ERROR"
            if any(mistake in line for mistake in MISTAKES):
                report.wrong(SOUND, f"{process.name}: {line[:600]}")
    report.facts["log"] = f"{errors} lines of level ERROR"


def _level(line: str) -> str:
    try:
        return json.loads(line).get("level", "")
    except (ValueError, AttributeError):
        return ""

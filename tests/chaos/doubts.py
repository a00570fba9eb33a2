"""Whether the judge can be trusted: what is wrong on purpose must be found.

After a run its own facts are spoiled in one place at a time, and each time the judge has to say so.
"""

import copy
from collections.abc import Callable

import judgement
from facts import Facts
from notes import Notes
from report import Report

TRUSTED = "the judge finds what is wrong on purpose"


class Silent(Report):
    """A report that nobody reads."""

    def say(self, text: str) -> None:
        pass


def doubt(notes: Notes, facts: Facts, report: Report) -> None:
    for what, spoil in SPOILS.items():
        spoiled = copy.deepcopy(facts)
        if not spoil(notes, spoiled):
            continue
        silent = Silent(report.seed)
        judgement.judge(notes, spoiled, silent)
        report.check(TRUSTED, 1)
        if not silent.wrongs[what]:
            report.wrong(TRUSTED, f"nobody saw: {what}")


def _a_turn(notes: Notes, facts: Facts) -> dict | None:
    told = {turn_id for note in notes.turns for turn_id in note.told if not note.agent}
    return next((turn for turn in facts.turns if turn["id"] in told and not turn["answer_json"]), None)


def lose_a_turn(notes: Notes, facts: Facts) -> bool:
    turn = _a_turn(notes, facts)
    if turn:
        facts.turns.remove(turn)
    return turn is not None


def double_a_message(notes: Notes, facts: Facts) -> bool:
    turn = _a_turn(notes, facts)
    if turn:
        facts.turns.append({**turn, "id": "another", "number": 1_000})
    return turn is not None


def change_an_answer(notes: Notes, facts: Facts) -> bool:
    turn = _a_turn(notes, facts)
    if turn:
        turn["answer"] += "!"
    return turn is not None


def leave_a_gap(_: Notes, facts: Facts) -> bool:
    if facts.turns:
        facts.turns[-1]["number"] += 1
    return bool(facts.turns)


def forget_a_message(_: Notes, facts: Facts) -> bool:
    messages = next((messages for messages in facts.sessions.values() if messages), None)
    if messages:
        messages.pop()
    return messages is not None


def leave_a_turn_running(_: Notes, facts: Facts) -> bool:
    if facts.turns:
        facts.turns[0]["state"] = "running"
    return bool(facts.turns)


def _a_call(notes: Notes, facts: Facts) -> dict | None:
    acknowledged = {note.request_id for note in notes.completions if note.outcome == "ok"}
    return next((call for call in facts.calls if call["request_id"] in acknowledged), None)


def lose_a_record(notes: Notes, facts: Facts) -> bool:
    call = _a_call(notes, facts)
    if call:
        facts.calls.remove(call)
    return call is not None


def double_a_record(notes: Notes, facts: Facts) -> bool:
    call = _a_call(notes, facts)
    if call:
        facts.calls.append({**call, "id": "another"})
    return call is not None


def call_for_a_turn_twice(notes: Notes, facts: Facts) -> bool:
    turn = _a_turn(notes, facts)
    call = next((call for call in facts.calls if turn and call["turn_id"] == turn["id"]), None)
    if call:
        facts.calls.append({**call, "id": "another"})
    return call is not None


def invent_a_record(_: Notes, facts: Facts) -> bool:
    if facts.calls:
        facts.calls.append({**facts.calls[0], "id": "another", "request_id": "nobody's"})
    return bool(facts.calls)


def overspend(notes: Notes, facts: Facts) -> bool:
    call = next((call for rush in notes.rushes for call in facts.calls if call["key_id"] == rush.key_id), None)
    if call:
        call["cost_usd"] = 1e6
    return call is not None


def lose_a_run(notes: Notes, facts: Facts) -> bool:
    named = {run_id for note in notes.runs for run_id in note.named}
    run = next((run for run in facts.runs if run["id"] in named), None)
    if run:
        facts.runs.remove(run)
    return run is not None


def spoil_a_ledger(_: Notes, facts: Facts) -> bool:
    next(iter(facts.ledgers.values()))["exit"] = 1
    return True


SPOILS: dict[str, Callable[[Notes, Facts], bool]] = {
    judgement.ONCE: lose_a_turn,
    judgement.OFTEN: double_a_message,
    judgement.AS_TOLD: change_an_answer,
    judgement.NUMBERS: leave_a_gap,
    judgement.READ: forget_a_message,
    judgement.ENDED: leave_a_turn_running,
    judgement.RECORDED: lose_a_record,
    judgement.TURN_CALLS: call_for_a_turn_twice,
    judgement.KNOWN: invent_a_record,
    judgement.SUMS: double_a_record,
    judgement.SPENT: overspend,
    judgement.BUDGET: overspend,
    judgement.RUN_ONCE: lose_a_run,
    judgement.LEDGERS: spoil_a_ledger,
}

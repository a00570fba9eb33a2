"""Whether what callers were told and what is there are the same. Pure: notes and facts in, a report out."""

from collections import Counter, defaultdict

from facts import Facts
from notes import Notes, RunNote, TurnNote
from report import Report

ONCE = "an acknowledged turn is there exactly once"
AS_TOLD = "an acknowledged answer is there as it was told"
OFTEN = "a message is there as often as it was sent"
NUMBERS = "turns of a session are numbered without a gap"
READ = "a session reads on every replica as it is stored"
ENDED = "every turn and run has ended"
PARTLY = "an interrupted turn holds what had been told"
RUN_ONCE = "an acknowledged run is there exactly once"
RECORDED = "an acknowledged completion has exactly one record"
TURN_CALLS = "an acknowledged turn has exactly one call"
RUN_CALLS = "a completed run has one call for each step"
KNOWN = "every record is of a request that was made"
SUMS = "sums of the call log are those of its records"
SPENT = "what a key has used is the sum of its records"
BUDGET = "no budget is overshot"
LEDGERS = "ledgers and database agree"

USD = 1e-6


def judge(notes: Notes, facts: Facts, report: Report) -> None:
    """Everything that can be said when nothing runs any more."""
    _turns(notes, facts, report)
    _messages(notes, facts, report)
    _numbers(facts, report)
    _sessions(facts, report)
    _ended(facts, report)
    _runs(notes, facts, report)
    _completions(notes, facts, report)
    _calls_of_turns(notes, facts, report)
    _calls_of_runs(notes, facts, report)
    _known(notes, facts, report)
    _sums(facts, report)
    _budgets(notes, facts, report)
    _ledgers(facts, report)


def _turns(notes: Notes, facts: Facts, report: Report) -> None:
    by_id = grouped(facts.turns, "id")
    for note in notes.turns:
        owner = notes.keys[note.owner]
        for turn_id in note.named:
            found = by_id.get(turn_id, [])
            report.check(ONCE, 1)
            if [(turn["session"], turn["owner"], turn["question"]) for turn in found] != [
                (note.session, owner, note.said)
            ]:
                report.wrong(ONCE, f"{turn_id} of {note.session}, {note.said!r}: {found}")
                continue
            _as_told(note, found[0], report)


def _as_told(note: TurnNote, turn: dict, report: Report) -> None:
    if (told := note.told.get(turn["id"])) is not None:
        report.check(AS_TOLD, 1)
        if turn["state"] != "completed" or (told != turn["answer"] and not turn["answer_json"]):
            report.wrong(AS_TOLD, f"{turn['id']}: told {told!r}, there is {turn}")
    elif turn["id"] in note.partly and turn["state"] == "interrupted":
        heard, kept = note.partly[turn["id"]], turn["answer"] or ""
        report.check(PARTLY, 1)
        # What is kept may lag behind what was told, and the other way round; but it is the same text.
        if not (heard.startswith(kept) or kept.startswith(heard)):
            report.wrong(PARTLY, f"{turn['id']}: heard {heard!r}, kept {kept!r}")


def _messages(notes: Notes, facts: Facts, report: Report) -> None:
    often = Counter((turn["owner"], turn["question"]) for turn in facts.turns)
    for note in notes.turns:
        there = often.pop((notes.keys[note.owner], note.said), 0)
        report.check(OFTEN, 1)
        if not len(note.named) <= there <= note.keys:
            sent = f"{note.said!r} of {note.session} was sent with {note.keys} keys"
            report.wrong(OFTEN, f"{sent}, named as {sorted(note.named)}, and is there {there} times")
    for (_, said), there in often.items():
        report.wrong(OFTEN, f"{said!r} is there {there} times, and nobody said it")


def _numbers(facts: Facts, report: Report) -> None:
    for session, turns in grouped(facts.turns, "owner", "session").items():
        numbers = [turn["number"] for turn in turns]
        report.check(NUMBERS, 1)
        if numbers != list(range(1, len(numbers) + 1)):
            report.wrong(NUMBERS, f"{session}: {numbers}")


def _sessions(facts: Facts, report: Report) -> None:
    for name, turns in grouped(facts.turns, "owner", "session").items():
        questions = [(turn["id"], turn["state"], turn["question"]) for turn in turns]
        answers = {turn["id"]: turn["answer"] for turn in turns if turn["answer"] and not turn["answer_json"]}
        told = facts.sessions.get(name, [])
        asked = [(said["turn_id"], said["turn_state"], said["content"]) for said in told if said["role"] == "user"]
        answered = {said["turn_id"]: said["content"] for said in told if said["role"] == "assistant"}
        report.check(READ, 1)
        if asked != questions or any(answered.get(turn_id) != answer for turn_id, answer in answers.items()):
            report.wrong(READ, f"{name}: {told}, and there is {turns}")


def _ended(facts: Facts, report: Report) -> None:
    for turn in facts.turns:
        if turn["state"] not in ("completed", "failed", "interrupted"):
            report.wrong(ENDED, f"turn {turn['id']} is {turn['state']}")
    for run in facts.runs:
        if run["status"] == "running":
            report.wrong(ENDED, f"run {run['id']} is running")
    report.check(ENDED, len(facts.turns) + len(facts.runs))


def _runs(notes: Notes, facts: Facts, report: Report) -> None:
    by_id = grouped(facts.runs, "id")
    for note in notes.runs:
        for run_id in note.named:
            found = by_id.get(run_id, [])
            report.check(RUN_ONCE, 1)
            if [(run["owner"], note.said in run["input"]) for run in found] != [(notes.keys[note.owner], True)]:
                report.wrong(RUN_ONCE, f"{run_id}, {note.said!r}: {found}")
            elif run_id in note.told:
                _run_as_told(note, found[0], report)
    _tasks(notes, facts, report)


def _run_as_told(note: RunNote, run: dict, report: Report) -> None:
    told = note.told[run["id"]]
    report.check(AS_TOLD, 1)
    if (run["status"], run["answer"]) != (told["status"], told["answer"]):
        report.wrong(AS_TOLD, f"run {run['id']}: told {told}, there is {run}")


def _tasks(notes: Notes, facts: Facts, report: Report) -> None:
    """A task is given once, with one key: no more than one run may have come of it, outside of sessions."""
    often = Counter(said for run in facts.runs for said in [run["input"]] if not run["input_json"])
    for note in notes.runs:
        report.check(OFTEN, 1)
        if not len(note.named) <= often[note.said] <= 1:
            report.wrong(OFTEN, f"run {note.said!r}: named {sorted(note.named)}, there {often[note.said]} times")


def _completions(notes: Notes, facts: Facts, report: Report) -> None:
    by_request = grouped(facts.calls, "request_id")
    for note in notes.completions:
        outcomes = [call["outcome"] for call in by_request.get(note.request_id, [])]
        owners = {call["key_id"] or "" for call in by_request.get(note.request_id, [])}
        allowed = {"ok": (["ok"],), "error": (["error"],)}.get(note.outcome, ([], ["ok"], ["error"], ["cancelled"]))
        report.check(RECORDED, 1)
        if outcomes not in allowed or not owners <= {notes.keys[note.owner]}:
            report.wrong(
                RECORDED, f"{note.request_id} of {note.owner} was told {note.outcome}, its records say {outcomes}"
            )


def _calls_of_turns(notes: Notes, facts: Facts, report: Report) -> None:
    by_turn = grouped((call for call in facts.calls if not call["run_id"]), "turn_id")
    for note in notes.turns:
        for turn_id in note.told if not note.agent else ():
            outcomes = [call["outcome"] for call in by_turn.get(turn_id, [])]
            report.check(TURN_CALLS, 1)
            if outcomes != ["ok"]:
                report.wrong(TURN_CALLS, f"turn {turn_id}: its records say {outcomes}")


def _calls_of_runs(notes: Notes, facts: Facts, report: Report) -> None:
    by_run = grouped(facts.calls, "run_id")
    resumed = {run_id for note in notes.runs if note.resumed for run_id in note.named}
    for run in facts.runs:
        if run["status"] != "completed" or run["id"] in resumed or run["resumed_at_us"]:
            continue
        outcomes = [call["outcome"] for call in by_run.get(run["id"], [])]
        report.check(RUN_CALLS, 1)
        if outcomes != ["ok"] * run["steps"]:
            report.wrong(RUN_CALLS, f"run {run['id']} has {run['steps']} steps, its records say {outcomes}")


def _known(notes: Notes, facts: Facts, report: Report) -> None:
    report.check(KNOWN, len(facts.calls))
    for call in facts.calls:
        if call["request_id"] not in notes.request_ids:
            report.wrong(KNOWN, f"{call}")


def _sums(facts: Facts, report: Report) -> None:
    calls = facts.calls
    counted = {
        "calls": len(calls),
        "errors": sum(call["outcome"] == "error" for call in calls),
        "cancelled": sum(call["outcome"] == "cancelled" for call in calls),
        "prompt_tokens": sum(call["prompt_tokens"] or 0 for call in calls),
        "completion_tokens": sum(call["completion_tokens"] or 0 for call in calls),
        "cost_usd": sum(call["cost_usd"] or 0 for call in calls),
    }
    for name, value in counted.items():
        report.check(SUMS, 1)
        if abs(value - facts.sums[name]) > USD:
            report.wrong(SUMS, f"{name}: the records come to {value}, the sums say {facts.sums[name]}")


def _budgets(notes: Notes, facts: Facts, report: Report) -> None:
    by_key = grouped(facts.calls, "key_id")
    for key_id, usage in facts.usage.items():
        calls = by_key.get(key_id, [])
        spent, tokens = sum(call["cost_usd"] or 0 for call in calls), sum(call["total_tokens"] or 0 for call in calls)
        report.check(SPENT, 1)
        if (usage["calls"], usage["tokens"]) != (len(calls), tokens) or abs(usage["cost_usd"] - spent) > USD:
            report.wrong(SPENT, f"{key_id}: {len(calls)} records of {tokens} tokens and {spent} USD, told {usage}")
    for rush in notes.rushes:
        spent = sum(call["cost_usd"] or 0 for call in by_key.get(rush.key_id, []))
        report.check(BUDGET, 1)
        if spent > rush.budget_usd + USD:
            report.wrong(BUDGET, f"{rush.owner} may spend {rush.budget_usd} USD and has spent {spent}")


def _ledgers(facts: Facts, report: Report) -> None:
    for name, told in facts.ledgers.items():
        report.check(LEDGERS, 1)
        if told["exit"] != 0 or told.get("waiting"):
            report.wrong(LEDGERS, f"{name}: {told}")


def grouped(rows, *columns: str) -> dict:
    """The rows by what stands in these columns."""
    groups = defaultdict(list)
    for row in rows:
        of = tuple(row[column] for column in columns)
        groups[of if len(of) > 1 else of[0]].append(row)
    return groups

"""Runs of an agent: whole and streamed, followed elsewhere, and gone on with when they were cut off."""

from dataclasses import dataclass

import wording
from caller import Caller
from exchange import Answer, Event
from notes import RunNote
from turns import EMPTY_FOLLOWS, EVENTS, SAME_TURN, WHOLE

FOUND = "a run that was named can be read"
MAX_RESUMES = 4


@dataclass
class Heard:
    """What has come of a streamed run."""

    last_id: int = 0
    end: str | None = None
    gap: str | None = None

    def hear(self, event: Event) -> bool:
        if event.id != self.last_id + 1:
            self.gap = self.gap or f"{event.name} {event.id} after {self.last_id}"
        self.last_id = event.id or self.last_id
        if event.name in ("done", "error"):
            self.end = event.name
        return True


class Run:
    """One task of a caller, from the first try to its end."""

    def __init__(self, caller: Caller, said: str):
        self.caller, self.note = caller, RunNote(caller.owner, said)
        self.run_id: str | None = None
        caller.notes.runs.append(self.note)

    async def begin(self, stream: bool) -> str:
        """Gives the task, and sees to it until it has ended; how it did."""
        path, body = "/v1/agents/math/runs", {"input": self.note.said}
        status = await self._ask(path, body, stream)
        for _ in range(MAX_RESUMES):
            if status != "resumable":
                break
            self.note.resumed = True
            status = await self._ask(f"/v1/runs/{self.run_id}/resume", {}, stream)
        return status

    async def _ask(self, path: str, body: dict, stream: bool) -> str:
        key, tries, empty, heard = self.caller.new_key(), 0, 0, Heard()
        while True:
            tries += 1
            answer = await (self._follow(heard) if heard.last_id else self._post(path, body, key, stream, heard))
            if answer.is_ok and not stream:
                return self._told(answer.json)
            if heard.end or answer.status == 410 or empty >= EMPTY_FOLLOWS:
                return await self._streamed_end(heard)
            # A model's refusal is told the caller of a run; the run itself has ended by then.
            if self.run_id and not stream and (status := await self._look()) not in (None, "running"):
                return status
            empty += answer.is_ok
            # Only an interrupted run goes on: one that goes on already, or has ended, is read.
            if answer.status == 409 and path.endswith("/resume"):
                return await self._ended()
            await self.caller.pause(tries)

    async def _post(self, path: str, body: dict, key: str, stream: bool, heard: Heard) -> Answer:
        answer = await self.caller.send("run", "POST", path, {**body, "stream": stream}, key, heard.hear)
        if run_id := answer.headers.get("x-run-id"):
            self._name(run_id)
        if answer.status in (404, 405, 413, 415, 422) and not wording.fault_of(self.note.said):
            self.caller.wrong("a sound request is not refused", f"{path}: {answer.problem} ({answer.request_id})")
        return answer

    async def _follow(self, heard: Heard) -> Answer:
        path = f"/v1/runs/{self.run_id}/stream"
        answer = await self.caller.send("follow", "GET", path, hear=heard.hear, after=heard.last_id)
        self._judge_found(answer)
        return answer

    async def _streamed_end(self, heard: Heard) -> str:
        self.caller.report.check(EVENTS, 1)
        if heard.gap:
            self.caller.wrong(EVENTS, f"run {self.run_id}: {heard.gap}")
        return await self._ended() if self.run_id else "failed"

    async def _ended(self) -> str:
        tries = 0
        while (status := await self._look()) in (None, "running"):
            tries += 1
            await self.caller.pause(tries)
        return status

    async def _look(self) -> str | None:
        """How it stands; `None` if nobody knows now."""
        answer = await self.caller.send("read", "GET", f"/v1/runs/{self.run_id}")
        self._judge_found(answer)
        return self._told(answer.json) if answer.is_ok else None

    def _told(self, run: dict) -> str:
        self._name(run["id"])
        status = run["status"]
        if status == "running":
            return status
        if status == "interrupted" and run["resumable"]:
            return "resumable"
        if status == "completed":
            self._judge_answer(run)
        self.note.told[run["id"]] = {"status": status, "answer": run["answer"]}
        return status

    def _judge_answer(self, run: dict) -> None:
        said = self.note.said
        self.caller.report.check(WHOLE, 1)
        if wording.is_checked(said) and run["answer"] != wording.answer(said):
            self.caller.wrong(WHOLE, f"run {run['id']}: {run['answer']!r}, not {wording.answer(said)!r}")

    def _judge_found(self, answer: Answer) -> None:
        self.caller.report.check(FOUND, 1)
        if answer.status == 404:
            self.caller.wrong(FOUND, f"run {self.run_id} at {answer.replica.name} is 404")

    def _name(self, run_id: str) -> None:
        self.caller.report.check(SAME_TURN, 1)
        if self.run_id not in (None, run_id):
            self.caller.wrong(SAME_TURN, f"one key gave {self.run_id}, then {run_id}")
        self.run_id = run_id
        self.note.named.add(run_id)

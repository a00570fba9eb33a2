"""Chat turns: whole, streamed, left and come back to, sent twice at once, and tried again."""

import asyncio
import time
from dataclasses import dataclass, field

import bounds
import wording
from caller import Caller
from exchange import Answer, Event
from notes import TurnNote

SAME_TURN = "the same key gives the same turn"
EVENTS = "events are told once, without a gap"
END = "a stream that is read to its last byte has an end"
SOON = "how a broken stream's turn ended is known soon"
BROKEN = "a broken stream to its end"
FOUND = "a turn that was named can be read"
OTHER_BODY = "the same key with another body is refused"
APART = "nobody sees what belongs to another key"
CANCELLED = "a turn that was cancelled has ended"
WHOLE = "an answer that ends well is whole, and to what was said"

TRIES_BEFORE_LOOK = 2
EMPTY_FOLLOWS = 3
OTHERS = 200
LONG_S = 8.0


@dataclass
class Heard:
    """What has come of a streamed turn, over however many connections."""

    last_id: int = 0
    pieces: list[str] = field(default_factory=list)
    end: str | None = None
    gap: str | None = None
    leave_after: int | None = None
    broke_at: float | None = None

    def note_break(self, answer: Answer) -> None:
        if answer.lost and self.broke_at is None:
            self.broke_at = time.monotonic()

    def hear(self, event: Event) -> bool:
        is_next = event.id == self.last_id + 1
        if not is_next:
            self.gap = self.gap or f"{event.name} {event.id} after {self.last_id}"
        self.last_id = event.id or self.last_id
        if event.name == "delta":
            self.pieces.append(event.json["content"])
        if event.name in ("done", "error"):
            self.end = "expired" if "events_expired" in event.data else event.name
        return self.leave_after is None or self.last_id < self.leave_after

    @property
    def content(self) -> str:
        return "".join(self.pieces)


class Turn:
    """One message of a caller, from the first try to its end."""

    def __init__(self, caller: Caller, session: str, said: str, agent: bool = False):
        self.caller = caller
        self.note = TurnNote(caller.owner, session, said, agent=agent)
        self.turn_id: str | None = None
        self.path = "/v1/chat"
        self.body = {"message": said, "session_id": session} | ({"agent": "math"} if agent else {})
        self.kind = "run" if agent else "turn"
        self.key = ""
        caller.notes.turns.append(self.note)

    def begin(self) -> None:
        """A new key: a turn more may begin with the same message."""
        self.turn_id, self.key = None, self.caller.new_key()
        self.note.keys += 1

    def again(self, turn_id: str) -> None:
        """What follows tries a turn again that has failed."""
        self.path, self.body = f"/v1/turns/{turn_id}/retry", {}

    # -- whole

    async def whole(self) -> str:
        """Asks until there is an end: `completed`, or how the turn has failed."""
        self.begin()
        return await self._to_the_end()

    async def twice(self) -> str:
        """Sends the same request to two replicas at once, then asks until there is an end."""
        self.begin()
        for answer in await asyncio.gather(self._post(), self._post()):
            if answer.is_ok:
                self._told(answer)
        state = await self._to_the_end()
        await self._same_key_other_body()
        return state

    async def _same_key_other_body(self) -> None:
        body = {**self.body, "stream": True}
        answer = await self.caller.send(self.kind, "POST", self.path, body, self.key)
        if answer.status not in (None, 503):
            self.caller.report.check(OTHER_BODY, 1)
            if answer.status != 422:
                self.caller.wrong(OTHER_BODY, f"{self.key}: {answer.problem} ({answer.request_id})")

    async def _to_the_end(self) -> str:
        tries = 0
        while True:
            answer = await self._post()
            if answer.is_ok:
                return self._told(answer)
            tries += 1
            if tries >= TRIES_BEFORE_LOOK and (state := await self._look()) not in (None, "running", "completed"):
                return state
            await self.caller.pause(tries)

    async def _post(self) -> Answer:
        answer = await self.caller.send(self.kind, "POST", self.path, self.body, self.key)
        self._judge_status(answer)
        return answer

    def _told(self, answer: Answer) -> str:
        told = answer.json
        self._name(told["turn_id"])
        self._whole_answer(told["turn_id"], told["content"])
        return "completed"

    # -- streamed

    async def streamed(self, leave_after: int | None = None) -> str:
        """Asks for a stream and follows it, over as many connections as it takes, to its end."""
        self.begin()
        return await self._hear_to_the_end(Heard(leave_after=leave_after))

    async def _hear_to_the_end(self, heard: Heard) -> str:
        tries, empty = 0, 0
        while heard.end not in ("done", "error", "expired"):
            before = heard.last_id
            answer = await (self._follow(heard) if self.turn_id else self._post_streamed(heard))
            heard.leave_after = None
            heard.note_break(answer)
            tries += 1
            if answer.status == 410:
                heard.end = "expired"
            elif answer.is_ok and self.turn_id and not answer.left:
                # It ended well without an end: what was told is gone, and what is stored has to be read.
                empty += heard.last_id == before
                self._judge_end(heard, answer)
                if empty >= EMPTY_FOLLOWS:
                    heard.end = "expired"
            elif (
                not self.turn_id
                and tries >= TRIES_BEFORE_LOOK
                and (state := await self._look()) not in (None, "running", "completed")
            ):
                return state
            if heard.end is None:
                await self.caller.pause(tries)
        return await self._end(heard)

    async def _post_streamed(self, heard: Heard) -> Answer:
        answer = await self.caller.send(
            self.kind, "POST", self.path, {**self.body, "stream": True}, self.key, heard.hear
        )
        self._judge_status(answer)
        if turn_id := answer.headers.get("x-turn-id"):
            self._name(turn_id)
        return answer

    async def _follow(self, heard: Heard) -> Answer:
        """Goes on where the connection ended, at another replica."""
        caller, path = self.caller, f"/v1/turns/{self.turn_id}/stream"
        answer = await caller.send("follow", "GET", path, hear=heard.hear, after=heard.last_id)
        caller.report.check(FOUND, 1)
        if answer.status == 404:
            caller.wrong(FOUND, f"{path} at {answer.replica.name} is 404")
            heard.end = "expired"
        return answer

    def _judge_end(self, heard: Heard, answer: Answer) -> None:
        """Whoever reads a stream to its last byte must know how the turn ended."""
        self.caller.report.check(END, 1)
        if heard.end is None:
            where = f"event {heard.last_id} of turn {self.turn_id} at {answer.replica.name} ({answer.request_id})"
            self.caller.wrong(END, f"nothing after {where}")

    def _judge_time(self, heard: Heard) -> None:
        """Whoever's stream broke knows soon how the turn ended, also when the replica that answered has died."""
        if heard.broke_at is None:
            return
        took = time.monotonic() - heard.broke_at
        self.caller.report.check(SOON, 1)
        self.caller.report.waited(BROKEN, took)
        if took > LONG_S:
            self.caller.report.say(f"the end of turn {self.turn_id} was known {took:.1f} s after its stream broke")
        if took > bounds.REQUEST_S[BROKEN]:
            self.caller.wrong(SOON, f"turn {self.turn_id}: after {took:.1f} s")

    async def _end(self, heard: Heard) -> str:
        caller = self.caller
        self._judge_time(heard)
        caller.report.check(EVENTS, 1)
        if heard.gap:
            caller.wrong(EVENTS, f"turn {self.turn_id}: {heard.gap}")
        if heard.end == "done":
            self._whole_answer(self.turn_id, heard.content)
            return "completed"
        self.note.partly[self.turn_id] = heard.content
        return await self._ended()

    async def _ended(self) -> str:
        """Reads the turn until it has ended."""
        tries = 0
        while True:
            tries += 1
            answer = await self.caller.send("read", "GET", f"/v1/turns/{self.turn_id}")
            state = answer.json.get("state") if answer.is_ok else None
            if state == "completed":
                self._whole_answer(self.turn_id, answer.json["messages"][-1]["content"])
            if state and state != "running":
                return state
            if answer.status == 404:
                self.caller.wrong(FOUND, f"turn {self.turn_id} at {answer.replica.name} is 404")
                return "lost"
            await self.caller.pause(tries)

    # -- cancelled

    async def cancelled(self, after: int) -> str:
        """Asks for a stream, leaves it, has the turn cancelled at another replica, and reads how it ended."""
        self.begin()
        heard = Heard(leave_after=after)
        await self._post_streamed(heard)
        if not self.turn_id:
            heard.leave_after = None
            return await self._hear_to_the_end(heard)
        answer = await self.caller.send("follow", "DELETE", f"/v1/turns/{self.turn_id}")
        if answer.is_ok:
            self.caller.report.check(CANCELLED, 1)
            if answer.json["state"] not in ("interrupted", "completed", "failed"):
                self.caller.wrong(CANCELLED, f"turn {self.turn_id}: {answer.json} ({answer.request_id})")
        return await self._ended()

    # -- both

    async def _look(self) -> str | None:
        """How the newest turn with this message stands; `None` if none has begun, or nobody knows."""
        answer = await self.caller.send("read", "GET", f"/v1/sessions/{self.note.session}?limit=6")
        if not answer.is_ok:
            return None
        for message in reversed(answer.json["messages"]):
            is_this = message["role"] == "user" and message["content"] == self.note.said
            if is_this and (message["turn_id"] == self.turn_id or message["turn_id"] not in self.note.named):
                self._name(message["turn_id"])
                return message["turn_state"]
        return None

    def _name(self, turn_id: str) -> None:
        self.caller.report.check(SAME_TURN, 1)
        if self.turn_id not in (None, turn_id):
            self.caller.wrong(SAME_TURN, f"{self.key} gave {self.turn_id}, then {turn_id}")
        self.turn_id = turn_id
        self.note.named.add(turn_id)

    def _whole_answer(self, turn_id: str, content: str) -> None:
        said, report = self.note.said, self.caller.report
        report.check(WHOLE, 1)
        if wording.is_checked(said) and content != wording.answer(said):
            self.caller.wrong(WHOLE, f"turn {turn_id}: {content!r}, not {wording.answer(said)!r}")
        before = self.note.told.setdefault(turn_id, content)
        if before != content:
            self.caller.wrong(WHOLE, f"turn {turn_id}: first {before!r}, then {content!r}")

    def _judge_status(self, answer: Answer) -> None:
        """A sound request is never the caller's fault."""
        if answer.status in (404, 405, 413, 415, 422) and not wording.fault_of(self.note.said):
            self.caller.wrong("a sound request is not refused", f"{self.path}: {answer.problem} ({answer.request_id})")


async def look_at_others(caller: Caller) -> None:
    """Reads a turn that belongs to somebody else; only operators may."""
    others = [note for note in caller.notes.turns[-OTHERS:] if note.owner != caller.owner and note.named]
    if not others or caller.owner == "operator":
        return
    turn_id = caller.rng.choice(sorted(caller.rng.choice(others).named))
    answer = await caller.send("read", "GET", f"/v1/turns/{turn_id}")
    if answer.status not in (None, 503):
        caller.report.check(APART, 1)
        if answer.status != 404:
            caller.wrong(APART, f"{caller.owner} read turn {turn_id}: {answer.problem}")

"""The load: callers who chat, complete and run agents, one thing after the other, until they are told to stop."""

import asyncio
import itertools

import wording
from caller import Caller, GaveUp
from completions import complete
from runs import Run
from turns import Turn, look_at_others

# What callers do, and how often.
WISHES = {
    "turn, whole": 20,
    "turn, streamed": 22,
    "turn, left and come back to": 12,
    "turn, sent twice at once": 5,
    "turn, left and cancelled": 4,
    "turn of another owner": 3,
    "turn of an agent, whole": 3,
    "turn of an agent, streamed": 4,
    "completion, whole": 11,
    "completion, streamed": 13,
    "run, whole": 5,
    "run, streamed": 5,
}
FAULTY = 0.15
NEW_SESSION = 0.08
TRY_AGAIN = 0.6
LONGEST_THOUGHT_S = 0.6


class Client:
    """A caller with conversations of its own."""

    def __init__(self, caller: Caller, conversations: str, faults: list[str]):
        self.caller, self.conversations, self.faults = caller, conversations, itertools.cycle(faults)
        self.rng = caller.rng
        self.sessions = 0
        self.session = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Does one thing after the other; whatever has begun is brought to its end."""
        while not stop.is_set():
            if not self.session or self.rng.random() < NEW_SESSION:
                self.sessions += 1
                self.session = f"{self.conversations}-{self.sessions}"
            wish = self.rng.choices(list(WISHES), WISHES.values())[0]
            self.caller.report.did(wish)
            try:
                await self._do(wish)
            except GaveUp:
                self.caller.wrong("every request has its end", f"{wish}, the last of its {self.caller.said}")
                return
            await asyncio.sleep(self.rng.random() * LONGEST_THOUGHT_S)

    async def _do(self, wish: str) -> None:
        said, stream = self._message(), "whole" not in wish
        if wish == "turn of another owner":
            await look_at_others(self.caller)
        elif wish.startswith("completion"):
            await complete(self.caller, said, stream)
        elif wish.startswith("run"):
            await Run(self.caller, said).begin(stream)
        else:
            await self._turn(wish, Turn(self.caller, self.session, said, agent="agent" in wish))
        self.caller.report.check("every request has its end", 1)

    async def _turn(self, wish: str, turn: Turn) -> None:
        state = await self._ask(wish, turn)
        is_sound = wording.fault_of(turn.note.said) is None
        if state in ("failed", "interrupted") and turn.turn_id and is_sound and self.rng.random() < TRY_AGAIN:
            self.caller.report.did("turn, tried again after it had failed")
            turn.again(turn.turn_id)
            await self._ask(wish, turn)

    async def _ask(self, wish: str, turn: Turn) -> str:
        if "cancelled" in wish:
            return await turn.cancelled(self.rng.randint(1, 8))
        if "twice" in wish:
            return await turn.twice()
        if "whole" in wish:
            return await turn.whole()
        return await turn.streamed(leave_after=self.rng.randint(1, 12) if "left" in wish else None)

    def _message(self) -> str:
        self.caller.said += 1
        fault = next(self.faults) if self.rng.random() < FAULTY else None
        if fault:
            self.caller.report.faults.add(fault)
        return wording.message(self.rng, f"{self.caller.name}.{self.caller.said}", fault)

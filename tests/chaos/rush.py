"""A rush on a budget: more requests at once than it can pay for, at all replicas."""

import asyncio
import random

import wording
from caller import Caller
from completions import once
from exchange import ask
from notes import Notes, Rush
from replicas import Fleet, operator

BUDGET_USD = 0.6
AT_ONCE = 20
MAX_TOKENS = 40


async def create_key(fleet: Fleet, rng: random.Random, name: str, budget_usd: float) -> tuple[str, str]:
    """A stored API key: its id, and the key itself."""
    body = {"name": name, "budget": {"usd": budget_usd, "per": "month"}}
    for _ in range(20):
        answer = await ask(fleet, fleet.pick(rng), "read", "POST", "/v1/admin/keys", operator(), body)
        if answer.status == 201:
            return answer.json["id"], answer.json["key"]
        await asyncio.sleep(0.3)
    raise RuntimeError(f"no API key can be made: {answer.problem} {answer.body[:300]!r}")


async def rush(number: int, rng: random.Random, fleet: Fleet, notes: Notes) -> None:
    """Two waves: what the first one has left is not enough for the second."""
    name = f"rush-{number}"
    key_id, secret = await create_key(fleet, rng, name, BUDGET_USD)
    notes.keys[name] = key_id
    callers = [Caller(f"{name}.{at}", name, secret, rng, fleet, notes) for at in range(AT_ONCE)]
    outcomes: list[str] = []
    for wave in range(2):
        asking = (
            once(caller, wording.message(rng, f"{caller.name}.{wave}", None), at % 2 == 0, max_tokens=MAX_TOKENS)
            for at, caller in enumerate(callers)
        )
        for note, _ in await asyncio.gather(*asking):
            notes.completions.append(note)
            outcomes.append(note.outcome)
    fleet.report.did("rush on a budget")
    notes.rushes.append(Rush(name, key_id, BUDGET_USD, outcomes.count("ok"), outcomes.count("refused")))

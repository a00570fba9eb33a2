"""What clients say and what the upstream is told to answer, so that every answer shows whose it is."""

import random

WORDS = "amber birch cedar delta ember fjord grove heron inlet juniper krill lichen maple north ochre pine".split()
TAIL = "One word follows another, and every one of them is counted."
ANSWER = "To [{}] I say: " + TAIL

# Faults of a vendor that no gateway can tell from an answer that is meant so.
INVISIBLE = {"duplicate_chunk", "reordered_chunks", "length_in_tool_json"}


def message(rng: random.Random, who: str, fault: str | None) -> str:
    """A message that is said once in a run, perhaps with the fault that its answer shall meet."""
    words = " ".join(rng.choices(WORDS, k=4))
    return f"{who} {words}" + (f" <{fault}>" if fault else "")


def answer(said: str) -> str:
    """The whole answer to a message."""
    return ANSWER.format(said)


def fault_of(said: str) -> str | None:
    return said.rpartition("<")[2][:-1] if said.endswith(">") else None


def is_checked(said: str) -> bool:
    """Whether the answer, if there is a whole one, must be the one above."""
    return fault_of(said) not in INVISIBLE

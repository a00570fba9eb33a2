"""What callers were told, to be compared with what is there in the end."""

from dataclasses import dataclass, field


@dataclass
class TurnNote:
    """A message that was sent, however often, and what came of it."""

    owner: str
    session: str
    said: str
    keys: int = 0
    """How many turns may have begun with it: idempotency keys it was sent with."""
    told: dict[str, str] = field(default_factory=dict)
    """Whole answers that were told, by turn."""
    named: set[str] = field(default_factory=set)
    """Turns that were named to the caller, however they ended."""
    partly: dict[str, str] = field(default_factory=dict)
    """What was heard of turns that were cut off."""
    agent: bool = False


@dataclass
class RunNote:
    """A task that was given to an agent, and what came of it."""

    owner: str
    said: str
    named: set[str] = field(default_factory=set)
    told: dict[str, dict] = field(default_factory=dict)
    """How runs ended, as they were told: `status` and `answer`."""
    resumed: bool = False


@dataclass
class CompletionNote:
    """A request on the compatible route."""

    owner: str
    request_id: str
    outcome: str
    """`ok`, `error` (by the upstream), `refused` (perhaps before any call) or `lost`."""


@dataclass
class Rush:
    """Many requests at once with a key whose budget is too small for all of them."""

    owner: str
    key_id: str
    budget_usd: float
    granted: int
    refused: int


@dataclass
class Notes:
    turns: list[TurnNote] = field(default_factory=list)
    runs: list[RunNote] = field(default_factory=list)
    completions: list[CompletionNote] = field(default_factory=list)
    rushes: list[Rush] = field(default_factory=list)
    request_ids: set[str] = field(default_factory=set)
    """Of every request that may have led to a call."""
    keys: dict[str, str] = field(default_factory=dict)
    """Ids of the API keys by their owners."""

"""Chat completions: stateless, so that each try is a request of its own."""

import wording
from caller import Caller
from exchange import Answer, Event
from notes import CompletionNote
from turns import WHOLE
from upstream import MODEL

TRIES = 4
# What stands in place of bytes that are no UTF-8.
REPLACED = "\ufffd"
# Of an upstream that refused, did not answer, or answered wrongly: there was a call.
OF_THE_UPSTREAM = (400, 401, 500, 502, 504)


async def complete(caller: Caller, said: str, stream: bool) -> str:
    """Asks, and asks again when nothing came; how it ended."""
    for tries in range(1, TRIES + 1):
        note, content = await once(caller, said, stream)
        caller.notes.completions.append(note)
        # Between a client and an upstream of one protocol bytes are relayed, those of a broken event too.
        if note.outcome == "ok" and content is not None:
            caller.report.check(WHOLE, 1)
            if wording.is_checked(said) and content != wording.answer(said):
                caller.wrong(WHOLE, f"completion {note.request_id}: {content!r}, not {wording.answer(said)!r}")
        if note.outcome in ("ok", "error"):
            return note.outcome
        await caller.pause(tries)
    return note.outcome


async def once(caller: Caller, said: str, stream: bool, **fields) -> tuple[CompletionNote, str | None]:
    """One try, and what was said; `None` if the upstream broke what it said."""
    heard = Heard()
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": said}],
        "stream": stream,
        "max_tokens": 200,
        **fields,
    }
    answer = await caller.send("completion", "POST", "/v1/chat/completions", body, hear=heard.hear)
    is_streamed = answer.headers.get("content-type", "").startswith("text/event-stream")
    content = content_of(answer) if not is_streamed else None if heard.spoiled else heard.content
    outcome = heard.outcome(answer) if is_streamed else outcome_of(answer)
    return CompletionNote(caller.owner, answer.request_id, outcome), content


class Heard:
    """What has come of a stream."""

    def __init__(self):
        self.content, self.ended, self.failed, self.spoiled = "", False, False, False

    def hear(self, event: Event) -> bool:
        if event.data == "[DONE]":
            self.ended = True
            return True
        try:
            told = event.json
        except ValueError:
            self.spoiled = True
            return True
        if "error" in told:
            self.failed = True
        else:
            self.content += "".join(choice["delta"].get("content") or "" for choice in told["choices"])
        self.spoiled = self.spoiled or REPLACED in event.data
        return True

    def outcome(self, answer: Answer) -> str:
        # An error event is the end as well, whatever becomes of the connection after it.
        if self.failed:
            return "error"
        return "ok" if self.ended else "lost"


def outcome_of(answer: Answer) -> str:
    if answer.lost:
        return "lost"
    if answer.status == 200:
        return "ok"
    return "error" if answer.status in OF_THE_UPSTREAM else "refused"


def content_of(answer: Answer) -> str:
    choices = answer.json.get("choices") or [{}]
    return choices[0].get("message", {}).get("content") or ""

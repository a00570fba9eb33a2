"""Server-sent events, read the simple way: the checks do not trust the product's own parser."""

import json


def events(text: str) -> list[dict]:
    """The events of a stream, each with its fields; `json` holds decoded data."""
    parsed = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = [line.split(":", 1) for line in block.split("\n") if line and not line.startswith(":")]
        if not fields:
            continue
        event = {name: value.removeprefix(" ") for name, value in fields}
        if event.get("data", "") not in ("", "[DONE]"):
            event["json"] = json.loads(event["data"])
        parsed.append(event)
    return parsed


def names(text: str) -> list[str]:
    return [event.get("event", "message") for event in events(text)]

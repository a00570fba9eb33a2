"""Acts of a vendor that speaks Anthropic's Messages; its stage is `harness.upstream`."""

import json

from harness.upstream import Act, Exchange
from harness.words import ANSWER

MODELS = {
    "data": [{"type": "model", "id": "claude-scripted-1", "display_name": "Scripted", "created_at": "2025-01-01T00:00:00Z"}],
    "has_more": False,
    "first_id": "claude-scripted-1",
    "last_id": "claude-scripted-1",
}
USAGE = {"input_tokens": 11, "output_tokens": 7}


def message(content: list[dict], stop: str = "end_turn") -> dict:
    """A whole message."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-scripted-1",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": USAGE,
    }


def frame(event: dict) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


def frames(content: list[dict], stop: str = "end_turn") -> list[str]:
    """The frames of a streamed message, each block in two pieces, up to and with its end."""
    opening = {**message([], None), "usage": {"input_tokens": 11, "output_tokens": 1}}
    events = [{"type": "message_start", "message": opening}]
    for index, block in enumerate(content):
        start, field, kind, said = _begun(block)
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events.append({"type": "ping"})
        for piece in (said[: len(said) // 2], said[len(said) // 2 :]):
            events.append({"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}})
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 7}})
    return [frame(event) for event in [*events, {"type": "message_stop"}]]


def _begun(block: dict) -> tuple[dict, str, str, str]:
    if block["type"] == "text":
        return {**block, "text": ""}, "text", "text_delta", block["text"]
    return {**block, "input": {}}, "partial_json", "input_json_delta", json.dumps(block["input"])


def says(text: str = ANSWER) -> Act:
    """Answers well, streamed or whole as asked; lists its models and counts tokens when asked for those."""

    async def act(exchange: Exchange) -> None:
        if exchange.method == "GET":
            return await exchange.answer(200, json.dumps(MODELS))
        if exchange.path.endswith("/count_tokens"):
            return await exchange.answer(200, json.dumps({"input_tokens": 23}))
        await answer(exchange, [{"type": "text", "text": text}])

    return act


async def answer(exchange: Exchange, content: list[dict], stop: str = "end_turn") -> None:
    """Sends a message, streamed or whole as asked."""
    if not exchange.json.get("stream"):
        return await exchange.answer(200, json.dumps(message(content, stop)), request_id="req_1")
    await exchange.begin_stream(request_id="req_1")
    for data in frames(content, stop):
        await exchange.send_chunk(data)
    await exchange.end_stream()


def weather_caller() -> Act:
    """Calls the tool `get_weather`; given its result, answers with that result in the text."""

    async def act(exchange: Exchange) -> None:
        blocks = [block for said in exchange.json["messages"] if isinstance(said["content"], list) for block in said["content"]]
        results = [block["content"] for block in blocks if block["type"] == "tool_result"]
        if results:
            return await answer(exchange, [{"type": "text", "text": f"{ANSWER} {results[-1]}"}])
        call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}
        await answer(exchange, [{"type": "text", "text": ANSWER}, call], "tool_use")

    return act


def replays(recording) -> Act:
    """Answers with what was recorded, byte for byte."""

    async def act(exchange: Exchange) -> None:
        kind = recording.headers.get("content-type", "application/json")
        await exchange.answer(recording.status, recording.body, content_type=kind)

    return act

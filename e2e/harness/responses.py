"""Acts of a vendor that speaks OpenAI's Responses; its stage is `harness.upstream`."""

import json

from harness.upstream import Act, Exchange
from harness.words import ANSWER

USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 18,
}
CALL = {"id": "fc_1", "type": "function_call", "status": "completed", "arguments": '{"city": "Oslo"}', "call_id": "call_1", "name": "get_weather"}


def said(text: str = ANSWER) -> dict:
    """An item that says this."""
    content = [{"type": "output_text", "annotations": [], "logprobs": [], "text": text}]
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}


def response(output: list[dict], status: str = "completed") -> dict:
    """A whole response."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "gpt-scripted-1",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": USAGE if status == "completed" else None,
    }


def frames(output: list[dict]) -> list[str]:
    """The frames of a streamed response, each text and each call in two pieces, up to and with its end."""
    events = [("created", {"response": response([], "in_progress")}), ("in_progress", {"response": response([], "in_progress")})]
    for at, item in enumerate(output):
        place = {"item_id": item["id"], "output_index": at}
        events.append(("output_item.added", {"output_index": at, "item": {**item, "status": "in_progress"} | _empty(item)}))
        kind, whole = ("output_text", item["content"][0]["text"]) if item["type"] == "message" else ("function_call_arguments", item["arguments"])
        if item["type"] == "message":
            place["content_index"] = 0
            events.append(("content_part.added", place | {"part": {**item["content"][0], "text": ""}}))
        for piece in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
            events.append((f"{kind}.delta", place | {"delta": piece, "logprobs": []}))
        events.append((f"{kind}.done", place | ({"text": whole, "logprobs": []} if kind == "output_text" else {"arguments": whole})))
        if item["type"] == "message":
            events.append(("content_part.done", place | {"part": item["content"][0]}))
        events.append(("output_item.done", {"output_index": at, "item": item}))
    events.append(("completed", {"response": response(output)}))
    return [frame(f"response.{kind}", number, members) for number, (kind, members) in enumerate(events)]


def frame(kind: str, number: int, members: dict) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': number} | members)}\n\n"


def _empty(item: dict) -> dict:
    return {"content": []} if item["type"] == "message" else {"arguments": ""}


async def answer(exchange: Exchange, output: list[dict]) -> None:
    """Sends a response, streamed or whole as asked."""
    if not exchange.json.get("stream"):
        return await exchange.answer(200, json.dumps(response(output)), x_request_id="req_1")
    await exchange.begin_stream(x_request_id="req_1")
    for data in frames(output):
        await exchange.send_chunk(data)
    await exchange.end_stream()


def says(text: str = ANSWER) -> Act:
    """Answers well, streamed or whole as asked."""

    async def act(exchange: Exchange) -> None:
        await answer(exchange, [said(text)])

    return act


def weather_caller() -> Act:
    """Calls the tool `get_weather`; given its result, answers with that result in the text."""

    async def act(exchange: Exchange) -> None:
        items = exchange.json["input"]
        results = [item["output"] for item in items if item.get("type") == "function_call_output"] if isinstance(items, list) else []
        await answer(exchange, [said(f"{ANSWER} {results[-1]}")] if results else [said(), CALL])

    return act


def replays(recording) -> Act:
    """Answers with what was recorded, byte for byte."""

    async def act(exchange: Exchange) -> None:
        kind = recording.headers.get("content-type", "application/json")
        await exchange.answer(recording.status, recording.body, content_type=kind)

    return act

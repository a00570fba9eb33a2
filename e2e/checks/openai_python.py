"""The official `openai` Python package, unchanged but for its base URL."""

import asyncio
import json

import openai
import pytest

from harness import upstream
from harness.words import ANSWER, CALLER_KEY, PROMPT

MESSAGES = [{"role": "user", "content": PROMPT}]
MODEL = "gpt-4o-mini"
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def client_of(server, key="none", **options) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key=key, max_retries=0, timeout=10, **options)


@pytest.fixture
def client(demo):
    with client_of(demo) as client:
        yield client


@pytest.fixture
def gateway_client(gateway):
    with client_of(gateway) as client:
        yield client


def text_of(chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_chat(client):
    completion = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert completion.object == "chat.completion" and completion.id.startswith("chatcmpl-")
    choice = completion.choices[0]
    assert choice.message.role == "assistant" and choice.message.content and choice.finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


def test_stream_hides_usage_that_nobody_asked_for(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert text_of(chunks).strip()
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == 1


def test_stream_ends_with_usage_when_asked(client):
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True, stream_options=options))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_stream_and_whole_say_the_same(client):
    whole = client.chat.completions.create(model=MODEL, messages=MESSAGES).choices[0].message.content
    chunks = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    assert text_of(chunks) == whole


def test_stream_helper_collects_the_answer(client):
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES) as stream:
        stream.until_done()
        final = stream.get_final_completion()
    assert final.choices[0].message.content and final.choices[0].finish_reason == "stop"


def test_async_client_runs_many_at_once(demo):
    async def ask_all():
        async with openai.AsyncOpenAI(base_url=demo.openai_url, api_key="none", max_retries=0, timeout=20) as client:
            asked = (client.chat.completions.create(model=MODEL, messages=MESSAGES) for _ in range(20))
            return await asyncio.gather(*asked)

    completions = asyncio.run(ask_all())
    assert all(completion.choices[0].message.content for completion in completions)
    assert len({completion.id for completion in completions}) == 20


def test_raw_response_has_the_request_id(client):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    assert raw.status_code == 200 and raw.headers["content-type"] == "application/json"
    assert raw.request_id and raw.request_id == raw.headers["x-request-id"]
    assert raw.parse()._request_id == raw.request_id
    own = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=MESSAGES, extra_headers={"x-request-id": "mine-1"}
    )
    assert own.request_id == "mine-1"


def test_raw_stream_is_marked_so_that_nothing_holds_it_back(client):
    with client.chat.completions.with_streaming_response.create(model=MODEL, messages=MESSAGES, stream=True) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        assert raw.headers["cache-control"] == "no-cache" and raw.headers["x-accel-buffering"] == "no"
        assert raw.headers["x-request-id"]


def test_models_are_listed(client):
    models = client.models.list().data
    assert models and all(model.object == "model" and model.id and model.owned_by for model in models)


def test_the_upstreams_models_are_listed(gateway_client):
    assert [(model.id, model.owned_by) for model in gateway_client.models.list()] == [("scripted-1", "script")]


def test_a_wrong_key_is_an_authentication_error(locked_demo):
    for key in ("sk-wrong-key", "none"):
        with pytest.raises(openai.AuthenticationError) as refused:
            client_of(locked_demo, key).chat.completions.create(model=MODEL, messages=MESSAGES)
        assert (refused.value.status_code, refused.value.code) == (401, "invalid_api_key")
        assert key not in refused.value.message
    with pytest.raises(openai.AuthenticationError):
        client_of(locked_demo, "sk-wrong-key").models.list()


def test_the_right_key_opens(locked_demo):
    client = client_of(locked_demo, CALLER_KEY)
    assert client.chat.completions.create(model=MODEL, messages=MESSAGES).choices[0].message.content
    assert client.models.list().data


def test_an_unknown_route_is_a_not_found_error(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.post("/no/such/route", cast_to=object, body={})
    assert refused.value.request_id


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": MESSAGES, "model": ""}, "model"),
        ({"messages": MESSAGES, "model": 7}, "model"),
        ({"messages": MESSAGES, "stream": "yes"}, "stream"),
    ],
    ids=["no messages", "messages a string", "message a string", "model empty", "model a number", "stream a string"],
)
def test_a_bad_request_names_the_field(client, request_, param):
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/chat/completions", cast_to=object, body={"model": MODEL} | request_)
    error = refused.value.body
    assert set(error) == {"message", "type", "param", "code"}, error
    assert (error["param"], error["type"]) == (param, "invalid_request_error"), error
    assert refused.value.request_id


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_an_upstreams_refusal_is_the_same_error(gateway_client, vendor, status, error_class, stream):
    error = {"message": f"no, {ANSWER}", "type": "some_error", "param": "some.field", "code": "some_code"}
    vendor.plays(upstream.whole(status, json.dumps({"error": error}), retry_after="7"))
    with pytest.raises(error_class) as refused:
        gateway_client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)
    assert refused.value.status_code == status and refused.value.body == error
    assert refused.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_raises(gateway_client, vendor):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        exchange.hang_up()

    vendor.plays(break_off)
    stream = gateway_client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    got = []
    with pytest.raises(openai.APIError):
        for chunk in stream:
            got.append(chunk)
    assert text_of(got) == ANSWER, "what came before the break is lost"
    assert all(choice.finish_reason is None for chunk in got for choice in chunk.choices)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_makes_the_round_trip(gateway_client, vendor, stream):
    vendor.plays(upstream.weather_caller())
    messages = list(MESSAGES)
    call = ask_for_call(gateway_client, messages, stream)
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Oslo"})
    tool_call = {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
    messages += [{"role": "assistant", "tool_calls": [tool_call]}, {"role": "tool", "tool_call_id": call["id"], "content": "rain"}]
    answer = gateway_client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == f"{ANSWER} rain"
    assert vendor.exchanges[0].json["tools"] == [WEATHER]


def ask_for_call(client, messages, stream) -> dict:
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER], stream=stream)
    if not stream:
        assert answer.choices[0].finish_reason == "tool_calls"
        [call] = answer.choices[0].message.tool_calls
        return {"id": call.id, "name": call.function.name, "arguments": call.function.arguments}
    chunks = list(answer)
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert {piece.index for piece in pieces} == {0}
    arguments = "".join(piece.function.arguments or "" for piece in pieces)
    return {"id": pieces[0].id, "name": pieces[0].function.name, "arguments": arguments}

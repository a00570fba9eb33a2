"""The official `openai` Python package's Responses, unchanged but for its base URL, over providers of each protocol;
and the other clients over a provider that speaks Responses.
"""

import json

import anthropic
import openai
import pytest
from pydantic import BaseModel

from harness import messages, playhouse, recorded, responses, upstream
from harness.gateway import ONCE, messages_env
from harness.words import ANSWER, CALLER_KEY, PROMPT, UPSTREAM_KEY

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
WEATHER = {"type": "function", "name": "get_weather", "description": "Says how the weather is.", "parameters": PARAMETERS, "strict": True}
CONFIG = """
[providers.scripted]
vendor = "custom-responses"
base_url = "{url}"
api_key = "{key}"
"""


class City(BaseModel):
    city: str


def openai_of(server, key="none") -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key=key, max_retries=0, timeout=10)


@pytest.fixture(scope="module")
def over_messages(tmp_path_factory, vendor):
    """A server whose provider speaks Messages."""
    server = playhouse.Playhouse(tmp_path_factory.mktemp("messages"), "serve", messages_env(vendor)).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def over_responses(tmp_path_factory, vendor):
    """A server whose provider speaks Responses."""
    config = CONFIG.format(url=vendor.url, key=UPSTREAM_KEY)
    server = playhouse.Playhouse(tmp_path_factory.mktemp("responses"), "serve", ONCE, config).start()
    yield server
    server.close()


# A server of each protocol upstream, by its fixture, with the acts that its vendor plays.
WAYS = {
    "chat": ("gateway", upstream.completion, upstream.weather_caller),
    "messages": ("over_messages", messages.says, messages.weather_caller),
    "responses": ("over_responses", responses.says, responses.weather_caller),
}


@pytest.fixture(params=WAYS)
def way(request, vendor):
    """A server, and the acts of its vendor: one that says something, one that calls a tool."""
    server, says, calls = WAYS[request.param]
    return request.getfixturevalue(server), says, calls


def create(client, **fields):
    return client.responses.create(**{"model": "gpt-scripted-1", "input": PROMPT} | fields)


def test_a_whole_response(way, vendor):
    server, says, _ = way
    vendor.plays(says(ANSWER))
    response = create(openai_of(server), instructions="Be brief.")
    assert (response.object, response.status, response.output_text) == ("response", "completed", ANSWER)
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    assert response.id.startswith("resp_") and response._request_id
    assert response.usage.input_tokens_details.cached_tokens == 0


def test_a_stream(way, vendor):
    server, says, _ = way
    vendor.plays(says(ANSWER))
    events = list(create(openai_of(server), stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == ANSWER
    assert events[-1].response.output_text == ANSWER and events[-1].response.usage.output_tokens > 0


def test_the_helper_for_streams(way, vendor):
    server, says, _ = way
    vendor.plays(says(ANSWER))
    with openai_of(server).responses.stream(model="gpt-scripted-1", input=PROMPT) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert final.output_text == ANSWER and {"response.output_text.delta", "response.output_item.done"} <= kinds


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_makes_the_round_trip(way, vendor, stream):
    server, _, calls = way
    vendor.plays(calls())
    client = openai_of(server)
    asked = {"model": "gpt-scripted-1", "tools": [WEATHER]}
    if stream:
        with client.responses.stream(input=PROMPT, **asked) as events:
            events.until_done()
            said = events.get_final_response()
    else:
        said = client.responses.create(input=PROMPT, **asked)
    [call] = [item for item in said.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Oslo"}) and call.call_id
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    history = [{"role": "user", "content": PROMPT}, *said.output, result]
    answer = client.responses.create(input=history, **asked)
    assert answer.output_text == f"{ANSWER} rain"


def test_structured_output(way, vendor):
    server, says, _ = way
    vendor.plays(says('{"city": "Oslo"}'))
    parsed = openai_of(server).responses.parse(model="gpt-scripted-1", input=PROMPT, text_format=City)
    assert parsed.output_parsed == City(city="Oslo")
    assert "city" in json.dumps(vendor.exchanges[-1].json)


def test_images_reach_messages(over_messages, vendor):
    vendor.plays(messages.says())
    content = [{"type": "input_text", "text": PROMPT}, {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}]
    assert create(openai_of(over_messages), input=[{"role": "user", "content": content}]).output_text == ANSWER
    image = vendor.exchanges[0].json["messages"][0]["content"][1]
    assert image == {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def test_bytes_go_through_over_the_same_protocol(over_responses, vendor):
    vendor.plays(responses.says())
    body = {"model": "gpt-scripted-1", "input": PROMPT, "store": False, "new_field": {"a": [1]}}
    answered = over_responses.http.post("/v1/responses", json=body)
    assert vendor.exchanges[0].json == body and vendor.exchanges[0].path == "/v1/responses"
    assert vendor.exchanges[0].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert answered.json() == responses.response([responses.said()])
    streamed = over_responses.http.post("/v1/responses", json=body | {"stream": True})
    assert streamed.text == "".join(responses.frames([responses.said()]))


@pytest.mark.parametrize(("field", "value"), [("previous_response_id", "resp_1"), ("conversation", "conv_1")])
def test_what_is_not_kept_here_is_refused_by_name(gateway, vendor, field, value):
    with pytest.raises(openai.BadRequestError) as refused:
        create(openai_of(gateway), **{field: value})
    assert refused.value.param == field and not vendor.exchanges


def test_a_tool_of_openais_own_is_refused_by_name(gateway, vendor):
    with pytest.raises(openai.BadRequestError) as refused:
        create(openai_of(gateway), tools=[{"type": "web_search"}])
    assert refused.value.param == "tools[0]" and "web_search" in str(refused.value) and not vendor.exchanges


STATUSES = [
    (400, openai.BadRequestError),
    (401, openai.AuthenticationError),
    (404, openai.NotFoundError),
    (429, openai.RateLimitError),
    (500, openai.InternalServerError),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "own"), STATUSES)
def test_refusals_of_either_protocol_are_told_as_openais(over_messages, over_responses, vendor, status, own, stream):
    error = {"message": f"no, {ANSWER}", "type": "some_error", "param": "input", "code": "some_code"}
    vendor.plays(upstream.whole(status, json.dumps({"error": error}), retry_after="7"))
    with pytest.raises(own) as refused:
        create(openai_of(over_responses), stream=stream)
    assert (refused.value.status_code, refused.value.body) == (status, error)
    vendor.plays(upstream.whole(status, json.dumps({"type": "error", "error": {"type": "api_error", "message": f"no, {ANSWER}"}}), retry_after="7"))
    with pytest.raises(own) as refused:
        create(openai_of(over_messages), stream=stream)
    assert refused.value.body["message"] == f"no, {ANSWER}" and refused.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_raises(gateway, over_responses, vendor):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        exchange.hang_up()

    async def break_off_too(exchange):
        await exchange.begin_stream()
        for data in responses.frames([responses.said()])[:5]:
            await exchange.send_chunk(data)
        await exchange.end_stream()

    for server, act in ((gateway, break_off), (over_responses, break_off_too)):
        vendor.plays(act)
        got = []
        with pytest.raises(openai.APIError):
            for event in create(openai_of(server), stream=True):
                got.append(event)
        assert "response.completed" not in [event.type for event in got]
        assert any(event.type == "response.output_text.delta" for event in got)


def test_a_wrong_key_is_an_authentication_error(locked_demo):
    with pytest.raises(openai.AuthenticationError) as refused:
        create(openai_of(locked_demo, "sk-wrong-key"))
    assert refused.value.code == "invalid_api_key"
    assert create(openai_of(locked_demo, CALLER_KEY), model="gpt-4o-mini").output_text


def test_other_clients_over_responses(over_responses, vendor):
    vendor.plays(responses.says())
    asked = [{"role": "user", "content": PROMPT}]
    completion = openai_of(over_responses).chat.completions.create(model="gpt-scripted-1", messages=[{"role": "system", "content": "Be brief."}, *asked])
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (ANSWER, "stop")
    sent = vendor.exchanges[0].json
    assert (sent["instructions"], sent["input"][0]["content"], sent["store"]) == ("Be brief.", PROMPT, False)
    client = anthropic.Anthropic(base_url=over_responses.url, api_key="none", max_retries=0, timeout=10)
    with client.messages.stream(model="gpt-scripted-1", max_tokens=200, messages=asked) as stream:
        assert "".join(stream.text_stream) == ANSWER
    assert vendor.exchanges[1].json["max_output_tokens"] == 200


@pytest.mark.parametrize("folder", ["openai", "openai-stream", "xai", "xai-stream"])
def test_what_vendors_said_reaches_openais_client(over_responses, vendor, folder):
    """Recorded answers: the client of Responses gets the very same bytes, that of chat completions the same text."""
    client, told = openai_of(over_responses), 0
    for recording in recorded.responses(folder):
        if recording.status != 200:
            continue
        vendor.plays(responses.replays(recording))
        sent = over_responses.http.post("/v1/responses", content=json.dumps({"model": "m", "input": PROMPT, "store": False, "stream": recording.is_streamed}), headers={"content-type": "application/json"})
        body = recording.body.decode().removesuffix("data: [DONE]\n\n")
        assert sent.text.rstrip("\n") == body.rstrip("\n"), recording.name
        response = json.loads(body) if not recording.is_streamed else last_response(body)
        said = [part.get("text", "") for item in response["output"] if item["type"] == "message" for part in item["content"]]
        completion = client.chat.completions.create(model="m", messages=[{"role": "user", "content": PROMPT}], stream=recording.is_streamed)
        if recording.is_streamed:
            text = "".join(choice.delta.content or "" for chunk in completion for choice in chunk.choices)
        else:
            text = completion.choices[0].message.content or ""
        assert text == "".join(said), recording.name
        told += 1
    assert told >= 5


def last_response(body: str) -> dict:
    data = [line.removeprefix("data:").strip() for line in body.splitlines() if line.startswith("data:")]
    return json.loads([line for line in data if line.startswith("{")][-1])["response"]

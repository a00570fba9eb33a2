"""The official `anthropic` Python package, unchanged but for its base URL, over providers of either protocol;
and the official `openai` package over a provider that speaks Anthropic's Messages.
"""

import json

import anthropic
import openai
import pytest

from harness import messages, playhouse, recorded, upstream
from harness.gateway import gateway_env, messages_env
from harness.words import ANSWER, CALLER_KEY, PROMPT, UPSTREAM_KEY

ASKED = [{"role": "user", "content": PROMPT}]
WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
OPENAI_WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER["input_schema"]}}


def anthropic_of(server, key="none") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0, timeout=10)


def openai_of(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)


@pytest.fixture(scope="module")
def over_messages(tmp_path_factory, vendor):
    """A server whose provider speaks Messages."""
    server = playhouse.Playhouse(tmp_path_factory.mktemp("messages"), "serve", messages_env(vendor)).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def over_double(tmp_path_factory, double):
    """A server whose provider is the double, which speaks OpenAI's protocol and is strict about it."""
    env = {"OPENAI_BASE_URL": double.openai_url, "OPENAI_API_KEY": "sk-test-over-double", "PLAYHOUSE_UPSTREAM__RETRIES": "0"}
    server = playhouse.Playhouse(tmp_path_factory.mktemp("double"), "serve", env).start()
    yield server
    server.close()


def create(client, **fields):
    return client.messages.create(**{"model": "gpt-4o-mini", "max_tokens": 200, "messages": ASKED} | fields)


def test_chat_over_the_double(over_double):
    message = create(anthropic_of(over_double), system="Be brief.")
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.content[0].text and message.usage.input_tokens > 0 and message.usage.output_tokens > 0
    assert message._request_id


def test_stream_over_the_double(over_double):
    client = anthropic_of(over_double)
    with client.messages.stream(model="gpt-4o-mini", max_tokens=200, messages=ASKED) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text == create(client).content[0].text
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0


def test_a_schema_crosses(gateway, vendor):
    vendor.plays(upstream.completion('{"city": "Oslo"}'))
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    message = create(anthropic_of(gateway), output_config={"format": {"type": "json_schema", "schema": schema}})
    assert json.loads(message.content[0].text) == {"city": "Oslo"}
    assert vendor.exchanges[0].json["response_format"]["json_schema"]["schema"] == schema


def test_the_doubles_refusal_is_anthropics(over_double):
    with pytest.raises(anthropic.NotFoundError) as refused:
        create(anthropic_of(over_double), model="gpt-nought")
    assert refused.value.body["error"]["type"] == "not_found_error" and "gpt-nought" in str(refused.value)
    assert refused.value.request_id


def test_tokens_are_estimated_over_another_protocol(over_double):
    counted = anthropic_of(over_double).messages.count_tokens(model="gpt-4o-mini", messages=ASKED)
    assert counted.input_tokens == 4 + -(-len(PROMPT) // 4)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_makes_the_round_trip_over_another_protocol(gateway, vendor, stream):
    vendor.plays(upstream.weather_caller())
    round_trip(anthropic_of(gateway), stream)
    sent = vendor.exchanges[1].json["messages"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == "call_1", sent


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_makes_the_round_trip_over_the_same_protocol(over_messages, vendor, stream):
    vendor.plays(messages.weather_caller())
    round_trip(anthropic_of(over_messages), stream)


def round_trip(client, stream) -> None:
    asked = {"model": "claude-scripted-1", "max_tokens": 200, "tools": [WEATHER]}
    if stream:
        with client.messages.stream(messages=ASKED, **asked) as events:
            said = events.get_final_message()
    else:
        said = client.messages.create(messages=ASKED, **asked)
    call = said.content[-1]
    assert (said.stop_reason, call.type, call.name, call.input) == ("tool_use", "tool_use", "get_weather", {"city": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
    answer = client.messages.create(messages=[*ASKED, {"role": "assistant", "content": said.content}, {"role": "user", "content": [result]}], **asked)
    assert answer.content[0].text == f"{ANSWER} rain"


STATUSES = [
    (400, "invalid_request_error", anthropic.BadRequestError, openai.BadRequestError),
    (401, "authentication_error", anthropic.AuthenticationError, openai.AuthenticationError),
    (403, "permission_error", anthropic.PermissionDeniedError, openai.PermissionDeniedError),
    (404, "not_found_error", anthropic.NotFoundError, openai.NotFoundError),
    (429, "rate_limit_error", anthropic.RateLimitError, openai.RateLimitError),
    (500, "api_error", anthropic.InternalServerError, openai.InternalServerError),
    (529, "overloaded_error", anthropic.InternalServerError, openai.InternalServerError),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "kind", "own", "other"), STATUSES)
def test_anthropics_refusal_reaches_both_clients(over_messages, vendor, status, kind, own, other, stream):
    body = {"type": "error", "error": {"type": kind, "message": f"no, {ANSWER}"}, "request_id": "req_1"}
    vendor.plays(upstream.whole(status, json.dumps(body), retry_after="7"))
    with pytest.raises(own) as refused:
        create(anthropic_of(over_messages), stream=stream)
    assert (refused.value.status_code, refused.value.body) == (status, body)
    assert refused.value.response.headers["retry-after"] == "7"
    with pytest.raises(other) as refused:
        openai_of(over_messages).chat.completions.create(model="claude-scripted-1", messages=ASKED, stream=stream)
    assert (refused.value.status_code, refused.value.body["message"]) == (status, f"no, {ANSWER}")
    assert refused.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(("status", "own"), [(400, anthropic.BadRequestError), (401, anthropic.AuthenticationError), (429, anthropic.RateLimitError), (503, anthropic.InternalServerError)])
def test_openais_refusal_is_told_as_anthropics(gateway, vendor, status, own):
    error = {"message": f"no, {ANSWER}", "type": "some_error", "param": None, "code": "some_code"}
    vendor.plays(upstream.whole(status, json.dumps({"error": error}), retry_after="7"))
    with pytest.raises(own) as refused:
        create(anthropic_of(gateway))
    told = refused.value.body
    assert (told["type"], told["error"]["message"]) == ("error", f"no, {ANSWER}")
    assert refused.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_raises(gateway, vendor):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        exchange.hang_up()

    vendor.plays(break_off)
    got = []
    with pytest.raises(anthropic.APIError):
        for event in create(anthropic_of(gateway), stream=True):
            got.append(event)
    assert "message_stop" not in [event.type for event in got]
    assert any(event.type == "content_block_delta" and event.delta.text == ANSWER for event in got)


def test_a_wrong_key_is_an_authentication_error(locked_demo):
    with pytest.raises(anthropic.AuthenticationError) as refused:
        create(anthropic_of(locked_demo, "sk-wrong-key"))
    assert refused.value.body["error"]["type"] == "authentication_error" and refused.value.request_id
    assert create(anthropic_of(locked_demo, CALLER_KEY)).content[0].text


def test_the_caller_chooses_version_and_features(over_messages, vendor):
    vendor.plays(messages.says())
    client = anthropic_of(over_messages)
    create(client, extra_headers={"anthropic-beta": "files-api-2025-04-14", "x-secret": "no"})
    seen = vendor.exchanges[0].headers
    assert vendor.exchanges[0].path == "/v1/messages"
    wanted = client.default_headers["anthropic-version"]
    assert (seen["anthropic-version"], seen["anthropic-beta"]) == (wanted, "files-api-2025-04-14")
    assert seen["x-api-key"] == UPSTREAM_KEY and "x-secret" not in seen and "authorization" not in seen


def test_models_and_counts_are_the_upstreams(over_messages, vendor):
    vendor.plays(messages.says())
    client = anthropic_of(over_messages)
    assert [model.id for model in client.models.list()] == ["claude-scripted-1"]
    assert client.messages.count_tokens(model="claude-scripted-1", messages=ASKED).input_tokens == 23
    assert [model.owned_by for model in openai_of(over_messages).models.list()] == ["anthropic"]


def test_openais_client_chats_over_messages(over_messages, vendor):
    vendor.plays(messages.says())
    client = openai_of(over_messages)
    asked = [{"role": "system", "content": "Be brief."}, *ASKED]
    completion = client.chat.completions.create(model="claude-scripted-1", messages=asked)
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (ANSWER, "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (11, 7)
    sent = vendor.exchanges[0].json
    assert (sent["system"], sent["messages"], sent["max_tokens"]) == ("Be brief.", ASKED, 4096)
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="claude-scripted-1", messages=asked, stream=True, stream_options=options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
    assert chunks[-1].usage.total_tokens == 18 and chunks[-2].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_openais_client_calls_a_tool_over_messages(over_messages, vendor, stream):
    vendor.plays(messages.weather_caller())
    client = openai_of(over_messages)
    asked = {"model": "claude-scripted-1", "tools": [OPENAI_WEATHER]}
    if stream:
        with client.chat.completions.stream(messages=ASKED, **asked) as events:
            events.until_done()
            said = events.get_final_completion().choices[0].message
    else:
        said = client.chat.completions.create(messages=ASKED, **asked).choices[0].message
    [call] = said.tool_calls
    assert (call.id, call.function.name, json.loads(call.function.arguments)) == ("toolu_1", "get_weather", {"city": "Oslo"})
    called = {"role": "assistant", "content": said.content, "tool_calls": [{"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}]}
    history = [*ASKED, called, {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
    answer = client.chat.completions.create(messages=history, **asked)
    assert answer.choices[0].message.content == f"{ANSWER} rain"


@pytest.mark.parametrize("folder", ["anthropic", "anthropic-stream"])
def test_what_anthropic_said_reaches_openais_client(over_messages, vendor, folder):
    """Recorded answers: the text, the calls and the counts are what the recording holds."""
    client = openai_of(over_messages)
    told = 0
    for recording in recorded.messages(folder):
        if recording.status != 200:
            continue
        vendor.plays(messages.replays(recording))
        completion = whole(client) if folder == "anthropic" else streamed(client)
        text, calls = facts(recording)
        assert completion == (text, calls), recording.name
        told += 1
    assert told > 30


def whole(client):
    said = client.chat.completions.create(model="claude-scripted-1", messages=ASKED).choices[0].message
    return said.content or "", [call.function.name for call in said.tool_calls or []]


def streamed(client):
    text, names = "", []
    for chunk in client.chat.completions.create(model="claude-scripted-1", messages=ASKED, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            names += [call.function.name for call in choice.delta.tool_calls or [] if call.function.name]
    return text, names


def facts(recording):
    """What a recording says, read the simple way."""
    body = recording.body.decode()
    if not body.startswith("event:"):
        blocks = json.loads(body)["content"]
        deltas = []
    else:
        data = [line.removeprefix("data:").strip() for line in body.splitlines() if line.startswith("data:")]
        events = [json.loads(line) for line in data if line.startswith("{")]
        blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    text += "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")
    return text, [block["name"] for block in blocks if block["type"] == "tool_use"]

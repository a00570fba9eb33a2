"""The double answers Anthropic's official Python package: chat, streams, tools, thinking, counts, models, errors."""

import json

import anthropic
import pydantic
import pytest

from harness.words import ANSWER, PROMPT

MODEL = "claude-haiku-4-5"
ASKED = [{"role": "user", "content": PROMPT}]
WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def client_of(double, namespace, prefix="") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=f"{double.url}{prefix}", api_key=f"sk-test-{namespace}", max_retries=0, timeout=10)


@pytest.fixture
def client(double, namespace):
    with client_of(double, namespace) as client:
        yield client


@pytest.fixture
def scripted(double, namespace):
    """Follows a script: `scripted({"reply": "Hello"}, …)`."""
    return lambda *rules, **script: double.put_script(namespace, {"rules": list(rules), **script})


def ask(client, **more):
    return client.messages.create(**{"model": MODEL, "max_tokens": 200, "messages": ASKED} | more)


def test_without_a_script_it_echoes(client):
    message = ask(client, system="Be brief.")
    assert (message.content[0].text, message.stop_reason, message.model) == (PROMPT, "end_turn", MODEL)
    assert message.id.startswith("msg_") and message._request_id
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def test_a_stream_says_the_same_as_a_whole_answer(client):
    text = "The quick brown fox jumps over the lazy dog: äöü 你好 🎭."
    messages = [{"role": "user", "content": text}]
    whole = ask(client, messages=messages)
    with client.messages.stream(model=MODEL, max_tokens=200, messages=messages) as stream:
        said = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(said) == final.content[0].text == whole.content[0].text == text
    assert len(said) > 10 and final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (whole.usage.input_tokens, whole.usage.output_tokens)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_answered(client, scripted, streamed):
    scripted(
        {"when": {"tool_result": {"name": "get_weather", "content": "rain"}}, "reply": "Take an umbrella."},
        {"reply": {"text": "I'll look.", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}, {"name": "get_weather", "arguments": {"city": "Rome"}}]}},
    )

    def said(messages):
        asked = {"model": MODEL, "max_tokens": 200, "messages": messages, "tools": [WEATHER]}
        if not streamed:
            return client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            return stream.get_final_message()

    first = said(ASKED)
    calls = [block for block in first.content if block.type == "tool_use"]
    assert first.stop_reason == "tool_use" and [call.input["city"] for call in calls] == ["Oslo", "Rome"]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls]
    told = [*ASKED, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    assert said(told).content[0].text == "Take an umbrella."
    with pytest.raises(anthropic.BadRequestError, match="without `tool_result` blocks immediately after"):
        said([*told[:2], {"role": "user", "content": results[:1]}])


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_was_thought_is_signed_and_taken_back(client, scripted, streamed):
    scripted({"when": {"turn": 2}, "reply": "As I said."}, {"reply": {"reasoning": "The user greets.", "text": ANSWER}})
    asked = {"model": MODEL, "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    if streamed:
        with client.messages.stream(messages=ASKED, **asked) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(messages=ASKED, **asked)
    thought, said = message.content
    assert (thought.type, thought.thinking, said.text) == ("thinking", "The user greets.", ANSWER) and thought.signature
    told = [*ASKED, {"role": "assistant", "content": message.content}, {"role": "user", "content": "again"}]
    assert client.messages.create(messages=told, **asked).content[0].text == "As I said."


def test_tokens_are_counted_as_the_message_has_them(client):
    asked = {"model": MODEL, "messages": ASKED, "tools": [WEATHER], "system": "Be brief."}
    count = client.messages.count_tokens(**asked)
    assert count.input_tokens == client.messages.create(max_tokens=50, **asked).usage.input_tokens > 20


class Event(pydantic.BaseModel):
    name: str
    year: int
    tags: list[str]


def test_structured_output_satisfies_the_schema(client, scripted):
    scripted({"reply": {"generate": True}})
    schema = anthropic.transform_schema(Event)
    message = ask(client, output_config={"format": {"type": "json_schema", "schema": schema}})
    assert Event.model_validate_json(message.content[0].text)


def test_models(client):
    listed = list(client.models.list(limit=4))
    names = [model.id for model in listed]
    assert "claude-haiku-4-5-20251001" in names and len(names) == len(set(names)) > 4
    assert client.models.retrieve(MODEL).display_name == "Claude Haiku 4.5"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-nought")


@pytest.mark.parametrize(
    ("asked", "class_", "message"),
    [
        ({"model": "claude-nought"}, anthropic.NotFoundError, "model: claude-nought"),
        ({"temperature": 1.5}, anthropic.BadRequestError, "temperature: range: 0..1"),
        ({"messages": []}, anthropic.BadRequestError, "messages: at least one message is required"),
        ({"extra_body": {"n": 2}}, anthropic.BadRequestError, "n: Extra inputs are not permitted"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, anthropic.BadRequestError, "`max_tokens` must be greater than `thinking.budget_tokens`"),
    ],
    ids=["model", "range", "no messages", "unknown field", "budget"],
)
def test_what_anthropic_refuses_is_refused(client, asked, class_, message):
    with pytest.raises(class_) as refused:
        ask(client, **asked)
    told = refused.value.body
    assert told["type"] == "error" and told["error"]["message"].startswith(message)
    assert told["request_id"] == refused.value.request_id


@pytest.mark.parametrize(
    ("status", "class_"),
    [(401, anthropic.AuthenticationError), (403, anthropic.PermissionDeniedError), (429, anthropic.RateLimitError), (500, anthropic.InternalServerError), (529, anthropic.InternalServerError)],
)
def test_faults_are_the_clients_errors(client, scripted, status, class_):
    scripted({"fault": status})
    with pytest.raises(class_) as refused:
        ask(client)
    assert refused.value.status_code == status


def test_a_stream_ends_with_an_error(client, scripted):
    scripted({"reply": "one two three four five six", "fault": {"kind": "error_event", "after_events": 4}})
    with pytest.raises(anthropic.APIStatusError):
        list(ask(client, stream=True))


def test_limits_are_told_in_headers(client, scripted, double, namespace):
    scripted({"reply": "Hi"}, quota={"requests_per_minute": 1})
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=10, messages=ASKED)
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "0"
    with pytest.raises(anthropic.RateLimitError) as refused:
        ask(client)
    assert int(refused.value.response.headers["retry-after"]) > 0
    assert [call["status"] for call in double.calls(namespace)] == [200, 429]


def test_a_client_that_tries_again_gets_through(double, namespace, scripted):
    scripted({"reply": "ok", "fault": {"status": 529, "times": 2, "headers": {"retry-after-ms": "10"}}})
    with client_of(double, namespace).with_options(max_retries=2) as client:
        assert ask(client).content[0].text == "ok"
    assert [call["status"] for call in double.calls(namespace)] == [529, 529, 200]


@pytest.mark.parametrize("prefix", ["", "/anthropic", "/api/anthropic", "/ns/{namespace}"])
def test_base_urls_as_sdks_form_them(double, namespace, prefix):
    with client_of(double, namespace, prefix.format(namespace=namespace)) as client:
        assert ask(client).content[0].text == PROMPT
        assert client.messages.count_tokens(model=MODEL, messages=ASKED).input_tokens > 0
        assert client.models.retrieve(MODEL).type == "model"
    assert len(double.calls(namespace)) == 3


def test_the_journal_knows_what_was_asked(client, double, namespace, scripted):
    scripted({"name": "greeting", "when": {"protocol": "anthropic-messages", "user": PROMPT}, "reply": {"json": {"a": 1}}})
    assert json.loads(ask(client).content[0].text) == {"a": 1}
    calls = [{"when": {"user": PROMPT, "model": MODEL}, "times": 1}]
    verdict = double.verify(namespace, calls=calls, total=1, script_consumed=True)
    assert verdict["ok"], verdict

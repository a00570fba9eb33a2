"""The double answers official clients: echo, scripts, streams, tools, structured output, embeddings."""

import json
import math

import openai
import pydantic
import pytest

from harness.words import ANSWER, PROMPT

MODEL = "gpt-4o-mini"
MESSAGES = [{"role": "user", "content": PROMPT}]
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@pytest.fixture
def client(double, namespace):
    with double.client(namespace) as client:
        yield client


@pytest.fixture
def scripted(double, namespace):
    """Follows a script: `scripted({"reply": "Hello"}, …)`."""
    return lambda *rules, **script: double.put_script(namespace, {"rules": list(rules), **script})


def ask(client, **more):
    return client.chat.completions.create(model=MODEL, messages=MESSAGES, **more)


def test_without_a_script_it_echoes(client):
    answer = ask(client)
    assert answer.choices[0].message.content == PROMPT and answer.choices[0].finish_reason == "stop"
    assert answer.model == MODEL and answer.id.startswith("chatcmpl-")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_the_same_as_a_whole_answer(client):
    text = "The quick brown fox jumps over the lazy dog: äöü 你好 🎭."
    messages = [{"role": "user", "content": text}]
    whole = client.chat.completions.create(model=MODEL, messages=messages)
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=MODEL, messages=messages, stream=True, stream_options=options))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content == text
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert len(chunks) > 10


def test_the_first_rule_that_matches_answers(client, scripted):
    scripted(
        {"when": {"user": "weather"}, "reply": "sunny"},
        {"when": {"model": "gpt-4o*"}, "reply": ANSWER},
        {"reply": "anything else"},
    )
    assert ask(client).choices[0].message.content == ANSWER
    weather = client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": "the weather?"}])
    assert weather.choices[0].message.content == "sunny"


def test_tools_are_called_and_their_results_answered(client, scripted):
    scripted(
        {"when": {"tool_result": {"name": "get_weather", "content": "rain"}}, "reply": "Take an umbrella."},
        {"reply": {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}, {"name": "get_weather", "arguments": {"city": "Rome"}}]}},
    )
    first = ask(client, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls" and first.choices[0].message.content is None
    calls = first.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments)["city"] for call in calls] == ["Oslo", "Rome"]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in calls]
    messages = [*MESSAGES, first.choices[0].message.model_dump(exclude_none=True), *results]
    second = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert second.choices[0].message.content == "Take an umbrella."


def test_tool_calls_stream_in_fragments(client, scripted):
    scripted({"reply": {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo", "days": [1, 2, 3]}}]}})
    with client.chat.completions.stream(model=MODEL, messages=MESSAGES, tools=[WEATHER]) as stream:
        final = stream.get_final_completion()
    call = final.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Oslo", "days": [1, 2, 3]}
    assert final.choices[0].finish_reason == "tool_calls"


class Event(pydantic.BaseModel):
    name: str
    year: int
    tags: list[str]


def test_structured_output_satisfies_the_schema(client, scripted):
    scripted({"reply": {"generate": True}})
    parsed = client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=Event)
    assert isinstance(parsed.choices[0].message.parsed, Event)


def test_structured_output_as_scripted(client, scripted):
    scripted({"reply": {"json": {"name": "premiere", "year": 2026, "tags": []}}})
    parsed = client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=Event)
    assert parsed.choices[0].message.parsed == Event(name="premiere", year=2026, tags=[])


def test_a_refusal_is_one(client, scripted):
    scripted({"reply": {"refusal": "I will not."}})
    message = ask(client).choices[0].message
    assert message.refusal == "I will not." and message.content is None


def test_several_choices(client, scripted):
    scripted({"reply": {"choices": ["one", "two"]}})
    assert [choice.message.content for choice in ask(client, n=2).choices] == ["one", "two"]


def test_a_sequence_goes_on_and_ends(client, scripted):
    scripted({"sequence": {"replies": ["one", "two"], "then": "fail"}})
    assert [ask(client).choices[0].message.content for _ in range(2)] == ["one", "two"]
    with pytest.raises(openai.NotFoundError, match="no rule"):
        ask(client)


def test_states_lead_through_a_conversation(client, scripted):
    scripted(
        {"when": {"user": PROMPT, "state": "paid"}, "reply": "Thank you."},
        {"when": {"user": PROMPT}, "reply": "Please pay.", "set_state": "paid"},
    )
    assert [ask(client).choices[0].message.content for _ in range(2)] == ["Please pay.", "Thank you."]


def test_a_template_knows_the_request(client, scripted):
    scripted({"when": {"user": {"matches": "prompt-(?P<word>[a-z]+)"}}, "reply": {"template": "{{ captures.word }} / {{ request.model }} / {{ call }}"}})
    assert [ask(client).choices[0].message.content for _ in range(2)] == [f"sentinel / {MODEL} / 1", f"sentinel / {MODEL} / 2"]


def test_usage_finish_model_and_headers_can_be_said(client, scripted):
    reply = {"text": "Hi", "finish": "length", "model": "gpt-4o-mini-2024-07-18", "headers": {"x-test": "yes"}, "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    scripted({"reply": reply})
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES)
    answer = raw.parse()
    assert raw.headers["x-test"] == "yes" and raw.headers["x-request-id"]
    assert (answer.model, answer.choices[0].finish_reason) == ("gpt-4o-mini-2024-07-18", "length")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (7, 3, 10)


def test_embeddings_are_unit_vectors_nearer_for_shared_words(client):
    texts = ["the cat sat on the mat", "a cat sat on a mat", "quarterly revenue grew strongly"]
    answer = client.embeddings.create(model="text-embedding-3-small", input=texts)
    one, two, three = (item.embedding for item in answer.data)
    assert len(one) == 1536 and math.isclose(math.hypot(*one), 1, rel_tol=1e-5)
    nearness = lambda left, right: sum(a * b for a, b in zip(left, right))
    assert nearness(one, two) > nearness(one, three) + 0.2
    floats = client.embeddings.create(model="text-embedding-3-small", input=texts[0], encoding_format="float")
    assert floats.data[0].embedding == pytest.approx(one, abs=1e-6)
    short = client.embeddings.create(model="text-embedding-3-large", input=texts[0], dimensions=256)
    assert len(short.data[0].embedding) == 256
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0


def test_models(client):
    names = [model.id for model in client.models.list()]
    assert MODEL in names and "text-embedding-3-small" in names
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


@pytest.mark.parametrize("prefix", ["/v1", "", "/openai/v1", "/api/v1"])
def test_base_urls_as_sdks_form_them(double, namespace, prefix):
    with openai.OpenAI(base_url=f"{double.url}{prefix}", api_key=f"sk-test-{namespace}", max_retries=0) as client:
        assert ask(client).choices[0].message.content == PROMPT


def test_azure(double, namespace):
    client = openai.AzureOpenAI(
        azure_endpoint=double.url, api_version="2024-10-21", api_key=f"sk-test-{namespace}", azure_deployment=MODEL
    )
    with client:
        assert ask(client).choices[0].message.content == PROMPT
    assert double.calls(namespace)[0]["model"] == MODEL

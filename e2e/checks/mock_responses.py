"""The double answers OpenAI's Responses to the official package: whole, streamed, by tools, kept and gone on with."""

import json

import openai
import pydantic
import pytest

from harness.words import ANSWER, PROMPT

MODEL = "gpt-4o-mini"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
    "strict": True,
}


@pytest.fixture
def client(double, namespace):
    with double.client(namespace) as client:
        yield client


@pytest.fixture
def scripted(double, namespace):
    """Follows a script: `scripted({"reply": "Hello"}, …)`."""
    return lambda *rules, **script: double.put_script(namespace, {"rules": list(rules), **script})


def ask(client, text=PROMPT, **more):
    return client.responses.create(**{"model": MODEL, "input": text} | more)


def test_without_a_script_it_echoes(client):
    response = ask(client, instructions="Be brief.", metadata={"job": "a"})
    assert (response.output_text, response.status, response.model) == (PROMPT, "completed", MODEL)
    assert response.id.startswith("resp_") and response.metadata == {"job": "a"} and response.instructions == "Be brief."
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0


def test_a_stream_says_the_same_as_a_whole_answer(client):
    text = "The quick brown fox jumps over the lazy dog: äöü 你好 🎭."
    whole = ask(client, text)
    with client.responses.stream(model=MODEL, input=text) as stream:
        said = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(said) == final.output_text == whole.output_text == text
    assert len(said) > 10 and final.usage == whole.usage


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_answered(client, scripted, streamed):
    scripted(
        {"when": {"tool_result": {"name": "get_weather", "content": "rain"}}, "reply": "Take an umbrella."},
        {"reply": {"text": "I'll look.", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]}},
    )

    def said(**asked):
        asked = {"model": MODEL, "tools": [WEATHER]} | asked
        if not streamed:
            return client.responses.create(**asked)
        with client.responses.stream(**asked) as stream:
            return stream.get_final_response()

    first = said(input=PROMPT)
    call = next(item for item in first.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Oslo"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    assert said(input=[result], previous_response_id=first.id).output_text == "Take an umbrella."
    whole = [{"role": "user", "content": PROMPT}, *[item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output], result]
    for item in whole:
        for part in item.get("content", []) if isinstance(item, dict) and isinstance(item.get("content"), list) else []:
            part.pop("parsed", None)
    assert said(input=whole).output_text == "Take an umbrella."
    with pytest.raises(openai.BadRequestError, match="No tool output found for function call"):
        said(input="and?", previous_response_id=first.id)


def test_conversations_go_on_and_are_kept(client, scripted):
    scripted({"when": {"turn": 2}, "reply": "The second."}, {"reply": "The first."})
    first = ask(client)
    second = ask(client, "again", previous_response_id=first.id)
    assert (first.output_text, second.output_text) == ("The first.", "The second.")
    assert second.previous_response_id == first.id and second.usage.input_tokens > first.usage.input_tokens
    assert client.responses.retrieve(second.id).output_text == "The second."
    items = client.responses.input_items.list(second.id, order="asc").data
    assert [item.role for item in items] == ["user", "assistant", "user"]
    client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, previous_response_id="resp_nought")
    assert refused.value.code == "previous_response_not_found"


def test_reasoning_is_told_and_taken_back(client, scripted):
    scripted({"when": {"turn": 2}, "reply": "As I said."}, {"reply": {"reasoning": "The user greets.", "text": ANSWER}})
    response = ask(client, model="gpt-5", reasoning={"effort": "low", "summary": "auto"})
    thought, _ = response.output
    assert (thought.type, thought.summary[0].text, response.output_text) == ("reasoning", "The user greets.", ANSWER)
    whole = [{"role": "user", "content": PROMPT}, *response.output, {"role": "user", "content": "again"}]
    assert ask(client, whole, model="gpt-5").output_text == "As I said."


def test_tokens_are_counted_as_the_answer_has_them(client):
    count = client.responses.input_tokens.count(model=MODEL, input=PROMPT, instructions="Be brief.")
    assert count.input_tokens == ask(client, instructions="Be brief.").usage.input_tokens > 0


class Event(pydantic.BaseModel):
    name: str
    year: int


def test_structured_output_satisfies_the_schema(client, scripted):
    scripted({"reply": {"generate": True}})
    assert isinstance(client.responses.parse(model=MODEL, input=PROMPT, text_format=Event).output_parsed, Event)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"model": "gpt-nought"}, "The requested model 'gpt-nought' does not exist."),
        ({"temperature": -1}, "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead."),
        ({"max_output_tokens": 1}, "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead."),
        ({"extra_body": {"messages": []}}, "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'."),
    ],
    ids=["model", "range", "length", "chat's"],
)
def test_what_openai_refuses_is_refused(client, asked, message):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, **asked)
    assert refused.value.body["message"].startswith(message)


def test_faults_and_errors_within_streams(client, scripted):
    scripted({"fault": 429})
    with pytest.raises(openai.RateLimitError):
        ask(client)
    scripted({"reply": "one two three four five", "fault": {"kind": "error_event", "after_events": 5}})
    with pytest.raises(openai.APIError):
        list(ask(client, stream=True))

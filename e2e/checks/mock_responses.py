"""The double answers OpenAI's Responses to the official package: whole, streamed, by tools, kept and gone on with."""

import json
import time

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


def ended(client, response_id: str, timeout: float = 10):
    """The response once it has ended, and how it stood each time somebody looked."""
    deadline, statuses = time.monotonic() + timeout, []
    while (response := client.responses.retrieve(response_id)).status in ("queued", "in_progress"):
        statuses.append(response.status)
        assert time.monotonic() < deadline, f"the response is {response.status} after {timeout} s"
        time.sleep(0.02)
    return response, statuses


def test_a_background_response_is_polled(client, scripted):
    scripted({"reply": ANSWER})
    queued = ask(client, background=True)
    assert (queued.status, queued.output, queued.background) == ("queued", [], True)
    response, statuses = ended(client, queued.id)
    assert (response.output_text, response.status, statuses) == (ANSWER, "completed", [])
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a completed response."):
        client.responses.cancel(queued.id)


def test_a_background_response_comes_at_its_pace(client, scripted):
    scripted({"reply": "one two three four", "pace": {"first_token_ms": 200, "token_ms": 200}})
    response, statuses = ended(client, ask(client, background=True).id)
    assert response.output_text == "one two three four"
    assert list(dict.fromkeys(statuses)) == ["queued", "in_progress"]


def test_a_background_stream_is_resumed_after_a_number(client, scripted, double, namespace):
    scripted({"reply": "one two three four five six", "fault": {"kind": "reset_after_headers"}, "times": 1}, {"reply": ANSWER, "pace": {"token_ms": 50}})
    with pytest.raises(openai.APIConnectionError):
        list(ask(client, background=True, stream=True))
    begun = []
    with ask(client, background=True, stream=True) as stream:
        for event in stream:
            begun.append(event)
            if event.type == "response.output_text.delta":
                break
    assert [event.type for event in begun[:3]] == ["response.created", "response.queued", "response.in_progress"]
    response_id, last = begun[0].response.id, begun[-1].sequence_number
    rest = list(client.responses.retrieve(response_id, stream=True, starting_after=last))
    whole = begun + rest
    assert [event.sequence_number for event in whole] == list(range(len(whole)))
    assert (whole[-1].type, whole[-1].response.output_text) == ("response.completed", ANSWER)
    assert list(client.responses.retrieve(response_id, stream=True)) == whole
    assert double.verify(namespace, total=4)["ok"]


def test_a_background_response_is_cancelled(client, scripted):
    scripted({"reply": ANSWER}, pace={"first_token_ms": 60000})
    queued = ask(client, background=True)
    cancelled = client.responses.cancel(queued.id)
    assert (cancelled.status, cancelled.output) == ("cancelled", [])
    assert client.responses.retrieve(queued.id) == cancelled
    stream = ask(client, background=True)
    with pytest.raises(openai.BadRequestError, match="not created with stream=true"):
        client.responses.retrieve(stream.id, stream=True)
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, previous_response_id=stream.id)
    assert refused.value.param == "previous_response_id"


def test_a_background_response_is_cancelled_while_it_is_streamed(client, scripted):
    scripted({"reply": "one two three", "pace": {"token_ms": 60000}})
    told = []
    with ask(client, background=True, stream=True) as stream:
        for event in stream:
            told.append(event)
            if event.type == "response.output_text.delta":
                cancelled = client.responses.cancel(told[0].response.id)
    assert (told[-1].type, told[-1].response) == ("response.failed", cancelled)
    assert [event.sequence_number for event in told] == list(range(len(told)))


def test_conversations_are_refused_by_name(client):
    with pytest.raises(openai.NotFoundError, match="Conversation with id 'conv_1' not found."):
        ask(client, conversation="conv_1")


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

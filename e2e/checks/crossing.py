"""Python clients of one vendor's protocol over a provider that speaks the other's, unchanged but for their base URL."""

import asyncio
import json

import anthropic
import openai
import pydantic
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from harness.crossing import ADVICE, CHAT_MODEL, HAMLET, MESSAGES_MODEL, TEXT, WEATHER
from harness.words import ANSWER, PROMPT

ASKED = [{"role": "user", "content": PROMPT}]
# The client's own protocol, and the one in which the double must have been asked.
OVER = {"anthropic": "openai-chat", "openai": "anthropic-messages"}
BOTH = pytest.mark.parametrize("client", OVER)
WAYS = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


class Play(pydantic.BaseModel):
    """What is on tonight."""

    title: str
    year: int


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def assert_crossed(crossing, client: str, calls: int) -> None:
    """The double was asked so often, and in the protocol that the client does not speak."""
    assert crossing.asked() == [OVER[client]] * calls


# The official packages


def anthropics(crossing) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=crossing.url, api_key="none", max_retries=0, timeout=10)


def openais(crossing) -> openai.OpenAI:
    return openai.OpenAI(base_url=crossing.openai_url, api_key="none", max_retries=0, timeout=10)


def test_anthropics_client_parses_structured_output(crossing):
    crossing.script({"reply": {"json": HAMLET}})
    said = anthropics(crossing).messages.parse(model=CHAT_MODEL, max_tokens=200, messages=ASKED, output_format=Play)
    assert said.parsed_output == Play(**HAMLET)
    assert_crossed(crossing, "anthropic", 1)


def test_openais_client_parses_structured_output(crossing):
    crossing.script({"reply": {"json": HAMLET}})
    said = openais(crossing).chat.completions.parse(model=MESSAGES_MODEL, messages=ASKED, response_format=Play)
    assert said.choices[0].message.parsed == Play(**HAMLET)
    assert_crossed(crossing, "openai", 1)


@WAYS
def test_several_tools_are_called_at_once(crossing, streamed):
    """Both calls, with their own ids and arguments, however the fragments come."""
    cities = ["Oslo", "Rome"]
    crossing.script({"reply": {"tool_calls": [{"name": "get_weather", "arguments": {"city": city}} for city in cities]}})
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"name": "get_weather", "input_schema": schema}]
    asked = {"model": CHAT_MODEL, "max_tokens": 200, "messages": ASKED, "tools": tools}
    if streamed:
        with anthropics(crossing).messages.stream(**asked) as events:
            said = events.get_final_message()
    else:
        said = anthropics(crossing).messages.create(**asked)
    calls = [block for block in said.content if block.type == "tool_use"]
    assert [call.input["city"] for call in calls] == cities and len({call.id for call in calls}) == 2

    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]
    asked = {"model": MESSAGES_MODEL, "messages": ASKED, "tools": tools}
    if streamed:
        with openais(crossing).chat.completions.stream(**asked) as events:
            said = events.get_final_completion().choices[0].message
    else:
        said = openais(crossing).chat.completions.create(**asked).choices[0].message
    assert [json.loads(call.function.arguments)["city"] for call in said.tool_calls] == cities
    assert len({call.id for call in said.tool_calls}) == 2


# LangChain


def langchain(crossing, client: str):
    if client == "anthropic":
        return ChatAnthropic(model=CHAT_MODEL, base_url=crossing.url, api_key="none", max_retries=0, timeout=10, max_tokens=200)
    return ChatOpenAI(model=MESSAGES_MODEL, base_url=crossing.openai_url, api_key="none", max_retries=0, timeout=10, stream_usage=True)


@BOTH
def test_langchain_chat_and_stream(crossing, client):
    crossing.script({"reply": TEXT})
    model = langchain(crossing, client)
    whole = model.invoke([("system", "Be brief."), ("user", PROMPT)])
    assert whole.content == TEXT and whole.usage_metadata["total_tokens"] > 0
    pieces = list(model.stream(PROMPT))
    streamed = sum(pieces[1:], pieces[0])
    assert streamed.text == TEXT and len(pieces) > 5
    assert streamed.usage_metadata["output_tokens"] == whole.usage_metadata["output_tokens"]
    assert_crossed(crossing, client, 2)


@BOTH
@WAYS
def test_langchain_tools(crossing, client, streamed):
    crossing.script(*WEATHER)
    model = langchain(crossing, client).bind_tools([get_weather])
    messages = [("user", PROMPT)]
    if streamed:
        pieces = list(model.stream(messages))
        said = sum(pieces[1:], pieces[0])
    else:
        said = model.invoke(messages)
    [call] = said.tool_calls
    assert model.invoke([*messages, said, get_weather.invoke(call)]).content == ADVICE
    assert_crossed(crossing, client, 2)


@BOTH
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_langchain_structured_output(crossing, client, method):
    replies = {"json_schema": {"json": HAMLET}, "function_calling": {"tool_calls": [{"name": "Play", "arguments": HAMLET}]}}
    crossing.script({"reply": replies[method]})
    assert langchain(crossing, client).with_structured_output(Play, method=method).invoke(PROMPT) == Play(**HAMLET)
    assert_crossed(crossing, client, 1)


LANGCHAIN_ERRORS = {
    "anthropic": (anthropic.AuthenticationError, anthropic.RateLimitError, anthropic.APIError),
    "openai": (openai.AuthenticationError, openai.RateLimitError, openai.APIError),
}


@BOTH
def test_langchain_errors(crossing, client):
    wrong_key, too_many, broken = LANGCHAIN_ERRORS[client]
    for status, error in [(401, wrong_key), (429, too_many)]:
        crossing.script({"fault": status, "reply": TEXT})
        with pytest.raises(error):
            langchain(crossing, client).invoke(PROMPT)
    crossing.script({"reply": TEXT, "fault": "error_event"})
    with pytest.raises(broken):
        list(langchain(crossing, client).stream(PROMPT))


# pydantic-ai


def pydantic_model(crossing, client: str):
    settings = {"api_key": "none", "max_retries": 0, "timeout": 10}
    if client == "anthropic":
        own = anthropic.AsyncAnthropic(base_url=crossing.url, **settings)
        return AnthropicModel(CHAT_MODEL, provider=AnthropicProvider(anthropic_client=own))
    own = openai.AsyncOpenAI(base_url=crossing.openai_url, **settings)
    return OpenAIChatModel(MESSAGES_MODEL, provider=OpenAIProvider(openai_client=own))


def run(agent: Agent):
    return asyncio.run(agent.run(PROMPT))


def streamed_output(agent: Agent):
    async def stream():
        async with agent.run_stream(PROMPT) as running:
            return await running.get_output()

    return asyncio.run(stream())


@BOTH
def test_pydantic_ai_chat_and_stream(crossing, client):
    crossing.script({"reply": TEXT})

    async def stream() -> list[str]:
        async with Agent(pydantic_model(crossing, client)).run_stream(PROMPT) as running:
            return [piece async for piece in running.stream_text(delta=True, debounce_by=None)]

    result = run(Agent(pydantic_model(crossing, client), instructions="Be brief."))
    assert result.output == TEXT and result.usage.total_tokens > 0
    pieces = asyncio.run(stream())
    assert "".join(pieces) == TEXT and len(pieces) > 5
    assert_crossed(crossing, client, 2)


@BOTH
@WAYS
def test_pydantic_ai_tools(crossing, client, streamed):
    crossing.script(*WEATHER)
    agent = Agent(pydantic_model(crossing, client))
    agent.tool_plain(weather, name="get_weather")
    assert (streamed_output(agent) if streamed else run(agent).output) == ADVICE
    assert_crossed(crossing, client, 2)


@BOTH
@WAYS
def test_pydantic_ai_structured_output_by_a_tool(crossing, client, streamed):
    crossing.script({"when": {"tools": ["final_result"]}, "reply": {"tool_calls": [{"name": "final_result", "arguments": HAMLET}]}})
    agent = Agent(pydantic_model(crossing, client), output_type=Play)
    assert (streamed_output(agent) if streamed else run(agent).output) == Play(**HAMLET)
    assert_crossed(crossing, client, 1)


def test_pydantic_ai_structured_output_by_a_schema(crossing):
    crossing.script({"reply": {"json": HAMLET}})
    agent = Agent(pydantic_model(crossing, "openai"), output_type=NativeOutput(Play))
    assert run(agent).output == Play(**HAMLET)
    assert_crossed(crossing, "openai", 1)


@BOTH
def test_pydantic_ai_asks_again_for_what_does_not_fit(crossing, client):
    wrong = {"tool_calls": [{"name": "final_result", "arguments": {"title": ANSWER}}]}
    right = {"tool_calls": [{"name": "final_result", "arguments": HAMLET}]}
    crossing.script({"sequence": [wrong, right]})
    assert run(Agent(pydantic_model(crossing, client), output_type=Play)).output == Play(**HAMLET)
    assert_crossed(crossing, client, 2)


@BOTH
def test_pydantic_ai_errors(crossing, client):
    for status in [401, 429, 503]:
        crossing.script({"fault": status, "reply": TEXT})
        with pytest.raises(ModelHTTPError) as refused:
            run(Agent(pydantic_model(crossing, client)))
        assert refused.value.status_code == status

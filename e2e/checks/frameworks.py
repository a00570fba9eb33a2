"""LangChain, pydantic-ai and the OpenAI Agents SDK, with only the base URL set."""

import asyncio

import agents
import openai
import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from harness import upstream
from harness.words import ANSWER, PROMPT

MODEL = "gpt-4o-mini"
TOLD = f"{ANSWER} rain"


@pytest.fixture
def weather(gateway, vendor):
    """A server whose model calls `get_weather` and then tells its result."""
    vendor.plays(upstream.weather_caller())
    return gateway


def has_tool_result(vendor) -> bool:
    results = [message for message in vendor.exchanges[-1].json["messages"] if message["role"] == "tool"]
    return any(upstream.flat(message["content"]) == "rain" for message in results)


# LangChain


def langchain_model(server) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


def test_langchain_invoke(demo):
    answer = langchain_model(demo).invoke(PROMPT)
    assert answer.content and answer.usage_metadata["total_tokens"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"


def test_langchain_stream(demo):
    model = langchain_model(demo)
    pieces = list(model.stream(PROMPT, stream_usage=True))
    assert len(pieces) > 2, "the answer came in one piece"
    whole = sum(pieces[1:], pieces[0])
    assert whole.content == model.invoke(PROMPT).content
    assert whole.usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_langchain_tool(weather, vendor, streamed):
    model = langchain_model(weather).bind_tools([get_weather])
    messages = [("user", PROMPT)]
    if streamed:
        pieces = list(model.stream(messages))
        said = sum(pieces[1:], pieces[0])
    else:
        said = model.invoke(messages)
    [call] = said.tool_calls
    result = get_weather.invoke(call)
    assert isinstance(result, ToolMessage)
    assert model.invoke([*messages, said, result]).content == TOLD
    assert has_tool_result(vendor)


# pydantic-ai


def pydantic_agent(server, **options) -> Agent:
    provider = OpenAIProvider(base_url=server.openai_url, api_key="none")
    return Agent(OpenAIChatModel(MODEL, provider=provider), **options)


def pydantic_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


def test_pydantic_ai_run(demo):
    result = asyncio.run(pydantic_agent(demo).run(PROMPT))
    assert result.output and result.usage.total_tokens > 0


def test_pydantic_ai_stream(demo):
    async def stream() -> list[str]:
        async with pydantic_agent(demo).run_stream(PROMPT) as run:
            pieces = [piece async for piece in run.stream_text(delta=True, debounce_by=None)]
            assert run.usage.total_tokens > 0
        return pieces

    pieces = asyncio.run(stream())
    assert len(pieces) > 1 and "".join(pieces).strip()


def test_pydantic_ai_tool(weather, vendor):
    agent = pydantic_agent(weather)
    agent.tool_plain(pydantic_weather, name="get_weather")
    assert asyncio.run(agent.run(PROMPT)).output == TOLD
    assert has_tool_result(vendor)


def test_pydantic_ai_tool_streamed(weather, vendor):
    agent = pydantic_agent(weather)
    agent.tool_plain(pydantic_weather, name="get_weather")

    async def stream() -> str:
        async with agent.run_stream(PROMPT) as run:
            return await run.get_output()

    assert asyncio.run(stream()) == TOLD
    assert has_tool_result(vendor)


# OpenAI Agents SDK


def sdk_agent(server, **options) -> agents.Agent:
    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)
    model = agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
    return agents.Agent(name="guide", instructions="Help.", model=model, **options)


@agents.function_tool(name_override="get_weather")
def sdk_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


async def stream_of(agent: agents.Agent) -> tuple[list[str], str]:
    run = agents.Runner.run_streamed(agent, PROMPT)
    deltas = [
        event.data.delta
        async for event in run.stream_events()
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    ]
    return deltas, run.final_output


def test_agents_sdk_run(demo):
    result = asyncio.run(agents.Runner.run(sdk_agent(demo), PROMPT))
    assert result.final_output
    assert result.context_wrapper.usage.total_tokens > 0


def test_agents_sdk_stream(demo):
    deltas, output = asyncio.run(stream_of(sdk_agent(demo)))
    assert len(deltas) > 1 and "".join(deltas) == output


def test_agents_sdk_tool(weather, vendor):
    result = asyncio.run(agents.Runner.run(sdk_agent(weather, tools=[sdk_weather]), PROMPT))
    assert result.final_output == TOLD
    assert has_tool_result(vendor)


def test_agents_sdk_tool_streamed(weather, vendor):
    deltas, output = asyncio.run(stream_of(sdk_agent(weather, tools=[sdk_weather])))
    assert output == TOLD == "".join(deltas)
    assert has_tool_result(vendor)

"""LangChain, pydantic-ai and the OpenAI Agents SDK over Responses, with only the base URL set, in front of providers
that speak other protocols.
"""

import asyncio

import agents
import openai
import pytest
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from harness import messages, playhouse, upstream
from harness.gateway import messages_env
from harness.words import ANSWER, PROMPT

MODEL = "gpt-4o-mini"
TOLD = f"{ANSWER} rain"


@pytest.fixture(scope="module")
def over_messages(tmp_path_factory, vendor):
    """A server whose provider speaks Messages."""
    server = playhouse.Playhouse(tmp_path_factory.mktemp("messages"), "serve", messages_env(vendor)).start()
    yield server
    server.close()


@pytest.fixture(params=["chat", "messages"])
def weather(request, vendor):
    """A server whose model calls `get_weather` and then tells its result."""
    vendor.plays(upstream.weather_caller() if request.param == "chat" else messages.weather_caller())
    return request.getfixturevalue("gateway" if request.param == "chat" else "over_messages")


def langchain_model(server) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, base_url=server.openai_url, api_key="none", max_retries=0, timeout=10, use_responses_api=True)


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


def test_langchain_invoke_and_stream(demo):
    model = langchain_model(demo)
    answer = model.invoke(PROMPT)
    assert answer.text and answer.usage_metadata["total_tokens"] > 0
    pieces = list(model.stream(PROMPT))
    assert len(pieces) > 2, "the answer came in one piece"
    assert sum(pieces[1:], pieces[0]).text == answer.text


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_langchain_tool(weather, streamed):
    model = langchain_model(weather).bind_tools([get_weather])
    asked = [("user", PROMPT)]
    if streamed:
        pieces = list(model.stream(asked))
        said = sum(pieces[1:], pieces[0])
    else:
        said = model.invoke(asked)
    [call] = said.tool_calls
    assert model.invoke([*asked, said, get_weather.invoke(call)]).text == TOLD


def pydantic_agent(server, **options) -> Agent:
    provider = OpenAIProvider(base_url=server.openai_url, api_key="none")
    return Agent(OpenAIResponsesModel(MODEL, provider=provider), **options)


def pydantic_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


def test_pydantic_ai_run(demo):
    result = asyncio.run(pydantic_agent(demo).run(PROMPT))
    assert result.output and result.usage.total_tokens > 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_pydantic_ai_tool(weather, streamed):
    agent = pydantic_agent(weather)
    agent.tool_plain(pydantic_weather, name="get_weather")
    seen = []

    # `run_stream` would take the text before the call for the answer.
    async def handler(_, events) -> None:
        async for event in events:
            seen.append(event)

    async def stream() -> str:
        result = await agent.run(PROMPT, event_stream_handler=handler)
        return result.output

    assert (asyncio.run(stream()) if streamed else asyncio.run(agent.run(PROMPT)).output) == TOLD
    assert bool(seen) == streamed


def sdk_agent(server, **options) -> agents.Agent:
    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)
    model = agents.OpenAIResponsesModel(model=MODEL, openai_client=client)
    return agents.Agent(name="guide", instructions="Help.", model=model, **options)


@agents.function_tool(name_override="get_weather")
def sdk_weather(city: str) -> str:
    """The weather in a city."""
    assert city == "Oslo"
    return "rain"


def test_agents_sdk_run(demo):
    result = asyncio.run(agents.Runner.run(sdk_agent(demo), PROMPT))
    assert result.final_output and result.context_wrapper.usage.total_tokens > 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_agents_sdk_tool(weather, streamed):
    agent = sdk_agent(weather, tools=[sdk_weather])

    async def stream() -> str:
        run = agents.Runner.run_streamed(agent, PROMPT)
        async for _ in run.stream_events():
            pass
        return run.final_output

    output = asyncio.run(stream()) if streamed else asyncio.run(agents.Runner.run(agent, PROMPT)).final_output
    assert output == TOLD

"""LangChain, pydantic-ai, the OpenAI Agents SDK and instructor do all they can with the double."""

import asyncio
import contextlib
import time

import agents
import instructor
import openai
import pydantic
import pytest
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

MODEL = "gpt-4o-mini"
TEXT = "The quick brown fox jumps over the lazy dog."
BUSY = {"status": 503, "times": 2, "retry_after_s": 0.01}
SLOW = {"first_token_ms": 5000}


class Play(pydantic.BaseModel):
    """What is on tonight."""

    title: str
    year: int


HAMLET = {"title": "Hamlet", "year": 1601}


@tool
def langchain_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


@pytest.fixture
def scripted(double, namespace):
    """Follows a script: `scripted({"reply": "Hello"}, …)`."""
    return lambda *rules, **script: double.put_script(namespace, {"rules": list(rules), **script})


@pytest.fixture
def calls(double, namespace):
    return lambda: double.calls(namespace)


def weather_script(name: str) -> list[dict]:
    """Calls the tool, and then tells what it said."""
    return [
        {"when": {"tool_result": {"name": name, "content": "rain in Oslo"}}, "reply": "Take an umbrella."},
        {"when": {"tools": [name]}, "reply": {"tool_calls": [{"name": name, "arguments": {"city": "Oslo"}}]}},
    ]


async def left_early(calls) -> bool:
    """Whether the double notices within a few seconds that nobody listens any more."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        if calls() and calls()[-1]["ended"] == "client_left":
            return True
        await asyncio.sleep(0.02)
    return False


async def cancelled(running: asyncio.Task, calls) -> None:
    """Cancels a task as soon as it has asked."""
    deadline = time.monotonic() + 20
    while not calls() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


# LangChain


@pytest.fixture
def langchain(double, namespace):
    def model(**options) -> ChatOpenAI:
        settings = {"max_retries": 0, "timeout": 10, **options}
        return ChatOpenAI(model=MODEL, base_url=double.openai_url, api_key=f"sk-test-{namespace}", **settings)

    return model


def test_langchain_chat_and_stream(langchain, scripted):
    scripted({"reply": TEXT})
    assert langchain().invoke("Hi").content == TEXT
    pieces = list(langchain().stream("Hi", stream_usage=True))
    assert sum(pieces[1:], pieces[0]).content == TEXT and len(pieces) > 5


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_langchain_tools(langchain, scripted, streamed):
    scripted(*weather_script("langchain_weather"))
    model = langchain().bind_tools([langchain_weather])
    messages = [("user", "What is the weather?")]
    if streamed:
        pieces = list(model.stream(messages))
        said = sum(pieces[1:], pieces[0])
    else:
        said = model.invoke(messages)
    result = langchain_weather.invoke(said.tool_calls[0])
    assert model.invoke([*messages, said, result]).content == "Take an umbrella."


@pytest.mark.parametrize("method", ["json_schema", "json_mode"])
def test_langchain_structured_output(langchain, scripted, method):
    scripted({"reply": {"json": HAMLET}})
    model = langchain().with_structured_output(Play, method=method)
    assert model.invoke("What is on? Say it in JSON.") == Play(**HAMLET)


def test_langchain_structured_output_by_a_tool(langchain, scripted):
    scripted({"when": {"tools": ["Play"]}, "reply": {"tool_calls": [{"name": "Play", "arguments": HAMLET}]}})
    model = langchain().with_structured_output(Play, method="function_calling")
    assert model.invoke("What is on?") == Play(**HAMLET)


def test_langchain_errors_and_retries(langchain, scripted, calls):
    scripted({"fault": BUSY, "reply": "ok"})
    with pytest.raises(openai.InternalServerError):
        langchain().invoke("Hi")
    assert langchain(max_retries=2).invoke("Hi").content == "ok"
    assert [call["status"] for call in calls()] == [503, 503, 200]


def test_langchain_cancellation(langchain, scripted, calls):
    scripted({"reply": TEXT * 10}, pace=SLOW)

    async def leave() -> bool:
        await cancelled(asyncio.create_task(langchain().ainvoke("Hi")), calls)
        return await left_early(calls)

    assert asyncio.run(leave())


def test_langchain_embeddings(double, namespace):
    key = f"sk-test-{namespace}"
    # Counting lengths would need a download.
    options = {"check_embedding_ctx_length": False}
    model = OpenAIEmbeddings(model="text-embedding-3-small", base_url=double.openai_url, api_key=key, **options)
    one, two = model.embed_documents(["a cat on a mat", "the mat of a cat"])
    assert len(one) == len(two) == 1536 and one != two


# pydantic-ai


@pytest.fixture
def pydantic_model(double, namespace):
    def model(**options) -> OpenAIChatModel:
        client = openai.AsyncOpenAI(base_url=double.openai_url, api_key=f"sk-test-{namespace}", timeout=10, **{"max_retries": 0, **options})
        return OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))

    return model


def test_pydantic_ai_chat_and_stream(pydantic_model, scripted):
    scripted({"reply": TEXT})

    async def stream() -> list[str]:
        async with Agent(pydantic_model()).run_stream("Hi") as run:
            return [piece async for piece in run.stream_text(delta=True, debounce_by=None)]

    assert asyncio.run(Agent(pydantic_model()).run("Hi")).output == TEXT
    pieces = asyncio.run(stream())
    assert "".join(pieces) == TEXT and len(pieces) > 5


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_pydantic_ai_tools(pydantic_model, scripted, streamed):
    scripted(*weather_script("weather"))
    agent = Agent(pydantic_model(), tools=[weather])

    async def run() -> str:
        if not streamed:
            return (await agent.run("What is the weather?")).output
        async with agent.run_stream("What is the weather?") as run:
            return await run.get_output()

    assert asyncio.run(run()) == "Take an umbrella."


def test_pydantic_ai_structured_output(pydantic_model, scripted):
    """It offers a tool that takes the result."""
    scripted({"when": {"tools": ["final_result"]}, "reply": {"tool_calls": [{"name": "final_result", "arguments": HAMLET}]}})
    assert asyncio.run(Agent(pydantic_model(), output_type=Play).run("What is on?")).output == Play(**HAMLET)


def test_pydantic_ai_asks_again_for_what_does_not_fit(pydantic_model, scripted, calls):
    wrong = {"tool_calls": [{"name": "final_result", "arguments": {"title": "Hamlet"}}]}
    right = {"tool_calls": [{"name": "final_result", "arguments": HAMLET}]}
    scripted({"sequence": [wrong, right]})
    assert asyncio.run(Agent(pydantic_model(), output_type=Play).run("What is on?")).output == Play(**HAMLET)
    assert len(calls()) == 2 and "year" in calls()[1]["messages"][-1]["text"]


def test_pydantic_ai_errors_and_retries(pydantic_model, scripted, calls):
    scripted({"fault": BUSY, "reply": "ok"})
    with pytest.raises(ModelHTTPError) as raised:
        asyncio.run(Agent(pydantic_model()).run("Hi"))
    assert raised.value.status_code == 503
    assert asyncio.run(Agent(pydantic_model(max_retries=2)).run("Hi")).output == "ok"
    assert [call["status"] for call in calls()] == [503, 503, 200]


def test_pydantic_ai_cancellation(pydantic_model, scripted, calls):
    scripted({"reply": TEXT * 10}, pace=SLOW)

    async def leave() -> bool:
        await cancelled(asyncio.create_task(Agent(pydantic_model()).run("Hi")), calls)
        return await left_early(calls)

    assert asyncio.run(leave())


# OpenAI Agents SDK


@pytest.fixture
def sdk_agent(double, namespace):
    agents.set_tracing_disabled(True)

    def agent(retries=0, **options) -> agents.Agent:
        client = openai.AsyncOpenAI(base_url=double.openai_url, api_key=f"sk-test-{namespace}", max_retries=retries, timeout=10)
        model = agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
        return agents.Agent(name="guide", instructions="Help.", model=model, **options)

    return agent


def run_sdk(agent) -> object:
    return asyncio.run(agents.Runner.run(agent, "What is the weather?")).final_output


def stream_sdk(agent) -> tuple[list[str], object]:
    async def stream():
        run = agents.Runner.run_streamed(agent, "What is the weather?")
        events = [event.data async for event in run.stream_events() if event.type == "raw_response_event"]
        return [event.delta for event in events if event.type == "response.output_text.delta"], run.final_output

    return asyncio.run(stream())


def test_agents_sdk_chat_and_stream(sdk_agent, scripted):
    scripted({"reply": TEXT})
    assert run_sdk(sdk_agent()) == TEXT
    deltas, output = stream_sdk(sdk_agent())
    assert "".join(deltas) == output == TEXT and len(deltas) > 5


def test_agents_sdk_tools(sdk_agent, scripted):
    scripted(*weather_script("weather"))
    tools = [agents.function_tool(weather)]
    assert run_sdk(sdk_agent(tools=tools)) == "Take an umbrella."
    assert stream_sdk(sdk_agent(tools=tools))[1] == "Take an umbrella."


def test_agents_sdk_structured_output(sdk_agent, scripted):
    scripted({"when": {"json": {"$.response_format.type": "json_schema"}}, "reply": {"json": HAMLET}})
    assert run_sdk(sdk_agent(output_type=Play)) == Play(**HAMLET)


def test_agents_sdk_handoff(sdk_agent, scripted):
    scripted(
        {"when": {"tools": ["transfer_to_prompter"]}, "reply": {"tool_calls": ["transfer_to_prompter"]}},
        {"when": {"system": "Prompt."}, "reply": "To be, or not to be."},
    )
    prompter = sdk_agent().clone(name="prompter", instructions="Prompt.")
    assert run_sdk(sdk_agent(handoffs=[prompter])) == "To be, or not to be."


def test_agents_sdk_errors_and_retries(sdk_agent, scripted, calls):
    scripted({"fault": BUSY, "reply": "ok"})
    with pytest.raises(openai.InternalServerError):
        run_sdk(sdk_agent())
    assert run_sdk(sdk_agent(retries=2)) == "ok"
    assert [call["status"] for call in calls()] == [503, 503, 200]


def test_agents_sdk_cancellation(sdk_agent, scripted, calls):
    scripted({"reply": TEXT * 10}, pace=SLOW)

    async def leave() -> bool:
        await cancelled(asyncio.create_task(agents.Runner.run(sdk_agent(), "Hi")), calls)
        return await left_early(calls)

    assert asyncio.run(leave())


# instructor


INSTRUCTOR_MODES = {
    instructor.Mode.TOOLS: {"tool_calls": [{"name": "Play", "arguments": HAMLET}]},
    instructor.Mode.JSON: {"json": HAMLET},
    instructor.Mode.JSON_SCHEMA: {"json": HAMLET},
}


@pytest.fixture
def instructed(double, namespace):
    return lambda mode, **options: instructor.from_openai(double.client(namespace, **options), mode=mode)


def what_is_on(client, **options) -> dict:
    messages = [{"role": "user", "content": "What is on?"}]
    return client.chat.completions.create(model=MODEL, messages=messages, response_model=Play, **options).model_dump()


@pytest.mark.parametrize("mode", INSTRUCTOR_MODES, ids=lambda mode: mode.name)
def test_instructor(instructed, scripted, mode):
    scripted({"reply": INSTRUCTOR_MODES[mode]})
    assert what_is_on(instructed(mode)) == HAMLET


def test_instructor_partial_stream(instructed, scripted):
    scripted({"reply": INSTRUCTOR_MODES[instructor.Mode.TOOLS]})
    messages = [{"role": "user", "content": "What is on?"}]
    client = instructed(instructor.Mode.TOOLS)
    parts = list(client.chat.completions.create_partial(model=MODEL, messages=messages, response_model=Play))
    assert len(parts) > 3 and parts[-1].model_dump() == HAMLET


def test_instructor_asks_again_for_what_does_not_fit(instructed, scripted, calls):
    wrong = {"tool_calls": [{"name": "Play", "arguments": {"title": "Hamlet", "year": "soon"}}]}
    scripted({"sequence": [wrong, INSTRUCTOR_MODES[instructor.Mode.TOOLS]]})
    assert what_is_on(instructed(instructor.Mode.TOOLS), max_retries=2) == HAMLET
    assert len(calls()) == 2 and "year" in str(calls()[1]["messages"][-1])


def test_instructor_errors_and_retries(instructed, scripted, calls):
    scripted({"fault": BUSY, "reply": INSTRUCTOR_MODES[instructor.Mode.TOOLS]})
    assert what_is_on(instructed(instructor.Mode.TOOLS, max_retries=2), max_retries=0) == HAMLET
    assert [call["status"] for call in calls()] == [503, 503, 200]

"""The state of the official `openai` package's Responses: kept, gone on from, made in the background."""

import time

import openai
import pytest

from harness import messages, playhouse, responses, upstream
from harness.gateway import ONCE, messages_env
from harness.words import ANSWER, PROMPT, UPSTREAM_KEY

CONFIG = """
[providers.scripted]
vendor = "custom-responses"
base_url = "{url}"
api_key = "{key}"
"""


def openai_of(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)


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


WAYS = {
    "chat": ("gateway", upstream.completion),
    "messages": ("over_messages", messages.says),
    "responses": ("over_responses", responses.says),
}


@pytest.fixture(params=WAYS)
def way(request, vendor):
    """A client of a server over each protocol, and the act of its vendor."""
    server, says = WAYS[request.param]
    with openai_of(request.getfixturevalue(server)) as client:
        yield client, says


@pytest.fixture
def client(gateway):
    with openai_of(gateway) as client:
        yield client


def create(client, **fields):
    return client.responses.create(**{"model": "gpt-scripted-1", "input": PROMPT} | fields)


def ended(client, response_id: str, timeout: float = 10):
    """The response, once it has ended."""
    deadline = time.monotonic() + timeout
    while (response := client.responses.retrieve(response_id)).status in ("queued", "in_progress"):
        assert time.monotonic() < deadline, f"the response is {response.status} after {timeout} s"
        time.sleep(0.02)
    return response


def texts(items) -> list[str]:
    return [part.text for item in items for part in item.content]


def test_a_response_is_kept_gone_on_from_and_deleted(way, vendor):
    client, says = way
    vendor.plays(says(f"{ANSWER} one"), says(f"{ANSWER} two"))
    first = create(client, instructions="Be brief.")
    assert client.responses.retrieve(first.id) == first
    second = create(client, input=f"{PROMPT} again", previous_response_id=first.id)
    assert (second.output_text, second.previous_response_id) == (f"{ANSWER} two", first.id)
    sent = vendor.exchanges[1].json
    said = [(item["role"], upstream.flat(item["content"])) for item in sent.get("messages") or sent["input"]]
    assert said == [("user", PROMPT), ("assistant", f"{ANSWER} one"), ("user", f"{PROMPT} again")]
    assert "Be brief." not in vendor.exchanges[1].body.decode(), "instructions are of one response alone"
    assert sent.get("store") in (None, False) and "previous_response_id" not in sent

    items = client.responses.input_items.list(second.id, order="asc", limit=2)
    assert texts(items.data) == [PROMPT, f"{ANSWER} one"] and items.has_more
    assert texts(list(items)) == [PROMPT, f"{ANSWER} one", f"{PROMPT} again"], "the next page"
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as gone:
        client.responses.retrieve(first.id)
    assert gone.value.body["message"] == f"Response with id '{first.id}' not found."
    with pytest.raises(openai.BadRequestError) as refused:
        create(client, previous_response_id=first.id)
    assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")


def test_a_tool_makes_the_round_trip_by_its_id(client, vendor):
    vendor.plays(upstream.weather_caller())
    tools = [{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]
    [call] = [item for item in create(client, tools=tools).output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    named = [{"role": "user", "content": PROMPT}, {"type": "item_reference", "id": call.id}, result]
    assert create(client, input=named, tools=tools).output_text == f"{ANSWER} rain"


def test_a_stream_is_kept_and_goes_on(way, vendor):
    client, says = way
    vendor.plays(says(ANSWER))
    events = list(create(client, stream=True))
    response = events[-1].response
    assert {event.response.id for event in events if hasattr(event, "response")} == {response.id}
    assert client.responses.retrieve(response.id).output_text == ANSWER
    with client.responses.stream(model="gpt-scripted-1", input=PROMPT, previous_response_id=response.id) as stream:
        stream.until_done()
        assert stream.get_final_response().previous_response_id == response.id


def test_what_is_not_to_be_kept_is_not(client, vendor):
    response = create(client, store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)


def test_a_background_response_is_polled(way, vendor):
    client, says = way
    vendor.plays(says(ANSWER))
    queued = create(client, background=True)
    assert (queued.status, queued.output, queued.background) == ("queued", [], True)
    response = ended(client, queued.id)
    assert (response.status, response.output_text) == ("completed", ANSWER)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a completed response."):
        client.responses.cancel(queued.id)


def test_a_background_stream_is_resumed_after_a_number(client, vendor):
    vendor.plays(upstream.paced(0.05, 10))
    begun = []
    with create(client, background=True, stream=True) as stream:
        for event in stream:
            begun.append(event)
            if event.type == "response.output_text.delta":
                break
    response_id, last = begun[0].response.id, begun[-1].sequence_number
    rest = list(client.responses.retrieve(response_id, stream=True, starting_after=last))
    whole = begun + rest
    assert [event.sequence_number for event in whole] == list(range(len(whole)))
    assert whole[-1].type == "response.completed"
    said = "".join(event.delta for event in whole if event.type == "response.output_text.delta")
    assert said == whole[-1].response.output_text == client.responses.retrieve(response_id).output_text
    assert f"{ANSWER}-9" in said and len(vendor.exchanges) == 1
    assert list(client.responses.retrieve(response_id, stream=True)) == whole


def test_a_background_response_is_cancelled_and_its_upstream_left(client, vendor):
    vendor.plays(upstream.stream_then_silence())
    stream = create(client, background=True, stream=True)
    response_id = next(iter(stream)).response.id
    stream.close()
    exchange = vendor.wait_for()
    assert not exchange.wait_closed(0.15), "the upstream was left with the client"
    cancelled = client.responses.cancel(response_id)
    assert (cancelled.status, cancelled.output) == ("cancelled", [])
    assert exchange.wait_closed(1), "the upstream of a cancelled response is still connected"
    assert client.responses.cancel(response_id).status == "cancelled"


def test_a_response_that_is_waited_for_is_cancelled_by_leaving(client, vendor):
    vendor.plays(upstream.stream_then_silence())
    stream = create(client, stream=True)
    response_id = next(iter(stream)).response.id
    exchange = vendor.wait_for()
    stream.close()
    assert exchange.wait_closed(1), "the upstream was not left with the client"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response_id)


def test_kill_9_fails_what_runs_and_keeps_what_has_ended(served, vendor):
    server = served()
    with openai_of(server) as client:
        kept = create(client)
        vendor.plays(upstream.stream_then_silence())
        running = create(client, background=True)
        vendor.wait_for()
        server.kill()
        server.start()
    with openai_of(server) as client:
        assert client.responses.retrieve(kept.id).output_text == ANSWER
        failed = client.responses.retrieve(running.id)
        assert (failed.status, failed.error.code) == ("failed", "server_error")

"""Embeddings through the server, with clients that ask for them in base64 and in floats; the double is the upstream."""

import base64
import struct
import time

import httpx
import openai
import pytest
from langchain_openai import OpenAIEmbeddings

from harness.crossing import EMBEDDING_MODEL, MESSAGES_MODEL
from harness.words import PROMPT

TEXTS = [PROMPT, "a cat on a mat", "the mat of a cat"]


@pytest.fixture
def client(crossing) -> openai.OpenAI:
    crossing.script()
    return openai.OpenAI(base_url=crossing.openai_url, api_key="none", max_retries=0, timeout=10)


@pytest.fixture
def direct(crossing) -> openai.OpenAI:
    """The same client, without the server between."""
    url = f"{crossing.double.url}/ns/{crossing.namespace}/v1"
    return openai.OpenAI(base_url=url, api_key="sk-test-direct", max_retries=0, timeout=10)


def test_base64_is_the_clients_default(client, direct):
    """The official client asks for base64 and decodes it: the vectors are the upstream's, bit by bit."""
    answer = client.embeddings.create(model=EMBEDDING_MODEL, input=TEXTS)
    assert [item.index for item in answer.data] == [0, 1, 2] and answer.model == EMBEDDING_MODEL
    assert all(len(item.embedding) == 1536 for item in answer.data)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    own = direct.embeddings.create(model=EMBEDDING_MODEL, input=TEXTS)
    assert [item.embedding for item in answer.data] == [item.embedding for item in own.data]


def test_floats_dimensions_and_tokens(client):
    ask = client.embeddings.create
    floats = ask(model=EMBEDDING_MODEL, input=PROMPT, dimensions=8, encoding_format="float", user="ada")
    packed = ask(model=EMBEDDING_MODEL, input=PROMPT, dimensions=8)
    assert floats.data[0].embedding == pytest.approx(packed.data[0].embedding)
    tokens = ask(model=EMBEDDING_MODEL, input=[[1, 2, 3], [4]], dimensions=8)
    assert tokens.usage.prompt_tokens == 4 and [len(item.embedding) for item in tokens.data] == [8, 8]


def test_the_bytes_go_through_as_they_came(crossing, client):
    body = '{ "input" : ["%s"], "encoding_format":"base64",  "model":"%s", "dimensions":2}' % (PROMPT, EMBEDDING_MODEL)
    answers = []
    for url in (crossing.openai_url, f"{crossing.double.url}/ns/{crossing.namespace}/v1"):
        headers = {"content-type": "application/json", "authorization": "Bearer sk-test-direct"}
        answers.append(httpx.post(f"{url}/embeddings", content=body, headers=headers))
    through, own = answers
    assert through.status_code == 200 and through.content == own.content
    vector = base64.b64decode(through.json()["data"][0]["embedding"])
    assert len(struct.unpack("<2f", vector)) == 2


def recorded_call(crossing, request_id: str) -> dict:
    """The record of a request's call; it reaches the database a moment after the answer."""
    deadline = time.monotonic() + 5
    while True:
        calls = httpx.get(f"{crossing.url}/v1/calls", params={"request_id": request_id}).json()["calls"]
        if calls:
            return calls[0]
        assert time.monotonic() < deadline, "the call is not recorded"
        time.sleep(0.02)


def test_a_call_is_recorded_with_its_cost(crossing, client):
    answer = client.embeddings.with_raw_response.create(model=EMBEDDING_MODEL, input=TEXTS)
    call = recorded_call(crossing, answer.headers["x-request-id"])
    tokens = answer.parse().usage.prompt_tokens
    assert (call["operation"], call["provider"], call["outcome"]) == ("embeddings", "openai", "ok")
    assert (call["prompt_tokens"], call["completion_tokens"]) == (tokens, 0)
    assert call["cost_usd"] == pytest.approx(tokens * 0.02 / 1e6)
    metrics = httpx.get(f"{crossing.url}/metrics").text
    assert 'gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="embeddings"' in metrics


def test_refusals_reach_the_client(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.embeddings.create(model="text-embedding-nought", input=PROMPT)
    assert "text-embedding-nought" in refused.value.message
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=EMBEDDING_MODEL, input=PROMPT, dimensions=0)
    assert refused.value.type == "invalid_request_error"


def test_a_model_of_anthropic_has_none(crossing, client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=MESSAGES_MODEL, input=PROMPT)
    assert refused.value.param == "model" and MESSAGES_MODEL in refused.value.message and "anthropic" in refused.value.message
    assert crossing.asked() == []


def test_the_demo_embeds(demo):
    client = openai.OpenAI(base_url=demo.openai_url, api_key="none", max_retries=0, timeout=10)
    answer = client.embeddings.create(model=EMBEDDING_MODEL, input=TEXTS)
    assert len(answer.data) == 3 and len(answer.data[0].embedding) == 1536


def test_langchain(crossing, client):
    # It would cut texts into tokens by a table that it takes from the network.
    options = {"base_url": crossing.openai_url, "api_key": "none", "max_retries": 0, "check_embedding_ctx_length": False}
    model = OpenAIEmbeddings(model=EMBEDDING_MODEL, **options)
    one, two, three = model.embed_documents(TEXTS)
    assert len(one) == len(two) == len(three) == 1536 and two != three
    assert model.embed_query(TEXTS[1]) == pytest.approx(two)

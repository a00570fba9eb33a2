"""The fixtures, and the check at the end of every test that uses them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest

from .double import Llm
from .server import LlmServer

MAX_NAME_CHARS = 80
DOUBLE = pytest.StashKey[Llm]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("playhouse", "the Playhouse double")
    group.addoption("--playhouse-binary", help="the playhouse program (else PLAYHOUSE_BINARY, else the one on PATH)")


@pytest.fixture(scope="session")
def llm_server(request: pytest.FixtureRequest) -> Iterator[LlmServer]:
    """A running double, one for the session."""
    server = LlmServer(request.config.getoption("--playhouse-binary"))
    yield server
    server.close()


@pytest.fixture
def llm(llm_server: LlmServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Llm]:
    """The double of this test: its own replies, its own calls; clients find it by the usual variables."""
    double = Llm(llm_server.url, llm_server.control, namespace_of(request.node.name))
    monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", double.api_key)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", double.anthropic_base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", double.api_key)
    # It would be sent beside the key, and is a credential of the real vendor.
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    request.node.stash[DOUBLE] = double
    yield double
    double.close()


def namespace_of(test: str) -> str:
    """A name that can be read in the journal, and that no other run of the same test has."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", test).strip("-")[:MAX_NAME_CHARS]
    return f"{readable}-{uuid.uuid4().hex[:8]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """A test that passes must have used its double as it said it would."""
    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        _tell_exchange(item)
        raise
    difference = _difference_at_end(item)
    if difference:
        _tell_exchange(item)
        pytest.fail(difference, pytrace=False)
    return result


def _difference_at_end(item: pytest.Item) -> str | None:
    double = item.stash.get(DOUBLE, None)
    try:
        if double is not None:
            double.verify_end()
    except AssertionError as difference:
        return str(difference)
    return None


def _tell_exchange(item: pytest.Item) -> None:
    double = item.stash.get(DOUBLE, None)
    if double is not None:
        item.add_report_section("call", "what the double was asked", double.exchange() or "(nothing)")

"""The fixtures, and the check at the end of every test that uses them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest

from .double import Llm
from .server import LlmServer

MAX_NAME_CHARS = 80


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
    yield double
    double.close()


def namespace_of(test: str) -> str:
    """A name that can be read in the journal, and that no other run of the same test has."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", test).strip("-")[:MAX_NAME_CHARS]
    return f"{readable}-{uuid.uuid4().hex[:8]}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """A test that passes must have used its double as it said it would."""
    double = getattr(item, "funcargs", {}).get("llm")
    try:
        result = yield
    except BaseException:
        if isinstance(double, Llm):
            item.add_report_section("call", "what the double was asked", double.exchange() or "(nothing)")
        raise
    if isinstance(double, Llm):
        try:
            double.verify_end()
        except AssertionError as difference:
            pytest.fail(str(difference), pytrace=False)
    return result

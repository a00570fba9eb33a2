"""Fixtures: the binary, running, in every way the checks need it."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import mock, playhouse, upstream  # noqa: E402
from harness.crossing import Crossing  # noqa: E402
from harness.gateway import gateway_env  # noqa: E402
from harness.report import Report, server_words  # noqa: E402
from harness.words import CALLER_KEY  # noqa: E402

CHECK_TIMEOUT_S = 60

# A client library that asks the environment must find nothing there.
for name in list(os.environ):
    if name.lower().endswith("_proxy") or name.startswith(("OPENAI_", "ANTHROPIC_", "PLAYHOUSE_LISTEN", "LANGSMITH_", "LANGCHAIN_")):
        del os.environ[name]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "timeout_s(seconds): how long this check may take")
    config.addinivalue_line("markers", "last: runs after all others")
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(Report())


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """No check runs for ever."""
    marker = item.get_closest_marker("timeout_s")
    seconds = marker.args[0] if marker else CHECK_TIMEOUT_S

    def give_up(*_):
        raise TimeoutError(f"the check took longer than {seconds} s")

    for server in playhouse.STARTED:
        server.mark()
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        return (yield)
    finally:
        signal.alarm(0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed:
        servers = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, playhouse.Playhouse)]
        servers += getattr(item, "started", [])
        report.server_words = server_words(list(dict.fromkeys(servers)))
    return report


@pytest.fixture
def home(tmp_path):
    """A private folder."""
    return tmp_path


@pytest.fixture
def started(request, tmp_path_factory):
    """Starts servers that end with the check: `started("serve", env={...})`."""
    servers = []

    def start(command="demo", env=None, config="", begin=True):
        server = playhouse.Playhouse(tmp_path_factory.mktemp("home"), command, env, config)
        servers.append(server)
        return server.start() if begin else server

    request.node.started = servers
    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """`playhouse demo` with nothing configured, shared by the checks of a file."""
    server = playhouse.Playhouse(tmp_path_factory.mktemp("demo")).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def locked_demo(tmp_path_factory):
    """`playhouse demo` that asks for a key."""
    env = {"PLAYHOUSE_API_KEYS": CALLER_KEY}
    server = playhouse.Playhouse(tmp_path_factory.mktemp("locked"), env=env).start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def double(tmp_path_factory):
    """`playhouse mock` without a script, shared by all checks: each takes a namespace of its own."""
    server = mock.Mock(tmp_path_factory.mktemp("mock")).start()
    yield server
    server.close()


@pytest.fixture
def namespace(request, double):
    """A namespace of the check's own in the shared double."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)[:100].strip("-")
    yield name
    double.control("DELETE", f"/namespaces/{name}")


@pytest.fixture
def doubles(request, tmp_path_factory):
    """Starts doubles that end with the check: `doubles("--fast", script="rules: …")`."""
    servers = []

    def start(*arguments, begin=True, **options):
        server = mock.Mock(tmp_path_factory.mktemp("mock"), *arguments, **options)
        servers.append(server)
        return server.start() if begin else server

    request.node.started = servers
    yield start
    for server in servers:
        server.close()


@pytest.fixture
def lenient(doubles):
    """A double that answers what a vendor would refuse, and says so in its journal."""
    return doubles("--strict=warn")


@pytest.fixture(scope="module")
def crossing(request, tmp_path_factory, double):
    """`playhouse serve` whose providers are the double, in OpenAI's protocol and in Anthropic's."""
    between = Crossing(tmp_path_factory.mktemp("crossing"), double, request.module.__name__.rsplit(".")[-1])
    yield between
    between.close()


@pytest.fixture(scope="module")
def vendor():
    """The scripted vendor behind `gateway`."""
    scripted = upstream.Upstream()
    yield scripted
    scripted.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, vendor):
    """`playhouse serve` in front of the scripted vendor, which it asks once."""
    server = playhouse.Playhouse(tmp_path_factory.mktemp("gateway"), "serve", gateway_env(vendor)).start()
    yield server
    server.close()


@pytest.fixture
def served(started, vendor):
    """Starts a server of the check's own in front of the scripted vendor: `served(NAME="value")`."""
    vendor.plays(upstream.completion())
    return lambda **more: started("serve", gateway_env(vendor, **more))


@pytest.fixture(autouse=True)
def vendor_plays_well(request):
    """Whatever a check before has scripted, this one begins with a vendor that answers well."""
    if "vendor" in request.fixturenames:
        request.getfixturevalue("vendor").plays(upstream.completion())


@pytest.fixture(autouse=True)
def vendor_has_no_faults(request):
    """A fault in a check's own script is told as such."""
    yield
    if "vendor" in request.fixturenames:
        faults, vendor = [], request.getfixturevalue("vendor")
        faults, vendor.faults = vendor.faults, faults
        assert not faults, f"the script of the upstream failed: {faults!r}"

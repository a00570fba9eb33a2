"""The test suites of Anthropic's own client libraries, with the double as their mock server."""

import os
import re
from pathlib import Path

import pytest

from harness.suites import complaints, python_sources, run, run_pytest

NODE_CHECKOUT = os.environ.get("PLAYHOUSE_ANTHROPIC_NODE")

# What concerns the endpoints that the double has; the others are none of its business.
PYTHON_TESTS = [f"tests/api_resources/{name}" for name in ("test_messages.py", "test_models.py", "beta/test_messages.py", "beta/test_models.py")]
NODE_TESTS = [f"tests/api-resources/{name}.test.ts" for name in ("messages/messages", "models", "beta/messages/messages", "beta/models")]

# What Anthropic itself refuses of what the suite sends to see that it can be sent: names that stand for any, models
# that have gone, every parameter at once.
REFUSED_BY_ANTHROPIC = {
    "anthropic/beta",
    "anthropic/model",
    "anthropic-messages/container-needs-tool",
    "anthropic-messages/inference-geo-known",
    "anthropic-messages/strict-schema",
    "anthropic-messages/tool-schema-valid",
}


@pytest.mark.timeout_s(240)
def test_the_suite_for_python(lenient, home):
    told = run_pytest(lenient, python_sources("anthropic", home), PYTHON_TESTS, plugins=("http_snapshot._pytest_plugin",))
    assert int(re.search(r"(\d+) passed", told)[1]) > 200, told
    assert complaints(lenient) == REFUSED_BY_ANTHROPIC


@pytest.mark.timeout_s(240)
@pytest.mark.skipif(not NODE_CHECKOUT, reason="PLAYHOUSE_ANTHROPIC_NODE names no checkout of anthropic-sdk-typescript with its packages")
def test_the_suite_for_node(lenient):
    env = {**os.environ, "TEST_API_BASE_URL": lenient.url, "NO_COLOR": "1"}
    run(["./node_modules/.bin/jest", *NODE_TESTS], Path(NODE_CHECKOUT), env)

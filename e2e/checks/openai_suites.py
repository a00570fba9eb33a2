"""The test suites of OpenAI's own client libraries, with the double as their mock server."""

import os
import re
from pathlib import Path

import pytest

from harness.suites import complaints, python_sources, run, run_pytest

NODE_CHECKOUT = os.environ.get("PLAYHOUSE_OPENAI_NODE")

# What concerns the endpoints that the double has; the others are none of its business.
PYTHON_TESTS = [f"tests/api_resources/{name}" for name in ("chat", "test_embeddings.py", "test_models.py")]
NODE_TESTS = [f"tests/api-resources/{name}" for name in ("chat", "embeddings.test.ts", "models.test.ts")]

PYTHON_RESPONSES = [f"tests/api_resources/{name}" for name in ("test_responses.py", "responses")]
# What the double does not speak, and requests that say nothing at all, not even a model.
SAYING_SOMETHING = "not compact and not create_overload and (with_all_params or not count)"
# What OpenAI itself refuses of what the suite sends to see that it can be sent: every parameter at once.
REFUSED_BY_OPENAI = {
    "openai/model-exists",
    "openai-responses/conversation-exists",
    "openai-responses/function-schema",
    "openai-responses/max-tool-calls",
    "openai-responses/one-state",
    "openai-responses/previous-response-exists",
}


@pytest.mark.timeout_s(240)
def test_the_suite_for_python(double, home):
    told = run_pytest(double, python_sources("openai", home), PYTHON_TESTS)
    assert int(re.search(r"(\d+) passed", told)[1]) > 200, told


@pytest.mark.timeout_s(240)
def test_the_suite_of_responses_for_python(lenient, home):
    told = run_pytest(lenient, python_sources("openai", home), [*PYTHON_RESPONSES, "-k", SAYING_SOMETHING])
    assert int(re.search(r"(\d+) passed", told)[1]) >= 130, told
    assert complaints(lenient) == REFUSED_BY_OPENAI


@pytest.mark.timeout_s(240)
@pytest.mark.skipif(not NODE_CHECKOUT, reason="PLAYHOUSE_OPENAI_NODE names no checkout of openai-node with its packages")
def test_the_suite_for_node(double):
    env = {**os.environ, "TEST_API_BASE_URL": double.url, "OPENAI_TEST_SUITE": "generated", "NO_COLOR": "1"}
    run(["./node_modules/.bin/jest", *NODE_TESTS], Path(NODE_CHECKOUT), env)

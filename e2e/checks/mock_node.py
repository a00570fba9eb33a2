"""The official Node packages of OpenAI and Anthropic and the Vercel AI SDK do all they can with the double."""

from pathlib import Path

import pytest

from harness import node

SCRIPTS = Path(__file__).parents[1] / "node" / "mock"


@pytest.mark.parametrize("script", ["openai.mjs", "anthropic.mjs", "vercel.mjs"])
def test_against_the_double(script, double, namespace, home):
    node.stage(home, SCRIPTS / script, SCRIPTS / "stage.mjs")
    node.play(script, home, URL=double.url, NAMESPACE=namespace)

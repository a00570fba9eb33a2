"""Node clients of one vendor's protocol over a provider that speaks the other's; a script of `node/crossing` a check."""

from pathlib import Path

import pytest

from harness import node
from harness.words import ANSWER, PROMPT

SCRIPTS = Path(__file__).parents[1] / "node" / "crossing"


@pytest.mark.parametrize("script", ["anthropic.mjs", "openai.mjs", "vercel.mjs"])
def test_across(script, crossing, double, home):
    node.stage(home, SCRIPTS / script, SCRIPTS / "stage.mjs")
    node.play(script, home, URL=crossing.url, DOUBLE=double.url, NAMESPACE=crossing.namespace, PROMPT=PROMPT, ANSWER=ANSWER)

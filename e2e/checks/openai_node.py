"""The official `openai` Node package, unchanged but for its base URL; a script of `node/` a check."""

from pathlib import Path

import pytest

from harness import messages, node, upstream
from harness.gateway import messages_env
from harness.words import ANSWER, CALLER_KEY, PROMPT

SCRIPTS = Path(__file__).parents[1] / "node"


def play(script: str, home: Path, base_url: str) -> None:
    """Runs a script where it finds its packages, and expects it to say that all is well."""
    node.stage(home, SCRIPTS / script, SCRIPTS / "stage.mjs")
    node.play(script, home, BASE_URL=base_url, PROMPT=PROMPT, ANSWER=ANSWER, KEY=CALLER_KEY)


@pytest.mark.parametrize("script", ["chat", "stream", "stream_usage", "raw_response", "models", "errors"])
def test_against_the_demo(script, demo, home):
    play(f"{script}.mjs", home, demo.openai_url)


def test_keys(locked_demo, home):
    play("keys.mjs", home, locked_demo.openai_url)


def test_a_tool_makes_the_round_trip(gateway, vendor, home):
    vendor.plays(upstream.weather_caller())
    play("tools.mjs", home, gateway.openai_url)
    assert any(message["role"] == "tool" for message in vendor.exchanges[-1].json["messages"])


@pytest.mark.parametrize("protocol", ["chat", "messages"])
def test_a_tool_makes_the_round_trip_over_responses(gateway, vendor, home, started, protocol):
    """OpenAI's client and the AI SDK."""
    vendor.plays(upstream.weather_caller() if protocol == "chat" else messages.weather_caller())
    server = gateway if protocol == "chat" else started("serve", messages_env(vendor))
    play("responses.mjs", home, server.openai_url)


def test_a_stream_that_breaks_throws(gateway, vendor, home):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        exchange.hang_up()

    vendor.plays(break_off)
    play("broken_stream.mjs", home, gateway.openai_url)

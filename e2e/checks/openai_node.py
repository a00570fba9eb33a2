"""The official `openai` Node package, unchanged but for its base URL; a script of `node/` a check."""

import os
import subprocess
from pathlib import Path

import pytest

from harness import upstream
from harness.words import ANSWER, CALLER_KEY, PROMPT

NODE = os.environ.get("PLAYHOUSE_E2E_NODE", "node")
NODE_MODULES = os.environ.get("PLAYHOUSE_E2E_NODE_MODULES", "")
SCRIPTS = Path(__file__).parents[1] / "node"


def play(script: str, home: Path, base_url: str) -> None:
    """Runs a script where it finds its packages, and expects it to say that all is well."""
    (home / "node_modules").symlink_to(NODE_MODULES, target_is_directory=True)
    for source in (SCRIPTS / script, SCRIPTS / "stage.mjs"):
        (home / source.name).write_text(source.read_text())
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "BASE_URL": base_url, "PROMPT": PROMPT, "ANSWER": ANSWER, "KEY": CALLER_KEY}
    ended = subprocess.run([NODE, script], cwd=home, env=env, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0 and ended.stdout == "well\n", f"{script} exited with {ended.returncode}: {ended.stdout}{ended.stderr}"


@pytest.mark.parametrize("script", ["chat", "stream", "stream_usage", "raw_response", "models", "errors"])
def test_against_the_demo(script, demo, home):
    play(f"{script}.mjs", home, demo.openai_url)


def test_keys(locked_demo, home):
    play("keys.mjs", home, locked_demo.openai_url)


def test_a_tool_makes_the_round_trip(gateway, vendor, home):
    vendor.plays(upstream.weather_caller())
    play("tools.mjs", home, gateway.openai_url)
    assert any(message["role"] == "tool" for message in vendor.exchanges[-1].json["messages"])


def test_a_stream_that_breaks_throws(gateway, vendor, home):
    async def break_off(exchange):
        await exchange.begin_stream()
        await exchange.send_chunk(upstream.ROLE + upstream.chunk({"content": ANSWER}))
        exchange.hang_up()

    vendor.plays(break_off)
    play("broken_stream.mjs", home, gateway.openai_url)

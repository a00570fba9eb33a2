"""The package for vitest, jest and node:test, with the tests of its own."""

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from harness import node

PACKAGE = Path(__file__).parents[2] / "js"


@pytest.fixture
def package(home):
    """The package's folder, where it finds what it needs."""
    folder = shutil.copytree(PACKAGE, home / "js", ignore=shutil.ignore_patterns("node_modules"))
    node.stage(folder)
    return folder


def run(arguments: list[str], package: Path):
    return node.run(arguments, package, PLAYHOUSE_BINARY=os.environ["PLAYHOUSE_BINARY"])


def test_with_vitest(package):
    ended = run(["node_modules/vitest/vitest.mjs", "run"], package)
    assert ended.returncode == 0 and "16 passed" in ended.stdout, ended.stdout + ended.stderr


def test_with_the_runner_of_node(package):
    ended = run(["--test", "--test-reporter=tap", "test/node-test.mjs"], package)
    told = ended.stdout
    assert ended.returncode == 0 and "ok 1 - answers the official client" in told, told + ended.stderr
    assert "not ok 2 - a reply that nobody fetched" in told and "every rule to have given all of its answers" in told, told


def test_a_test_that_requires_it(package):
    """Without the help of Node: jest has modules of its own."""
    (package / "test" / "required.cjs").write_text(
        'const { Llm, LlmServer, useLlm } = require("playhouse-testing");\n'
        "console.log([Llm, LlmServer, useLlm].map((given) => typeof given).join());\n"
    )
    ended = run(["--no-experimental-require-module", "test/required.cjs"], package)
    assert ended.stdout.strip() == "function,function,function", ended.stdout + ended.stderr


@pytest.mark.parametrize("ending", ["", 'setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);'], ids=["in peace", "killed"])
def test_no_program_is_left_behind(package, ending):
    (package / "test" / "left.mjs").write_text(
        'import { LlmServer } from "../src/index.js";\n'
        "const server = await LlmServer.start();\n"
        f"console.log(server.url);\n{ending}\n"
    )
    ended = run(["test/left.mjs"], package)
    assert ended.returncode == (-9 if ending else 0), ended.stderr
    port = int(ended.stdout.strip().rpartition(":")[2])
    deadline = time.monotonic() + 3
    while listens(port):
        assert time.monotonic() < deadline, "the double runs on"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

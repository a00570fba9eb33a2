"""The test suites of OpenAI's own client libraries, with the double as their mock server."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

KEPT = os.environ.get("PLAYHOUSE_E2E_SUITES")
NODE_CHECKOUT = os.environ.get("PLAYHOUSE_OPENAI_NODE")

# What concerns the endpoints that the double has; the others are none of its business.
PYTHON_TESTS = [f"tests/api_resources/{name}" for name in ("chat", "test_embeddings.py", "test_models.py")]
NODE_TESTS = [f"tests/api-resources/{name}" for name in ("chat", "embeddings.test.ts", "models.test.ts")]


@pytest.fixture
def python_sources(home):
    """The sources of the client library for Python, which have its tests; from the package index."""
    wanted = f"openai-{version('openai')}"
    folder = Path(KEPT) if KEPT else home
    archive = folder / f"{wanted}.tar.gz"
    if not archive.exists():
        fetch = ["download", "--quiet", "--no-deps", "--no-binary", "openai", "--dest", str(folder), wanted.replace("-", "==")]
        fetched = subprocess.run([sys.executable, "-m", "pip", *fetch], capture_output=True, text=True, timeout=90)
        if fetched.returncode != 0:
            pytest.skip(f"the sources of {wanted} cannot be had: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(archive) as sources:
        sources.extractall(home, filter="data")
    # The installed package is tested with, not the sources of the same version.
    shutil.rmtree(home / wanted / "src")
    return home / wanted


@pytest.mark.timeout_s(240)
def test_the_suite_for_python(double, python_sources):
    plugins = ["-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider", "-o", "addopts="]
    env = {**os.environ, "TEST_API_BASE_URL": double.url, "PY_COLORS": "0"}
    command = [sys.executable, "-m", "pytest", "--quiet", *plugins, *PYTHON_TESTS]
    told = run(command, python_sources, env)
    assert int(re.search(r"(\d+) passed", told)[1]) > 200, told


@pytest.mark.timeout_s(240)
@pytest.mark.skipif(not NODE_CHECKOUT, reason="PLAYHOUSE_OPENAI_NODE names no checkout of openai-node with its packages")
def test_the_suite_for_node(double):
    env = {**os.environ, "TEST_API_BASE_URL": double.url, "OPENAI_TEST_SUITE": "generated", "NO_COLOR": "1"}
    run(["./node_modules/.bin/jest", *NODE_TESTS], Path(NODE_CHECKOUT), env)


def run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=220)
    assert ended.returncode == 0, f"{' '.join(command)} exited with {ended.returncode}: {ended.stdout[-4000:]}{ended.stderr[-1000:]}"
    return ended.stdout

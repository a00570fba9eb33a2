"""The test suites of vendors' own client libraries, with the double in the place of their mock server."""

import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

KEPT = os.environ.get("PLAYHOUSE_E2E_SUITES")


def python_sources(package: str, home: Path) -> Path:
    """The sources of an installed client library for Python, which have its tests; from the package index."""
    wanted = f"{package}-{version(package)}"
    folder = Path(KEPT) if KEPT else home
    archive = folder / f"{wanted}.tar.gz"
    if not archive.exists():
        fetch = ["download", "--quiet", "--no-deps", "--no-binary", package, "--dest", str(folder), wanted.replace("-", "==")]
        fetched = subprocess.run([sys.executable, "-m", "pip", *fetch], capture_output=True, text=True, timeout=90)
        if fetched.returncode != 0:
            pytest.skip(f"the sources of {wanted} cannot be had: {fetched.stderr.strip().splitlines()[-1:]}")
    with tarfile.open(archive) as sources:
        sources.extractall(home, filter="data")
    # The installed package is tested with, not the sources of the same version.
    shutil.rmtree(home / wanted / "src")
    return home / wanted


def run_pytest(double, sources: Path, tests: list[str], plugins: tuple[str, ...] = ()) -> str:
    """Runs tests of a library for Python; returns what they said at the end."""
    named = [word for plugin in ("pytest_asyncio.plugin", "no:cacheprovider", *plugins) for word in ("-p", plugin)]
    env = {**os.environ, "TEST_API_BASE_URL": double.url, "PY_COLORS": "0"}
    return run([sys.executable, "-m", "pytest", "--quiet", *named, "-o", "addopts=", *tests], sources, env)


def complaints(double) -> set[str]:
    """The rules that requests were against, of which a lenient double has told its journal alone."""
    calls = double.control("GET", "/namespaces/default/calls", params={"limit": 1000}).json()["calls"]
    return {violation["rule"] for call in calls for violation in call.get("violations", [])}


def run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=220)
    assert ended.returncode == 0, f"{' '.join(command)} exited with {ended.returncode}: {ended.stdout[-4000:]}{ended.stderr[-1000:]}"
    return ended.stdout

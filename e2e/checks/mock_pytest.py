"""The pytest plugin as its users have it: installed from its folder, then its own tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "python"


@pytest.mark.timeout_s(200)
def test_the_plugin_installs_and_passes_its_tests(home):
    source = shutil.copytree(PLUGIN, home / "python", ignore=shutil.ignore_patterns("__pycache__", "build", "dist"))
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", "site", "./python"], home)
    env = {**os.environ, "PYTHONPATH": str(home / "site"), "PY_COLORS": "0"}
    told = run([sys.executable, "-m", "pytest", "-p", "playhouse", "-p", "no:cacheprovider", "tests"], source, env)
    assert re.search(r"\b1[0-9] passed in", told), told


def run(command: list[str], folder: Path, env: dict[str, str] | None = None) -> str:
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, f"{' '.join(command)} exited with {ended.returncode}: {ended.stdout[-3000:]}{ended.stderr[-1000:]}"
    return ended.stdout

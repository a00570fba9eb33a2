"""Node scripts, run where they find their packages."""

import os
import subprocess
from pathlib import Path

NODE = os.environ.get("PLAYHOUSE_E2E_NODE", "node")
NODE_MODULES = os.environ.get("PLAYHOUSE_E2E_NODE_MODULES", "")


def stage(home: Path, *sources: Path) -> None:
    """Puts these scripts into a folder from which the packages are found."""
    (home / "node_modules").symlink_to(NODE_MODULES, target_is_directory=True)
    for source in sources:
        (home / source.name).write_text(source.read_text())


def run(arguments: list[str], home: Path, timeout: float = 30, **env: str) -> subprocess.CompletedProcess:
    """Runs Node in a folder, with nothing in its environment but what is said here."""
    env = {"PATH": f"{Path(NODE).parent}:{os.environ['PATH']}", "HOME": str(home), "NO_COLOR": "1", **env}
    return subprocess.run([NODE, *arguments], cwd=home, env=env, capture_output=True, text=True, timeout=timeout)


def play(script: str, home: Path, **env: str) -> None:
    """Runs a script and expects it to say that all is well."""
    ended = run([script], home, **env)
    assert ended.returncode == 0 and ended.stdout == "well\n", f"{script} exited with {ended.returncode}: {ended.stdout}{ended.stderr}"

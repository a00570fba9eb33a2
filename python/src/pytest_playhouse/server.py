"""The double as a process: found, started, ended."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections import deque

from .control import Control

START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 5
KEPT_LINES = 200
BINARY_VARIABLE = "PLAYHOUSE_BINARY"


def find_binary(named: str | None = None) -> str:
    """The binary that was named, else the one of PLAYHOUSE_BINARY, else the one on PATH."""
    wanted = named or os.environ.get(BINARY_VARIABLE) or "playhouse"
    found = shutil.which(wanted)
    if found is None:
        raise RuntimeError(
            f"the program '{wanted}' was not found; install playhouse, put it on PATH, "
            f"or name it with {BINARY_VARIABLE} or --playhouse-binary"
        )
    return found


class LlmServer:
    """A running `playhouse mock`. Many tests share it: each has a namespace of its own."""

    def __init__(self, binary: str | None = None, arguments: tuple[str, ...] = ()):
        # It ends with its standard input, and so with this process, however that ends.
        settings = ["--listen", "127.0.0.1:0", "--log-format", "json", "--until-stdin-ends"]
        command = [find_binary(binary), "mock", *settings, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._address: str | None = None
        self._listening = threading.Event()
        threading.Thread(target=self._read, name="playhouse-log", daemon=True).start()
        if not self._listening.wait(START_TIMEOUT_S) or self._address is None:
            self.close()
            raise RuntimeError(f"`{' '.join(command)}` did not start:\n{self.log()}")
        self.control = Control(self.url)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://{self._address}"

    def log(self) -> str:
        """The last lines it has logged."""
        return "\n".join(self._lines)

    def close(self) -> None:
        """Ends it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))
            if self._address is None:
                self._address = _address_in(line)
                if self._address is not None:
                    self._listening.set()
        self._listening.set()


def _address_in(line: str) -> str | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields.get("address") if fields.get("message") == "Listening" else None

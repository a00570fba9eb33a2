"""The binary under test as a process with a port, a folder and a log of its own."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

# Set by the `run` script; see README.md.
BINARY = os.environ.get("PLAYHOUSE_BINARY", "")
PID_FILE = os.environ.get("PLAYHOUSE_E2E_PIDS")

# Every server of this run, oldest first; the check of all logs reads them at the end.
STARTED: list["Playhouse"] = []

START_TIMEOUT_S = 10
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home: Path, extra: dict[str, str] | None = None) -> dict[str, str]:
    """A clean environment: nothing of whoever runs the checks configures the binary."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "RUST_BACKTRACE": "1", **(extra or {})}


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(arguments: list[str], **options) -> subprocess.Popen:
    """Starts the binary; its pid is noted so that `run` can end what is left over."""
    process = subprocess.Popen([BINARY, *arguments], preexec_fn=_die_with_parent, **options)
    if PID_FILE:
        with open(PID_FILE, "a") as pids:
            pids.write(f"{process.pid}\n")
    return process


def run(arguments: list[str], home: Path, env: dict[str, str] | None = None, stdin: str = "", timeout: float = 10):
    """Runs a command of the binary to its end."""
    process = spawn(
        arguments,
        cwd=home,
        env=environment(home, env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"`playhouse {' '.join(arguments)}` ran longer than {timeout} s; {stdout} {stderr}") from None
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


class Playhouse:
    """`playhouse serve` or `demo`, running."""

    def __init__(self, home: Path, command: str = "demo", env: dict[str, str] | None = None, config: str = ""):
        self.home = home
        self.command = command
        self.logs_json = True
        self.data_dir = home / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.openai_url = f"{self.url}/v1"
        self._stdout = home / "stdout.log"
        self._stderr = home / "stderr.log"
        self._mark = 0, 0
        self.env = environment(home, env)
        if config:
            (home / "playhouse.toml").write_text(config)
        self.http = httpx.Client(base_url=self.url, timeout=10)
        STARTED.append(self)

    def start(self) -> "Playhouse":
        """Starts it, or starts it again on the same port and folder; ready when /health answers."""
        arguments = [self.command, "--listen", f"127.0.0.1:{self.port}", "--data-dir", str(self.data_dir)]
        with open(self._stdout, "ab") as out, open(self._stderr, "ab") as err:
            begun = time.monotonic()
            self.process = spawn(arguments, cwd=self.home, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.wait_until_healthy(begun)
        return self

    def wait_until_healthy(self, begun: float) -> None:
        while not self._is_healthy():
            if self.process.poll() is not None:
                raise AssertionError(f"`playhouse {self.command}` exited with {self.process.returncode}; {self.last_words()}")
            if time.monotonic() - begun > START_TIMEOUT_S:
                raise AssertionError(f"`playhouse {self.command}` did not answer /health; {self.last_words()}")
            time.sleep(0.005)
        self.start_s = time.monotonic() - begun

    def _is_healthy(self) -> bool:
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def chat(self, message: str, **fields) -> httpx.Response:
        return self.http.post("/v1/chat", json={"message": message, **fields})

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = 5) -> int:
        """Waits for its end and returns the exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server still ran after {timeout} s; {self.last_words()}") from None

    def kill(self) -> None:
        """Ends it with `kill -9`."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self._drop_torn_line()
        self.http.close()
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def _drop_torn_line(self) -> None:
        """The kernel cuts a write short at a page when SIGKILL is pending: half a line then ends the log."""
        log = self._stdout.read_bytes()
        os.truncate(self._stdout, log.rfind(b"\n") + 1)

    def rss_kib(self) -> int:
        return self._memory("VmRSS")

    def peak_rss_kib(self) -> int:
        return self._memory("VmHWM")

    def _memory(self, field: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"{field} is not in /proc; is the server still running? {self.last_words()}")

    def stdout(self) -> str:
        return self._stdout.read_text(errors="replace") if self._stdout.exists() else ""

    def stderr(self) -> str:
        return self._stderr.read_text(errors="replace") if self._stderr.exists() else ""

    def log(self) -> list[dict]:
        """The log lines so far; a line that is half written is left out."""
        whole = self.stdout().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def log_of(self, request_id: str, message: str | None = None, timeout: float = 3) -> list[dict]:
        """The lines of a request once its last line, which tells that it is completed or refused, has come."""
        deadline = time.monotonic() + timeout
        while True:
            lines = [line for line in self.log() if line.get("request_id") == request_id]
            if any(line["message"] in ("Request completed", "Request refused") for line in lines):
                return [line for line in lines if message in (None, line["message"])]
            if time.monotonic() > deadline:
                raise AssertionError(f"no log line says that request {request_id} is completed; lines of it: {lines}")
            time.sleep(0.02)

    def call_of(self, request_id: str, timeout: float = 3) -> dict:
        """The call record of a request, once it is written."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.http.get("/v1/calls", params={"request_id": request_id})
            calls = answer.json().get("calls", [])
            if calls:
                assert len(calls) == 1, f"request {request_id} has {len(calls)} call records"
                return calls[0]
            assert time.monotonic() < deadline, f"there is no call record of request {request_id}: {answer.text}"
            time.sleep(0.05)

    def messages_of(self, session_id: str, state: str, timeout: float = 3) -> list[dict]:
        """The messages of a session, once its last turn is in this state."""
        deadline = time.monotonic() + timeout
        while True:
            answer = self.http.get(f"/v1/sessions/{session_id}")
            messages = answer.json().get("messages", [])
            if messages and messages[-1]["turn_state"] == state:
                return messages
            assert time.monotonic() < deadline, f"the last turn of {session_id} is not {state}: {answer.text}"
            time.sleep(0.02)

    def mark(self) -> None:
        """A check begins: what was said before is none of its business."""
        self._mark = len(self.stdout()), len(self.stderr())

    def last_words(self, lines: int = 4) -> str:
        out, err = self.stdout()[self._mark[0] :], self.stderr()[self._mark[1] :]
        told = [f"stdout: {line}" for line in out.splitlines()[-lines:]]
        told += [f"stderr: {line}" for line in err.splitlines()[-lines:] if line]
        return "\n".join(told) or "(it has said nothing)"

    def close(self) -> None:
        """Ends it in any case."""
        if getattr(self, "process", None) is not None:
            self.kill()
        self.http.close()

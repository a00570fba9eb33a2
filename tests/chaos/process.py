"""A process with a pid, a log, and the signals it is sent."""

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

from harness import playhouse

PR_SET_PDEATHSIG = 1
POLL_S = 0.02
_libc = ctypes.CDLL(None, use_errno=True)


class Process:
    """One program that is started, ended and started again; it never outlives this one."""

    def __init__(self, name: str, log: Path, death: signal.Signals = signal.SIGKILL):
        self.name, self.log, self.death = name, log, death
        self.process: subprocess.Popen | None = None
        self.is_paused = False

    def spawn(
        self, arguments: list[str], home: Path, env: dict[str, str] | None = None, user: str | None = None
    ) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                arguments,
                cwd=home,
                env=env if env is not None else playhouse.environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                # Runs after the user has changed: a change would take the wish back.
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, self.death),
            )
        self.is_paused = False
        if playhouse.PID_FILE:
            with open(playhouse.PID_FILE, "a") as pids:
                pids.write(f"{self.process.pid}\n")

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.runs:
            self.process.send_signal(number)

    def pause(self) -> None:
        """Has it and its children stand still: connections stay open, and nothing is answered."""
        self.send(signal.SIGSTOP)
        self._signal_children(signal.SIGSTOP)
        self.is_paused = True

    def resume(self) -> None:
        self._signal_children(signal.SIGCONT)
        self.send(signal.SIGCONT)
        self.is_paused = False

    async def wait(self, timeout_s: float) -> int | None:
        """Its exit code, once it has ended; `None` if it has not in this time."""
        deadline = time.monotonic() + timeout_s
        while self.runs and time.monotonic() < deadline:
            await asyncio.sleep(POLL_S)
        return self.process.poll() if self.process else 0

    async def end(self, number: signal.Signals, timeout_s: float = 10) -> int | None:
        """Ends it by this signal, or at last by force; `None` if it took force."""
        if self.is_paused:
            self.resume()
        self.send(number)
        code = await self.wait(timeout_s)
        if self.runs:
            self.process.kill()
            await self.wait(10)
        return code

    def _signal_children(self, number: signal.Signals) -> None:
        for pid in self._children():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def _children(self) -> list[int]:
        if not self.runs:
            return []
        pid = self.process.pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def words(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_words(self, lines: int = 5) -> str:
        return " | ".join(self.words().splitlines()[-lines:]) or "(it has said nothing)"

    def peak_mib(self) -> int:
        """The most memory it has had since it was started last."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text() if self.runs else ""
        except OSError:
            return 0
        peaks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
        return peaks[0] // 1024 if peaks else 0


async def until(holds, timeout_s: float, what: str, poll_s: float = POLL_S) -> None:
    """Waits until a condition (a function, or a coroutine function) holds."""
    deadline = time.monotonic() + timeout_s
    while True:
        held = holds()
        if asyncio.iscoroutine(held):
            held = await held
        if held:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout_s:.0f} s {what}")
        await asyncio.sleep(poll_s)

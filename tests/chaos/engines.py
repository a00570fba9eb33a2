"""PostgreSQL and Redis: real servers on free ports, in folders that go with the run."""

import asyncio
import glob
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from bounds import START_S
from harness.playhouse import free_port
from process import Process, until

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The machine does not lose its power here, so nothing is flushed; but what is committed must outlast a crash
    # of the server, so commits are written.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "logging_collector": "off",
}
# PostgreSQL refuses to run as root; its packages bring this user.
UNPRIVILEGED = "postgres"
USER = "playhouse"


def postgres_folder() -> str | None:
    """Where PostgreSQL's programs are, the newest ones."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    found = shutil.which("postgres")
    return folders[-1] if folders else os.path.dirname(found) if found else None


def redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def missing() -> list[str]:
    """Which of the servers are not installed."""
    return [
        name for name, found in {"PostgreSQL": postgres_folder(), "redis-server": redis_program()}.items() if not found
    ]


class Postgres:
    """A PostgreSQL server with one empty database."""

    name = "postgres"

    def __init__(self, home: Path):
        self.programs = Path(postgres_folder())
        self.home, self.data, self.port = home, home / "data", free_port()
        self.process = Process(self.name, home / "postgres.log", death=signal.SIGQUIT)
        self.user = UNPRIVILEGED if os.geteuid() == 0 else None
        self.url = f"postgres://{USER}:not-asked-for@127.0.0.1:{self.port}/{USER}"

    async def create(self) -> None:
        self.home.chmod(0o755)
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, self.user, self.user)
        initdb = [
            self.programs / "initdb",
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            USER,
        ]
        options = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        made = await asyncio.to_thread(
            subprocess.run, [*initdb, "-D", self.data], cwd="/", capture_output=True, text=True, timeout=60, **options
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        await self.start()
        await self.run(f"CREATE DATABASE {USER}", database="postgres")

    async def start(self) -> None:
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        arguments = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings]
        # Children of one that crashed hold its memory until they have ended, so that one try may not do.
        for _ in range(10):
            self.process.spawn(arguments, self.home, user=self.user)
            await until(self._is_decided, START_S, "PostgreSQL has not started", 0.1)
            if self.process.runs:
                return
            await asyncio.sleep(0.3)
        raise RuntimeError(f"PostgreSQL does not start: {self.process.last_words()}")

    async def _is_decided(self) -> bool:
        """Whether it answers, or has given up."""
        return not self.process.runs or await self._answers()

    async def _answers(self) -> bool:
        asked = await asyncio.create_subprocess_exec(
            self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"
        )
        return await asked.wait() == 0

    async def stop(self) -> None:
        """In good order, without waiting for its clients."""
        await self.process.end(signal.SIGINT, START_S)

    async def crash(self) -> None:
        """Without writing anything more: what was committed is recovered at the next start."""
        await self.process.end(signal.SIGQUIT, START_S)

    async def run(self, statement: str, database: str = USER) -> str:
        """What `psql` prints for a statement, without any decoration."""
        arguments = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        url = f"postgres://{USER}@127.0.0.1:{self.port}/{database}"
        asked = await asyncio.create_subprocess_exec(
            self.programs / "psql", *arguments, "--dbname", url, "--command", statement,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, errors = await asyncio.wait_for(asked.communicate(), 60)
        if asked.returncode:
            raise RuntimeError(f"{statement}\nfailed: {errors.decode()}")
        return told.decode().strip()

    async def rows(self, select: str) -> list[dict]:
        """The rows of a SELECT."""
        return json.loads(await self.run(f"SELECT coalesce(json_agg(row_to_json(told)), '[]') FROM ({select}) told"))


class Redis:
    """A Redis server that keeps nothing on disk."""

    name = "redis"

    def __init__(self, home: Path):
        self.home, self.port = home, free_port()
        self.process = Process(self.name, home / "redis.log")
        self.url = f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        settings = {"--bind": "127.0.0.1", "--port": self.port, "--save": "", "--appendonly": "no", "--dir": self.home}
        arguments = [redis_program(), *(str(part) for setting in settings.items() for part in setting)]
        self.process.spawn(arguments, self.home)
        await until(self._answers, START_S, f"Redis has not started: {self.process.last_words()}")

    async def _answers(self) -> bool:
        if not self.process.runs:
            raise RuntimeError(f"Redis does not start: {self.process.last_words()}")
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"PING\r\n")
            answer = await asyncio.wait_for(reader.read(5), 1)
            writer.close()
            return answer == b"+PONG"
        except (OSError, TimeoutError):
            return False

    async def stop(self) -> None:
        await self.process.end(signal.SIGTERM)

    async def crash(self) -> None:
        await self.process.end(signal.SIGKILL)

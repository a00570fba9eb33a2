"""`playhouse mock` as a process, and its control API."""

import json
import subprocess
import time
from pathlib import Path

import httpx
import openai

from harness import playhouse


class Mock(playhouse.Playhouse):
    """`playhouse mock`, running; each check that shares one takes a namespace of its own."""

    def __init__(self, home: Path, *arguments: str, script: str | dict | None = None, env: dict[str, str] | None = None):
        super().__init__(home, "mock", env)
        self.arguments = list(arguments)
        self.logs_json = "text" not in arguments
        if script is not None:
            self.script_file = home / ("script.yaml" if isinstance(script, str) else "script.json")
            self.write(script)
            self.arguments.append(str(self.script_file))

    def write(self, script: str | dict) -> None:
        """Puts another script where the first one was."""
        self.script_file.write_text(script if isinstance(script, str) else json.dumps(script))

    def start(self) -> "Mock":
        arguments = [self.command, "--listen", f"127.0.0.1:{self.port}", *self.arguments]
        with open(self._stdout, "ab") as out, open(self._stderr, "ab") as err:
            begun = time.monotonic()
            self.process = playhouse.spawn(
                arguments, cwd=self.home, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self.wait_until_healthy(begun)
        return self

    def client(self, namespace: str = "default", **options) -> openai.OpenAI:
        """An OpenAI client whose key names a namespace."""
        settings = {"max_retries": 0, "timeout": 10, **options}
        return openai.OpenAI(base_url=self.openai_url, api_key=f"sk-test-{namespace}", **settings)

    def logged(self, count: int = 1, timeout: float = 3) -> list[dict]:
        """The lines of the first calls; each comes when its answer has gone."""
        deadline = time.monotonic() + timeout
        while len(lines := [line for line in self.log() if line["message"] == "Answered"]) < count:
            assert time.monotonic() < deadline, self.last_words()
            time.sleep(0.02)
        return lines

    def control(self, method: str, path: str, **options) -> httpx.Response:
        return self.http.request(method, f"/__playhouse{path}", **options)

    def put_script(self, namespace: str, script: dict) -> None:
        answer = self.control("PUT", f"/namespaces/{namespace}/script", json=script)
        assert answer.status_code == 200, answer.text

    def calls(self, namespace: str = "default") -> list[dict]:
        answer = self.control("GET", f"/namespaces/{namespace}/calls")
        assert answer.status_code == 200, answer.text
        return answer.json()["calls"]

    def verify(self, namespace: str, **expectations) -> dict:
        answer = self.control("POST", f"/namespaces/{namespace}/verify", json=expectations)
        assert answer.status_code == 200, answer.text
        return answer.json()

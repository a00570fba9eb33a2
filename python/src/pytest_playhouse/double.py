"""What a test sees of the double: it says what is answered, and reads what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .control import Control

CONTENT_TYPES = {".yaml": "application/yaml", ".yml": "application/yaml", ".toml": "application/toml"}


@dataclass(frozen=True)
class Call:
    """One request that the double got, and what became of it."""

    entry: dict

    @property
    def model(self) -> str | None:
        """The model asked for."""
        return self.entry.get("model")

    @property
    def request(self) -> Any:
        """The body as it came, decoded from JSON."""
        return self.entry.get("request")

    @property
    def messages(self) -> list[dict]:
        """The conversation as it came."""
        request = self.request
        return request.get("messages", []) if isinstance(request, dict) else []

    @property
    def user(self) -> str:
        """The text of the last user message."""
        said = [message for message in self.messages if message.get("role") == "user"]
        return _text_of(said[-1].get("content")) if said else ""

    @property
    def headers(self) -> dict:
        """The headers, credentials hidden."""
        return self.entry.get("headers", {})

    @property
    def status(self) -> int | None:
        """The status that was answered; none while the answer is not begun."""
        return self.entry.get("status")

    def __repr__(self) -> str:
        return f"<Call {self.model} {self.user!r} -> {self.status}>"


class Llm:
    """The double of one test."""

    def __init__(self, url: str, control: Control, namespace: str):
        self.namespace = namespace
        self.url = url
        self.base_url = f"{url}/v1"
        self.anthropic_base_url = url
        self.api_key = f"sk-test-{namespace}"
        self.strict = True
        self._control = control
        self._is_scripted = False

    def reply(self, text: str | None = None, *, when: str | dict | None = None, times: int | None = 1, **reply: Any):
        """Answers one request with this: a text, or whatever a script's `reply` may hold.

        `when` says which: a text that the user's last message contains, or a script's `when`.
        `times=None` answers as many as come. Replies are given in the order they are said.
        """
        if text is not None:
            reply["text"] = text
        return self.rule(reply=reply, when=when, times=times)

    def fail(self, fault: int | str | dict, *, when: str | dict | None = None, times: int | None = 1):
        """Meets one request with a fault: a status, a kind, or whatever a script's `fault` may hold."""
        return self.rule(fault=fault, when=when, times=times)

    def rule(self, *, when: str | dict | None = None, **rule: Any):
        """Adds a rule of a script as it is."""
        if when is not None:
            rule["when"] = {"user": when} if isinstance(when, str) else when
        self._control.add_rules(self.namespace, [{key: value for key, value in rule.items() if value is not None}])
        self._is_scripted = True
        return self

    def script(self, script: dict | str | Path):
        """Follows this script in place of what was said before: a dict, YAML text, or a file."""
        if isinstance(script, Path):
            content_type = CONTENT_TYPES.get(script.suffix, "application/json")
            text, folder = script.read_text(encoding="utf-8"), str(script.parent.resolve())
            self._control.put_script(self.namespace, text, content_type, folder)
        elif isinstance(script, str):
            self._control.put_script(self.namespace, script, "application/yaml")
        else:
            self._control.put_script(self.namespace, script)
        self._is_scripted = True
        return self

    @property
    def calls(self) -> list[Call]:
        """Every request so far, oldest first."""
        return [Call(entry) for entry in self._control.calls(self.namespace)]

    def verify(self, **expectations: Any) -> None:
        """Fails with a report unless the calls are as expected (`calls`, `in_order`, `total`, …)."""
        outcome = self._control.verify(self.namespace, expectations)
        if not outcome["ok"]:
            raise AssertionError(outcome["text"])

    def verify_end(self) -> None:
        """What holds at the end of every test: no request was a miss, and every reply was fetched."""
        if self.strict and self._is_scripted:
            self.verify(script_consumed=True, no_misses=True)

    def exchange(self) -> str:
        """The calls, a line each."""
        return "\n".join(call.entry["line"] for call in self.calls)

    def close(self) -> None:
        """Forgets what was said and asked."""
        self._control.delete(self.namespace)


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""

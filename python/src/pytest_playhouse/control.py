"""The double's control API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

TIMEOUT_S = 70


class ControlError(Exception):
    """The double refused what it was told, with this status."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Control:
    """Speaks to `/__playhouse/` of a running double."""

    def __init__(self, url: str):
        self._url = f"{url}/__playhouse"
        # Proxies of the environment are for the outside.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def put_script(
        self, namespace: str, script: dict | str, content_type: str = "application/json", folder: str | None = None
    ) -> dict:
        """Replaces the script of a namespace; `folder` is where its relative fixtures are."""
        within = f"?folder={_quoted(folder)}" if folder else ""
        return self._ask("PUT", f"/namespaces/{_quoted(namespace)}/script{within}", script, content_type)

    def add_rules(self, namespace: str, rules: list[dict]) -> dict:
        """Adds rules behind those that are there; what was counted stays."""
        return self._ask("POST", f"/namespaces/{_quoted(namespace)}/rules", rules)

    def calls(self, namespace: str) -> list[dict]:
        """The calls of a namespace, oldest first."""
        calls: list[dict] = []
        since = 0
        while True:
            page = self._ask("GET", f"/namespaces/{_quoted(namespace)}/calls?since={since}")
            if not page["calls"]:
                return calls
            calls += page["calls"]
            since = page["next"]

    def verify(self, namespace: str, expectations: dict) -> dict:
        """Holds a namespace's calls against expectations; `text` says what differs."""
        return self._ask("POST", f"/namespaces/{_quoted(namespace)}/verify", expectations)

    def delete(self, namespace: str) -> None:
        """Forgets a namespace, if there is one: a test that asked nothing has made none."""
        try:
            self._ask("DELETE", f"/namespaces/{_quoted(namespace)}")
        except ControlError as refusal:
            if refusal.status != 404:
                raise

    def _ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"content-type": content_type} if data is not None else {}
        request = urllib.request.Request(self._url + path, data=data, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            raise ControlError(refusal.code, _detail(refusal)) from None
        return json.loads(text) if text else None


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _detail(refusal: urllib.error.HTTPError) -> str:
    text = refusal.read().decode(errors="replace")
    try:
        problem = json.loads(text)
    except ValueError:
        return f"{refusal.code}: {text}"
    told = [str(problem.get("detail") or problem.get("title") or text)]
    told += [item["text"] for item in problem.get("problems", []) if "text" in item]
    return "\n".join(told)

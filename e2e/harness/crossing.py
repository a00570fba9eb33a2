"""`playhouse serve` between clients and the double: each client reaches it over a protocol that it does not speak."""

from pathlib import Path

from harness import gateway, mock, playhouse
from harness.words import ANSWER

# Models of the double, by the protocol that it is asked in: the server finds the provider by the name.
CHAT_MODEL = "gpt-4o-mini"
MESSAGES_MODEL = "claude-haiku-4-5"
EMBEDDING_MODEL = "text-embedding-3-small"

HAMLET = {"title": f"Hamlet {ANSWER}", "year": 1601}
TEXT = f"The quick brown fox jumps over the lazy dog. {ANSWER}"
# What the model says of the tool's result.
ADVICE = f"Take an umbrella. {ANSWER}"
WEATHER = [
    {"when": {"tool_result": {"name": "get_weather", "content": "rain in Oslo"}}, "reply": ADVICE},
    {"when": {"tools": ["get_weather"]}, "reply": {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]}},
]


class Crossing:
    """The server, and a namespace of the double that both of its providers ask."""

    def __init__(self, home: Path, double: mock.Mock, namespace: str):
        self.double, self.namespace = double, namespace
        upstream = f"{double.url}/ns/{namespace}"
        providers = {
            "OPENAI_BASE_URL": f"{upstream}/v1",
            "OPENAI_API_KEY": "sk-test-openai",
            "ANTHROPIC_BASE_URL": upstream,
            "ANTHROPIC_API_KEY": "sk-test-anthropic",
        }
        self.server = playhouse.Playhouse(home, "serve", providers | gateway.ONCE).start()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def openai_url(self) -> str:
        return self.server.openai_url

    def script(self, *rules: dict, **script) -> None:
        """Forgets what it was asked, and follows a script from now on."""
        answer = self.double.control("POST", f"/namespaces/{self.namespace}/reset", json={})
        assert answer.is_success, answer.text
        self.double.put_script(self.namespace, {"rules": list(rules), **script})

    def asked(self) -> list[str]:
        """The protocols in which the double was asked since its script was put, in order."""
        return [call["protocol"] for call in self.double.calls(self.namespace)]

    def close(self) -> None:
        self.server.close()
        self.double.control("DELETE", f"/namespaces/{self.namespace}")

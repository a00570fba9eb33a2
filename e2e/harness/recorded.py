"""Recorded vendor traffic, beside the repository; never edited."""

import json
from pathlib import Path

import pytest

from harness.report import is_ci

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded"
CHAT = RECORDED / "chat"
FOLDERS = [
    "deepseek",
    "deepseek-stream",
    "groq",
    "groq-stream",
    "llamacpp",
    "llamacpp-stream",
    "mistral",
    "mistral-stream",
    "openai",
    "openai-stream",
    "openrouter",
    "openrouter-stream",
]


class Recording:
    """One exchange with a vendor."""

    def __init__(self, path: Path):
        exchange = json.loads(path.read_text())
        self.name = f"{path.parent.name}/{path.name}"
        self.request = exchange["request"]["body"].encode()
        self.status = exchange["response"]["status"]
        self.headers = exchange["response"]["headers"]
        self.body = exchange["response"]["body"].encode()

    @property
    def is_streamed(self) -> bool:
        return json.loads(self.request).get("stream") is True

    @property
    def asks_for_usage(self) -> bool:
        return (json.loads(self.request).get("stream_options") or {}).get("include_usage") is True


def recordings(folder: str) -> list[Recording]:
    """The recordings of a folder of chats. Without the folder the check is skipped, and fails in CI."""
    return _recordings(CHAT / folder)


def messages(folder: str) -> list[Recording]:
    """The recordings of a folder of Anthropic's Messages."""
    return _recordings(RECORDED / "messages" / folder)


def responses(folder: str) -> list[Recording]:
    """The recordings of a folder of OpenAI's Responses."""
    return _recordings(RECORDED / "responses" / folder)


def _recordings(folder: Path) -> list[Recording]:
    if not RECORDED.is_dir():
        told = f"the recordings are not at {RECORDED}"
        if is_ci():
            pytest.fail(told)
        pytest.skip(told)
    found = [Recording(path) for path in sorted(folder.glob("*.json"))]
    assert found, f"there are no recordings in {folder}"
    return found

"""pytest fixtures for the Playhouse double: `llm` for a test, `llm_server` for the session."""

from .double import Call, Llm
from .server import LlmServer

__all__ = ["Call", "Llm", "LlmServer"]

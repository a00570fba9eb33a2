"""`playhouse serve` in front of the scripted vendor."""

from harness.upstream import Upstream
from harness.words import UPSTREAM_KEY


# It asks once, and a vendor that fails on purpose is asked every time.
ONCE = {"PLAYHOUSE_UPSTREAM__RETRIES": "0", "PLAYHOUSE_BREAKER__ENABLED": "false"}


def gateway_env(vendor: Upstream, **more: str) -> dict[str, str]:
    """Its environment; other variables by keyword. It asks once, unless told otherwise."""
    return {"OPENAI_BASE_URL": vendor.url, "OPENAI_API_KEY": UPSTREAM_KEY} | ONCE | more


def messages_env(vendor: Upstream, **more: str) -> dict[str, str]:
    """Its environment where the vendor speaks Anthropic's Messages."""
    return {"ANTHROPIC_BASE_URL": vendor.url, "ANTHROPIC_API_KEY": UPSTREAM_KEY} | ONCE | more

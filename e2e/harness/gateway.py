"""`playhouse serve` in front of the scripted vendor."""

from harness.upstream import Upstream
from harness.words import UPSTREAM_KEY


def gateway_env(vendor: Upstream, **more: str) -> dict[str, str]:
    """Its environment; other variables by keyword. It asks once, unless told otherwise."""
    env = {
        "OPENAI_BASE_URL": vendor.url,
        "OPENAI_API_KEY": UPSTREAM_KEY,
        "PLAYHOUSE_UPSTREAM__RETRIES": "0",
        # A vendor that fails on purpose is asked every time.
        "PLAYHOUSE_BREAKER__ENABLED": "false",
    }
    return env | more

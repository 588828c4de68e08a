"""Which checks go out through our own network: while the canary fails, these cannot know."""

from collections.abc import Mapping
from typing import Any

# They look at this machine, or wait to be told.
LOCAL_KINDS = frozenset(
    {"portal", "env_contract", "heartbeat", "token_report", "drill", "backup_age", "restore_drill", "query_benchmark"}
)


def goes_out(kind: str, spec: Mapping[str, Any], *, is_own: bool) -> bool:
    """Whether a bad result may be our own network's fault.

    >>> goes_out("http", {"url": "https://shop.example/"}, is_own=False)
    True
    >>> goes_out("http", {"url": "portal:/health/live"}, is_own=False)
    False
    """
    return not is_own and kind not in LOCAL_KINDS and not str(spec.get("url", "")).startswith("portal:")

"""What a check or another tool says: trouble began, goes on, or ended."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Signal:
    """News under a dedup key; `at` is when it was seen. Delivered twice, it counts once."""

    dedup_key: str
    source: str
    title: str
    detail: str
    domain_id: int
    severity: str
    is_firing: bool
    at: datetime
    # The stable token of what is wrong, such as missing_env, if whoever speaks has one: runbooks answer it.
    reason: str = ""

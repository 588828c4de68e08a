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
    # Whether it may join the room that alerts of its domain opened a moment ago.
    joins_domain: bool = False
    # Passing again does not end it: a person does.
    ends_by_hand: bool = False
    # How often it is said again while it fires; 0 is never.
    remind_hours: int = 0
    # It speaks of a drill: its room is one of practice, and it is in no figure.
    is_drill: bool = False

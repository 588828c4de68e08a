"""What programs send and read of acts on many checks: the shapes of the API, which only grow."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from checks.catalogue.api_schemas import MuteBody, PauseBody, ShownWord
from checks.catalogue.bulk.models import BulkAct


class Where(Schema):
    """All that have this in common, as the list of checks is narrowed; at least one condition."""

    model_config = ConfigDict(extra="forbid")

    state: ShownWord | Literal[""] = ""
    kind: str = Field("", max_length=32)
    domain: str = Field("", max_length=40, description="Slug of a domain")
    owner: str = Field("", max_length=64, description="Handle of the primary or backup of its domain")


class ManyBody(Schema):
    """Which checks: by `keys`, or by `where`, and never both."""

    model_config = ConfigDict(extra="forbid")

    keys: list[str] = Field([], description="As many as a list may be long")
    where: Where | None = None


class PauseManyBody(ManyBody, PauseBody):
    """Which, until when and why; without an end, somebody has to resume them."""


class MuteManyBody(ManyBody, MuteBody):
    """Which, until when their alerts wake nobody, and why."""


class MoveManyBody(ManyBody):
    """Which, and to which domain."""

    domain: str = Field(max_length=40, description="Slug of a domain")


class DailyManyBody(ManyBody):
    """Which, and whether the daily report counts them."""

    is_daily: bool


class LeftAloneOut(Schema):
    """A check it could not be done to any more when its turn came, and why: `sentence` follows its name."""

    key: str
    sentence: str


class ManyOut(Schema):
    """An act on many checks: how many are `done` of `total`, which were `left_alone`; over when `ended_at` is set."""

    number: int
    act: str
    total: int
    done: int
    left: int
    left_alone: list[LeftAloneOut]
    by: str
    created_at: datetime
    ended_at: datetime | None


def many_out(begun: BulkAct) -> dict[str, Any]:
    """An act as programs read it; reads who asked."""
    return {
        "number": begun.pk,
        "act": "unmute" if begun.act == "hear" else begun.act,
        **{name: getattr(begun, name) for name in ("total", "done", "created_at", "ended_at")},
        "left": len(begun.ids),
        "left_alone": [{"key": key, "sentence": sentence} for key, sentence in begun.refused],
        "by": begun.created_by.username,
    }

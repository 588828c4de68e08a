"""What programs send and read of checks: the shapes of the API, which only grow."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from checks.catalogue import definitions
from checks.catalogue.models import Check
from checks.catalogue.states import State
from checks.rollups import histogram
from checks.rollups.models import Bucket, DayBucket, HourBucket, MinuteBucket, WeekBucket
from checks.rollups.queries import Window
from incidents.alerts.mutes import Mute
from opsportal.api.pages import PageQuery
from opsportal.moments import Moment

SeverityWord = Literal["SEV-1", "SEV-2", "SEV-3"]
RuleWord = Literal["consecutive", "k_of_n", "rate"]
StateWord = Literal["healthy", "unhealthy", "flapping", "insufficient_data", "blocked", "paused"]
# What a list can be narrowed to: a state, or what was put away.
ShownWord = Literal["healthy", "unhealthy", "flapping", "insufficient_data", "blocked", "paused", "archived"]
Value = str | int | float | bool | dict[str, str] | None
GRAINS: dict[str, type[Bucket]] = {"minute": MinuteBucket, "hour": HourBucket, "day": DayBucket, "week": WeekBucket}


# --- what is sent -----------------------------------------------------------------------------------------------------


class Facts(Schema):
    """A definition; its fields are those of a file of checks. `spec` is as the kind wants it and is replaced whole."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, max_length=80)
    domain: str | None = Field(None, max_length=40, description="Slug of a domain")
    component: str | None = Field(None, max_length=80, description="Name of one on the status page; empty for none")
    severity: SeverityWord | None = None
    every_seconds: int | None = None
    fail_after: int | None = None
    ok_after: int | None = None
    is_daily: bool | None = None
    rule: RuleWord | None = None
    of_runs: int | None = None
    fail_share: int | None = None
    share_minutes: int | None = None
    ok_share: int | None = None
    hold_seconds: int | None = None
    flap_turns: int | None = None
    flap_minutes: int | None = None
    is_canary: bool | None = None
    has_own_incident: bool | None = None
    ends_by_hand: bool | None = None
    remind_hours: int | None = None
    parent: str | None = Field(None, max_length=64, description="Key of its parent check; empty for none")
    spec: dict[str, Value] | None = Field(None, description="What the probe needs; secrets by the names of variables")


class DefineBody(Facts):
    """A new check. What is left out has its usual value."""

    key: str = Field("", max_length=64, description="Its address; without one it comes from the name")
    kind: str = Field(max_length=32)
    name: str = Field(max_length=80)
    domain: str = Field(max_length=40, description="Slug of a domain")


class ChangeBody(Facts):
    """What is left out stays as it is."""

    seen: str = Field("", max_length=16, description="`mark` as it was read; another one is answered with 409")


class PauseBody(Schema):
    """Until when and why; without an end, somebody has to resume it."""

    model_config = ConfigDict(extra="forbid")

    until: Moment | None = None
    reason: str = Field("", max_length=300)


class MuteBody(Schema):
    """Until when its alerts wake nobody, and why."""

    model_config = ConfigDict(extra="forbid")

    until: Moment
    reason: str = Field(max_length=300)


class CheckQuery(PageQuery):
    """What the list is narrowed to."""

    state: ShownWord | Literal[""] = ""
    kind: str = Field("", max_length=32)
    domain: str = Field("", max_length=40)


class ResultQuery(PageQuery):
    """Which totals: their width, and from when until when they begin."""

    grain: Literal["minute", "hour", "day", "week"] = "hour"
    since: Moment | None = None
    until: Moment | None = None


# --- what is read -----------------------------------------------------------------------------------------------------


class CheckOut(Schema):
    """A check: its definition, and how it stands. `mark` goes into `seen` when it is changed."""

    key: str
    name: str
    kind: str
    domain: str
    component: str
    severity: SeverityWord
    every_seconds: int
    fail_after: int
    ok_after: int
    is_daily: bool
    rule: RuleWord
    of_runs: int
    fail_share: int
    share_minutes: int
    ok_share: int
    hold_seconds: int
    flap_turns: int
    flap_minutes: int
    is_canary: bool
    has_own_incident: bool
    ends_by_hand: bool
    remind_hours: int
    parent: str
    spec: dict[str, Value]
    mark: str
    is_own: bool
    state: StateWord
    state_since: datetime
    last_run_at: datetime | None
    last_ok: bool | None
    last_error: str
    last_latency_ms: float | None
    last_value: float | None
    next_run_at: datetime | None
    paused_until: datetime | None
    pause_reason: str
    muted_until: datetime | None
    created_at: datetime
    archived_at: datetime | None


class FlipOut(Schema):
    """A change of state. `reason` is an error class or a word of ours."""

    at: datetime
    old: StateWord
    new: StateWord
    reason: str
    failures: int


class ResultOut(Schema):
    """What happened in one minute, hour, day or ISO week. Availability stands beside coverage.

    Per cents and milliseconds; null where nothing was measured.
    """

    bucket: datetime
    ok: int
    err: int
    unknown: int
    expected: int
    planned: int
    c429: int
    c5xx: int
    errors: dict[str, int]
    availability: float | None
    coverage: float | None
    mean_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


def check_out(check: Check, muted: Mute | None, at: datetime) -> dict[str, Any]:
    """A check as programs read it; reads domain, component and parent."""
    state = check.shown_state(at)
    return {
        **definitions.entry_of(check),
        **{name: getattr(check, name) for name in _AS_IT_STANDS},
        "mark": check.fingerprint,
        "state": state,
        "next_run_at": None if state is State.PAUSED else check.next_due,
        "muted_until": muted.until if muted else None,
    }


_AS_IT_STANDS = (
    *("key", "is_own", "state_since", "last_run_at", "last_ok", "last_error", "last_latency_ms", "last_value"),
    *("paused_until", "pause_reason", "created_at", "archived_at"),
)


def result_out(row: Bucket) -> dict[str, Any]:
    """A bucket as programs read it, with what can be read from it."""
    hist = bytes(row.hist)
    window = Window(row.bucket, row.ok, row.err, row.unknown, row.expected, row.maint, row.errors, row.lat_sum, hist)
    return {
        **{
            name: getattr(row, name)
            for name in ("bucket", "ok", "err", "unknown", "expected", "c429", "c5xx", "errors")
        },
        **{name: getattr(window, name) for name in ("availability", "coverage", "mean_ms", "p50_ms", "p95_ms")},
        "planned": row.maint,
        "min_ms": row.lat_min,
        "max_ms": row.lat_max,
        "p99_ms": histogram.quantile(hist, 0.99),
    }

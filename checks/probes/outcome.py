"""What a probe may say: numbers and one word from a fixed set. Everything else it saw is dropped."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """Why a probe failed; the only words about a failure that are ever stored."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS_4XX = "status_4xx"
    STATUS_429 = "status_429"
    STATUS_5XX = "status_5xx"
    ASSERTION = "assertion"
    TOO_LARGE = "too_large"
    OUT_OF_BOUNDS = "out_of_bounds"
    NO_NUMBER = "no_number"
    MANY_SERIES = "many_series"
    EXPIRES_SOON = "expires_soon"
    DRIFT = "drift"
    NO_LIMIT = "no_limit"
    FORBIDDEN = "forbidden"
    CONFIG = "config"
    DENIED = "denied"
    MISSING = "missing"
    PENDING = "pending"
    SHAPE = "shape"
    LATE = "late"
    OVERRUN = "overrun"
    REPORTED = "reported"
    BROKEN = "broken"

    @property
    def words(self) -> str:
        """For people: "fails: timeout" reads aloud."""
        return _WORDS[self]


_WORDS = {
    ErrorClass.DNS: "name not found",
    ErrorClass.CONNECT: "no connection",
    ErrorClass.TLS: "certificate or TLS refused",
    ErrorClass.TIMEOUT: "timeout",
    ErrorClass.STATUS_4XX: "answered with a 4xx status",
    ErrorClass.STATUS_429: "answered 429, too many requests",
    ErrorClass.STATUS_5XX: "answered with a 5xx status",
    ErrorClass.ASSERTION: "answer not as expected",
    ErrorClass.TOO_LARGE: "answer longer than 64 KiB",
    ErrorClass.OUT_OF_BOUNDS: "number out of bounds",
    ErrorClass.NO_NUMBER: "no number in the answer",
    ErrorClass.MANY_SERIES: "more than one series in the answer",
    ErrorClass.EXPIRES_SOON: "certificate ends soon",
    ErrorClass.DRIFT: "not the last known good version",
    ErrorClass.NO_LIMIT: "no limit where one belongs",
    ErrorClass.FORBIDDEN: "address not allowed",
    ErrorClass.CONFIG: "not configured",
    ErrorClass.DENIED: "sign-in or a right refused",
    ErrorClass.MISSING: "something required is missing",
    ErrorClass.PENDING: "migrations are pending",
    ErrorClass.SHAPE: "not one row of numbers",
    ErrorClass.LATE: "nothing new in time",
    ErrorClass.OVERRUN: "runs longer than allowed",
    ErrorClass.REPORTED: "its job reported a failure",
    ErrorClass.BROKEN: "an answer that the check could not read",
}


def words_for(error: str) -> str:
    """The words for a stored class; an empty class has none."""
    return ErrorClass(error).words if error else ""


@dataclass(frozen=True)
class Outcome:
    """One run: fine or not, why not, how long it took, and the number it measured if it measures one.

    `notes` are sentences for the person who tries a check: made of the check's own words, never stored.
    """

    ok: bool
    error: ErrorClass | None = None
    latency_ms: float | None = None
    value: float | None = None
    notes: tuple[str, ...] = ()
    # False when the target itself says that it knows too little: neither good nor bad, and no longer green.
    has_data: bool = True


def without_data() -> Outcome:
    return Outcome(ok=False, has_data=False)


def passed(*, latency_ms: float | None = None, value: float | None = None, notes: tuple[str, ...] = ()) -> Outcome:
    return Outcome(ok=True, latency_ms=latency_ms, value=value, notes=notes)


def failed(
    error: ErrorClass, *, latency_ms: float | None = None, value: float | None = None, notes: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(ok=False, error=error, latency_ms=latency_ms, value=value, notes=notes)


# Nobody answered: the target may be down, or the way there. Any other failure shows that there is a way.
NO_ANSWER = frozenset({ErrorClass.DNS, ErrorClass.CONNECT, ErrorClass.TLS, ErrorClass.TIMEOUT})
# Failures that end without an answer have no latency; the others have one (checks.rollups counts with this).
UNANSWERED = frozenset(
    {
        ErrorClass.DNS,
        ErrorClass.CONNECT,
        ErrorClass.TLS,
        ErrorClass.TIMEOUT,
        ErrorClass.FORBIDDEN,
        ErrorClass.CONFIG,
        ErrorClass.DENIED,
        ErrorClass.MISSING,
        ErrorClass.PENDING,
        ErrorClass.SHAPE,
        ErrorClass.LATE,
        ErrorClass.OVERRUN,
        ErrorClass.REPORTED,
        ErrorClass.BROKEN,
    }
)

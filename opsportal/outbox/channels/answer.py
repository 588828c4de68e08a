"""What came of a try: taken, or one token of a fixed set. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

# Token -> words for a person.
WORDS = {
    "timeout": "no answer within 10 seconds",
    "connect": "no connection",
    "dns": "the name was not found",
    "tls": "the certificate was not accepted",
    "forbidden": "the address lies inside and is not in PROBE_ALLOWED_INTERNAL",
    "redirect": "it sent us elsewhere, and redirects are never followed",
    "gone": "it answered 410: gone for good",
    "rate_limited": "it asked for a pause",
    "unauthorized": "it did not let us in: the token or the address is not the right one",
    "not_found": "nothing is there, or the token may not see it",
    "status_3xx": "an odd answer",
    "status_4xx": "it did not want the message",
    "status_5xx": "an error on its side",
    "too_long": "its answer was too long",
    "recipient": "the mail server does not know the recipient",
    "deferred": "the mail server put the recipient off",
    "refused": "the mail server refused the message",
    "not_configured": "the destination is not set",
    "switched_off": "the destination was switched off",
    "unsubscribed": "the reader does not want it any more",
    "answered": "it was not needed any more when it would have left",
    "sealed": "INTEGRATION_ENCRYPTION_KEY does not open the destination",
    "unknown_channel": "no such channel",
    "lost": "the worker was lost before it could say",
    "expired": "its time was over before the way out worked again",
}
# Another try would change nothing.
_FINAL = frozenset({"gone", "recipient", "unknown_channel", "unsubscribed", "answered"})
_TOKENS = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 410: "gone"}
_LONGEST_PAUSE = 3600.0


@dataclass(frozen=True)
class Answer:
    """Empty error: the other side took it. `wait` is what it asked for, `receipt` what it calls what it took."""

    error: str = ""
    wait: timedelta | None = None
    receipt: str = ""

    @property
    def is_final(self) -> bool:
        return self.error in _FINAL


TAKEN = Answer()


def of_status(status: int, headers: Mapping[str, str] | None = None, *, now: float = 0.0) -> Answer:
    """The answer behind an HTTP status. GitHub says "later" by 403 as well as by 429.

    >>> of_status(204).error, of_status(302).error, of_status(410).error, of_status(503).error
    ('', 'redirect', 'gone', 'status_5xx')
    >>> of_status(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1060"}, now=1000.0).wait
    datetime.timedelta(seconds=60)
    """
    if 200 <= status < 300:
        return TAKEN
    if 300 <= status < 400:
        return Answer("redirect")
    wait = _pause_asked(headers or {}, now)
    if status == 429 or (status == 403 and wait is not None):
        return Answer("rate_limited", wait or timedelta(minutes=1))
    return Answer(_TOKENS.get(status, f"status_{min(9, status // 100)}xx"))


def _pause_asked(headers: Mapping[str, str], now: float) -> timedelta | None:
    """How long it wants to be left alone, up to an hour: Retry-After, or until GitHub's budget is filled again."""
    after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if _is_number(after):
        seconds = float(after)
    elif headers.get("X-RateLimit-Remaining") == "0" and _is_number(reset):
        seconds = float(reset) - now
    else:
        return None
    return timedelta(seconds=min(max(seconds, 1.0), _LONGEST_PAUSE))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12

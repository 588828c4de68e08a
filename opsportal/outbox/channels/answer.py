"""What came of a try: taken, or one token of a fixed set. Pure."""

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
    "status_3xx": "an odd answer",
    "status_4xx": "it did not want the message",
    "status_5xx": "an error on its side",
    "too_long": "its answer was too long",
    "recipient": "the mail server does not know the recipient",
    "deferred": "the mail server put the recipient off",
    "refused": "the mail server refused the message",
    "not_configured": "the destination is not set",
    "switched_off": "the destination was switched off",
    "sealed": "INTEGRATION_ENCRYPTION_KEY does not open the destination",
    "unknown_channel": "no such channel",
    "lost": "the worker was lost before it could say",
    "expired": "its time was over before the way out worked again",
}
# Another try would change nothing.
_FINAL = frozenset({"gone", "recipient", "unknown_channel"})


@dataclass(frozen=True)
class Answer:
    """Empty error: the other side took it. `wait` is what it asked for."""

    error: str = ""
    wait: timedelta | None = None

    @property
    def is_final(self) -> bool:
        return self.error in _FINAL


TAKEN = Answer()


def of_status(status: int, wait: str = "") -> Answer:
    """The answer behind an HTTP status.

    >>> of_status(204).error, of_status(302).error, of_status(410).error, of_status(503).error
    ('', 'redirect', 'gone', 'status_5xx')
    """
    if 200 <= status < 300:
        return TAKEN
    if 300 <= status < 400:
        return Answer("redirect")
    if status == 410:
        return Answer("gone")
    if status == 429:
        return Answer(
            "rate_limited",
            timedelta(seconds=int(wait))
            if wait.isascii() and wait.isdigit() and len(wait) < 6
            else timedelta(minutes=1),
        )
    return Answer(f"status_{min(9, status // 100)}xx")

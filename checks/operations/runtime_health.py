"""Is a running portal well, seen from outside: does it live, is it ready, is it quick, do its limits hold?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from checks.operations.asking import Base, Reply

ROUNDS = 20
# The API takes 256 KiB at most whatever is configured, and nobody means a list of so many items in that.
BODY_BYTES = 256 * 1024 + 1
BATCH_ITEMS = 100_000
REFUSAL = "PAYLOAD_TOO_LARGE"
_LIVE, _READY, _TARGET = "/health/live", "/health/ready", "/api/v1/incidents"


@dataclass(frozen=True)
class Part:
    """What one look found: ok, degraded, skipped or fail, and why."""

    name: str
    status: str
    reason: str = ""
    figures: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        words = [("part", self.name), ("status", self.status), ("reason", self.reason), *self.figures]
        return " ".join(["runtime_health", *(f"{name}={value}" for name, value in words if value != "")])


def examine(base: Base, *, most_ms: float, token: str) -> Iterator[Part]:
    """Each part as it is found. Refused when nobody answers."""
    yield _live(base)
    yield _ready(base)
    yield _quick(base, most_ms)
    yield _body_limit(base)
    yield _batch_limit(base, token)


def _live(base: Base) -> Part:
    reply = base.ask(_LIVE)
    is_well = reply.status == 200 and reply.body.get("status") == "ok"
    return Part("live", "ok" if is_well else "fail", "" if is_well else "not_live", (("http", reply.status),))


def _ready(base: Base) -> Part:
    """Degraded serves; what does not serve says so by its status."""
    reply = base.ask(_READY)
    if reply.status != 200:
        return Part("ready", "fail", "not_ready", (("http", reply.status),))
    is_whole = reply.body.get("status") == "ok"
    return Part("ready", "ok" if is_whole else "degraded", figures=(("http", 200), *_parts(reply)))


def _parts(reply: Reply) -> list[tuple[str, object]]:
    """The parts and their tokens; nothing else of the answer."""
    names = ("database", "redis", "scheduler")
    said = [(name, reply.body.get(name)) for name in names]
    return [(name, word) for name, word in said if isinstance(word, str) and word.replace("_", "").isalpha()]


def _quick(base: Base, most_ms: float) -> Part:
    spent = sorted(base.ask(_LIVE).ms for _ in range(ROUNDS))
    p95 = spent[math.ceil(0.95 * ROUNDS) - 1]
    figures = (("samples", ROUNDS), ("p95_ms", round(p95)), ("most_ms", round(most_ms)))
    return Part("p95", "ok", "", figures) if p95 <= most_ms else Part("p95", "fail", "p95_too_slow", figures)


def _body_limit(base: Base) -> Part:
    return _refused("body_limit", base.ask(_TARGET, body=b" " * BODY_BYTES))


def _batch_limit(base: Base, token: str) -> Part:
    """Only who may write is told that a list is too long, so this one needs a token."""
    if not token:
        return Part("batch_limit", "skipped", "no_token")
    return _refused("batch_limit", base.ask(_TARGET, body=b"[" + b"0," * (BATCH_ITEMS - 1) + b"0]", token=token))


def _refused(name: str, reply: Reply) -> Part:
    error = reply.body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    holds = reply.status == 413 and code == REFUSAL
    return Part(name, "ok" if holds else "fail", "" if holds else f"no_{name}", (("http", reply.status),))

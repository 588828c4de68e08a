"""Does an address answer as it should? Status, text, a token in JSON, time and certificate.

The body is read to 64 KiB, judged and dropped.
"""

import re
from dataclasses import dataclass

from checks.probes import asking, json_path
from checks.probes.asking import Reply, Unanswered, judge_status, parse_statuses
from checks.probes.client import Request
from checks.probes.context import Context, Spec
from checks.probes.json_path import Path
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

DEFAULT_EXPECT = "200-299"
METHODS = ("GET", "HEAD")
NOT_COMPARED = "No deploy of its domain that held is recorded yet, so no version was compared."
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Expectation:
    """What a good answer looks like."""

    statuses: frozenset[int]
    keyword: bytes = b""
    keyword_absent: bytes = b""
    json_path: Path = ()
    json_equals: str = ""
    artifact: str = ""
    min_tls_days: float | None = None
    max_latency_ms: float | None = None


async def probe(spec: Spec, context: Context) -> Outcome:
    """Ask once, within `timeout_ms` from the moment it is this request's turn at its host.

    While its domain has no last known good version there is nothing to compare, and all else alone decides.
    """
    try:
        wanted, request, seconds = _expectation(spec, context), _request(spec, context), asking.seconds(spec)
        turn = context.turn(request.address)
    except (KeyError, ValueError, TypeError, AttributeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        try:
            reply = await asking.ask(context.client, request, seconds=seconds, wanted=wanted.statuses)
        except Unanswered as nothing:
            return failed(nothing.error)
    error = judge(reply, wanted)
    if error is None:
        is_open = bool(spec.get("artifact_of")) and not wanted.artifact
        return passed(latency_ms=reply.latency_ms, notes=(NOT_COMPARED,) if is_open and context.is_trial else ())
    return failed(error, latency_ms=reply.latency_ms, notes=why(reply, error, wanted) if context.is_trial else ())


def _expectation(spec: Spec, context: Context) -> Expectation:
    limit, days = spec.get("max_latency_ms"), spec.get("min_tls_days")
    return Expectation(
        statuses=parse_statuses(str(spec.get("expect") or DEFAULT_EXPECT)),
        keyword=str(spec.get("keyword") or "").encode(),
        keyword_absent=str(spec.get("keyword_absent") or "").encode(),
        json_path=json_path.parse_path(str(spec["json_path"])) if spec.get("json_path") else (),
        json_equals=str(spec.get("json_equals") or ""),
        artifact=context.artifacts.get(str(spec.get("artifact_of")), ""),
        min_tls_days=float(days) if days else None,
        max_latency_ms=float(limit) if limit else None,
    )


def _request(spec: Spec, context: Context) -> Request:
    method = str(spec.get("method") or "GET")
    if method not in METHODS:
        raise ValueError("no such method")
    # A kept connection would show the certificate it began with for as long as it is kept.
    is_fresh = spec.get("connection") == "fresh" or bool(spec.get("min_tls_days"))
    return Request(str(spec["url"]), method, headers=asking.headers(spec, context), is_fresh=is_fresh)


def judge(reply: Reply, wanted: Expectation) -> ErrorClass | None:
    """The first thing that is not as it should be, or nothing."""
    error = judge_status(reply.status, wanted.statuses) or _judge_text(reply, wanted) or _judge_json(reply, wanted)
    if error is not None:
        return error
    if wanted.min_tls_days is not None and (reply.days_left is None or reply.days_left < wanted.min_tls_days):
        return ErrorClass.EXPIRES_SOON if reply.days_left is not None else ErrorClass.TLS
    if wanted.max_latency_ms is not None and reply.latency_ms > wanted.max_latency_ms:
        return ErrorClass.OUT_OF_BOUNDS
    return None


def why(reply: Reply, error: ErrorClass, wanted: Expectation) -> tuple[str, ...]:
    """Which of several things it was, for the person who tries it: a number or our own words, never the answer's."""
    if reply.status not in wanted.statuses:
        return (f"It answered with status {reply.status}.",)
    if error is ErrorClass.EXPIRES_SOON and reply.days_left is not None:
        return (f"The certificate is good for {reply.days_left:.0f} more days.",)
    if error is ErrorClass.OUT_OF_BOUNDS:
        return (f"It took {reply.latency_ms:.0f} ms.",)
    if error is not ErrorClass.ASSERTION:
        return ()
    if wanted.keyword_absent and wanted.keyword_absent in reply.body:
        return ("The text that must not be there is there.",)
    if wanted.keyword not in reply.body:
        return ("The text is not in the answer.",)
    return ("The answer is no JSON, or has nothing or another value at the path.",)


def _judge_text(reply: Reply, wanted: Expectation) -> ErrorClass | None:
    """A longer answer is a failure only when what was cut off might have decided."""
    if wanted.keyword_absent and wanted.keyword_absent in reply.body:
        return ErrorClass.ASSERTION
    is_found = wanted.keyword in reply.body
    if reply.is_longer and (not is_found or wanted.keyword_absent):
        return ErrorClass.TOO_LARGE
    return None if is_found else ErrorClass.ASSERTION


def _judge_json(reply: Reply, wanted: Expectation) -> ErrorClass | None:
    if not wanted.json_path:
        return None
    if reply.is_longer:
        return ErrorClass.TOO_LARGE
    try:
        found = json_path.text(json_path.find(json_path.load(reply.body), wanted.json_path))
    except (ValueError, LookupError):
        return ErrorClass.ASSERTION
    if wanted.artifact:
        return None if found is not None and is_same_version(found, wanted.artifact) else ErrorClass.DRIFT
    return None if not wanted.json_equals or found == wanted.json_equals else ErrorClass.ASSERTION


def is_same_version(told: str, artifact: str) -> bool:
    """The same word, or one commit written short and in full.

    >>> is_same_version("4f2a91c", "4f2a91c0" + "0" * 32), is_same_version("1.2", "1.20")
    (True, False)
    """
    if told == artifact:
        return True
    are_commits = _COMMIT.fullmatch(told) and _COMMIT.fullmatch(artifact)
    return bool(are_commits) and (artifact.startswith(told) or told.startswith(artifact))

"""Are the numbers of an aggregate endpoint within their bounds? One of them is kept, the answer is dropped."""

from dataclasses import dataclass
from typing import Any

from checks.probes import asking, json_path
from checks.probes.asking import Unanswered, judge_status
from checks.probes.bounds import Bounds, parse_rule
from checks.probes.client import Request
from checks.probes.context import Context, Spec, setting
from checks.probes.json_path import Path
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

MOST_RULES = 20


@dataclass(frozen=True)
class Rule:
    """One number of the answer and its bounds."""

    path: Path
    bounds: Bounds


@dataclass(frozen=True)
class Volume:
    """Below so many of them there is nothing to judge."""

    path: Path
    least: float


def parse_rules(lines: str) -> list[Rule]:
    """One rule a line; ValueError names the first line that is none, by its number."""
    rules = []
    for number, line in enumerate(lines.strip().splitlines(), 1):
        try:
            path, bounds = parse_rule(line)
            rules.append(Rule(json_path.parse_path(path), bounds))
        except ValueError:
            raise ValueError(f"line {number}") from None
    if not 0 < len(rules) <= MOST_RULES:
        raise ValueError("no rule")
    return rules


async def probe(spec: Spec, context: Context) -> Outcome | None:
    """The number that broke its rule is kept, or the first when all hold. None when the volume is too small."""
    try:
        rules, volume = parse_rules(str(spec["numbers"])), _volume(spec)
        request = Request(str(spec["url"]), headers=asking.headers(spec, context))
        turn, seconds = context.turn(request.address), asking.seconds(spec)
    except (KeyError, ValueError, TypeError, AttributeError):
        return failed(ErrorClass.CONFIG)
    async with turn:
        try:
            reply = await asking.ask(context.client, request, seconds=seconds)
        except Unanswered as nothing:
            return failed(nothing.error)
    error = judge_status(reply.status, asking.SUCCESS) or (ErrorClass.TOO_LARGE if reply.is_longer else None)
    if error:
        return failed(error, latency_ms=reply.latency_ms)
    return judge(reply.body, rules, volume, latency_ms=reply.latency_ms)


def _volume(spec: Spec) -> Volume | None:
    if not spec.get("volume_path"):
        return None
    return Volume(json_path.parse_path(str(spec["volume_path"])), float(setting(spec, "volume_least", 1)))


def judge(body: bytes, rules: list[Rule], volume: Volume | None, *, latency_ms: float) -> Outcome | None:
    """What the numbers of one answer come to."""
    try:
        document: Any = json_path.load(body)
        if volume and json_path.number(document, volume.path) < volume.least:
            return None
        found = [(rule, json_path.number(document, rule.path)) for rule in rules]
    except (ValueError, LookupError):
        return failed(ErrorClass.NO_NUMBER, latency_ms=latency_ms)
    for rule, value in found:
        if not rule.bounds.hold(value):
            notes = (f"Line {rules.index(rule) + 1} does not hold.",)
            return failed(ErrorClass.OUT_OF_BOUNDS, latency_ms=latency_ms, value=value, notes=notes)
    return passed(latency_ms=latency_ms, value=found[0][1])

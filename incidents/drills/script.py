"""A scenario as a file: what is played, by when each thing is to be done, what is thrown in on the way. Pure.

    title: Ingest answers 5xx
    domain: backend
    severity: SEV-1
    failure: status_5xx
    runbook: ingest-surge
    max_minutes: 120
    situation: What the players read when it begins.
    targets: {detect: 5, acknowledge: 5, first_word: 15, mitigate: 30, resolve: 60}
    steps: {flag: Raise the test failure flag, ...}
    injects:
      - {after: 5, text: Support reports forty tickets.}
      - {text: Held back until the facilitator sends it.}

Times are minutes from the beginning. An inject with `alert: true` fires as an alert of the drill. What is missing is as
in the example, but title, domain and situation, which every scenario needs. It is plain YAML: a text that people type
may neither swell by anchors and merges nor name types by tags.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opsportal import plain_yaml
from opsportal.errors import Refused
from opsportal.slugs import is_slug

LIBRARY = Path(__file__).parent / "library"
LONGEST = 8_000
SEVERITIES = ("SEV-1", "SEV-2", "SEV-3")
# What the check of drills says while the flag is up: as the thing it plays would fail.
FAILURES = ("status_5xx", "connect", "timeout", "tls", "out_of_bounds", "late", "reported")
# The six steps of the operating documents' drill, in their order.
STEPS: Mapping[str, str] = {
    "flag": "Raise the test failure flag",
    "detect": "Alerting detects it and somebody acknowledges",
    "publish": "Publish: investigating, then identified",
    "mitigate": "Mitigate: roll back or hotfix",
    "recover": "Publish monitoring, then resolved; resolve the incident",
    "lessons": "Write down timeline and lessons",
}
TARGETS: Mapping[str, int] = {"detect": 5, "acknowledge": 5, "first_word": 15, "mitigate": 30, "resolve": 60}
_NAMES = (
    "title", "domain", "severity", "failure", "runbook", "max_minutes", "situation", "targets", "steps", "injects",
)  # fmt: skip
_MOST_INJECTS = 20
_LONGEST_DRILL = 480
_NUMBER = re.compile(r"[0-9]{1,4}")
_UNREAD = "title: Cannot be read any more\ndomain: none\nsituation: none"
_SAID = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class UnreadableError(ValueError):
    """A text is no scenario; the words say what to mend."""


@dataclass(frozen=True)
class Inject:
    """Something that is thrown in: by itself after so many minutes, or when the facilitator sends it."""

    text: str
    after: int | None
    is_alert: bool


@dataclass(frozen=True)
class Script:
    """What a scenario says. Targets and `max_minutes` in minutes from the beginning."""

    title: str
    domain: str
    situation: str
    severity: str
    failure: str
    runbook: str
    max_minutes: int
    targets: Mapping[str, int]
    steps: Mapping[str, str]
    injects: tuple[Inject, ...]

    @property
    def due(self) -> Mapping[str, int]:
        """By when each step is to be done, in minutes; the lessons before the drill ends by itself."""
        aims = self.targets
        return {
            "flag": 0,
            "detect": max(aims["detect"], aims["acknowledge"]),
            "publish": aims["first_word"] + 15,
            "mitigate": aims["mitigate"],
            "recover": aims["resolve"],
            "lessons": self.max_minutes,
        }


def read(text: str, *, is_kept: bool = False) -> Script:
    """Refuse with words what is no scenario. One that was kept before runbooks were looked at may name one by words.

    >>> read("title: A\\ndomain: backend\\nsituation: B").targets["first_word"]
    15
    """
    given = _parsed(text)
    unknown = sorted(str(one) for one in given.keys() - set(_NAMES))
    if unknown:
        raise UnreadableError(f"It may have {', '.join(_NAMES)}, each once. One name in it is none of them.")
    most = _whole(given.get("max_minutes", "120"), "max_minutes", least=10, most=_LONGEST_DRILL)
    targets = _targets(given.get("targets", {}), most)
    return Script(
        title=_line(given.get("title"), "title", 120),
        domain=_line(given.get("domain"), "domain", 40),
        situation=_line(given.get("situation"), "situation", 1_000),
        severity=_one_of(given.get("severity", "SEV-2"), "severity", SEVERITIES),
        failure=_one_of(given.get("failure", "reported"), "failure", FAILURES),
        runbook=_runbook(given.get("runbook"), is_kept),
        max_minutes=most,
        targets=targets,
        steps=_steps(given.get("steps", {})),
        injects=_injects(given.get("injects", []), most),
    )


def kept(text: str) -> Script:
    """One that was saved under older rules opens whatever stands in it, and says what to mend before it is played."""
    try:
        return read(text, is_kept=True)
    except UnreadableError as why:
        words = f"It was saved under older rules and cannot be played until somebody edits it. {why}"
        return replace(read(_UNREAD), situation=words)


def shipped() -> dict[str, str]:
    """The scenarios that come with the portal, by their slugs."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(LIBRARY.glob("*.yaml"))}


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise UnreadableError(f"Shorten it to {LONGEST} characters.")
    try:
        given = plain_yaml.document(text)
    except Refused as why:
        hint = " A text with a colon or a dash belongs into quotes." if why.code == "NOT_YAML" else ""
        raise UnreadableError(f"{why.sentence}{hint}") from None
    if not isinstance(given, dict):
        raise UnreadableError("Write one name a line, such as title: Ingest answers 5xx.")
    return given


def _line(value: object, name: str, longest: int) -> str:
    said = " ".join(value.split()) if isinstance(value, str) else ""
    if not said:
        raise UnreadableError(f"Its {name} is missing, or is no text.")
    if len(said) > longest:
        raise UnreadableError(f"Shorten its {name} to {longest} characters.")
    return said


def _one_of(value: object, name: str, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        raise UnreadableError(f"Its {name} is one of {', '.join(words)}.")
    return value


def _whole(value: object, name: str, *, least: int, most: int) -> int:
    number = int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None
    if number is None or not least <= number <= most:
        raise UnreadableError(f"Its {name} is a whole number of minutes from {least} to {most}.")
    return number


def _runbook(value: object, is_kept: bool) -> str:
    if not value:
        return ""
    said = _line(value, "runbook", 60)
    if not is_kept and not is_slug(said):
        raise UnreadableError("Its runbook is the last part of a runbook's address, such as ingest-surge.")
    return said


def _targets(given: object, most: int) -> dict[str, int]:
    if not isinstance(given, dict) or given.keys() - set(TARGETS):
        raise UnreadableError(f"Its targets may have {', '.join(TARGETS)}.")
    return {
        name: min(most, usual) if name not in given else _whole(given[name], f"target {name}", least=1, most=most)
        for name, usual in TARGETS.items()
    }


def _steps(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or given.keys() - set(STEPS):
        raise UnreadableError(f"Its steps may have {', '.join(STEPS)}.")
    return {name: _line(given.get(name, usual), f"step {name}", 160) for name, usual in STEPS.items()}


def _injects(given: object, most: int) -> tuple[Inject, ...]:
    if not isinstance(given, list) or len(given) > _MOST_INJECTS or not all(isinstance(one, dict) for one in given):
        raise UnreadableError(f"Its injects are a list of at most {_MOST_INJECTS}, each with a text.")
    found = []
    for one in given:
        alert = str(one.get("alert", "false")).lower()
        if one.keys() - {"text", "after", "alert"} or alert not in _SAID:
            raise UnreadableError("An inject has text, after in minutes, and alert: true when it fires as an alert.")
        after = None if one.get("after") is None else _whole(one["after"], "inject's after", least=0, most=most)
        found.append(Inject(_line(one.get("text"), "inject's text", 400), after, _SAID[alert]))
    return tuple(found)

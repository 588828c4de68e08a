"""Scenarios as files, and the arithmetic of the score sheet."""

from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from incidents.drills import script
from incidents.drills.score import Facts, readiness, sheet
from incidents.drills.script import UnreadableError
from incidents.ownership.models import Domain
from incidents.runbooks.models import Runbook
from opsportal import plain_yaml
from tests.incidents.cast import AT, minutes

LEAST = "title: A\ndomain: backend\nsituation: B\n"
# A few lines that a merging reader turns into hundreds of millions of entries.
BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10))


def test_every_shipped_scenario_can_be_read() -> None:
    found = {slug: script.read(text) for slug, text in script.shipped().items()}

    assert sorted(found) == ["database-lost", "ingest-outage", "secret-leak"]
    assert list(found["ingest-outage"].steps) == ["flag", "detect", "publish", "mitigate", "recover", "lessons"]


@pytest.mark.django_db
def test_shipped_scenarios_name_domains_and_runbooks_that_there_are() -> None:
    for text in script.shipped().values():
        plot = script.read(text)
        assert Domain.objects.filter(slug=plot.domain).exists()
        assert Runbook.objects.filter(slug=plot.runbook).exists(), plot.runbook


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write one name a line"),
        ("title: [", "not YAML, line 2.* belongs into quotes"),
        ("[" * 5000, "lies so deep"),
        ("title: A\ndomain: backend", "situation is missing"),
        (LEAST + "colour: red", "One name in it is none of them"),
        (LEAST + "severity: SEV-9", "severity is one of"),
        (LEAST + "failure: {a: b}", "failure is one of"),
        (LEAST + "max_minutes: 5", "from 10 to 480"),
        (LEAST + "max_minutes: true", "from 10 to 480"),
        (LEAST + "targets: {detect: 0}", "target detect"),
        (LEAST + "targets: {other: 3}", "targets may have"),
        (LEAST + "steps: {flag: ''}", "step flag is missing"),
        (LEAST + "injects: [3]", "injects are a list"),
        (LEAST + "injects: [{after: 999, text: A}]", "inject's after"),
        (LEAST + "injects: [{text: A, alert: often}]", "alert: true"),
        ("a: &a [x]\ntitle: *a", "Line 1: anchors"),
        (BOMB + LEAST, "Line 1: anchors"),
        (LEAST + "steps: {<<: {flag: A}}", "steps may have"),
        (LEAST + "title: twice", "Line 4: this name stands"),
        (LEAST + "---\n" + LEAST, "a second document"),
        ("title: 1" + ":1" * 200 + ".5\ndomain: backend\nsituation: B", "Shorten its title"),
        (LEAST + f"? 0x{'f' * 5000}\n: 1", "One name in it"),
        (LEAST + "? [a]\n: 1", "Line 4: a name is one word"),
        *((LEAST + f"runbook: {one}", "Line 4: .*tags") for one in ("!!timestamp x", "!!float ''", "!!bool maybe")),
        ('title: A\ndomain: "a\\0b"\nsituation: B', "Line 2: a NUL"),
        (LEAST + 'steps: {"fl\\0ag": A}', "Line 4: a NUL"),
        (LEAST + 'injects: [{text: "\\ud800"}]', "YAML|half a character"),
        (LEAST + "runbook: \ud800", "UTF-8|YAML"),
        (LEAST + "runbook: a\0b", "not YAML"),
        (LEAST + 'runbook: "\\U00110000"', "not YAML"),
        (LEAST + "max_minutes: 1e2", "from 10 to 480"),
        (LEAST + "max_minutes: " + "9" * 5000, "from 10 to 480"),
        (LEAST + "runbook: no address", "last part of a runbook's address"),
        (LEAST + "runbook: ingest/surge", "last part of a runbook's address"),
        (LEAST + "runbook: Ingest-surge", "last part of a runbook's address"),
        (LEAST + "runbook: [a]", "runbook is missing"),
        ("x" * 9000, "Shorten it"),
    ],
)
def test_what_is_no_scenario_is_refused_in_words(text, words):
    with pytest.raises(UnreadableError, match=words):
        script.read(text)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_the_readers_with_and_without_libyaml_refuse_the_same_in_words(loader, monkeypatch):
    monkeypatch.setattr(plain_yaml, "_LOADER", loader)

    for said in ('"\\ud800"', '"\\0"', '"\\U00110000"', '"\\Uffffffff"', "\ud800", "\0", "!!int x", "[" * 5000):
        with pytest.raises(UnreadableError):
            script.read(LEAST + f"runbook: {said}")


def test_minutes_and_ticks_are_read_from_their_words():
    plot = script.read(LEAST + "max_minutes: 90\ninjects: [{after: 7, text: A, alert: true}, {text: B, alert: no}]")

    assert plot.max_minutes == 90
    assert [(one.after, one.is_alert) for one in plot.injects] == [(7, True), (None, False)]


def scores(**facts: Any) -> dict[str, int]:
    plot = script.read(LEAST)
    return {row.key: row.points for row in sheet(Facts(started_at=AT, **facts), plot.targets)}


@pytest.mark.parametrize(
    ("minute", "points"),
    [(0, 10), (5, 10), (5.1, 5), (10, 5), (10.1, 0), (None, 0)],
)
def test_a_time_earns_all_within_its_target_half_within_twice_and_nothing_after(minute, points):
    moment = None if minute is None else minutes(minute)

    assert scores(detect=moment)["detect"] == points


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ({}, 0),
        ({"first_word": AT}, 10),
        ({"first_word": AT, "promised": 3, "kept": 3}, 10),
        ({"first_word": AT, "promised": 3, "kept": 2}, 6),
        ({"promised": 1, "kept": 0}, 0),
    ],
)
def test_updates_earn_the_share_that_came_in_time(facts, points):
    assert scores(**facts)["updates"] == points


def test_steps_earn_their_share():
    assert [scores(steps=number)["steps"] for number in (0, 3, 6)] == [0, 5, 10]


def test_a_month_without_a_drill_is_missed_once_it_is_over():
    held = [(date(2026, 8, 11), 60), (date(2026, 8, 25), 80), (date(2026, 10, 13), 90)]

    months = readiness(held, since=date(2026, 8, 11), today=date(2026, 11, 21))

    assert [(one.first.month, one.percent, one.held, one.is_missed) for one in months] == [
        (8, 80, 2, False),
        (9, None, 0, True),
        (10, 90, 1, False),
        (11, None, 0, False),
    ]


def test_the_trend_keeps_a_year():
    assert len(readiness([], since=date(2024, 1, 1), today=date(2026, 11, 21))) == 12
    assert readiness([], since=date(2026, 12, 31), today=date(2026, 12, 31) + timedelta(days=1))[-1].first.year == 2027

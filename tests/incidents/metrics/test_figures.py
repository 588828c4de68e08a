"""The arithmetic of the figures, as tables."""

import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from incidents.metrics import figures
from incidents.metrics.figures import MEASURES, Course, Kept

AT = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # a Wednesday


def minutes(number: float) -> float:
    return (AT + timedelta(minutes=number)).timestamp()


def course(**changes: Any) -> Course:
    """Seen after 2 minutes, taken after 5, told after 12, ended after 62."""
    words: dict[str, Any] = {
        "severity": "SEV-2", "domain": "Payments", "impact_started_at": minutes(0), "detected_at": minutes(2),
        "declared_at": minutes(3), "acknowledged_at": minutes(5), "resolved_at": minutes(62),
        "first_public_at": minutes(12),
    }  # fmt: skip
    return Course(**words | changes)


@pytest.mark.parametrize(("key", "taken"), [("mttd", 2), ("mtta", 3), ("mttr", 60), ("first_public", 10)])
def test_each_measure_is_what_its_formula_says(key, taken):
    measure = next(one for one in MEASURES if one.key == key)

    assert measure.seconds(course()) == taken * 60


@pytest.mark.parametrize(
    ("key", "missing"), [("mtta", "acknowledged_at"), ("mttr", "resolved_at"), ("first_public", "first_public_at")]
)
def test_what_has_not_happened_has_no_length(key, missing):
    measure = next(one for one in MEASURES if one.key == key)

    assert measure.seconds(course(**{missing: None})) is None
    assert measure.seconds(course(**{missing: minutes(1)})) == 0


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 0.5, 7),
        ([7], 0.9, 7),
        ([30, 10, 20], 0.5, 20),
        ([10, 20, 30, 40], 0.5, 25),
        (range(1, 12), 0.9, 10),
        (range(10), 0.9, 8.1),
        ([5, 5, 5, 5], 0.9, 5),
        ([1, 2], 0, 1),
        ([1, 2], 1, 2),
    ],
)
def test_a_quantile_lies_between_its_neighbours(values, share, expected):
    assert figures.quantile(values, share) == pytest.approx(expected)


def test_quantiles_are_those_of_the_standard_library():
    values = [(number * 7919) % 1009 for number in range(257)]

    assert figures.quantile(values, 0.5) == statistics.median(values)
    assert figures.quantile(values, 0.9) == pytest.approx(statistics.quantiles(values, n=10, method="inclusive")[8])


@pytest.mark.parametrize(
    ("n", "median", "p90"), [(0, None, None), (4, None, None), (5, 3, None), (9, 5, None), (10, 5.5, 9.1)]
)
def test_too_few_values_say_nothing(n, median, p90):
    found = figures.summary([float(number + 1) for number in range(n)])

    assert (found.n, found.median, found.p90) == (n, median, pytest.approx(p90) if p90 else None)


@pytest.mark.parametrize(
    ("kept", "promised", "words"), [(4, 4, ""), (5, 5, "100 %"), (0, 5, "0 %"), (399, 400, "99 %"), (0, 0, "")]
)
def test_all_on_time_means_all_of_them(kept, promised, words):
    assert Kept(kept, promised).percent == words


def test_groups_are_all_then_severities_then_domains_also_empty_ones():
    courses = [
        course(promised=3, kept=2),
        course(severity="SEV-1", domain="Backend", promised=1, kept=1, resolved_at=None),
    ]

    found = figures.groups(courses, ["Backend", "Payments", "Support"])

    assert [(one.kind, one.name, one.n, one.kept.kept, one.kept.promised) for one in found] == [
        ("all", "All", 2, 3, 4),
        ("severity", "SEV-1", 1, 1, 1),
        ("severity", "SEV-2", 1, 2, 3),
        ("severity", "SEV-3", 0, 0, 0),
        ("domain", "Backend", 1, 1, 1),
        ("domain", "Payments", 1, 2, 3),
        ("domain", "Support", 0, 0, 0),
    ]
    assert [one.by_measure["mttr"].n for one in found] == [1, 0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("today", "weeks", "first"),
    [
        (date(2026, 11, 16), 1, date(2026, 11, 16)),
        (date(2026, 11, 22), 1, date(2026, 11, 16)),
        (date(2026, 11, 18), 4, date(2026, 10, 26)),
        (date(2026, 1, 1), 52, date(2025, 1, 6)),
    ],
)
def test_a_window_begins_on_a_monday_and_ends_with_the_running_week(today, weeks, first):
    assert figures.first_monday(today, weeks) == first
    assert first.weekday() == 0


def test_weeks_count_by_severity_and_quiet_ones_stand_too():
    days = (("SEV-1", 0), ("SEV-3", 0), ("SEV-2", -7), ("SEV-2", -21), ("SEV-2", -40))
    courses = [course(severity=severity, declared_at=minutes(days * 1440)) for severity, days in days]

    found = figures.by_week(courses, date(2026, 10, 26), 4)

    assert [(week.worse, week.total) for week in found] == [(1, 1), (0, 0), (1, 1), (1, 2)]

"""Which stretch the URL asks for, and how fine: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.history.span import Span, Ways, between, of_range, ways

AT = datetime(2026, 11, 21, 3, 12, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "every", "step", "number"),
    [
        ("24h", MINUTE, HOUR, 24),
        ("24h", timedelta(seconds=5), HOUR, 24),
        ("24h", DAY, HOUR, 24),
        ("7d", MINUTE, HOUR, 168),
        ("7d", DAY, DAY, 7),
        ("90d", MINUTE, DAY, 90),
        ("90d", DAY, DAY, 90),
    ],
)
def test_a_range_ends_with_the_running_step(name: str, every: timedelta, step: timedelta, number: int) -> None:
    span = of_range(name, AT, every=every)

    assert (span.step, len(list(span.steps))) == (step, number)
    assert span.end - span.step < AT <= span.end


@pytest.mark.parametrize(
    ("ago", "length", "step"),
    [
        (HOUR, 30 * MINUTE, MINUTE),
        (4 * HOUR, 3 * HOUR, 5 * MINUTE),
        (13 * DAY, 12 * HOUR, 15 * MINUTE),
        (15 * DAY, 12 * HOUR, HOUR),  # minutes are gone
        (60 * DAY, 30 * DAY, 6 * HOUR),
        (500 * DAY, 20 * DAY, DAY),  # hours are gone
        (400 * DAY, 300 * DAY, 7 * DAY),
        (3000 * DAY, 20 * DAY, 7 * DAY),  # days are gone
    ],
)
def test_a_zoom_is_as_fine_as_what_is_still_kept(ago: timedelta, length: timedelta, step: timedelta) -> None:
    start = AT - ago

    span = between(start, start + length, AT, every=MINUTE)

    assert span.step == step
    assert span.start <= start and span.end >= start + length
    assert span.length % step == timedelta(0)
    assert len(list(span.steps)) <= 122


def test_weeks_begin_on_mondays() -> None:
    span = between(datetime(2024, 1, 3, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), AT, every=MINUTE)

    assert (span.start, span.start.weekday(), span.end.weekday()) == (datetime(2024, 1, 1, tzinfo=UTC), 0, 0)


def test_the_url_says_the_range_or_the_moments() -> None:
    usual, week = of_range("24h", AT, every=MINUTE), of_range("7d", AT, every=MINUTE)
    zoomed = between(datetime(2026, 11, 20, 3, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC), AT, every=MINUTE)

    assert (usual.query, week.query) == ("", "?range=7d")
    assert zoomed.query == "?since=2026-11-20T03:00&until=2026-11-20T09:00"
    assert (usual.words, usual.when) == ("24 hours", "in 24 hours")
    assert (zoomed.words, zoomed.when) == ("20 Nov 03:00 to 09:00", "from 20 Nov 03:00 to 09:00")
    assert usual.step_words == "hour by hour"
    assert Span(AT, AT + HOUR, 15 * MINUTE).step_words == "15 minutes each"
    assert Span(datetime(2025, 12, 31, tzinfo=UTC), AT, DAY).words == "31 Dec 2025 to 21 Nov 03:12 2026"


def test_one_may_go_closer_wider_and_back_but_never_beyond_now() -> None:
    usual = of_range("24h", AT, every=MINUTE)
    found = ways(usual, AT, every=MINUTE)

    assert found.later is None
    assert found.closer and found.closer.length == 12 * HOUR
    assert found.wider and found.wider.end <= AT + HOUR and found.wider.start == usual.start - 12 * HOUR
    assert found.earlier and (found.earlier.start, found.earlier.end) == (
        usual.start - 12 * HOUR,
        usual.end - 12 * HOUR,
    )
    back = ways(found.earlier, AT, every=MINUTE)
    assert back.later and back.later.end >= AT


def test_the_shortest_stretch_is_ten_minutes() -> None:
    short = between(AT - 10 * MINUTE, AT, AT, every=MINUTE)

    found = ways(short, AT, every=MINUTE)

    assert isinstance(found, Ways)
    assert found.closer is None and found.wider is not None

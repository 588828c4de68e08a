"""The check page's chart: pure geometry."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from checks.history import chart
from checks.history.annotations import Annotation
from checks.history.chart import Chart
from checks.history.span import Span
from checks.rollups import histogram
from checks.rollups.queries import Window

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(NOON, NOON + 24 * HOUR, HOUR)


def day(*busy: int) -> list[Window]:
    """24 hours of which some had runs, and of the others nothing is known."""
    hours = [Window(NOON + hour * HOUR, unknown=60, expected=60) for hour in range(24)]
    for hour in busy:
        hist = histogram.encode([20.0] * 60)
        hours[hour] = Window(hours[hour].start, ok=60, expected=60, lat_sum=1200.0, hist=hist)
    return hours


def drawn(windows: list[Window], *annotations: Annotation, width: float = 680) -> Chart:
    return chart.build(windows, DAY, width=width, height=250, annotations=annotations)


def happened(at: datetime, letter: str = "A", **more: object) -> Annotation:
    return Annotation("Change", at, "CHG-1 search", "/changes/1/", letter=letter, **more)  # type: ignore[arg-type]


def test_a_gap_breaks_the_line_and_a_lonely_hour_is_a_dash() -> None:
    found = drawn(day(1, 2, 3, 20))

    p95 = next(line for line in found.lines if line.end.text == "p95")
    assert p95.path.count("M") == 2
    assert " h" in p95.path
    assert [bar.fill for bar in found.bars].count("fill-mute") == 20
    assert {bar.height for bar in found.bars if bar.fill == "fill-mute"} == {6}


def test_the_time_axis_has_round_moments_and_names_the_day_at_midnight() -> None:
    wide, narrow = drawn(day(1)), drawn(day(1), width=340)

    assert [one.text for one in wide.times][:6] == ["12:00", "15:00", "18:00", "21:00", "22 Nov", "03:00"]
    assert [one.text for one in narrow.times] == ["12:00", "18:00", "22 Nov", "06:00", "12:00"]


def test_an_hour_says_by_colour_and_height_how_it_went() -> None:
    hours = [Window(one.start) for one in day()]
    hours[3] = Window(hours[3].start, ok=50, err=10, expected=60)
    hours[4] = Window(hours[4].start, ok=10, err=50, expected=60)
    hours[5] = Window(hours[5].start, ok=60, expected=60)
    hours[6] = Window(hours[6].start, maint=60, expected=60)

    found = drawn(hours)

    assert [(bar.fill, bar.height) for bar in found.bars] == [
        ("fill-warn", 24), ("fill-fail", 28), ("fill-ok", 20), ("fill-maint", 13),
    ]  # fmt: skip
    assert (found.lines, found.levels) == ([], [])


def test_the_words_behind_the_lines_never_lie_on_each_other() -> None:
    ends = [line.end.at for line in drawn(day(*range(24))).lines]

    assert [line.end.text for line in drawn(day(1)).lines] == ["p99", "p95", "p50"]
    assert ends == sorted(ends) and min(b - a for a, b in pairwise(ends)) >= 12


def test_what_happened_stands_at_its_minute_and_what_lasts_has_a_beam_within_the_chart() -> None:
    long = happened(NOON - HOUR, "A", until=NOON + 6 * HOUR, is_long=True)
    running = happened(NOON + 18 * HOUR, "C", is_long=True)

    found = drawn(day(1), long, happened(NOON + 12 * HOUR, "B"), running, happened(NOON + 25 * HOUR, "D"))

    width = found.right - found.left
    assert [(one.letter, one.x, one.until) for one in found.signs] == [
        ("A", found.left, pytest.approx(found.left + width / 4)),
        ("B", pytest.approx(found.left + width / 2), None),
        ("C", pytest.approx(found.left + width * 3 / 4), found.right),
    ]


def test_letters_of_the_same_minute_stand_one_below_the_other_and_the_last_one_to_the_left() -> None:
    found = drawn(day(1), *(happened(NOON + timedelta(minutes=step), letter) for step, letter in enumerate("ABCDE")))
    last = drawn(day(1), happened(NOON + timedelta(hours=23, minutes=59))).signs[0]

    assert [(one.letter, one.letter_y) for one in found.signs] == [
        *zip("ABCD", (14, 26, 38, 50), strict=True),
        ("", 14),
    ]
    assert last.is_left and last.letter_x < last.x

"""Better and worse are said by evidence alone; a week is a week whatever clocks do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from checks.rollups import histogram, quantiles
from checks.trends import chart, evidence, isoweek, stretch
from checks.trends.evidence import Week


def week(ok: int, err: int = 0, asked: int = 10_080, hist: bytes = b"") -> Week:
    return Week(ok, err, asked, *quantiles.of(hist))


@pytest.mark.parametrize(
    ("bad", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 100, 0.0552, 0.1744), (1, 10_080, 0.0000175, 0.000562), (0, 0, 0.0, 1.0)],
)
def test_wilson_gives_the_published_interval(bad, n, low, high):
    assert evidence.wilson(bad, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (week(10_070, 10), week(9_880, 200), ["Failed runs rose from 0.10 % to 1.98 %"]),
        (week(9_880, 200), week(10_070, 10), ["Failed runs fell from 1.98 % to 0.10 %"]),
        # Within the floor of a tenth of a point.
        (week(10_080), week(10_071, 9), []),
        # More than a tenth, but the intervals overlap.
        (week(985, 15, 1_000), week(975, 25, 1_000), []),
        # Less than 95 per cent covered.
        (week(10_070, 10), week(8_000, 1_000), []),
        (week(0, 0), week(9_880, 200), []),
    ],
)
def test_a_change_is_flagged_by_evidence_alone(before, after, words):
    assert [one.words for one in evidence.compare(before, after)] == words


def test_latency_is_compared_only_where_enough_was_answered():
    fast, slow = histogram.encode([100.0] * 2_000), histogram.encode([400.0] * 2_000)
    few = histogram.encode([400.0] * 150)

    moved = evidence.compare(week(2_000, asked=2_000, hist=fast), week(2_000, asked=2_000, hist=slow))
    silent = evidence.compare(week(2_000, asked=2_000, hist=fast), week(2_000, asked=2_000, hist=few))

    assert [(one.what, one.is_worse) for one in moved] == [("latency", True)]
    assert moved[0].words.startswith("p95 rose from 99 ms to ")
    assert silent == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (week(0), week(0), "Nothing ran"),
        (week(0), week(10_080), "There is no week before to compare with"),
        (week(10_080), week(5_040), "This week is covered to 50.0 % only: too little to compare"),
        (week(10_080), week(10_080), "Nothing changed that chance does not explain"),
    ],
)
def test_why_nothing_is_flagged_is_said(before, after, words):
    assert evidence.why_not(before, after) == words


def test_of_a_sum_latency_is_not_said_to_be_unchanged():
    """The median of several p95 has no interval, so nothing could be flagged there."""
    shown = (evidence.total([week(10_080), week(10_080)]),) * 2

    words = evidence.why_not(*shown, of_many=True)

    assert words == "Failures: nothing beyond chance; latency is judged check by check"
    assert evidence.why_not(week(0), week(0), of_many=True) == "Nothing ran"


def test_quantiles_are_those_of_the_histogram():
    hist = histogram.encode([float(one) for one in range(1, 1_001)])

    p50, p95, low, high = quantiles.of(hist)

    assert (p50, p95) == (histogram.quantile(hist, 0.5), histogram.quantile(hist, 0.95))
    assert low is not None
    assert high is not None
    assert low < 950 < high
    assert quantiles.of(hist + hist).p50_ms == p50  # not compacted yet
    assert quantiles.of(b"") == (None, None, None, None)


def test_a_week_with_a_change_of_clocks_has_seven_days():
    berlin = ZoneInfo("Europe/Berlin")
    late = datetime(2026, 10, 25, 23, 30, tzinfo=berlin)  # the day of 25 hours

    assert isoweek.monday(late) == datetime(2026, 10, 19, tzinfo=UTC)
    assert isoweek.monday(datetime(2026, 10, 26, 0, 30, tzinfo=berlin)) == datetime(2026, 10, 19, tzinfo=UTC)
    weeks = isoweek.closed(datetime(2026, 11, 2, tzinfo=UTC), 3)
    assert {after - before for before, after in pairwise(weeks)} == {timedelta(days=7)}


@pytest.mark.parametrize("text", ["2026-W46", "2026-W53", "2024-W01"])
def test_the_name_of_a_week_is_read_back(text):
    found = isoweek.parse(text)

    assert found is not None
    assert isoweek.name(found) == text


@pytest.mark.parametrize("text", ["2026-W54", "2025-W53", "2026-46", "2026-W1", "week", "20x6-W01", "٢٠٢٦-W01"])
def test_what_is_no_week_is_none(text):
    assert isoweek.parse(text) is None


def test_a_line_breaks_where_nothing_is_known():
    drawn = chart.line([99.0, None, 98.0], names=["2026-W44", "2026-W45", "2026-W46"], width=340, say=str, most=100.0)

    assert drawn.paths[0].count("M") == 2
    assert [one.text for one in drawn.weeks] == ["W46", "W45", "W44"]
    assert chart.line([None], names=["2026-W46"], width=340, say=str).paths == [""]


def test_a_figure_that_hardly_moves_has_one_level():
    drawn = chart.line([59.0, 59.01], names=["2026-W45", "2026-W46"], width=340, say=lambda one: f"{one:.0f} ms")

    assert [one.text for one in drawn.levels] == ["59 ms"]


def test_bars_are_piled_and_letters_that_have_no_room_are_left_to_the_list():
    names = ["2026-W44", "2026-W45", "2026-W46"]
    happened = chart.Happened(letters=[(1.5, "A"), (1.5, "B"), (1.5, "C"), (2.9, "D")], strokes=[0.1, 2.2])

    drawn = chart.piles([("fill-fail", [0, 1, 2]), ("fill-mute", [0, 0, 3])], names=names, width=340, happened=happened)

    assert [bar.fill for bar in drawn.bars] == ["fill-fail", "fill-fail", "fill-mute"]
    below, above = drawn.bars[1:]
    assert float(above.y) + float(above.height) == pytest.approx(float(below.y), abs=0.2)
    assert [one.text for one in drawn.letters] == ["A", "B", "D"]
    assert drawn.letters[0].y != drawn.letters[1].y
    assert drawn.strokes.count("M") == 2
    assert [one.text for one in drawn.levels] == ["0", "3", "6"]


NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "query"),
    [
        ("2026-W40", "2026-W44", "?since=2026-W40&until=2026-W44"),
        ("2026-W46", "2026-W46", "?since=2026-W45&until=2026-W46"),
        # The running week is not closed.
        ("2026-W45", "2026-W50", "?since=2026-W45&until=2026-W46"),
        ("2020-W01", "2026-W46", "?since=2024-W47&until=2026-W46"),
    ],
)
def test_weeks_that_are_asked_for_are_closed_ones_two_at_least(since, until, query):
    begin, end = isoweek.parse(since), isoweek.parse(until)

    assert begin is not None
    assert end is not None
    assert stretch.between(begin, end, NOW).query == query


def test_one_moves_by_half_and_never_beyond_the_last_closed_week():
    usual = stretch.ways(stretch.newest(12, NOW), NOW)
    begin, end = isoweek.parse("2026-W40"), isoweek.parse("2026-W41")
    assert begin is not None
    assert end is not None
    shortest = stretch.ways(stretch.between(begin, end, NOW), NOW)

    assert usual.later is None
    assert usual.closer is not None
    assert usual.closer.query == "?since=2026-W41&until=2026-W46"
    assert usual.wider is not None
    assert (usual.wider.number, usual.wider.last) == (24, usual.closer.last)
    assert shortest.closer is None
    assert shortest.later is not None
    assert shortest.later.query == "?since=2026-W41&until=2026-W42"

"""The histogram: two per cent, exact merges, small."""

import random

import pytest

from checks.rollups import histogram


@pytest.mark.parametrize("latency", [0.1, 0.37, 1.0, 12.5, 99.0, 480.0, 9_999.0, 119_000.0])
def test_a_bucket_stands_for_its_latencies_within_two_per_cent(latency: float) -> None:
    assert histogram.value_of(histogram.index_of(latency)) == pytest.approx(latency, rel=0.021)


@pytest.mark.parametrize(("latency", "index"), [(0.0, 0), (0.05, 0), (1e9, histogram.BINS - 1)])
def test_what_lies_outside_falls_into_the_first_or_last_bucket(latency: float, index: int) -> None:
    assert histogram.index_of(latency) == index


def test_quantiles_are_within_two_per_cent_of_the_exact_ones() -> None:
    random.seed(7)
    latencies = sorted(random.lognormvariate(4, 0.8) for _ in range(10_000))

    bytes_ = histogram.encode(latencies)

    for share in (0.5, 0.95, 0.99):
        assert histogram.quantile(bytes_, share) == pytest.approx(latencies[int(share * 10_000) - 1], rel=0.03)


def test_merging_is_concatenation() -> None:
    first, second = histogram.encode([10, 20, 30]), histogram.encode([20, 400])

    assert histogram.compact(first + second) == histogram.encode([10, 20, 30, 20, 400])
    assert histogram.quantile(first + second, 0.5) == histogram.quantile(histogram.encode([20]), 0.5)


def test_counts_over_a_pair_repeat_it() -> None:
    many = histogram.encode([50.0]) * 70_000

    small = histogram.compact(many)

    assert len(small) == 8
    assert histogram.counts(small)[histogram.index_of(50.0)] == 70_000


def test_nothing_has_no_quantile() -> None:
    assert histogram.quantile(b"", 0.95) is None

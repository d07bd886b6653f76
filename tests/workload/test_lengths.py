"""Lengths from counts: the same as from the requests themselves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.workload.figures import LengthCounts
from planner.workload.lengths import MOST_BINS, QUANTILES, histogram, quantiles, token_lengths

LENGTHS = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2_000_000)), min_size=1, max_size=80)


def counts_of(lengths: list[int]) -> LengthCounts:
    tokens, requests = np.unique(np.asarray(lengths, dtype=np.int64), return_counts=True)
    return LengthCounts(tokens, requests.astype(np.int64))


@given(LENGTHS)
def test_quantiles_are_those_of_numpy_over_the_requests_themselves(lengths: list[int]) -> None:
    assert list(quantiles(counts_of(lengths), QUANTILES)) == np.quantile(lengths, QUANTILES).tolist()


@given(LENGTHS)
def test_the_histogram_has_every_request_once_and_no_gap(lengths: list[int]) -> None:
    bins = histogram(counts_of(lengths))
    assert len(bins) <= MOST_BINS
    assert (bins[0][0], bins[-1][1]) == (min(lengths), max(lengths))
    assert all(right[0] == left[1] + 1 for left, right in itertools.pairwise(bins))
    for first, last, requests in bins:
        assert first <= last
        assert requests == sum(1 for length in lengths if first <= length <= last)
    assert sum(n for _, _, n in bins) == len(lengths)


@given(LENGTHS)
def test_the_mean_is_the_sum_over_the_requests(lengths: list[int]) -> None:
    found = token_lengths(counts_of(lengths))
    assert found is not None
    assert found.mean_tokens == sum(lengths) / len(lengths)
    assert found.p5_tokens <= found.p50_tokens <= found.p95_tokens <= found.p99_tokens <= found.max_tokens


def test_a_worked_example() -> None:
    # 100, 200, 300, 400, 500: place 0.95 x 4 = 3.8, so 0.8 of the way from 400 to 500
    found = token_lengths(counts_of([500, 300, 100, 400, 200]))
    assert found is not None
    assert (found.mean_tokens, found.p50_tokens, found.max_tokens) == (300, 300, 500)
    assert found.p95_tokens == pytest.approx(400 + 0.8 * 100)
    assert found.p25_tokens == 200


def test_bins_widen_with_the_length() -> None:
    bins = histogram(counts_of([1, 1_000_000]))
    assert bins[0] == (1, 1, 1)
    wide = [(last + 1) / first for first, last, _ in bins if first > 100]
    assert min(wide) == pytest.approx(max(wide), rel=0.02), "equal on a logarithmic scale"
    assert max(wide) == pytest.approx(1_000_000 ** (1 / (MOST_BINS - 1)), rel=0.02)


def test_no_request_has_no_lengths() -> None:
    empty = np.zeros(0, dtype=np.int64)
    assert token_lengths(LengthCounts(empty, empty)) is None
    assert token_lengths(None) is None

"""How the bands of the throughput model are made wider on a chip class, on made-up errors."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.throughput.traits import CHIPS
from planner.catalog.catalog import installed
from planner.units import FloatArray
from scripts.throughput_fit.bands import bands_of, covered_unseen, widths_of, within
from scripts.throughput_fit.rows import Rows, usable_rows
from scripts.throughput_fit.validate import group_folds


@cache
def rows() -> Rows:
    return usable_rows(installed().tables)


def off(scatter: float, seed: int, on_cdna3: float = 1.0) -> FloatArray:
    """Predictions whose errors are lognormal, and so many times wider on CDNA3."""
    noise = np.random.default_rng(seed).normal(0, scatter, len(rows().rows))
    chip = rows().deployments.chip
    return rows().measured * np.exp(noise * np.where(chip == CHIPS.index("cdna3"), on_cdna3, 1.0))


@settings(max_examples=10, deadline=None)
@given(st.floats(0.02, 0.5), st.integers(0, 100), st.floats(3, 10))
def test_a_chip_class_that_is_further_off_gets_a_wider_band_until_it_covers(
    scatter: float, seed: int, worse: float
) -> None:
    predicted = off(scatter, seed, worse)
    by_class = bands_of(rows(), predicted)
    wider = widths_of(rows(), [predicted], by_class)
    assert min(wider.values()) >= 1
    assert wider["cdna3"] == max(wider.values()) > 1
    inside = within(rows(), predicted, by_class, wider)
    for chip in wider:
        assert inside[rows().deployments.chip == CHIPS.index(chip)].mean() >= 0.79
    assert np.all(inside >= within(rows(), predicted, by_class, {}))


def test_unseen_rows_of_even_scatter_are_covered_as_often_as_asked() -> None:
    predicted = off(0.1, 7)
    (inside,) = covered_unseen(rows(), [predicted], [group_folds(rows())])
    assert 0.77 <= inside.mean() <= 0.86

"""The product reproduces what is published of the shipped traces: every printed figure, to its last printed digit."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from planner.domain.usage import UsageProfile
from scripts.measure_traces import log, rates, week

RESIDENCE_MS = "500 + 30 * output_tokens"
"""Assumed by the publication: half a second, and 30 ms for each output token."""


class Published(NamedTuple):
    """One row of the table."""

    requests: int
    input_mean: float
    input_p50: float
    input_p95: float
    output_mean: float
    output_p50: float
    output_p95: float
    in_per_out: float
    per_s: float
    input_per_day_m: float
    output_per_day_m: float
    peaks: tuple[tuple[int, float, int], ...]
    """Window in seconds, busiest over mean, decimals printed."""
    output_peaks: tuple[tuple[int, float, int], ...]
    gap_cv: float
    in_flight_mean: float
    in_flight_most: int


TABLE = {
    "azure2023_code": Published(
        8819, 2048, 1469, 7303, 27.9, 13, 90, 73.5, 2.57, 454, 6.2,
        ((1, 26.1, 1), (10, 12.8, 1), (60, 4.2, 1), (600, 1.32, 2)), ((1, 30.2, 1), (60, 4.0, 1)), 13.2, 3.4, 81,
    ),
    "azure2023_conv": Published(
        19366, 1155, 1020, 4083, 211, 129, 451, 5.5, 5.53, 552, 101,
        ((1, 2.9, 1), (10, 1.8, 1), (60, 1.5, 1), (600, 1.19, 2)), ((1, 3.2, 1), (60, 1.27, 2)), 1.09, 37.8, 66,
    ),
}  # fmt: skip


@cache
def trace(name: str) -> UsageProfile:
    return log(f"{name}.parquet", RESIDENCE_MS)


@pytest.mark.parametrize("name", TABLE)
def test_volume_and_lengths_are_the_published_ones(name: str) -> None:
    told, found = TABLE[name], trace(name)
    lengths_in, lengths_out = found.input_lengths, found.output_lengths
    assert lengths_in is not None
    assert lengths_out is not None
    assert found.total_requests == lengths_in.requests == lengths_out.requests == told.requests
    assert round(lengths_in.mean_tokens) == told.input_mean
    assert (lengths_in.p50_tokens, round(lengths_in.p95_tokens)) == (told.input_p50, told.input_p95)
    assert lengths_out.mean_tokens == pytest.approx(told.output_mean, abs=0.5 if told.output_mean > 100 else 0.05)
    assert (lengths_out.p50_tokens, lengths_out.p95_tokens) == (told.output_p50, told.output_p95)
    per_output = (found.total_input_tokens or 0) / (found.total_output_tokens or 1)
    assert per_output == pytest.approx(told.in_per_out, abs=0.056), "18,059,974 / 245,896 = 73.446, printed as 73.5"
    assert (found.requests_per_day or 0) / 86_400 == pytest.approx(told.per_s, abs=0.005)
    assert (found.input_tokens_per_day or 0) / 1e6 == pytest.approx(told.input_per_day_m, abs=0.5)
    assert (found.output_tokens_per_day or 0) / 1e6 == pytest.approx(told.output_per_day_m, rel=0.005)


@pytest.mark.parametrize("name", TABLE)
def test_peaks_and_gaps_are_the_published_ones(name: str) -> None:
    told, found = TABLE[name], trace(name)
    assert [peak.window_s for peak in found.peaks] == [1, 10, 60, 600]
    for window_s, ratio, places in told.peaks:
        peak = found.peak(window_s)
        assert peak is not None
        assert round(peak.requests_to_mean or 0, places) == ratio
    for window_s, ratio, places in told.output_peaks:
        peak = found.peak(window_s)
        assert peak is not None
        assert round(peak.output_tokens_to_mean or 0, places) == ratio
    assert found.gap_cv == pytest.approx(told.gap_cv, rel=0.005)


@pytest.mark.parametrize("name", TABLE)
def test_requests_in_flight_are_the_published_ones(name: str) -> None:
    # The publication counts at each arrival; the product at each whole second, so it sees at most as many.
    told, found = TABLE[name], trace(name).concurrency
    assert found.mean == pytest.approx(told.in_flight_mean, abs=0.05)
    assert found.timed_fraction == 1
    assert 0.95 * told.in_flight_most <= (found.busiest_second or 0) <= told.in_flight_most


SHAPES = {
    "azure2024_code": (3.01, 0.10, (1.23, 1.33, 1.32, 1.28, 1.03, 0.41, 0.39)),
    "azure2024_conv": (1.65, 0.47, (1.18, 1.22, 1.13, 1.14, 1.03, 0.66, 0.64)),
}
"""Busiest and lowest hour over the mean hour; days from Monday over the mean day."""


@pytest.mark.parametrize("name", SHAPES)
def test_the_week_of_the_azure_platforms_is_the_published_one(name: str) -> None:
    peak, lowest, days = SHAPES[name]
    found = week(name)
    hours = [hour or 0 for hour in found.week]
    assert round(max(hours), 2) == round(max(found.planning_week), 2) == peak
    hour_peak = found.peak(3600)
    assert hour_peak is not None
    assert round(hour_peak.requests_to_mean or 0, 2) == peak
    assert round(min(hours), 2) == round(found.load_duration[-1].load_to_mean, 2) == lowest
    by_day = [sum(hours[24 * day : 24 * day + 24]) / 24 for day in range(7)]
    assert by_day == pytest.approx(list(days), abs=0.011)
    assert found.grain == "bucket"
    assert found.input_lengths is None


SERVEGEN = {
    "m-large": (236.9e6, 195.8, 2.98, 1.86, 0.30, 1.43),
    "m-mid": (2.165e9, 1790, 1.92, 1.83, 0, 1.47),
    "m-small": (1.421e9, 1174, 3.30, 2.06, 0, 1.22),
    "deepseek-r1": (1.38e6, 16.0, 2.66, 2.19, 0.45, None),
    "mm-image": (0.8186e6, 9.5, 1.40, 1.35, 0.59, None),
}
"""Requests, mean a second, busiest over mean of 10 minutes and of an hour, lowest hour, busiest day."""


@pytest.mark.parametrize("model", SERVEGEN)
def test_the_peaks_of_the_servegen_platforms_are_the_published_ones(model: str) -> None:
    requests, per_s, ten_minutes, hour, lowest, day = SERVEGEN[model]
    found = rates(model)
    assert found.total_requests == pytest.approx(requests, rel=0.005)
    assert (found.requests_per_day or 0) / 86_400 == pytest.approx(per_s, rel=0.005)
    ratios = {peak.window_s: peak.requests_to_mean or 0 for peak in found.peaks}
    assert min(ratios) == 600, "no peak below the bucket"
    assert (round(ratios[600], 2), round(ratios[3600], 2)) == (ten_minutes, hour)
    assert found.load_duration[-1].load_to_mean == pytest.approx(lowest, abs=0.005)
    if day is not None:
        assert round(ratios[86_400], 2) == day
        assert len(found.planning_week) == 168
    else:
        assert len(found.planning_week) == 24
    assert max(found.planning_week) == pytest.approx(ratios[3600])

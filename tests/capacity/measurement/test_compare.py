"""Two measurements side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.compare import FieldDifference, RateDifference, differences
from planner.domain.measurement import ProbedServer
from tests.capacity.measurement.ideal import measurement, rate_run


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 1e5)), max_size=6))
@settings(max_examples=30)
def test_a_measurement_does_not_differ_from_itself(loads: list[tuple[int, float]]) -> None:
    m = measurement([rate_run(load, rate, i + 1) for i, (load, rate) in enumerate(loads)])
    assert differences(m, m).nothing


def test_fields_and_rates_that_differ_are_named() -> None:
    """From 100 to 120 at 4 in flight: +20 %, within what single runs differ by; 8 is in the second alone."""
    a = measurement([rate_run(4, 100)])
    server = ProbedServer(engine="vllm", engine_version="0.33.0", served_model="m", metrics="full", max_model_len=4096)
    b = measurement([rate_run(4, 120), rate_run(8, 240)], server=server)
    found = differences(a, b)
    assert found.fields == (
        FieldDifference("server.engine_version", "0.32.0", "0.33.0"),
        FieldDifference("server.max_model_len", "not known", "4096"),
    )
    assert found.loads == (RateDifference(4, 100, 120, 120 / 100 - 1, False), RateDifference(8, None, 240, None, False))
    assert found.status is None
    assert not found.nothing


@pytest.mark.parametrize(("rates", "certain"), [((111.0, 112.0), True), ((109.0, 120.0), False)])
def test_a_change_is_certain_where_no_repeat_reaches_the_other(rates: tuple[float, float], certain: bool) -> None:
    """100 to 110 before."""
    a = measurement([rate_run(4, 100), rate_run(4, 110, 2)])
    b = measurement([rate_run(4, rates[0]), rate_run(4, rates[1], 2)])
    for first, second in ((a, b), (b, a)):
        (load,) = differences(first, second).loads
        assert load.certain == certain


@pytest.mark.parametrize(("rate", "certain"), [(125.0, False), (130.0, True)])
def test_single_runs_must_differ_by_more_than_a_quarter(rate: float, certain: bool) -> None:
    """100 up to 112.5, and 130 down to 113.75."""
    (load,) = differences(measurement([rate_run(4, 100)]), measurement([rate_run(4, rate)])).loads
    assert load.certain == certain


def test_a_knee_that_moved_and_a_status_that_changed_are_told() -> None:
    rising = measurement([rate_run(load, 10.0 * load) for load in (1, 2, 4)])
    flat = measurement([rate_run(load, 10.0 * min(load, 2)) for load in (1, 2, 4)])
    found = differences(rising, flat)
    assert found.status == ("not_saturated", "ok")
    assert found.knee is not None
    assert found.knee[0] is None
    assert found.knee[1] == pytest.approx(2, rel=0.05)

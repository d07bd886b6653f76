"""Many chains at once: what one at a time says, the target held at the rate found, and monotone laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.chains import chains, exact_rates, met_at
from planner.capacity.queue import ServiceTable, Target, at_rate, service_table, table_of
from planner.capacity.service_curve import ServiceCurve
from planner.capacity.sizing import exact_rate
from tests.capacity.test_queue import CURVES

TARGETS = st.builds(Target, st.floats(0.05, 30), st.floats(0.005, 1), st.sampled_from([0.5, 0.9, 0.95, 0.99]))


@st.composite
def tables(draw: st.DrawFn) -> ServiceTable:
    """T(N) that bends: up to 300 in service, growing by any power between the root and the square."""
    most, power = draw(st.integers(1, 300)), draw(st.floats(0.5, 2))
    start, slope = draw(st.floats(0.1, 20)), draw(st.floats(1e-4, 0.2))
    side_by_side = np.arange(1, most + 1)
    seconds = start + slope * side_by_side**power
    return service_table(seconds, np.minimum(draw(st.floats(0, 0.5)) * side_by_side**0.5, seconds / 2), 150)


SEVERAL = st.lists(tables(), min_size=1, max_size=6)


@given(SEVERAL, TARGETS)
def test_many_at_once_are_one_at_a_time(several: list[ServiceTable], target: Target) -> None:
    found = exact_rates(chains(several), target)
    alone = [exact_rate(table, target).rate_per_s for table in several]
    assert found == pytest.approx(alone, rel=1e-4, abs=0)


@given(st.lists(CURVES, min_size=1, max_size=4), TARGETS)
def test_straight_lines_too(curves: list[ServiceCurve], target: Target) -> None:
    several = [table_of(curve) for curve in curves]
    alone = [exact_rate(table, target).rate_per_s for table in several]
    assert exact_rates(chains(several), target) == pytest.approx(alone, rel=1e-4, abs=0)


@given(SEVERAL, TARGETS)
def test_at_the_rate_found_the_target_holds(several: list[ServiceTable], target: Target) -> None:
    servers = chains(several)
    rates = exact_rates(servers, target)
    met, able = met_at(servers, rates, target), rates > 0
    assert np.all(met.tpot_s[able] <= target.tpot_s * (1 + 1e-9))
    assert np.all(met.ttft_s[able] <= target.ttft_s * (1 + 1e-9))


@given(SEVERAL, TARGETS, st.floats(0.01, 0.99))
def test_what_is_met_is_what_one_chain_says(several: list[ServiceTable], target: Target, load: float) -> None:
    servers = chains(several)
    met = met_at(servers, load * servers.capacity_per_s, target)
    for i, table in enumerate(several):
        alone = at_rate(table, load * table.capacity_per_s, target)
        assert met.tpot_s[i] == pytest.approx(float(alone.tpot_s))
        assert met.ttft_s[i] == pytest.approx(float(alone.ttft_s))
        assert met.mean_in_service[i] == pytest.approx(float(alone.mean_in_service))


@given(SEVERAL, TARGETS, st.floats(1, 4), st.floats(1, 4))
def test_a_tighter_target_never_allows_more(
    several: list[ServiceTable], target: Target, tpot: float, ttft: float
) -> None:
    looser = Target(target.ttft_s * ttft, target.tpot_s * tpot, target.quantile)
    servers = chains(several)
    assert np.all(exact_rates(servers, target) <= exact_rates(servers, looser) * (1 + 1e-5))


@given(SEVERAL, TARGETS, st.floats(0.3, 3))
def test_a_faster_replica_is_a_table_of_shorter_times(
    several: list[ServiceTable], target: Target, factor: float
) -> None:
    quick = [t._replace(service_s=t.service_s / factor, prefill_s=t.prefill_s / factor) for t in several]
    alone = [exact_rate(table, target).rate_per_s for table in quick]
    assert exact_rates(chains(several), target, factor) == pytest.approx(alone, rel=1e-4, abs=1e-9)


def test_the_example_of_the_method() -> None:
    """A published run of an 8B model on one H100: 88.89 requests/s at P95 TPOT 15 ms, 112.12 where the queue binds."""
    example = chains([table_of(ServiceCurve(0.473, 0.00488, 128, 0.03, 62))])
    assert exact_rates(example, Target(2, 0.015)) == pytest.approx([88.89], abs=0.01)
    assert exact_rates(example, Target(0.5, 0.1)) == pytest.approx([112.12], abs=0.01)
    assert exact_rates(example, Target(2, 0.005)).tolist() == [0]


def test_no_deployment_is_no_rate() -> None:
    assert exact_rates(chains([]), Target(2, 0.02)).shape == (0,)

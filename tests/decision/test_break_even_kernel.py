"""BE-2 on the kernel's own curves: every crossing of every kind of option, against brute force on a dense grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.decision.compare import OwnCost, _solve
from planner.decision.kernel import Model, PerTokenCost, levelised_curve, option_costs
from planner.decision.resolve import resolve
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, requests, scenario, workload
from tests.decision.test_kernel_plain import OPTIONS, TIMES

SIDES = ("api", "graduated", "slab")
OWN = tuple(name for name in OPTIONS if name not in SIDES)


def pair(api: str, own: str, time: str, **work: Any) -> tuple[PerTokenCost, OwnCost, Model]:
    asked: Scenario = scenario(
        OPTIONS[api].model_copy(update={"option_id": "left"}),
        OPTIONS[own].model_copy(update={"option_id": "right"}),
        work=workload(requests(9_000, 900, 120), **{"peak_to_mean": 2.5} | work),
        timeline=TIMES[time],
        horizon_months=8,
    )
    model = Model(asked, option_costs(asked, resolve(asked, catalog(), ON)))
    left, right = model.costs["left"], model.costs["right"]
    assert isinstance(left, PerTokenCost)
    assert isinstance(right, OwnCost)
    return left, right, model


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("api", SIDES)
def test_inside_every_interval_own_wins_and_outside_it_loses(api: str, own: str, time: str) -> None:
    left, right, model = pair(api, own, time)
    found = _solve(left, right, model).solution
    assert found.exact
    ends = [x for interval in found.intervals for x in interval if np.isfinite(x)]
    top = max([10.0, *ends]) * 3
    x = np.unique(np.concatenate([np.geomspace(1e-3, top, 4000), np.linspace(top / 4000, top, 4000)]))
    api_usd, own_usd = (levelised_curve(cost, model.scenario).usd(x) for cost in (left, right))
    inside = np.zeros(x.size, dtype=bool)
    for start, end in found.intervals:
        inside |= (x > start) & (x <= end)
    near_end = np.any(np.abs(x[:, None] - np.array([*ends, -1.0])) <= 1e-6 * x[:, None], axis=1)
    near_tie = np.abs(api_usd - own_usd) <= 1e-9 * np.maximum(api_usd, own_usd)
    wrong = (inside != (own_usd < api_usd)) & ~near_end & ~near_tie
    assert x[wrong].tolist() == []


@pytest.mark.parametrize("own", OWN)
def test_at_a_continuous_crossing_both_cost_the_same(own: str) -> None:
    left, right, model = pair("api", own, "growing")
    for x, jump, _ in _solve(left, right, model).crossings:
        api_usd, own_usd = (float(levelised_curve(c, model.scenario).usd(np.array([x]))[0]) for c in (left, right))
        if not jump:
            assert api_usd == pytest.approx(own_usd, rel=1e-7)


@pytest.mark.parametrize("own", OWN)
def test_the_bounds_hold_for_every_volume(own: str) -> None:
    for time in TIMES:
        _, right, model = pair("api", own, time)
        curve = levelised_curve(right, model.scenario)
        slope, low, high, start = curve.asymptote()
        x = np.geomspace(max(start, 1e-3), 1e4, 500)
        usd = curve.usd(x)
        assert np.all(usd >= (slope * x + low) * (1 - 1e-9))
        assert np.all(usd <= (slope * x + high) * (1 + 1e-9))

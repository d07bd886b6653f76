"""Worked example D10, with exact answers: is measuring throughput worth it?"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.capacity.fleet import fleet_replicas
from planner.cost.rented import rental_usd
from planner.decision.sampling import lognormal_mu_sigma, mean_of, quantiles
from planner.decision.voi import evpi, evpi_normal, evsi_normal, probe_cost_usd, win_probability
from planner.domain.uncertainty import Lognormal
from planner.units import CALENDARS, MTOK, SECONDS_PER_HOUR

(EXAMPLE,) = (
    example
    for example in json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
    if example["id"] == "D10"
)
GIVEN, D10 = EXAMPLE["given"], EXAMPLE["expect"]
KINDS = ("api", "self")


def near(expected: Any) -> Any:
    """Decimal text or number, to 1e-9 relative."""
    return pytest.approx(float(Decimal(str(expected))), rel=1e-9, abs=1e-300)


def _worlds() -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Costs a month, shape (2, states), and the chance of each state."""
    states = GIVEN["discrete"]
    throughput, chance = np.array([[float(t), float(w)] for t, w in states["throughput_tok_s"]]).T
    hours = CALENDARS[states["calendar"]].hours_per_month
    mtok_per_replica = float(states["eta"]) * throughput * SECONDS_PER_HOUR * hours / MTOK
    replicas = fleet_replicas(states["volume_M_month"] / mtok_per_replica)
    own = states["fixed"] + rental_usd(replicas, 1, states["replica_month"], 1)
    return np.stack([np.full(own.shape, float(states["api_usd_M"]) * states["volume_M_month"]), own]), chance


def test_d10_states() -> None:
    costs, chance = _worlds()
    expected = np.average(costs, axis=1, weights=chance)
    assert costs[1].tolist() == [near(v) for v in D10["self_cost_by_state"]]
    assert costs[0].tolist() == [near(D10["api_cost"])] * 3
    assert expected[1] == near(D10["expected_self"])
    assert KINDS[int(np.argmin(expected))] == D10["decision_now"]


def test_d10_perfect_information() -> None:
    costs, chance = _worlds()
    assert win_probability(costs, chance).probability[1] == near(D10["prob_self_wins"])
    assert np.average(costs.min(axis=0), weights=chance) == near(D10["expected_with_perfect_info"])
    assert evpi(costs, chance) == near(D10["evpi_month"])


def test_d10_probe() -> None:
    mean, sd, noise = (GIVEN["normal"][key] for key in ("mean", "sd_prior", "sd_noise"))
    probe = GIVEN["probe"]
    cost = probe_cost_usd(probe["gpu_h"], probe["usd_gpu_h"], probe["staff_h"], probe["usd_staff_h"])
    gain = float(evsi_normal(mean, sd, noise))
    assert float(evpi_normal(mean, sd)) == near(D10["evpi_normal"])
    assert gain == near(D10["evsi_normal"])
    assert cost == D10["probe_cost"]
    assert gain - cost == near(D10["net_value_of_probe"])
    assert (gain > cost) is D10["run_probe"]


def test_d10_lognormal() -> None:
    throughput = Lognormal(p10=GIVEN["lognormal"]["p10"], p90=GIVEN["lognormal"]["p90"])
    mu, sigma = lognormal_mu_sigma(throughput)
    assert mu == near(D10["lognormal_mu"])
    assert sigma == near(D10["lognormal_sigma"])
    assert quantiles(throughput)[1] == near(D10["lognormal_p50"])
    assert mean_of(throughput) == near(D10["lognormal_mean"])

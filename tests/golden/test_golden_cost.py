"""Worked examples D3, D6 and D7, with exact answers: provisioned units, spot GPUs, an owned server."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.cost.api import request_usd
from planner.cost.owned import (
    annuity_usd_per_month,
    colocation_usd_per_month,
    energy_usd_per_month,
    maintenance_usd_per_month,
    power_kw,
    straight_line_usd_per_month,
)
from planner.cost.provisioned import (
    break_even_requests_per_month,
    equivalent_tokens_per_minute,
    provisioned_units,
    provisioned_usd_per_month,
)
from planner.cost.rented import rental_usd
from planner.cost.spot import break_even_interruptions_per_hour, spot_availability, spot_usd_per_hour
from planner.cost.timeline import monthly_rate, npv_usd
from planner.domain.prices import RateCard, TokenPrices
from planner.units import CALENDARS

EXAMPLES = {
    example["id"]: example["expect"]
    for example in json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
}
HOURS = CALENDARS["avg"].hours_per_month


def near(expected: Any) -> Any:
    """Decimal text or number, to 1e-9 relative."""
    return pytest.approx(float(Decimal(str(expected))), rel=1e-9, abs=1e-300)


def expected(example: str, actual: dict[str, object]) -> dict[str, Any]:
    """What the example expects: all of it must have been computed; words and counts are exact, money is near."""
    answers: dict[str, Any] = EXAMPLES[example]
    assert answers.keys() == actual.keys()
    return {key: value if isinstance(actual[key], str | int) else near(value) for key, value in answers.items()}


D3_PRICES = TokenPrices(
    rates=RateCard(
        input_usd_per_mtok=Decimal(2), output_usd_per_mtok=Decimal(8), cached_input_usd_per_mtok=Decimal("0.5")
    )
)


def d3_units(requests_per_min: float) -> int:
    tpm = equivalent_tokens_per_minute(requests_per_min, 800, 400, 150, output_weight=4)
    return int(provisioned_units(tpm, tokens_per_minute_per_unit=3000, min_units=15, unit_increment=5))


def test_d3_provisioned_units() -> None:
    peak_tpm = float(equivalent_tokens_per_minute(120, 800, 400, 150, output_weight=4))  # 120 x (800 + 4 x 150)
    units = d3_units(120)  # 168,000 / 3,000 = 56, in fives 60
    reserved = units * 260.0
    payg_request = request_usd(D3_PRICES, fresh=800, cached=400, generated=150)  # (1,600 + 200 + 1,200) / 1M
    requests_month = 30 * 60 * HOURS
    break_even = break_even_requests_per_month(reserved, payg_request)
    assert break_even is not None
    bills = {"payg": requests_month * payg_request, "reserved": reserved}
    actual: dict[str, object] = {
        "equivalent_peak_tpm": peak_tpm,
        "units_raw": peak_tpm / 3000,
        "units": units,
        "hourly_month": float(provisioned_usd_per_month(units, 1, HOURS)),
        "reserved_month": reserved,
        "requests_month": requests_month,
        "usd_per_request_payg": payg_request,
        "payg_month": bills["payg"],
        "breakeven_requests_month_reserved": break_even,
        "breakeven_mean_rpm": break_even / HOURS / 60,
        "units_for_2_rpm": d3_units(2),
        "cheapest": min(bills, key=lambda name: bills[name]),
    }
    assert actual == expected("D3", actual)


def test_d6_spot() -> None:
    spot, on_demand = 1.0, 2.5
    effective = float(spot_usd_per_hour(spot, on_demand, 0.05, 0.5, 0.25))  # (1.0125 + 0.0625) / 1.025
    listed = float(rental_usd(4, 1, on_demand, HOURS))
    actual: dict[str, object] = {
        "availability_single_replica": float(spot_availability(0.05, 0.5)),  # 1 / 1.025
        "effective_usd_h": effective,
        "premium_over_sticker": effective / spot - 1,
        "month_4_replicas": float(rental_usd(4, 1, effective, HOURS)),
        "on_demand_month": listed,
        "saving": 1 - float(rental_usd(4, 1, effective, HOURS)) / listed,
        "breakeven_interruptions_per_hour": break_even_interruptions_per_hour(spot, on_demand, 0.5, 0.25),
        "no_interruption": float(spot_usd_per_hour(spot, on_demand, 0.0, 0.5, 0.25)),
    }
    assert actual == expected("D6", actual)


def test_d7_owned_server() -> None:
    capex, residual, months, gpus, utilisation = 280_000.0, 42_000.0, 48, 8, 0.45
    annuity = float(annuity_usd_per_month(capex, residual, months, monthly_rate(0.09)))
    power = float(energy_usd_per_month(power_kw(2.4, 9.6, utilisation), 1.35, 0.11, HOURS))  # 5.64 kW drawn
    colocation = float(colocation_usd_per_month(9.6, 160))
    maintenance = float(maintenance_usd_per_month(capex, 0.04))
    running = power + colocation + maintenance
    flows = np.full(months, running)
    flows[-1] -= residual
    total = annuity + running
    actual: dict[str, object] = {
        "annuity_month": annuity,
        "straight_line_month": float(straight_line_usd_per_month(capex, residual, months)),
        "power_month": power,
        "colo_month": colocation,
        "maintenance_month": maintenance,
        "total_month": total,
        "usd_gpu_hour_all_hours": total / (gpus * HOURS),
        "usd_gpu_hour_used_at_45pct": total / (gpus * HOURS * utilisation),
        "npv_cost": float(npv_usd(capex, flows, 0.09)),
        "undiscounted_tco": float(npv_usd(capex, flows, 0.0)),
    }
    assert actual == expected("D7", actual)
    # capital as an annuity or as flows at both ends: the same present value
    assert float(npv_usd(0.0, np.full(months, total), 0.09)) == near(actual["npv_cost"])

"""Published examples of payback, present value and the verdict drawn from them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.cost.owned import annuity_usd_per_month
from planner.cost.rented import rental_usd
from planner.cost.timeline import cumulative_saving, irr_per_year, npv_usd, payback_months
from planner.decision.breakeven import linear_break_even
from planner.units import MONTHS_PER_YEAR

# --- C14: the Accelerator ROI page of legitlads, read 2026-11-20: 64 GPUs for $1.92M over 4 years, 70 % busy, $728,681
# of running cost; cloud $2.00 per GPU-hour. It prints "BUY" beside an NPV of -$9.44K.

CAPEX, OPEX, YEARS = 1_920_000, 728_681, 4
GPU_HOURS = 64 * 4 * 8760
CLOUD = float(rental_usd(64, 1, 2.00, 0.70 * YEARS * 8760))
YEARLY_SAVING = (CLOUD - OPEX) / YEARS


def saved_at_year_ends() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What owning saves in months 1 to 48 when it is counted at the end of each year, as the page does."""
    flows = np.zeros(YEARS * MONTHS_PER_YEAR)
    flows[MONTHS_PER_YEAR - 1 :: MONTHS_PER_YEAR] = YEARLY_SAVING
    return flows


def test_accelerator_totals() -> None:
    cloud = float(rental_usd(64, 1, 2.00, 0.70 * YEARS * 8760))
    assert cloud == pytest.approx(3_139_584)
    assert cloud - (CAPEX + OPEX) == pytest.approx(490_903)


def test_accelerator_net_present_value_is_negative_though_the_page_says_buy() -> None:
    # $1.92M now against 4 x $602,725.75 at 10 %: 602,725.75 x 3.16987 = $1,910,560, $9,440 less
    cost = float(npv_usd(CAPEX, -saved_at_year_ends(), 0.10))
    assert -cost == pytest.approx(-9440, abs=5)
    assert float(npv_usd(CAPEX, -saved_at_year_ends(), 0.0)) == pytest.approx(-490_903)  # undiscounted: a saving
    (rate,) = irr_per_year(np.concatenate([[-CAPEX], saved_at_year_ends()]))
    assert rate < 0.10  # the return is below the rate that is asked for, as the sign of the NPV says
    assert float(npv_usd(CAPEX, -saved_at_year_ends(), rate)) == pytest.approx(0, abs=1)


def test_accelerator_verdict_turns_when_savings_are_counted_by_month() -> None:
    monthly = np.full(YEARS * MONTHS_PER_YEAR, YEARLY_SAVING / MONTHS_PER_YEAR)
    assert float(npv_usd(CAPEX, -monthly, 0.10)) < 0  # a cost below 0: owning pays


def test_accelerator_payback() -> None:
    # 1,920,000 / 602,725.75 = 3.19 years, so the 39th month
    none = np.zeros(YEARS * MONTHS_PER_YEAR)
    saved = cumulative_saving(0, none + YEARLY_SAVING / MONTHS_PER_YEAR, CAPEX, none)
    assert payback_months(saved) == (39, 39)
    assert linear_break_even(CAPEX, YEARLY_SAVING) == pytest.approx(3.2, abs=0.05)


def test_accelerator_break_even_utilisation() -> None:
    # $2,648,681 / $2.00 = 1.324M of 2.243M GPU-hours
    hours = linear_break_even(CAPEX + OPEX, 2.00)
    assert hours is not None
    assert hours / GPU_HOURS == pytest.approx(0.59, abs=0.005)


def test_accelerator_annuity_agrees_with_the_sign_of_the_npv() -> None:
    # At 10 % the yearly charge on $1.92M exceeds the yearly saving by $9,440 / 3.16987
    yearly = float(annuity_usd_per_month(CAPEX, 0, YEARS, 0.10))  # periods of a year
    assert yearly - YEARLY_SAVING == pytest.approx(9440 / 3.16987, rel=0.001)


# --- C13: calculator.md of github.com/llm-d/llm-d, pull request 555, 2025-12-18: $300k once, $24k a month saved for $4k


def test_llmd_payback() -> None:
    own, api = np.full(24, 4_000.0), np.full(24, 24_000.0)
    assert payback_months(cumulative_saving(0, api, 300_000, own)) == (15, 15)  # 300 / (24 - 4)


# --- C7: docs/proposals/proposal-self-hosted-GLM5.2-model.html of github.com/redhat-performance/configiq @2174fd4


def test_glm_half_year_is_the_plain_sum_at_rate_zero() -> None:
    half_year = float(npv_usd(0, np.full(6, 93_682.72), 0.0))
    assert half_year == pytest.approx(562_096.32, abs=0.005)
    assert half_year != pytest.approx(562_098, abs=0.5)  # printed

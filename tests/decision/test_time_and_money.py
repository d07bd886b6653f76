"""TIME, BE-3, BE-4, OWN-1 and DEC-3 through whole answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.options import Operations, RentedOption
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from tests.builders import answer, changed, output_rate, rented, requests, scenario, token_price, typed_api, workload
from tests.decision.test_kernel_plain import OPTIONS, SERVER, owned

HOURS = 730


def d8() -> Scenario:
    """Golden D8 as a scenario: 400M output tokens in month 1, a replica that serves 700M a month for $2,190."""
    per_s = 700e6 / (HOURS * 3600)
    api = typed_api(
        token_price("0", "6.60"), operations=Operations(setup_hours=0, fte_fraction=0, other_one_off_usd=500)
    )
    own = rented(
        "3",
        throughput=output_rate(per_s),
        operations=Operations(setup_hours=0, other_one_off_usd=6000, fte_fraction=0, other_usd_per_month=400),
    )
    daily = 400e6 / 1000 / (365 / 12)
    return scenario(
        api,
        own,
        work=workload(requests(daily, 0, 1000)),
        horizon_months=24,
        timeline=Timeline(
            growth=Growth(shape="compound", per_month=0.06),
            api_price_decline_per_year=0.25,
            gpu_price_decline_per_year=0.10,
            discount_rate_per_year=0.10,
        ),
    )


def test_golden_d8_end_to_end() -> None:
    result = answer(d8())
    api, own = result.option("api"), result.option("own")
    assert api.npv_usd == pytest.approx(87033.5049582, rel=1e-9)
    assert own.npv_usd == pytest.approx(84134.5839787, rel=1e-9)
    (found,) = result.comparisons
    assert found.delta_npv_usd == pytest.approx(2898.92097953, rel=1e-9)
    assert (found.payback_first_month, found.payback_permanent_month) == (10, 19)
    assert found.cheaper_months == (*range(1, 11), *range(16, 23), 24)
    assert found.cumulative_usd[-1] == pytest.approx(3828.57865786, rel=1e-9)
    assert own.fleet is not None
    assert (own.fleet.replicas, own.fleet.replicas_last_month) == (1, 3)
    # 3.3 % apart is inside the tie band of 5 %: the simpler one, flagged
    assert (result.verdict.recommended_id, result.verdict.close) == ("api", True)
    assert answer(changed(d8(), tie_band_fraction=0)).verdict.recommended_id == "own"


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.05, 40), st.floats(0, 0.5), st.floats(-0.05, 0.1), st.floats(-0.2, 0.5), st.floats(0, 0.2),
    st.integers(1, 60),
)  # fmt: skip
def test_the_verdict_never_contradicts_the_sign_of_npv(
    volume: float, rate: float, growth: float, decline: float, band: float, months: int
) -> None:
    question = changed(d8(), tie_band_fraction=band, horizon_months=months)
    time = changed(
        question.timeline,
        discount_rate_per_year=rate,
        api_price_decline_per_year=decline,
        growth=Growth(shape="compound", per_month=growth),
    )
    result = answer(changed(question, timeline=time, workload=changed(question.workload, volume_multiplier=volume)))
    (found,) = result.comparisons
    cheapest = "own" if found.delta_npv_usd > 0 else "api"
    assert result.verdict.cheapest_id == cheapest
    assert result.verdict.recommended_id == cheapest or result.verdict.close
    inside = [i > -1 for i in found.irr_per_year]
    assert all(inside)


def test_npv_at_rate_zero_is_the_plain_sum() -> None:
    for option in OPTIONS.values():
        question = scenario(option, timeline=Timeline(discount_rate_per_year=0))
        (found,) = answer(question).options
        assert found.npv_usd == pytest.approx(found.tco_usd, rel=1e-12)
        assert found.levelised_usd_per_month == pytest.approx(found.tco_usd_per_month, rel=1e-12)


@pytest.mark.parametrize("months", [1, 5, 9, 10, 30])
@pytest.mark.parametrize("growth", [0.0, 0.2])
def test_cash_of_owned_servers_has_the_present_value_of_their_annuities(months: int, growth: float) -> None:
    time = Timeline(growth=Growth(shape="compound", per_month=growth), gpu_price_decline_per_year=0.2)
    busy = workload(requests(900_000, 900, 120))
    (found,) = answer(scenario(owned(), work=busy, horizon_months=months, timeline=time)).options
    factors = 1.1 ** (-np.arange(months + 1) / 12)
    cash = np.array([flow.purchase_usd - flow.resale_usd for flow in found.cash])
    annuities = np.array([month.gpu_usd for month in found.months])
    assert cash @ factors == pytest.approx(annuities @ factors, rel=1e-9)
    written = sum(flow.depreciation_usd for flow in found.cash)
    bought = sum(flow.purchase_usd for flow in found.cash)
    assert 0 < written < bought
    assert found.cash[-1].book_value_usd == 0


def only(result: Result, driver: str) -> tuple[float, float | None]:
    (flip,) = [f for f in result.switching if f.driver == driver]
    return flip.value_now, flip.value_at_flip


def plain_pair(**more: Any) -> Scenario:
    """API at $9/M of tokens, half in and half out; own GPUs at $72 a day and replica for 10M a day."""
    own: RentedOption = rented("3", throughput=output_rate(5e6 / 86_400))
    fields = {"tie_band_fraction": 0, "timeline": Timeline(discount_rate_per_year=0), "calendar": "30d"}
    return scenario(typed_api(), own, work=workload(requests(1000, 1000, 1000)), **(fields | more))


def test_a_flip_by_price_is_where_the_two_cost_the_same() -> None:
    # 2M tokens a day: $18 by the token against $72 for a replica
    result = answer(plain_pair())
    assert only(result, "api_price")[1] == pytest.approx(4.0, rel=1e-5)
    assert only(result, "gpu_price")[1] == pytest.approx(0.25, rel=1e-5)
    assert only(result, "volume")[1] == pytest.approx(4.0, rel=1e-5)
    assert only(result, "staff_share")[1] is None
    margins = [abs(f.margin_fraction) for f in result.switching if f.margin_fraction is not None]
    assert margins == sorted(margins)


def test_required_figures_by_hand() -> None:
    (pair,) = answer(plain_pair()).break_evens
    need = pair.required
    assert need is not None
    assert need.api_usd_per_mtok_now == pytest.approx(9)
    assert need.api_usd_per_mtok == pytest.approx(36)  # $72 over 2M tokens a day
    assert need.usd_per_gpu_hour == pytest.approx(0.75)  # $18 a day over 24 h
    assert need.utilisation_fraction_now == pytest.approx(0.2)
    assert need.utilisation_fraction == pytest.approx(0.8)  # 8M of 10M tokens a day
    assert need.throughput_ratio is None  # one replica is the least, however fast
    assert need.staff_usd_per_month is None


def test_the_required_throughput_is_the_smallest_that_wins() -> None:
    # 25M tokens a day: $225 by the token; three replicas cost $216 and win, four would not: 25 / (3 x 10) of the figure
    question = plain_pair()
    busy = changed(question, workload=changed(question.workload, volume_multiplier=12.5))
    need = answer(busy).break_evens[0].required
    assert need is not None
    assert need.throughput_ratio == pytest.approx(25 / 30, rel=1e-4)


@pytest.mark.parametrize("months", [0, 600])
def test_a_horizon_of_no_or_fifty_years_is_refused(months: int) -> None:
    with pytest.raises(ValueError, match="horizon_months"):
        changed(plain_pair(), horizon_months=months)


def test_a_reserved_term_beyond_the_horizon_is_charged_and_said() -> None:
    option = rented(term="reserved", term_months=36)
    (found,) = answer(scenario(option, timeline=Timeline(discount_rate_per_year=0))).options
    assert found.tco_usd == pytest.approx(36 * 3 * HOURS)  # twelve months asked, thirty-six owed
    assert any("24 months after the horizon" in warning for warning in found.warnings)


def test_money_is_conserved_between_upfront_and_monthly() -> None:
    still = Timeline(discount_rate_per_year=0)
    totals = [
        answer(scenario(rented(term="reserved", term_months=6, upfront_fraction=share), timeline=still))
        .options[0]
        .tco_usd
        for share in (0.0, 0.4, 1.0)
    ]
    assert totals == pytest.approx([12 * 3 * HOURS] * 3)


def test_a_throughput_above_the_physics_is_refused_with_its_reason() -> None:
    (found,) = answer(scenario(rented(throughput=output_rate(1e8)))).options
    assert found.status == "blocked"
    assert {reason.code for reason in found.reasons} >= {"CAPACITY"}


def test_the_split_adds_up_to_the_whole_cost() -> None:
    result = answer(plain_pair())
    for option in result.options:
        assert option.input_usd_per_mtok is not None
        assert option.output_usd_per_mtok is not None
        assert option.output_usd_per_mtok == pytest.approx(5 * option.input_usd_per_mtok)
        mtok = 1000 * 1000 * 30 * 12 / 1e6
        assert mtok * (option.input_usd_per_mtok + option.output_usd_per_mtok) == pytest.approx(option.tco_usd)


def test_retries_are_paid_on_both_sides() -> None:
    usable = scenario(typed_api(success_fraction=0.5), rented(success_fraction=0.5, throughput=output_rate(100)))
    sure = scenario(typed_api(), rented())
    for before, after in zip(answer(sure).options, answer(usable).options, strict=True):
        assert before.usd_per_successful_request is not None
        assert after.usd_per_successful_request is not None
        assert after.usd_per_successful_request >= before.usd_per_successful_request
    assert answer(usable).options[0].usd_per_successful_request == pytest.approx(
        2 * (answer(sure).options[0].usd_per_successful_request or 0)
    )


def test_a_scale_to_zero_fleet_costs_nothing_without_requests() -> None:
    idle = workload(requests(0))
    options = (rented(min_replicas=0, scaling={"mode": "autoscale"}), rented(option_id="on", label="Always on"))
    zero, on = answer(scenario(*options, work=idle)).options
    assert zero.tco_usd == 0
    assert on.tco_usd == pytest.approx(12 * 3 * HOURS)
    assert zero.usd_per_request is None


def test_soft_scores_stand_beside_the_dollars() -> None:
    weighted = scenario(typed_api(soft_scores={"speed": 5, "control": 1}), rented(soft_scores={"control": 4}))
    plain = answer(weighted)
    scored = answer(changed(weighted, soft_weights={"speed": 1, "control": 3}))
    assert [o.soft_score for o in plain.options] == [None, None]
    assert [o.soft_score for o in scored.options] == [pytest.approx((5 + 3) / 4), 4]
    assert [o.npv_usd for o in scored.options] == [o.npv_usd for o in plain.options]
    assert scored.verdict.recommended_id == plain.verdict.recommended_id


def test_an_availability_that_no_spares_reach_is_refused_with_its_reason() -> None:
    hopeless = rented(availability_target_fraction=0.9999, replica_availability_fraction=1e-6)
    (found,) = answer(scenario(hopeless)).options
    assert [(r.code, r.field) for r in found.reasons] == [("CAPACITY", "options[own].availability_target_fraction")]
    (fine,) = answer(scenario(rented(availability_target_fraction=0.9999, replica_availability_fraction=0.99))).options
    assert fine.fleet is not None
    assert (fine.fleet.replicas, fine.fleet.spare_replicas) == (2, 1)  # 1 - 0.01^2 = 99.99 %: one needed, one spare


def test_servers_bought_are_paid_back_in_cash_not_by_their_annuity() -> None:
    # two servers for 560,000 USD against an API bill of 105,120 a month: not in month 1, but within the two years
    api = typed_api(token_price("0", "40"))
    lasting = changed(SERVER, life_months=48)
    servers = owned(operations=Operations(setup_hours=0, fte_fraction=0), server=lasting)
    busy = workload(requests(2.628e9 / (365 / 12) / 1000, 0, 1000))
    result = answer(scenario(api, servers, work=busy, horizon_months=24))
    (found,) = result.comparisons
    own = result.option("owned")
    assert found.cumulative_usd[0] == -own.cash[0].purchase_usd
    assert found.payback_first_month is not None
    assert found.payback_first_month > 1
    assert found.cheaper_months == tuple(range(1, 25))
    (rate,) = found.irr_per_year
    flows = np.diff(found.cumulative_usd, prepend=0.0)
    assert flows @ (1 + rate) ** (-np.arange(25) / 12) == pytest.approx(0, abs=1e-3)
    factors = 1.1 ** (-np.arange(25) / 12)
    assert flows @ factors == pytest.approx(found.delta_npv_usd)
    assert own.fleet is not None
    assert own.fleet.gpus == 8 * (own.fleet.servers or 0)

"""UNC-1 to UNC-6 and DEC-2 over a plane, through the real product."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.decision.default_ranges import DEFAULT_RANGES, uncertainty_of
from planner.decision.evaluate import decide
from planner.decision.kernel import Model, option_costs
from planner.decision.present_risk import headline, metrics, nearest_flip, probe_sentences, support
from planner.decision.present_risk_tables import chance, range_rows, spread_rows, switch_rows, tornado_rows, worth_rows
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.decision.risk_draws import CHUNK, draws_of
from planner.decision.winner_map import Axis, axis, sweep, winner_map
from planner.domain.facts import Facts
from planner.domain.options import SELF_HOST_OPERATIONS, ApiOption, HybridOption, OwnedOption, ServerPurchase
from planner.domain.risk import Risk
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from planner.domain.uncertainty import Correlation, Discrete, DriverRange, Fixed, Lognormal, Uncertainty
from tests.builders import (
    ON,
    catalog,
    changed,
    output_rate,
    rented,
    requests,
    scenario,
    shipped,
    token_price,
    typed_api,
    workload,
)

FEW = settings(max_examples=12)


def facts_of(question: Scenario) -> Facts:
    return resolve(question, catalog(), ON)


def risk_of(question: Scenario, **more: Any) -> Risk:
    return assess(question, facts_of(question), **more)


def close_call(**more: Any) -> Scenario:
    """30,000 requests of 1,000 output tokens a day: 347.2 tokens/s, so 4 replicas of 100 at $3, against an API."""
    work = more.pop("work", workload(requests(per_day=30_000, fresh=0)))
    return scenario(typed_api(token_price("0", "9.4")), rented("3"), work=work, **more)


def ranges(**distributions: Any) -> tuple[DriverRange, ...]:
    return tuple(DriverRange.model_validate({"driver": n, "distribution": d}) for n, d in distributions.items())


def fixed(value: float = 1.0) -> Fixed:
    return Fixed(value=value)


SERVER = ServerPurchase.model_validate({"usd_per_server": "250000", "idle_kw": 3, "max_kw": 10})


def every_kind(**more: Any) -> Scenario:
    """An API, rented and owned fleets and a hybrid, with people and prices that move."""
    own = OwnedOption.model_validate(
        rented(option_id="bought", label="Bought", operations=SELF_HOST_OPERATIONS).model_dump(
            exclude={"kind", "price", "price_id", "term", "term_months", "upfront_fraction", "spot"}
        )
        | {"server": SERVER}
    )
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    options = (typed_api(token_price("0", "9.4")), rented("3", operations=SELF_HOST_OPERATIONS), own, hybrid)
    return scenario(*options, work=workload(requests(per_day=30_000, fresh=0), peak_to_mean=2), **more)


# --- laws of the whole


@FEW
@given(
    seed=st.integers(0, 2**63 - 1),
    price=st.sampled_from(["6", "9", "9.4", "12"]),
    spread=st.floats(1.5, 2.5),
    draws=st.sampled_from([100, 731, 3000]),
)
def test_laws_of_information(seed: int, price: str, spread: float, draws: int) -> None:
    free = Lognormal(p10=1 / spread, p90=spread)
    question = scenario(
        typed_api(token_price("0", price)),
        rented("3"),
        work=workload(requests(per_day=30_000, fresh=0)),
        uncertainty=Uncertainty(drivers=ranges(volume=free, throughput=free, gpu_price=free)),
    )
    risk = risk_of(question, draws=draws, seed=seed)
    assert risk.evpi_usd is not None
    assert risk.floor_usd is not None
    noise = 1e-9 * max(o.npv.p90_usd for o in risk.options)
    assert sum(o.win_probability for o in risk.options) == pytest.approx(1, abs=1e-12)
    assert all(0 <= v.evppi_usd <= risk.evpi_usd + noise for v in risk.values)
    assert risk.evpi_usd == pytest.approx(min(o.expected_regret_usd for o in risk.options), abs=noise)
    assert risk.probe is not None
    of_throughput = next(v.evppi_usd for v in risk.values if v.driver == "throughput")
    assert risk.probe.evsi_usd <= of_throughput + noise
    for option in risk.options:
        assert option.npv.p10_usd <= option.npv.p50_usd <= option.npv.p90_usd
        assert option.levelised.p50_usd * 12 >= option.npv.p50_usd  # the annuity of 12 months is below 12


def test_same_seed_same_figures_and_another_seed_others() -> None:
    question = close_call()
    first = risk_of(question, draws=2000, seed=7)
    assert first.model_dump_json() == risk_of(question, draws=2000, seed=7).model_dump_json()
    assert first.option("own").npv.mean_usd != risk_of(question, draws=2000, seed=8).option("own").npv.mean_usd


def test_draws_and_seed_come_from_the_scenario_unless_given() -> None:
    question = close_call(uncertainty=Uncertainty(draws=300, seed=5, drivers=ranges(volume=fixed())))
    assert (risk_of(question).draws, risk_of(question).seed) == (300, 5)
    assert (risk_of(question, draws=400).draws, risk_of(question, draws=400).seed) == (400, 5)


@pytest.mark.parametrize("growing", [False, True])
def test_certain_figures_cost_exactly_the_deterministic_answer(growing: bool) -> None:
    time = Timeline(
        growth=Growth(shape="compound", per_month=0.03), api_price_decline_per_year=0.15, gpu_price_decline_per_year=0.1
    )
    certain = ranges(
        **dict.fromkeys(["volume", "peak", "throughput", "api_price", "gpu_price", "power_price"], fixed())
    )
    question = every_kind(uncertainty=Uncertainty(draws=100, drivers=certain), timeline=time if growing else Timeline())
    facts = facts_of(question)
    result, risk = decide(question, facts), assess(question, facts)
    assert {o.option_id for o in risk.options} == {"api", "own", "bought", "both"}
    for option in risk.options:
        expected = result.option(option.option_id).npv_usd
        assert set(option.npv.model_dump().values()) == {expected}
    assert risk.recommended_id == result.verdict.recommended_id
    assert risk.rival_id == result.verdict.runner_up_id
    assert risk.option(result.verdict.cheapest_id or "").win_probability == 1
    assert risk.evpi_usd == 0
    assert risk.tornado == ()
    assert risk.probe is None
    assert "certain" in risk.probe_explanation


def test_every_driver_is_passed_on() -> None:
    """Each driver alone, held away from its usual figure, moves some option the way the kernel moves it."""
    question = every_kind()
    model = Model(question, option_costs(question, facts_of(question)))
    base = model.npv_usd(model.at())
    names = ["volume", "peak", "throughput", "api_price", "gpu_price", "power_price", "staff_share"]
    rates = ["api_decline", "gpu_decline", "volume_growth", "wage_growth"]
    for name, value in {**dict.fromkeys(names, 1.9), **dict.fromkeys(rates, 0.4)}.items():
        given_range = Uncertainty(draws=100, drivers=ranges(**{name: fixed(value)}))
        risk = risk_of(changed(question, uncertainty=given_range))
        expected = dict(zip(model.costs, model.npv_usd(model.at(**{name: value})).tolist(), strict=True))
        assert {o.option_id: o.npv.mean_usd for o in risk.options} == expected, name
        assert not np.allclose(list(expected.values()), base), name


def test_chunks_do_not_show() -> None:
    question = every_kind(timeline=Timeline(api_price_decline_per_year=0.2))
    drawn = draws_of(question, CHUNK + 100, 3)
    model = Model(question, option_costs(question, facts_of(question)))
    whole = drawn.npv_usd(model, drawn.values, drawn.count)
    last = {n: v[CHUNK:] if isinstance(v, np.ndarray) else v for n, v in drawn.values.items()}
    np.testing.assert_allclose(whole[:, CHUNK:], drawn.npv_usd(model, last, 100), rtol=1e-12)
    assert whole.shape == (4, CHUNK + 100)


# --- ranges


def test_assumed_ranges_are_said_to_be_and_listed() -> None:
    risk = risk_of(close_call(), draws=500)
    assert risk.assumed
    assert [r.driver for r in risk.ranges] == [
        "volume",
        "peak",
        "throughput",
        "api_price",
        "gpu_price",
        "power_price",
        "staff_share",
    ]
    assert all(item.source for item in risk.ranges)
    assert {item.driver: item.origin for item in DEFAULT_RANGES}["volume"] == "assumed"
    volume = risk.ranges[0]
    assert [volume.p10, volume.p90] == pytest.approx([0.7, 1.5])
    assert volume.p50 == pytest.approx((0.7 * 1.5) ** 0.5)


def test_throughput_is_drawn_in_each_options_own_range() -> None:
    wide = output_rate(100, low_fraction=0.5, high_fraction=2)
    question = scenario(typed_api(), rented(throughput=wide), rented(option_id="narrow", label="Narrow"))
    found = {r.label: (r.p10, r.p90) for r in risk_of(question, draws=300).ranges if r.driver == "throughput"}
    assert found == {"Throughput of Own GPU": (0.5, 2), "Throughput of Narrow": (0.8, 1.25)}
    drawn = draws_of(question, 100_000, 1)
    z = drawn.drivers(Model(question, option_costs(question, facts_of(question))), drawn.values).throughput_z
    assert z is not None
    assert np.mean(np.asarray(z)) == pytest.approx(0, abs=0.02)
    assert np.std(np.asarray(z)) == pytest.approx(1, abs=0.02)


@given(ratio=st.floats(1, 4))
@settings(max_examples=30)
def test_the_busiest_hour_is_never_below_the_mean(ratio: float) -> None:
    question = close_call(work=workload(requests(per_day=30_000, fresh=0), peak_to_mean=ratio))
    drawn = draws_of(question, 500)
    assert np.min(np.asarray(drawn.values["peak"])) * ratio >= 1 - 1e-12
    assert min(drawn.rungs()["peak"]) * ratio >= 1 - 1e-12


def test_a_scenario_that_lists_no_range_has_the_assumed_ones() -> None:
    question = close_call(uncertainty=Uncertainty(draws=200, seed=1))
    assert uncertainty_of(question).drivers == DEFAULT_RANGES
    assert risk_of(question).assumed
    assert not risk_of(close_call(uncertainty=Uncertainty(draws=200, drivers=ranges(volume=fixed())))).assumed


def test_correlated_drivers_move_together() -> None:
    free = Lognormal(p10=0.5, p90=2)
    pair = (Correlation(a="api_price", b="gpu_price", spearman=0.95),)
    both = Uncertainty(draws=4000, drivers=ranges(api_price=free, gpu_price=free), correlations=pair)
    apart = changed(both, correlations=())
    together, free_moving = (risk_of(close_call(uncertainty=u)).evpi_usd for u in (both, apart))
    assert together is not None
    assert free_moving is not None
    assert together < 0.7 * free_moving  # prices that rise together seldom change the winner


def test_a_driver_that_changes_nothing_spreads_nothing() -> None:
    idle_power = Uncertainty(draws=300, drivers=ranges(power_price=Lognormal(p10=0.5, p90=2)))
    risk = risk_of(close_call(uncertainty=idle_power))
    assert risk.tornado == ()
    assert all(o.npv.p10_usd == o.npv.p90_usd for o in risk.options)


# --- tornado and what matters


def test_only_what_changes_a_cost_is_kept() -> None:
    risk = risk_of(close_call(), draws=500)
    # nobody works on either option and no machine is bought: staff and electricity move nothing
    kept = {"volume", "peak", "throughput", "api_price", "gpu_price"}
    assert {bar.driver for bar in risk.tornado} == kept == {v.driver for v in risk.values}
    assert {r.driver for r in risk.ranges if r.matters} == kept
    assert {r.driver for r in risk.ranges if not r.matters} == {"power_price", "staff_share"}


def test_medians_of_one_leave_the_tornado_at_the_deterministic_difference() -> None:
    free = Lognormal(p10=0.5, p90=2)
    question = every_kind(uncertainty=Uncertainty(draws=200, drivers=ranges(volume=free, api_price=free, peak=free)))
    result, risk = decide(question, facts_of(question)), risk_of(question)
    assert result.verdict.saving_usd is not None
    assert len(risk.tornado) == 3
    for bar in risk.tornado:
        assert bar.delta_p50_usd == pytest.approx(result.verdict.saving_usd, rel=1e-9)
    assert [b.swing_usd for b in risk.tornado] == sorted((b.swing_usd for b in risk.tornado), reverse=True)


def test_tornado_worked() -> None:
    # 30,000 x 1,000 tokens a day at $10 per 1M: $300 a day, $9,125 a month; 4 GPUs at $3: $8,760 a month
    question = scenario(
        typed_api(token_price("0", "10")),
        rented("3"),
        work=workload(requests(per_day=30_000, fresh=0)),
        tie_band_fraction=0,
        timeline=Timeline(discount_rate_per_year=0),
        uncertainty=Uncertainty(
            draws=100,
            drivers=ranges(gpu_price=Discrete(values=(0.9, 1.0, 1.1), weights=(1, 1, 1)), api_price=fixed()),
        ),
    )
    (bar,) = risk_of(question).tornado
    assert bar.at == (0.9, 1.0, 1.1)
    # the rival's $109,500 a year minus $105,120 x 0.9, 1 and 1.1
    assert bar.delta_p10_usd == pytest.approx(109_500 - 94_608)
    assert bar.delta_p50_usd == pytest.approx(109_500 - 105_120)
    assert bar.delta_p90_usd == pytest.approx(109_500 - 115_632)
    assert bar.swing_usd == pytest.approx(21_024)
    assert bar.sign_changes


# --- what is worth knowing


def test_d10_through_the_product() -> None:
    """D10: 3,000M tokens a month, an API at $2.60 per 1M against one fleet at 600, 1,200 or 2,000 tokens/s, used to
    60 %, $2,190 a replica and $1,500 a month beside it. The fleet costs $10,260, $5,880 or $3,690 a month against
    $7,800, so the fleet is cheaper in 70 % of the cases and perfect knowledge of throughput is worth $738 a month."""
    month = 365 / 12
    operations = changed(
        SELF_HOST_OPERATIONS, setup_hours=0, fte_fraction=0, updates_per_year=0, evaluations_per_year=0
    )
    fleet = rented(
        "3",
        throughput=output_rate(1200, held_at_slo=False, low_fraction=0.5, high_fraction=2),
        allowed_utilisation_fraction=0.6,
        operations=changed(operations, other_usd_per_month=1500),
    )
    spread = Discrete(values=(600 / 1200, 1, 2000 / 1200), weights=(0.3, 0.5, 0.2))
    question = scenario(
        typed_api(token_price("0", "2.6")),
        fleet,
        work=workload(requests(per_day=3000 / month * 1e6 / 1000, fresh=0)),
        horizon_months=1,
        timeline=Timeline(discount_rate_per_year=0),
        uncertainty=Uncertainty(draws=100_000, drivers=ranges(throughput=spread)),
    )
    risk = risk_of(question)
    own = risk.option("own")
    assert [own.npv.p90_usd, own.npv.p50_usd, own.npv.p10_usd] == pytest.approx([10_260, 5_880, 3_690])
    assert risk.option("api").npv.mean_usd == pytest.approx(7_800)
    share = own.win_probability
    assert share == pytest.approx(0.7, abs=4 * own.win_standard_error)
    assert own.npv.mean_usd == pytest.approx(6_756, abs=40)
    assert risk.least_expected_id == "own"
    assert risk.evpi_usd == pytest.approx((10_260 - 7_800) * (1 - share), rel=1e-9)  # 738 at exactly 0.7
    assert risk.evpi_usd == pytest.approx(738, abs=15)
    (known,) = risk.values
    assert known.evppi_usd == pytest.approx(risk.evpi_usd)  # nothing else is uncertain
    assert not known.below_floor
    assert risk.probe is not None
    assert risk.probe.evsi_usd == pytest.approx(risk.evpi_usd, rel=0.01)  # 2 % noise tells 600 from 1,200
    # an hour of setting up and the runs of the planned probe, on one GPU at $3, and eight hours of an engineer
    assert 1 < risk.probe.gpu_hours < 4
    assert risk.probe.cost_usd == pytest.approx(risk.probe.gpu_hours * 3 + 8 * 100)
    assert risk.probe.worth == "no"  # $738 for a month is below $800


def test_a_probe_pays_over_a_longer_horizon() -> None:
    spread = Discrete(values=(0.5, 1, 1.6), weights=(0.3, 0.5, 0.2))
    question = close_call(horizon_months=36, uncertainty=Uncertainty(drivers=ranges(throughput=spread)))
    risk = risk_of(question)
    assert risk.probe is not None
    assert risk.probe.evsi_usd > risk.probe.cost_usd
    assert risk.probe.worth == "yes"
    assert probe_sentences(risk)[0].startswith("Measuring the throughput of Own GPU before deciding saves $")


def test_a_driver_that_means_nothing_is_below_the_floor() -> None:
    """GPU prices move the fleet by a hair; all else by much: what these draws show of it is noise."""
    spread = Lognormal(p10=0.5, p90=2)
    hair = Lognormal(p10=0.9999, p90=1.0001)
    question = close_call(uncertainty=Uncertainty(draws=2000, drivers=ranges(api_price=spread, gpu_price=hair)))
    values = {v.driver: v for v in risk_of(question).values}
    assert values["gpu_price"].below_floor
    assert not values["api_price"].below_floor


def test_without_own_fleets_there_is_nothing_to_measure() -> None:
    question = scenario(typed_api(), typed_api(token_price("2"), option_id="other", label="Other"))
    risk = risk_of(question, draws=200)
    assert risk.probe is None
    assert "no eligible option runs on your own GPUs" in risk.probe_explanation


def test_the_probe_of_bought_servers_is_priced_by_their_life() -> None:
    question = every_kind()
    only = changed(question, options=[question.options[0], question.options[2]])
    probe = risk_of(only, draws=300).probe
    assert probe is not None
    assert probe.usd_per_gpu_hour == pytest.approx(250_000 / 8 / (48 * 730))


# --- nothing to compare


def test_reasons_instead_of_figures() -> None:
    alone = risk_of(scenario(typed_api()))
    none = risk_of(scenario(typed_api(licence_allows=False), rented(licence_allows=False)))
    idle = risk_of(close_call(work=workload(requests(per_day=0))))
    for risk, words in ((alone, "Only API"), (none, "No option"), (idle, "no tokens")):
        assert risk.status == "not_known"
        assert words in risk.explanation
        assert words in headline(risk)
        assert (risk.options, risk.evpi_usd, risk.probe) == ((), None, None)
        assert metrics(risk) == ()
        assert support(risk) == ()


def test_excluded_and_blocked_options_do_not_win() -> None:
    free = typed_api(token_price("0", "0"), option_id="free", label="Free", licence_allows=False)
    blocked = ApiOption(option_id="gone", label="Gone", provider="openai", model="gpt-7")
    risk = risk_of(changed(close_call(), options=[*close_call().options, free, blocked]), draws=200)
    assert {o.option_id for o in risk.options} == {"api", "own"}


def test_the_widest_ranges_there_can_be_stay_finite() -> None:
    wide = Lognormal(p10=1e-12, p90=1e12)
    extreme = ranges(volume=wide, api_price=wide, gpu_price=wide, staff_share=wide, volume_growth=fixed(10))
    risk = risk_of(every_kind(horizon_months=120, uncertainty=Uncertainty(draws=200, drivers=extreme)))
    assert risk.status == "known"
    assert all(np.isfinite([o.npv.p10_usd, o.npv.p90_usd, o.npv.mean_usd]).all() for o in risk.options)


@pytest.mark.parametrize(("draws", "seed"), [(0, 1), (99, 1), (200_001, 1), (100, -1)])
def test_draws_and_seed_out_of_bounds_are_refused(draws: int, seed: int) -> None:
    with pytest.raises(ValueError, match=r"draws|seed"):
        risk_of(close_call(), draws=draws, seed=seed)


# --- words


def test_a_share_is_never_called_certain_when_it_is_not() -> None:
    assert [chance(p) for p in (0, 1e-6, 0.00012, 0.07349, 0.934, 0.9999, 0.9999999, 1)] == [
        "0%",
        "less than 0.01%",
        "0.01%",
        "7.3%",
        "93.4%",
        "99.99%",
        "more than 99.99%",
        "100%",
    ]


def test_words_hold_the_figures() -> None:
    risk, result = risk_of(close_call(), draws=1000), decide(close_call(), facts_of(close_call()))
    chosen = risk.option(risk.recommended_id or "")
    assert chance(chosen.win_probability) in headline(risk)
    assert "1,000 draws" in headline(risk)
    assert len(spread_rows(risk).rows) == 2
    assert len(worth_rows(risk).rows) == 1 + len(risk.values)
    assert len(range_rows(risk).rows) == 7
    assert len(tornado_rows(risk).rows) == 5
    assert len(switch_rows(result).rows) == len(result.switching)
    assert nearest_flip(result).startswith("Nearest flip: ")
    for table in (spread_rows(risk), worth_rows(risk), range_rows(risk), tornado_rows(risk), switch_rows(result)):
        assert all(len(row) == len(table.columns) for row in table.rows)


# --- sweeps and maps


def test_the_map_says_what_the_answer_at_each_point_says() -> None:
    question = every_kind()
    facts = facts_of(question)
    plane = winner_map(question, facts, "volume", "api_price", 5, 3)
    assert plane is not None
    assert plane.x == pytest.approx((0.1, 0.1**0.5, 1, 10**0.5, 10))
    assert plane.y == pytest.approx((0.1, 1, 10))
    assert plane.recommended[1][2] == decide(question, facts).verdict.recommended_id
    for volume, name in zip(plane.x, plane.recommended[1], strict=True):
        there = changed(question, workload=changed(question.workload, volume_multiplier=volume))
        assert decide(there, facts).verdict.recommended_id == name


def test_a_map_needs_an_eligible_option() -> None:
    question = scenario(typed_api(licence_allows=False))
    assert winner_map(question, facts_of(question), "volume", "api_price", 3, 3) is None


def test_a_sweep_is_the_kernel_at_each_point() -> None:
    question = every_kind()
    facts = facts_of(question)
    found = sweep(question, facts, (Axis("gpu_price", 0.5, 2, 3), Axis("api_decline", 0, 0.4, 2)))
    model = Model(question, option_costs(question, facts))
    assert found.drivers == ("gpu_price", "api_decline")
    np.testing.assert_allclose(found.values, [(0.5, 0), (0.5, 0.4), (1, 0), (1, 0.4), (2, 0), (2, 0.4)])
    for (gpu, decline), npv in zip(found.values, found.npv_usd, strict=True):
        expected = model.npv_usd(model.at(gpu_price=gpu, api_decline=decline))
        np.testing.assert_allclose(npv, expected, rtol=1e-12)


def test_a_sweep_shows_excluded_options_but_never_recommends_them() -> None:
    free = typed_api(token_price("0", "0"), option_id="free", label="Free", licence_allows=False)
    question = changed(close_call(), options=[*close_call().options, free])
    found = sweep(question, facts_of(question), (Axis("volume", 0.5, 2, 4),))
    assert found.option_ids == ("api", "own", "free")
    assert set(found.recommended) <= {"api", "own"}


@pytest.mark.parametrize(
    ("driver", "low", "high", "points", "words"),
    [
        ("volum", None, None, 3, "Did you mean volume"),
        ("volume", 3, 1, 3, "swap"),
        ("volume", 0, 1, 3, "must be from"),
        ("volume", float("nan"), 1, 3, "finite"),
        ("volume", 0.1, float("inf"), 3, "finite"),
        ("api_decline", 0, 1, 3, "must be from"),
        ("peak", 0.1, 1, 3, "must be from"),
        ("volume", 0.1, 1, 0, "at least 1"),
    ],
)
def test_bad_axes_are_refused(driver: str, low: float | None, high: float | None, points: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        axis(close_call(), driver, low, high, points)


def test_bad_grids_are_refused() -> None:
    question = close_call()
    facts = facts_of(question)
    with pytest.raises(ValueError, match="twice"):
        winner_map(question, facts, "volume", "volume", 3, 3)
    with pytest.raises(ValueError, match="not a factor"):
        winner_map(question, facts, "volume", "api_decline", 3, 3)
    with pytest.raises(ValueError, match="fewer"):
        sweep(question, facts, (Axis("volume", 0.1, 1, 600), Axis("peak", 1, 2, 600)))


def test_the_shipped_question() -> None:
    question = shipped("azure-conversation.yaml")
    risk = risk_of(question)
    assert risk.option("groq-gpt-oss-120b").win_probability > 0.99
    assert risk.probe is not None
    assert risk.probe.worth == "no"

"""The kernel's hybrid is the optimum of brute force with the pure functions of HYB-1 and HYB-2, on the same profile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.decision.evaluate import decide
from planner.decision.hybrid import (
    MeritCosts,
    best_fleet,
    best_merit_fleet,
    hybrid_usd,
    optimal_slices,
    slice_hours,
)
from planner.decision.hybrid_view import HybridView, hybrid_of, hybrid_view, parts
from planner.decision.kernel import Drivers, paths
from planner.decision.resolve import resolve
from planner.domain.options import HybridOption, Operations
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from planner.units import FloatArray
from tests.builders import (
    ON,
    catalog,
    listed,
    output_rate,
    rented,
    requests,
    scenario,
    token_price,
    typed_api,
    workload,
)

CASES = 200
NOISE = 1e-9


def viewed(question: Scenario, base: str = "own", overflow: str = "api") -> HybridView:
    found = hybrid_view(question, resolve(question, catalog(), ON), base, overflow)
    assert found is not None
    return found


def random_case(rng: np.random.Generator, classes: int) -> tuple[Scenario, FloatArray]:
    """A fleet of some replicas, random people cost, outages, profile and prices; the profile with mean 1."""
    weights = rng.uniform(0, 1, 24) ** rng.uniform(0.3, 3)
    tasks = [
        requests(float(rng.uniform(2000, 60_000)), float(rng.uniform(1, 4000)), 1000, class_id=f"c{k}")
        for k in range(classes)
    ]
    own = rented(
        f"{rng.uniform(0.5, 6):.4f}",
        throughput=output_rate(200),
        replica_availability_fraction=float(rng.uniform(0.8, 1)),
        operations=Operations(setup_hours=float(rng.uniform(0, 50)), fte_fraction=float(rng.choice([0, 0.02, 0.2]))),
    )
    api = typed_api(token_price(f"{rng.uniform(0, 3):.4f}", f"{rng.uniform(1, 15):.4f}"))
    work = workload(*tasks, hourly_profile=tuple(weights.tolist()))
    return scenario(api, own, work=work), weights / weights.mean()


def test_the_kernel_finds_the_optimum_of_brute_force_for_one_class() -> None:
    rng, mismatches, owned, wrong_usd = np.random.default_rng(11), 0, 0, 0
    for _ in range(CASES):
        question, profile = random_case(rng, 1)
        view = viewed(question)
        cost = hybrid_of(question, resolve(question, catalog(), ON), "own", "api")
        assert cost is not None
        level = float(cost.level(paths(question, Drivers()))[0])
        hours = np.full(24, 730 / 24)
        used = slice_hours(profile * level, hours, int(np.ceil(max(profile) * level)))
        brute = hybrid_usd(
            used,
            replica_usd=view.slice_usd,
            variable_usd_per_replica_hour=0.0,
            overflow_usd_per_replica_hour=view.classes[0].api_usd_per_hour,
            fixed_usd=view.standing_usd,
            availability=view.availability,
        )
        best = best_fleet(brute)
        mismatches += view.best_slices != best.replicas
        mismatches += view.screened_slices != optimal_slices(used, view.classes[0].threshold_hours)
        wrong_usd += abs(view.hybrid_usd - best.usd) > NOISE * best.usd
        wrong_usd += any(abs(f.usd_per_month - brute[f.slices]) > NOISE * brute[f.slices] for f in view.fleets)
        owned += best.replicas > 0
    assert (mismatches, wrong_usd) == (0, 0)
    assert 40 < owned < CASES - 10, "the cases decide both ways"


def test_the_kernel_finds_the_optimum_of_brute_force_for_several_classes() -> None:
    rng, mismatches, wrong_usd, owned = np.random.default_rng(12), 0, 0, 0
    for _ in range(CASES):
        question, profile = random_case(rng, int(rng.integers(2, 5)))
        question = changed_availability(question)
        view = viewed(question)
        level = view.levels.max() / profile.max()
        shares = np.array([c.work_fraction for c in view.classes])
        loads = shares[:, np.newaxis] * level * profile
        api = np.array([c.api_usd_per_hour for c in view.classes])
        costs = MeritCosts(view.slice_usd, api, np.zeros(api.size), np.zeros(api.size, dtype=bool), view.standing_usd)
        best = best_merit_fleet(loads, np.full(24, 730 / 24), costs)
        mismatches += view.best_slices != best.replicas
        wrong_usd += abs(view.hybrid_usd - best.usd) > NOISE * best.usd
        owned += best.replicas > 0
        assert list(api) == sorted(api, reverse=True)
    assert (mismatches, wrong_usd) == (0, 0)
    assert 40 < owned < CASES - 10, "the cases decide both ways"


def changed_availability(question: Scenario) -> Scenario:
    """HYB-2's pure function knows no outages."""
    own = question.options[1].model_copy(update={"replica_availability_fraction": 1.0})
    return question.model_copy(update={"options": (question.options[0], own)})


def small(**more: Any) -> Scenario:
    """Example D9: 0.5, 2.4 and 4.7 replicas for 8, 12 and 4 hours a day; $3 a replica-hour against $8 by the token."""
    loads = (0.5,) * 8 + (2.4,) * 12 + (4.7,) * 4
    mean = sum(loads) / 24
    own = rented("3", replica_availability_fraction=1, spare_replicas=1)
    task = requests(86_400 / 10 * mean, 0, 1000, class_id="chat", private=more.pop("private", False))
    api = typed_api(token_price("0", f"{8 / 0.36:.8f}"), private_allowed=True)
    return scenario(api, own, work=workload(task, hourly_profile=loads), **more)


def test_example_d9() -> None:
    """Thresholds and hours of a 30-day month: 30 times those of a day; $268.80 a day."""
    view = viewed(small(calendar="30d"))
    assert view.classes[0].threshold_hours == pytest.approx(9 * 30)
    assert [s.hours / 30 for s in view.slices] == pytest.approx([20, 16, 8.8, 4, 2.8])
    assert (view.best_slices, view.screened_slices, view.least_slices) == (2, 2, 0)
    assert [s.worth_it for s in view.slices] == [True, True, False, False, False]
    assert [f.usd_per_month / 30 for f in view.fleets] == pytest.approx([412.8, 324.8, 268.8, 270.4, 310.4, 360])
    assert view.hybrid_usd / 30 == pytest.approx(268.8)
    assert view.pure_api_usd == pytest.approx(412.8 * 30)
    assert view.pure_own_usd == pytest.approx((5 + 1) * 3 * 720)  # with the spare that the hybrid does not need
    assert (view.pure_own_replicas, view.spare_replicas) == (6, 1)
    assert view.in_house_fraction == pytest.approx((20 + 16) / 51.6)
    assert view.capacity_factor == pytest.approx((20 + 16) / 48)
    assert view.profile_typed
    assert view.months_alike
    assert view.levels[0] == pytest.approx(4.7)
    assert view.at_least_hours[-1] == pytest.approx(720)


def test_people_of_an_own_fleet_can_undo_the_rule() -> None:
    question = small(calendar="30d")
    own = question.options[1].model_copy(update={"operations": Operations(setup_hours=0, fte_fraction=0.5)})
    view = viewed(question.model_copy(update={"options": (question.options[0], own)}))
    assert (view.best_slices, view.screened_slices) == (0, 2)
    assert view.standing_usd == pytest.approx(0.5 * 190_372 / 12)
    assert view.capacity_factor is None
    assert view.in_house_fraction == 0


def test_private_classes_never_overflow() -> None:
    view = viewed(small(private=True))
    assert view.pure_api_usd is None
    assert view.least_slices == view.best_slices == 6  # ceil(4.7) and one spare
    assert view.fleets[0].slices == 6
    assert view.classes[0].private
    assert view.in_house_fraction == pytest.approx(1)


def test_cascade_break_even_is_where_the_kernel_says_both_cost_the_same() -> None:
    question = small()
    dear = typed_api(token_price("0", "100"), operations=Operations(setup_hours=3, fte_fraction=0.1))
    question = question.model_copy(update={"options": (dear, question.options[1])})
    share = viewed(question).cascade_break_even
    assert share is not None
    again = HybridOption(
        option_id="again", label="x", base_id="own", overflow_id="api", mode="cascade", escalated_fraction=share
    )
    question = question.model_copy(update={"options": (*question.options, again)})
    result = decide(question, resolve(question, catalog(), ON))
    assert result.option("again").npv_usd == pytest.approx(result.option("api").npv_usd)


def test_the_view_is_the_hybrid_option_of_the_scenario() -> None:
    """Also when volume grows and prices move: the page promises what adding it gives."""
    moving = Timeline(growth=Growth(shape="compound", per_month=0.05), api_price_decline_per_year=0.2)
    both = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    question = small(timeline=moving, horizon_months=24)
    question = question.model_copy(update={"options": (*question.options, both)})
    view = viewed(question)
    option = decide(question, resolve(question, catalog(), ON)).option("both")
    assert view.hybrid_usd == pytest.approx(option.levelised_usd_per_month)
    assert option.fleet is not None
    assert (view.best_slices, view.last_slices) == (option.fleet.replicas, option.fleet.replicas_last_month)
    assert view.in_house_fraction == pytest.approx(option.fleet.in_house_fraction)
    assert not view.months_alike
    assert view.last_slices > view.best_slices


def test_an_assumed_profile_is_said_to_be_one() -> None:
    view = viewed(scenario(typed_api(), rented(), work=workload(requests(5000), peak_to_mean=3)))
    assert not view.profile_typed


def test_large_fleets_are_priced_in_strides() -> None:
    view = viewed(scenario(typed_api(), rented("0.5"), work=workload(requests(86_400 * 400), peak_to_mean=1.5)))
    assert len(view.fleets) < 130
    assert len(view.slices) == 400
    assert view.best_slices in [f.slices for f in view.fleets]


def test_zero_volume() -> None:
    view = viewed(scenario(typed_api(), rented(), work=workload(requests(0))))
    assert view.best_slices == 0
    assert view.cascade_break_even is None
    assert view.hybrid_usd == view.pure_api_usd == 0


def test_parts_are_the_priced_options_cheapest_first() -> None:
    question = scenario(
        typed_api(token_price("9", "19")),
        typed_api(option_id="cheap", label="Cheap"),
        rented("30"),
        rented("3", option_id="less", label="Less"),
        listed("nobody", "nothing"),
        rented(option_id="out", label="Out", licence_allows=False),
    )
    facts = resolve(question, catalog(), ON)
    found = parts(decide(question, facts))
    assert found.own == (("less", "Less"), ("own", "Own GPU"), ("out", "Out"))
    assert found.per_token == (("cheap", "Cheap"), ("api", "API"))
    assert hybrid_view(question, facts, "own", "hosted") is None

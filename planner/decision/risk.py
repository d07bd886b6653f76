"""UNC-1 to UNC-6: the answer over all draws, what moves it, and whether to measure before deciding."""

from __future__ import annotations

import math

import numpy as np

from planner.decision.choose import recommend
from planner.decision.constraints import failed_constraints
from planner.decision.default_ranges import are_assumed, uncertainty_of
from planner.decision.driver_words import WORDS
from planner.decision.fleets import is_empty, overflow_share
from planner.decision.kernel import Model, option_costs, paths
from planner.decision.probe import probe
from planner.decision.recommend import runner_up
from planner.decision.risk_draws import Draws, draws_of
from planner.decision.risk_ranges import ranges_used
from planner.decision.voi import BINS, evpi, evppi, expected_regret, percentiles, win_probability
from planner.domain.facts import Facts
from planner.domain.options import COMPLEXITY_RANK
from planner.domain.risk import DriverValue, OptionRisk, Risk, Spread, TornadoBar
from planner.domain.scenario import Scenario
from planner.units import FloatArray
from planner.workload.demand import demand

DRAWS_PER_BIN = 100
SHUFFLES = 20


def assess(
    scenario: Scenario,
    facts: Facts,
    *,
    draws: int | None = None,
    seed: int | None = None,
    probed_id: str | None = None,
) -> Risk:
    """UNC-1 to UNC-6 over the eligible options, all on the same draws; in each draw the cheapest wins, ties to the
    simpler. `draws` and `seed` take the place of the scenario's own; `probed_id` is the own fleet that would be
    measured, in place of the cheapest.

    Raises pydantic's ValidationError for draws or a seed outside what `Uncertainty` takes. What cannot be compared
    is `not_known`, with the reason.
    """
    model = eligible(Model(scenario, option_costs(scenario, facts)), facts)
    reason = _nothing_to_compare(scenario, model)
    if reason:
        return _not_known(scenario, reason, draws, seed)
    drawn = draws_of(scenario, draws, seed)
    return _known(model, facts, drawn, drawn.npv_usd(model, drawn.values, drawn.count), probed_id)


def eligible(model: Model, facts: Facts) -> Model:
    """The options that are priced and fail no hard constraint, from the simplest to the most complex."""
    options = {o.option_id: o for o in model.scenario.options}
    along = paths(model.scenario, model.at())
    shares = {name: overflow_share(cost, along) for name, cost in model.costs.items()}
    passing = [
        name
        for name in model.costs
        if not failed_constraints(options[name], model.scenario, facts.options, shares[name])
    ]
    ranked = sorted(passing, key=lambda name: (COMPLEXITY_RANK[options[name].kind], name))
    return Model(model.scenario, {name: model.costs[name] for name in ranked})


def _nothing_to_compare(scenario: Scenario, model: Model) -> str:
    if not model.costs:
        return "No option has a price and meets every hard constraint, so there is nothing to compare."
    if len(model.costs) == 1:
        label = next(o.label for o in scenario.options if o.option_id in model.costs)
        return f"Only {label} has a price and meets every hard constraint, so there is nothing to compare it with."
    if demand(scenario.workload).tokens_per_day == 0:
        return "The workload asks for no tokens, so there is no volume to be uncertain about."
    return ""


def _not_known(scenario: Scenario, why: str, draws: int | None, seed: int | None) -> Risk:
    uncertainty = uncertainty_of(scenario, draws, seed)
    return Risk(
        status="not_known",
        explanation=why,
        draws=uncertainty.draws,
        seed=uncertainty.seed,
        assumed=are_assumed(scenario),
    )


def _known(model: Model, facts: Facts, drawn: Draws, costs: FloatArray, probed_id: str | None) -> Risk:
    moving = drawn.moving(model, costs)
    chosen, rival = _sides(model)
    floor, bins = _floor_usd(costs, drawn), bins_for(drawn.count)
    measured = probe(model, facts, drawn, costs, moving, floor, bins, probed_id)
    return Risk(
        status="known",
        explanation="",
        draws=drawn.count,
        seed=drawn.uncertainty.seed,
        assumed=drawn.own_ranges,
        ranges=ranges_used(drawn, facts, model, moving),
        options=_options(model, costs),
        recommended_id=chosen,
        rival_id=rival,
        least_expected_id=list(model.costs)[int(np.argmin(expected_regret(costs)))],
        evpi_usd=evpi(costs),
        floor_usd=floor,
        tornado=_tornado(model, drawn, moving, chosen, rival),
        values=_values(costs, drawn, moving, floor, bins),
        probe=measured if not isinstance(measured, str) else None,
        probe_explanation=measured if isinstance(measured, str) else "",
    )


def _sides(model: Model) -> tuple[str, str]:
    """DEC-2 at the scenario's own figures: the recommendation, and the cheapest option of the other side."""
    kinds: dict[str, str] = {o.option_id: o.kind for o in model.scenario.options}
    along = paths(model.scenario, model.at())
    totals = {
        name: float(cost.bill(along).npv_usd(along)) for name, cost in model.costs.items() if not is_empty(cost, along)
    }
    chosen, _, _ = recommend(totals, kinds, model.scenario.tie_band_fraction)
    return chosen, runner_up(totals, kinds, chosen) or chosen


def bins_for(draws: int) -> int:
    """UNC-5: 50 bins, or fewer so that each has a hundred draws."""
    return min(BINS, max(2, draws // DRAWS_PER_BIN))


def _floor_usd(costs: FloatArray, drawn: Draws) -> float:
    """UNC-5: the largest EVPPI of drivers that mean nothing, being shuffled: what these draws cannot tell from none."""
    generator = np.random.Generator(np.random.PCG64([drawn.uncertainty.seed, 1]))
    ranks = np.arange(drawn.count, dtype=np.float64)
    return max(evppi(costs, generator.permutation(ranks), bins_for(drawn.count)) for _ in range(SHUFFLES))


def _options(model: Model, costs: FloatArray) -> tuple[OptionRisk, ...]:
    annuity = float(paths(model.scenario, model.at()).annuity())
    chance, regret = win_probability(costs), expected_regret(costs)
    row = {name: k for k, name in enumerate(model.costs)}
    return tuple(
        OptionRisk(
            option_id=o.option_id,
            label=o.label,
            kind=o.kind,
            npv=_spread(costs[row[o.option_id]]),
            levelised=_spread(costs[row[o.option_id]] / annuity),
            win_probability=float(chance.probability[row[o.option_id]]),
            win_standard_error=float(chance.standard_error[row[o.option_id]]),
            expected_regret_usd=float(regret[row[o.option_id]]),
        )
        for o in model.scenario.options
        if o.option_id in row
    )


def _spread(values: FloatArray) -> Spread:
    """UNC-3; equal draws have exactly their own mean."""
    low, middle, high = percentiles(values).tolist()
    mean = float(values[0] + np.mean(values - values[0]))
    return Spread(p10_usd=low, p50_usd=middle, p90_usd=high, mean_usd=mean)


def _tornado(model: Model, drawn: Draws, moving: tuple[str, ...], chosen: str, rival: str) -> tuple[TornadoBar, ...]:
    """UNC-3: NPV of the rival minus that of the recommendation, widest swing first."""
    if not moving:
        return ()
    pair = Model(model.scenario, {name: model.costs[name] for name in (chosen, rival)})
    own, other = drawn.one_at_a_time(pair, moving)
    bars = [_bar(name, drawn, delta) for name, delta in zip(moving, (other - own).tolist(), strict=True)]
    return tuple(sorted(bars, key=lambda bar: (-bar.swing_usd, bar.driver)))


def _bar(name: str, drawn: Draws, delta: list[float]) -> TornadoBar:
    words, placed = WORDS[name], drawn.own_ranges and name == "throughput"
    return TornadoBar(
        driver=name,
        label=words.label,
        unit="" if placed else words.unit,
        at=None if placed else drawn.rungs()[name],
        delta_p10_usd=delta[0],
        delta_p50_usd=delta[1],
        delta_p90_usd=delta[2],
        swing_usd=max(delta) - min(delta),
        sign_changes=len({math.copysign(1, value) for value in delta if value}) > 1,
    )


def _values(
    costs: FloatArray, drawn: Draws, moving: tuple[str, ...], floor: float, bins: int
) -> tuple[DriverValue, ...]:
    """UNC-5 for each driver, most valuable first."""
    worth = {name: evppi(costs, np.asarray(drawn.values[name]), bins) for name in moving}
    return tuple(
        DriverValue(driver=name, label=WORDS[name].label, evppi_usd=worth[name], below_floor=0 < floor >= worth[name])
        for name in sorted(moving, key=lambda name: (-worth[name], name))
    )

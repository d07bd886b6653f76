"""Every per-token option against every self-hosted one: break-evens with all crossings, and the curves of the chart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.decision.breakeven import Line, Solution, win_intervals
from planner.decision.kernel import (
    LevelisedCurve,
    Model,
    PerTokenCost,
    ProvisionedCost,
    SelfHostedCost,
    StepCost,
    WorkstationCost,
    levelised_curve,
)
from planner.decision.piecewise import crossed
from planner.decision.required import required
from planner.domain.facts import Facts
from planner.domain.options import PER_TOKEN_KINDS
from planner.domain.result import BreakEven, Crossing, CurveSeries, OptionResult, WinInterval
from planner.format import plural, tokens_per_day
from planner.units import FloatArray
from planner.workload.demand import class_arrays

LISTED_INTERVALS = 50
LINE_POINTS = 33
STAIR_POINTS = 49
CURVE_STEPS = 48
CURVE_DECADES = 1.0
MAX_CURVE_DECADES = 5.0
SMALLEST_SHOWN = 1e-9
"""Multipliers below this are drawn as none."""
OWN_KINDS = frozenset({"rented", "owned", "workstation", "provisioned"})
"""Sides that pay for capacity, whether used or not."""
OwnCost = SelfHostedCost | WorkstationCost | ProvisionedCost


class _Found(NamedTuple):
    """BE-2 of one pair, in multipliers; (x, jump, own wins above) for each crossing."""

    solution: Solution
    crossings: tuple[tuple[float, bool, bool], ...]


def break_evens(model: Model, facts: Facts, options: tuple[OptionResult, ...]) -> tuple[BreakEven, ...]:
    """All pairs; first the cheapest per-token option against the cheapest self-hosted one, then by cost."""
    per_token = _by_cost([o for o in options if o.kind in PER_TOKEN_KINDS], model)
    own = _by_cost([o for o in options if o.kind in OWN_KINDS and not _with_overflow(o, model)], model)
    base = class_arrays(model.scenario.workload).tokens_per_day
    return tuple(_pair(api, fleet, model, facts, base) for fleet in own for api in per_token)


def _with_overflow(option: OptionResult, model: Model) -> bool:
    """Units whose number follows what the per-token offer costs: their curve has bends at no listed place."""
    cost = model.costs.get(option.option_id)
    return isinstance(cost, ProvisionedCost) and cost.overflow is not None


def _by_cost(options: list[OptionResult], model: Model) -> list[OptionResult]:
    """Cheapest first; equals, as at zero volume, by what the workload at multiplier 1 would cost; blocked last."""

    def key(option: OptionResult) -> tuple[bool, bool, float, float, str]:
        cost = model.costs.get(option.option_id)
        curve = levelised_curve(cost, model.scenario) if cost is not None else None
        return (
            option.npv_usd is None,
            option.status != "ok",
            option.npv_usd or 0.0,
            float(curve.usd(np.ones(1))[0]) if curve else 0.0,
            option.option_id,
        )

    return sorted(options, key=key)


def _pair(api: OptionResult, own: OptionResult, model: Model, facts: Facts, base: float) -> BreakEven:
    per_token, fleet = model.costs.get(api.option_id), model.costs.get(own.option_id)
    if not (isinstance(per_token, PerTokenCost) and isinstance(fleet, OwnCost)):
        blocked = " and ".join(o.label for o in (api, own) if o.status == "blocked")
        return _not_known(api, own, f"Break-even is not known: {blocked} cannot be priced.")
    if base == 0:
        return _not_known(api, own, "Break-even is not known: the workload asks for no tokens, so it has no mix.")
    solution, crossings = _solve(per_token, fleet, model)
    settled = solution.robust is not None or solution.exact
    return BreakEven(
        per_token_id=api.option_id,
        self_host_id=own.option_id,
        status="reached" if solution.robust is not None else "not_reached" if settled else "not_known",
        explanation=_explain(api, own, solution, base),
        first_tokens_per_day=None if solution.first is None else solution.first * base,
        robust_tokens_per_day=None if solution.robust is None else solution.robust * base,
        intervals=_listed(solution, base),
        crossings=_crossings(crossings, base),
        intervals_total=len(solution.intervals),
        intervals_exact=solution.exact and len(solution.intervals) <= LISTED_INTERVALS,
        required=required(per_token, fleet, model, facts, api.option_id, own.option_id),
    )


def _solve(api: PerTokenCost, own: OwnCost, model: Model) -> _Found:
    """The closed form where every month is alike, the general algorithm otherwise."""
    line, stairs = levelised_curve(api, model.scenario), levelised_curve(own, model.scenario)
    staircase = own.staircase(stairs.at_one) if isinstance(own, SelfHostedCost) else None
    if staircase is not None and api.contract.plain:
        straight = api.asymptote(line.at_one)
        solution = win_intervals(Line(straight.low, straight.slope), staircase)
        return _Found(solution, tuple(_plain_crossings(solution)))
    found = crossed(line, stairs)
    return _Found(found.solution, tuple((c.x, c.kind == "jump", c.own_wins_above) for c in found.crossings))


def _plain_crossings(solution: Solution) -> list[tuple[float, bool, bool]]:
    """A staircase wins from a continuous crossing on, and loses at a jump."""
    found = []
    for start, end in solution.intervals:
        found += [(start, False, True)] if start > 0 else []
        found += [(end, True, False)] if not np.isinf(end) else []
    return found


def _not_known(api: OptionResult, own: OptionResult, why: str) -> BreakEven:
    return BreakEven(per_token_id=api.option_id, self_host_id=own.option_id, status="not_known", explanation=why)


def _explain(api: OptionResult, own: OptionResult, solution: Solution, base: float) -> str:
    if solution.robust is not None:
        return (
            f"{own.label} is cheaper than {api.label} for good above {tokens_per_day(solution.robust * base)} "
            "at this mix and peak."
        )
    if not solution.exact and not solution.intervals:
        return "Break-even was not found: the two cost so nearly the same that no volume searched decides."
    if solution.intervals:
        return (
            f"Break-even is not reached for good: {own.label} is cheaper than {api.label} only in "
            f"{plural(len(solution.intervals), 'window')} of volume, and loses above the last."
        )
    return (
        f"Break-even is not reached at any volume: a full unit of {own.label} costs more than {api.label} charges "
        "for the tokens it can serve."
    )


def _listed(solution: Solution, base: float) -> tuple[WinInterval, ...]:
    """The first intervals and always the last."""
    kept = solution.intervals
    if len(kept) > LISTED_INTERVALS:
        kept = (*kept[: LISTED_INTERVALS - 1], kept[-1])
    return tuple(
        WinInterval(above_tokens_per_day=start * base, up_to_tokens_per_day=None if np.isinf(end) else end * base)
        for start, end in kept
    )


def _crossings(crossings: tuple[tuple[float, bool, bool], ...], base: float) -> tuple[Crossing, ...]:
    return tuple(
        Crossing(tokens_per_day=x * base, kind="jump" if jump else "continuous", self_host_wins_above=wins)
        for x, jump, wins in crossings[: 2 * LISTED_INTERVALS]
    )


def curves(model: Model, options: tuple[OptionResult, ...], pairs: tuple[BreakEven, ...]) -> tuple[CurveSeries, ...]:
    """Cost against volume for every priced option, with each whole-replica step at its exact place."""
    base = class_arrays(model.scenario.workload).tokens_per_day
    if base == 0:
        return ()
    low, high = _range(model.scenario.workload.volume_multiplier, pairs[0] if pairs else None, base)
    return tuple(_series(option, model, low, high, base) for option in options if option.option_id in model.costs)


def _range(today: float, headline: BreakEven | None, base: float) -> tuple[float, float]:
    """Multipliers shown: a decade around today's volume and the headline's break-evens, five decades at most."""
    marks = [today] if today > SMALLEST_SHOWN else []
    if headline is not None:
        found = (headline.first_tokens_per_day, headline.robust_tokens_per_day)
        marks += [mark / base for mark in found if mark]
    marks = marks or [1.0]
    margin = 10**CURVE_DECADES
    low, high = min(marks) / margin, max(marks) * margin
    limit = 10 ** (MAX_CURVE_DECADES / 2)
    centre = today if today > SMALLEST_SHOWN else marks[0]
    return max(low, centre / limit), min(high, centre * limit)


def _series(option: OptionResult, model: Model, low: float, high: float, base: float) -> CurveSeries:
    cost = model.costs[option.option_id]
    curve = LevelisedCurve(cost, model.at_one())
    stairs = option.kind not in PER_TOKEN_KINDS
    grid = np.geomspace(low, high, STAIR_POINTS if stairs else LINE_POINTS)
    scale = _with_steps(curve, grid, low, high) if isinstance(cost, StepCost) else grid
    usd = curve.usd(scale)
    order = np.lexsort((usd, np.round(scale, 12)))
    return CurveSeries(
        option_id=option.option_id,
        label=option.label,
        kind=option.kind,
        tokens_per_day=tuple((scale[order] * base).tolist()),
        usd_per_month=tuple(usd[order].tolist()),
    )


def _with_steps(curve: LevelisedCurve, grid: FloatArray, low: float, high: float) -> FloatArray:
    """The grid with both sides of each of the first steps inside it: nearly the same volume twice, two costs."""
    top = high
    while curve.count(low, top) > 4 * CURVE_STEPS and top > low * (1 + 1e-9):
        top = low + (top - low) / 2
    if curve.count(low, top) > 4 * CURVE_STEPS:
        return grid
    edges = np.unique(curve.breakpoints(low, top))[:CURVE_STEPS]
    edges = edges[(edges > low) & (edges < high)]
    return np.concatenate([grid, edges, edges * (1 + 1e-8)])

"""Every per-token option against every rented one: break-evens, and the curves behind the chart."""

from __future__ import annotations

import numpy as np

from planner.decision.breakeven import Solution, win_intervals
from planner.decision.kernel import OptionCost, PerTokenCost, RentedCost
from planner.domain.result import BreakEven, Crossing, CurveSeries, OptionResult, WinInterval
from planner.domain.scenario import Scenario
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


def break_evens(
    scenario: Scenario, options: tuple[OptionResult, ...], costs: dict[str, OptionCost]
) -> tuple[BreakEven, ...]:
    """All pairs; first the cheapest per-token option against the cheapest rented one, then by cost."""
    per_token = _by_cost([o for o in options if o.kind != "rented"], costs)
    rented = _by_cost([o for o in options if o.kind == "rented"], costs)
    base = class_arrays(scenario.workload).tokens_per_day
    return tuple(_pair(api, own, costs, base) for own in rented for api in per_token)


def _by_cost(options: list[OptionResult], costs: dict[str, OptionCost]) -> list[OptionResult]:
    """Cheapest first; equals, as at zero volume, by what the workload at multiplier 1 would cost; blocked last."""

    def key(option: OptionResult) -> tuple[bool, float, float, str]:
        cost = costs.get(option.option_id)
        return (
            option.tco_usd is None,
            option.tco_usd or 0.0,
            float(cost.average_usd(1)) if cost else 0.0,
            option.option_id,
        )

    return sorted(options, key=key)


def _pair(api: OptionResult, own: OptionResult, costs: dict[str, OptionCost], base: float) -> BreakEven:
    line, stairs = costs.get(api.option_id), costs.get(own.option_id)
    if not isinstance(line, PerTokenCost) or not isinstance(stairs, RentedCost):
        blocked = " and ".join(o.label for o in (api, own) if o.status == "blocked")
        return _not_known(api, own, f"Break-even is not known: {blocked} cannot be priced.")
    if base == 0:
        return _not_known(api, own, "Break-even is not known: the workload asks for no tokens, so it has no mix.")
    solution = win_intervals(line.line(), stairs.stairs())
    return BreakEven(
        per_token_id=api.option_id,
        self_host_id=own.option_id,
        status="not_reached" if solution.robust is None else "reached",
        explanation=_explain(api, own, solution, base),
        first_tokens_per_day=None if solution.first is None else solution.first * base,
        robust_tokens_per_day=None if solution.robust is None else solution.robust * base,
        intervals=_listed(solution, base),
        crossings=_crossings(solution, base),
        intervals_total=len(solution.intervals),
        intervals_exact=solution.exact and len(solution.intervals) <= LISTED_INTERVALS,
    )


def _not_known(api: OptionResult, own: OptionResult, why: str) -> BreakEven:
    return BreakEven(per_token_id=api.option_id, self_host_id=own.option_id, status="not_known", explanation=why)


def _explain(api: OptionResult, own: OptionResult, solution: Solution, base: float) -> str:
    if solution.robust is not None:
        return (
            f"{own.label} is cheaper than {api.label} for good above {tokens_per_day(solution.robust * base)} "
            "at this mix and peak."
        )
    if solution.intervals:
        return (
            f"Break-even is not reached for good: {own.label} is cheaper than {api.label} only in "
            f"{plural(len(solution.intervals), 'window')} of volume, and loses above the last."
        )
    return (
        f"Break-even is not reached at any volume: a full replica of {own.label} costs more than {api.label} charges "
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


def _crossings(solution: Solution, base: float) -> tuple[Crossing, ...]:
    found = []
    for start, end in solution.intervals[:LISTED_INTERVALS]:
        if start > 0:
            found.append(Crossing(tokens_per_day=start * base, kind="continuous", self_host_wins_above=True))
        if not np.isinf(end):
            found.append(Crossing(tokens_per_day=end * base, kind="jump", self_host_wins_above=False))
    return tuple(found)


def curves(
    scenario: Scenario, options: tuple[OptionResult, ...], costs: dict[str, OptionCost], pairs: tuple[BreakEven, ...]
) -> tuple[CurveSeries, ...]:
    """Cost against volume for every priced option, with each whole-replica step at its exact place."""
    base = class_arrays(scenario.workload).tokens_per_day
    if base == 0:
        return ()
    low, high = _range(scenario.workload.volume_multiplier, pairs[0] if pairs else None, base)
    return tuple(
        _series(option, cost, low, high, base)
        for option in options
        if (cost := costs.get(option.option_id)) is not None
    )


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


def _series(option: OptionResult, cost: OptionCost, low: float, high: float, base: float) -> CurveSeries:
    if isinstance(cost, RentedCost):
        scale, usd = _with_steps(cost, np.geomspace(low, high, STAIR_POINTS), low, high)
    else:
        scale = np.geomspace(low, high, LINE_POINTS)
        usd = cost.average_usd(scale)
    return CurveSeries(
        option_id=option.option_id,
        label=option.label,
        kind=option.kind,
        tokens_per_day=tuple((scale * base).tolist()),
        usd_per_month=tuple(usd.tolist()),
    )


def _with_steps(cost: RentedCost, grid: FloatArray, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """The grid with both sides of each of the first steps inside it: the same volume twice, two costs."""
    kappa = cost.stairs().kappa
    first = int(np.floor(low / kappa)) + 1
    edges: FloatArray = np.arange(first, first + CURVE_STEPS, dtype=np.float64) * kappa
    edges = edges[(edges > low) & (edges < high)]
    above: FloatArray = edges * (1 + 1e-8)
    scale = np.concatenate([grid, edges, edges])
    usd = np.concatenate([cost.average_usd(grid), cost.average_usd(edges), cost.average_usd(above)])
    order = np.lexsort((usd, scale))
    return scale[order], usd[order]

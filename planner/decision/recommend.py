"""DEC-2: lowest NPV over the horizon among the eligible options, ties to the simpler one."""

from __future__ import annotations

from planner.decision.choose import recommend
from planner.decision.confidence import confidence
from planner.decision.fleets import is_empty
from planner.decision.kernel import Model, paths
from planner.domain.facts import Facts
from planner.domain.options import PER_TOKEN_KINDS
from planner.domain.result import Flip, OptionResult, Verdict

BOUGHT_KINDS = PER_TOKEN_KINDS | {"provisioned"}
"""Kinds that somebody else runs."""


def verdict(model: Model, facts: Facts, options: tuple[OptionResult, ...], flips: tuple[Flip, ...]) -> Verdict:
    """The recommendation; `blocked` when nothing can be priced or everything fails a hard constraint."""
    along = paths(model.scenario, model.at())
    eligible = {o.option_id: o.npv_usd for o in options if o.status == "ok" and o.npv_usd is not None}
    totals = {name: usd for name, usd in eligible.items() if not is_empty(model.costs[name], along)}
    if not totals:
        return _none(options)
    kinds = {o.option_id: o.kind for o in options}
    tie_band = model.scenario.tie_band_fraction
    chosen, cheapest, close = recommend(totals, kinds, tie_band)
    other = runner_up(totals, kinds, chosen)
    saving = None if other is None else totals[other] - totals[chosen]
    level, reasons = confidence(model, facts, options, flips, chosen, close=close)
    return Verdict(
        status="decided",
        recommended_id=chosen,
        cheapest_id=cheapest,
        runner_up_id=other,
        saving_usd=saving,
        saving_fraction=saving / totals[other] if other is not None and saving is not None and totals[other] else None,
        close=close,
        confidence=level,
        confidence_reasons=reasons,
    )


def _none(options: tuple[OptionResult, ...]) -> Verdict:
    """No feasible option: those with the fewest failing codes are named."""
    excluded = [o for o in options if o.status == "excluded"]
    if not excluded:
        return Verdict(status="blocked", confidence_reasons=("No option can be priced.",))
    codes = {o.option_id: len({reason.code for reason in o.reasons}) for o in excluded}
    fewest = min(codes.values())
    return Verdict(
        status="blocked",
        fewest_codes_ids=tuple(name for name, number in codes.items() if number == fewest),
        confidence_reasons=("Every option that can be priced fails a hard constraint.",),
    )


def runner_up(totals: dict[str, float], kinds: dict[str, str], chosen: str) -> str | None:
    """The cheapest option of the other side (bought from a provider against run oneself), else the next cheapest."""
    rest = sorted((i for i in totals if i != chosen), key=lambda i: (totals[i], i))
    other_side = [i for i in rest if (kinds[i] in BOUGHT_KINDS) != (kinds[chosen] in BOUGHT_KINDS)]
    return next(iter(other_side or rest), None)

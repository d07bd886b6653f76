"""Every eligible option against the cheapest per-token one: NPV, payback, internal rate, best month to move.

Payback and internal rate follow the cash: a server is paid when it is bought. Cheaper months and the month to move
follow the bills, in which it is an annuity. The NPV is the same either way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.cost.timeline import cheaper_months, cumulative_saving, irr_per_year, payback_months
from planner.decision.cash import cash_of
from planner.decision.kernel import Model, OptionCost, Paths, paths
from planner.decision.switch import best_switch, switch_costs
from planner.domain.options import PER_TOKEN_KINDS
from planner.domain.result import Comparison, OptionResult
from planner.units import FloatArray


class _Flows(NamedTuple):
    """One-off and the bill of every month, (months,)."""

    one_off_usd: float
    monthly_usd: FloatArray
    npv_usd: float
    cash_usd: FloatArray
    """Months 0..M, with machines paid when bought and sold at the end, in place of their annuity."""


def comparisons(model: Model, options: tuple[OptionResult, ...]) -> tuple[Comparison, ...]:
    """BE-4 and TIME-6 for every eligible option but the reference; none without a per-token reference."""
    eligible = [o for o in options if o.status == "ok" and o.npv_usd is not None]
    reference = min(
        (o for o in eligible if o.kind in PER_TOKEN_KINDS), key=lambda o: (o.npv_usd, o.option_id), default=None
    )
    if reference is None:
        return ()
    along = paths(model.scenario, model.at())
    flows = {o.option_id: _flows(model.costs[o.option_id], along) for o in eligible}
    rate = model.scenario.timeline.discount_rate_per_year
    base = flows[reference.option_id]
    return tuple(
        _compare(o.option_id, reference.option_id, flows[o.option_id], base, rate)
        for o in eligible
        if o is not reference
    )


def _flows(cost: OptionCost, along: Paths) -> _Flows:
    bill = cost.bill(along)
    monthly = along.each_month(bill.monthly_usd())
    cash, bought = np.concatenate([[float(bill.one_off_usd)], monthly]), cash_of(cost, along)
    if bought is not None:
        cash[1:] -= along.each_month(bill.gpu)
        cash += bought.net_usd
    return _Flows(float(bill.one_off_usd), monthly, float(bill.npv_usd(along)), cash)


def _changes_once(flows: FloatArray) -> bool:
    """Paid first, saved later: only then does an internal rate mean anything."""
    signs = np.sign(flows[flows != 0])
    return bool(signs.size and signs[0] < 0 and np.count_nonzero(np.diff(signs)) == 1)


def _compare(option_id: str, reference_id: str, own: _Flows, api: _Flows, rate: float) -> Comparison:
    saved = cumulative_saving(api.cash_usd[0], api.cash_usd[1:], own.cash_usd[0], own.cash_usd[1:])
    payback = payback_months(saved)
    flows = np.diff(saved, prepend=0.0)
    move = best_switch(
        switch_costs(
            api.monthly_usd,
            own.monthly_usd,
            setup_api_usd=api.one_off_usd,
            setup_self_usd=own.one_off_usd,
            annual_rate=rate,
        )
    )
    return Comparison(
        option_id=option_id,
        reference_id=reference_id,
        delta_npv_usd=api.npv_usd - own.npv_usd,
        cheaper_months=tuple(cheaper_months(api.monthly_usd, own.monthly_usd)),
        payback_first_month=payback.first,
        payback_permanent_month=payback.permanent,
        irr_per_year=tuple(irr_per_year(flows)) if _changes_once(flows) else (),
        cumulative_usd=tuple(saved.tolist()),
        switch_month=move.month,
        switch_npv_usd=move.npv_usd,
    )

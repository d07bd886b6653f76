"""Cash and book view of machines bought, beside the annuity that the decision uses (OWN-1)."""

from __future__ import annotations

import numpy as np

from planner.cost.owned import balance_usd, book_value_usd
from planner.cost.timeline import monthly_rate
from planner.decision.kernel import Paths, Purchase, SelfHostedCost
from planner.domain.result import CashFlow
from planner.units import FloatArray


def cash_flows(cost: SelfHostedCost, along: Paths) -> tuple[CashFlow, ...]:
    """Purchases and resales month by month for one path; at the horizon every server is sold for what is still owed.

    The present value of these flows is that of the annuities.
    """
    if not isinstance(cost.pay, Purchase):
        return ()
    months, server = along.months, cost.pay.server
    replicas = along.each_month(cost.plan.paid(along).replicas)
    added = np.diff(np.maximum.accumulate(cost.servers(cost.pay, replicas)), prepend=0.0)
    price = float(server.usd_per_server) * along.each_month(along.gpu)
    rate, life = float(monthly_rate(along.discount_rate)), server.life_months
    bought, sold, written, book = (np.zeros(months + 1) for _ in range(4))
    for month in np.flatnonzero(added):
        for start in range(int(month), months, life):
            capex = added[month] * price[start]
            residual, age = capex * server.residual_fraction, min(life, months - start)
            bought[start] += capex
            sold[start + age] += balance_usd(capex, residual, life, rate, age)
            values = book_value_usd(capex, residual, life, np.arange(age + 1.0))
            written[start + 1 : start + age + 1] += -np.diff(values)
            book[start : start + age] += values[:-1]
    return _rows(bought, sold, written, book)


def _rows(*columns: FloatArray) -> tuple[CashFlow, ...]:
    names = ("purchase_usd", "resale_usd", "depreciation_usd", "book_value_usd")
    return tuple(
        CashFlow.model_validate({"month": month, **dict(zip(names, values, strict=True))})
        for month, values in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    )

"""Cash and book view of machines bought, beside the annuity that the decision uses (OWN-1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.cost.owned import balance_usd, book_value_usd
from planner.cost.timeline import monthly_rate
from planner.decision.kernel import HybridCost, OptionCost, Paths, Purchase, SelfHostedCost
from planner.domain.result import CashFlow
from planner.units import FloatArray


class Cash(NamedTuple):
    """What servers cost in cash and in the books, months 0..M."""

    purchase_usd: FloatArray
    resale_usd: FloatArray
    depreciation_usd: FloatArray
    book_value_usd: FloatArray

    @property
    def net_usd(self) -> FloatArray:
        """Paid less received."""
        return self.purchase_usd - self.resale_usd


def cash_of(cost: OptionCost, along: Paths) -> Cash | None:
    """Cash view of one path for machines that are bought, by an own fleet or the own part of a hybrid; else None.

    At the horizon every server is sold for what the annuity has not yet recovered, so that the present value of these
    flows is that of the annuities.
    """
    fleet = cost.base if isinstance(cost, HybridCost) else cost
    if not (isinstance(fleet, SelfHostedCost) and isinstance(fleet.pay, Purchase)):
        return None
    replicas = cost.split(along).replicas if isinstance(cost, HybridCost) else fleet.plan.paid(along).replicas
    servers = along.each_month(fleet.servers(fleet.pay, replicas))
    return _cash(np.diff(np.maximum.accumulate(servers), prepend=0.0), fleet.pay, along)


def _cash(added: FloatArray, pay: Purchase, along: Paths) -> Cash:
    """Every batch of servers is bought, written off, sold at the end of its life and bought again."""
    months, server = along.months, pay.server
    price = float(server.usd_per_server) * along.each_month(along.gpu)
    rate, life = float(monthly_rate(along.discount_rate)), server.life_months
    bought, sold, written, book = (np.zeros(months + 1) for _ in range(4))
    for month in np.flatnonzero(added).tolist():
        for start in range(month, months, life):
            capex = added[month] * price[start]
            residual, age = capex * server.residual_fraction, min(life, months - start)
            bought[start] += capex
            sold[start + age] += balance_usd(capex, residual, life, rate, age)
            values = book_value_usd(capex, residual, life, np.arange(age + 1.0))
            written[start + 1 : start + age + 1] += -np.diff(values)
            book[start : start + age] += values[:-1]
    return Cash(bought, sold, written, book)


def cash_flows(cost: OptionCost, along: Paths) -> tuple[CashFlow, ...]:
    """The same, month by month; empty where nothing is bought."""
    found = cash_of(cost, along)
    return () if found is None else _rows(*found)


def _rows(*columns: FloatArray) -> tuple[CashFlow, ...]:
    names = ("purchase_usd", "resale_usd", "depreciation_usd", "book_value_usd")
    return tuple(
        CashFlow.model_validate({"month": month, **dict(zip(names, values, strict=True))})
        for month, values in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    )

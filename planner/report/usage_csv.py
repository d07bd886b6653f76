"""A log's money as CSV for finance: its cost, its reconciliation, who pays, and actual against plan.

Columns have FOCUS names where there are any; amounts are US dollars to the cent. Where rounded rows do not add up to
the total that page and command line show, a row "Rounding" holds the rest.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from planner.decision.log_values import LogLine, LogPrice, Reconciliation
from planner.decision.showback import Showback
from planner.decision.variance_values import Variance
from planner.report.csv import Cell, safe
from planner.units import MTOK, money, round_half_up

ROUNDING = "Rounding"
PRICE_HEADER = (
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ServiceCategory",
    "ChargeDescription",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ListCost (USD)",
    "x_CostUpperBound (USD)",
    "x_Model",
    "x_Owner",
    "x_Requests",
    "x_FreshInputTokens",
    "x_CachedInputTokens",
    "x_CacheWriteTokens",
    "x_OutputTokens",
    "x_UnpricedTokens",
    "x_PricedAs",
    "x_PricesOf",
)
RECONCILIATION_HEADER = (
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_Model",
    "BilledCost (in BillingCurrency)",
    "BilledCost (USD)",
    "ListCost (USD)",
    "x_ListCostUpperBound (USD)",
    "x_Difference (USD)",
    "x_DifferencePercent",
    "x_UnpricedTokens",
    "x_Reasons",
)
SHOWBACK_HEADER = (
    "BillingCurrency",
    "x_Owner",
    "x_Used (USD)",
    "x_Idle (USD)",
    "x_Shared (USD)",
    "BilledCost (USD)",
    "x_Basis",
    "x_SharedBy",
)
VARIANCE_HEADER = (
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_DaysCompared",
    "x_Plan",
    "x_PlanCost (USD)",
    "x_ActualCost (USD)",
    "x_Difference (USD)",
    "x_VolumeEffect (USD)",
    "x_MixEffect (USD)",
    "x_PriceEffect (USD)",
    "x_Rounding (USD)",
    "x_PlanTokens",
    "x_ActualTokens",
    "x_PlanRequests",
    "x_ActualRequests",
    "x_OffPercentOfActual",
    "x_Notes",
)


def price_csv(price: LogPrice, *, dated: bool = True) -> bytes:
    """A row for each line of a priced log; for a fleet, or under a contract, the bill of each month.

    A log whose days are not known (`dated` is false) has no charge periods.
    """
    rows = list(_bill_rows(price) if price.bills else _line_rows(price))
    return _written(PRICE_HEADER, rows if dated else ((currency, "", "", *rest) for currency, _, _, *rest in rows))


def reconciliation_csv(found: Reconciliation) -> bytes:
    """A row for each currency, month and model."""
    return _written(
        RECONCILIATION_HEADER,
        (
            (
                line.currency,
                *_period(line.month),
                line.model,
                "" if line.billed is None else round_half_up(line.billed, 2),
                _usd(line.billed_usd),
                _usd(line.computed_usd),
                _usd(line.computed_high_usd),
                _usd(line.difference_usd),
                _percent(line.difference_fraction),
                line.unpriced_tokens,
                " ".join(line.reasons),
            )
            for line in found.lines
        ),
    )


def showback_csv(found: Showback) -> bytes:
    """A row for each owner, and one for what nobody pays; they add up to the bill."""
    return _written(
        SHOWBACK_HEADER,
        (
            (
                "USD",
                row.name,
                row.used_usd,
                row.idle_usd,
                row.shared_usd,
                row.total_usd,
                found.basis,
                found.shared_by,
            )
            for row in found.rows
        ),
    )


def variance_csv(found: Variance) -> bytes:
    """A row for each month."""
    return _written(VARIANCE_HEADER, _variance_rows(found))


def _variance_rows(found: Variance) -> Iterator[tuple[Cell, ...]]:
    for month in found.months:
        plan, actual, effects = month.plan, month.actual, month.effects
        parts = ("total_usd", "volume_usd", "mix_usd", "price_usd", "rounding_usd")
        yield (
            "USD",
            *_period(month.month),
            round_half_up(month.days, 6),
            found.plan,
            _usd(None if plan is None else plan.usd),
            _usd(None if actual is None else actual.usd),
            *("" if effects is None else getattr(effects, part) for part in parts),
            "" if plan is None else round_half_up(plan.tokens, 0),
            "" if actual is None else round_half_up(actual.tokens, 0),
            "" if plan is None or plan.requests is None else round_half_up(plan.requests, 0),
            "" if actual is None or actual.requests is None else round_half_up(actual.requests, 0),
            _percent(month.accuracy_fraction),
            " ".join(month.words),
        )


def _line_rows(price: LogPrice) -> Iterator[tuple[Cell, ...]]:
    for line in price.lines:
        yield _price_row(price, line, "Usage", "Tokens", _usd(line.usd), _usd(line.usd_high))
    rest = _rest(price.usd, (line.usd for line in price.lines))
    high = _rest(price.usd_high, (line.usd_high for line in price.lines))
    if rest or high:
        yield _price_row(price, None, "Adjustment", ROUNDING, rest, high)


def _bill_rows(price: LogPrice) -> Iterator[tuple[Cell, ...]]:
    for bill in price.bills:
        row = ["USD", *_period(bill.month), "Usage", "AI and Machine Learning", price.question, "", ""]
        yield (*row, _usd(bill.usd), _usd(bill.usd), *[""] * 8, price.question, price.priced_on)
    rest = _rest(price.usd, (bill.usd for bill in price.bills))
    if rest:
        yield _price_row(price, None, "Adjustment", ROUNDING, rest, rest)


def _price_row(
    price: LogPrice, line: LogLine | None, category: str, what: str, low: Cell, high: Cell
) -> tuple[Cell, ...]:
    period = (f"{price.first_on}T00:00:00Z", f"{price.last_on + dt.timedelta(days=1)}T00:00:00Z")
    amounts: tuple[Cell, ...] = ("",) * 8
    quantity: Cell = ""
    if line is not None:
        period = _period(line.month)
        quantity = round_half_up(Decimal(line.tokens) / MTOK, 6)
        amounts = (
            line.model,
            line.owner,
            "" if line.requests is None else line.requests,
            line.fresh_input_tokens,
            line.cached_input_tokens,
            line.cache_write_tokens,
            line.output_tokens,
            line.unpriced_tokens,
        )
    unit = "1M Tokens" if line is not None else ""
    head: tuple[Cell, ...] = ("USD", *period, category, "AI and Machine Learning", what, quantity, unit)
    return (*head, low, high, *amounts, price.question, price.priced_on)


def _rest(total: float | None, parts: Iterable[float | None]) -> Decimal:
    """What rounding each part leaves over of the rounded total."""
    known = sum((money(part) for part in parts if part is not None), Decimal(0))
    return Decimal(0) if total is None else money(total) - known


def _period(month: str) -> tuple[str, str]:
    first = dt.date.fromisoformat(f"{month}-01")
    after = first + dt.timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return f"{first}T00:00:00Z", f"{after}T00:00:00Z"


def _usd(value: float | None) -> Cell:
    return "" if value is None else money(value)


def _percent(fraction: float | None) -> Cell:
    return "" if fraction is None else round_half_up(fraction * 100, 2)


def _written(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte-order mark and CRLF, as spreadsheets expect; text that would run as a formula is defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")

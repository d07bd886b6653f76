"""The result as one long table for a spreadsheet or a data warehouse, with the column names of FOCUS where it has them.

One row per option, month and part of the cost, each rounded to the cent. Where the rounded parts of a month, or the
rounded months of an option, do not add up to the total that page and PDF show, a row "Rounding" holds the rest.

A scenario that is shown in another currency has further columns: each cost in it, the rate, its day and source. They
too add up to the total shown. The columns in US dollars are the same either way.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from planner.decision.measured_doubts import cited, cited_doubts
from planner.decision.present_tables import used_components
from planner.domain.currency import DisplayCurrency, written_in
from planner.domain.options import PER_TOKEN_KINDS
from planner.domain.result import MonthCost, OptionResult, Result
from planner.domain.scenario import Scenario
from planner.format import shown_money
from planner.units import add_months, money, round_half_up

HEADER = (
    "BillingCurrency",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeFrequency",
    "ChargeDescription",
    "ServiceCategory",
    "ServiceName",
    "PricingQuantity",
    "PricingUnit",
    "EffectiveCost (USD)",
    "x_Month (0 = one-off)",
    "x_ScenarioName",
    "x_ScenarioOwner",
    "x_OptionId",
    "x_OptionKind",
    "x_OptionStatus",
    "x_ReasonCodes",
    "x_PriceDate",
    "x_EngineVersion",
    "x_CatalogVersion",
    "x_ThroughputSource",
    "x_Measurement",
    "x_MeasurementDoubts",
)
SHOWN_HEADER = (
    "x_ShownCurrency",
    "x_ShownCost",
    "x_ShownUnitsPerUsd",
    "x_ShownRateDate",
    "x_ShownRateSource",
)
ROUNDING = "Rounding"
CATEGORIES = {
    "Tokens": "Usage",
    "GPUs": "Usage",
    "Energy": "Usage",
    "Facility": "Usage",
    "People": "Purchase",
    "Fine-tuning": "Purchase",
    "Other": "Purchase",
    ROUNDING: "Adjustment",
}
_FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060-\u2064\u00ad]*[=+\-@|%\t\r\n\uff1d\uff0b\uff0d\uff20\u2212]")

Cell = str | Decimal | int


class _Charge(NamedTuple):
    """What one row adds to the columns that all rows of an option share."""

    month: int | None
    start: dt.date
    end: dt.date
    part: str
    usd: Decimal | None
    volume_mtok: float | None = None
    gpu_hours: float | None = None
    shown: Decimal | None = None


def render_csv(scenario: Scenario, result: Result) -> bytes:
    """UTF-8 with a byte-order mark and CRLF, as spreadsheets expect; text that would run as a formula is defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    currency = scenario.currency
    writer.writerow(HEADER if currency is None else (*HEADER, *SHOWN_HEADER))
    for option in result.options:
        charges = _charges(result, option)
        for charge in charges if currency is None else _converted(result, option, charges, currency):
            row = (*_row(scenario, result, option, charge), *_shown_cells(charge, currency))
            writer.writerow([safe(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _converted(
    result: Result, option: OptionResult, charges: Iterable[_Charge], currency: DisplayCurrency
) -> list[_Charge]:
    """Every charge in the currency shown too, and what rounding there leaves over of the total."""
    with written_in(currency):
        found = [c if c.usd is None else c._replace(shown=shown_money(c.usd)) for c in charges]
        total = None if option.tco_usd is None else shown_money(option.tco_usd)
    if total is None:
        return found
    rest = total - sum((c.shown for c in found if c.shown is not None), Decimal(0))
    last = _Charge(None, result.on, max(c.end for c in found), ROUNDING, money(0), shown=rest)
    return [*found, last] if rest else found


def _shown_cells(charge: _Charge, currency: DisplayCurrency | None) -> tuple[Cell, ...]:
    if currency is None:
        return ()
    cost = "" if charge.shown is None else charge.shown
    return (currency.code, cost, currency.units_per_usd, currency.as_of, currency.source)


def safe(cell: Cell) -> Cell:
    """Text that a spreadsheet would run gets an apostrophe in front; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _row(scenario: Scenario, result: Result, option: OptionResult, charge: _Charge) -> tuple[Cell, ...]:
    quantity, unit = _quantity(option, charge)
    return (
        "USD",
        _instant(charge.start),
        _instant(charge.end),
        CATEGORIES.get(charge.part, ""),
        _frequency(charge),
        charge.part,
        "AI and Machine Learning",
        option.label,
        quantity,
        unit,
        "" if charge.usd is None else charge.usd,
        "" if charge.month is None else charge.month,
        scenario.name,
        scenario.owner,
        option.option_id,
        option.kind,
        option.status,
        "; ".join(dict.fromkeys(reason.code for reason in option.reasons)),
        result.on.isoformat(),
        result.engine_version,
        result.catalog_version,
        (option.fleet.throughput_source or "") if option.fleet else "",
        cited(scenario, option),
        cited_doubts(scenario, option),
    )


def _instant(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _frequency(charge: _Charge) -> str:
    if charge.usd is None:
        return ""
    if not charge.month:
        return "One-Time"
    return "Usage-Based" if charge.part == "Tokens" else "Recurring"


def _quantity(option: OptionResult, charge: _Charge) -> tuple[Cell, str]:
    """What was paid for, where one figure says it: tokens of a per-token option, GPU-hours of a fleet."""
    if charge.part == "Tokens" and option.kind in PER_TOKEN_KINDS and charge.volume_mtok is not None:
        return round_half_up(charge.volume_mtok, 6), "1M Tokens"
    if charge.part == "GPUs" and charge.gpu_hours is not None:
        return round_half_up(charge.gpu_hours, 6), "GPU-Hours"
    return "", ""


def _charges(result: Result, option: OptionResult) -> Iterator[_Charge]:
    """The rows of one option; a blocked one has a single row without a cost."""
    last = max((m.starts_on for m in option.months), default=result.on)
    if option.tco_usd is None:
        yield _Charge(None, result.on, add_months(result.on, result.horizon_months), "", None)
        return
    for month, following in zip(option.months, (*option.months[1:], None), strict=True):
        yield from _month(option, month, following.starts_on if following else add_months(last, 1))
    rest = money(option.tco_usd) - sum((money(m.total_usd) for m in option.months), Decimal(0))
    if rest:
        yield _Charge(None, result.on, add_months(last, 1), ROUNDING, rest)


def _month(option: OptionResult, month: MonthCost, end: dt.date) -> Iterator[_Charge]:
    """The parts of one month, and what their rounding leaves over."""
    end = max(end, month.starts_on + dt.timedelta(days=1))
    parts = [(label, money(getattr(month, field))) for label, field in used_components([option])]
    rest = money(month.total_usd) - sum((usd for _, usd in parts), Decimal(0))
    for label, usd in [*parts, (ROUNDING, rest)] if rest else parts:
        yield _Charge(month.month, month.starts_on, end, label, usd, month.volume_mtok, month.gpu_hours)

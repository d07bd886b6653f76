"""Tables behind the decision: every option against the reference, and what each figure would have to be."""

from __future__ import annotations

from collections.abc import Callable

from planner.decision.present_tables import NONE, Column, Table, cents, four_digits, label_of, right
from planner.domain.result import BreakEven, Comparison, Result
from planner.format import percent, short, shown_unit


def blocked_rows(result: Result) -> Table:
    """Every reason of the options that cannot be priced, or may not be chosen, whole, with the way out."""
    columns = (Column("Option"), Column("State"), Column("What is wrong"), Column("Way out"))
    rows = tuple(
        (o.label, o.status, f"{r.code}: {r.message}", f"{r.remedy} (field: {r.field})")
        for o in result.options
        if o.status != "ok"
        for r in o.reasons
    )
    return Table("Blocked and excluded options", columns, rows)


def comparison_rows(result: Result) -> Table:
    """BE-4 and TIME-6: every eligible option against the cheapest per-token one."""
    columns = (
        Column("Option"),
        Column("Against"),
        *right(("Saved, NPV", "USD"), ("Cheaper in", "months"), ("Paid back first", "month")),
        *right(
            ("Paid back for good", "month"), ("Internal rate of return", "% a year"), ("Best month to move", "month")
        ),
    )
    return Table(
        "Against the cheapest per-token option", columns, tuple(_compared(result, c) for c in result.comparisons)
    )


def _compared(result: Result, found: Comparison) -> tuple[str, ...]:
    rates = "; ".join(percent(rate).rstrip("%") for rate in found.irr_per_year)
    return (
        label_of(result, found.option_id),
        label_of(result, found.reference_id),
        cents(found.delta_npv_usd),
        f"{len(found.cheaper_months)} of {result.horizon_months}",
        _month(found.payback_first_month),
        _month(found.payback_permanent_month),
        rates or NONE,
        _month(found.switch_month),
    )


def _month(month: int | None) -> str:
    return "never" if month is None else str(month)


def required_rows(result: Result) -> Table:
    """BE-3 against the cheapest per-token option: what each figure would have to be to cost the same at this volume."""
    columns = (
        Column("Per token"),
        Column("Self-hosted"),
        Column("Figure"),
        *right(("Now", ""), ("For the same cost", "")),
        Column("Unit"),
    )
    first = result.break_evens[0].per_token_id if result.break_evens else None
    pairs = [pair for pair in result.break_evens if pair.per_token_id == first]
    rows = [row for pair in pairs for row in _required(result, pair)]
    return Table("What each figure would have to be", columns, tuple(rows))


def _required(result: Result, pair: BreakEven) -> list[tuple[str, ...]]:
    need = pair.required
    if need is None:
        return []
    sides = (label_of(result, pair.per_token_id), label_of(result, pair.self_host_id))
    per_day = result.demand.tokens_per_day
    rows = [
        ("Volume, for good", short(per_day), _or_none(pair.robust_tokens_per_day, short), "tokens/day"),
        (
            "Per-token price, blended",
            _price(need.api_usd_per_mtok_now),
            _price(need.api_usd_per_mtok),
            shown_unit("USD per 1M tokens"),
        ),
    ]
    if need.usd_per_gpu_hour_now is not None:
        now = _price(need.usd_per_gpu_hour_now)
        rows.append(("GPU price", now, _price(need.usd_per_gpu_hour), shown_unit("USD per GPU-hour")))
    if need.utilisation_fraction_now is not None:
        now, wanted = percent(need.utilisation_fraction_now), _or_none(need.utilisation_fraction, percent)
        rows.append(("Work over capacity", now.rstrip("%"), wanted.rstrip("%"), "%"))
        rows.append(("Throughput of a replica", "1", _or_none(need.throughput_ratio, short), "times the figure used"))
    if need.staff_usd_per_month_now is not None:
        wanted = _or_none(need.staff_usd_per_month, cents)
        rows.append(("People, self-hosted side", cents(need.staff_usd_per_month_now), wanted, shown_unit("USD/month")))
    return [(*sides, *row) for row in rows]


def _price(value: float | None) -> str:
    return four_digits(value, "impossible")


def _or_none(value: float | None, show: Callable[[float], str]) -> str:
    return "impossible" if value is None else show(value)

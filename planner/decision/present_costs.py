"""The Costs page in words and tables: totals, the waterfall, months by part, unit costs, cash and book."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from planner.decision.cost_view import NAIVE, Step, StepKey, cash_years, run_rate_usd_per_year, usd_per_attempt
from planner.decision.present import Metric, mix
from planner.decision.present_tables import (
    COMPONENTS,
    NOT_KNOWN,
    Column,
    Table,
    cents,
    four_digits,
    label_of,
    right,
    share,
)
from planner.domain.result import Comparison, MonthCost, OptionResult, Result
from planner.domain.scenario import Scenario
from planner.format import percent, plural, requests_per_day, usd, usd_small
from planner.units import MONTHS_PER_YEAR

STEP_WORDS: dict[StepKey, tuple[str, str]] = {
    "naive_fleet": ("Naive: GPUs always full", "GPU price x the mean work, at 100% busy and in fractions of a replica"),
    "naive_servers": ("Naive: servers always full", "annuity of servers x the mean work, at 100% busy, in fractions"),
    "naive_tokens": ("Naive: list price", "input and output at list price: no cache, batch, long-prompt tier or retry"),
    "naive_units": ("Naive: units for the mean", "unit price x the mean demand, in fractions of a unit"),
    "tokens": ("Tokens and units", "per-token and per-unit charges"),
    "gpu": ("GPUs and machines", "rental, or the annuity of machines bought"),
    "headroom": ("Headroom", "capacity kept free on purpose, or kept by requests in flight"),
    "peak": ("Idle hours", "capacity for the busiest hour, idle in the others"),
    "regions": ("Loss of a region", "the other regions must carry the peak"),
    "whole": ("Whole replicas", "rounding up to replicas, servers, rentable steps and the minimum"),
    "whole_units": ("Whole units", "rounding up to the units sold and the smallest number"),
    "spares": ("Spare replicas", "kept for failure and rollout"),
    "scaling": ("Switched off when idle", "scaling with the hours, cold starts included"),
    "term": ("Commitment", "whole terms at the price of their start, to the end of the last one"),
    "tokenizer": ("Other tokenizer", "its own count of the same text"),
    "cache": ("Prompt cache", "cached input and cache writes at their own rates"),
    "batch": ("Batch price", "requests that may wait"),
    "long_context": ("Long prompts", "long-prompt rates for the whole request"),
    "retries": ("Retries", "answers that are not usable are asked again and paid"),
    "contract": ("Contract", "volume discounts and the least that is billed"),
    "energy": ("Energy", "electricity of own machines"),
    "facility": ("Facility", "colocation, maintenance, licences, storage of weights"),
    "people": ("People", "engineers: running, updates, evaluations, waiting"),
    "tuning": ("Fine-tuning", "fine-tuning runs and their evaluation"),
    "other": ("Other", "support, compliance, monitoring, cache storage"),
    "one_off": ("One-off, spread", "setup and migration, spread evenly over the months"),
}
"""Name of each step and what it is."""
SPLIT_RULE = (
    "Input and output stand in the ratio of the reference prices; together they add up to the whole cost. "
    "It is a rule for showing, not a measurement: a GPU has one bill."
)
USAGE_LENS = (
    "Usage view, not for decisions: what one more million tokens would add to this month's bill with the fleet as it "
    "is. Idle capacity looks free here; it is not."
)


def total_metrics(scenario: Scenario, result: Result, option: OptionResult) -> tuple[Metric, ...]:
    """What the option costs over the horizon; one-off and run-rate apart."""
    months, rate = plural(result.horizon_months, "month"), scenario.timeline.discount_rate_per_year
    levelised = "npv as an equal sum a month" if rate else "no discounting: the plain average"
    return (
        Metric(f"TCO, {months}", _usd(option.tco_usd), "all spend, one-off included, not discounted"),
        Metric("NPV", _usd(option.npv_usd), f"today's value at {percent(rate)} a year; the verdict follows it"),
        Metric("Levelised cost", f"{_usd(option.levelised_usd_per_month)}/month", levelised.replace("npv", "NPV")),
        Metric("One-off", _usd(option.one_off_usd), "paid before month 1; in no month and no run-rate"),
        Metric(
            "Run-rate, last month x 12",
            f"{_usd(run_rate_usd_per_year(option))}/year",
            "month 1: " + f"{_usd(option.usd_per_month)}; not a forecast",
        ),
        Metric("Average month", f"{_usd(option.tco_usd_per_month)}/month", f"TCO / {months}, one-off spread"),
    )


def _usd(value: float | None) -> str:
    return NOT_KNOWN if value is None else usd(value)


def comparison_of(result: Result, option_id: str) -> Comparison | None:
    """The option against the reference; None for the reference itself and for options out of the running."""
    return next((c for c in result.comparisons if c.option_id == option_id), None)


def comparison_metrics(result: Result, found: Comparison) -> tuple[Metric, ...]:
    """NPV saved, rate of return, payback and the month to move, all against the reference."""
    reference = label_of(result, found.reference_id)
    saved = found.delta_npv_usd
    return (
        Metric("NPV saved" if saved >= 0 else "NPV lost", usd(abs(saved)), f"against {reference}"),
        Metric("Internal rate of return", _irr(found), "of the extra money spent on this option, a year"),
        Metric("Payback", _month(found.payback_first_month), _stays(found)),
        Metric("Best month to move", _month(found.switch_month), f"NPV then {usd(found.switch_npv_usd)}"),
    )


def _irr(found: Comparison) -> str:
    return " and ".join(f"{percent(rate)}/year" for rate in found.irr_per_year) or "none"


def _month(month: int | None) -> str:
    return "never" if month is None else f"month {month}"


def _stays(found: Comparison) -> str:
    first, stays = found.payback_first_month, found.payback_permanent_month
    if first is None:
        return "its extra cost is never repaid within the horizon"
    if stays is None:
        return "repaid then, but lost again by the end"
    return "and it stays repaid" if stays == first else f"lost again later; for good from month {stays}"


def no_comparison(result: Result, option: OptionResult) -> str:
    """Why there is nothing to compare the option with."""
    if option.status == "excluded":
        return f"{option.label} fails a hard constraint, so it is not compared: {option.reasons[0].message}"
    if any(c.reference_id == option.option_id for c in result.comparisons):
        return f"{option.label} is the reference: the cheapest eligible per-token option. Others are measured by it."
    return "There is no other eligible option to compare with, or no per-token one."


def waterfall_sentence(steps: Sequence[Step]) -> str:
    """The gap between the first figure and the whole cost."""
    total = math.fsum(s.usd_per_month for s in steps)
    if not steps or steps[0].key not in NAIVE:
        return f"The parts of {usd(total)} a month; this kind of option has no naive figure to start from."
    first = steps[0].usd_per_month
    ratio = f", {total / first:.3g} times as much" if first > 0 else ""
    return f"The naive figure is {usd(first)} a month; the whole cost is {usd(total)}{ratio}."


def waterfall_rows(steps: Sequence[Step]) -> Table:
    """Every step, the sum so far, and what it is; the last line is the average month."""
    figures = right(("Adds", "USD/month"), ("Sum so far", "USD/month"))
    rows, so_far = [], 0.0
    for step in steps:
        so_far += step.usd_per_month
        label, note = STEP_WORDS[step.key]
        rows.append((label, cents(step.usd_per_month), cents(so_far), f"{note[:1].upper()}{note[1:]}."))
    rows.append(("Average month", "", cents(so_far), "TCO / months, not discounted."))
    return Table("Step by step", (Column("Step"), *figures, Column("What it is")), tuple(rows))


def part_rows(option: OptionResult) -> Table:
    """Parts of every year and of the whole; one-off cost is a line of its own, never in a year."""
    used = used_parts(option)
    columns = (Column("Period"), *right(*((label, "USD") for label, _ in used), ("Total", "USD")))
    regular = [m for m in option.months if m.month > 0]
    years = range(1, math.ceil(len(regular) / MONTHS_PER_YEAR) + 1)
    rows = [_parts(f"Year {y}", [m for m in regular if math.ceil(m.month / MONTHS_PER_YEAR) == y], used) for y in years]
    rows.append(_parts("All months", regular, used))
    one_off = [m for m in option.months if m.month == 0]
    rows.append(("One-off", *("" for _ in used), cents(_sum(one_off, "total_usd"))))
    rows.append(("TCO", *("" for _ in used), cents(option.tco_usd)))
    return Table("Cost by year and part", columns, tuple(rows))


def used_parts(option: OptionResult) -> tuple[tuple[str, str], ...]:
    """Parts that are not 0 in all months."""
    regular = [m for m in option.months if m.month > 0]
    return tuple((label, field) for label, field in COMPONENTS if any(getattr(m, field) for m in regular))


def _parts(name: str, months: list[MonthCost], parts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return (name, *(cents(_sum(months, field)) for _, field in parts), cents(_sum(months, "total_usd")))


def _sum(months: Iterable[MonthCost], field: str) -> float:
    return math.fsum(getattr(m, field) for m in months)


def unit_rows(scenario: Scenario, result: Result, option: OptionResult) -> Table:
    """Whole cost over the horizon, divided by what was asked for."""
    attempt = usd_per_attempt(scenario, option)
    volume = f"TCO / requests, at {requests_per_day(result.demand.requests_per_day)} in month 1."
    rows = [
        ("Per request", four_digits(option.usd_per_request), volume),
        (
            "Per usable answer",
            four_digits(option.usd_per_successful_request),
            "Failed answers are asked again and paid.",
        ),
        ("Per 1M tokens, blended", four_digits(option.blended_usd_per_mtok), f"At this mix: {mix(result)}."),
        ("Per 1M input tokens", four_digits(option.input_usd_per_mtok), "Share of the whole cost by the rule below."),
        ("Per 1M output tokens", four_digits(option.output_usd_per_mtok), "Share of the whole cost by the rule below."),
    ]
    if attempt is not None and attempt != option.usd_per_request:
        rows.insert(2, ("Per attempt", four_digits(attempt), "Failed ones counted too."))
    return Table("Unit costs", (Column("Unit"), *right(("Cost", "USD")), Column("What it is")), tuple(rows))


def usage_sentence(option: OptionResult) -> str:
    """The marginal cost, named as what it is."""
    value = option.marginal_usd_per_mtok
    figure = "undefined at zero volume" if value is None else f"{usd_small(value)} per 1M more tokens"
    return f"{figure[:1].upper()}{figure[1:]}. {USAGE_LENS}"


def cash_rows(option: OptionResult) -> Table:
    """Cash and book view of machines by year."""
    names = ("Purchases", "Resale", "Depreciation", "Book value at the end")
    rows = [
        (
            f"Year {y.year}" if y.year else "Before month 1",
            *(cents(v) for v in (y.purchase_usd, y.resale_usd, y.depreciation_usd, y.book_value_usd)),
        )
        for y in cash_years(option)
    ]
    return Table("Cash and book by year", (Column("Period"), *right(*((n, "USD") for n in names))), tuple(rows))


def cash_sentence(option: OptionResult) -> str:
    """How the cash view and the annuity in the bill belong together."""
    bought = math.fsum(f.purchase_usd for f in option.cash)
    resale = math.fsum(f.resale_usd for f in option.cash)
    part = f", {share(resale / bought)} of the price" if bought > 0 else ""
    return (
        f"Machines are bought for {usd(bought)} and sold for {usd(resale)}{part}. The bill above holds their annuity "
        "instead: its present value is that of these flows, so capital is counted once. Depreciation is straight line, "
        "for the books only; at the horizon machines are sold for what the annuity has not yet recovered."
    )

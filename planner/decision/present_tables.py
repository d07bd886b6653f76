"""Tables of a result: options, break-evens, months, evidence, notes and versions.

Every table that page, PDF and command line show is made here, so all of them show the same text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from planner.domain.freshness import age_text, alerts
from planner.domain.result import BreakEven, MonthCost, OptionResult, Result, WinInterval
from planner.domain.scenario import Scenario
from planner.format import count, percent, plural, short, shown_unit, usd_cents, usd_figure
from planner.units import MONTHS_PER_YEAR

Align = Literal["left", "right"]

NOT_KNOWN = "not known"
NONE = "\N{EN DASH}"
RANGES_SHOWN = 4
AGE, SOURCE, LINK, ROW = "Age", "Source", "Link", "Row"
"""Columns of the table of sources: days, who says so, its address, and the row of the catalog as `table/id`."""
COMPONENTS = (
    ("Tokens", "tokens_usd"),
    ("GPUs", "gpu_usd"),
    ("Energy", "energy_usd"),
    ("Facility", "facility_usd"),
    ("People", "people_usd"),
    ("Fine-tuning", "tuning_usd"),
    ("Other", "other_usd"),
)
"""Label and `MonthCost` field of each part of a month."""
SELDOM = frozenset({"energy_usd", "facility_usd", "tuning_usd"})
"""Parts that are left out where nobody pays them."""
KIND_WORDS = {
    "api": "API, per token",
    "hosted": "hosted, per token",
    "provisioned": "provisioned units",
    "rented": "rented GPUs",
    "owned": "owned servers",
    "workstation": "workstations",
    "hybrid": "own GPUs and per token",
}
STATUS_WORDS = {"reached": "reached", "not_reached": "not reached", "not_known": NOT_KNOWN}


class Column(NamedTuple):
    """Head of a column: its name, the unit of every cell below, and where the cells line up."""

    name: str
    unit: str = ""
    align: Align = "left"

    @property
    def head(self) -> str:
        """Name with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


class Table(NamedTuple):
    """Cells as people read them."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """Column heads with units."""
        return tuple(column.head for column in self.columns)


def right(*columns: tuple[str, str]) -> tuple[Column, ...]:
    """Columns of figures by name and unit; a unit in USD is that of the currency shown, like the figures."""
    return tuple(Column(name, shown_unit(unit), "right") for name, unit in columns)


def cents(value: float | None) -> str:
    """To the cent, for a cell whose head has the currency: `5,231.42`; a missing cost is never 0."""
    return NOT_KNOWN if value is None else usd_cents(value)


def four_digits(value: float | None, missing: str = NONE) -> str:
    """A unit price for such a cell: `0.2204`."""
    return missing if value is None else usd_figure(value)


def share(fraction: float) -> str:
    """A share in words that never reads as nothing: `58%`, `less than 0.1%`."""
    return "less than 0.1%" if 0 < abs(fraction) < 0.001 else percent(fraction)


def dearer(fraction: float) -> str:
    """How far above the cheapest: `58% dearer than the cheapest`, `12.4 times the cheapest`."""
    if fraction >= 9:
        return f"{short(1 + fraction)} times the cheapest"
    return f"{share(fraction)} dearer than the cheapest"


def used_components(options: Iterable[OptionResult]) -> tuple[tuple[str, str], ...]:
    """Label and field of the parts to show: the usual ones, and others that somebody pays."""
    months = [month for option in options for month in option.months]
    return tuple(
        (label, field) for label, field in COMPONENTS if field not in SELDOM or any(getattr(m, field) for m in months)
    )


def mean_components(option: OptionResult) -> tuple[tuple[str, float], ...]:
    """USD a month of each part, averaged over the horizon, and the one-off spread over it; they sum to the mean."""
    regular = [m for m in option.months if m.month > 0]
    one_off = math.fsum(m.total_usd for m in option.months if m.month == 0)
    months = max(1, len(regular))
    parts = [(label, _sum(regular, field) / months) for label, field in used_components([option])]
    return (*parts, ("One-off, spread", one_off / months))


def _sum(months: Iterable[MonthCost], field: str) -> float:
    return math.fsum(getattr(m, field) for m in months)


def option_rows(scenario: Scenario, result: Result) -> Table:
    """One row per option, lowest NPV first, excluded and blocked last, with the reason.

    "Per month" is the NPV as an equal sum a month (levelised).
    """
    columns = (
        Column("Option"),
        Column("Kind"),
        *right(
            ("NPV", "USD"),
            (f"Total, {plural(result.horizon_months, 'month')}", "USD"),
            ("Per month", "USD/month"),
            ("Month 1", "USD/month"),
            ("Per request", "USD"),
            ("Per 1M tokens", "USD"),
            ("GPUs", "count"),
            ("Utilisation", "%"),
        ),
        Column("Why blocked or dearer"),
    )
    ranked = sorted(result.options, key=lambda o: (o.status != "ok", math.inf if o.npv_usd is None else o.npv_usd))
    return Table("Options", columns, tuple(_option_row(scenario, result, o) for o in ranked))


def _option_row(scenario: Scenario, result: Result, option: OptionResult) -> tuple[str, ...]:
    money_cells = (option.npv_usd, option.tco_usd, option.levelised_usd_per_month, option.usd_per_month)
    blocked = option.status == "blocked"
    return (
        option.label,
        KIND_WORDS.get(option.kind, option.kind),
        *(cents(value) for value in money_cells),
        NOT_KNOWN if blocked else four_digits(option.usd_per_request),
        NOT_KNOWN if blocked else four_digits(option.blended_usd_per_mtok),
        count(option.fleet.gpus) if option.fleet else NONE,
        percent(option.fleet.utilisation_fraction).rstrip("%") if option.fleet else NONE,
        why(scenario, result, option) if option.status == "ok" else _in_brief(option),
    )


def _in_brief(option: OptionResult) -> str:
    """What is wrong, in its first sentence: clause, source and way out are in `blocked_rows`."""
    told = " ".join(f"{r.code}: {_first_sentence(r.message)}" for r in option.reasons)
    return " ".join((f"{_capital(option.status)}. {told}", *alerts(option.warnings)))


def _first_sentence(text: str) -> str:
    """Up to the first full stop that a capital follows."""
    return re.split(r"(?<=\.) (?=[A-Z])", text, maxsplit=1)[0]


def why(scenario: Scenario, result: Result, option: OptionResult) -> str:
    """Why an option is recommended, dearer, excluded or blocked, and what is old or soon gone in it."""
    return " ".join((_why(scenario, result, option), *alerts(option.warnings)))


def _why(scenario: Scenario, result: Result, option: OptionResult) -> str:
    if option.status == "blocked":
        return "Blocked. " + " ".join(f"{r.code}: {r.message} {r.remedy}" for r in option.reasons)
    if option.status == "excluded":
        return "Excluded. " + " ".join(f"{r.code}: {r.message} {r.remedy}" for r in option.reasons)
    cheapest = option.option_id == result.verdict.cheapest_id
    distance = "the cheapest" if cheapest else _distance(option.dearer_than_best_fraction)
    if option.option_id != result.verdict.recommended_id:
        return f"{_capital(distance)}{'' if cheapest else _largest_part(option)}."
    if cheapest:
        return "Recommended: the cheapest."
    return f"Recommended: the simpler option inside the {percent(scenario.tie_band_fraction)} tie band, {distance}."


def _distance(fraction: float | None) -> str:
    if fraction is None:
        return "dearer than the cheapest, which costs nothing"
    return dearer(fraction) if fraction else "as cheap as the cheapest"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _largest_part(option: OptionResult) -> str:
    parts = mean_components(option)
    whole = math.fsum(usd for _, usd in parts)
    label, most = max(parts, key=lambda part: part[1])
    return f"; {percent(most / whole)} of it is {label if label == 'GPUs' else label.lower()}" if whole > 0 else ""


def label_of(result: Result, option_id: str) -> str:
    """Name of an option, its id when the result does not hold it."""
    return next((o.label for o in result.options if o.option_id == option_id), option_id)


def win_range(interval: WinInterval) -> str:
    """`(8M, 10M]`, with as many digits as it takes to tell the ends apart; `above 9.04B` when it has no end."""
    low, high = interval.above_tokens_per_day, interval.up_to_tokens_per_day
    if high is None:
        return f"above {short(low)}"
    digits = next((d for d in range(3, 9) if short(low, d) != short(high, d)), 9)
    return f"({short(low, digits)}, {short(high, digits)}]"


def closed_ranges(pair: BreakEven) -> str:
    """The ranges with an end in which self-host is cheaper: at most four, then how many more."""
    closed = [i for i in pair.intervals if i.up_to_tokens_per_day is not None]
    shown = [win_range(i) for i in closed[:RANGES_SHOWN]]
    more = max(pair.intervals_total - (len(pair.intervals) - len(closed)), len(closed)) - len(shown)
    at_least = "" if pair.intervals_exact else "at least "
    return f"{', '.join(shown)} and {at_least}{more} more" if more else ", ".join(shown)


def break_even_rows(result: Result) -> Table:
    """One row per pair of per-token and self-hosted option, the headline first."""
    columns = (
        Column("Per token"),
        Column("Self-hosted"),
        Column("Break-even"),
        *right(("First cheaper above", "tokens/day"), ("Cheaper for good above", "tokens/day")),
        Column("Also cheaper in", "tokens/day"),
        Column("In words"),
    )
    return Table(
        "Break-even, self-hosted against per token", columns, tuple(_pair_row(result, p) for p in result.break_evens)
    )


def _pair_row(result: Result, pair: BreakEven) -> tuple[str, ...]:
    return (
        label_of(result, pair.per_token_id),
        label_of(result, pair.self_host_id),
        STATUS_WORDS[pair.status],
        *(NONE if v is None else short(v, 4) for v in (pair.first_tokens_per_day, pair.robust_tokens_per_day)),
        closed_ranges(pair) or NONE,
        pair.explanation,
    )


def priced_ids(result: Result) -> tuple[str, ...]:
    """Options that have a cost, in the scenario's order."""
    return tuple(o.option_id for o in result.options if o.status != "blocked")


def month_rows(result: Result, option_ids: Sequence[str] | None = None) -> Table:
    """Total of every month per option, one-offs first, a line after each year, the whole horizon last."""
    options = [result.option(i) for i in (priced_ids(result) if option_ids is None else option_ids)]
    columns = (Column("Month"), Column("Starts on"), *right(*((_unique(o, options), "USD") for o in options)))
    rows: list[tuple[str, ...]] = []
    for number in range(result.horizon_months + 1) if options else ():
        rows.append(_month_row(options, number))
        if number and (number % MONTHS_PER_YEAR == 0 or number == result.horizon_months):
            rows.append(_year_row(options, number))
    if options:
        rows.append(("Total", "", *(cents(o.tco_usd) for o in options)))
    return Table("Month by month", columns, tuple(rows))


def _unique(option: OptionResult, options: Sequence[OptionResult]) -> str:
    """The label, with the id when another option has the same one: two columns never share a head."""
    twice = sum(o.label == option.label for o in options) > 1
    return f"{option.label} [{option.option_id}]" if twice else option.label


def _month_row(options: Sequence[OptionResult], number: int) -> tuple[str, ...]:
    found = [next((m for m in o.months if m.month == number), None) for o in options]
    starts = next((m.starts_on.isoformat() for m in found if m), "")
    name = f"Month {number}" if number else "One-off"
    return (name, starts, *(cents(m.total_usd if m else None) for m in found))


def _year_row(options: Sequence[OptionResult], last: int) -> tuple[str, ...]:
    year = (last - 1) // MONTHS_PER_YEAR
    return (f"Year {year + 1}", "", *(cents(_sum(_of_year(o, year), "total_usd")) for o in options))


def _of_year(option: OptionResult, year: int) -> list[MonthCost]:
    return [m for m in option.months if m.month > 0 and (m.month - 1) // MONTHS_PER_YEAR == year]


def year_rows(result: Result) -> Table:
    """Components of each option: the one-offs, each year, and the whole horizon."""
    parts = used_components(result.options)
    heads = right(*((label, "USD") for label, _ in parts), ("Total", "USD"))
    fields = [field for _, field in parts]
    rows = [row for i in priced_ids(result) for row in _option_years(result.option(i), fields, result.horizon_months)]
    return Table("Cost by year and part", (Column("Option"), Column("Period"), *heads), tuple(rows))


def _option_years(option: OptionResult, fields: list[str], horizon_months: int) -> list[tuple[str, ...]]:
    periods = [("One-off", [m for m in option.months if m.month == 0])]
    periods += [(f"Year {y + 1}", _of_year(option, y)) for y in range(math.ceil(horizon_months / MONTHS_PER_YEAR))]
    rows = [_period_row(option, name, months, [*fields, "total_usd"]) for name, months in periods]
    whole = _period_row(option, plural(horizon_months, "month"), option.months, fields)
    return [*rows, (*whole, cents(option.tco_usd))]


def _period_row(option: OptionResult, name: str, months: Iterable[MonthCost], fields: Iterable[str]) -> tuple[str, ...]:
    held = tuple(months)
    return (option.label, name, *(cents(_sum(held, field)) for field in fields))


def evidence_rows(result: Result) -> Table:
    """Every figure the answer rests on: its source, its age on the day of the prices, and its row in the catalog."""
    names = ("Figure", "Value", "Unit", "Origin", "Confidence", "As of", AGE, SOURCE, LINK, ROW, "Note")
    columns = tuple(Column(name, align="right" if name == "Value" else "left") for name in names)
    rows = (
        (
            *(e.label, e.value, e.unit, e.origin, e.confidence, e.as_of),
            *(age_text(e.as_of, result.on), e.source, e.source_url, e.row, e.note),
        )
        for e in result.evidence
    )
    return Table("Figures and their sources", columns, tuple(rows))


def note_rows(result: Result) -> Table:
    """What a reviewer should know about each option."""
    rows = tuple((o.label, warning) for o in result.options for warning in o.warnings)
    return Table("Notes on the options", (Column("Option"), Column("Note")), rows)


def version_rows(scenario: Scenario, result: Result) -> Table:
    """What made these figures, so that they can be made again."""
    rows = (
        ("Date of prices", result.on.isoformat()),
        ("Program version of the figures", result.engine_version),
        ("Program version of the prices", result.facts_engine_version),
        ("Catalog version", result.catalog_version),
        ("Scenario form", str(scenario.schema_version)),
        ("Result form", str(result.result_version)),
        (
            "Calendar",
            {"avg": "730 hours and 365/12 days a month", "30d": "720 hours and 30 days a month"}[result.calendar],
        ),
    )
    return Table("Versions", (Column("What"), Column("Version")), rows)

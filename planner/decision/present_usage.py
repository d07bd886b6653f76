"""The money of a log in sentences and tables, for pages and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.decision.log_values import LogLine, LogPrice, Reconciled, Reconciliation
from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, cents, four_digits, right
from planner.decision.showback import Showback
from planner.domain.facts import Reason
from planner.format import count, plural, short, usd
from planner.units import MTOK, SECONDS_PER_DAY
from planner.workload.unknowns import length_of

WHOLE = "All"
EMPTY = frozenset({"", NONE, "0"})
"""Cells that say nothing."""
SELDOM = frozenset({"Cached input", "Cache writes", "Without a price", "Cost, upper bound"})
"""Columns of a log's cost that many logs do not need."""
THOUSANDTH = 0.0005


def price_sentences(price: LogPrice, *, dated: bool = True) -> tuple[str, ...]:
    """The amount first, then what is left out of it, then what a reviewer should know; `dated`: its days are known."""
    return (_amount(price, dated=dated), *_left_out(price), *price.notes)


def _amount(price: LogPrice, *, dated: bool) -> str:
    days = f"{price.first_on} to {price.last_on}, " if dated else ""
    when = f"{days}{length_of(price.days * SECONDS_PER_DAY)}"
    if price.usd is None or price.usd_high is None:
        return f"Priced as {price.question}: {NOT_KNOWN}, for no token of the log has a price ({when})."
    amount = usd(price.usd) if price.exact else f"{usd(price.usd)} to {usd(price.usd_high)}"
    day = "" if price.way == "fleet" else f", prices: {price.priced_on}"
    return f"Priced as {price.question}: {amount} for {short(price.tokens)} tokens ({when}{day})."


def _left_out(price: LogPrice) -> Iterator[str]:
    if price.unpriced:
        share = price.unpriced_tokens / price.tokens if price.tokens else 0.0
        yield (
            f"{short(price.unpriced_tokens)} tokens ({share:.1%}) have no price and are not in this amount; "
            f"{plural(len(price.unpriced), 'part')} of the log, see below."
        )


def line_rows(price: LogPrice) -> Table:
    """Months, models and owners, with a last row for all of them."""
    owners = any(line.owner for line in price.lines)
    columns = (
        Column("Month"),
        Column("Model"),
        *((Column("Owner"),) if owners else ()),
        *right(
            ("Requests", "count"),
            ("Fresh input", "M tokens"),
            ("Cached input", "M tokens"),
            ("Cache writes", "M tokens"),
            ("Output", "M tokens"),
            ("Without a price", "M tokens"),
            ("Cost", "USD"),
            ("Cost, upper bound", "USD"),
            ("Per 1M tokens", "USD"),
        ),
    )
    rows = [_line(line, owners) for line in price.lines]
    if len(rows) > 1:
        rows.append(_line(_whole_log(price), owners))
    return without_empty(Table("Cost of the log", columns, tuple(rows)), SELDOM)


def _whole_log(price: LogPrice) -> LogLine:
    """All lines as one; requests only where every line counts them."""
    asked = [line.requests for line in price.lines]
    counted = [number for number in asked if number is not None]
    fields = ("fresh_input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "unpriced_tokens")
    return LogLine(
        month=WHOLE,
        model=WHOLE,
        owner=WHOLE if any(line.owner for line in price.lines) else "",
        requests=sum(counted) if len(counted) == len(asked) else None,
        **{field: sum(getattr(line, field) for line in price.lines) for field in fields},
        usd=_known_sum(line.usd for line in price.lines),
        usd_high=_known_sum(line.usd_high for line in price.lines),
    )


def _known_sum(amounts: Iterable[float | None]) -> float | None:
    """Of those that are known; None when none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def without_empty(table: Table, seldom: frozenset[str]) -> Table:
    """The table without those of the `seldom` columns in which no row says anything."""
    kept = [
        place
        for place, column in enumerate(table.columns)
        if column.name not in seldom or any(row[place] not in EMPTY for row in table.rows)
    ]
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return Table(table.title, tuple(table.columns[place] for place in kept), rows)


def _line(line: LogLine, owners: bool) -> tuple[str, ...]:
    priced = line.tokens - line.unpriced_tokens
    per_mtok = line.usd / priced * MTOK if line.usd is not None and priced > 0 else None
    return (
        line.month,
        line.model,
        *((line.owner or NONE,) if owners else ()),
        NOT_KNOWN if line.requests is None else count(line.requests),
        mtok(line.fresh_input_tokens),
        mtok(line.cached_input_tokens),
        mtok(line.cache_write_tokens),
        mtok(line.output_tokens),
        mtok(line.unpriced_tokens),
        cents(line.usd),
        NONE if line.usd == line.usd_high else cents(line.usd_high),
        four_digits(per_mtok),
    )


def mtok(tokens: float) -> str:
    """Millions of tokens for a cell."""
    millions = tokens / MTOK
    return f"{millions:,.3f}" if millions >= THOUSANDTH else short(millions)


def unpriced_rows(price: LogPrice) -> Table:
    """What has no price, why, and the way out."""
    columns = (
        Column("Model"),
        Column("Service tier"),
        *right(("Requests", "count"), ("Input", "M tokens"), ("Output", "M tokens")),
        Column("Why"),
        Column("The way out"),
    )
    rows = tuple(
        (
            part.model or NONE,
            part.service_tier or NONE,
            NOT_KNOWN if part.requests is None else count(part.requests),
            mtok(part.input_tokens),
            mtok(part.output_tokens),
            part.reason.message,
            part.reason.remedy,
        )
        for part in price.unpriced
    )
    return Table("Without a price", columns, rows)


def reasons_of(price: LogPrice) -> tuple[Reason, ...]:
    """Every reason once."""
    return tuple(dict.fromkeys(part.reason for part in price.unpriced))


def used_price_rows(price: LogPrice) -> Table:
    """The prices used, with their sources."""
    columns = (
        Column("Model of the log"),
        Column("Offer"),
        Column("Found by"),
        Column("From"),
        Column("To"),
        Column("Rates", "USD per 1M tokens"),
        Column("Source"),
        Column("Date"),
        Column("Row"),
    )
    rows = tuple(
        (
            used.model or WHOLE,
            used.offer,
            used.how or NONE,
            used.first_on.isoformat(),
            used.last_on.isoformat(),
            used.rates,
            used.source,
            used.as_of or NONE,
            used.row or NONE,
        )
        for used in price.prices
    )
    return Table("Prices used", columns, rows)


def bill_rows(price: LogPrice) -> Table:
    """Bills by month."""
    columns = (Column("Month"), *right(("Days covered", "days"), ("At list", "USD"), ("Billed", "USD")))
    rows = tuple((b.month, f"{b.days:,.2f}", cents(b.list_usd), cents(b.usd)) for b in price.bills)
    return Table("Bills by month", columns, rows)


def reconciliation_rows(found: Reconciliation) -> Table:
    """The export's own cost against list prices."""
    columns = (
        Column("Currency"),
        Column("Month"),
        Column("Model"),
        Column("Billed", "in its currency", "right"),
        *right(("Billed", "USD"), ("Computed", "USD"), ("Difference", "USD"), ("Difference", "%")),
        Column("What explains it"),
    )
    return Table("The export's own cost against list prices", columns, tuple(map(_reconciled, found.lines)))


def _reconciled(line: Reconciled) -> tuple[str, ...]:
    computed = cents(line.computed_usd)
    if not line.exact and line.computed_high_usd is not None:
        computed = f"{computed} to {cents(line.computed_high_usd)}"
    return (
        line.currency or NONE,
        line.month,
        line.model or NONE,
        NONE if line.billed is None else f"{line.billed:,.2f}",
        NONE if line.billed is None else cents(line.billed_usd),
        computed,
        NONE if line.difference_usd is None else cents(line.difference_usd),
        NONE if line.difference_fraction is None else percent_change(line.difference_fraction),
        " ".join(line.reasons) or NONE,
    )


def showback_rows(found: Showback) -> Table:
    """Who pays; the last row is the bill."""
    columns = (
        Column("Owner"),
        *right(("Used", "USD"), ("Idle", "USD"), ("Shared", "USD"), ("Pays", "USD"), ("Share of the bill", "%")),
    )
    rows = [
        (
            row.name,
            *(cents(float(amount)) for amount in (row.used_usd, row.idle_usd, row.shared_usd, row.total_usd)),
            NONE if not found.bill_usd else f"{row.total_usd / found.bill_usd * 100:.1f}",
        )
        for row in found.rows
    ]
    parts = tuple(cents(float(found.total(part))) for part in ("used_usd", "idle_usd", "shared_usd", "total_usd"))
    return Table("Who pays", columns, (*rows, ("The bill", *parts, "100.0" if found.bill_usd else NONE)))


def showback_sentences(found: Showback) -> tuple[str, ...]:
    """How it was shared out."""
    words = {
        "usage": "Owners pay what they used; what is idle or shared stays with nobody.",
        "allocation": "Owners pay what was set aside for them; what is idle or shared stays with nobody.",
        "weighted": "What is idle or shared is spread over the owners as the rest of the bill is.",
    }
    return (f"{usd(found.bill_usd)} shared out by {found.shared_by}. {words[found.basis]}", *found.notes)

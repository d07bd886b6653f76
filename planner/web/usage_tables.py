"""A usage profile as tables: what was read and what not, and every chart in figures."""

from __future__ import annotations

from collections.abc import Sequence

from planner.charts.week_heat import day_names, short_day, week_rows
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, right
from planner.domain.usage import TokenLengths, UsageClass, UsageProfile
from planner.format import count, percent, short
from planner.units import HOURS_PER_DAY, MONTHS_PER_YEAR
from planner.web.usage_words import WIDTHS, row_word, width
from planner.workload.before_after import BeforeAfter, Figure
from planner.workload.forecast import Forecast

QUANTILES = ("p5", "p25", "p50", "p75", "p90", "p95", "p99")
CURVE_POINTS = 12
"""Rows of the load-duration curve as a table."""


def source_rows(profile: UsageProfile) -> Table:
    """One row per file or query."""
    columns = (
        Column("Source"),
        Column("Format"),
        Column("A row is"),
        *right(("Rows", "read"), ("Rejected", "rows"), ("Size", "bytes")),
        Column("SHA-256"),
    )
    rows = tuple(
        (
            source.name,
            source.format,
            row_word(source),
            count(source.rows_read),
            count(source.rows_rejected),
            count(source.size_bytes) if source.size_bytes else NONE,
            f"{source.sha256[:12]}\N{HORIZONTAL ELLIPSIS}",
        )
        for source in profile.sources
    )
    return Table("What was read", columns, rows)


def reject_rows(profile: UsageProfile) -> Table:
    """One row per reason, with the first places where it happened."""
    columns = (Column("Source"), Column("Column"), Column("What is wrong"), *right(("Rejected", "rows")))
    rows = tuple(
        (found.source, found.column or "whole row", found.reason, count(found.rows), _lines(found.lines, found.rows))
        for found in profile.rejects
    )
    return Table("Rows that could not be used", (*columns, Column("First lines")), rows)


def _lines(lines: Sequence[int], rows: int) -> str:
    told = ", ".join(count(line) for line in lines)
    return f"{told} \N{HORIZONTAL ELLIPSIS}" if lines and rows > len(lines) else told or NONE


def forecast_rows(found: Forecast) -> Table:
    """The months after the log, the first year one by one, then every sixth and the last."""
    columns = (
        Column("Month after the log"),
        *right(("Volume", f"{found.unit} / month"), ("Low end", f"{found.unit} / month"), ("High end", "80% band")),
    )
    last = len(found.months)
    shown = [m for m in found.months if m.month <= MONTHS_PER_YEAR or m.month % 6 == 0 or m.month == last]
    ends = [(NONE if m.low is None else short(m.low), NONE if m.high is None else short(m.high)) for m in shown]
    rows = tuple((str(m.month), short(m.volume), *end) for m, end in zip(shown, ends, strict=True))
    return Table("Forecast", columns, rows)


def unknown_rows(profile: UsageProfile) -> Table:
    """What the log cannot say, why, and the way out."""
    columns = (Column("Not known"), Column("Why"), Column("Way out"))
    return Table("What this log cannot say", columns, tuple((u.what, u.reason, u.remedy) for u in profile.unknown))


def peak_rows(profile: UsageProfile) -> Table:
    """Busiest over mean by the width of the window; one that the log cannot tell is not known."""
    columns = (
        Column("Window"),
        *right(("Requests", "times mean"), ("Input tokens", "times mean"), ("Output tokens", "times mean")),
        *right(("Windows", "count")),
    )
    widths = sorted({*WIDTHS, *(peak.window_s for peak in profile.peaks)})
    return Table("Peak to mean", columns, tuple(_peak_row(profile, seconds) for seconds in widths))


def _peak_row(profile: UsageProfile, seconds: int) -> tuple[str, ...]:
    peak = profile.peak(seconds)
    if peak is None:
        return (width(seconds), NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NONE)
    ratios = (peak.requests_to_mean, peak.input_tokens_to_mean, peak.output_tokens_to_mean)
    return (width(seconds), *(NOT_KNOWN if r is None else f"{r:,.2f}" for r in ratios), count(peak.windows))


def week_table(profile: UsageProfile) -> Table:
    """The heat map in figures: hours down, days across."""
    rows = week_rows(profile)
    hour = "Hour (UTC)" if profile.has_calendar else "Hour"
    columns = (Column(hour), *right(*((short_day(day), "") for day in day_names(profile))))
    cells = tuple(
        (f"{hour:02d}:00", *(NONE if row[hour] is None else f"{row[hour]:.2f}" for row in rows))
        for hour in range(HOURS_PER_DAY)
    )
    return Table("The week, times the mean hour", columns, cells)


def curve_rows(profile: UsageProfile) -> Table:
    """The load-duration curve at a few of its points, first and last among them."""
    columns = right(("Load at or above", "times mean hour"), ("Hours", "% of the log"))
    points = profile.load_duration
    step = max(1, -(-(len(points) - 1) // (CURVE_POINTS - 1)))
    picked = [*points[:-1:step], *points[-1:]]
    rows = tuple((f"{p.load_to_mean:.2f}", percent(p.hours_fraction).rstrip("%")) for p in picked)
    return Table("Load-duration curve", columns, rows)


def quantile_rows(profile: UsageProfile) -> Table:
    """Mean and quantiles of both lengths."""
    columns = (
        Column("Tokens per request"),
        *right(("Requests", "that say them")),
        *right(("Mean", "tokens"), *((q.upper(), "tokens") for q in QUANTILES), ("Longest", "tokens")),
    )
    both = (("Input", profile.input_lengths), ("Output", profile.output_lengths))
    return Table("Lengths", columns, tuple(_quantile_row(name, found) for name, found in both if found is not None))


def _quantile_row(name: str, found: TokenLengths) -> tuple[str, ...]:
    quantiles = (getattr(found, f"{q}_tokens") for q in QUANTILES)
    return (name, count(found.requests), *(_tokens(v) for v in (found.mean_tokens, *quantiles, found.max_tokens)))


def _tokens(value: float) -> str:
    return count(value) if value == int(value) or value >= 100 else short(value)


def band_rows(lengths: TokenLengths, side: str) -> Table:
    """A histogram in figures."""
    columns = (Column(f"{side.capitalize()} tokens"), *right(("Requests", "count"), ("Share", "%")))
    whole = sum(requests for *_, requests in lengths.histogram) or 1
    rows = tuple(
        (f"{count(low)} to {count(high)}", count(requests), f"{100 * requests / whole:.1f}")
        for low, high, requests in lengths.histogram
    )
    return Table(f"Requests by {side} tokens", columns, rows)


def class_rows(profile: UsageProfile) -> Table:
    """The mix: one row per model and task class, most tokens first."""
    columns = (
        Column("Model"),
        Column("Task class"),
        *right(
            ("Requests", "count"),
            ("Fresh input", "tokens"),
            ("Cached input", "tokens"),
            ("Cache writes", "tokens"),
            ("Output", "tokens"),
            ("Of it reasoning", "tokens"),
            ("Share", "% of tokens"),
        ),
    )
    whole = sum(c.tokens for c in profile.classes) or 1
    return Table("Mix by model", columns, tuple(_class_row(c, whole) for c in profile.classes))


def _class_row(found: UsageClass, whole: int) -> tuple[str, ...]:
    written = [part for part in (found.cache_write_tokens, found.cache_write_1h_tokens) if part is not None]
    tokens = (found.fresh_input_tokens, found.cached_input_tokens, sum(written) if written else None)
    return (
        found.model,
        found.task_class or NONE,
        NOT_KNOWN if found.requests is None else count(found.requests),
        *(_known(part) for part in (*tokens, found.output_tokens, found.reasoning_tokens)),
        f"{100 * found.tokens / whole:.1f}",
    )


def _known(tokens: int | None) -> str:
    """What no row of the log says is not known, not 0."""
    return NOT_KNOWN if tokens is None else short(tokens, 4)


def billed_rows(profile: UsageProfile) -> Table:
    """The export's own cost."""
    columns = (Column("Currency"), *right(("Amount", "in it"), ("Rows", "that say it")))
    rows = tuple((b.currency, f"{b.amount:,.2f}", count(b.rows)) for b in profile.billed)
    return Table("Cost that the export itself states", columns, rows)


def change_rows(found: Sequence[BeforeAfter]) -> Table:
    """A scenario before and after it takes a log over; what the log does not say is assumed."""
    columns = (Column("Figure"), *right(("Before", ""), ("After", "")), Column("Unit"), Column("After is"))
    rows = tuple((f.figure, _figure(f.before, f.unit), _figure(f.after, f.unit), _unit(f), f.origin) for f in found)
    return Table("What changes in the scenario", columns, rows)


def _figure(value: Figure, unit: str) -> str:
    """Shares and growth as per cent, all others short; without a meaning a dash."""
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if unit == "share":
        return percent(value)
    return f"{100 * value:.1f}%" if unit == "a month" else short(value, 4)


def _unit(found: BeforeAfter) -> str:
    words = {"a day": "per day", "a month": "per month", "tokens": "tokens/request", "ratio": "times", "share": ""}
    return words.get(found.unit, found.unit)

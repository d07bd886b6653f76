"""A usage profile in words: what was read, the figures to put on top, and why a figure is missing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from planner.decision.present import Metric
from planner.decision.present_tables import NOT_KNOWN
from planner.domain.usage import Peak, UsageProfile, UsageReference, UsageSource
from planner.format import count, percent, plural, short
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from planner.workload.unknowns import length_of
from planner.workload.usage_rows import Grain

WIDTHS = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h"}
"""Windows that peaks are always told for, seconds."""
MORE_WIDTHS = {86_400: "1 day", 604_800: "1 week"}
SECONDS_PER_MINUTE = 60


def bucket_of(seconds: int) -> str:
    """The width of a bucket without rounding: `1 minute`, `90 seconds`."""
    for size, noun in ((SECONDS_PER_DAY, "day"), (SECONDS_PER_HOUR, "hour"), (SECONDS_PER_MINUTE, "minute")):
        if seconds and seconds % size == 0:
            return plural(seconds // size, noun)
    return plural(seconds, "second")


def grain_word(found: Grain) -> str:
    """What a row of a format is, before one knows how long its buckets are."""
    return "one request" if found == "request" else "the sum of a period"


def file_stem(profile: UsageProfile) -> str:
    """A file name for the download that every system takes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", profile.name).strip("-").lower()[:60] or "usage"


def row_word(source: UsageSource) -> str:
    """What a row of a source is."""
    return "one request" if source.grain == "request" else f"the sum of {bucket_of(source.bucket_s)}"


def grain(told: UsageProfile) -> str:
    """What one row is."""
    if told.grain == "request":
        return "one row per request"
    return f"buckets of {bucket_of(told.bucket_s)}: no lengths, no finer peaks"


def period(profile: UsageProfile) -> str:
    """From when to when; a log without known dates says only how long it is."""
    lasts = length_of(profile.window_s)
    if not profile.has_calendar:
        return f"{lasts}, at no known date"
    first, last = _utc(profile.first_at), _utc(profile.last_at)
    end = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {end} UTC ({lasts})"


def _utc(when: dt.datetime) -> dt.datetime:
    return when.astimezone(dt.UTC) if when.tzinfo else when


def summary(profile: UsageProfile) -> str:
    """What the log is, in one sentence."""
    rows = sum(source.rows_read for source in profile.sources)
    asked = "Requests are not counted" if profile.total_requests is None else plural(profile.total_requests, "request")
    read = f"{plural(rows, 'row')} of {plural(len(profile.sources), 'source')}"
    return f"{asked}, {period(profile)}; {grain(profile)}; read from {read}."


def rejected(profile: UsageProfile) -> str:
    """How many rows were not used; empty when all were."""
    rows, bad = sum(source.rows_read for source in profile.sources), profile.rows_rejected
    if not bad:
        return ""
    share = bad / rows
    told = "less than 0.1%" if share < 0.001 else percent(share)
    return f"{plural(bad, 'row')} of {count(rows)} ({told}) could not be used: see “What was read”."


def metrics(profile: UsageProfile) -> list[Metric]:
    """The figures that a scenario is made of, with their units."""
    return [
        *_volumes(profile),
        _cached(profile),
        _peak(profile),
        _lengths("Input", profile),
        _lengths("Output", profile),
        _concurrency(profile),
        _growth(profile),
    ]


def _volumes(profile: UsageProfile) -> list[Metric]:
    over = f"mean over {length_of(profile.window_s)}"
    if profile.window_s < SECONDS_PER_DAY:
        over += ", as if all day were like it"
    return [
        _metric("Requests", profile.requests_per_day, "requests/day", over),
        _metric("Input", profile.input_tokens_per_day, "tokens/day", over),
        _metric("Output", profile.output_tokens_per_day, "tokens/day", over),
    ]


def _metric(label: str, value: float | None, unit: str, note: str) -> Metric:
    return Metric(f"{label} ({unit})", NOT_KNOWN if value is None else short(value), note)


def _cached(profile: UsageProfile) -> Metric:
    cached, whole = profile.total_cached_input_tokens, profile.total_input_tokens
    label = "Input read from a cache (%)"
    if cached is None or not whole:
        hits = profile.prefix_hit_fraction
        note = "the log does not say it" if hits is None else f"prefixes that came before: {percent(hits)} of input"
        return Metric(label, NOT_KNOWN, note)
    return Metric(label, percent(cached / whole), f"{short(cached)} of {short(whole)} input tokens")


def busiest(profile: UsageProfile) -> Peak | None:
    """The peak that replicas are sized by: of the hour, else of the widest window that the log holds."""
    known = [peak for peak in profile.peaks if ratio(peak) is not None]
    hour = next((peak for peak in known if peak.window_s == SECONDS_PER_HOUR), None)
    return hour or max(known, key=lambda peak: peak.window_s, default=None)


def ratio(peak: Peak) -> tuple[float, str] | None:
    """Busiest over mean, and of what: requests, which a scenario's peak is of; else output or input tokens."""
    told = (
        (peak.requests_to_mean, "requests"),
        (peak.output_tokens_to_mean, "output tokens"),
        (peak.input_tokens_to_mean, "input tokens"),
    )
    return next(((value, what) for value, what in told if value is not None), None)


def width(seconds: int) -> str:
    """The width of a window: `10 min`."""
    return (WIDTHS | MORE_WIDTHS).get(seconds, f"{seconds:,} s")


def _peak(profile: UsageProfile) -> Metric:
    """Of the hours of the clock where the log has a day of them, which a scenario takes; else of a window."""
    if profile.planning_week:
        note = f"{profile.demand} of the busiest hour of the clock over the mean hour"
        return Metric("Peak to mean, 1 h (times)", f"{max(profile.planning_week):.2f}\N{MULTIPLICATION SIGN}", note)
    found = busiest(profile)
    told = ratio(found) if found is not None else None
    if found is None or told is None:
        return Metric("Peak to mean (times)", NOT_KNOWN, "the log is too short or too coarse for one")
    return Metric(
        f"Peak to mean, {width(found.window_s)} (times)",
        f"{told[0]:.2f}\N{MULTIPLICATION SIGN}",
        f"{told[1]} of the busiest of {plural(found.windows, 'window')} over their mean",
    )


def _lengths(name: str, profile: UsageProfile) -> Metric:
    lengths = profile.input_lengths if name == "Input" else profile.output_lengths
    mean = profile.mean_input_tokens if name == "Input" else profile.mean_output_tokens
    label = f"Mean {name.lower()} (tokens)"
    if mean is None:
        told = "does not count requests" if profile.total_requests is None else "does not say the tokens"
        return Metric(label, NOT_KNOWN, f"the log {told}")
    p95 = "P95 not known: no single requests" if lengths is None else f"P95 {short(lengths.p95_tokens)} tokens"
    return Metric(label, short(mean), f"per request; {p95}")


def _concurrency(profile: UsageProfile) -> Metric:
    found = profile.concurrency
    label = "Requests in flight, mean"
    if found.mean is None:
        return Metric(label, NOT_KNOWN, "the log has no durations")
    most = "" if found.busiest_second is None else f"at most {count(found.busiest_second)}, sampled each second; "
    return Metric(label, short(found.mean), f"{most}{percent(found.timed_fraction)} of requests are timed")


def _growth(profile: UsageProfile) -> Metric:
    trend, label = profile.trend, "Growth (% a month)"
    if trend is None:
        return Metric(label, NOT_KNOWN, "the log shows no trend: see below")
    return Metric(label, percent(trend.per_month), f"{interval(profile)}; {plural(trend.periods, trend.period)}")


def why_no_trend(profile: UsageProfile) -> str:
    """The reason why growth is not known."""
    return next((unknown.reason for unknown in profile.unknown if unknown.what == "Growth"), "It was not measured.")


def interval(profile: UsageProfile) -> str:
    """The interval of the growth; empty without a trend."""
    trend = profile.trend
    if trend is None:
        return ""
    return f"80% interval {percent(trend.low_per_month)} to {percent(trend.high_per_month)} a month"


def reference(found: UsageReference) -> str:
    """A measured workload in a few words: its name, the days of the log, the day of the import."""
    if found.first_on:
        days = found.first_on if found.first_on == found.last_on else f"{found.first_on} to {found.last_on}"
    else:
        days = "no known date"
    imported = f", imported on {found.imported_on}" if found.imported_on else ""
    return f"{found.name or found.profile_id} ({days}{imported})"


def names(parts: Sequence[str], most: int = 3) -> str:
    """A few names, and how many more there are."""
    more = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {more} more" if more > 0 else "")

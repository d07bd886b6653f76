"""Usage logs once more, in plain Python: lists, whole numbers and fractions, no SQL and no numpy.

Everything here follows the words of the documentation, not the product's code, so that both may be held against each
other. Nothing is fast.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from planner.workload.usage_rows import KEYS, PROMPT, SUMS, UsageRow

US = 1_000_000
MINUTE, HOUR, DAY = 60 * US, 3600 * US, 86_400 * US
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
WIDTHS_S = (1, 10, 60, 600, 3600)
Key = tuple[object, ...]
Sums = dict[str, tuple[int, int]]
"""Column -> its sum, and how many rows know it; `rows` -> how many rows there are."""


def us(moment: dt.datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (moment.astimezone(dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)


def prompt(row: UsageRow) -> int:
    """All parts of the prompt that the row knows."""
    return sum(getattr(row, name) or 0 for name in PROMPT)


def rollup(rows: Iterable[UsageRow], thresholds: Sequence[int]) -> dict[Key, Sums]:
    """Minute, keys and band -> sums."""
    found: dict[Key, Sums] = defaultdict(lambda: dict.fromkeys(("rows", *SUMS), (0, 0)))
    for row in rows:
        band = sum(row.context_tokens is not None and row.context_tokens > limit for limit in thresholds)
        group = found[(row.started_us or 0) // MINUTE * MINUTE, *(getattr(row, key) for key in KEYS), band]
        group["rows"] = group["rows"][0] + 1, group["rows"][1] + 1
        for name in SUMS:
            if (value := getattr(row, name)) is not None:
                group[name] = group[name][0] + value, group[name][1] + 1
    return dict(found)


def total(rows: Iterable[UsageRow], name: str) -> int | None:
    """Sum of a column; None when no row knows it."""
    known = [value for row in rows if (value := getattr(row, name)) is not None]
    return sum(known) if known else None


def peaks(rows: Sequence[UsageRow]) -> dict[int, tuple[int, Fraction | None, Fraction | None, Fraction | None]]:
    """Width -> whole windows from the first request on, and busiest over mean of requests, prompt and output.

    The partial window at the end is left out, and so is a width of which the log has fewer than two windows.
    """
    starts = [row.started_us or 0 for row in rows]
    first, last = min(starts), max(starts)
    found = {}
    for width in WIDTHS_S:
        windows = (last - first) // (width * US)
        if windows < 2:
            continue
        counts: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in rows:
            place = ((row.started_us or 0) - first) // (width * US)
            if place < windows:
                counts[place][0] += 1
                counts[place][1] += prompt(row)
                counts[place][2] += row.output_tokens or 0
        by_measure = list(zip(*counts.values(), strict=True))
        ratios = [Fraction(max(each) * windows, sum(each)) if sum(each) else None for each in by_measure]
        found[width] = (windows, ratios[0], ratios[1], ratios[2])
    return found


def quantile(values: Sequence[int], share: Fraction) -> Fraction:
    """Of the sorted values the one at (n - 1) x share, with a straight line between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def busiest_second(rows: Iterable[UsageRow]) -> int | None:
    """At the end of each second: requests that have started and not ended; the most of them."""
    timed = [row for row in rows if row.duration_ms is not None]
    if not timed:
        return None
    spans = [
        ((row.started_us or 0) // US, ((row.started_us or 0) + (row.duration_ms or 0) * 1000) // US) for row in timed
    ]
    seconds = {second for span in spans for second in span}
    return max(sum(start <= second < end for start, end in spans) for second in seconds)


def hours(rows: Sequence[UsageRow], first: int, after: int, load: Callable[[UsageRow], int]) -> list[int]:
    """Load of each hour since 1970 from `first` up to, not including, `after`."""
    found = [0] * (after - first)
    for row in rows:
        place = (row.started_us or 0) // HOUR - first
        if 0 <= place < len(found):
            found[place] += load(row)
    return found


def covered_hours(start_us: int, end_us: int, slack_us: int = 0) -> tuple[int, int]:
    """First hour, and the one after the last, that a log covers whole but for its slack at the edges."""
    first = start_us // HOUR
    if start_us - first * HOUR > slack_us:
        first += 1
    after = end_us // HOUR
    if (after + 1) * HOUR - end_us <= slack_us:
        after += 1
    return first, after


def week(loads: Sequence[int], first: int) -> list[Fraction | None]:
    """Mean of each hour of the week over the mean hour; Monday 00:00 UTC first."""
    mean = Fraction(sum(loads), len(loads))
    by_hour: dict[int, list[int]] = defaultdict(list)
    for place, load in enumerate(loads):
        moment = EPOCH + dt.timedelta(hours=first + place)
        by_hour[moment.weekday() * 24 + moment.hour].append(load)
    return [Fraction(sum(by_hour[h]), len(by_hour[h])) / mean if by_hour[h] else None for h in range(168)]


def prefix_hits(rows: Sequence[tuple[UsageRow, Sequence[int]]], block: int) -> int:
    """Prompt tokens of blocks that were there in an earlier request, in order of time."""
    seen: set[int] = set()
    hits = 0
    for row, hashes in rows:
        hits += min(sum(h in seen for h in hashes) * block, prompt(row))
        seen.update(hashes)
    return hits

"""The SQL of the product's usage measurements, written once, in DuckDB's dialect, over integers only.

Each text reads a relation of usage rows (`usage_rows.COLUMNS`) named by the caller: a view of files here, a subquery
where the logs are. Only what a portable subset has is used: CASE, %, COUNT, SUM, MIN, MAX, positional GROUP BY, plain
windows; every alias has an AS and none is a column's name inside an aggregate or a reserved word.
"""

from __future__ import annotations

from collections.abc import Collection

from planner.workload.usage_rows import KEYS, PROMPT, SUMS, US_PER_MINUTE, US_PER_S

ALL = frozenset((*KEYS, *SUMS, "context_tokens"))
CONSTANT_KEYS = {"bucket_s": "0", "service_tier": "'standard'"}
"""What a key is where the source does not have it; '' for the others."""
KNOWN = tuple(name for name in SUMS)


def rollup(relation: str, thresholds: Collection[int], has: Collection[str] = ALL) -> str:
    """THE rollup: minute x keys x long-context band -> sums, and how many rows know each of them; integers only.

    `thresholds` are the prompt sizes at which any price changes: the band counts those that a request is strictly
    above. `has` names the columns that the source fills: others are constants, which costs nothing.
    Columns: minute_us, the keys, context_band, usage_rows, then `<name>_sum` and `<name>_known` for each of SUMS.
    """
    grouped = [f"started_us - started_us % {US_PER_MINUTE} AS minute_us"]
    grouped += [f"{name} AS {name}_key" for name in KEYS if name in has]
    if thresholds and "context_tokens" in has:
        grouped.append(f"{_band(sorted(thresholds))} AS context_band")
    constants = [f"{CONSTANT_KEYS.get(name, empty())} AS {name}_key" for name in KEYS if name not in has]
    if not (thresholds and "context_tokens" in has):
        constants.append("0 AS context_band")
    sums = ["COUNT(*) AS usage_rows"]
    for name in SUMS:
        sums += (
            [f"CAST(COALESCE(SUM({name}), 0) AS BIGINT) AS {name}_sum", f"COUNT({name}) AS {name}_known"]
            if name in has
            else [f"0 AS {name}_sum", f"0 AS {name}_known"]
        )
    keys = ", ".join(str(n + 1) for n in range(len(grouped)))
    return f"SELECT {', '.join([*grouped, *sums, *constants])} FROM {relation} GROUP BY {keys}"


def empty() -> str:
    """The empty text."""
    return "''"


def _band(thresholds: list[int]) -> str:
    return " + ".join(f"CASE WHEN context_tokens > {limit} THEN 1 ELSE 0 END" for limit in thresholds)


def span(relation: str) -> str:
    """First and last start, and rows: first_us, last_us, usage_rows."""
    return f"SELECT MIN(started_us) AS first_us, MAX(started_us) AS last_us, COUNT(*) AS usage_rows FROM {relation}"


def peaks(relation: str, origin_us: int, last_us: int, widths_s: Collection[int]) -> str:
    """Busiest window of each width, request by request: window_s, windows, then the largest requests, input and output.

    Windows start at the first request; the last, partial one is left out, and a width longer than the log as well.
    """
    prompt = " + ".join(f"COALESCE({name}, 0)" for name in PROMPT)
    second = f"(started_us - {origin_us}) - (started_us - {origin_us}) % {US_PER_S}"
    seconds = (
        f"SELECT {second} AS second_us, COUNT(*) AS n, CAST(SUM({prompt}) AS BIGINT) AS tokens_in, "
        f"CAST(SUM(COALESCE(output_tokens, 0)) AS BIGINT) AS tokens_out FROM {relation} GROUP BY 1"
    )
    parts = []
    for width in widths_s:
        width_us = width * US_PER_S
        windows = (last_us - origin_us) // width_us
        if windows < 1:
            continue
        parts.append(
            f"SELECT {width} AS window_s, {windows} AS windows, MAX(n) AS requests_max, MAX(tokens_in) AS input_max, "
            f"MAX(tokens_out) AS output_max, CAST(SUM(n) AS BIGINT) AS requests_sum, "
            f"CAST(SUM(tokens_in) AS BIGINT) AS input_sum, CAST(SUM(tokens_out) AS BIGINT) AS output_sum FROM ("
            f"SELECT second_us - second_us % {width_us} AS window_us, CAST(SUM(n) AS BIGINT) AS n, "
            f"CAST(SUM(tokens_in) AS BIGINT) AS tokens_in, CAST(SUM(tokens_out) AS BIGINT) AS tokens_out "
            f"FROM seconds WHERE second_us < {windows * width_us} GROUP BY 1) AS w"
        )
    return f"WITH seconds AS ({seconds}) {' UNION ALL '.join(parts)} ORDER BY 1" if parts else ""


def lengths(relation: str, what: str) -> str:
    """How many requests have each length, exactly: tokens, n. `what` is "input" (the whole prompt) or "output"."""
    tokens = "output_tokens" if what == "output" else " + ".join(f"COALESCE({name}, 0)" for name in PROMPT)
    known = "output_tokens" if what == "output" else "fresh_input_tokens"
    return f"SELECT {tokens} AS tokens, COUNT(*) AS n FROM {relation} WHERE {known} IS NOT NULL GROUP BY 1 ORDER BY 1"


def busiest_second(relation: str) -> str:
    """Requests in flight, sampled each second: the largest number of those that have started and not ended: running."""
    start = f"started_us - started_us % {US_PER_S}"
    end = f"(started_us + duration_ms * 1000) - (started_us + duration_ms * 1000) % {US_PER_S}"
    timed = f"FROM {relation} WHERE duration_ms IS NOT NULL"
    events = f"SELECT {start} AS second_us, 1 AS step {timed} UNION ALL SELECT {end} AS second_us, -1 AS step {timed}"
    steps = f"SELECT second_us, CAST(SUM(step) AS BIGINT) AS step FROM ({events}) AS e GROUP BY 1"
    running = f"SELECT SUM(step) OVER (ORDER BY second_us) AS running FROM ({steps}) AS s"
    return f"SELECT CAST(MAX(running) AS BIGINT) AS running FROM ({running}) AS r"


def gaps(relation: str) -> str:
    """Times between arrivals, microseconds: gaps, their sum, and the sum of their squares (exact as a decimal)."""
    gap = f"SELECT started_us - LAG(started_us) OVER (ORDER BY started_us) AS gap_us FROM {relation}"
    square = "CAST(gap_us AS DECIMAL(19, 0)) * CAST(gap_us AS DECIMAL(19, 0))"
    return (
        f"SELECT COUNT(gap_us) AS gaps, CAST(SUM(gap_us) AS BIGINT) AS gap_sum_us, "
        f"SUM({square}) AS gap_square_sum FROM ({gap}) AS g"
    )

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


def rollup(relation: str, thresholds: Collection[int], has: Collection[str] = ALL, full: Collection[str] = ()) -> str:
    """THE rollup: minute x keys x long-context band -> sums, and how many rows know each of them; integers only.

    `thresholds` are the prompt sizes at which any price changes: the band counts those that a request is strictly
    above (one that no prompt reaches may be left out: it adds nothing and costs time). `has` names the columns that
    the source fills: others are constants, which costs nothing. `full` names those that it fills in every row: how
    many know them is then the number of rows, counted once.
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
        known = "COUNT(*)" if name in full else f"COUNT({name})"
        sums += (
            [f"CAST(COALESCE(SUM({name}), 0) AS BIGINT) AS {name}_sum", f"{known} AS {name}_known"]
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


def span(relation: str, has: Collection[str] = ALL) -> str:
    """First and last start, rows, longest prompt (0: unknown): first_us, last_us, usage_rows, longest_tokens."""
    longest = "COALESCE(MAX(context_tokens), 0)" if "context_tokens" in has else "0"
    return (
        f"SELECT MIN(started_us) AS first_us, MAX(started_us) AS last_us, COUNT(*) AS usage_rows, "
        f"{longest} AS longest_tokens FROM {relation}"
    )


def peaks(relation: str, origin_us: int, last_us: int, widths_s: Collection[int]) -> str:
    """Busiest window of each width, request by request: window_s, windows, then the largest requests, input and output.

    Windows start at the first request; the last, partial one is left out, and a width longer than the log as well.
    The relation is read once: seconds are added up to windows of every width.
    """
    counts = [(width, (last_us - origin_us) // (width * US_PER_S)) for width in widths_s]
    widths = " UNION ALL ".join(_width(width, windows) for width, windows in counts if windows)
    prompt = " + ".join(f"COALESCE({name}, 0)" for name in PROMPT)
    second = f"(started_us - {origin_us}) - (started_us - {origin_us}) % {US_PER_S}"
    seconds = (
        f"SELECT {second} AS second_us, COUNT(*) AS n, {_sum(prompt)} AS tokens_in, "
        f"{_sum('COALESCE(output_tokens, 0)')} AS tokens_out FROM {relation} GROUP BY 1"
    )
    sums = f"{_sum('n')} AS window_n, {_sum('tokens_in')} AS window_in, {_sum('tokens_out')} AS window_out"
    windows = (
        f"SELECT window_s, windows, second_us - second_us % width_us AS window_us, {sums} "
        f"FROM ({seconds}) AS s CROSS JOIN ({widths}) AS d WHERE second_us < end_us GROUP BY 1, 2, 3"
    )
    text = (
        "SELECT window_s, windows, MAX(window_n) AS requests_max, MAX(window_in) AS input_max, "
        f"MAX(window_out) AS output_max, {_sum('window_n')} AS requests_sum, {_sum('window_in')} AS input_sum, "
        f"{_sum('window_out')} AS output_sum FROM ({windows}) AS w GROUP BY 1, 2 ORDER BY 1"
    )
    return text if widths else ""


def _width(width_s: int, windows: int) -> str:
    width_us = width_s * US_PER_S
    ends = f"CAST({width_us} AS BIGINT) AS width_us, CAST({windows * width_us} AS BIGINT) AS end_us"
    return f"SELECT {width_s} AS window_s, {windows} AS windows, {ends}"


def _sum(what: str) -> str:
    return f"CAST(SUM({what}) AS BIGINT)"


def lengths(relation: str, what: str) -> str:
    """How many requests have each length, exactly: tokens, n. `what` is "input" (the whole prompt) or "output"."""
    tokens = "output_tokens" if what == "output" else " + ".join(f"COALESCE({name}, 0)" for name in PROMPT)
    known = "output_tokens" if what == "output" else "fresh_input_tokens"
    return f"SELECT {tokens} AS tokens, COUNT(*) AS n FROM {relation} WHERE {known} IS NOT NULL GROUP BY 1 ORDER BY 1"


def busiest_second(relation: str) -> str:
    """Requests in flight, sampled each second: the largest number of those that have started and not ended: running.

    The relation is read once: each request is a step up at its start and a step down at its end.
    """
    both = "(SELECT 1 AS step UNION ALL SELECT -1 AS step) AS b"
    moment = "CASE WHEN step = 1 THEN started_us ELSE started_us + duration_ms * 1000 END"
    events = f"SELECT {moment} AS event_us, step FROM {relation} CROSS JOIN {both} WHERE duration_ms IS NOT NULL"
    steps = (
        f"SELECT event_us - event_us % {US_PER_S} AS second_us, {_sum('step')} AS net FROM ({events}) AS e GROUP BY 1"
    )
    running = f"SELECT SUM(net) OVER (ORDER BY second_us) AS now_running FROM ({steps}) AS s"
    return f"SELECT CAST(MAX(now_running) AS BIGINT) AS running FROM ({running}) AS r"


def gaps(relation: str) -> str:
    """Times between arrivals, microseconds: gaps, their sum, and the sum of their squares (exact as a decimal)."""
    gap = f"SELECT started_us - LAG(started_us) OVER (ORDER BY started_us) AS gap_us FROM {relation}"
    square = "CAST(gap_us AS DECIMAL(19, 0)) * CAST(gap_us AS DECIMAL(19, 0))"
    return (
        f"SELECT COUNT(gap_us) AS gaps, {_sum('gap_us')} AS gap_sum_us, "
        f"SUM({square}) AS gap_square_sum FROM ({gap}) AS g"
    )

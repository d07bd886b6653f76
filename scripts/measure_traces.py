"""Measure the shipped traces as any usage log is and write `data/traces/measured.json`, which workload files quote.

`--check` writes nothing and exits 1 when the committed file differs from a fresh run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

import duckdb
import pyarrow as pa

from planner.domain.usage import Peak, TokenLengths, UsageProfile, UsageSource
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from planner.usage.measure import Wanted, measured
from planner.workload.readers.opened import from_monday
from planner.workload.usage_profile import LogAbout, profile_of
from planner.workload.usage_rows import COLUMNS, SQL_TYPES, Grain

TRACES = Path(__file__).resolve().parents[1] / "data" / "traces"
RESULT = TRACES / "measured.json"
LOGS = {"azure2023_conv": "azure2023_conv.parquet", "azure2023_code": "azure2023_code.parquet"}
SHAPES = ("azure2024_conv", "azure2024_code")
SERVEGEN = ("deepseek-r1", "m-large", "m-mid", "m-small", "mm-image")
SIGNIFICANT_DIGITS = 6
INDEX_SCALE = 10_000
"""The indices of the weeks have four decimals: times this they are whole requests."""
HOURS_PER_WEEK = 168
READ_ON = dt.date(2026, 11, 21)

Figures = dict[str, "float | Figures"]


class Duck:
    """DuckDB as the measuring takes it."""

    name = "DuckDB"

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def table(self, text: str) -> pa.Table:
        """The answer as a table."""
        return self.connection.sql(text).to_arrow_table()

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()


def main() -> int:
    """Write the file, or compare it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when the committed file differs")
    fresh = everything()
    if not parser.parse_args().check:
        RESULT.write_text(fresh, encoding="utf-8", newline="\n")
        print(fresh, end="")
        return 0
    same = RESULT.is_file() and RESULT.read_text(encoding="utf-8") == fresh
    print(f"{RESULT.name} is up to date" if same else f"{RESULT.name} differs: run {Path(__file__).name} and read why")
    return 0 if same else 1


def everything() -> str:
    """Every figure of every trace as JSON text, keys sorted."""
    figures: Figures = {
        "hour_of_week": {name: shape_figures(week(name)) for name in SHAPES},
        "rates": {name: rate_figures(rates(name)) for name in SERVEGEN},
        "request_logs": {name: log_figures(log(file)) for name, file in LOGS.items()},
    }
    return json.dumps(figures, indent=2, sort_keys=True) + "\n"


def log(file: str, duration_ms: str = "NULL") -> UsageProfile:
    """A log of single requests; `duration_ms` is SQL over its columns."""
    columns = {
        "started_us": "epoch_us(timestamp)",
        "requests": "1",
        "fresh_input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "context_tokens": "input_tokens",
        "duration_ms": duration_ms,
    }
    return profile(f"read_parquet('{TRACES / file}')", columns, "request")


def week(name: str) -> UsageProfile:
    """A week of hours; refuses one of another length."""
    found = profile(
        f"(SELECT * FROM read_csv('{TRACES / 'diurnal_shapes.csv'}') WHERE source = '{name}')",
        {
            "started_us": from_monday(f"CAST(hour AS BIGINT) * {SECONDS_PER_HOUR} * 1000000"),
            "bucket_s": str(SECONDS_PER_HOUR),
            "requests": f"ROUND(index_vs_mean * {INDEX_SCALE})",
        },
        "bucket",
        has_calendar=False,
    )
    if len(found.load_duration) != HOURS_PER_WEEK:
        raise ValueError(f"{name} has {len(found.load_duration)} hours where a week has {HOURS_PER_WEEK}")
    return found


def rates(model: str) -> UsageProfile:
    """The rates of all clients of a model, in windows of ten minutes."""
    return profile(
        f"(SELECT * FROM read_parquet('{TRACES / 'servegen_model_rate_10min.parquet'}') WHERE model = '{model}')",
        {
            "started_us": from_monday("CAST(window_start_s AS BIGINT) * 1000000"),
            "bucket_s": "600",
            "requests": "ROUND(CAST(rate_rps AS DOUBLE) * 600)",
        },
        "bucket",
        has_calendar=False,
    )


def profile(table: str, columns: dict[str, str], grain: Grain, *, has_calendar: bool = True) -> UsageProfile:
    """The profile of a table whose usage columns are given as SQL."""
    engine = Duck()
    try:
        figures = measured(engine, Wanted(usage_rows(table, columns), grain, (), frozenset(columns) - {"started_us"}))
    finally:
        engine.close()
    source = UsageSource(
        name="trace", sha256="0" * 64, size_bytes=0, format_id="trace", format="trace", grain=grain, rows_read=1
    )
    return profile_of(figures, LogAbout("0" * 16, "trace", READ_ON, (source,), has_calendar=has_calendar))


def usage_rows(table: str, columns: dict[str, str]) -> str:
    """A relation of usage rows over a table; columns that are not given are unknown."""
    return f"(SELECT {', '.join(_column(name, columns) for name in COLUMNS)} FROM {table}) AS usage_rows"


def _column(name: str, columns: dict[str, str]) -> str:
    constant = {"bucket_s": "0", "service_tier": "'standard'"}
    empty = constant.get(name, "''" if SQL_TYPES[name] == "VARCHAR" else "NULL")
    return f"CAST({columns.get(name, empty)} AS {SQL_TYPES[name]}) AS {name}"


def log_figures(found: UsageProfile) -> Figures:
    """Volume, lengths and peaks of a log of requests, to six significant digits."""
    per_day, requests = found.requests_per_day or 0.0, found.total_requests or 0
    told: Figures = {
        "requests": requests,
        "window_s": _short(found.window_s),
        "mean_requests_per_s": _short(per_day / SECONDS_PER_DAY),
        "requests_per_day": _short(per_day),
        "gap_cv": _short(found.gap_cv or 0.0),
        "peaks": {str(peak.window_s): peak_figures(peak) for peak in found.peaks},
    }
    for name, lengths, total in (
        ("input", found.input_lengths, found.total_input_tokens),
        ("output", found.output_lengths, found.total_output_tokens),
    ):
        if lengths is not None:
            told[name] = {**length_figures(lengths), "sum_tokens": total or 0}
    return told


def length_figures(lengths: TokenLengths) -> Figures:
    """Mean and quantiles."""
    told = lengths.model_dump(exclude={"requests", "histogram"})
    return {name: _short(value) for name, value in told.items()}


def peak_figures(peak: Peak) -> Figures:
    """Busiest over mean of one width."""
    ratios = peak.model_dump(exclude={"window_s", "windows"}, exclude_none=True)
    return {name: _short(value) for name, value in ratios.items()}


def shape_figures(found: UsageProfile) -> Figures:
    """Hours of a log of buckets, its peaks, and its lowest hour."""
    return {
        "hours": round(found.window_s / SECONDS_PER_HOUR),
        "lowest_hour_to_mean": _short(found.load_duration[-1].load_to_mean),
        "peaks": {str(peak.window_s): peak_figures(peak) for peak in found.peaks},
    }


def rate_figures(found: UsageProfile) -> Figures:
    """The same, with the number of requests."""
    return {"requests": found.total_requests or 0, **shape_figures(found)}


def _short(value: float) -> float:
    rounded = value if float(value).is_integer() else float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if float(rounded).is_integer() else rounded


if __name__ == "__main__":
    sys.exit(main())

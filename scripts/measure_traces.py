"""Measure the shipped traces and write `data/traces/measured.json`, so that workload files quote measured figures.

`--check` writes nothing and exits 1 when the committed file differs from a fresh run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import duckdb

from planner.workload.trace import TraceSummary, peak_to_mean, summarise

TRACES = Path(__file__).resolve().parents[1] / "data" / "traces"
RESULT = TRACES / "measured.json"
LOGS = {"azure2023_conv": "azure2023_conv.parquet", "azure2023_code": "azure2023_code.parquet"}
SHAPES = ("azure2024_conv", "azure2024_code")
SIGNIFICANT_DIGITS = 6
HOURS_PER_WEEK = 168

Figures = dict[str, float | dict[str, float]]

LOG_SQL = "SELECT epoch_ns(timestamp) / 1e9 AS t, input_tokens AS i, output_tokens AS o FROM read_parquet(?)"
SHAPE_SQL = "SELECT index_vs_mean AS x FROM read_csv(?) WHERE source = ? ORDER BY hour"


def main() -> int:
    """Write the file, or compare it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when the committed file differs")
    fresh = measured()
    if not parser.parse_args().check:
        RESULT.write_text(fresh, encoding="utf-8", newline="\n")
        print(fresh, end="")
        return 0
    same = RESULT.is_file() and RESULT.read_text(encoding="utf-8") == fresh
    print(f"{RESULT.name} is up to date" if same else f"{RESULT.name} differs: run {Path(__file__).name} and read why")
    return 0 if same else 1


def measured() -> str:
    """Every figure of every trace as JSON text, keys sorted."""
    figures = {
        "hour_of_week": {name: {"hours": HOURS_PER_WEEK, "peak_to_mean": _short(shape_peak(name))} for name in SHAPES},
        "request_logs": {name: as_figures(log_summary(file)) for name, file in LOGS.items()},
    }
    return json.dumps(figures, indent=2, sort_keys=True) + "\n"


def log_summary(file: str) -> TraceSummary:
    """Summary of one parquet log."""
    log = duckdb.execute(LOG_SQL, [str(TRACES / file)]).fetchnumpy()
    return summarise(log["t"], log["i"], log["o"])


def shape_peak(name: str) -> float:
    """Busiest hour over mean hour of one week shape; refuses a week of another length."""
    hours = duckdb.execute(SHAPE_SQL, [str(TRACES / "diurnal_shapes.csv"), name]).fetchnumpy()["x"]
    if len(hours) != HOURS_PER_WEEK:
        raise ValueError(f"{name} has {len(hours)} hours where a week has {HOURS_PER_WEEK}")
    return peak_to_mean(hours)


def as_figures(summary: TraceSummary) -> Figures:
    """Figures of a summary, to six significant digits."""
    return {
        name: {key: _short(x) for key, x in value.items()} if isinstance(value, dict) else _short(value)
        for name, value in dataclasses.asdict(summary).items()
    }


def _short(value: float) -> float:
    rounded = value if float(value).is_integer() else float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if float(rounded).is_integer() else rounded


if __name__ == "__main__":
    sys.exit(main())

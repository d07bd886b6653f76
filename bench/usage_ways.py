"""One way to roll a request log up, in a process of its own: `python -m bench.usage_ways WAY FOLDER`.

Prints one JSON line: seconds on the wall, CPU seconds of the process and its children, peak MiB, and the answer.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from bench.usage_log import COLUMNS

SUMS = COLUMNS[2:]
MINUTE_US = 60_000_000
PANDAS_LIMIT_GIB = 16


def bare_scan(folder: Path) -> pa.Table | None:
    """DuckDB reads the same columns and adds each up: the least any rollup must do."""
    import duckdb

    sums = ", ".join(f"SUM({name}) AS {name}" for name in SUMS)
    with duckdb.connect() as connection:
        text = f"SELECT SUM(epoch_us(timestamp)), MAX(model), {sums} FROM '{folder}/*.parquet'"
        connection.execute(text).fetchall()
    return None


def ours(folder: Path) -> pa.Table:
    """The product's rollup: its engine, its reader of a plain table, its one text."""
    from bench.usage_ours import as_compared, rolled_up

    return as_compared(rolled_up(folder))


def with_polars(folder: Path) -> pa.Table:
    """Polars, streaming."""
    import polars as pl

    minute = (pl.col("timestamp").cast(pl.Datetime("us")).cast(pl.Int64) // MINUTE_US * MINUTE_US).alias("minute_us")
    frame = pl.scan_parquet(f"{folder}/*.parquet").with_columns(pl.col("model").cast(pl.String))
    sums = [pl.len().cast(pl.Int64).alias("requests"), *(pl.col(name).sum() for name in SUMS)]
    return frame.group_by([minute, "model"]).agg(sums).collect(engine="streaming").to_arrow()


def with_pandas(folder: Path) -> pa.Table:
    """Pandas, the whole folder in memory; refused more than a limit, so that the machine lives on."""
    import pandas as pd

    limit = PANDAS_LIMIT_GIB * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    frame = pd.read_parquet(folder)
    minute = frame["timestamp"].astype("int64") // MINUTE_US * MINUTE_US
    grouped = frame.groupby([minute.rename("minute_us"), "model"], observed=True)
    found = grouped[list(SUMS)].sum()
    found["requests"] = grouped.size()
    return pa.Table.from_pandas(found.reset_index(), preserve_index=False)


def with_pyspark(folder: Path) -> pa.Table:
    """PySpark SQL in this process, two cores."""
    from bench.usage_spark import rolled_up

    return rolled_up(folder, SUMS, MINUTE_US)


IMPORTS = {
    "bare scan": ("duckdb",),
    "ours": ("bench.usage_ours",),
    "polars": ("polars",),
    "pandas": ("pandas",),
    "pyspark": ("pyspark.sql",),
}
"""Imported before the clock starts: what is compared is the work, not Python's start."""
WAYS: dict[str, Callable[[Path], pa.Table | None]] = {
    "bare scan": bare_scan,
    "ours": ours,
    "polars": with_polars,
    "pandas": with_pandas,
    "pyspark": with_pyspark,
}


def answer(table: pa.Table) -> list[int]:
    """Groups, requests and sums, and one figure that depends on which group has what."""
    models = table["model"].cast(pa.string()).to_pylist()
    rank = {name: place + 1 for place, name in enumerate(sorted(set(models)))}
    minutes = table["minute_us"].cast(pa.int64()).to_pylist()
    output = table["output_tokens"].cast(pa.int64()).to_pylist()
    mixed = sum((m // MINUTE_US % 10_007) * rank[name] * n for m, name, n in zip(minutes, models, output, strict=True))
    totals = [sum(table[name].cast(pa.int64()).to_pylist()) for name in ("requests", *SUMS)]
    return [table.num_rows, *totals, mixed]


class Peak(threading.Thread):
    """Largest resident memory of this process and its children, looked at every 50 ms, MiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.mib = 0

    def run(self) -> None:
        while True:
            self.mib = max(self.mib, sum(_resident_kib(pid) for pid in _tree(os.getpid())) // 1024)
            time.sleep(0.05)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in _tree(int(child)))]


def _resident_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that still run (a Java machine)."""
    tick = os.sysconf("SC_CLK_TCK")
    return sum(_ticks(pid) for pid in _tree(os.getpid())) / tick


def _ticks(pid: int) -> int:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0
    return int(after_name[11]) + int(after_name[12])


def main() -> None:
    way, folder = sys.argv[1], Path(sys.argv[2])
    for name in IMPORTS[way]:
        importlib.import_module(name)
    peak = Peak()
    peak.start()
    start, before = time.perf_counter(), _cpu_s()
    table = WAYS[way](folder)
    wall, cpu = time.perf_counter() - start, _cpu_s() - before
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_mib": peak.mib, "answer": table and answer(table)}))


if __name__ == "__main__":
    main()

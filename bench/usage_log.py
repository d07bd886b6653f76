"""A request log of any size with the shape of the shipped traces: arrivals of a week, lengths of two real workloads."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

TRACES = Path(__file__).resolve().parents[1] / "data" / "traces"
DAYS = 30
FIRST_DAY_US = 1_790_812_800_000_000
"""2026-10-01, a Thursday."""
FIRST_WEEKDAY = 3
HOUR_US = 3_600_000_000
COLUMNS = ("timestamp", "model", "input_tokens", "cached_input_tokens", "output_tokens", "duration_ms")
MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5", "claude-haiku-4-5",
          "gemini-2.5-flash", "o4-mini")  # fmt: skip
LENGTHS = ["input_tokens", "output_tokens"]
MIX = np.array([8, 7, 6, 5, 4, 3, 2, 1]) / 36


def made(folder: Path, rows: int) -> Path:
    """The folder of one Parquet file a day with about `rows` requests in 30 days; made once."""
    home = folder / f"requests-{rows}"
    if (home / "_done").exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    lengths = pa.concat_tables(
        [pq.read_table(TRACES / f"azure2023_{name}.parquet", columns=LENGTHS) for name in ("conv", "code")]
    )
    weights = hours()
    for day in range(DAYS):
        counts = np.rint(weights[day] * rows / weights.sum()).astype(np.int64)
        pq.write_table(a_day(day, counts, lengths), home / f"day-{day:02}.parquet", compression="zstd")
    (home / "_done").touch()
    return home


def hours() -> NDArray[np.float64]:
    """Weight of each hour, shape (30, 24): the digitised week of the Azure conversation trace, again and again."""
    with (TRACES / "diurnal_shapes.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "azure2024_conv"]
    week = np.array([float(row["index_vs_mean"]) for row in rows]).reshape(7, 24)
    return week[(FIRST_WEEKDAY + np.arange(DAYS)) % 7]


def a_day(day: int, counts: NDArray[np.int64], lengths: pa.Table) -> pa.Table:
    """Requests of one day in order of time; a seed of its own, so that every run makes the same log."""
    dice = np.random.default_rng(day)
    n = int(counts.sum())
    hour = np.repeat(np.arange(24), counts)
    at_us = np.sort(FIRST_DAY_US + (day * 24 + hour) * HOUR_US + dice.integers(0, HOUR_US, n))
    place = dice.integers(0, lengths.num_rows, n)
    tokens_in, tokens_out = (lengths[name].to_numpy()[place] for name in ("input_tokens", "output_tokens"))
    cached = np.where(dice.random(n) < 0.4, (tokens_in * dice.random(n)).astype(np.int64), 0)
    model = pa.DictionaryArray.from_arrays(dice.choice(len(MODELS), n, p=MIX).astype(np.int8), list(MODELS))
    columns = [at_us.astype("datetime64[us]"), model, tokens_in, cached, tokens_out, 500 + 30 * tokens_out]
    return pa.table(dict(zip(COLUMNS, columns, strict=True)))

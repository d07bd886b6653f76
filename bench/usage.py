"""Usage logs: our rollup beside the bare scan and three other tools, then pricing from the rollup and per request."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from genai_prices import Usage, calc_price

from bench.usage_log import MODELS, made
from bench.usage_ours import THRESHOLDS, rolled_up
from bench.usage_ways import WAYS
from planner.catalog.catalog import load
from planner.catalog.price_terms import Offer
from planner.decision.log_price import as_it_was
from planner.decision.log_requests import price_requests
from planner.units import FloatArray, money
from planner.usage.measure import as_rollup
from planner.workload.rollup import Rollup

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "bench"
SIZES = (10_000_000, 100_000_000)
SAMPLE = 100_000
NOON = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
TIMEOUT_S = 1800
QUANTILES = (0.5, 0.95, 0.99, 1.0)
PROVIDERS = {"claude": "anthropic", "gemini": "google"}


class Run(NamedTuple):
    """What one way needed; `failed` says why there is no figure."""

    way: str
    wall_s: float = 0
    cpu_s: float = 0
    peak_mib: int = 0
    answer: tuple[int, ...] | None = None
    failed: str = ""


def report() -> list[str]:
    lines = ["## Usage logs", ""]
    for rows in SIZES:
        lines += rolling_up(rows)
    return [*lines, *from_the_rollup(SIZES[-1]), "", *per_request(SIZES[0])]


def rolling_up(rows: int) -> list[str]:
    """Every way over the same files; those that answer must answer alike."""
    folder = made(FOLDER, rows)
    size = sum(file.stat().st_size for file in folder.glob("*.parquet")) / 1e6
    runs = [run(way, folder) for way in WAYS]
    answers = {found.answer for found in runs if found.answer is not None}
    assert len(answers) == 1, runs
    scan = runs[0].cpu_s
    lines = [
        f"Rolling up {rows:,} requests of 30 days and 8 models ({size:,.0f} MB of Parquet in 30 files) by minute and",
        f"model: {next(iter(answers))[0]:,} groups; every way gave the same integers.",
        "",
        "| way | wall s | CPU s | CPU / bare scan | peak MiB |",
        "|---|---:|---:|---:|---:|",
    ]
    for found in runs:
        figures = f"{found.wall_s:.1f} | {found.cpu_s:.1f} | {found.cpu_s / scan:.2f} | {found.peak_mib:,}"
        lines.append(f"| {found.way} | {found.failed or figures} |" + (" | | |" if found.failed else ""))
    return [*lines, ""]


def run(way: str, folder: Path) -> Run:
    """One way in a process of its own."""
    command = [sys.executable, "-m", "bench.usage_ways", way, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        return Run(way, failed=f"failed: {said[-1][:120] if said else f'exit {done.returncode}'}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    answer = found["answer"] and tuple(found["answer"])
    return Run(way, found["wall_s"], found["cpu_s"], found["peak_mib"], answer)


def from_the_rollup(rows: int) -> list[str]:
    """Prices and percentiles of a rollup in memory."""
    rollup = as_rollup(rolled_up(made(FOLDER, rows)), THRESHOLDS)
    catalog = load()
    as_it_was(rollup, catalog)
    priced = ms(lambda: as_it_was(rollup, catalog))
    per_minute = ms(lambda: percentiles(rollup))
    usd = float(as_it_was(rollup, catalog).usd.sum())
    return [
        f"From the rollup of {rows:,} requests ({rollup.size:,} rows): pricing every model at its own price of the day",
        f"{priced:.0f} ms ({money(usd):,} USD), percentiles of tokens a minute {per_minute:.0f} ms,",
        f"together {priced + per_minute:.0f} ms.",
    ]


def percentiles(rollup: Rollup) -> FloatArray:
    """Tokens a minute, all models."""
    _, minute = np.unique(rollup.minute_us, return_inverse=True)
    tokens = np.bincount(minute, weights=rollup.prompt_tokens + rollup.sums["output_tokens"])
    return np.quantile(tokens, QUANTILES)


def per_request(rows: int) -> list[str]:
    """Every request of a sample priced alone: our arrays against a loop over the price library."""
    table = ds.dataset(made(FOLDER, rows), format="parquet").to_table()
    places = np.sort(np.random.default_rng(1).choice(table.num_rows, SAMPLE, replace=False))
    sample = table.take(pa.array(places))
    loop_s, theirs = looped(sample.to_pylist())
    ours_ms, ours = priced_alone(sample)
    assert money(theirs) == money(ours), (theirs, ours)
    all_ms, _ = priced_alone(table)
    rates = (SAMPLE / loop_s, SAMPLE / ours_ms * 1000, table.num_rows / all_ms * 1000)
    return [
        f"Pricing {SAMPLE:,} requests one by one; both give {money(ours):,} USD:",
        "",
        "| way | requests a second | times the loop |",
        "|---|---:|---:|",
        f"| a loop over `genai_prices.calc_price` | {rates[0]:,.0f} | 1 |",
        f"| ours, the same {SAMPLE:,} | {rates[1]:,.0f} | {rates[1] / rates[0]:,.0f} |",
        f"| ours, all {table.num_rows:,} | {rates[2]:,.0f} | {rates[2] / rates[0]:,.0f} |",
    ]


def provider_of(model: str) -> str:
    return PROVIDERS.get(model.partition("-")[0], "openai")


def looped(rows: list[dict[str, Any]]) -> tuple[float, Decimal]:
    """Seconds and total of the loop."""
    start, total = time.perf_counter(), Decimal(0)
    for row in rows:
        usage = Usage(
            input_tokens=row["input_tokens"],
            cache_read_tokens=row["cached_input_tokens"],
            output_tokens=row["output_tokens"],
        )
        where = provider_of(row["model"])
        total += calc_price(usage, row["model"], provider_id=where, genai_request_timestamp=NOON).total_price
    return time.perf_counter() - start, total


def priced_alone(table: pa.Table) -> tuple[float, float]:
    """Milliseconds and total of our arrays; reading columns out of the table is not counted, nor is it for the loop."""
    catalog = load()
    offers = [Offer(provider_of(model), model) for model in MODELS]
    prices = [catalog.prices.token_prices(offer, NOON.date(), 1).periods[0].prices for offer in offers]
    price_of = pc.index_in(table["model"].cast(pa.string()), pa.array(MODELS)).to_numpy().astype(np.int64)
    whole, cached, output = (table[n].to_numpy() for n in ("input_tokens", "cached_input_tokens", "output_tokens"))
    fresh = whole - cached
    spent = ms(lambda: price_requests(prices, price_of, fresh, cached, output=output), runs=3)
    return spent, float(price_requests(prices, price_of, fresh, cached, output=output).sum())


def ms(work: Any, runs: int = 7) -> float:
    """Median milliseconds."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return median(seconds) * 1000

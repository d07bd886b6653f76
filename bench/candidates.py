"""The capacity search: how long it takes for a model, for the whole catalog, and beside one deployment at a time."""

from __future__ import annotations

import datetime as dt
import time
from statistics import median
from typing import Any

from planner.catalog.catalog import load
from planner.catalog.tables import Tables
from planner.decision.candidates import find
from planner.decision.candidates.detail import NotShared, detail
from planner.domain.capacity import CapacityRequest, Found

ON = dt.date(2026, 11, 21)
RUNS = 5
ALONE = 20
QUESTION: dict[str, Any] = {
    "peak_requests_per_s": 5,
    "input_tokens": 1500,
    "output_tokens": 300,
    "latency": {"tpot_slo_ms": 40},
}
EVERY_TERM = ("on_demand", "spot", "reserved_1y", "reserved_3y", "capacity_block")
SEARCHES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Llama 3.3 70B in FP8", {"model_ids": ("llama-3.3-70b",), "format_ids": ("fp8",)}),
    ("Llama 3.3 70B in every format, on every term", {"model_ids": ("llama-3.3-70b",), "terms": EVERY_TERM}),
    ("the whole catalog in FP8", {"format_ids": ("fp8",)}),
    ("the whole catalog, on every term of every provider", {"terms": EVERY_TERM, "provider_tiers": ()}),
)


def timed(request: CapacityRequest, tables: Tables) -> tuple[Found, float]:
    """The answer, and the median seconds to have it."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = find(request, tables, ON)
        seconds.append(time.perf_counter() - start)
    return found, median(seconds)


def alone_s(tables: Tables) -> float:
    """Seconds for one deployment when each is asked for by itself."""
    asked = CapacityRequest(**(QUESTION | {"model_ids": ("llama-3.3-70b",), "format_ids": ("fp8",)}))
    start = time.perf_counter()
    for i in range(ALONE):
        gpu = tables.gpus[i % len(tables.gpus)]
        try:
            detail(asked.model_copy(update={"gpu_ids": (gpu.gpu_id,)}), tables, ON, tp=8)
        except NotShared:
            continue
    return (time.perf_counter() - start) / ALONE


def report() -> list[str]:
    """The table."""
    tables = load().tables
    lines = [
        "## The capacity search",
        "",
        "5 requests/s, 1,500 tokens in and 300 out, P95 TPOT 40 ms. A combination is a deployment at a price.",
        f"One deployment asked for by itself, curve and published runs included: {alone_s(tables) * 1000:.0f} ms.",
        "",
        f"| search (median of {RUNS}) | deployments | combinations | meet the target | ms | combinations / s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, more in SEARCHES:
        found, seconds = timed(CapacityRequest(**(QUESTION | more)), tables)
        figures = f"{found.deployments:,} | {found.searched:,} | {found.meeting:,} | {seconds * 1000:,.0f}"
        lines.append(f"| {name} | {figures} | {found.searched / seconds:,.0f} |")
    return lines


if __name__ == "__main__":
    print("\n".join(report()))

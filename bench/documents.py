"""What a reviewer takes away: time and size of PDF, CSV and link of the first example, on real figures."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from statistics import median

from planner import export
from planner.catalog.catalog import DATA_DIR, load
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.store.link import decode, encode

RUNS = 20
ON = dt.date(2026, 11, 21)
WHEN = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
WORKLOAD = DATA_DIR / "workloads" / "azure-conversation.yaml"


def timed(name: str, make: Callable[[], bytes]) -> str:
    """A table row: first and median time, and size."""
    seconds, size = [], 0
    for _ in range(RUNS):
        start = time.perf_counter()
        size = len(make())
        seconds.append(time.perf_counter() - start)
    return f"| {name} | {seconds[0] * 1000:.1f} | {median(seconds) * 1000:.1f} | {size:,} |"


def report() -> list[str]:
    """The table."""
    scenario = parse_scenario(WORKLOAD.read_bytes(), name=WORKLOAD.name)
    facts = resolve(scenario, load(), ON)
    result = decide(scenario, facts)
    token = encode(scenario, facts)
    return [
        "## Documents of the Azure conversation example (5 options, 36 months)",
        "",
        "| document | first, ms | median, ms | bytes |",
        "|---|---:|---:|---:|",
        timed("PDF report with five vector charts and 10,000 draws", lambda: export.pdf(scenario, facts, result, WHEN)),
        timed("CSV table", lambda: export.csv(scenario, result)),
        timed("self-contained link", lambda: encode(scenario, facts).encode()),
        timed("link read and checked", lambda: decode(token)[0].name.encode()),
    ]

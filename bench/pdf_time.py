"""Prints how long the PDF and CSV of a five-option scenario take: `python -m bench.pdf_time`."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from statistics import median

from planner import export
from tests.samples_result import sample_result, sample_scenario

RUNS = 20


def main() -> None:
    """Print the first and the median time, and the size, of each."""
    scenario, result = sample_scenario(), sample_result()
    when = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    _report("PDF", lambda: export.pdf(scenario, result, when))
    _report("CSV", lambda: export.csv(scenario, result))


def _report(name: str, make: Callable[[], bytes]) -> None:
    seconds, size = [], 0
    for _ in range(RUNS):
        start = time.perf_counter()
        size = len(make())
        seconds.append(time.perf_counter() - start)
    print(f"{name}: first {seconds[0] * 1000:.0f} ms, median {median(seconds) * 1000:.0f} ms, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

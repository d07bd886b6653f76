"""How long it takes to size deployments for a latency target, and to look published rows up."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from planner.capacity.lookup import Case, index_rows, nearest_rows
from planner.capacity.queue import Target, at_rate, table_of
from planner.capacity.service_curve import ServiceCurve, capacity_per_s, curve_from_points
from planner.capacity.sizing import exact_rate, max_rate
from planner.catalog.catalog import load

DEPLOYMENTS = 5000
TARGET = Target(2.0, 0.04)
REPEATS = 7


def deployments() -> ServiceCurve:
    """Random curves: 0.1 to 100 s alone, up to 1,023 side by side."""
    rng = np.random.default_rng(0)
    a = 10 ** rng.uniform(-1, 2, DEPLOYMENTS)
    return ServiceCurve(
        a_s=a,
        b_s=a * 10 ** rng.uniform(-4, 0, DEPLOYMENTS),
        max_in_service=rng.integers(1, 1024, DEPLOYMENTS).astype(float),
        ttft_s=a * rng.uniform(0.01, 0.3, DEPLOYMENTS),
        output_tokens=rng.integers(50, 1000, DEPLOYMENTS).astype(float),
    )


def best_ms(work: Callable[[], object]) -> float:
    """Least processor time of some runs, ms."""
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) * 1000


def report() -> list[str]:
    curves = deployments()
    one = ServiceCurve(0.473, 0.00488, 128, 0.03, 62)
    rates = np.linspace(0, float(capacity_per_s(one)) * 0.99, 200)
    grid = np.geomspace(1, 256, 8)[:, np.newaxis]
    flow = grid * curves.output_tokens / (curves.a_s + curves.b_s * grid)
    index = index_rows(load().tables)
    case = Case("llama-3.3-70b", "fp8", "h100-sxm", 4, 1500, 300, 32, 4, "vllm")
    rows = {
        f"service curves of {DEPLOYMENTS:,} deployments through 8 points": lambda: curve_from_points(
            grid, flow, curves.output_tokens, max_in_service=256
        ),
        f"largest rate within the target, {DEPLOYMENTS:,} deployments": lambda: max_rate(curves, TARGET),
        "the same for one, exactly, with its operating point": lambda: exact_rate(one, TARGET),
        "operating points of one replica at 200 rates": lambda: at_rate(table_of(one), rates, TARGET),
        f"five nearest of {len(index.model):,} published rows": lambda: nearest_rows(index, case, 5),
    }
    lines = ["## Sizing for a latency target", "", "| what | ms |", "|---|---:|"]
    return lines + [f"| {name} | {best_ms(work):.2f} |" for name, work in rows.items()]


if __name__ == "__main__":
    print("\n".join(report()))

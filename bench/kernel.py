"""How fast the model is: one answer, a whole volume axis, and break-evens in closed form against a search on a grid."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from planner.catalog.catalog import DATA_DIR, Catalog, load
from planner.decision.breakeven import Line, Staircase, win_intervals
from planner.decision.evaluate import decide, evaluate
from planner.decision.kernel import Model, option_costs
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.domain.scenario import Scenario
from planner.units import FloatArray, ceil_tol

ON = dt.date(2026, 11, 21)
GRID_POINTS = 10_000
LOOP_POINTS = 200
STAIRCASES = 60
BISECTIONS = 60


def median_ms(step: Callable[[], object], repeats: int = 15) -> float:
    """Median wall time of one call, milliseconds, after one call to warm up."""
    step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def workloads() -> list[tuple[str, Scenario]]:
    return [
        (path.stem, parse_scenario(path.read_bytes(), name=path.name))
        for path in sorted(Path(DATA_DIR / "workloads").glob("*.yaml"))
    ]


def evaluate_table(catalog: Catalog) -> list[str]:
    rows = ["| workload | options | first answer, prices read anew, ms | next answers, ms | from pinned facts, ms |"]
    rows += ["|---|---:|---:|---:|---:|"]
    for name, scenario in workloads():
        facts = resolve(scenario, catalog, ON)

        def anew(question: Scenario = scenario) -> object:
            catalog.prices.token_prices.cache_clear()
            return evaluate(question, catalog, ON)

        cold = median_ms(anew)
        warm = median_ms(lambda question=scenario: evaluate(question, catalog, ON))  # type: ignore[misc]
        pinned = median_ms(lambda question=scenario, found=facts: decide(question, found))  # type: ignore[misc]
        rows.append(f"| {name} | {len(scenario.options)} | {cold:.2f} | {warm:.2f} | {pinned:.2f} |")
    return rows


def at_volume(scenario: Scenario, multiplier: float) -> Scenario:
    work = scenario.workload.model_copy(update={"volume_multiplier": multiplier})
    return scenario.model_copy(update={"workload": work})


def axis_table(catalog: Catalog) -> list[str]:
    """Cost of every option at 10,000 volumes: one array call, the same call per point, the whole answer per point."""
    scenario = dict(workloads())["azure-conversation"]
    facts = resolve(scenario, catalog, ON)
    model = Model(scenario, option_costs(scenario, facts))
    grid = np.geomspace(0.01, 100, GRID_POINTS)

    def vectorised() -> FloatArray:
        return model.npv_usd(model.at(volume=grid))

    def per_point() -> list[list[float]]:
        return [model.npv_usd(model.at(volume=x)).tolist() for x in grid.tolist()]

    def per_answer() -> list[float | None]:
        some = grid[:: GRID_POINTS // LOOP_POINTS]
        return [o.npv_usd for x in some for o in decide(at_volume(scenario, float(x)), facts).options]

    np.testing.assert_allclose(vectorised().T, per_point())
    one = median_ms(vectorised)
    loop = median_ms(per_point, repeats=3)
    answers = median_ms(per_answer, repeats=3) * GRID_POINTS / LOOP_POINTS
    return [
        f"| {GRID_POINTS:,} volumes x {len(model.costs)} options | ms | times the array call |",
        "|---|---:|---:|",
        f"| one array call | {one:.2f} | 1 |",
        f"| a loop over the same function | {loop:,.0f} | {loop / one:,.0f} |",
        f"| a loop over whole answers ({LOOP_POINTS} timed, scaled up) | {answers:,.0f} | {answers / one:,.0f} |",
    ]


def stairs_usd(stairs: Staircase, volume: FloatArray | float) -> FloatArray:
    serving = np.maximum(ceil_tol(np.asarray(volume) / stairs.kappa), stairs.first_segment())
    return stairs.level(serving) + stairs.slope * np.asarray(volume)


def search(line: Line, stairs: Staircase, grid: FloatArray) -> list[float]:
    """Every sign change between neighbours of the grid, narrowed by bisection."""
    ahead: FloatArray = line.fixed + line.slope * grid - stairs_usd(stairs, grid)
    wins = ahead > 0
    found = []
    for i in np.flatnonzero(wins[1:] != wins[:-1]):
        low, high, side = float(grid[i]), float(grid[i + 1]), bool(wins[i])
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            same = bool(line.fixed + line.slope * middle - float(stairs_usd(stairs, middle)) > 0) == side
            low, high = (middle, high) if same else (low, middle)
        found.append(high)
    return found


def crossings(line: Line, stairs: Staircase) -> list[float]:
    """Ends of the exact intervals above zero."""
    ends = [end for interval in win_intervals(line, stairs).intervals for end in interval]
    return [end for end in ends if 0 < end < np.inf]


def random_pairs() -> list[tuple[Line, Staircase]]:
    """Pairs whose break-even lies a few to a thousand replicas out: a full replica saves 0.3 to 30 %."""
    rng = random.Random(20261121)
    pairs = []
    for _ in range(STAIRCASES):
        saving = 10 ** rng.uniform(-2.5, -0.5)
        stairs = Staircase(
            fixed=rng.uniform(0, 5),
            unit=1.0,
            kappa=1.0,
            min_replicas=rng.randint(1, 3),
            spare_replicas=rng.randint(0, 2),
            replica_step=rng.choice([1, 1, 1, 4, 8]),
        )
        pairs.append((Line(0.0, 1.0 / (1 - saving)), stairs))
    return pairs


def search_table() -> list[str]:
    """The exact list against the search, on the same pairs; the grid runs from zero to just above the last crossing."""
    cases = {
        "two A100s against $3 / $15": [(Line(0, 9), Staircase(0, 72, 10))],
        f"{STAIRCASES} random staircases": random_pairs(),
    }
    rows = ["| pairs | crossings | exact, ms | search, ms | missed by the search | missed by the exact form |"]
    rows += ["|---|---:|---:|---:|---:|---:|"]
    for name, pairs in cases.items():
        exact = [crossings(line, stairs) for line, stairs in pairs]
        grids = [np.linspace(1e-9, 1.01 * max(found), GRID_POINTS) for found in exact]
        start = time.perf_counter()
        searched = [search(line, stairs, grid) for (line, stairs), grid in zip(pairs, grids, strict=True)]
        search_ms = 1000 * (time.perf_counter() - start)
        exact_ms = median_ms(lambda pairs=pairs: [win_intervals(*pair) for pair in pairs])  # type: ignore[misc]
        total = sum(map(len, exact))
        missed, unknown = _difference(exact, searched)
        share = f"{missed:,} ({missed / total:.1%})"
        rows.append(f"| {name} | {total:,} | {exact_ms:,.2f} | {search_ms:,.1f} | {share} | {unknown} |")
    return rows


def _difference(exact: list[list[float]], searched: list[list[float]]) -> tuple[int, int]:
    """Exact crossings that the search has not within 1e-6, and the other way round."""

    def absent(these: list[float], those: list[float]) -> int:
        others = np.array([*those, np.inf])
        return sum(bool(np.min(np.abs(others - x)) > 1e-6 * max(x, 1)) for x in these)

    pairs = list(zip(exact, searched, strict=True))
    return sum(absent(a, b) for a, b in pairs), sum(absent(b, a) for a, b in pairs)


def report() -> list[str]:
    catalog = load()
    return [
        "## One answer",
        "",
        "`evaluate`: prices, fit, costs of every month, all break-evens, chart and verdict. Median of 15.",
        "",
        *evaluate_table(catalog),
        "",
        "## Cost against volume",
        "",
        "Azure conversation traffic. All three give the same figures.",
        "",
        *axis_table(catalog),
        "",
        "## Break-evens: closed form against search",
        "",
        f"The search compares both sides at {GRID_POINTS:,} volumes and narrows every sign change by bisection. It",
        "misses a window that lies between two volumes, two crossings at a time.",
        "",
        *search_table(),
    ]


if __name__ == "__main__":
    print("\n".join(report()))

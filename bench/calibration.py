"""How far off a few probed points are at other loads, on the published sweeps.

Closed-loop sweeps of one deployment and one request shape with five concurrencies or more, from `data/measured.csv`.
The line T(N) = a + b N (CAP-9) is fitted to some points of a sweep and predicts the others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.calibration import (
    BELOW_2X,
    BELOW_4X,
    BEYOND_2X,
    BEYOND_4X,
    INSIDE,
    ONE_POINT,
    TWO_POINTS,
    ErrorFigure,
    interior_errors,
)
from planner.capacity.service_curve import relative_line
from planner.catalog.catalog import load
from planner.catalog.tables import Tables
from planner.units import FloatArray

Mask = NDArray[np.bool_]

LEAST_POINTS = 5
PART = 4
NEAR, FAR = 2.0, 4.0


class Sweep(NamedTuple):
    """One sweep in order of concurrency, arrays (points,)."""

    concurrency: FloatArray
    output_tokens_per_s: FloatArray


class Errors(NamedTuple):
    """Relative errors of every predicted point, by test."""

    interior: FloatArray
    three_points: FloatArray
    beyond_2x: FloatArray
    beyond_4x: FloatArray
    below_2x: FloatArray
    below_4x: FloatArray
    two_points: FloatArray
    one_point: FloatArray


def sweeps(tables: Tables) -> list[Sweep]:
    """Rows that differ in concurrency alone; the median where one is repeated."""
    groups: dict[tuple[object, ...], dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in tables.measured:
        if row.mode == "closed" and row.concurrency is not None and (row.dp or 1) == 1:
            what = (row.source_id, row.model_name, row.format_id, row.gpu_name, row.n_gpu, row.tp, row.engine)
            shape = (row.engine_version, row.input_tokens, row.output_tokens)
            groups[what + shape][row.concurrency].append(row.output_tokens_per_s)
    found = []
    for rates in groups.values():
        if len(rates) >= LEAST_POINTS:
            n = np.array(sorted(rates))
            found.append(Sweep(n, np.array([float(np.median(rates[x])) for x in n])))
    return found


def errors_from(sweep: Sweep, probed: Mask, asked: Mask) -> FloatArray:
    """Errors at the asked places of the line through the probed ones; both are masks (points,)."""
    n, rate = sweep
    line = relative_line(n[probed], (n / rate)[probed])
    return np.asarray(np.abs(n[asked] / (line.intercept + line.slope * n[asked]) / rate[asked] - 1))


def middle_and_ends(n: FloatArray) -> Mask:
    """Mask of a probe of three: the least, the geometric middle and the largest."""
    middle = np.argmin(np.abs(np.log(n) - (np.log(n[0]) + np.log(n[-1])) / 2))
    mask = np.zeros(len(n), dtype=bool)
    mask[[0, int(middle), -1]] = True
    return mask


def errors(tables: Tables) -> Errors:
    found: dict[str, list[FloatArray]] = defaultdict(list)
    for sweep in sweeps(tables):
        n = sweep.concurrency
        found["interior"].append(interior_errors(*sweep))
        three = middle_and_ends(n)
        found["three_points"].append(errors_from(sweep, three, ~three))
        low = n <= n[-1] / PART * 1.001
        if low.sum() >= 3:
            factor = n / n[low][-1]
            found["beyond_2x"].append(errors_from(sweep, low, (factor > 1.001) & (factor <= NEAR * 1.001)))
            found["beyond_4x"].append(errors_from(sweep, low, (factor > NEAR * 1.001) & (factor <= FAR * 1.001)))
        high = n >= n[0] * PART / 1.001
        if high.sum() >= 3:
            factor = n[high][0] / n
            found["below_2x"].append(errors_from(sweep, high, (factor > 1.001) & (factor <= NEAR * 1.001)))
            found["below_4x"].append(errors_from(sweep, high, (factor > NEAR * 1.001) & (factor <= FAR * 1.001)))
        ends = (n == n[0]) | (n == n[-1])
        found["two_points"].append(errors_from(sweep, ends, ~ends))
        found["one_point"] += [errors_from(sweep, n == at, _near(n, at)) for at in n]
    return Errors(**{name: np.concatenate(parts) for name, parts in found.items()})


def _near(n: FloatArray, at: float) -> Mask:
    """The other loads up to twice and down to half of one."""
    factor = np.maximum(n / at, at / n)
    return np.asarray((factor > 1.001) & (factor <= NEAR * 1.001))


def factor_errors(tables: Tables, modelled: FloatArray) -> FloatArray:
    """Errors of modelled x factor on other shapes, the factor taken from three loads of one shape; each shape in turn.

    `modelled` holds output tokens/s for each row of `tables.measured`, NaN where unknown.
    """
    groups: dict[tuple[object, ...], dict[tuple[float, float], list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, row in enumerate(tables.measured):
        if row.mode == "closed" and row.fit_ok and row.concurrency and np.isfinite(modelled[place]):
            what = (row.source_id, row.model_name, row.format_id, row.gpu_name, row.n_gpu, row.tp, row.engine)
            groups[(*what, row.engine_version)][row.input_tokens, row.output_tokens].append(place)
    ratio = np.array([row.output_tokens_per_s for row in tables.measured]) / modelled
    found = [np.zeros(0)]
    for shapes in groups.values():
        for shape, places in shapes.items():
            others = [place for other, rest in shapes.items() if other != shape for place in rest]
            loads = np.array([tables.measured[place].concurrency for place in places], dtype=np.float64)
            if len(set(loads)) >= 3 and others:
                order = np.argsort(loads, kind="stable")
                probed = np.array(places)[order][middle_and_ends(loads[order])]
                factor = np.exp(np.median(np.log(ratio[probed])))
                found.append(np.abs(factor / ratio[others] - 1))
    return np.concatenate(found)


def figure(error: FloatArray) -> ErrorFigure:
    return ErrorFigure(float(np.median(error)), float(np.quantile(error, 0.9)))


def report() -> list[str]:
    tables = load().tables
    found = errors(tables)
    names = {
        "inner point left out": (found.interior, INSIDE),
        "three points (least, middle, largest), the rest predicted": (found.three_points, None),
        "up to 2 x the largest probed": (found.beyond_2x, BEYOND_2X),
        "2 x to 4 x the largest probed": (found.beyond_4x, BEYOND_4X),
        "down to 1/2 of the least probed": (found.below_2x, BELOW_2X),
        "1/2 to 1/4 of the least probed": (found.below_4x, BELOW_4X),
        "two points (the ends), the rest predicted": (found.two_points, TWO_POINTS),
        "one point, from half to twice its load": (found.one_point, ONE_POINT),
    }
    rows = [
        "## A line through a few probed points",
        "",
        f"{len(sweeps(tables))} published closed-loop sweeps with {LEAST_POINTS} concurrencies or more; error of the",
        "output tokens/s that T(N) = a + b N predicts. The last columns are what the product says.",
        "",
        "| test | points | median error | P90 error | said: median | said: P90 |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, (error, said) in names.items():
        median, p90 = figure(error)
        told = " | |" if said is None else f" {said.median:.1%} | {said.p90:.1%} |"
        rows.append(f"| {name} | {len(error):,} | {median:.1%} | {p90:.1%} |{told}")
    return rows


if __name__ == "__main__":
    print("\n".join(report()))

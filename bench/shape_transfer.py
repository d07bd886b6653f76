"""How well a measured throughput carries over to another request shape.

Ordered pairs of published rows of one deployment at one load: same source, model, GPU, weight format, GPU count and
engine, and the same number of requests in flight (16 or more) or both offline; prompt or output length differs. The
first row predicts the output tokens/s of the second, three ways:

(a) the same output tokens/s; (b) the same total tokens/s; (c) the work of a request split into prompt and output as
in `planner.capacity.published` (CAP-1), which is what the product does with a published row.

The same second rows predicted by the throughput model (CAP-15), fitted without the row's whole configuration, say up to
which distance a row of the deployment itself is the better guide: `NEAR_SHAPE_FACTOR`. `python -m bench.shape_transfer`
takes a minute or two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise, permutations
from typing import NamedTuple

import numpy as np

from planner.capacity.ceiling import compute_ceiling_tokens_per_s
from planner.capacity.published import MAX_SHAPE_FACTOR, PREFILL_MFU, dense_tflops, shape_factor, split_work
from planner.capacity.throughput.constants import specs
from planner.catalog.catalog import load
from planner.catalog.rows import MeasuredRow
from planner.catalog.tables import Tables
from planner.decision.resolve_throughput import NEAR_SHAPE_FACTOR
from planner.decision.throughput_published import SHAPE_HIGH_FRACTION, SHAPE_LOW_FRACTION
from planner.units import FloatArray
from scripts.throughput_fit.rows import group_of, impossible_runs, run_of, usable_rows
from scripts.throughput_fit.solver import fit, prior_of, row_weights
from scripts.throughput_fit.validate import group_folds, out_of_sample

LEAST_CONCURRENCY = 16
FACTORS = (2.0, 4.0, 8.0)
EDGES = (1.0, 1.5, 2.0, 3.0, 4.0, 8.0, 16.0, 100.0)
WORKERS = 2
WAYS = ("(a) same output tokens/s", "(b) same total tokens/s", "(c) CAP-1 split")


class Pair(NamedTuple):
    """One prediction: how far apart the shapes are, and measured / predicted for each way."""

    source_id: str
    factor: float
    measured_over_predicted: tuple[float, float, float]


class Contest(NamedTuple):
    """One row predicted twice: from a row of its deployment at another shape, and by a model that never saw it."""

    group: str
    factor: float
    carried_error: float
    modelled_error: float


def ceiling_of(row: MeasuredRow, tables: Tables) -> float | None:
    """CAP-7 of the row's hardware, with the active parameters that the product uses."""
    model, gpu = tables.model_by_id[row.model_id], tables.gpu_by_id[row.gpu_id]
    tflops = dense_tflops(gpu, tables.format_by_id[row.format_id].compute_rate)
    body = model.active_params - model.vocab_size * model.hidden_size
    active = body if body > model.active_params / 2 else model.active_params
    return None if tflops is None else compute_ceiling_tokens_per_s(tflops, row.n_gpu, active)


def load_of(row: MeasuredRow) -> tuple[object, ...] | None:
    """What must be equal for two rows to be under the same load; None when the row says too little."""
    if row.mode == "offline":
        return ("offline",)
    if row.concurrency is not None and row.concurrency >= LEAST_CONCURRENCY:
        return (row.mode, row.concurrency)
    return None


def deployments(tables: Tables) -> list[list[MeasuredRow]]:
    groups: dict[tuple[object, ...], list[MeasuredRow]] = defaultdict(list)
    for row in tables.measured:
        under = load_of(row)
        if row.fit_ok and row.model_id and row.gpu_id and row.format_id and under and ceiling_of(row, tables):
            what = (row.source_id, row.model_id, row.gpu_id, row.format_id, row.n_gpu, row.engine)
            groups[what + under].append(row)
    return list(groups.values())


def predictions(given: MeasuredRow, asked: MeasuredRow, ceiling: float) -> tuple[float, float, float]:
    """Output tokens/s at the shape of `asked`, from `given`, the three ways."""
    same_output = given.output_tokens_per_s
    total = given.output_tokens_per_s * (given.input_tokens + given.output_tokens) / given.output_tokens
    same_total = total * asked.output_tokens / (asked.input_tokens + asked.output_tokens)
    work = split_work(
        input_tokens=given.input_tokens,
        output_tokens=given.output_tokens,
        output_tokens_per_s=given.output_tokens_per_s,
        compute_ceiling_tokens_per_s=ceiling,
    )
    seconds = asked.input_tokens * work.s_per_input_token + asked.output_tokens * work.s_per_output_token
    return same_output, same_total, asked.output_tokens / seconds


def pairs(tables: Tables) -> Iterator[Pair]:
    for rows in deployments(tables):
        for given, asked in permutations(rows, 2):
            ceiling = ceiling_of(given, tables)
            if (given.input_tokens, given.output_tokens) == (asked.input_tokens, asked.output_tokens) or not ceiling:
                continue
            found = predictions(given, asked, ceiling)
            a, b, c = (asked.output_tokens_per_s / predicted for predicted in found)
            yield Pair(given.source_id, shape_factor(given, asked.input_tokens, asked.output_tokens), (a, b, c))


def unseen_predictions(tables: Tables) -> dict[str, float]:
    """Output tokens/s of each usable row, modelled by a fit without any row of its configuration; by row id."""
    every = usable_rows(tables)
    impossible = impossible_runs(every)
    rows = every.where(np.array([run_of(row) not in impossible for row in every.rows]))
    prior = prior_of(specs(rows.deployments))
    theta = fit(rows, prior, row_weights(rows))
    found = out_of_sample(rows, prior, theta, group_folds(rows), WORKERS)
    return {row.row_id: float(value) for row, value in zip(rows.rows, found, strict=True)}


def contests(tables: Tables, modelled: dict[str, float]) -> Iterator[Contest]:
    """Every ordered pair of a deployment at one load, at any distance."""
    for rows in deployments(tables):
        for given, asked in permutations(rows, 2):
            ceiling, unseen = ceiling_of(given, tables), modelled.get(asked.row_id)
            same = (given.input_tokens, given.output_tokens) == (asked.input_tokens, asked.output_tokens)
            if same or not ceiling or unseen is None:
                continue
            carried = predictions(given, asked, ceiling)[2]
            yield Contest(
                group_of(asked),
                shape_factor(given, asked.input_tokens, asked.output_tokens),
                abs(carried / asked.output_tokens_per_s - 1),
                abs(unseen / asked.output_tokens_per_s - 1),
            )


def contest_table(found: list[Contest]) -> list[str]:
    """Median errors by distance, every deployment counted alike, and how often the carried-over row is nearer."""
    rows = ["| shapes apart | pairs | deployments | carried over | modelled, unseen | carried over is nearer |"]
    rows += ["|---|---:|---:|---:|---:|---:|"]
    for low, high in pairwise(EDGES):
        near = [c for c in found if low * (1 + 1e-9) < c.factor <= high * (1 + 1e-9)]
        if not near:
            continue
        count = Counter(c.group for c in near)
        weight = np.array([1 / count[c.group] for c in near])
        wins = np.array([c.carried_error < c.modelled_error for c in near])
        carried, modelled = (
            _median(np.array(errors), weight)
            for errors in ([c.carried_error for c in near], [c.modelled_error for c in near])
        )
        rows.append(
            f"| {low:g} to {high:g} x | {len(near):,} | {len(count)} | {carried:.1%} | {modelled:.1%} | "
            f"{float(weight @ wins / weight.sum()):.0%} |"
        )
    return rows


def _median(values: FloatArray, weight: FloatArray) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weight[order]) / weight.sum(), 0.5)])


def within(found: list[Pair], factor: float) -> FloatArray:
    """Measured over predicted of the pairs at most this far apart, shape (pairs, ways)."""
    return np.array([p.measured_over_predicted for p in found if p.factor <= factor * (1 + 1e-9)])


def summary(ratio: FloatArray) -> str:
    """Absolute error of the prediction, and measured over predicted."""
    error = np.abs(1 / ratio - 1)
    low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
    return f"{np.median(error):.1%} | {np.quantile(error, 0.9):.1%} | {low:.3f} | {middle:.3f} | {high:.3f}"


def table(found: list[Pair]) -> list[str]:
    rows = ["| shapes apart | pairs | way | median error | P90 error | P10 | P50 | P90 of measured / predicted |"]
    rows += ["|---:|---:|---|---:|---:|---:|---:|---:|"]
    for factor in FACTORS:
        ratios = within(found, factor)
        rows += [
            f"| <= {factor:g} x | {len(ratios):,} | {way} | {summary(ratios[:, i])} |" for i, way in enumerate(WAYS)
        ]
    return rows


def source_table(found: list[Pair]) -> list[str]:
    rows = [f"| source, (c) at <= {MAX_SHAPE_FACTOR:g} x | pairs | median error | P90 error | P10 | P50 | P90 |"]
    rows += ["|---|---:|---:|---:|---:|---:|---:|"]
    for source in sorted({p.source_id for p in found}):
        ratios = within([p for p in found if p.source_id == source], MAX_SHAPE_FACTOR)
        if len(ratios):
            rows.append(f"| {source} | {len(ratios):,} | {summary(ratios[:, 2])} |")
    return rows


def range_of(found: list[Pair]) -> tuple[float, float]:
    """P10 and P90 of measured over predicted, (c), at all shapes the product carries over."""
    low, high = np.quantile(within(found, MAX_SHAPE_FACTOR)[:, 2], [0.1, 0.9])
    return float(low), float(high)


def balanced(found: list[Pair]) -> tuple[float, float]:
    """P10 and P90 of measured over predicted, (c), when every source counts the same however many pairs it has."""
    near = [p for p in found if p.factor <= MAX_SHAPE_FACTOR * (1 + 1e-9)]
    count = Counter(p.source_id for p in near)
    ratio = np.array([p.measured_over_predicted[2] for p in near])
    weight = np.array([1 / count[p.source_id] for p in near])
    order = np.argsort(ratio)
    share = np.cumsum(weight[order]) / weight.sum()
    low, high = (float(ratio[order][np.searchsorted(share, q)]) for q in (0.1, 0.9))
    return low, high


def report() -> list[str]:
    tables = load().tables
    found = list(pairs(tables))
    low, high = range_of(found)
    even_low, even_high = balanced(found)
    return [
        "## Carrying a measured throughput over to another shape",
        "",
        "Ordered pairs of published rows of one deployment under one load, with different prompt or output lengths.",
        "The error is |predicted / measured - 1|. The split gives a prompt token 2 x active parameters of work, at",
        f"{PREFILL_MFU:.0%} of the dense rate.",
        "",
        *table(found),
        "",
        *source_table(found),
        "",
        f"The product takes {SHAPE_LOW_FRACTION:g} to {SHAPE_HIGH_FRACTION:g} of the predicted figure as the range",
        f"of the true one. P10 to P90 at <= {MAX_SHAPE_FACTOR:g} x here: {low:.2f} to {high:.2f}; when every source",
        f"counts the same, however many pairs it has: {even_low:.2f} to {even_high:.2f}.",
        "",
        "### A row of the deployment at another shape, or the model",
        "",
        "Median errors, every deployment counted alike. The model is fitted without the deployment's rows.",
        "",
        *contest_table(list(contests(tables, unseen_predictions(tables)))),
        "",
        f"The product takes the published row up to {NEAR_SHAPE_FACTOR:g} times apart, and the model beyond.",
    ]


if __name__ == "__main__":
    print("\n".join(report()))

"""Errors on rows that were left out: grouped cross-validation and each source left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from planner.catalog.predictor import ErrorRow
from planner.units import FloatArray
from scripts.throughput_fit.rows import Rows
from scripts.throughput_fit.solver import Prior, fit, log_predicted, row_weights

FOLDS = 10
SEED = 0


class Part(NamedTuple):
    """What one fold needs."""

    rows: Rows
    prior: Prior
    start: FloatArray
    weights: FloatArray


def _held_out(part: Part, out: np.ndarray) -> FloatArray:
    """ln of the prediction for the rows left out, by a fit to the others."""
    theta = fit(part.rows.where(~out), part.prior, part.weights[~out], part.start)
    return log_predicted(part.rows.where(out), part.prior, theta)


def out_of_sample(rows: Rows, prior: Prior, start: FloatArray, fold: np.ndarray, workers: int) -> FloatArray:
    """Predictions (n,) of each row by a fit without its fold."""
    masks = [fold == number for number in sorted(set(fold.tolist()))]
    part = Part(rows, prior, start, row_weights(rows))
    found = np.empty(len(rows.rows))
    with ProcessPoolExecutor(workers) as pool:
        for mask, there in zip(masks, pool.map(partial(_held_out, part), masks), strict=True):
            found[mask] = there
    return np.exp(found)


def group_folds(rows: Rows, seed: int = SEED) -> np.ndarray:
    """Fold of each row (n,): whole configurations, shuffled."""
    names = np.array(sorted(set(rows.groups.tolist())))
    np.random.default_rng(seed).shuffle(names)
    fold_of = {name: i % FOLDS for i, name in enumerate(names.tolist())}
    return np.array([fold_of[name] for name in rows.groups.tolist()])


def source_folds(rows: Rows) -> np.ndarray:
    """Fold of each row (n,): its source."""
    names = sorted(set(rows.sources.tolist()))
    return np.array([names.index(name) for name in rows.sources.tolist()])


def error_row(name: str, rows: Rows, predicted: FloatArray, keep: np.ndarray, covered: np.ndarray | None) -> ErrorRow:
    """Errors of the rows kept."""
    ratio = predicted[keep] / rows.measured[keep]
    errors = np.abs(ratio - 1)
    return ErrorRow(
        name=name,
        rows=int(keep.sum()),
        groups=len(set(rows.groups[keep].tolist())),
        median_error=round(float(np.median(errors)), 4),
        p90_error=round(float(np.quantile(errors, 0.9)), 4),
        bias=round(float(np.median(ratio)), 4),
        coverage=None if covered is None else round(float(covered[keep].mean()), 3),
    )


def mean_row(
    name: str, rows: Rows, held_out: Sequence[FloatArray], keep: np.ndarray, covered: Sequence[np.ndarray]
) -> ErrorRow:
    """The mean over the splits of medians, 90th percentiles, biases and coverages; predictions and masks are (n,)."""
    runs = [error_row(name, rows, p, keep, inside) for p, inside in zip(held_out, covered, strict=True)]
    fields = ("median_error", "p90_error", "bias", "coverage")
    means = {field: round(float(np.mean([getattr(row, field) for row in runs])), 4) for field in fields}
    return runs[0].model_copy(update=means)

"""The 80 % bands: by class of cases, wider on a chip class that the class was further off on, and what they cover.

The band of a class is two quantiles of ln(measured / predicted) over rows left out. On each chip class it is moved out
at both ends by one distance, as split conformal prediction does: the quantile, over the rows of the chip class, of how
far they lie beyond the band of their own class. The quantile is 80 % x (1 + 1 / configurations), since few
configurations say little of the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from planner.capacity.throughput.classes import ALL, CLASSES, bands, class_index, parents
from planner.capacity.throughput.traits import CHIPS
from planner.catalog.predictor import ChipBand, ErrorBand, band_constants
from planner.units import FloatArray
from scripts.throughput_fit.rows import Rows
from scripts.throughput_fit.validate import error_row, mean_row

LOWER, UPPER = 0.1, 0.9
HALF_GROUPS = 6
"""A class with so many configurations gets half of its own band and half of its parent's."""
SHARE = UPPER - LOWER


def covered_unseen(rows: Rows, held_out: Sequence[FloatArray], folds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Of each split, whether a row lies in the band that the other folds alone give, (n,)."""
    found = []
    for predicted, fold in zip(held_out, folds, strict=True):
        inside = np.empty(len(rows.rows), bool)
        for number in sorted(set(fold.tolist())):
            out = fold == number
            seen, there = rows.where(~out), [p[~out] for p in held_out]
            by_class = bands_of(seen, middle_of(there))
            inside[out] = within(rows.where(out), predicted[out], by_class, widths_of(seen, there, by_class))
        found.append(inside)
    return found


def middle_of(held_out: Sequence[FloatArray]) -> FloatArray:
    """Geometric mean over the splits, (n,)."""
    return np.asarray(np.exp(np.mean(np.log(held_out), axis=0)))


def within(rows: Rows, predicted: FloatArray, by_class: Sequence[ErrorBand], wider: Mapping[str, float]) -> np.ndarray:
    """Whether each row lies in its band, (n,)."""
    low, high = bands(rows.deployments, np.isinf(rows.load.concurrency), band_constants(by_class, wider))
    ratio = rows.measured / predicted
    return np.asarray((ratio >= low) & (ratio <= high))


def widths_of(rows: Rows, held_out: Sequence[FloatArray], by_class: Sequence[ErrorBand]) -> dict[str, float]:
    """How much wider the bands must be on each chip class with rows; 1: as they are."""
    low, high = bands(rows.deployments, np.isinf(rows.load.concurrency), band_constants(by_class, {}))
    ratio = rows.measured / np.array(held_out)
    beyond = np.maximum(low / ratio, ratio / high)
    found = {}
    for place in sorted(set(rows.deployments.chip.tolist())):
        keep = rows.deployments.chip == place
        level = min(SHARE * (1 + 1 / len(set(rows.groups[keep].tolist()))), 1.0)
        found[CHIPS[place]] = max(round(float(np.quantile(beyond[:, keep], level)), 4), 1.0)
    return found


def chip_bands(
    rows: Rows, held_out: Sequence[FloatArray], covered: Sequence[np.ndarray], wider: Mapping[str, float]
) -> tuple[ChipBand, ...]:
    """Errors, coverage and width of each chip class, and its configurations by class of cases."""
    name = np.array(CLASSES)[class_index(rows.deployments, np.isinf(rows.load.concurrency))]
    found = []
    for chip, width in wider.items():
        keep = rows.deployments.chip == CHIPS.index(chip)
        pairs = set(zip(name[keep].tolist(), rows.groups[keep].tolist(), strict=True))
        counts = dict(sorted(Counter(kind for kind, _ in pairs).items()))
        errors = mean_row(chip, rows, held_out, keep, covered)
        found.append(ChipBand(**errors.model_dump(), wider=width, configurations=counts))
    return tuple(found)


def bands_of(rows: Rows, predicted: FloatArray) -> tuple[ErrorBand, ...]:
    """Quantiles of ln(measured / predicted) by class, drawn to the wider class when few configurations are in it."""
    place = class_index(rows.deployments, np.isinf(rows.load.concurrency))
    name = np.array(CLASSES)[place]
    members = {ALL: np.ones(len(name), bool)}
    for leaf in CLASSES:
        for wider in (*parents(leaf)[1:], leaf):
            members[wider] = np.char.startswith(name, wider + "/") | (name == wider)
    ends = {ALL: _quantiles(rows, predicted, members[ALL])}
    for leaf in CLASSES:
        chain = (*parents(leaf), leaf)
        for wider, narrow in pairwise(chain):
            ends[narrow] = _shrunk(rows, predicted, members[narrow], ends[wider])
    return tuple(_band(key, rows, predicted, members[key], ends[key]) for key in ends)


def _quantiles(rows: Rows, predicted: FloatArray, keep: np.ndarray) -> tuple[float, float]:
    """Weighted quantiles of ln(measured / predicted): every configuration counts with the root of its rows."""
    spread = np.log(rows.measured[keep] / predicted[keep])
    _, back, counts = np.unique(rows.groups[keep], return_inverse=True, return_counts=True)
    weight = counts[back] ** -0.5
    order = np.argsort(spread)
    upto = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    low, high = np.interp([LOWER, UPPER], upto, spread[order])
    return float(low), float(high)


def _shrunk(rows: Rows, predicted: FloatArray, keep: np.ndarray, wider: tuple[float, float]) -> tuple[float, float]:
    if not keep.any():
        return wider
    groups = len(set(rows.groups[keep].tolist()))
    own, share = _quantiles(rows, predicted, keep), groups / (groups + HALF_GROUPS)
    return tuple(share * a + (1 - share) * b for a, b in zip(own, wider, strict=True))  # type: ignore[return-value]


def _band(name: str, rows: Rows, predicted: FloatArray, keep: np.ndarray, ends: tuple[float, float]) -> ErrorBand:
    low, high = (round(float(np.exp(end)), 4) for end in ends)
    if not keep.any():
        return ErrorBand(name=name, rows=0, groups=0, median_error=None, p90_error=None, bias=None, band_low=low,
                         band_high=high, coverage=None)  # fmt: skip
    ratio = rows.measured / predicted
    errors = error_row(name, rows, predicted, keep, (ratio >= low) & (ratio <= high))
    return ErrorBand(**errors.model_dump(), band_low=low, band_high=high)

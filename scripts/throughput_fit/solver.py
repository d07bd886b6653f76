"""Maximum a posteriori fit of the constants: robust loss on ln(predicted / measured), log-normal priors, bounds.

Cost = sum of w ln(1 + (r / C)^2) C^2 + STRENGTH^2 sum of ((theta - start) / sd)^2, by Gauss-Newton steps with damping.
Rows of large sources and groups weigh less each, so that no sweep drowns the rest.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from planner.capacity.throughput.constants import Spec
from planner.capacity.throughput.predict import predict
from planner.units import FloatArray
from scripts.throughput_fit.rows import Rows

STRENGTH = 0.2
ROBUST = 0.1
SOURCE_POWER, GROUP_POWER = 0.2, 0.2
_STEP = 1e-3
_LONGEST = 0.7
_ITERATIONS = 40
_ENOUGH = 1e-5


class Prior(NamedTuple):
    """Fitted constants in natural logarithms, arrays (k,), and the assumed ones as they are."""

    names: tuple[str, ...]
    start: FloatArray
    low: FloatArray
    high: FloatArray
    sd: FloatArray
    assumed: dict[str, float]

    def constants(self, theta: FloatArray) -> dict[str, float]:
        """All constants at this place."""
        return self.assumed | dict(zip(self.names, np.exp(theta).tolist(), strict=True))


def prior_of(specs: tuple[Spec, ...]) -> Prior:
    """The prior of the fitted constants."""
    fitted = [s for s in specs if s.sd]
    assumed = {s.name: s.start for s in specs if not s.sd}
    start, low, high = (np.log([getattr(s, name) for s in fitted]) for name in ("start", "low", "high"))
    return Prior(tuple(s.name for s in fitted), start, low, high, np.array([s.sd for s in fitted]), assumed)


def log_predicted(rows: Rows, prior: Prior, theta: FloatArray) -> FloatArray:
    """ln of predicted output tokens/s, (n,)."""
    return np.log(predict(rows.deployments, rows.load, prior.constants(theta)).output_tokens_per_s)


def row_weights(rows: Rows) -> FloatArray:
    """Weights of mean 1, (n,)."""
    sources, groups = Counter(rows.sources.tolist()), Counter(rows.groups.tolist())
    pairs = zip(rows.sources.tolist(), rows.groups.tolist(), strict=True)
    found = np.array([sources[s] ** -SOURCE_POWER * groups[g] ** -GROUP_POWER for s, g in pairs])
    return np.asarray(found / found.mean())


def fit(rows: Rows, prior: Prior, weights: FloatArray, start: FloatArray | None = None) -> FloatArray:
    """The constants with the least cost, natural logarithms (k,)."""
    theta = np.clip(prior.start if start is None else start, prior.low + 1e-9, prior.high - 1e-9)
    found, damping = log_predicted(rows, prior, theta), 1e-3
    cost = _cost(rows, prior, weights, theta, found)
    for _ in range(_ITERATIONS):
        gradient, hessian = _derivatives(rows, prior, weights, theta, found)
        better = False
        for _ in range(6):
            moved = _moved(prior, theta, gradient, hessian, damping)
            there = log_predicted(rows, prior, moved)
            now = _cost(rows, prior, weights, moved, there)
            if now < cost:
                better = cost - now > _ENOUGH * cost
                theta, found, cost, damping = moved, there, now, max(damping / 5, 1e-6)
                break
            damping *= 10
        if not better:
            break
    return theta


def _cost(rows: Rows, prior: Prior, weights: FloatArray, theta: FloatArray, found: FloatArray) -> float:
    robust = np.log1p(((found - np.log(rows.measured)) / ROBUST) ** 2) * ROBUST**2
    return float(np.sum(weights * robust) + STRENGTH**2 * np.sum(((theta - prior.start) / prior.sd) ** 2))


def _derivatives(
    rows: Rows, prior: Prior, weights: FloatArray, theta: FloatArray, found: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Half the gradient (k,) and the Gauss-Newton matrix (k, k) of the cost; slopes by finite differences."""
    slopes = np.empty((len(found), len(theta)))
    for i in range(len(theta)):
        beside = theta.copy()
        beside[i] += _STEP
        slopes[:, i] = (log_predicted(rows, prior, beside) - found) / _STEP
    residual = found - np.log(rows.measured)
    counted = weights / (1 + (residual / ROBUST) ** 2)
    pull = STRENGTH**2 / prior.sd**2
    gradient = slopes.T @ (counted * residual) + pull * (theta - prior.start)
    return gradient, (slopes.T * counted) @ slopes + np.diag(pull)


def _moved(prior: Prior, theta: FloatArray, gradient: FloatArray, hessian: FloatArray, damping: float) -> FloatArray:
    """One damped step of those constants that no bound holds back."""
    held = ((theta <= prior.low + 1e-8) & (gradient > 0)) | ((theta >= prior.high - 1e-8) & (gradient < 0))
    free = np.flatnonzero(~held)
    part = hessian[np.ix_(free, free)]
    step = np.zeros_like(theta)
    step[free] = -np.linalg.solve(part + damping * np.diag(np.diag(part)), gradient[free])
    return np.asarray(np.clip(theta + np.clip(step, -_LONGEST, _LONGEST), prior.low, prior.high))

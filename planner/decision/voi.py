"""UNC-3 to UNC-6: chances, regret and the value of knowing more.

`costs` has shape (options, draws); column i is one possible world, the same for every option, so that options are
compared on common draws. `weights`, shape (draws,), are the probabilities of listed worlds; None for equal draws.
Among equal options the first row wins: rows go from the least complex to the most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from planner.units import FloatArray

BINS = 50
RUNGS = (0.1, 0.5, 0.9)


class WinProbability(NamedTuple):
    """Chance of being the cheapest and its sampling error, shape (options,) each."""

    probability: FloatArray
    standard_error: FloatArray


def percentiles(values: FloatArray, at: tuple[float, ...] = RUNGS, *, weights: FloatArray | None = None) -> FloatArray:
    """UNC-2: shape (len(at), ...) over the last axis, linear between draws.

    Listed worlds are not interpolated: the smallest value whose cumulative probability reaches the share.
    """
    if weights is None:
        return np.asarray(np.quantile(values, at, axis=-1, method="linear"))
    return np.asarray(np.quantile(values, at, axis=-1, method="inverted_cdf", weights=weights))


def _mean(values: FloatArray, weights: FloatArray | None) -> FloatArray:
    return np.asarray(np.average(values, axis=-1, weights=weights))


def win_probability(costs: FloatArray, weights: FloatArray | None = None) -> WinProbability:
    """UNC-3: share of worlds where each option is the cheapest, s.e. sqrt(p (1 - p) / N); listed worlds have none."""
    wins = np.argmin(costs, axis=0) == np.arange(len(costs))[:, None]
    share = _mean(wins.astype(np.float64), weights)
    error = np.sqrt(share * (1 - share) / costs.shape[1]) if weights is None else np.zeros_like(share)
    return WinProbability(share, error)


def expected_regret(costs: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """UNC-3: mean cost of each option above the cheapest of the same world, shape (options,)."""
    return _mean(costs - np.min(costs, axis=0), weights)


def evpi(costs: FloatArray, weights: FloatArray | None = None) -> float:
    """UNC-4: min_d E[C_d] - E[min_d C_d]: the least expected regret, so never negative."""
    return float(np.min(expected_regret(costs, weights)))


def _bins(values: FloatArray, bins: int) -> NDArray[np.intp]:
    """A bin for each draw: one per value when there are few, else equal bins by rank."""
    found, of_value = np.unique(values, return_inverse=True)
    if found.size <= bins:
        return of_value
    rank = np.empty(values.size, dtype=np.intp)
    rank[np.argsort(values, kind="stable")] = np.arange(values.size)
    return rank * bins // values.size


def _given(costs: FloatArray, values: FloatArray, bins: int) -> FloatArray:
    """Mean cost of the bin that each draw is in, shape of `costs`."""
    bin_of = _bins(values, bins)
    count = np.bincount(bin_of)
    return np.stack([(np.bincount(bin_of, row) / count)[bin_of] for row in costs])


def evppi(costs: FloatArray, driver_draws: FloatArray, bins: int = BINS) -> float:
    """UNC-5: value of knowing one driver exactly: EVPI of the mean costs in equal bins of it.

    Never negative and never above EVPI. Noise within bins adds to it: have a hundred draws in each bin.
    """
    return evpi(_given(costs, driver_draws, bins))


def evsi_from_draws(costs: FloatArray, driver_draws: FloatArray, signal: FloatArray, bins: int = BINS) -> float:
    """UNC-6: value of a noisy reading of one driver, by bins of the simulated reading, shape (draws,).

    The reading tells of costs only what it tells of the driver, so costs are first averaged in bins of the driver:
    less noise, and never above EVPPI.
    """
    return evppi(_given(costs, driver_draws, bins), signal, bins)


def evpi_normal(mean_usd: FloatArray | float, sd_usd: FloatArray | float) -> FloatArray:
    """UNC-6: two options whose difference is N(m, s^2): s phi(|m| / s) - |m| Phi(-|m| / s); 0 when s is 0."""
    mean, sd = np.broadcast_arrays(np.abs(np.asarray(mean_usd, dtype=np.float64)), sd_usd)
    z = mean / np.where(sd > 0, sd, 1)
    loss = np.exp(-np.square(z) / 2) / np.sqrt(2 * np.pi) - z * ndtr(-z)
    return np.where(sd > 0, sd * np.maximum(loss, 0), 0.0)


def evsi_normal(
    mean_usd: FloatArray | float, sd_prior_usd: FloatArray | float, sd_noise_usd: FloatArray | float
) -> FloatArray:
    """UNC-6: the same for a reading with noise s_e: s = s0^2 / sqrt(s0^2 + s_e^2)."""
    prior = np.asarray(sd_prior_usd, dtype=np.float64)
    total = np.hypot(prior, sd_noise_usd)
    return evpi_normal(mean_usd, prior * prior / np.where(total > 0, total, 1))


def probe_cost_usd(gpu_hours: float, usd_per_gpu_hour: float, staff_hours: float, usd_per_staff_hour: float) -> float:
    """UNC-6: what the measurement costs; worth it when EVSI is above."""
    return gpu_hours * usd_per_gpu_hour + staff_hours * usd_per_staff_hour

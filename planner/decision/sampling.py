"""UNC-1 and UNC-2: distributions as inverse cumulative functions, and the draws that every option shares."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, ndtr, ndtri

from planner.domain.uncertainty import (
    Discrete,
    Distribution,
    DriverName,
    Fixed,
    Lognormal,
    Pert,
    Triangular,
    Uncertainty,
    Uniform,
)
from planner.units import FloatArray

_P90 = float(ndtri(0.9))
_LEAST, _LARGEST = 2.0**-54, 1 - 2.0**-53
"""Probabilities drawn stay strictly between 0 and 1, so that every figure is finite."""


def lognormal_mu_sigma(distribution: Lognormal) -> tuple[float, float]:
    """UNC-1: mean and standard deviation of the logarithm, from P10 and P90."""
    low, high = np.log(distribution.p10), np.log(distribution.p90)
    return float(low + high) / 2, float(high - low) / (2 * _P90)


def pert_shape(distribution: Pert) -> tuple[float, float]:
    """UNC-1: alpha = 1 + 4 (m - a) / (b - a), beta = 1 + 4 (b - m) / (b - a); high above low."""
    width = distribution.high - distribution.low
    return 1 + 4 * (distribution.mode - distribution.low) / width, 1 + 4 * (
        distribution.high - distribution.mode
    ) / width


def ppf(distribution: Distribution, u: FloatArray | float) -> FloatArray:
    """UNC-1: the figure that a share `u` of the cases does not exceed, 0 < u < 1; shape of u."""
    share = np.asarray(u, dtype=np.float64)
    match distribution:
        case Fixed():
            return np.full(share.shape, distribution.value)
        case Lognormal():
            mu, sigma = lognormal_mu_sigma(distribution)
            return np.asarray(np.exp(mu + sigma * ndtri(share)))
        case Discrete():
            return _discrete(distribution, share)
    if distribution.low == distribution.high:
        return np.full(share.shape, distribution.low)
    return np.asarray(distribution.low + (distribution.high - distribution.low) * _unit_ppf(distribution, share))


def _unit_ppf(distribution: Uniform | Triangular | Pert, share: FloatArray) -> FloatArray:
    """The same on the range 0 to 1."""
    match distribution:
        case Uniform():
            return share
        case Pert():
            return np.asarray(betaincinv(*pert_shape(distribution), share))
    peak = (distribution.mode - distribution.low) / (distribution.high - distribution.low)
    return np.where(share <= peak, np.sqrt(share * peak), 1 - np.sqrt((1 - share) * (1 - peak)))


def _discrete(distribution: Discrete, share: FloatArray) -> FloatArray:
    """UNC-2: smallest figure whose cumulative share reaches `share`; figures without weight never come."""
    values, weights = np.array(distribution.values), np.array(distribution.weights)
    order = np.argsort(values)[weights[np.argsort(values)] > 0]
    cumulative = np.cumsum(weights[order]) / np.sum(weights)
    return values[order][np.minimum(np.searchsorted(cumulative, share - 1e-12), order.size - 1)]


def mean_of(distribution: Distribution) -> float:
    """UNC-1: expected figure."""
    match distribution:
        case Fixed():
            return distribution.value
        case Lognormal():
            mu, sigma = lognormal_mu_sigma(distribution)
            return float(np.exp(mu + sigma**2 / 2))
        case Discrete():
            return float(np.average(distribution.values, weights=distribution.weights))
        case Uniform():
            return (distribution.low + distribution.high) / 2
        case Triangular():
            return (distribution.low + distribution.mode + distribution.high) / 3
        case Pert():
            return (distribution.low + 4 * distribution.mode + distribution.high) / 6


def quantiles(distribution: Distribution) -> tuple[float, float, float]:
    """UNC-1: P10, P50 and P90."""
    low, middle, high = ppf(distribution, np.array([0.1, 0.5, 0.9])).tolist()
    return low, middle, high


def draw(uncertainty: Uncertainty) -> dict[DriverName, FloatArray]:
    """UNC-2: figures of each driver, shape (draws,); uniforms from PCG64(seed), drivers in alphabetical order.

    Correlated drivers go through a Gaussian copula. Row i of all drivers belongs together, for every option alike.
    """
    ranges = {item.driver: item.distribution for item in uncertainty.drivers}
    generator = np.random.Generator(np.random.PCG64(uncertainty.seed))
    shares = np.maximum([generator.random(uncertainty.draws) for _ in uncertainty.names], _LEAST)
    if uncertainty.correlations:
        normal = np.linalg.cholesky(uncertainty.normal_correlation()) @ ndtri(shares)
        shares = np.clip(ndtr(normal), _LEAST, _LARGEST)
    return {name: ppf(ranges[name], share) for name, share in zip(uncertainty.names, shares, strict=True)}

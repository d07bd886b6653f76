"""CAP-5, CAP-6 and CAP-8: replicas that may fail, regions that may fail, GPUs that work as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from planner.units import FloatArray, ceil_tol

MAX_SPARES = 1000
_NOISE = 1e-12
_TINY = float(np.finfo(np.float64).tiny)


def _up_with_spares(needed: FloatArray, single_availability: float, spares: int) -> FloatArray:
    """Chance that `needed` replicas are up with 0..spares extra ones; S -> S + (spares + 1,).

    The binomial tail as a sum of positive terms: s replicas are down before the needed ones are up, C(k+s-1, s) A^k
    (1-A)^s. In logarithms, so that thousands of replicas do not underflow.
    """
    k = needed[..., np.newaxis]
    s = np.arange(1, spares + 1)
    first = k * np.log(max(single_availability, _TINY))
    steps = np.log(np.maximum(k + s - 1, _TINY) / s) + np.log(max(1 - single_availability, _TINY))
    terms = np.exp(np.cumsum(np.concatenate([first, steps], axis=-1), axis=-1))
    return np.asarray(np.minimum(np.cumsum(terms, axis=-1), 1.0))


def availability_of(needed: int, replicas: int, single_availability: float) -> float:
    """CAP-6: chance that at least k of n replicas are up, sum over j >= k of C(n, j) A^j (1 - A)^(n - j).

    Replicas fail independently, which is optimistic in one zone. 0 with fewer replicas than needed.
    """
    if replicas < needed:
        return 0.0
    return float(_up_with_spares(np.asarray(float(needed)), single_availability, replicas - needed)[-1])


def spares_for(needed: ArrayLike, single_availability: float, target: float) -> FloatArray:
    """CAP-6: the fewest spares x with `needed` of `needed` + x replicas up at `target` or better; shape of `needed`.

    ValueError when not even MAX_SPARES reach the target.
    """
    distinct, place = np.unique(np.asarray(needed, dtype=np.float64), return_inverse=True)
    short = _up_with_spares(distinct, single_availability, MAX_SPARES) < target - _NOISE
    if np.any(short[..., -1]):
        raise ValueError(
            f"{MAX_SPARES} spares do not bring {np.max(distinct):.0f} replicas, each up {single_availability:.4%} of "
            f"the time, to {target:.4%}: lower the target, or use machines that fail less."
        )
    fewest: FloatArray = np.asarray(np.sum(short, axis=-1), dtype=np.float64)
    return np.asarray(fewest[place])


def region_replicas(
    peak_load_replicas: ArrayLike, allowed_utilisation: ArrayLike, regions: int, *, survive_loss: bool
) -> FloatArray:
    """CAP-5: replicas in all regions for a total load split evenly, regions x ceil(a / (eta regions)); broadcasts.

    With `survive_loss` any one region may fail: regions x ceil(a / (eta (regions - 1))); ValueError for one region.
    """
    left = regions - 1 if survive_loss else regions
    if left < 1:
        raise ValueError("One region cannot survive its own loss: add a region, or accept the loss.")
    return np.asarray(regions * ceil_tol(np.asarray(peak_load_replicas) / np.asarray(allowed_utilisation) / left))


def tensor_parallel_tokens_per_s(
    single_tokens_per_s: ArrayLike, gpus: ArrayLike, efficiency_fraction: ArrayLike
) -> FloatArray:
    """CAP-8: T(tp) = T(1) x tp x e(tp), tokens/s of a replica over `gpus` GPUs; e is measured and at most 1."""
    return np.asarray(np.asarray(single_tokens_per_s) * np.asarray(gpus) * np.asarray(efficiency_fraction))

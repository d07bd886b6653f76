"""API-4, API-5 and API-7: discount tiers and commitments on a month's spend, and rate limits."""

from __future__ import annotations

import numpy as np

from planner.units import FloatArray


def graduated_usd(list_usd: FloatArray | float, above_usd: FloatArray, discount_fraction: FloatArray) -> FloatArray:
    """API-4: each tier's discount on the part of the month's list spend inside the tier; shape of `list_usd`.

    Tiers have shape (tiers,), `above_usd` ascends; spend up to the first tier is at list. Continuous in the spend.
    """
    width = np.diff(above_usd, append=np.inf)
    inside = np.clip(np.asarray(list_usd, dtype=np.float64)[..., None] - above_usd, 0, width)
    return np.asarray(list_usd - inside @ discount_fraction, dtype=np.float64)


def slab_usd(list_usd: FloatArray | float, above_usd: FloatArray, discount_fraction: FloatArray) -> FloatArray:
    """API-4: the discount of the highest tier whose threshold the spend exceeds, on all of it; shape of `list_usd`.

    Tiers as in `graduated_usd`. More usage can cost less just above a threshold.
    """
    tiers_passed = np.searchsorted(above_usd, list_usd, side="left")
    return np.asarray(list_usd * (1 - np.append(0.0, discount_fraction)[tiers_passed]), dtype=np.float64)


def committed_usd(
    list_usd: FloatArray | float, commitment_usd: FloatArray | float, discount_fraction: FloatArray | float
) -> FloatArray:
    """API-5: max(K, (1 - d) U), the discounted usage but never less than the commitment; broadcasts."""
    return np.maximum(commitment_usd, np.asarray((1 - discount_fraction) * list_usd, dtype=np.float64))


def rate_limit_shares(
    peak_requests_per_min: float,
    peak_tokens_per_min: float,
    limit_requests_per_min: float | None,
    limit_tokens_per_min: float | None,
) -> tuple[float | None, float | None]:
    """API-7: peak over limit, for requests and for tokens; above 1 is over, None where there is no limit (never 0)."""
    return (
        None if limit_requests_per_min is None else peak_requests_per_min / limit_requests_per_min,
        None if limit_tokens_per_min is None else peak_tokens_per_min / limit_tokens_per_min,
    )

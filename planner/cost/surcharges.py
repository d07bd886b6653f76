"""RNT-4 and OPS-4: what a cloud bills beside the GPU-hour: storing the weights, pulling them, sending tokens out."""

from __future__ import annotations

import numpy as np

from planner.units import GB_BYTES, FloatArray


def storage_usd_per_month(
    gb: FloatArray | float, usd_per_gb_month: FloatArray | float, copies: FloatArray | float
) -> FloatArray:
    """RNT-4: GB of one copy x USD per GB-month x copies kept; broadcasts."""
    return np.asarray(gb * usd_per_gb_month * copies, dtype=np.float64)


def model_pull_usd(gb: FloatArray | float, usd_per_gb: FloatArray | float) -> FloatArray:
    """RNT-4: one download of the weights at a replica's start; 0 per GB inside the provider's region; broadcasts."""
    return np.asarray(gb * usd_per_gb, dtype=np.float64)


def token_egress_usd(
    tokens: FloatArray | float, bytes_per_token: FloatArray | float, usd_per_gb: FloatArray | float
) -> FloatArray:
    """OPS-4: text leaving the provider's network, GB of 10^9 bytes; broadcasts."""
    return np.asarray(tokens * bytes_per_token / GB_BYTES * usd_per_gb, dtype=np.float64)

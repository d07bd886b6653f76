"""RNT-1: GPUs rented by the hour, on demand. Billed busy or idle: utilisation never multiplies the bill."""

from __future__ import annotations

import numpy as np

from planner.units import FloatArray


def rental_usd(
    replicas: FloatArray | float, gpus_per_replica: int, usd_per_gpu_hour: float, hours: FloatArray | float
) -> FloatArray:
    """USD for `replicas` over `hours` of the calendar (730 or 720 a month); broadcasts."""
    return np.asarray(np.asarray(replicas) * gpus_per_replica * usd_per_gpu_hour * np.asarray(hours))

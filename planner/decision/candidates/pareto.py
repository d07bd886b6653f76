"""The front of price against latency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.units import FloatArray


def front(price: FloatArray, latency: FloatArray) -> NDArray[np.bool_]:
    """Points that no other point beats: none is at least as cheap and as fast, and better in one; arrays (n,).

    Of equal points the first in order stays.
    """
    order = np.lexsort((np.arange(len(price)), latency, price))
    fastest_before = np.concatenate([[np.inf], np.minimum.accumulate(latency[order])[:-1]])
    kept = np.zeros(len(price), dtype=bool)
    kept[order] = latency[order] < fastest_before
    return kept

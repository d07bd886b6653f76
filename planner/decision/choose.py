"""DEC-2: the tie band and who wins inside it, for one point or for many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.domain.options import COMPLEXITY_RANK
from planner.units import FloatArray


def recommend(totals: dict[str, float], kinds: dict[str, str], tie_band: float) -> tuple[str, str, bool]:
    """DEC-2: (recommended, cheapest, close). Inside the band the lowest complexity rank wins, then the lower cost."""
    cheapest = min(totals, key=lambda i: (totals[i], COMPLEXITY_RANK[kinds[i]], i))
    limit = totals[cheapest] * (1 + tie_band)
    band = [i for i in totals if totals[i] <= limit]
    chosen = min(band, key=lambda i: (COMPLEXITY_RANK[kinds[i]], totals[i], i))
    return chosen, cheapest, len({kinds[i] for i in band}) > 1


def recommend_many(npv_usd: FloatArray, ranks: FloatArray, tie_band: float) -> NDArray[np.intp]:
    """DEC-2 for every point of S: index of the recommended option; `npv_usd` is (options,) + S, ranks (options,).

    Options come in the order of their ids, so that equals fall as in `recommend`.
    """
    limit = np.min(npv_usd, axis=0) * (1 + tie_band)
    shaped = ranks.reshape(-1, *(1,) * (npv_usd.ndim - 1))
    rank = np.where(npv_usd <= limit, shaped, np.inf)
    eligible = rank == np.min(rank, axis=0)
    return np.asarray(np.argmin(np.where(eligible, npv_usd, np.inf), axis=0))

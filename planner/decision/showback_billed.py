"""Who pays what the export itself says was billed: each owner the cost of its own rows."""

from __future__ import annotations

import numpy as np

from planner.decision.log_rows import Priced
from planner.decision.showback import Basis, Showback, showback
from planner.decision.showback_log import owners_of
from planner.decision.variance_actual import billed_by_row
from planner.units import money


class NotBilled(ValueError):
    """The export does not state a cost for all of its usage."""

    def __init__(self) -> None:
        super().__init__(
            "The export does not state a cost in a known currency for all of its usage. Take list prices, or a bill "
            "that you know."
        )


def billed_showback(found: Priced, basis: Basis) -> Showback:
    """The export's own cost by owner. Raises NoOwners, NotBilled; ValueError when credits outweigh an owner's cost."""
    names = owners_of(found.rollup)
    usd = billed_by_row(found)
    if usd is None:
        raise NotBilled
    summed = np.bincount(found.rollup.labels["owner"].codes, weights=usd, minlength=len(names))
    use = dict(zip(names, summed.tolist(), strict=True))
    return showback(
        money(float(usd.sum())), use, basis=basis, shared_by="the cost that the export states for each owner's rows"
    )

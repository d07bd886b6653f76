"""Deployments at the prices of their GPUs: which offers count, what the fleets cost, which the budget allows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.decision.candidates.fleet import Cost, Pairs, cost, fits_machine, pairs
from planner.decision.candidates.grid import BoolArray
from planner.decision.candidates.offers import Offers
from planner.decision.candidates.refuse import budget_refusal, node_refusal, offer_refusal
from planner.decision.candidates.search import Search
from planner.domain.capacity import Refusal


class Priced(NamedTuple):
    """Candidates as columns: a deployment, an offer, what the fleet costs; all that meet every constraint."""

    offered: Offers
    paired: Pairs
    cost: Cost


def asked_pairs(search: Search, offered: Offers, able: BoolArray) -> tuple[Pairs, tuple[Refusal, ...]]:
    """Every deployment that meets the target at every price that counts, and what terms and machines left out."""
    found, refused = search.found, []
    every = _only(pairs(found, offered, np.ones(len(offered.rows), dtype=bool)), able)
    wanted = offered.wanted[every.offer]
    if not np.all(wanted):
        refused.append(offer_refusal(int((~wanted).sum()), offered, int(every.offer[~wanted].min())))
    asked = _kept(every, wanted)
    holds = fits_machine(found, offered, asked)
    if not np.all(holds):
        k = int(np.flatnonzero(~holds)[0])
        count, i, offer = int((~holds).sum()), int(asked.deployment[k]), int(asked.offer[k])
        refused.append(node_refusal(count, found, i, offered, offer))
    return _kept(asked, holds), tuple(refused)


def priced_pairs(search: Search, offered: Offers, paired: Pairs) -> tuple[Priced, tuple[Refusal, ...]]:
    """The fleets that the budget allows, and what it left out."""
    found, request, refused = search.found, search.request, []
    spent = cost(found, offered, paired, search.rate, search.sized, request)
    within = spent.usd_per_month <= (request.budget_usd_per_month or np.inf)
    if not np.all(within):
        k = int(np.flatnonzero(~within)[np.argmin(spent.usd_per_month[~within])])
        what = found.words(int(paired.deployment[k]))
        refused.append(budget_refusal(int((~within).sum()), what, float(spent.usd_per_month[k]), request))
    left = Cost(*(column[within] for column in spent))
    return Priced(offered, _kept(paired, within), left), tuple(refused)


def _only(paired: Pairs, able: BoolArray) -> Pairs:
    return _kept(paired, able[paired.deployment])


def _kept(paired: Pairs, kept: BoolArray) -> Pairs:
    return Pairs(paired.deployment[kept], paired.offer[kept])

"""The search: every deployment of the catalog against one question, cheapest first.

Each step is one call on arrays: rules, memory (CAP-4), prediction, rate at the target (CAP-11), replicas (CAP-5). A
deployment is computed once and spread over the prices of its GPU. Whatever is listed was then sized on its own T(N),
the one of the curve and of a scenario (CAP-12); the notes say how many were. The order is that of the price, then of
the catalog: the same question on the same day always gets the same answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.capacity.replica_memory import ReplicaMemory
from planner.catalog.tables import Tables
from planner.decision.candidates.build import candidate, placement, reachable
from planner.decision.candidates.checks import request_problems
from planner.decision.candidates.exact import at_best, settled
from planner.decision.candidates.fleet import Pairs, gpus_paid, replicas
from planner.decision.candidates.grid import BoolArray, Grid, IntArray, grid, rules
from planner.decision.candidates.licences import licences
from planner.decision.candidates.memory import memory_of
from planner.decision.candidates.offers import Offers, offers
from planner.decision.candidates.pareto import front
from planner.decision.candidates.price import Priced, asked_pairs, priced_pairs
from planner.decision.candidates.rates import rates
from planner.decision.candidates.refuse import Ruling, kept, latency_refusal, memory_refusal, no_price, ruled_out
from planner.decision.candidates.search import Search, unmet
from planner.domain.base import as_of_date
from planner.domain.capacity import Candidate, CapacityRequest, Found, Refusal
from planner.units import FloatArray

RENT_ONLY = "Prices here are the rent of GPUs alone: people, storage and network come with a scenario's whole cost."
WEAK_TTFT = "The time to the first token is predicted weakly by every known model: measure it on your own server."
ONE_MACHINE = "Where a provider prices single GPUs, check that as many as a replica needs come in one machine."
ROUGHLY = "The rest are placed further down by an estimate."
MOST_UNPRICED = 20


def find(request: CapacityRequest, tables: Tables, on: dt.date) -> Found:
    """Every candidate that meets the request, the front of price against latency, and why the others do not.

    ValueError for names that the catalog does not have, all of them at once.
    """
    if problems := request_problems(request, tables):
        raise ValueError(" ".join(problems))
    whole = grid(request, tables)
    read = licences(whole.models, request, tables)
    ruled = rules(whole, request, tables, read)
    refused = list(ruled_out(ruled, Ruling(whole, request, tables, read)))
    able = whole.only(kept(ruled, len(whole)))
    space = memory_of(able, request)
    if (short := memory_refusal(able, space, request, tables)) is not None:
        refused.append(short)
    offered = offers(list(whole.gpus), request, tables, on)
    if not np.any(space.fits):
        return _found(request, on, whole, offered, refused=tuple(refused), notes=(RENT_ONLY,))
    fitting = able.only(space.fits)
    room = ReplicaMemory._make(column[space.fits] for column in space)
    rate = rates(fitting, room, request, tables, on)
    n, first = len(fitting), replicas(rate, request)
    search = Search(request, tables, on, fitting, room, rate, first, read, unmet(n), np.zeros(n, dtype=bool))
    return _answer(search, offered, whole, refused)


def _answer(search: Search, offered: Offers, whole: Grid, refused: list[Refusal]) -> Found:
    able = search.within
    paired, left_out = asked_pairs(search, offered, able)
    unpriced = np.flatnonzero(able & ~np.isin(search.found.gpu, offered.gpu))
    shown = unpriced[:MOST_UNPRICED]
    search = settled(search, lambda now: np.concatenate([_to_list(now, offered, paired), shown]))
    priced, dear = priced_pairs(search, offered, paired)
    if not np.all(able):
        refused.append(latency_refusal(search, able))
    if len(unpriced):
        refused.append(no_price(search.found, unpriced))
    meeting, listed = _listed(search, priced)
    return _found(
        search.request,
        search.on,
        whole,
        offered,
        meeting=meeting,
        candidates=listed,
        unpriced=tuple(placement(search, int(i)) for i in shown),
        unpriced_count=len(unpriced),
        refused=(*refused, *left_out, *dear),
        best_reachable=None if np.any(able) else reachable(search),
        notes=tuple(_notes(search, listed, meeting)),
    )


def _to_list(search: Search, offered: Offers, paired: Pairs) -> IntArray:
    """Deployments that could be listed, at best: the cheapest, and the front of the cheapest price of each."""
    total, tpot_s = at_best(search)
    usd = gpus_paid(search.found, offered, paired, total, search.request) * offered.usd_per_gpu_hour[paired.offer]
    most = min(search.request.most_candidates, len(usd))
    if not most:
        return paired.deployment
    cheap = paired.deployment[usd <= np.partition(usd, most - 1)[most - 1]]
    each, first = np.unique(paired.deployment, return_index=True)
    ahead = each[front(np.minimum.reduceat(usd, first), tpot_s[each])]
    return np.concatenate([cheap, ahead])


def _chosen(search: Search, priced: Priced, most: float) -> tuple[IntArray, BoolArray]:
    """The cheapest candidates and the whole front, cheapest first; and which candidates are of the front."""
    best = front(priced.cost.usd_per_mtok, search.met.tpot_s[priced.paired.deployment])
    order = _order(priced, search.met.tpot_s[priced.paired.deployment])
    return order[(np.arange(len(order)) < most) | best[order]], best


def _listed(search: Search, priced: Priced) -> tuple[int, tuple[Candidate, ...]]:
    """How many candidates there are, and the cheapest of them with all of the front."""
    chosen, best = _chosen(search, priced, search.request.most_candidates)
    of = priced.paired.deployment[chosen].tolist()
    base = {i: placement(search, i) for i in sorted(set(of))}
    listed = (
        candidate(search, priced, k, base[i], pareto=bool(best[k])) for k, i in zip(chosen.tolist(), of, strict=True)
    )
    return len(best), tuple(listed)


def _found(request: CapacityRequest, on: dt.date, whole: Grid, offered: Offers, **more: Any) -> Found:
    """The answer with what was searched: a deployment counts once per price of its GPU, and once without any."""
    per_gpu = np.maximum(np.bincount(offered.gpu, minlength=len(whole.gpus)), 1)
    filled: dict[str, Any] = {"meeting": 0, "candidates": ()} | more
    return Found(on=on, request=request, searched=int(per_gpu[whole.gpu].sum()), deployments=len(whole), **filled)


def _order(priced: Priced, tpot_s: FloatArray) -> IntArray:
    """Candidates by price, then by time per token, then as they come."""
    usd = priced.cost.usd_per_month
    return np.lexsort((np.arange(len(usd)), tpot_s, usd))


def _notes(search: Search, listed: tuple[Candidate, ...], meeting: int) -> Iterator[str]:
    """What a reader must know of what is listed."""
    later = sum(as_of_date(candidate.price_as_of) > search.on for candidate in listed)
    if later:
        yield f"{later:,} of the prices listed are younger than {search.on}: no older one of their offers is known."
    yield RENT_ONLY
    if listed:
        yield WEAK_TTFT
        exact, able = int(search.exact.sum()), int(search.within.sum())
        if exact < able and len(listed) < meeting:
            said = f"Sized exactly: {exact:,} of {able:,} deployments within the target, all listed ones among them."
            yield f"{said} {ROUGHLY}"
    if any(item.gpus_per_replica > item.gpus_per_instance for item in listed):
        yield ONE_MACHINE

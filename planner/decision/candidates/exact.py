"""Exact figures for what is listed: T(N) itself and its chain (CAP-10), as the curve and the scenario have them.

The straight line of `rates` orders everything and says which deployments could be listed. Those are sized on the chain,
in the middle and at both ends of the band, which may change the order: again, until all that is listed is exact. Where
there are few, all are. A deployment that is not listed keeps the figures of its line, which are never shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from planner.capacity.chains import Chains, Met, chains, exact_rates, met_at
from planner.capacity.queue import MS_PER_S, target_of
from planner.capacity.throughput.service import Service, services
from planner.catalog.tables import Tables
from planner.decision.candidates.deployments import deployments, fit_of
from planner.decision.candidates.fleet import Replicas, replicas
from planner.decision.candidates.grid import Grid, IntArray
from planner.decision.candidates.rates import only, tpot_ms_at
from planner.decision.candidates.search import Search, unmet
from planner.domain.capacity import CapacityRequest
from planner.units import FloatArray

FEW = 300
"""So many deployments within the target are all sized exactly."""
SLACK, TPOT_SLACK = 0.08, 0.25
"""Shares by which the line may be wrong before a deployment that belongs in the list is missed.

Of 2,400 deployments the exact rate was up to 5 % above the line's in 99.5 %, the time per token up to 24 % below.
"""

_DIGITS = 12
"""Of seconds: the order must not hang on the last bit, which may differ with what is computed beside it."""


class Served(NamedTuple):
    """Some deployments: service tables, the band over their rate, and requests/s of one replica at the target, (n,)."""

    service: Service
    servers: Chains
    per_s: FloatArray
    low_per_s: FloatArray
    high_per_s: FloatArray


def settled(search: Search, listed: Callable[[Search], IntArray]) -> Search:
    """The search with exact figures for every deployment that `listed` then names; each is sized once."""
    able = np.flatnonzero(search.within)
    few = len(able) <= FEW
    rows = able if few else np.flatnonzero(search.within & (search.rate.per_s <= 0))
    search = sized_exactly(search if few else _on_the_line(search), rows)
    while not few and len(rows := _open(search, listed(search))):
        search = sized_exactly(search, rows)
    return search


def _open(search: Search, rows: IntArray) -> IntArray:
    """Those that are not exact yet."""
    return np.asarray(np.unique(rows[~search.exact[rows]]), dtype=np.intp)


def _on_the_line(search: Search) -> Search:
    """Time per token at the peak from the line of every deployment that it can serve."""
    able = search.rate.per_s > 0
    found = unmet(len(able))
    if np.any(able):
        per_s = search.request.peak_requests_per_s / search.sized.serving[able]
        on_line = tpot_ms_at(only(search.rate, able), per_s, target_of(search.request.latency))
        found.tpot_s[able] = on_line / MS_PER_S
    return search._replace(met=found)


def at_best(search: Search) -> tuple[FloatArray, FloatArray]:
    """Replicas and seconds per token of every deployment, (n,), if the line was wrong to its disfavour by the slack."""
    open_rows = ~search.exact
    per_s = search.rate.per_s * (1 + SLACK * open_rows)
    able = per_s > 0
    total = np.where(able, replicas(search.rate._replace(per_s=per_s), search.request).total, np.inf)
    return total, search.met.tpot_s * (1 - TPOT_SLACK * open_rows)


def sized_exactly(search: Search, rows: IntArray) -> Search:
    """The search with these deployments sized on their own T(N)."""
    if not len(rows):
        return search
    rate, request = search.rate, search.request
    served = serve(search.found.only(rows), rate.coarse.most[rows], request, search.tables, search.on)
    per_s, low, high = served.per_s, served.low_per_s, served.high_per_s
    sized = replicas(rate._replace(per_s=per_s, low_per_s=low, high_per_s=high), request)
    met = met_at(served.servers, request.peak_requests_per_s / sized.serving, target_of(request.latency))
    met = met._replace(tpot_s=np.round(met.tpot_s, _DIGITS), ttft_s=np.round(met.ttft_s, _DIGITS))
    return search._replace(
        rate=rate._replace(
            per_s=_put(rate.per_s, rows, per_s),
            low_per_s=_put(rate.low_per_s, rows, low),
            high_per_s=_put(rate.high_per_s, rows, high),
        ),
        sized=Replicas(*(_put(whole, rows, one) for whole, one in zip(search.sized, sized, strict=True))),
        met=Met(*(_put(whole, rows, one) for whole, one in zip(search.met, met, strict=True))),
        exact=search.exact | np.isin(np.arange(len(search.exact)), rows),
    )


def serve(found: Grid, most: FloatArray, request: CapacityRequest, tables: Tables, on: dt.date) -> Served:
    """Tables of a grid that serves so many side by side, and its rates in the middle and at the ends of the band."""
    columns, constants = deployments(found, request, on), fit_of(tables).constants
    service = services(columns, request.input_tokens, request.output_tokens, most, constants)
    servers, target = chains(service.tables), target_of(request.latency)
    likely, slow, fast = (exact_rates(servers, target, factor) for factor in (1.0, service.low, service.high))
    return Served(service, servers, likely, np.minimum(slow, likely), np.maximum(fast, likely))


def _put(whole: FloatArray, rows: IntArray, own: FloatArray) -> FloatArray:
    changed = whole.copy()
    changed[rows] = own
    return changed

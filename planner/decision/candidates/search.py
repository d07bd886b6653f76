"""What is known of every deployment that fits, before prices."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from planner.capacity.chains import Met
from planner.capacity.replica_memory import ReplicaMemory
from planner.catalog.tables import Tables
from planner.decision.candidates.fleet import Replicas
from planner.decision.candidates.grid import BoolArray, Grid
from planner.decision.candidates.licences import Licences
from planner.decision.candidates.rates import Rates
from planner.domain.capacity import CapacityRequest


class Search(NamedTuple):
    """Arrays (n,) inside, one place per deployment."""

    request: CapacityRequest
    tables: Tables
    on: dt.date
    found: Grid
    memory: ReplicaMemory
    rate: Rates
    sized: Replicas
    licences: Licences
    met: Met
    """At the peak; infinite where the target is out of reach."""
    exact: BoolArray
    """Whether rates, replicas and what is met are of the deployment's own T(N), not of the line through it."""

    @property
    def within(self) -> BoolArray:
        """Deployments whose request alone meets the target: those that some number of replicas can serve."""
        slo = self.request.latency
        tpot, ttft = self.rate.tpot_alone_ms, self.rate.ttft_alone_ms
        return np.asarray((tpot <= slo.tpot_slo_ms * _NOISE) & (ttft <= slo.ttft_slo_ms * _NOISE))


_NOISE = 1 + 1e-9


def unmet(n: int) -> Met:
    """What is met where nothing is known yet."""
    return Met(np.full(n, np.inf), np.full(n, np.inf), np.zeros(n))


def peak_per_replica(search: Search, i: int) -> float:
    """Requests/s that one replica gets at the peak while no spare helps; at most its rate at the target."""
    serving = float(search.sized.serving[i])
    return search.request.peak_requests_per_s / serving if np.isfinite(serving) and serving > 0 else 0.0

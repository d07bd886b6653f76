"""From the rate of a replica to GPUs paid for, dollars a month and per million tokens, for every offer at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.sizing import replicas_for
from planner.decision.candidates.grid import Grid, IntArray
from planner.decision.candidates.offers import ANY, Offers
from planner.decision.candidates.rates import Rates
from planner.domain.capacity import CapacityRequest
from planner.units import CALENDARS, MTOK, SECONDS_PER_HOUR, FloatArray, ceil_tol


class Replicas(NamedTuple):
    """Per deployment, arrays (n,): replicas with and without spares, and with the rate at each end of the band."""

    serving: FloatArray
    """Those that carry the peak; of regions that may fail, those of the regions left."""
    total: FloatArray
    total_at_low: FloatArray
    """Infinite: out of reach at the low end of the band."""
    total_at_high: FloatArray


class Pairs(NamedTuple):
    """Deployments at offers, arrays (k,)."""

    deployment: IntArray
    offer: IntArray


class Cost(NamedTuple):
    """Per pair, arrays (k,), USD."""

    gpus: FloatArray
    usd_per_month: FloatArray
    usd_per_month_low: FloatArray
    usd_per_month_high: FloatArray
    usd_per_mtok_output: FloatArray
    usd_per_mtok: FloatArray
    usd_per_mtok_full_load: FloatArray
    utilisation_fraction: FloatArray


def replicas(found: Rates, request: CapacityRequest) -> Replicas:
    """CAP-5 of every deployment, at the likely rate and at both ends of the band."""

    def sized(per_s: FloatArray, spares: int) -> FloatArray:
        return replicas_for(
            request.peak_requests_per_s,
            per_s,
            min_replicas=request.min_replicas,
            spare_replicas=spares,
            regions=request.regions,
            survive_region_loss=request.survive_region_loss,
        )

    left = (request.regions - 1) / request.regions if request.survive_region_loss else 1.0
    spares = request.spare_replicas
    return Replicas(
        serving=sized(found.per_s, 0) * left,
        total=sized(found.per_s, spares),
        total_at_low=sized(found.low_per_s, spares),
        total_at_high=sized(found.high_per_s, spares),
    )


def pairs(found: Grid, offered: Offers, usable: NDArray[np.bool_]) -> Pairs:
    """Every deployment with every usable offer of its GPU, in the order of deployments, cheapest offer first."""
    by_gpu = [np.flatnonzero(usable & (offered.gpu == g)) for g in range(len(found.gpus))]
    counts = np.asarray([len(rows) for rows in by_gpu], dtype=np.intp)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else counts
    flat = np.concatenate(by_gpu) if by_gpu else np.zeros(0, dtype=np.intp)
    each = counts[found.gpu]
    deployment = np.repeat(np.arange(len(found)), each)
    within = np.arange(len(deployment)) - np.repeat(np.cumsum(each) - each, each)
    return Pairs(deployment, flat[np.repeat(starts[found.gpu], each) + within].astype(np.intp))


def fits_machine(found: Grid, offered: Offers, paired: Pairs) -> NDArray[np.bool_]:
    """Whether one machine of the offer holds a replica, or a stage of it does and machines can be joined, (k,)."""
    stage = np.asarray([way.tp for way in found.ways], dtype=np.intp)[found.way[paired.deployment]]
    whole = found.replica_gpus[paired.deployment]
    group = offered.group_gpus[paired.offer]
    return np.asarray((whole <= group) | ((group > 1) & (stage <= group) & (whole % group == 0)))


def gpus_paid(found: Grid, offered: Offers, paired: Pairs, total: FloatArray, request: CapacityRequest) -> FloatArray:
    """GPUs of so many replicas of each deployment (n,), in the whole machines of each offer and region, (k,)."""
    each = found.replica_gpus[paired.deployment].astype(np.float64)
    copies = total[paired.deployment]
    group = offered.group_gpus[paired.offer].astype(np.float64)
    if not request.whole_instances:
        return np.asarray(copies * each)
    per_machine = np.maximum(np.floor(group / each), 1)
    machines = ceil_tol(copies / request.regions / per_machine) * request.regions
    return np.asarray(np.where(group >= ANY, copies * each, machines * np.maximum(group, each)))


def cost(found: Grid, offered: Offers, paired: Pairs, rate: Rates, sized: Replicas, request: CapacityRequest) -> Cost:
    """Dollars of every pair; GPU rent alone. The low price goes with the high end of the throughput band."""
    hours = CALENDARS[request.calendar].hours_per_month
    usd_per_hour = offered.usd_per_gpu_hour[paired.offer]

    def monthly(total: FloatArray) -> FloatArray:
        return gpus_paid(found, offered, paired, total, request) * usd_per_hour * hours

    gpus = gpus_paid(found, offered, paired, sized.total, request)
    month = gpus * usd_per_hour * hours
    requests = request.mean_rate_per_s * SECONDS_PER_HOUR * hours
    tokens = request.input_tokens + request.output_tokens
    copies = np.floor(gpus / found.replica_gpus[paired.deployment] + 1e-9)
    able = copies * rate.per_s[paired.deployment]
    return Cost(
        gpus=gpus,
        usd_per_month=month,
        usd_per_month_low=monthly(sized.total_at_high),
        usd_per_month_high=monthly(sized.total_at_low),
        usd_per_mtok_output=month / (requests * request.output_tokens) * MTOK,
        usd_per_mtok=month / (requests * tokens) * MTOK,
        usd_per_mtok_full_load=gpus * usd_per_hour / (able * SECONDS_PER_HOUR * tokens) * MTOK,
        utilisation_fraction=request.mean_rate_per_s / able,
    )

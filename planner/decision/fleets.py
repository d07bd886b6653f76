"""What the own fleet of an option looks like in month 1 and at the end."""

from __future__ import annotations

import numpy as np

from planner.decision.kernel import HybridCost, Model, OptionCost, Paths, ProvisionedCost, Purchase, SelfHostedCost
from planner.decision.kernel.hybrid import Split
from planner.decision.resolve_rented import ceiling_fraction
from planner.domain.facts import Facts, OwnedFacts, RentedFacts
from planner.domain.options import HybridOption, Option, OwnedOption, SelfHosted
from planner.domain.result import Fleet
from planner.units import SECONDS_PER_DAY, FloatArray
from planner.workload.demand import class_arrays


def fleet(option: Option, facts: Facts, model: Model, along: Paths) -> Fleet | None:
    """The fleet of a rented or owned option, or of the own part of a hybrid; None for what is bought by the token."""
    cost = model.costs[option.option_id]
    if isinstance(cost, HybridCost) and isinstance(option, HybridOption):
        base = next(o for o in model.scenario.options if o.option_id == option.base_id)
        split, own = cost.split(along), _own_fleet(base, facts, cost.base, model, along)
        return None if own is None else _of_hybrid(own, split, cost, along)
    return _own_fleet(option, facts, cost, model, along)


def is_empty(cost: OptionCost, along: Paths) -> bool:
    """A hybrid whose best fleet is none is its per-token part under another name, not a rival of it."""
    return isinstance(cost, HybridCost) and not np.any(cost.split(along).replicas)


def overflow_share(cost: OptionCost, along: Paths) -> float:
    """Share of the busiest hour of month 1 that goes to the per-token part; 1 for an option that has no other."""
    if isinstance(cost, HybridCost):
        if cost.escalated_fraction is not None:
            return cost.escalated_fraction
        peak = _first(cost.level(along)) * float(cost.load.profile.max()) * cost.slice_replicas
        return max(1 - _first(cost.split(along).replicas) / peak, 0.0) if peak > 0 else 0.0
    if isinstance(cost, ProvisionedCost) and cost.overflow is not None:
        peak = cost.mean_tpm * _first(along.volume) * cost.peak_to_mean
        held = _first(cost.units(along)) * cost.option.tokens_per_minute_per_unit
        return max(1 - held / peak, 0.0) if peak > 0 else 0.0
    return 1.0


def _of_hybrid(own: Fleet, split: Split, cost: HybridCost, along: Paths) -> Fleet:
    """The base option's fleet, as large as the hybrid makes it."""
    replicas = int(_first(split.replicas))
    share = _first(split.in_house_fraction)
    gpus = replicas * own.gpus_per_replica
    done = 1.0 if cost.escalated_fraction is not None else share
    work = cost.base.plan.mean_load * _first(cost.base.plan.level(along)) * done
    busy = work / replicas if replicas else 0.0
    update = {
        "replicas": replicas,
        "spare_replicas": 0,
        "gpus": gpus,
        "utilisation_fraction": busy,
        "replicas_last_month": int(along.each_month(split.replicas)[-1]),
        "paid_gpu_hours_per_month": None,
        "servers": None,
        "in_house_fraction": share,
    }
    return own.model_copy(update=update)


def _own_fleet(option: Option, facts: Facts, cost: OptionCost, model: Model, along: Paths) -> Fleet | None:
    known = next(f for f in facts.options if f.option_id == option.option_id)
    if not (isinstance(option, SelfHosted) and isinstance(known, RentedFacts | OwnedFacts)):
        return None
    if not isinstance(cost, SelfHostedCost):
        return None
    plan, replica, paid = cost.plan, known.replica, cost.plan.paid(along)
    arrays = class_arrays(model.scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    requests_per_s = float(arrays.requests_per_day.sum()) / SECONDS_PER_DAY
    generated = float(np.dot(arrays.requests_per_day, arrays.generated_tokens)) / SECONDS_PER_DAY
    replicas, level, hours = int(_first(paid.replicas)), _first(plan.level(along)), _first(paid.replica_hours)
    servers = int(_first(cost.servers(cost.pay, paid.replicas))) if isinstance(cost.pay, Purchase) else None
    gpus = replicas * option.gpus_per_replica
    if servers is not None and isinstance(option, OwnedOption):
        gpus, hours = servers * option.server.gpus_per_server, hours * _bought_share(servers, option, replicas)
    return Fleet(
        replicas=replicas,
        spare_replicas=min(0 if plan.survive_region_loss else plan.spare_replicas * plan.regions, replicas),
        gpus=gpus,
        gpus_per_replica=option.gpus_per_replica,
        utilisation_fraction=plan.utilisation(level, hours),
        replica_requests_per_s=requests_per_s / plan.mean_load if plan.mean_load > 0 else 0.0,
        replica_output_tokens_per_s=generated / plan.mean_load if plan.mean_load > 0 else 0.0,
        throughput_source=replica.throughput_source,
        compute_ceiling_fraction=ceiling_fraction(model.scenario, option, replica),
        weight_gib=replica.weight_gib,
        kv_cache_tokens=replica.kv_cache_tokens,
        limited_by=plan.limited_by(level),
        replicas_last_month=int(along.each_month(paid.replicas)[-1]),
        paid_gpu_hours_per_month=hours * option.gpus_per_replica,
        servers=servers,
    )


def _bought_share(servers: int, option: OwnedOption, replicas: int) -> float:
    """GPUs bought for each GPU that replicas take: whole servers leave some over."""
    taken = replicas * option.gpus_per_replica
    return servers * option.server.gpus_per_server / taken if taken else 1.0


def _first(values: FloatArray) -> float:
    return float(np.ravel(values)[0])

"""From columns to the values that are listed."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.capacity.queue import MS_PER_S
from planner.capacity.throughput.confidence import trust
from planner.capacity.throughput.predict import Load
from planner.decision.candidates.deployments import deployment_of, fit_of
from planner.decision.candidates.memory import max_num_seqs, request_tokens, setup_of
from planner.decision.candidates.price import Priced
from planner.decision.candidates.refuse import in_ms, misses_by
from planner.decision.candidates.search import Search, peak_per_replica
from planner.domain.capacity import Candidate, Placement, Reachable
from planner.units import GIB_BYTES


def placement(search: Search, i: int) -> Placement:
    """One deployment."""
    return Placement(**_placement(search, i))


def _placement(search: Search, i: int) -> dict[str, Any]:
    found, memory, rate, request = search.found, search.memory, search.rate, search.request
    way, per_s = found.ways[found.way[i]], float(rate.per_s[i])
    trusted = trust(
        deployment_of(found, i, request, search.on),
        Load(request.input_tokens, request.output_tokens, max(float(search.met.mean_in_service[i]), 1.0)),
        fit_of(search.tables),
    )
    left_open = search.licences.open[found.model[i]]
    setup = setup_of(found, i, request)
    return {
        "model_id": setup.model.model_id,
        "format_id": setup.number_format.format_id,
        "gpu_id": setup.gpu.gpu_id,
        "gpus_per_replica": way.gpus,
        "tp": way.tp,
        "pp": way.pp,
        "engine": request.engine,
        "max_model_len": setup.context_tokens,
        "max_num_seqs": int(max_num_seqs(found, request)[i]),
        "weight_gib": float(memory.weight_gib[i]),
        "kv_cache_tokens": int(memory.kv_cache_tokens[i]),
        "max_sequences": int(memory.max_sequences[i]),
        "memory_used_fraction": _used(search, i),
        "rate_at_target_per_s": per_s,
        "rate_at_target_low_per_s": float(rate.low_per_s[i]),
        "rate_at_target_high_per_s": float(rate.high_per_s[i]),
        "output_tokens_per_s_at_target": per_s * request.output_tokens,
        "tpot_ms_alone": float(rate.tpot_alone_ms[i]),
        "ttft_ms_alone": float(rate.ttft_alone_ms[i]),
        "confidence": trusted.confidence,
        "why": (*trusted.why, *([left_open] if left_open else [])),
    }


def _used(search: Search, i: int) -> float:
    memory = search.memory
    cache = search.met.mean_in_service[i] * request_tokens(search.request) * memory.kv_bytes_per_token[i] / GIB_BYTES
    parts = memory.weight_gib[i] + memory.activation_gib[i] + memory.graph_gib[i] + memory.runtime_gib[i]
    return float((parts + min(cache, memory.cache_gib[i])) / memory.capacity_gib[i])


def candidate(search: Search, priced: Priced, k: int, base: Placement, *, pareto: bool) -> Candidate:
    """One deployment at one price."""
    i, row = int(priced.paired.deployment[k]), priced.offered.rows[priced.paired.offer[k]]
    cost = priced.cost
    spares = 0 if search.request.survive_region_loss else search.request.spare_replicas * search.request.regions
    high = float(cost.usd_per_month_high[k])
    return Candidate(
        **dict(base),
        price_id=row.price_id,
        provider=row.provider,
        provider_tier=row.provider_tier,
        instance=row.instance,
        gpus_per_instance=row.gpus_per_instance,
        region=row.region,
        term=row.term,
        usd_per_gpu_hour=float(priced.offered.usd_per_gpu_hour[priced.paired.offer[k]]),
        price_as_of=row.as_of,
        price_source=row.source[:200],
        tpot_ms=float(search.met.tpot_s[i]) * MS_PER_S,
        ttft_ms=float(search.met.ttft_s[i]) * MS_PER_S,
        replicas=int(search.sized.total[i]),
        spare_replicas=spares,
        gpus=int(cost.gpus[k]),
        utilisation_fraction=float(cost.utilisation_fraction[k]),
        usd_per_month=float(cost.usd_per_month[k]),
        usd_per_month_low=float(cost.usd_per_month_low[k]),
        usd_per_month_high=high if np.isfinite(high) else None,
        usd_per_mtok_output=float(cost.usd_per_mtok_output[k]),
        usd_per_mtok=float(cost.usd_per_mtok[k]),
        usd_per_mtok_full_load=float(cost.usd_per_mtok_full_load[k]),
        within_band=peak_per_replica(search, i) <= float(search.rate.low_per_s[i]) * (1 + 1e-9),
        pareto=pareto,
    )


def reachable(search: Search) -> Reachable | None:
    """The deployment whose one request in flight misses the target least; None when there is no deployment."""
    if not len(search.found):
        return None
    slo, rate = search.request.latency, search.rate
    i = int(np.argmin(misses_by(search)))
    tpot, ttft = float(rate.tpot_alone_ms[i]), float(rate.ttft_alone_ms[i])
    told = f"{in_ms(tpot, slo.tpot_slo_ms)} ms per token and {in_ms(ttft, slo.ttft_slo_ms)} ms to the first"
    sentence = (
        f"The best reachable is {told}, with one request in flight: {search.found.words(i)}. Asked were "
        f"{slo.tpot_slo_ms:g} and {slo.ttft_slo_ms:g} ms."
    )
    return Reachable(placement=placement(search, i), tpot_ms=tpot, ttft_ms=ttft, sentence=sentence)

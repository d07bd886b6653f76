"""A small answer of the capacity search, every figure by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.domain.capacity import Candidate, CapacityRequest, Found, Refusal
from planner.domain.workload import LatencyTarget

ON = dt.date(2026, 11, 21)


def request(**changes: Any) -> CapacityRequest:
    """5 requests/s at the peak, 1,500 in and 300 out, P95 TPOT 40 ms: the question of the project's first example."""
    asked = {
        "peak_requests_per_s": 5,
        "mean_requests_per_s": 2,
        "input_tokens": 1500,
        "output_tokens": 300,
        "latency": LatencyTarget(ttft_slo_ms=2000, tpot_slo_ms=40),
        "model_ids": ("llama-3.3-70b",),
        "format_ids": ("fp8",),
    }
    return CapacityRequest.model_validate({**asked, **changes})


def candidate(**changes: Any) -> Candidate:
    """2 replicas and a spare on 2 H100 each at 2.00 USD an hour: 6 x 2 x 730 = 8,760 USD a month."""
    figures = {
        "model_id": "llama-3.3-70b",
        "format_id": "fp8",
        "gpu_id": "h100-sxm",
        "gpus_per_replica": 2,
        "tp": 2,
        "pp": 1,
        "engine": "vllm",
        "max_model_len": 8192,
        "max_num_seqs": 1024,
        "weight_gib": 67.7,
        "kv_cache_tokens": 400_000,
        "max_sequences": 222,
        "memory_used_fraction": 0.6,
        "rate_at_target_per_s": 3.0,
        "rate_at_target_low_per_s": 2.4,
        "rate_at_target_high_per_s": 3.6,
        "output_tokens_per_s_at_target": 900.0,
        "tpot_ms_alone": 18.0,
        "ttft_ms_alone": 120.0,
        "confidence": "normal",
        "why": ("vLLM 0.8 and later, dense",),
        "price_id": "acme-h100",
        "provider": "Acme",
        "provider_tier": "neocloud",
        "instance": "H100 SXM",
        "gpus_per_instance": 1,
        "term": "on_demand",
        "usd_per_gpu_hour": 2.0,
        "price_as_of": "2026-11-01",
        "price_source": "price list of Acme",
        "tpot_ms": 31.4,
        "ttft_ms": 210.0,
        "replicas": 3,
        "spare_replicas": 1,
        "gpus": 6,
        "utilisation_fraction": 0.22,
        "usd_per_month": 8760.0,
        "usd_per_month_low": 8760.0,
        "usd_per_month_high": 11_680.0,
        "usd_per_mtok_output": 5.55,
        "usd_per_mtok": 0.925926,
        "usd_per_mtok_full_load": 0.205,
        "within_band": False,
        "pareto": True,
    }
    return Candidate.model_validate({**figures, **changes})


def answer(*candidates: Candidate, **changes: Any) -> Found:
    """An answer with these candidates; with the sample alone when none is given."""
    listed = candidates or (candidate(),)
    figures = {
        "on": ON,
        "request": request(),
        "searched": 1953,
        "deployments": 175,
        "meeting": len(listed),
        "candidates": listed,
        "refused": (
            Refusal(code="MEMORY", count=28, example="Llama on 1 x T4: too small.", remedy="Use more GPUs."),
            Refusal(code="LATENCY", count=57, example="Llama on 8 x T4: 98 ms.", remedy="Relax the target."),
        ),
        "notes": ("Prices here are the rent of GPUs alone.",),
    }
    return Found.model_validate({**figures, **changes})

"""Claims on models, memory and machines (B1 to B6, B13, B14, B16, B17)."""

from __future__ import annotations

from functools import partial

from planner.capacity.ceiling import decode_steps_ceiling_per_s
from planner.capacity.memory import kv_cache_tokens, weight_bytes
from planner.catalog.tables import Tables
from planner.cost.tuning import training_gpu_hours
from planner.decision.claims.finding import ABOUT, ClaimFunction, Finding, Inputs, Quantity, at_most, near, span
from planner.decision.claims.models import gib, weights_gb
from planner.units import GB_BYTES, GIB_BYTES, MTOK, ceil_tol

GPUS_PER_NODE = 8
QUANTISED = ("llama-3.1-8b", "llama-3.1-70b", "qwen2.5-72b", "mistral-large-2")


def model_exists(x: Inputs, tables: Tables) -> Finding:
    """B1: whether the family has a model of the claimed size in the catalog."""
    sizes = [m.total_params / 1e9 for m in tables.models if m.model_id.startswith("llama-4-")]
    claimed = (x["claimed_small_b"], x["claimed_large_b"])
    computed = (
        Quantity("smallest Llama 4 of the catalog", min(sizes), "B parameters"),
        Quantity("largest Llama 4 of the catalog", max(sizes), "B parameters"),
    )
    said = f"The catalog has Llama 4 at {' and '.join(f'{size:.0f}B' for size in sorted(sizes))} parameters."
    return Finding(computed, said, tuple(any(near(claim, size) for size in sizes) for claim in claimed))


def _cache(x: Inputs, tables: Tables, model_id: str, gpu_gib: float, overhead_gib: float) -> int:
    return kv_cache_tokens(
        gpus=1,
        gpu_memory_gib=gpu_gib,
        usable_fraction=x["usable_fraction"],
        weight_gib=gib(weights_gb(tables, model_id, x["bits_per_weight"])),
        overhead_gib_per_gpu=overhead_gib,
        kv_bytes=tables.model_by_id[model_id].kv_bytes_per_token_16bit,
    )


def _fits(model_id: str, x: Inputs, tables: Tables) -> Finding:
    """B2 to B5: whether weights and one request's cache fit the claimed memory, without and with overhead (CAP-4)."""
    weights, context = weights_gb(tables, model_id, x["bits_per_weight"]), x["context_tokens"]
    left = [_cache(x, tables, model_id, x["claimed_gpu_gib"], overhead) for overhead in (0, x["overhead_gib"])]
    next_card = _cache(x, tables, model_id, x["next_gpu_gib"], x["overhead_gib"])
    one_request = context * tables.model_by_id[model_id].kv_bytes_per_token_16bit / GIB_BYTES
    computed = (
        Quantity("weights", weights, "GB"),
        Quantity("weights and one request", gib(weights) + one_request, "GiB"),
        Quantity("usable of the claimed memory", x["claimed_gpu_gib"] * x["usable_fraction"], "GiB"),
        Quantity("tokens of cache at the claimed memory", left[0], "tokens"),
        Quantity("tokens of cache on the next card", next_card, "tokens"),
    )
    said = f"Weights and one request of {context:,.0f} tokens take {gib(weights) + one_request:.1f} GiB."
    return Finding(computed, said, tuple(tokens >= context for tokens in left))


def memory_saved(x: Inputs, tables: Tables) -> Finding:
    """B6: memory that 4-bit weights save, of the weights and of a whole server whose cache does not shrink (CAP-4)."""
    wide = {m: weights_gb(tables, m, 16) for m in QUANTISED}
    narrow = {m: weights_gb(tables, m, x["bits_per_weight"]) for m in QUANTISED}
    kv = tables.model_by_id["llama-3.1-70b"].kv_bytes_per_token_16bit / GIB_BYTES
    cache = x["requests"] * x["tokens_per_request"] * kv
    server = [gib(weights["llama-3.1-70b"]) + cache for weights in (wide, narrow)]
    saved = {m: 100 * (1 - narrow[m] / wide[m]) for m in QUANTISED}
    whole = 100 * (1 - server[1] / server[0])
    computed = (
        *(Quantity(f"saved of the weights, {tables.model_by_id[m].name}", saved[m], "%") for m in QUANTISED),
        Quantity("70B server at 16 bits", server[0], "GiB"),
        Quantity("70B server at 4 bits", server[1], "GiB"),
        Quantity("saved of the 70B server", whole, "%"),
    )
    range_saved = span(min(saved.values()), max(saved.values()), "%")
    said = f"4-bit weights save {range_saved} of the weights, {whole:.0f}% of a whole server."
    return Finding(computed, said, tuple(at_most(x["claimed_pct"], share) for share in (*saved.values(), whole)))


def laptop_14b(x: Inputs, tables: Tables) -> Finding:
    """B13: whether a 14B fits a laptop's memory, and the most it can decode at several bandwidths (CAP-7)."""
    params = tables.model_by_id["qwen2.5-14b"].total_params
    small, wide = (weight_bytes(params, bits) / GB_BYTES for bits in (x["bits_per_weight"], 16))
    usable = x["memory_gib"] * x["usable_fraction"]
    speeds = [
        decode_steps_ceiling_per_s(x[name], 1, small * GB_BYTES)
        for name in ("low_gb_per_s", "middle_gb_per_s", "high_gb_per_s")
    ]
    computed = (
        Quantity("weights at 4 bits", small, "GB"),
        Quantity("weights at 16 bits", wide, "GB"),
        Quantity("slow memory, at most", speeds[0], "tokens/s"),
        Quantity("middle memory, at most", speeds[1], "tokens/s"),
        Quantity("fast memory, at most", speeds[2], "tokens/s"),
    )
    bounds = span(speeds[0], speeds[2], " tokens/s")
    said = f"4-bit weights take {small:.1f} GB of {usable:.1f} GiB and decode at no more than {bounds}."
    return Finding(
        computed, said, (at_most(gib(small), usable), *(speed >= x["usable_tokens_per_s"] for speed in speeds))
    )


def weekend_tuning(x: Inputs, tables: Tables) -> Finding:
    """B14: memory and hours of a small fine-tuning on one consumer card (CAP-4)."""
    model = tables.model_by_id["llama-3.1-8b"]
    gpu = tables.gpu_by_id["rtx-4090"]
    weights = weights_gb(tables, "llama-3.1-8b", x["bits_per_weight"])
    hours = float(
        training_gpu_hours(
            model.active_params,
            x["training_mtok"] * MTOK,
            1,
            1,
            flops_per_param_token=x["flops_per_param_token"],
            tflops=gpu.bf16_dense_tflops or 0,
            mfu_fraction=x["mfu_fraction"],
        )
    )
    room = gib(weights) + x["activations_gib"]
    computed = (Quantity("4-bit weights", weights, "GB"), Quantity("computing", hours, "hours"))
    said = f"{room:.1f} GiB of {gpu.memory_mib_reported / 1024:.0f} GiB, and {hours:.1f} hours of computing."
    return Finding(computed, said, (at_most(room, gpu.memory_mib_reported / 1024), at_most(hours, x["weekend_hours"])))


def largest_open(x: Inputs, tables: Tables) -> Finding:
    """B16: whether any model of the same list is larger, and what the claimed one takes to run (CAP-4)."""
    other = tables.model_by_id["deepseek-v3"].total_params / 1e9
    gpus = {}
    for bits in (16, 8):
        need = gib(weights_gb(tables, "llama-3.1-405b", 16) * bits / 16) / (x["gpu_gib"] * x["usable_fraction"])
        gpus[bits] = float(ceil_tol(need / GPUS_PER_NODE)) * GPUS_PER_NODE
    computed = (
        Quantity("the other model of the list", other, "B parameters"),
        Quantity("405B at 16 bits", weights_gb(tables, "llama-3.1-405b", 16), "GB"),
        Quantity("GPUs at 16 bits, in eights", gpus[16], "GPUs"),
        Quantity("GPUs at 8 bits, in eights", gpus[8], "GPUs"),
    )
    said = f"The same list has a model of {other:.0f}B parameters."
    return Finding(computed, said, (x["claimed_b"] >= other * (1 - ABOUT / 10),))


def moe_efficient(x: Inputs, tables: Tables) -> Finding:
    """B17: a mixture of experts computes like its active part and is stored whole (CAP-4)."""
    model = tables.model_by_id["deepseek-v3"]
    eights = {g: GPUS_PER_NODE * tables.gpu_by_id[g].memory_mib_reported / 1024 for g in ("h100-sxm", "h200")}
    weights = model.native_weights_gb
    room = {g: total * x["usable_fraction"] - gib(weights) for g, total in eights.items()}
    computed = (
        Quantity("weights at 8 bits", weights, "GB"),
        Quantity("active of all parameters", 100 * model.active_params / model.total_params, "%"),
        Quantity("memory of 8 H100", eights["h100-sxm"] * GIB_BYTES / GB_BYTES, "GB"),
        Quantity("left for the cache on 8 H200", room["h200"], "GiB"),
    )
    left_h100, left_h200 = (max(room[gpu], 0) for gpu in ("h100-sxm", "h200"))
    said = f"Left for the cache: {left_h100:.0f} GiB on 8 H100, {left_h200:.0f} GiB on 8 H200."
    return Finding(computed, said, tuple(left > x["cache_gib"] for left in room.values()))


_FITS = {f"fits_{size}": model for size, model in zip(("8b", "70b", "72b", "123b"), QUANTISED, strict=True)}
FUNCTIONS: dict[str, ClaimFunction] = {
    **{key: partial(_fits, model) for key, model in _FITS.items()},
    **{
        function.__name__: function
        for function in (model_exists, memory_saved, laptop_14b, weekend_tuning, largest_open, moe_efficient)
    },
}

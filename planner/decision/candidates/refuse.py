"""What was left out, by reason: how many, the nearest of them in words, and the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from planner.capacity.engine_defaults import CONTEXT_OF_MEAN
from planner.capacity.engine_support import engine_runs, joins
from planner.capacity.memory_advice import what_would_fit
from planner.capacity.replica_memory import ReplicaMemory
from planner.catalog.tables import Tables
from planner.decision.candidates.grid import BoolArray, Grid, IntArray, Ruled, linked_gpus
from planner.decision.candidates.licences import Licences
from planner.decision.candidates.memory import request_tokens, setup_of
from planner.decision.candidates.offers import Offers
from planner.decision.candidates.search import Search
from planner.domain.capacity import CapacityRequest, Refusal
from planner.domain.serving import engine_words
from planner.format import plural
from planner.units import FloatArray

MOST_WAYS = 3


class Ruling(NamedTuple):
    """What the words of the first rules need."""

    found: Grid
    request: CapacityRequest
    tables: Tables
    licences: Licences


def ruled_out(ruled: tuple[Ruled, ...], ruling: Ruling) -> Iterator[Refusal]:
    """One refusal per rule that caught something that no earlier rule did."""
    left = np.ones(len(ruling.found), dtype=bool)
    for rule in ruled:
        out = left & rule.out
        left &= ~rule.out
        if np.any(out):
            example, remedy = _words(rule, int(np.flatnonzero(out)[0]), ruling)
            yield Refusal(code=rule.code, count=int(out.sum()), example=example, remedy=remedy)


def kept(ruled: tuple[Ruled, ...], n: int) -> BoolArray:
    """Deployments that no rule catches, (n,)."""
    left = np.ones(n, dtype=bool)
    for rule in ruled:
        left &= ~rule.out
    return left


def _words(rule: Ruled, i: int, ruling: Ruling) -> tuple[str, str]:
    found, request = ruling.found, ruling.request
    model, kind, gpu = found.models[found.model[i]], found.formats[found.format[i]], found.gpus[found.gpu[i]]
    what, way = found.words(i), found.ways[found.way[i]]
    match rule.code:
        case "ENGINE" if not engine_runs(request.engine, gpu):
            way_out = "Choose llama.cpp, or another GPU." if gpu.vendor == "Apple" else "Choose another engine or GPU."
            return f"{what}: {engine_words(request.engine)} does not run on {gpu.name}.", way_out
        case "ENGINE":
            files = (
                "GGUF files are read by llama.cpp" if request.engine != "llama.cpp" else "llama.cpp reads GGUF files"
            )
            return (
                f"{what}: {engine_words(request.engine)} does not read it; {files}.",
                "Choose another format or engine.",
            )
        case "MODALITY":
            return f"{what}: the model reads {model.modality}, not text.", "Choose a model that reads text."
        case "FORMAT" if gpu.architecture not in kind.architectures:
            runs = kind.runs_on.replace(";", ", ")
            return f"{what}: {kind.name} runs on {runs}, not on {gpu.architecture}.", "Choose another format or GPU."
        case "FORMAT":
            own = ruling.tables.format_by_id[model.native_format].name
            return f"{what}: it is published in {own}; more bits bring nothing back.", f"Use {own}, or fewer bits."
        case "LICENCE":
            return f"{what}: {ruling.licences.failed[found.model[i]]}.", "Choose another model, or ask for a licence."
        case "CONTEXT":
            longest = request.max_model_len or request_tokens(request)
            said = f"{what}: requests of {longest:,.0f} tokens, the model takes {model.max_context_tokens:,}."
            return said, "Choose a model with a longer context, or shorten the prompt."
        case _:
            other = f"a number of GPUs that divides the heads, not {way.tp}" if joins(gpu) else "one GPU per replica"
            return f"{what}: {_split(found, i)}.", f"Use {other}."


def _split(found: Grid, i: int) -> str:
    model, way, gpu = found.models[found.model[i]], found.ways[found.way[i]], found.gpus[found.gpu[i]]
    if way.gpus > 1 and not joins(gpu):
        return f"{gpu.name} chips have no link fast enough to serve one replica together"
    if way.tp > linked_gpus(gpu):
        return f"fast links reach over {linked_gpus(gpu)} GPUs, not {way.tp}"
    if way.pp > model.layers:
        return f"{model.layers} layers cannot fill {way.pp} stages"
    return f"{way.tp} GPUs cannot share {model.attention_heads} heads and {model.kv_heads} KV heads equally"


def memory_refusal(found: Grid, memory: ReplicaMemory, request: CapacityRequest, tables: Tables) -> Refusal | None:
    """Deployments that do not fit, the nearest of them by the share of memory that its weights take."""
    out = np.flatnonzero(~memory.fits)
    if not len(out):
        return None
    i = int(out[np.argmin(memory.weight_fraction[out])])
    setup = setup_of(found, i, request)
    ways = what_would_fit(
        setup,
        request_tokens(request),
        gpus=tables.gpus,
        formats=tables.formats,
        native=tables.format_by_id[setup.model.native_format],
    )
    told = "; or ".join(way.sentence for way in ways[:MOST_WAYS])
    example = (
        f"{found.words(i)}: {memory.weight_gib[i]:.1f} GiB of weights in {memory.capacity_gib[i]:.1f} GiB leave room "
        f"for {memory.kv_cache_tokens[i]:,.0f} tokens of KV cache; one request may have {setup.context_tokens:,} "
        f"({_context(request)})."
    )
    remedy = f"It fits with {told}." if told else "Use more GPUs, larger ones, or a smaller format."
    return Refusal(code="MEMORY", count=len(out), example=example, remedy=remedy)


def _context(request: CapacityRequest) -> str:
    return "as asked" if request.max_model_len else f"{CONTEXT_OF_MEAN} times the mean, or the model's own limit"


def offer_refusal(count: int, offered: Offers, k: int) -> Refusal:
    """Prices that are not on the terms, from the providers or in the region asked for; `k` is the cheapest of them."""
    row = offered.rows[k]
    place = f" in {row.region}" if row.region else ""
    said = f"{row.instance} of {row.provider} ({row.provider_tier}){place}, {row.term}, "
    example = f"{said}{offered.usd_per_gpu_hour[k]:g} USD per GPU-hour."
    remedy = (
        "Allow more terms, kinds of provider, providers or regions. Serverless prices never count: they are no rent."
    )
    return Refusal(code="TERM", count=count, example=example, remedy=remedy)


def node_refusal(count: int, found: Grid, i: int, offered: Offers, k: int) -> Refusal:
    """Replicas that need more GPUs than come together."""
    row = offered.rows[k]
    together = f"{row.instance} of {row.provider} has {plural(int(offered.group_gpus[k]), 'GPU')}"
    example = f"{found.words(i)}: {together}."
    return Refusal(code="NODE", count=count, example=example, remedy="Use fewer GPUs per replica, or larger instances.")


def budget_refusal(count: int, what: str, usd_per_month: float, request: CapacityRequest) -> Refusal:
    """Fleets above the budget; the cheapest of them."""
    example = f"{what}: {usd_per_month:,.0f} USD a month; the budget is {request.budget_usd_per_month:,.0f}."
    return Refusal(code="BUDGET", count=count, example=example, remedy=f"Allow {usd_per_month:,.0f} USD a month.")


def latency_refusal(search: Search, able: BoolArray) -> Refusal:
    """Deployments that miss the target with one request in flight; the one that misses it least."""
    out, slo, rate = np.flatnonzero(~able), search.request.latency, search.rate
    i = int(out[np.argmin(misses_by(search)[out])])
    tpot = in_ms(float(rate.tpot_alone_ms[i]), slo.tpot_slo_ms)
    ttft = in_ms(float(rate.ttft_alone_ms[i]), slo.ttft_slo_ms)
    example = (
        f"{search.found.words(i)}: one request alone takes {tpot} ms per token and {ttft} ms to the first; asked are "
        f"{slo.tpot_slo_ms:g} and {slo.ttft_slo_ms:g} ms."
    )
    remedy = "Relax the target, or use more GPUs per replica, faster ones, or a smaller format."
    return Refusal(code="LATENCY", count=len(out), example=example, remedy=remedy)


def in_ms(value: float, target: float | None = None) -> str:
    """Milliseconds to three digits, never with a letter: 7.41, 40.1, 1,310; to more where that equals the target."""
    plain = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return plain if target is None or float(plain.replace(",", "")) != target or value == target else f"{value:,.6g}"


def misses_by(search: Search) -> FloatArray:
    """Times that one request alone takes what the target allows, the worse of TPOT and TTFT, (n,)."""
    slo, rate = search.request.latency, search.rate
    return np.maximum(rate.tpot_alone_ms / slo.tpot_slo_ms, rate.ttft_alone_ms / slo.ttft_slo_ms)


def no_price(found: Grid, unpriced: IntArray) -> Refusal:
    """Deployments on GPUs that the catalog has no rent of: they meet the target and are listed apart."""
    gpu = found.gpus[found.gpu[unpriced[0]]]
    return Refusal(
        code="NO_PRICE",
        count=len(unpriced),
        example=f"{found.words(int(unpriced[0]))}: no price of {gpu.name} is known.",
        remedy="Add a dated price of your own to the catalog.",
    )

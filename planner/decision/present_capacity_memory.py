"""Where the memory of a replica goes, per GPU, and the least changes that would make it fit."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.engine_support import engine_runs, not_served
from planner.capacity.memory_advice import Way, what_would_fit
from planner.capacity.replica_memory import Setup, fit_of, kv_replicated, splits
from planner.capacity.weights import comes_in
from planner.catalog.formats import runs_on
from planner.catalog.tables import Tables
from planner.decision.present_tables import Column, Table, right
from planner.format import count, percent, short

WEIGHTS, EMBEDDINGS, ENGINE = "Weights", "Embeddings", "Activations, engine"
IN_USE, FREE, IDLE = "KV cache in use", "KV cache free", "Not used"
CACHE = "KV cache"


class Memory(NamedTuple):
    """GiB per GPU by part; figures of the whole replica beside it."""

    parts_gib: dict[str, float]
    gpu_gib: float
    usable_gib: float
    kv_cache_tokens: float
    max_sequences: float
    weight_fraction: float
    fits: bool
    why_not: str


def memory(setup: Setup, request_tokens: float, in_service: float | None = None) -> Memory:
    """The parts of one GPU; `in_service` requests of the mean length are in use, on average. None: not known."""
    found = fit_of([setup], request_tokens)
    gpus = setup.tp * setup.pp

    def each(values: object) -> float:
        return float(values[0]) / gpus  # type: ignore[index]  # arrays of one

    cache, fits = each(found.cache_gib), bool(found.fits[0])
    used = 0.0 if in_service is None else min(cache, _held(found, in_service, request_tokens) / gpus)
    parts = {
        WEIGHTS: each(found.layers_gib),
        EMBEDDINGS: each(found.embedding_gib),
        ENGINE: each(found.activation_gib) + each(found.graph_gib) + each(found.runtime_gib),
        **({} if cache <= 0 else {IN_USE: used, FREE: cache - used}),
        **({IDLE: each(found.reserved_gib) + each(found.uneven_gib)} if cache > 0 else {}),
    }
    capacity = each(found.capacity_gib)
    return Memory(
        parts_gib=parts,
        gpu_gib=capacity,
        usable_gib=capacity * setup.utilisation_fraction,
        kv_cache_tokens=float(found.kv_cache_tokens[0]),
        max_sequences=float(found.max_sequences[0]),
        weight_fraction=float(found.weight_fraction[0]),
        fits=fits,
        why_not="" if fits else _why_not(setup, cache),
    )


def _held(found: object, in_service: float, request_tokens: float) -> float:
    """GiB of cache that so many requests of the mean length hold, over all GPUs."""
    per_token = float(found.kv_bytes_per_token[0])  # type: ignore[attr-defined]  # ReplicaMemory
    return in_service * request_tokens * per_token / 2**30


def _why_not(setup: Setup, cache: float) -> str:
    if cache <= 0:
        return "Weights and engine alone take more than the engine may use."
    return f"What is left for the KV cache does not hold one request of {count(setup.context_tokens)} tokens."


def cannot(setup: Setup, tables: Tables) -> tuple[str, ...]:
    """Why this deployment cannot be at all, each with the way out; empty when it can."""
    model, kind, gpu = setup.model, setup.number_format, setup.gpu
    problems = []
    if not splits(model, setup.tp, setup.pp):
        allowed = [str(n) for n in (1, 2, 4, 8, 16) if splits(model, n, setup.pp)]
        heads = f"{model.attention_heads} query heads" + (
            "" if kv_replicated(model) else f" and {model.kv_heads} KV heads"
        )
        problems.append(
            f"{model.name} has {heads} and {model.layers} layers, which {setup.tp} GPUs in {setup.pp} stages cannot "
            f"share out evenly. Take {', '.join(allowed) or 'fewer'} GPUs a stage."
        )
    if not runs_on(kind, gpu):
        others = [row.name for row in tables.gpus if runs_on(kind, row) and engine_runs(setup.engine, row)][:3]
        problems.append(
            f"{gpu.name} cannot run {kind.name}. Take another format, or a GPU that can, such as {', '.join(others)}."
        )
    refused = not_served(setup.engine, kind, gpu, setup.tp * setup.pp)
    if refused:
        problems.append(f"{refused.why}. {refused.remedy}")
    if not comes_in(model, kind, tables.format_by_id[model.native_format]):
        problems.append(
            f"{model.name} is published in {tables.format_by_id[model.native_format].name} and does not come in "
            f"{kind.name}. Take its own format or a smaller one."
        )
    if setup.context_tokens > model.max_context_tokens:
        problems.append(
            f"{model.name} reads at most {count(model.max_context_tokens)} tokens, prompt and answer together, not "
            f"{count(setup.context_tokens)}. Take a shorter context or another model."
        )
    return tuple(problems)


def ways_to_fit(setup: Setup, request_tokens: float, tables: Tables) -> tuple[Way, ...]:
    """The least change of each kind that would make it fit; none when it does."""
    native = tables.format_by_id[setup.model.native_format]
    return what_would_fit(setup, request_tokens, gpus=tables.gpus, formats=tables.formats, native=native)


def memory_rows(found: Memory, request_tokens: float) -> Table:
    """The bar in figures."""
    columns = (Column("Part"), *right(("Per GPU", "GiB"), ("Share", "%")))
    rows = [(name, f"{gib:,.1f}", percent(gib / found.gpu_gib).rstrip("%")) for name, gib in found.parts_gib.items()]
    total = ("One GPU", f"{found.gpu_gib:,.1f}", "100")
    held = f"KV cache: {short(found.kv_cache_tokens)} tokens, {count(found.max_sequences)} whole requests of "
    return Table(f"{held}{short(request_tokens)} tokens in a replica", columns, (*rows, total))


def way_rows(ways: tuple[Way, ...]) -> Table:
    """What would make it fit, one change at a time."""
    columns = (Column("What would make it fit"), *right(("KV cache then", "tokens")))
    rows = tuple((way.sentence[:1].upper() + way.sentence[1:], count(way.kv_cache_tokens)) for way in ways)
    return Table("One change at a time", columns, rows)

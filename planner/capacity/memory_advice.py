"""What would make a deployment fit: concrete changes, one at a time, each checked by the memory rule itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from planner.capacity.engine_defaults import default_max_num_seqs
from planner.capacity.engine_support import engine_runs, joins
from planner.capacity.published import has_own_rate
from planner.capacity.replica_memory import Setup, fit_of, splits
from planner.capacity.weights import comes_in, engine_reads
from planner.catalog.formats import runs_on
from planner.catalog.rows import FormatRow, GpuRow

GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64)
"""GPUs of a tensor-parallel group that are tried."""
HIGH_UTILISATION_FRACTION = 0.95
"""More leaves too little for what the driver and other processes take."""
FEW_SEQS = 64
_CONTEXT_STEP_TOKENS = 256


class Way(NamedTuple):
    """One change that makes it fit, in words, and the deployment after it."""

    kind: str
    """gpus, gpu, format, cache, context, utilisation or sequences."""
    sentence: str
    setup: Setup
    kv_cache_tokens: int


def what_would_fit(
    setup: Setup,
    request_tokens: float,
    *,
    gpus: Sequence[GpuRow],
    formats: Sequence[FormatRow],
    native: FormatRow,
    max_gpus: int = 64,
) -> tuple[Way, ...]:
    """The least change of each kind that makes `setup` fit, if any of that kind does; () when it fits already.

    `gpus` and `formats` are those to choose from, `native` is the format the model is published in.
    """
    if fit_of([setup], request_tokens).fits[0]:
        return ()
    ladders = [list(ladder) for ladder in _ladders(setup, request_tokens, gpus, formats, native, max_gpus)]
    tried = [way for ladder in ladders for way in ladder]
    if not tried:
        return ()
    memory = fit_of([way.setup for way in tried], request_tokens)
    held = {id(way): int(tokens) for way, tokens in zip(tried, memory.kv_cache_tokens, strict=True)}
    fitting = {id(way) for way, fits in zip(tried, memory.fits, strict=True) if fits}
    first = (next((way for way in ladder if id(way) in fitting), None) for ladder in ladders)
    return tuple(way._replace(kv_cache_tokens=held[id(way)]) for way in first if way is not None)


def _ladders(
    setup: Setup,
    request_tokens: float,
    gpus: Sequence[GpuRow],
    formats: Sequence[FormatRow],
    native: FormatRow,
    max_gpus: int,
) -> Iterator[Iterator[Way]]:
    """Of each kind, the changes from the least to the most."""
    yield _more_gpus(setup, max_gpus)
    yield _larger_gpus(setup, gpus)
    yield _smaller_formats(setup, formats, native)
    yield _other_settings(setup)
    yield _shorter_contexts(setup, request_tokens)


def _more_gpus(setup: Setup, max_gpus: int) -> Iterator[Way]:
    for tp in GROUP_SIZES if joins(setup.gpu) else ():
        if setup.tp < tp and tp * setup.pp <= max_gpus and splits(setup.model, tp, setup.pp):
            yield Way(
                "gpus", f"{tp * setup.pp} x {setup.gpu.name} instead of {setup.tp * setup.pp}", _with(setup, tp=tp), 0
            )


def _larger_gpus(setup: Setup, gpus: Sequence[GpuRow]) -> Iterator[Way]:
    """GPUs with units for the format; where the present one has none either, any that run it, and that is said."""
    alone = setup.tp * setup.pp == 1
    able = [g for g in gpus if engine_runs(setup.engine, g) and (alone or joins(g))]
    larger = [g for g in able if g.memory_mib_reported > setup.gpu.memory_mib_reported]
    must = has_own_rate(setup.gpu, setup.number_format.compute_rate)
    for gpu in sorted(larger, key=lambda g: (g.memory_mib_reported, g.gpu_id)):
        own = has_own_rate(gpu, setup.number_format.compute_rate)
        if runs_on(setup.number_format, gpu) and (own or not must):
            words = f"{setup.tp * setup.pp} x {gpu.name} instead of {setup.gpu.name}{_read_only(own)}"
            yield Way("gpu", words, setup._replace(gpu=gpu), 0)


def _read_only(own: bool) -> str:
    """What to say of a format that a GPU has no units for."""
    return "" if own else " (weights only: it has no units for the format and multiplies in a wider one)"


def _smaller_formats(setup: Setup, formats: Sequence[FormatRow], native: FormatRow) -> Iterator[Way]:
    bits = setup.number_format.bits_per_weight
    smaller = [
        kind
        for kind in formats
        if kind.bits_per_weight < bits
        and runs_on(kind, setup.gpu)
        and comes_in(setup.model, kind, native)
        and engine_reads(setup.engine, kind)
    ]
    for number_format in sorted(smaller, key=lambda f: (-f.bits_per_weight, f.format_id)):
        own = has_own_rate(setup.gpu, number_format.compute_rate)
        words = f"weights in {number_format.name} instead of {setup.number_format.name}{_read_only(own)}"
        yield Way("format", words, setup._replace(number_format=number_format), 0)


def _other_settings(setup: Setup) -> Iterator[Way]:
    if setup.kv_bits > 8:
        yield Way("cache", "the KV cache in 8 bits (FP8) instead of 16", setup._replace(kv_bits=8), 0)
    if setup.utilisation_fraction < HIGH_UTILISATION_FRACTION:
        words = f"{HIGH_UTILISATION_FRACTION:.0%} of GPU memory instead of {setup.utilisation_fraction:.0%}"
        yield Way("utilisation", words, setup._replace(utilisation_fraction=HIGH_UTILISATION_FRACTION), 0)
    served = setup.max_num_seqs or default_max_num_seqs(setup.engine, setup.gpu)
    if served > FEW_SEQS:
        words = f"at most {FEW_SEQS} requests side by side instead of {served:,}"
        yield Way("sequences", words, setup._replace(max_num_seqs=FEW_SEQS), 0)


def _shorter_contexts(setup: Setup, request_tokens: float) -> Iterator[Way]:
    """From the present context down to the length of a mean request; each step a fixed share shorter."""
    now = setup.context_tokens
    lengths = np.geomspace(now, max(request_tokens, 1), 64)
    for length in sorted(
        {int(n // _CONTEXT_STEP_TOKENS) * _CONTEXT_STEP_TOKENS for n in lengths.tolist()}, reverse=True
    ):
        if request_tokens <= length < now:
            words = f"requests of at most {length:,} tokens instead of {now:,}"
            yield Way("context", words, setup._replace(max_model_len=length), 0)


def _with(setup: Setup, tp: int) -> Setup:
    return setup._replace(tp=tp)

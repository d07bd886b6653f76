"""A measured or asked-for case in the terms of the model: its deployment, its load, and what had to be read into it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from planner.capacity.throughput.deployment import Deployment, Deployments, columns
from planner.capacity.throughput.predict import Load
from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.domain.serving import EngineName
from planner.units import GIB_BYTES, MIB_PER_GIB

_ROOM_FOR_CACHE = 1.25
_USABLE = 0.9
_ROUND_STEPS = (64, 100)
_ROUND_SLACK = 0.012
_VERY_SHORT = 10
_EXPERT_PARALLEL = re.compile(r"_ep([2-9]|\d\d+)|--enable-expert-parallel|--ep[-_]size [2-9]")


class Asked(NamedTuple):
    """One case as somebody states it; None or empty: not stated."""

    model: ModelRow
    number_format: FormatRow
    gpu: GpuRow
    engine: EngineName
    engine_version: str
    as_of: dt.date | None
    gpus: int
    tp: int | None
    dp: int | None
    input_tokens: float
    output_tokens: float
    concurrency: float | None
    """Requests in flight; None: saturated."""
    num_prompts: float | None
    benchmark: str = ""
    """Name of the benchmark, if any: MLPerf submissions are tuned for their load."""
    note: str = ""


class Case(NamedTuple):
    """A case ready to be predicted."""

    deployment: Deployment
    input_tokens: float
    output_tokens: float
    concurrency: float
    num_prompts: float
    mixed_lengths: bool


def case_of(asked: Asked) -> Case:
    """Parallelism filled in where it is not stated, attention DP, expert parallelism and tuning read from the note."""
    tp = asked.tp or usual_tp(asked.model, asked.number_format, asked.gpu, asked.gpus)
    dp = asked.dp if asked.dp and asked.dp * tp == asked.gpus else max(asked.gpus // tp, 1)
    deployment = Deployment(
        model=asked.model,
        number_format=asked.number_format,
        gpu=asked.gpu,
        tp=tp,
        dp=dp,
        expert_parallel=bool(_EXPERT_PARALLEL.search(asked.note)),
        engine=asked.engine,
        engine_version=asked.engine_version,
        as_of=asked.as_of,
        attention_data_parallel="attention dp" in asked.note.lower(),
        tuned=asked.benchmark.lower().startswith("mlperf"),
    )
    return Case(
        deployment,
        asked.input_tokens,
        asked.output_tokens,
        np.inf if asked.concurrency is None else asked.concurrency,
        np.inf if asked.num_prompts is None else asked.num_prompts,
        not (_round(asked.input_tokens) and (_round(asked.output_tokens) or asked.output_tokens < _VERY_SHORT)),
    )


def usual_tp(model: ModelRow, number_format: FormatRow, gpu: GpuRow, gpus: int) -> int:
    """The smallest tensor-parallel group, doubling, that leaves a quarter of the weights' size for the cache."""
    needed = model.total_params * number_format.bits_per_weight / 8 * _ROOM_FOR_CACHE
    tp = 1
    while tp < gpus and needed > tp * gpu.memory_mib_reported / MIB_PER_GIB * GIB_BYTES * _USABLE:
        tp *= 2
    return tp


def load_of(cases: Sequence[Case]) -> Load:
    """The loads of many cases as arrays (n,)."""
    return Load(
        np.array([case.input_tokens for case in cases]),
        np.array([case.output_tokens for case in cases]),
        np.array([case.concurrency for case in cases]),
        np.array([case.num_prompts for case in cases]),
        np.array([case.mixed_lengths for case in cases]),
    )


def deployments_of(cases: Sequence[Case]) -> Deployments:
    """The deployments of many cases as columns."""
    return columns([case.deployment for case in cases])


def _round(tokens: float) -> bool:
    """Whether a length looks chosen, not measured: near a multiple of 64 or of 100. Real requests differ in length."""
    return any(abs(tokens - round(tokens / step) * step) < _ROUND_SLACK * tokens for step in _ROUND_STEPS)

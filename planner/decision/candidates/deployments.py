"""Deployments of the grid in the predictor's own terms."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from planner.capacity.memory import kv_copies
from planner.capacity.replica_memory import kv_replicated
from planner.capacity.throughput.deployment import Deployment, Deployments, columns
from planner.catalog.predictor import PredictorFit
from planner.catalog.tables import Tables
from planner.decision.candidates.grid import Grid, Parallel
from planner.decision.candidates.memory import context_tokens
from planner.domain.capacity import CapacityRequest
from planner.units import FloatArray

_ALONE = Parallel(1, 1)


def fit_of(tables: Tables) -> PredictorFit:
    """The fitted predictor; ValueError for tables that were read without it."""
    if tables.predictor is None:
        raise ValueError("These tables have no fitted predictor: load them with `load_tables`.")
    return tables.predictor


def deployment_of(found: Grid, i: int, request: CapacityRequest, on: dt.date) -> Deployment:
    """One deployment as the predictor takes it."""
    return _deployment(found, i, found.ways[found.way[i]], request, on)


def deployments(found: Grid, request: CapacityRequest, on: dt.date) -> Deployments:
    """All of them as columns: each model, format and GPU once on a single GPU, then spread over the parallel ways.

    Only the sizes of the group and the copies of the cache that it holds depend on the way.
    """
    shape = (len(found.models), len(found.formats), len(found.gpus))
    same = np.ravel_multi_index((found.model, found.format, found.gpu), shape)
    _, first, place = np.unique(same, return_index=True, return_inverse=True)
    single = columns([_deployment(found, i, _ALONE, request, on) for i in first.tolist()])
    spread = Deployments(**{field.name: getattr(single, field.name)[place] for field in dataclasses.fields(single)})
    ways = np.asarray(found.ways, dtype=np.float64).reshape(-1, 2)[found.way]
    copies = _copies(found, ways[:, 0])
    return dataclasses.replace(
        spread,
        tp=ways[:, 0],
        pp=ways[:, 1],
        kv_bytes=spread.kv_bytes * copies,
        window_kv_bytes=spread.window_kv_bytes * copies,
    )


def _deployment(found: Grid, i: int, way: Parallel, request: CapacityRequest, on: dt.date) -> Deployment:
    model = found.models[found.model[i]]
    return Deployment(
        model=model,
        number_format=found.formats[found.format[i]],
        gpu=found.gpus[found.gpu[i]],
        tp=way.tp,
        pp=way.pp,
        engine=request.engine,
        as_of=on,
        kv_cache_bits=request.kv_cache_bits,
        gpu_memory_utilisation_fraction=request.gpu_memory_utilisation_fraction,
        max_num_seqs=request.max_num_seqs,
        max_model_len=context_tokens(request, model.max_context_tokens),
        prefix_hit_fraction=request.cached_fraction,
    )


def _copies(found: Grid, tp: FloatArray) -> FloatArray:
    heads = np.asarray([row.kv_heads for row in found.models], dtype=np.float64)
    replicated = np.asarray([kv_replicated(row) for row in found.models], dtype=bool)
    return kv_copies(tp, heads[found.model], replicated[found.model])

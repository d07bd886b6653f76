"""One deployment in full: where its memory goes, its curve from one request to all that fit, and how it is served."""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple

import numpy as np

from planner.capacity.lookup import Case, Neighbour, index_rows, nearest_rows
from planner.capacity.memory_advice import Way, what_would_fit
from planner.capacity.queue import MS_PER_S, Operating, ServiceTable, at_rate, target_of
from planner.capacity.replica_memory import ReplicaMemory, Setup, splits
from planner.capacity.serve_flags import Command, serve_command
from planner.capacity.throughput.confidence import trust
from planner.capacity.throughput.predict import Load, predict
from planner.catalog.tables import Tables
from planner.decision.candidates.deployments import deployment_of, deployments, fit_of
from planner.decision.candidates.exact import serve
from planner.decision.candidates.grid import Grid, Parallel, rules
from planner.decision.candidates.licences import licences
from planner.decision.candidates.memory import memory_of, request_tokens, setup_of
from planner.decision.candidates.rates import rates
from planner.decision.candidates.refuse import Ruling, ruled_out
from planner.domain.capacity import CapacityRequest
from planner.units import FloatArray

CURVE_POINTS = 25
NEAREST = 3


class Curve(NamedTuple):
    """Requests in service on one replica and what comes out of them, arrays (points,)."""

    in_service: FloatArray
    output_tokens_per_s: FloatArray
    low_output_tokens_per_s: FloatArray
    high_output_tokens_per_s: FloatArray
    tpot_ms: FloatArray
    ttft_ms: FloatArray


class Served(NamedTuple):
    """What a deployment that fits does; rates are requests/s of one replica at the target, with the 80 % band."""

    table: ServiceTable
    """T(N) of one replica, which the search, the curve and a scenario share."""
    low: float
    """Ends of the 80 % band over the likely throughput."""
    high: float
    curve: Curve
    rate_per_s: float
    low_per_s: float
    high_per_s: float
    operating: Operating
    """At that rate."""
    confidence: Literal["normal", "low"]
    why: tuple[str, ...]


class Detail(NamedTuple):
    """Everything that is shown of one deployment."""

    setup: Setup
    memory: ReplicaMemory
    """Arrays of one place."""
    served: Served | None
    """None: it does not fit."""
    ways: tuple[Way, ...]
    """What would make it fit; () when it does."""
    published: tuple[Neighbour, ...]
    """The measured rows nearest to it, at its load."""
    command: Command


class NotShared(Exception):
    """The GPUs cannot share this model, or cannot serve it as asked; the message says why and the way out."""


def detail(request: CapacityRequest, tables: Tables, on: dt.date, *, tp: int, pp: int = 1) -> Detail:
    """One deployment of tp x pp GPUs; the request names one model, one format and one GPU. May raise NotShared."""
    found = _one(request, tables, tp, pp)
    setup = setup_of(found, 0, request)
    if not splits(setup.model, tp, pp):
        raise NotShared(
            f"{tp} GPUs in {pp} stages cannot share {setup.model.name}: it has {setup.model.attention_heads} heads, "
            f"{setup.model.kv_heads} KV heads and {setup.model.layers} layers. Use a number that divides them."
        )
    _check(found, request, tables)
    memory = memory_of(found, request)
    served = _served(found, memory, request, tables, on) if memory.fits[0] else None
    return Detail(
        setup=setup,
        memory=memory,
        served=served,
        ways=_ways(setup, request, tables),
        published=_published(setup, served, request, tables, on),
        command=serve_command(setup, request_tokens=request_tokens(request)),
    )


def _one(request: CapacityRequest, tables: Tables, tp: int, pp: int) -> Grid:
    place = np.zeros(1, dtype=np.intp)
    model, kind = tables.model_by_id[request.model_ids[0]], tables.format_by_id[request.format_ids[0]]
    return Grid([model], [kind], [tables.gpu_by_id[request.gpu_ids[0]]], [Parallel(tp, pp)], *[place] * 4)


def _check(found: Grid, request: CapacityRequest, tables: Tables) -> None:
    """The rules of the search, but for licences: those say who may use it, not what it does."""
    read = licences(found.models, request, tables)
    ruled = tuple(rule for rule in rules(found, request, tables, read) if rule.code != "LICENCE")
    for refusal in ruled_out(ruled, Ruling(found, request, tables, read)):
        raise NotShared(f"{refusal.example} {refusal.remedy}")


def _ways(setup: Setup, request: CapacityRequest, tables: Tables) -> tuple[Way, ...]:
    native = tables.format_by_id[setup.model.native_format]
    return what_would_fit(setup, request_tokens(request), gpus=tables.gpus, formats=tables.formats, native=native)


def _served(found: Grid, memory: ReplicaMemory, request: CapacityRequest, tables: Tables, on: dt.date) -> Served:
    most = rates(found, memory, request, tables, on).coarse.most
    own = serve(found, most, request, tables, on)
    (table,) = own.service.tables
    operating = at_rate(table, float(own.per_s[0]), target_of(request.latency))
    load = Load(request.input_tokens, request.output_tokens, max(float(operating.mean_in_service), 1.0))
    trusted = trust(deployment_of(found, 0, request, on), load, fit_of(tables))
    return Served(
        table=table,
        low=float(own.service.low[0]),
        high=float(own.service.high[0]),
        curve=_curve(found, len(table.service_s), table, request, tables, on),
        rate_per_s=float(own.per_s[0]),
        low_per_s=float(own.low_per_s[0]),
        high_per_s=float(own.high_per_s[0]),
        operating=operating,
        confidence=trusted.confidence,
        why=trusted.why,
    )


def _curve(found: Grid, most: int, table: ServiceTable, request: CapacityRequest, tables: Tables, on: dt.date) -> Curve:
    side_by_side = np.unique(np.round(np.geomspace(1, most, CURVE_POINTS)))
    place = side_by_side.astype(int) - 1
    load = Load(request.input_tokens, request.output_tokens, side_by_side[:, np.newaxis])
    told = predict(deployments(found, request, on), load, fit_of(tables).constants)
    return Curve(
        in_service=side_by_side,
        output_tokens_per_s=told.output_tokens_per_s[:, 0],
        low_output_tokens_per_s=told.low_output_tokens_per_s[:, 0],
        high_output_tokens_per_s=told.high_output_tokens_per_s[:, 0],
        tpot_ms=table.tpot_s[place] * MS_PER_S,
        ttft_ms=table.prefill_s[place] * MS_PER_S,
    )


def _published(
    setup: Setup, served: Served | None, request: CapacityRequest, tables: Tables, on: dt.date
) -> tuple[Neighbour, ...]:
    """At the load of the operating point; saturated when there is none."""
    case = Case(
        model_id=setup.model.model_id,
        format_id=setup.number_format.format_id,
        gpu_id=setup.gpu.gpu_id,
        n_gpu=setup.tp * setup.pp,
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        concurrency=np.inf if served is None else max(float(served.operating.mean_in_service), 1.0),
        tp=setup.tp,
        engine=setup.engine,
        as_of=on,
    )
    return nearest_rows(index_rows(tables), case, NEAREST)

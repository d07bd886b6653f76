"""Every deployment of the catalog as columns: model x format x GPU x parallelism, and which of them cannot be.

A deployment is an index into lists of rows, so that a fact of a model, a pair or a triple is computed once and spread
by indexing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.engine_support import engine_runs, joins
from planner.capacity.replica_memory import splits
from planner.capacity.weights import comes_in, engine_reads
from planner.catalog.formats import runs_on
from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.catalog.tables import Tables
from planner.decision.candidates.licences import Licences
from planner.domain.capacity import CapacityRequest, RefusalCode

IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

NODE_GPUS = 8
"""GPUs that share the fast links of one machine; a tensor-parallel group does not reach further."""
RACK_GPUS = 72
"""The same in racks whose link spans them."""


class Parallel(NamedTuple):
    """How the GPUs of a replica share the model."""

    tp: int
    pp: int

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tp * self.pp


@dataclass(frozen=True)
class Grid:
    """Deployments as columns of indices, each (n,), into the lists of rows."""

    models: Sequence[ModelRow]
    formats: Sequence[FormatRow]
    gpus: Sequence[GpuRow]
    ways: Sequence[Parallel]
    model: IntArray
    format: IntArray
    gpu: IntArray
    way: IntArray

    def __len__(self) -> int:
        """Deployments."""
        return len(self.model)

    def only(self, kept: BoolArray | IntArray) -> Grid:
        """Some of them, in the same order."""
        columns = (self.model[kept], self.format[kept], self.gpu[kept], self.way[kept])
        return Grid(self.models, self.formats, self.gpus, self.ways, *columns)

    @property
    def replica_gpus(self) -> IntArray:
        """GPUs of a replica, (n,)."""
        return np.asarray([way.gpus for way in self.ways], dtype=np.intp)[self.way]

    def words(self, i: int) -> str:
        """One of them in words."""
        way = self.ways[self.way[i]]
        stages = f", {way.pp} stages" if way.pp > 1 else ""
        return (
            f"{self.models[self.model[i]].name} in {self.formats[self.format[i]].name} on {way.gpus} x "
            f"{self.gpus[self.gpu[i]].name}{stages}"
        )


class Ruled(NamedTuple):
    """What a rule leaves out, (n,)."""

    code: RefusalCode
    out: BoolArray


def grid(request: CapacityRequest, tables: Tables) -> Grid:
    """All combinations of the rows asked for, sorted by their place in the catalog."""
    models = [row for row in tables.models if not request.model_ids or row.model_id in request.model_ids]
    formats = [row for row in tables.formats if not request.format_ids or row.format_id in request.format_ids]
    gpus = [row for row in tables.gpus if not request.gpu_ids or row.gpu_id in request.gpu_ids]
    ways = parallel_ways(request.max_gpus_per_replica, request.max_pipeline_stages)
    shape = (len(models), len(formats), len(gpus), len(ways))
    columns = [axis.ravel() for axis in np.indices(shape, dtype=np.intp)]
    return Grid(models, formats, gpus, ways, *columns)


def parallel_ways(max_gpus: int, max_stages: int) -> list[Parallel]:
    """Groups of 1, 2, 4, ... GPUs in 1, 2, 4, ... stages, together at most `max_gpus`; also `max_gpus` itself."""
    groups = sorted({*_powers(max_gpus), max_gpus})
    found = {Parallel(tp, pp) for tp in groups for pp in _powers(max_stages) if tp * pp <= max_gpus}
    return sorted(found, key=lambda way: (way.gpus, way.pp))


def _powers(most: int) -> list[int]:
    return [1 << k for k in range(most.bit_length()) if 1 << k <= most]


def rules(found: Grid, request: CapacityRequest, tables: Tables, licences: Licences) -> tuple[Ruled, ...]:
    """What cannot be, before any figure is computed; the first rule that catches a deployment is its reason."""
    m, f, g, w = found.model, found.format, found.gpu, found.way
    text = np.asarray(["text" in row.modalities for row in found.models], dtype=bool)
    longest = request.input_tokens + request.output_tokens if request.max_model_len is None else request.max_model_len
    context = np.asarray([row.max_context_tokens >= longest for row in found.models], dtype=bool)
    native = [tables.format_by_id[row.native_format] for row in found.models]
    comes = _table(
        [[comes_in(row, kind, own) for kind in found.formats] for row, own in zip(found.models, native, strict=True)]
    )
    runs = _table([[runs_on(kind, gpu) for gpu in found.gpus] for kind in found.formats])
    served = np.asarray([engine_reads(request.engine, kind) for kind in found.formats], dtype=bool)
    able = np.asarray([engine_runs(request.engine, gpu) for gpu in found.gpus], dtype=bool)
    divides = _table([[splits(row, way.tp, way.pp) for way in found.ways] for row in found.models])
    linked = _table(
        [[way.tp <= linked_gpus(gpu) and (way.pp == 1 or joins(gpu)) for way in found.ways] for gpu in found.gpus]
    )
    return (
        Ruled("ENGINE", ~(served[f] & able[g])),
        Ruled("MODALITY", ~text[m]),
        Ruled("FORMAT", ~(comes[m, f] & runs[f, g])),
        Ruled("LICENCE", ~licences.allowed[m]),
        Ruled("CONTEXT", ~context[m]),
        Ruled("SPLIT", ~(divides[m, w] & linked[g, w])),
    )


def linked_gpus(gpu: GpuRow) -> int:
    """Most GPUs of this kind that one tensor-parallel group may have."""
    if not joins(gpu):
        return 1
    return RACK_GPUS if "72-GPU" in gpu.interconnect else NODE_GPUS


def _table(rows: Sequence[Sequence[bool]]) -> BoolArray:
    return np.asarray(rows, dtype=bool).reshape(len(rows), -1)

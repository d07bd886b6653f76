"""The measured rows that the throughput model is fitted on, from the catalog alone."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple, get_args

import numpy as np

from planner.capacity.throughput.cases import Asked, case_of, deployments_of, load_of
from planner.capacity.throughput.classes import alike
from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.predict import Load
from planner.catalog.rows import MeasuredRow
from planner.catalog.tables import Tables
from planner.domain.base import as_of_date
from planner.domain.serving import EngineName
from planner.units import FloatArray

MODES = ("offline", "closed")
IMPOSSIBLE_SHARE = 0.75
"""A run of which a row needs more than this share of the peak FLOP/s for its prompts read them from a prefix cache."""


class Rows(NamedTuple):
    """Rows with their cases, and the same as columns; arrays (n,)."""

    rows: tuple[MeasuredRow, ...]
    deployments: Deployments
    load: Load
    measured: FloatArray
    groups: np.ndarray
    sources: np.ndarray
    architectures: np.ndarray
    kinds: tuple[tuple[str, ...], ...]
    """What each case shares with others, as trust asks for it."""

    def where(self, keep: np.ndarray) -> Rows:
        """The rows at these places."""
        chosen = tuple(row for row, kept in zip(self.rows, keep, strict=True) if kept)
        columns = {name: getattr(self.deployments, name)[keep] for name in Deployments.__dataclass_fields__}
        load = Load(*(np.asarray(part)[keep] for part in self.load))
        measured, groups, sources, architectures = (
            part[keep] for part in (self.measured, self.groups, self.sources, self.architectures)
        )
        kinds = tuple(kind for kind, kept in zip(self.kinds, keep, strict=True) if kept)
        return Rows(chosen, Deployments(**columns), load, measured, groups, sources, architectures, kinds)


def usable_rows(tables: Tables) -> Rows:
    """Rows fit for calibration whose load is known: saturated, or so many requests in flight."""
    found = [row for row in tables.measured if row.fit_ok and row.mode in MODES and row.model_id and row.gpu_id]
    cases = [case_of(asked_of(row, tables)) for row in found]
    deployments = deployments_of(cases)
    return Rows(
        tuple(found),
        deployments,
        load_of(cases),
        np.array([row.output_tokens_per_s for row in found]),
        np.array([group_of(row) for row in found]),
        np.array([row.source_id for row in found]),
        np.array([tables.gpu_by_id[row.gpu_id].architecture for row in found]),
        tuple(_kinds(row, int(age), tables) for row, age in zip(found, deployments.generation, strict=True)),
    )


def _kinds(row: MeasuredRow, generation: int, tables: Tables) -> tuple[str, ...]:
    return alike(tables.model_by_id[row.model_id], tables.format_by_id[row.format_id], generation)


def asked_of(row: MeasuredRow, tables: Tables) -> Asked:
    """A row of the catalog as a case."""
    (engine,) = (name for name in get_args(EngineName) if name == row.engine)
    return Asked(
        model=tables.model_by_id[row.model_id],
        number_format=tables.format_by_id[row.format_id],
        gpu=tables.gpu_by_id[row.gpu_id],
        engine=engine,
        engine_version=row.engine_version,
        as_of=as_of_date(row.as_of) if row.as_of else None,
        gpus=row.n_gpu,
        tp=row.tp,
        dp=row.dp,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        concurrency=row.concurrency if row.mode == "closed" else None,
        num_prompts=row.num_prompts,
        benchmark=row.source_id,
        note=row.note,
    )


def group_of(row: MeasuredRow) -> str:
    """Configuration: rows of one never straddle a fold."""
    parts = (row.source_id, row.model_id, row.gpu_id, row.format_id, row.n_gpu, row.tp or "", row.engine)
    return "|".join(map(str, parts))


def run_of(row: MeasuredRow) -> str:
    """Rows measured together: source, model, format, GPU, engine and its version."""
    return f"{row.source_id}|{row.model_id}|{row.format_id}|{row.gpu_id}|{row.engine}|{row.engine_version}"


def impossible_runs(rows: Rows) -> dict[str, float]:
    """Runs with a row whose prompts need more FLOP/s than the GPUs can give, and the largest share of the peak."""
    d = rows.deployments
    active = d.dense_params + d.expert_params * np.where(d.moe, d.experts_per_token / d.experts, 0.0)
    tokens = rows.measured / rows.load.output_tokens * (np.asarray(rows.load.input_tokens) + rows.load.output_tokens)
    share = tokens * 2 * active / (d.peak * d.tp * d.pp * d.dp)
    worst: dict[str, float] = defaultdict(float)
    for row, used in zip(rows.rows, share, strict=True):
        worst[run_of(row)] = max(worst[run_of(row)], float(used))
    return {run: used for run, used in worst.items() if used > IMPOSSIBLE_SHARE}

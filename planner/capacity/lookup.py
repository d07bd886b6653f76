"""CAP-14: the published measurements nearest to a case, with how far they are and in what.

A look-up is no prediction: alone it is about three times as far off as a model (27 % against 8 to 11 % in the median).
It is shown beside the other sources and never averaged with them. Distances add up from parts, all in the same unit,
the natural logarithm of a ratio:

* shape, count, parallelism, load: |ln(row / case)| of prompt and output length, GPUs, tensor-parallel size, requests in
  flight; `UNKNOWN` where the row does not say, `SATURATED` where one is a saturated (offline) run and the other not;
* fixed steps for another model of the same architecture, another format, GPU or engine: the steps below;
* age: `PER_YEAR` times the years between the row and the day of the case. One year of software was worth 29 to 35 % on
  the same hardware (MLPerf v4.1 to v5.1, vLLM V0 to V1), ln 1.3 = 0.26. The same stated engine version counts nothing.

Rows of another model architecture are never returned.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.catalog.rows import MeasuredRow
from planner.catalog.tables import Tables
from planner.domain.base import Origin, as_of_date
from planner.domain.nearest import did_you_mean
from planner.units import FloatArray

OTHER_MODEL = 0.1
OTHER_FORMAT_SAME_RATE = 0.25
OTHER_FORMAT = 0.7
OTHER_GPU_SAME_ARCHITECTURE = 0.5
OTHER_GPU = 1.0
OTHER_ENGINE = 0.25
UNKNOWN = 0.5
SATURATED = 1.0
PER_YEAR = 0.26
DAYS_PER_YEAR = 365.25
_NOMINAL = re.compile(r"nominal (\d+)/(\d+)")


class Case(NamedTuple):
    """What is asked for, by ids of the catalog; `concurrency` over the whole deployment, infinite when saturated.

    Empty or None: not said, and not counted (`tp`, `engine`, `engine_version`, `as_of`).
    """

    model_id: str
    format_id: str
    gpu_id: str
    n_gpu: int
    input_tokens: float
    output_tokens: float
    concurrency: float = np.inf
    tp: int | None = None
    engine: str = ""
    engine_version: str = ""
    as_of: dt.date | None = None


class Parts(NamedTuple):
    """A distance by what it is made of; the parts add up to it."""

    model: float
    number_format: float
    gpu: float
    gpu_count: float
    parallelism: float
    engine: float
    age: float
    shape: float
    load: float


class Neighbour(NamedTuple):
    """One published row near a case. Source, date, engine version and address are those of the row."""

    row: MeasuredRow
    distance: float
    parts: Parts
    warnings: tuple[str, ...]
    origin: Origin = "published"


class Inference(NamedTuple):
    """Rows that do not agree with anything else known, and what most likely explains them."""

    source_id: str
    model_id: str
    gpu_id: str
    engine: str
    why: str


INFERRED = (
    Inference(
        "nvidia-aic-gap",
        "llama-3.1-8b",
        "h200",
        "vllm",
        "most likely served from a prefix cache, an inference that its source does not confirm: about twice what two "
        "independent predictors give",
    ),
)


@dataclass(frozen=True)
class RowIndex:
    """The measured rows as columns, shape (rows,); built once per catalog by `index_rows`."""

    tables: Tables
    architecture: NDArray[np.str_]
    model: NDArray[np.str_]
    number_format: NDArray[np.str_]
    compute_rate: NDArray[np.str_]
    gpu: NDArray[np.str_]
    gpu_architecture: NDArray[np.str_]
    engine: NDArray[np.str_]
    engine_version: NDArray[np.str_]
    log_count: FloatArray
    log_tp: FloatArray
    log_input: FloatArray
    log_output: FloatArray
    log_concurrency: FloatArray
    saturated: NDArray[np.bool_]
    day: FloatArray


def index_rows(tables: Tables) -> RowIndex:
    """Columns of `tables.measured`, in its order; what a row does not say is NaN or empty."""
    rows = tables.measured
    formats, gpus = tables.format_by_id, tables.gpu_by_id
    return RowIndex(
        tables=tables,
        architecture=np.array([_architecture(tables, row.model_id) for row in rows]),
        model=np.array([row.model_id for row in rows]),
        number_format=np.array([row.format_id for row in rows]),
        compute_rate=np.array([formats[row.format_id].compute_rate if row.format_id else "" for row in rows]),
        gpu=np.array([row.gpu_id for row in rows]),
        gpu_architecture=np.array([gpus[row.gpu_id].architecture if row.gpu_id else "" for row in rows]),
        engine=np.array([row.engine for row in rows]),
        engine_version=np.array([row.engine_version for row in rows]),
        log_count=_logs([row.n_gpu for row in rows]),
        log_tp=_logs([row.tp for row in rows]),
        log_input=_logs([row.input_tokens for row in rows]),
        log_output=_logs([row.output_tokens for row in rows]),
        log_concurrency=_logs([row.concurrency for row in rows]),
        saturated=np.array([row.concurrency is None and row.mode == "offline" for row in rows], dtype=bool),
        day=np.array([as_of_date(row.as_of).toordinal() if row.as_of else np.nan for row in rows], dtype=np.float64),
    )


def _architecture(tables: Tables, model_id: str) -> str:
    """Id that all models of one architecture share; empty for a row without a model of the catalog."""
    return (tables.model_by_id[model_id].same_architecture_as or model_id) if model_id else ""


def _logs(values: list[int | None] | list[float | None] | list[int] | list[float]) -> FloatArray:
    return np.log(np.array([np.nan if value is None else value for value in values], dtype=np.float64))


def nearest_rows(index: RowIndex, case: Case, k: int = 5) -> tuple[Neighbour, ...]:
    """CAP-14: at most k rows of the case's model architecture, the nearest first; none when there are none.

    Ties keep the order of the catalog. ValueError names every id that the catalog does not have.
    """
    tables = index.tables
    _known(tables, case)
    allowed = np.flatnonzero(index.architecture == _architecture(tables, case.model_id))
    parts = _parts(index, case, allowed)
    distance = np.sum(parts, axis=0)
    order = np.argsort(distance, kind="stable")[:k]
    return tuple(_neighbour(tables.measured[allowed[i]], float(distance[i]), parts[:, i]) for i in order)


def _known(tables: Tables, case: Case) -> None:
    """Every unknown id at once, with the nearest names."""
    asked = (
        ("model", case.model_id, tables.model_by_id),
        ("format", case.format_id, tables.format_by_id),
        ("GPU", case.gpu_id, tables.gpu_by_id),
    )
    wrong = [
        f"{what} {name!r} is not in the catalog. {did_you_mean(name, known, 'See the catalog for what there is.')}"
        for what, name, known in asked
        if name not in known
    ]
    if wrong:
        raise ValueError(" ".join(wrong))


def _parts(index: RowIndex, case: Case, at: NDArray[np.intp]) -> FloatArray:
    """Distances of the rows at these places, in the order of `Parts`, shape (parts, rows)."""
    tables = index.tables
    rate, gpu = tables.format_by_id[case.format_id].compute_rate, tables.gpu_by_id[case.gpu_id].architecture
    near_format = np.where(index.compute_rate[at] == rate, OTHER_FORMAT_SAME_RATE, OTHER_FORMAT)
    near_gpu = np.where(index.gpu_architecture[at] == gpu, OTHER_GPU_SAME_ARCHITECTURE, OTHER_GPU)
    shape = _apart(index.log_input[at], case.input_tokens) + _apart(index.log_output[at], case.output_tokens)
    found: dict[str, FloatArray] = dict(
        model=np.where(index.model[at] == case.model_id, 0.0, OTHER_MODEL),
        number_format=np.where(index.number_format[at] == case.format_id, 0.0, near_format),
        gpu=np.where(index.gpu[at] == case.gpu_id, 0.0, near_gpu),
        gpu_count=_apart(index.log_count[at], case.n_gpu),
        parallelism=_apart(index.log_tp[at], case.tp) if case.tp else np.zeros(at.shape),
        engine=np.where((index.engine[at] == case.engine) | (not case.engine), 0.0, OTHER_ENGINE),
        age=_age(index, case, at),
        shape=shape,
        load=_load(index, case, at),
    )
    return np.stack([found[name] for name in Parts._fields])


def _apart(logs: FloatArray, asked: float) -> FloatArray:
    """|ln(row / asked)|, `UNKNOWN` where the row does not say."""
    return np.asarray(np.nan_to_num(np.abs(logs - np.log(max(asked, 1.0))), nan=UNKNOWN))


def _age(index: RowIndex, case: Case, at: NDArray[np.intp]) -> FloatArray:
    """Years apart times `PER_YEAR`; nothing for the same engine version or when the case has no day."""
    if case.as_of is None:
        return np.zeros(at.shape)
    years = np.abs(index.day[at] - case.as_of.toordinal()) / DAYS_PER_YEAR
    apart = np.nan_to_num(years * PER_YEAR, nan=UNKNOWN)
    same = (index.engine[at] == case.engine) & (index.engine_version[at] == case.engine_version)
    return np.where(same & bool(case.engine_version), 0.0, apart)


def _load(index: RowIndex, case: Case, at: NDArray[np.intp]) -> FloatArray:
    """Ratio of the requests in flight; a saturated run has no number of them."""
    saturated = index.saturated[at]
    if np.isinf(case.concurrency):
        return np.where(saturated, 0.0, np.where(np.isnan(index.log_concurrency[at]), UNKNOWN, SATURATED))
    return np.where(saturated, SATURATED, _apart(index.log_concurrency[at], case.concurrency))


def _neighbour(row: MeasuredRow, distance: float, parts: FloatArray) -> Neighbour:
    return Neighbour(row, distance, Parts(*(float(part) for part in parts)), tuple(row_warnings(row)))


def row_warnings(row: MeasuredRow) -> list[str]:
    """What to know before a published row is believed."""
    found = []
    if "only total tok/s published" in row.note:
        found.append("total tokens/s were published; output tokens/s are their share by mean lengths")
    if nominal := _NOMINAL.search(row.note):
        found.append(
            f"nominal lengths {nominal[1]}/{nominal[2]}; drawn from 0.8 to 1 times that, so the true means are 0.9 "
            f"times: {row.input_tokens:g}/{row.output_tokens:g}"
        )
    if row.derived:
        found.append("derived: output tokens/s were computed from other published figures")
    if not row.fit_ok:
        found.append("not used to fit the model: an open-loop run, or numbers incomplete or ambiguous; see its note")
    found += [s.why for s in INFERRED if (row.source_id, row.model_id, row.gpu_id, row.engine) == s[:4]]
    return found

"""What the model (CAP-8) expects of a server before anything is measured, as lines over requests in flight."""

from __future__ import annotations

from typing import NamedTuple, get_args

import numpy as np

from planner.capacity.throughput.deployment import Deployment, columns
from planner.capacity.throughput.predict import Load, predict
from planner.catalog.tables import Tables
from planner.charts.probe_values import Shown
from planner.domain.measurement import Declared
from planner.domain.serving import EngineName
from planner.units import FloatArray
from planner.web.probe_job import Lines

POINTS = 48
MOST = 4096.0


class Requests(NamedTuple):
    """Mean tokens of a request."""

    input_tokens: float
    output_tokens: float


def predicted_lines(declared: Declared, requests: Requests, engine: str, version: str, tables: Tables) -> Lines:
    """Throughput, TTFT and TPOT; nothing for a model, format or GPU that the catalog does not have."""
    model = tables.model_by_id.get(declared.model_id)
    number_format = tables.format_by_id.get(declared.format_id)
    gpu = tables.gpu_by_id.get(declared.gpu_id)
    if model is None or number_format is None or gpu is None:
        return {}
    known: EngineName = next((name for name in get_args(EngineName) if name == engine), "vllm")
    deployment = Deployment(model, number_format, gpu, tp=declared.gpus, engine=known, engine_version=version)
    loads = np.geomspace(1.0, MOST, POINTS)
    load = Load(requests.input_tokens, requests.output_tokens, loads[:, None])
    found = predict(columns([deployment]), load, tables.predictor.constants)
    if not bool(found.fits.all()):
        return {}
    values: dict[Shown, FloatArray] = {
        "throughput": found.output_tokens_per_s,
        "ttft": found.ttft_ms,
        "tpot": found.tpot_ms,
    }
    return {shown: tuple(zip(loads.tolist(), value[:, 0].tolist(), strict=True)) for shown, value in values.items()}

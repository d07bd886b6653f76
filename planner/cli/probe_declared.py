"""What the owner of a server says of it on the command line, over what a plan says."""

from __future__ import annotations

import argparse
from typing import Any

from pydantic import ValidationError

from planner.catalog.case_names import Names, find_format, find_model, plain
from planner.cli.probe_gpu import read_gpus
from planner.cli.probe_inputs import Problems, number, tell
from planner.domain.measurement import Declared

FLAG_OF = {"usd_per_gpu_hour": "--usd-per-gpu-hour", "server_flags": "--server-flags", "note": "--note"}


def declared_of(options: argparse.Namespace, names: Names, base: Declared, problems: Problems) -> Declared:
    """What was said, checked; problems name their flag."""
    said: dict[str, Any] = {}
    gpus = problems.attempt(lambda: read_gpus(options.gpu, names), "--gpu") if options.gpu is not None else None
    if gpus:
        said |= {"gpu_id": gpus.gpu_id, "gpus": gpus.gpus}
    gpu_id = said.get("gpu_id", base.gpu_id)
    if options.format is not None:
        said["format_id"] = problems.attempt(lambda: _format(options.format, gpu_id, names), "--format") or ""
    if options.catalog_model is not None:
        found = problems.attempt(lambda: find_model(names, options.catalog_model), "--catalog-model")
        said["model_id"] = found.model_id if found else ""
    elif not base.model_id:
        said["model_id"] = model_called(options.model, names)
    if (price := options.usd_per_gpu_hour) is not None:
        said["usd_per_gpu_hour"] = problems.attempt(lambda: number(price, whole=False), "--usd-per-gpu-hour")
    said |= {name: " ".join(text.split()) for name in ("server_flags", "note") if (text := getattr(options, name))}
    try:
        return Declared.model_validate(dict(base) | said)
    except ValidationError as error:
        tell(error, FLAG_OF, problems)
        return base


def _format(text: str, gpu_id: str, names: Names) -> str:
    """Id of the number format; FP4 is another one on AMD."""
    gpu = names.gpus.get(plain(gpu_id)) or next(iter(names.gpus.values()))
    return find_format(names, text, gpu).format_id


def model_called(served: str | None, names: Names) -> str:
    """Id of the catalog's model whose repository or name is exactly the one that is served; else empty."""
    row = names.models.get(plain(served)) if served else None
    return row.model_id if row else ""


def hourly(declared: Declared) -> float | None:
    """USD an hour of the replica, when the price of its GPUs was said."""
    return None if declared.usd_per_gpu_hour is None else declared.usd_per_gpu_hour * declared.gpus

"""Whether a workload still is what its log says: a figure that was edited afterwards is not a measured one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from planner.domain.usage import Assumed, UsageReference
from planner.domain.workload import Workload

LENGTHS = (
    "fresh_input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "batch_fraction",
)
DIGITS = 16


def fingerprint(workload: Workload, assumed: Collection[Assumed] = ()) -> str:
    """Of every figure that the log gave; names, privacy, quality and the what-if factor may change freely.

    `assumed` are the parts that the log does not say: lengths and peak are the person's own then.
    """
    names = ("requests_per_day", *(() if "lengths" in assumed else LENGTHS))
    classes = [[float(getattr(task, name)) for name in names] for task in workload.classes]
    shape = [] if "peak" in assumed else [*workload.hourly_profile, workload.peak_to_mean]
    figures = [classes, [float(weight) for weight in shape]]
    return hashlib.sha256(json.dumps(figures).encode()).hexdigest()[:DIGITS]


def measured_from(workload: Workload) -> UsageReference | None:
    """The log that the workload's figures are from; None when there is none, or when they were edited since."""
    usage = workload.usage
    if usage is None or usage.fingerprint != fingerprint(workload, usage.assumed):
        return None
    return usage

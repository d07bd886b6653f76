"""How far predictions are from what the lines say was measured, by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from planner.capacity.throughput.cases import deployments_of
from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.predict import Prediction
from planner.capacity.throughput.traits import GENERATIONS
from planner.cli.predict_rows import Read


def error_lines(read: Sequence[Read], predicted: Prediction | None) -> Iterator[str]:
    """A small table; nothing when no line states what was measured."""
    measured = np.array([one.measured_tokens_per_s or np.nan for one in read])
    known = np.isfinite(measured)
    if predicted is None or not known.any():
        return
    errors = np.abs(predicted.output_tokens_per_s / measured - 1)
    inside = (measured >= predicted.low_output_tokens_per_s) & (measured <= predicted.high_output_tokens_per_s)
    yield f"{'rows':34} {'n':>6} {'median':>8} {'90 %':>8} {'in band':>8}"
    for name, mask in _classes(read).items():
        if (mask & known).any():
            median, p90 = np.quantile(errors[mask & known], [0.5, 0.9])
            share = inside[mask & known].mean()
            yield f"{name:34} {(mask & known).sum():6} {median:8.1%} {p90:8.1%} {share:8.1%}"


def _classes(read: Sequence[Read]) -> dict[str, np.ndarray]:
    d: Deployments = deployments_of([one.case for one in read])
    chips = np.array([one.case.deployment.gpu.architecture for one in read])
    saturated = np.isinf([one.case.concurrency for one in read])
    current = d.generation == GENERATIONS.index("vllm-v1")
    named = {
        "all": np.ones(len(read), bool),
        "dense": ~d.moe,
        "mixture of experts": d.moe,
        "vLLM 0.8 and later, dense": current & ~d.moe,
        "number in flight stated": ~saturated,
        "saturated or burst": saturated,
    }
    return named | {str(name): chips == name for name in sorted(set(chips.tolist()))}

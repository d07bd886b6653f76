"""How far a prediction can be trusted, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np

from planner.capacity.throughput.classes import CLASSES, alike, class_index, class_words
from planner.capacity.throughput.deployment import Deployment, Deployments, columns
from planner.capacity.throughput.predict import Load
from planner.capacity.throughput.steps import fits_side_by_side, weights_fit
from planner.capacity.throughput.traits import ASSUMED_CHIP, CHIP_WORDS, CHIPS, GENERATIONS
from planner.catalog.predictor import ErrorBand, PredictorFit, Training
from planner.format import plural

TIGHT_SHARE = 0.8
WIDE_P90_ERROR = 0.6
LEAST_COVERAGE = 0.7
FEW_CONFIGURATIONS = 5
FEW_ALIKE = 3
_SLACK = 1.05
_LABELS = {
    "input_tokens": "prompt tokens",
    "output_tokens": "output tokens",
    "concurrency": "requests in flight",
    "tp": "tensor parallelism",
}


class Trust(NamedTuple):
    """Low when a case is unlike the measured ones; `why` lists every reason, and always the class of the band."""

    confidence: Literal["normal", "low"]
    why: tuple[str, ...]


def trust(deployment: Deployment, load: Load, fit: PredictorFit) -> Trust:
    """Of one deployment at one load (numbers; of an array the last value, the largest concurrency of a grid)."""
    d = columns([deployment])
    doubts = (
        *_memory(d, load, fit),
        *_unmeasured(deployment, d, fit),
        *_chip(deployment, d, load, fit),
        *_outside(d, load, fit),
        *_assumed(deployment),
    )
    return Trust("low" if doubts else "normal", (*doubts, _band(d, load, fit)))


def _last(value: object) -> float:
    """One number of a load."""
    return float(np.asarray(value, dtype=float).ravel()[-1])


def _memory(d: Deployments, load: Load, fit: PredictorFit) -> Iterator[str]:
    share = float((d.weight_bytes / (d.tp * d.pp * d.memory_bytes))[0])
    inputs, outputs = np.array([_last(load.input_tokens)]), np.array([_last(load.output_tokens)])
    if weights_fit(d, fit.constants)[0] <= 0:
        yield f"weights take {share:.0%} of the GPU memory and leave no room beside overhead: it may not start"
    elif fits_side_by_side(d, fit.constants, inputs, outputs)[0] < 1:
        yield "the cache of one request of this length does not fit beside the weights"
    elif share > TIGHT_SHARE:
        yield f"weights take {share:.0%} of the GPU memory; above {TIGHT_SHARE:.0%} what is left for the cache decides"


def _unmeasured(deployment: Deployment, d: Deployments, fit: PredictorFit) -> Iterator[str]:
    """Kinds of things that no measured row is of."""
    engine = GENERATIONS[int(d.generation[0])]
    known = fit.training
    if engine not in known.generations:
        yield f"no measured rows on {class_words(engine)}: physics with assumed overheads"
    if deployment.gpu.architecture not in known.architectures:
        own = CHIPS[int(d.chip[0])] == ASSUMED_CHIP
        basis = "assumed constants, set to public llama.cpp runs" if own else "constants of the nearest chip class"
        yield f"no measured rows on {deployment.gpu.architecture} GPUs: {basis}"
    elif deployment.gpu.gpu_id not in known.gpus:
        yield f"no measured rows on {deployment.gpu.name}: constants of other {deployment.gpu.architecture} GPUs"
    yield from _alike(deployment, int(d.generation[0]), known)


def _alike(deployment: Deployment, generation: int, known: Training) -> Iterator[str]:
    """Kind of model in this format, and a compressed cache on this engine: few configurations, or none."""
    for name in alike(deployment.model, deployment.number_format, generation):
        measured = known.alike.get(name, 0)
        if measured < FEW_ALIKE and (GENERATIONS[generation] in known.generations or not name.startswith("mla/")):
            kind = name.partition("/")[0]
            words = class_words(name) if kind == "mla" else f"{class_words(kind)}, {deployment.number_format.name}"
            yield f"{plural(measured, 'measured configuration') if measured else 'no measured rows'} of {words}"


def _class(d: Deployments, load: Load) -> str:
    return CLASSES[int(class_index(d, np.isinf(_last(load.concurrency)))[0])]


def _chip(deployment: Deployment, d: Deployments, load: Load, fit: PredictorFit) -> Iterator[str]:
    """A chip class that the model was far off on, or on which few configurations of this kind were measured."""
    name = CHIPS[int(d.chip[0])]
    found = next((chip for chip in fit.chips if chip.name == name), None)
    if found is None or deployment.gpu.architecture not in fit.training.architectures:
        return
    words = CHIP_WORDS[name]
    if found.p90_error > WIDE_P90_ERROR:
        yield f"on {words} GPUs a tenth of the unseen rows was off by more than {found.p90_error:.0%}"
    if found.coverage is not None and found.coverage < LEAST_COVERAGE:
        yield f"on {words} GPUs only {found.coverage:.0%} of the unseen rows lay in the 80% band"
    kind = _class(d, load)
    measured = found.configurations.get(kind, 0)
    if measured < FEW_CONFIGURATIONS and GENERATIONS[int(d.generation[0])] in fit.training.generations:
        count = plural(measured, "configuration") if measured else "no configuration"
        yield f"{count} of {class_words(kind)} measured on {words} GPUs"


def _outside(d: Deployments, load: Load, fit: PredictorFit) -> Iterator[str]:
    """Quantities outside the measured rows."""
    asked = {
        "input_tokens": _last(load.input_tokens),
        "output_tokens": _last(load.output_tokens),
        "concurrency": _last(load.concurrency) / float(d.dp[0]),
        "tp": float(d.tp[0]),
    }
    for name, value in asked.items():
        low, high = fit.training.ranges[name]
        if (
            np.isfinite(value)
            and not (name == "concurrency" and value < low)
            and not low / _SLACK <= value <= high * _SLACK
        ):
            yield f"{value:,.0f} {_LABELS[name]} is outside the measured {low:,.0f} to {high:,.0f}"


def _assumed(deployment: Deployment) -> Iterator[str]:
    """Features that no measured row has."""
    if deployment.pp > 1:
        yield "pipeline parallelism: physics, no measured rows"
    if deployment.speculative:
        yield "speculative decoding: acceptance and draft cost as given, no measured rows"
    if deployment.lora_adapters:
        yield "LoRA adapters: an assumed factor on each step"


def _band(d: Deployments, load: Load, fit: PredictorFit) -> str:
    """Where the band comes from."""
    name = _class(d, load)
    found = next((band for band in fit.bands if band.name == name), None)
    chip = CHIPS[int(d.chip[0])]
    wider = fit.constants.get(f"band_wider/{chip}", 1.0)
    on_it = f", its ends {wider:.2f} times further out on {CHIP_WORDS[chip]} GPUs" if wider > 1 else ""
    return _class_words(name, found) + on_it


def _class_words(name: str, found: ErrorBand | None) -> str:
    if found is None or found.median_error is None:
        return f"80% band of wider classes: no measured rows of {class_words(name)}"
    measured = plural(found.groups, "measured configuration")
    return f"80% band of {class_words(name)}: {measured}, median error {found.median_error:.0%} on unseen ones"

"""One reading of a server's `/metrics` for PRB-6: counters, histograms, ends by reason, of one of its models."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from planner.capacity.measurement.histogram import Histogram
from planner.capacity.measurement.stretch import Scrape
from planner.probe.metrics import Sample, counters, samples

_MODEL = re.compile(r'[{,]model_name="((?:[^"\\]|\\.)*)"')
_HISTOGRAMS = {
    "ttft": ("vllm_time_to_first_token_seconds", "sglang_time_to_first_token_seconds"),
    "tpot": ("vllm_request_time_per_output_token_seconds",),
    "gap": (
        "vllm_inter_token_latency_seconds",
        "vllm_time_per_output_token_seconds",
        "sglang_inter_token_latency_seconds",
        "sglang_time_per_output_token_seconds",
    ),
    "e2e": ("vllm_e2e_request_latency_seconds", "sglang_e2e_request_latency_seconds"),
    "input": ("vllm_request_prompt_tokens", "sglang_prompt_tokens_histogram"),
    "output": ("vllm_request_generation_tokens", "sglang_generation_tokens_histogram"),
}
"""Names that each histogram has in the engines, newest first; SGLang's and vLLM's older `time_per_output_token` is the
gap between two tokens."""
_ENDED = "vllm_request_success"
_BORN = ("vllm_generation_tokens_created", "process_start_time_seconds")
_WANTED = frozenset(
    (
        _ENDED,
        *_BORN,
        *(f"{name}_{part}" for names in _HISTOGRAMS.values() for name in names for part in ("bucket", "sum")),
    )
)


def models_in(text: str) -> tuple[str, ...]:
    """Names of models that the metrics are told by."""
    return tuple(sorted({_unescaped(name) for name in _MODEL.findall(text)}))


def of_model(text: str, model: str) -> str:
    """The lines of one model, and those that name none; everything where no line names it."""
    if model not in models_in(text):
        return text
    return "\n".join(line for line in text.splitlines() if _names(line) in (None, model))


def scrape_of(text: str, model: str, at_s: float) -> Scrape:
    """One reading, over all engines that serve the model."""
    chosen = of_model(text, model)
    found: dict[str, list[Sample]] = {}
    for sample in samples(chosen, _WANTED.__contains__):
        if math.isfinite(sample.value):
            found.setdefault(sample.name, []).append(sample)
    read = {key: _histogram(found, names) for key, names in _HISTOGRAMS.items()}
    ended: dict[str, float] = {}
    for sample in found.get(_ENDED, ()):
        reason = sample.labels.get("finished_reason", "")
        ended[reason] = ended.get(reason, 0.0) + sample.value
    born = next((max(s.value for s in found[name]) for name in _BORN if name in found), None)
    return Scrape(at_s, counters(chosen), {k: h for k, h in read.items() if h is not None}, ended, born)


def _histogram(found: dict[str, list[Sample]], names: Iterable[str]) -> Histogram | None:
    """The first of the names that is there, added up over engines; None where it is not whole."""
    name = next((name for name in names if f"{name}_bucket" in found and f"{name}_sum" in found), None)
    if name is None:
        return None
    at: dict[float, float] = {}
    for sample in found[f"{name}_bucket"]:
        try:
            bound = float(sample.labels["le"])
        except (KeyError, ValueError):
            return None
        at[bound] = at.get(bound, 0.0) + sample.value
    bounds = tuple(sorted(at))
    whole = bounds and math.isinf(bounds[-1])
    return (
        Histogram(bounds, tuple(at[b] for b in bounds), math.fsum(s.value for s in found[f"{name}_sum"]))
        if whole
        else None
    )


def _names(line: str) -> str | None:
    match = _MODEL.search(line) if line[:1] not in ("", "#") else None
    return None if match is None else _unescaped(match.group(1))


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")

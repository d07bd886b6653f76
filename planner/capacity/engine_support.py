"""Which engine serves on which GPUs, and why a deployment is none: a reason with its way out."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.weights import GGUF, engine_reads
from planner.catalog.rows import FormatRow, GpuRow
from planner.domain.serving import ENGINE_WORDS, EngineName, engine_words

_ENGINES: tuple[EngineName, ...] = ("vllm", "sglang", "trtllm", "llama.cpp")


class NotServed(NamedTuple):
    """Why an engine does not serve it, and the way out."""

    why: str
    remedy: str


def engine_runs(engine: EngineName, gpu: GpuRow) -> bool:
    """Apple's run llama.cpp alone, by Metal; TensorRT-LLM is for NVIDIA from Ampere on; the others run on the rest."""
    if gpu.vendor == "Apple":
        return engine == "llama.cpp"
    return engine != "trtllm" or (gpu.vendor == "NVIDIA" and gpu.architecture != "Turing")


def joins(gpu: GpuRow) -> bool:
    """Whether GPUs of this kind can serve one replica together; Macs cannot: each serves a replica of its own."""
    return gpu.vendor != "Apple"


def not_served(
    engine: EngineName, number_format: FormatRow, gpu: GpuRow, gpus_per_replica: int = 1
) -> NotServed | None:
    """The first reason why this engine cannot serve the format on such GPUs; None when it can."""
    name = engine_words(engine)
    if not engine_runs(engine, gpu):
        able = [ENGINE_WORDS[other] for other in _ENGINES if engine_runs(other, gpu)]
        other_file = able == ["llama.cpp"] and not engine_reads("llama.cpp", number_format)
        way_out = f"Use {' or '.join(able)}{' with a GGUF format' if other_file else ''}."
        return NotServed(f"{name} has no kernels for {gpu.name}", way_out)
    if not engine_reads(engine, number_format):
        way_out = "Use llama.cpp." if number_format.format_id.startswith(GGUF) else "Use a GGUF format."
        return NotServed(f"{name} does not read {number_format.name}", way_out)
    if gpus_per_replica > 1 and not joins(gpu):
        why = f"{gpu.name} chips have no link fast enough to serve one replica together"
        return NotServed(why, "Use one chip per replica, with more memory or a smaller format, and more replicas.")
    return None

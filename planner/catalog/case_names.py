"""Models, GPUs, formats and engines as benchmarks write them, found in the catalog by their letters and digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.catalog.tables import Tables
from planner.domain.nearest import did_you_mean
from planner.domain.serving import EngineName

T = TypeVar("T")

_MAKERS = ("NVIDIA ", "AMD ", "Apple ")
_FORMAT_WORDS = {
    "fp4": "nvfp4",
    "int4": "gptq-int4",
    "awq": "awq-int4",
    "gptq": "gptq-int4",
    "w4a16": "awq-int4",
    "w8a16": "int8-w8a16",
    "w8a8": "int8",
    "half": "fp16",
    "float16": "fp16",
    "bfloat16": "bf16",
}
"""Words of benchmarks for formats of the catalog. Four bits of integers without a method are taken as GPTQ."""
_FP4_ON_AMD = "mxfp4"
_ENGINE_WORDS: dict[str, EngineName] = {
    "vllm": "vllm",
    "sglang": "sglang",
    "trtllm": "trtllm",
    "trt": "trtllm",
    "tensorrtllm": "trtllm",
    "tensorrt": "trtllm",
    "llamacpp": "llama.cpp",
    "llamaserver": "llama.cpp",
    "ollama": "llama.cpp",
}


class UnknownName(ValueError):
    """Nothing in the catalog is called so; the message says what is nearest."""


class Names(NamedTuple):
    """What may be written, letters and digits alone, and the row it means."""

    models: Mapping[str, ModelRow]
    gpus: Mapping[str, GpuRow]
    formats: Mapping[str, FormatRow]


def names_of(tables: Tables) -> Names:
    """Ids, names on screen, repository names, and the names that published measurements use."""
    models: dict[str, ModelRow] = {}
    gpus: dict[str, GpuRow] = {}
    formats: dict[str, FormatRow] = {}
    for row in tables.measured:
        if row.model_id:
            models[plain(row.model_name)] = tables.model_by_id[row.model_id]
        if row.gpu_id:
            gpus[plain(row.gpu_name)] = tables.gpu_by_id[row.gpu_id]
    for model in tables.models:
        called = (model.model_id, model.name, model.hf_id, model.hf_id.partition("/")[2])
        models |= {plain(text): model for text in called}
    for gpu in tables.gpus:
        gpus |= {plain(text): gpu for text in (gpu.gpu_id, gpu.name, _without_maker(gpu.name))}
    for known in tables.formats:
        written = (known.format_id, known.name, known.format_id.removeprefix("gguf-"))
        formats |= {plain(text): known for text in written}
    words = {plain(word): tables.format_by_id[name] for word, name in _FORMAT_WORDS.items()}
    return Names(models, gpus, words | formats)


def find_model(names: Names, text: str) -> ModelRow:
    """The model called so; UnknownName with the nearest ones."""
    return _found(names.models, text, "model", sorted({m.name for m in names.models.values()}))


def find_gpu(names: Names, text: str) -> GpuRow:
    """The GPU called so."""
    return _found(names.gpus, text, "GPU", sorted({_without_maker(g.name) for g in names.gpus.values()}))


def find_format(names: Names, text: str, gpu: GpuRow) -> FormatRow:
    """The number format called so; FP4 is NVFP4 on NVIDIA and MXFP4 on AMD."""
    word = _FP4_ON_AMD if plain(text) == "fp4" and gpu.vendor == "AMD" else text
    return _found(names.formats, word, "precision", sorted(_FORMAT_WORDS | dict.fromkeys(names.formats)))


def find_engine(text: str) -> EngineName:
    """The engine called so; Ollama serves through llama.cpp."""
    return _found(_ENGINE_WORDS, text, "engine", sorted(_ENGINE_WORDS))


def plain(text: str) -> str:
    """Letters and digits alone, small."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _without_maker(name: str) -> str:
    return next((name.removeprefix(maker) for maker in _MAKERS if name.startswith(maker)), name)


def _found(known: Mapping[str, T], text: str, kind: str, spoken: Iterable[str]) -> T:
    row = known.get(plain(text))
    if row is None:
        otherwise = (
            f"`planner catalog show {kind.lower()}s` lists them."
            if kind != "engine"
            else "One of vllm, sglang, trtllm, llama.cpp."
        )
        raise UnknownName(f"unknown {kind} {text!r}. {did_you_mean(text, spoken, otherwise)}")
    return row

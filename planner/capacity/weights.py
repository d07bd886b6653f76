"""CAP-4: what the weights of a model weigh in a format, embeddings apart, and which formats a model comes in."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.memory import EMBEDDING_BITS, embedding_params, weight_bytes
from planner.catalog.rows import FormatRow, ModelRow
from planner.domain.serving import EngineName
from planner.units import GB_BYTES, GIB_BYTES

GGUF = "gguf-"
SIXTEEN_BIT = frozenset({"bf16", "fp16"})
_ALSO_GGUF = SIXTEEN_BIT | {"mxfp4"}
"""Formats of other engines that a GGUF file can have too; gpt-oss is published so."""
_CLOSE = 1.001
"""Formats this near in bits are the same size: FP8 with and without block scales."""


class WeightParts(NamedTuple):
    """Weights of one copy, GiB."""

    total_gib: float
    embedding_gib: float

    @property
    def layers_gib(self) -> float:
        """All but the embeddings and the output head."""
        return self.total_gib - self.embedding_gib


def weight_parts(model: ModelRow, number_format: FormatRow) -> WeightParts:
    """Weights of one copy in a format: as published in the model's own, computed in any other."""
    embeddings = embedding_params(model.vocab_size, model.hidden_size, model.tied_embeddings)
    whole = number_format.bits_per_weight
    bits = whole if number_format.embeddings_quantised else max(whole, EMBEDDING_BITS)
    embedding_gib = embeddings * bits / 8 / GIB_BYTES
    if number_format.format_id == model.native_format and whole < EMBEDDING_BITS:
        total = model.native_weights_gb * GB_BYTES / GIB_BYTES
        return WeightParts(total, min(embedding_gib, total))
    kept = 0 if number_format.embeddings_quantised else embeddings
    return WeightParts(weight_bytes(model.total_params, whole, kept) / GIB_BYTES, embedding_gib)


def comes_in(model: ModelRow, number_format: FormatRow, native: FormatRow) -> bool:
    """Whether the model is published in the format or can be converted: to fewer bits than its own, never to more.

    A model published in 4 bits comes in nothing else: more bits bring no quality back, and other 4-bit grids lose some.
    """
    if number_format.format_id == native.format_id or {number_format.format_id, native.format_id} <= SIXTEEN_BIT:
        return True
    if native.bits_per_weight < 8:
        return False
    return number_format.bits_per_weight <= native.bits_per_weight * _CLOSE


def engine_reads(engine: EngineName, number_format: FormatRow) -> bool:
    """GGUF files are llama.cpp's own, in its formats, 16 bits or MXFP4; the others read all but its formats."""
    gguf = number_format.format_id.startswith(GGUF)
    return gguf or number_format.format_id in _ALSO_GGUF if engine == "llama.cpp" else not gguf

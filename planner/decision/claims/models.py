"""The models of the catalog as the claims need them: parameters that compute, and weights at a width of bits."""

from __future__ import annotations

from planner.capacity.memory import weight_bytes
from planner.catalog.rows import ModelRow
from planner.catalog.tables import Tables
from planner.units import GB_BYTES, GIB_BYTES


def body_params(tables: Tables, model_id: str) -> int:
    """CAP-7: active parameters that multiply, the input embedding left out (it is looked up)."""
    model = tables.model_by_id[model_id]
    return model.active_params - model.vocab_size * model.hidden_size


def embedding_params(model: ModelRow) -> int:
    """Parameters of the input embedding and of the output head; one matrix when tied."""
    return model.vocab_size * model.hidden_size * (1 if model.tied_embeddings else 2)


def weights_gb(tables: Tables, model_id: str, bits_per_weight: float) -> float:
    """CAP-4: weights in 10^9 bytes; embeddings stay at 16 bits when the rest is quantised."""
    model = tables.model_by_id[model_id]
    return weight_bytes(model.total_params, bits_per_weight, embedding_params(model)) / GB_BYTES


def gib(gb: float) -> float:
    """10^9 bytes as 2^30 bytes."""
    return gb * GB_BYTES / GIB_BYTES

"""CAP-7: what physics allows. Any throughput, typed or published, is held against these bounds."""

from __future__ import annotations

from planner.units import MTOK, SECONDS_PER_HOUR

WARN_FRACTION = 0.6
TERA = 1e12
GIGA = 1e9


def compute_ceiling_tokens_per_s(dense_tflops: float, gpus: int, active_params: float) -> float:
    """Uncached tokens (prompt and output) per second of one replica: FLOPS / (2 x active parameters)."""
    return dense_tflops * TERA * gpus / (2 * active_params)


def decode_steps_ceiling_per_s(bandwidth_gb_per_s: float, gpus: int, active_weight_bytes: float) -> float:
    """Decode steps per second of one replica: memory bandwidth / weight bytes that every step must read."""
    return bandwidth_gb_per_s * GIGA * gpus / active_weight_bytes


def usd_per_mtok_floor(usd_per_hour: float, tokens_per_s: float) -> float:
    """Price of a million tokens on hardware that costs `usd_per_hour` and is never idle at `tokens_per_s`."""
    return usd_per_hour / (tokens_per_s * SECONDS_PER_HOUR) * MTOK

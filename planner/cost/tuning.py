"""FT-1 to FT-3: fine-tuning. GPU-hours from the arithmetic of training, then cadence and evaluation."""

from __future__ import annotations

import numpy as np

from planner.units import SECONDS_PER_HOUR, FloatArray

FLOPS_PER_PARAM_TOKEN: dict[str, int] = {"full": 6, "lora": 4, "qlora": 4}
"""FT-1: forward 2, gradients of activations 2, gradients of weights 2 (none for frozen weights)."""
RECOMPUTATION_FLOPS_PER_PARAM_TOKEN = 2
"""FT-1: added when all activations are computed a second time to save memory."""
TERA = 1e12


def training_gpu_hours(
    active_params: FloatArray | float,
    tokens: FloatArray | float,
    epochs: FloatArray | float,
    runs: FloatArray | float,
    *,
    flops_per_param_token: FloatArray | float,
    tflops: FloatArray | float,
    mfu_fraction: FloatArray | float,
    overhead: FloatArray | float = 1.0,
) -> FloatArray:
    """FT-1: c N D epochs runs overhead / (peak FLOPS x MFU x 3600); broadcasts.

    `tokens` of one pass over the data; `runs` are trials until one is kept; `tflops` is one GPU's dense peak.
    """
    flops = flops_per_param_token * active_params * tokens * epochs * runs * overhead
    return np.asarray(flops / (tflops * TERA * mfu_fraction * SECONDS_PER_HOUR), dtype=np.float64)


def evaluation_usd(
    tokens_mtok: FloatArray | float,
    usd_per_mtok: FloatArray | float,
    human_hours: FloatArray | float,
    staff_usd_per_hour: FloatArray | float,
) -> FloatArray:
    """FT-3: tokens that the evaluation reads and writes, and the people who judge; USD per evaluation; broadcasts."""
    return np.asarray(tokens_mtok * usd_per_mtok + human_hours * staff_usd_per_hour, dtype=np.float64)


def tuning_usd_per_year(
    gpu_hours: FloatArray | float,
    usd_per_gpu_hour: FloatArray | float,
    runs_per_year: FloatArray | float,
    evaluation_usd_per_run: FloatArray | float = 0.0,
) -> FloatArray:
    """FT-2: tunings a year x (GPU-hours of one x price + its evaluation); broadcasts."""
    return np.asarray(runs_per_year * (gpu_hours * usd_per_gpu_hour + evaluation_usd_per_run), dtype=np.float64)

"""llama.cpp on Apple and NVIDIA: assumed constants against public runs, which are no rows of the fit.

`llama-bench` of Llama 2 7B, one request: tokens/s of a prompt of 512 (pp512), and of 128 generated tokens (tg128).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from planner.capacity.throughput.confidence import trust
from planner.capacity.throughput.deployment import Deployment, columns
from planner.capacity.throughput.predict import Load, predict
from planner.capacity.throughput.rates import rates_of
from planner.capacity.throughput.steps import prefill_s
from planner.capacity.throughput.traits import CHIPS
from planner.catalog.catalog import installed

TABLES = installed().tables
FIT = TABLES.predictor
MODEL = TABLES.model_by_id["llama-2-7b"]
APPLE = "https://github.com/ggml-org/llama.cpp/discussions/4167"
"""Begun 2023-11-22 with build 8e672ef, newer chips on newer builds, M5 on c1d0e7a of 2026-08-25; copy of 2026-09-30."""
NVIDIA = "https://github.com/ggml-org/llama.cpp/discussions/15013"
"""Begun 2025-08-01, each run with its build; copy of 2026-09-30."""
GENERATED_WITHIN, PROMPT_WITHIN = 1.25, 1.25
DATACENTRE_GENERATED_WITHIN = 1.5
"""Its kernels leave A100 and H100 waiting, which no constant here says."""


class Run(NamedTuple):
    """One line of a public table."""

    gpu_id: str
    format_id: str
    prompt_tokens_per_s: float
    generated_tokens_per_s: float
    source: str


RUNS = [
    Run("apple-m1-ultra", "fp16", 1168.89, 37.01, APPLE),
    Run("apple-m1-ultra", "gguf-q8-0", 1042.95, 59.87, APPLE),
    Run("apple-m1-ultra", "gguf-q4-0", 1030.04, 83.73, APPLE),
    Run("apple-m2-max", "fp16", 755.67, 24.65, APPLE),
    Run("apple-m2-max", "gguf-q8-0", 677.91, 41.83, APPLE),
    Run("apple-m2-max", "gguf-q4-0", 671.31, 65.95, APPLE),
    Run("apple-m2-ultra", "fp16", 1401.85, 41.02, APPLE),
    Run("apple-m2-ultra", "gguf-q8-0", 1248.59, 66.64, APPLE),
    Run("apple-m2-ultra", "gguf-q4-0", 1238.48, 94.27, APPLE),
    Run("apple-m3-max", "fp16", 779.17, 25.09, APPLE),
    Run("apple-m3-max", "gguf-q8-0", 757.64, 42.75, APPLE),
    Run("apple-m3-max", "gguf-q4-0", 759.70, 66.31, APPLE),
    Run("apple-m3-ultra", "fp16", 1538.34, 39.78, APPLE),
    Run("apple-m3-ultra", "gguf-q8-0", 1487.51, 63.93, APPLE),
    Run("apple-m3-ultra", "gguf-q4-0", 1471.24, 92.14, APPLE),
    Run("apple-m4-pro", "fp16", 464.48, 17.18, APPLE),
    Run("apple-m4-pro", "gguf-q8-0", 449.62, 30.69, APPLE),
    Run("apple-m4-pro", "gguf-q4-0", 439.78, 50.74, APPLE),
    Run("apple-m4-max", "fp16", 922.83, 31.64, APPLE),
    Run("apple-m4-max", "gguf-q8-0", 891.94, 54.05, APPLE),
    Run("apple-m4-max", "gguf-q4-0", 885.68, 83.06, APPLE),
    Run("apple-m5-max", "gguf-q4-0", 3219.99, 119.92, APPLE),
    Run("rtx-4090", "gguf-q4-0", 11992.70, 186.21, NVIDIA),
    Run("rtx-5090", "gguf-q4-0", 14073.41, 290.02, NVIDIA),
    Run("rtx-pro-6000", "gguf-q4-0", 14854.63, 274.20, NVIDIA),
]
DATACENTRE = [
    Run("h100-sxm", "gguf-q4-0", 9918.34, 267.81, NVIDIA),
    Run("a100-80gb", "gguf-q4-0", 4849.53, 190.88, NVIDIA),
]


def deployed(run: Run) -> Deployment:
    gpu, kind = TABLES.gpu_by_id[run.gpu_id], TABLES.format_by_id[run.format_id]
    return Deployment(MODEL, kind, gpu, engine="llama.cpp")


def generated_ratio(run: Run) -> float:
    """Predicted / public tokens/s of one request that generates 128 tokens."""
    found = predict(columns([deployed(run)]), Load(1.0, 128.0, 1.0), FIT.constants)
    return float(1000 / found.tpot_ms[0]) / run.generated_tokens_per_s


def prompt_ratio(run: Run) -> float:
    """Predicted / public tokens/s of a prompt of 512 tokens."""
    d = columns([deployed(run)])
    seconds = prefill_s(d, rates_of(d, FIT.constants), FIT.constants, np.array([0.0]), np.array([512.0]))
    return float(512 / seconds[0]) / run.prompt_tokens_per_s


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.gpu_id}-{run.format_id}")
def test_public_runs_on_apple_and_workstations_are_met_within_a_quarter(run: Run) -> None:
    assert 1 / GENERATED_WITHIN < generated_ratio(run) < GENERATED_WITHIN
    assert 1 / PROMPT_WITHIN < prompt_ratio(run) < PROMPT_WITHIN


@pytest.mark.parametrize("run", DATACENTRE, ids=lambda run: run.gpu_id)
def test_public_runs_on_datacentre_cards_are_met_within_a_stated_factor(run: Run) -> None:
    assert 1 / DATACENTRE_GENERATED_WITHIN < generated_ratio(run) < DATACENTRE_GENERATED_WITHIN
    assert 1 / PROMPT_WITHIN < prompt_ratio(run) < PROMPT_WITHIN


def test_public_runs_are_no_rows_of_the_fit() -> None:
    assert not any("Apple" in TABLES.gpu_by_id[row.gpu_id].vendor for row in TABLES.measured if row.gpu_id)
    assert "llama.cpp" not in FIT.training.generations
    assert all("llama.cpp" not in row.engine.lower() for row in TABLES.measured)


def test_apple_is_a_class_of_its_own_with_low_confidence() -> None:
    run = Run("apple-m4-max", "gguf-q4-0", 885.68, 83.06, APPLE)
    assert CHIPS[int(columns([deployed(run)]).chip[0])] == "apple"
    found = trust(deployed(run), Load(500.0, 200.0, 1.0), FIT)
    assert found.confidence == "low"
    assert any("Apple" in why for why in found.why), found.why


def test_no_constant_of_apple_or_llama_cpp_is_fitted() -> None:
    names = [c for c in FIT.fitted if "apple" in c.name or "llama.cpp" in c.name]
    assert len(names) >= 12
    assert not any(c.fitted for c in names)
    assert all(c.meaning.startswith("assumed: ") for c in names)


@pytest.mark.parametrize("gpu_id", ["apple-m4-max", "apple-m3-ultra", "rtx-5090"])
def test_slots_share_the_reading_of_the_weights_and_no_more_than_four_are_served(gpu_id: str) -> None:
    d = columns([deployed(Run(gpu_id, "gguf-q4-0", 1, 1, ""))])
    found = predict(d, Load(200.0, 200.0, np.array([[1.0], [4.0], [16.0]])), FIT.constants)
    one, four, sixteen = found.output_tokens_per_s[:, 0]
    assert one < four < 4 * one
    assert sixteen == pytest.approx(four)
    assert found.tpot_ms[1, 0] > found.tpot_ms[0, 0]


def test_weights_of_few_bits_are_read_faster_and_multiplied_no_faster_on_apple() -> None:
    """It has no units of fewer than 16 bits."""
    kinds = ("fp16", "gguf-q8-0", "gguf-q4-0")
    d = columns([deployed(Run("apple-m4-max", kind, 1, 1, "")) for kind in kinds])
    found = predict(d, Load(1.0, 128.0, 1.0), FIT.constants).output_tokens_per_s
    assert found[0] < found[1] < found[2]
    assert len(set(d.peak.tolist())) == 1

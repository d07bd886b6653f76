"""FT-1 to FT-3: the arithmetic of training, in proportion and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.tuning import (
    FLOPS_PER_PARAM_TOKEN,
    RECOMPUTATION_FLOPS_PER_PARAM_TOKEN,
    evaluation_usd,
    training_gpu_hours,
    tuning_usd_per_year,
)

amount = st.floats(0.1, 100)


def hours(tokens: float = 12e6, epochs: float = 1, runs: float = 1, *, c: float = 6, overhead: float = 1) -> float:
    """An 8B model on a GPU of 165 dense TFLOPS at 30 %."""
    found = training_gpu_hours(
        8e9, tokens, epochs, runs, flops_per_param_token=c, tflops=165, mfu_fraction=0.3, overhead=overhead
    )
    return float(found)


@given(tokens=amount, epochs=amount, runs=amount, c=amount, overhead=st.floats(1, 5))
def test_hours_are_proportional_to_every_kind_of_work(
    tokens: float, epochs: float, runs: float, c: float, overhead: float
) -> None:
    one = hours(1e6, c=1)
    assert hours(1e6 * tokens, epochs, runs, c=c, overhead=overhead) == pytest.approx(
        one * tokens * epochs * runs * c * overhead
    )


def test_small_model_worked_by_hand() -> None:
    # 6 x 8e9 x 12e6 = 5.76e17 FLOP; 165e12 x 0.3 x 3,600 = 1.782e17 an hour: 3.2 hours
    assert hours() == pytest.approx(5.76e17 / 1.782e17)
    assert round(hours(), 1) == 3.2
    assert float(
        training_gpu_hours(8e9, 12e6, 1, 1, flops_per_param_token=6, tflops=165, mfu_fraction=0.3)
    ) == pytest.approx(hours())


def test_frozen_weights_with_recomputation_cost_what_full_tuning_costs_without() -> None:
    assert FLOPS_PER_PARAM_TOKEN["qlora"] + RECOMPUTATION_FLOPS_PER_PARAM_TOKEN == FLOPS_PER_PARAM_TOKEN["full"]
    assert FLOPS_PER_PARAM_TOKEN["lora"] == FLOPS_PER_PARAM_TOKEN["qlora"]
    assert hours(c=FLOPS_PER_PARAM_TOKEN["lora"]) == pytest.approx(hours() * 2 / 3)


def test_hours_broadcast() -> None:
    found = training_gpu_hours(
        np.array([8e9, 70e9]), 12e6, 3, 1, flops_per_param_token=6, tflops=165, mfu_fraction=0.3, overhead=1.3
    )
    assert found == pytest.approx([3 * 1.3 * hours(), 3 * 1.3 * hours() * 70 / 8])


def test_evaluation_and_year_worked_by_hand() -> None:
    evaluation = float(evaluation_usd(2, 5, 8, 100))  # 2M tokens x $5 + 8 h x $100
    assert evaluation == 810
    assert float(tuning_usd_per_year(100, 2.5, 4, evaluation)) == 4 * (250 + 810)
    assert tuning_usd_per_year(100, 2.5, np.array([0, 4])).tolist() == [0, 1000]

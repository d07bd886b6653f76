"""What a published measurement says about another shape and another latency target."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.shape_transfer import pairs, range_of
from planner.capacity.ceiling import compute_ceiling_tokens_per_s, decode_steps_ceiling_per_s, usd_per_mtok_floor
from planner.capacity.published import (
    MAX_PREFILL_SHARE,
    PREFILL_MFU,
    Choice,
    choose,
    dense_tflops,
    derating,
    derating_name,
    matching_rows,
    shape_factor,
    split_work,
)
from planner.catalog.rows import ComputeRate, MeasuredRow
from planner.decision.throughput_published import SHAPE_HIGH_FRACTION, SHAPE_LOW_FRACTION
from planner.domain.workload import LatencyTarget
from tests.builders import tables

INTERACTIVE = 0.58
TARGET = LatencyTarget(ttft_slo_ms=2000, tpot_slo_ms=60)


def row(row_id: str = "m1", **more: Any) -> MeasuredRow:
    """1,000 in, 500 out, 1,000 output tokens/s on one H100, offline."""
    fields: dict[str, Any] = {
        "row_id": row_id,
        "source_id": "test",
        "model_id": "llama-3.1-8b",
        "model_name": "Llama 3.1 8B",
        "format_id": "bf16",
        "gpu_id": "h100-sxm",
        "gpu_name": "H100",
        "n_gpu": 1,
        "engine": "vllm",
        "input_tokens": 1000,
        "output_tokens": 500,
        "mode": "offline",
        "output_tokens_per_s": 1000,
        "derived": False,
        "fit_ok": True,
        "source_url": "https://example.org/run",
    }
    return MeasuredRow.model_validate(fields | more)


def timed(row_id: str, ttft_ms: float, tpot_ms: float, rate: float, **more: Any) -> MeasuredRow:
    return row(row_id, mode="closed", ttft_ms=ttft_ms, tpot_ms=tpot_ms, output_tokens_per_s=rate, **more)


def choice(*rows: MeasuredRow, shape: tuple[float, float] = (1000, 500), target: LatencyTarget = TARGET) -> Choice:
    found = choose(
        rows,
        target=target,
        shape=shape,
        compute_ceiling_tokens_per_s=60_000,
        offline_share=INTERACTIVE,
    )
    assert found is not None
    return found


# --- CAP-1: the split


def test_split_worked() -> None:
    # 500 / 1,000 = 0.5 s a request. Prompt: 1 / (60,000 x 0.35) = 47.6 us a token, 1,000 of them 0.047619 s;
    # the remaining 0.452381 s are 500 output tokens of 0.904762 ms
    work = split_work(
        input_tokens=1000, output_tokens=500, output_tokens_per_s=1000, compute_ceiling_tokens_per_s=60_000
    )
    assert work.s_per_input_token == pytest.approx(1 / (60_000 * 0.35))
    assert work.s_per_output_token == pytest.approx((0.5 - 1000 / 21_000) / 500)


def test_the_prompt_takes_at_most_four_fifths() -> None:
    # 8,000 / 21,000 = 0.381 s of prompt in a request of 10 / 100 = 0.1 s cannot be: it is held to 0.08 s
    work = split_work(input_tokens=8000, output_tokens=10, output_tokens_per_s=100, compute_ceiling_tokens_per_s=60_000)
    assert work.s_per_input_token * 8000 == pytest.approx(MAX_PREFILL_SHARE * 0.1)
    assert work.s_per_output_token * 10 == pytest.approx((1 - MAX_PREFILL_SHARE) * 0.1)


@given(prompt=st.floats(1, 1e5), output=st.floats(1, 1e4), rate=st.floats(0.1, 1e5), ceiling=st.floats(1e3, 1e6))
def test_the_split_gives_the_measured_rate_back_at_the_measured_shape(
    prompt: float, output: float, rate: float, ceiling: float
) -> None:
    work = split_work(
        input_tokens=prompt, output_tokens=output, output_tokens_per_s=rate, compute_ceiling_tokens_per_s=ceiling
    )
    seconds = prompt * work.s_per_input_token + output * work.s_per_output_token
    assert output / seconds == pytest.approx(rate)
    assert work.s_per_output_token > 0
    assert work.s_per_input_token <= 1 / (ceiling * PREFILL_MFU) * (1 + 1e-12)


# --- shapes


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((1000, 500), 1), ((2000, 500), 2), ((1000, 125), 4), ((500, 4000), 8), ((250, 250), 4), ((0, 500), 1000)],
)
def test_shape_factor_is_the_worse_of_the_two(shape: tuple[float, float], factor: float) -> None:
    assert shape_factor(row(), *shape) == pytest.approx(factor)


# --- latency


@pytest.mark.parametrize(
    ("ttft_ms", "tpot_ms", "share"),
    [(2000, 60, 1.0), (1, 1, 1.0), (2001, 60, None), (2000, 60.1, None)],
)
def test_a_stated_latency_is_held_against_the_target(ttft_ms: float, tpot_ms: float, share: float | None) -> None:
    assert derating(timed("m1", ttft_ms, tpot_ms, 1000), TARGET, INTERACTIVE) == share


@pytest.mark.parametrize(
    ("ttft_slo_ms", "tpot_slo_ms", "kind"),
    [(2000, 200, "relaxed"), (10_000, 500, "relaxed"), (2000, 60, "interactive"), (450, 200, "interactive")],
)
def test_an_offline_run_is_derated_by_how_strict_the_target_is(
    ttft_slo_ms: float, tpot_slo_ms: float, kind: str
) -> None:
    target = LatencyTarget(ttft_slo_ms=ttft_slo_ms, tpot_slo_ms=tpot_slo_ms)
    assert derating_name(target) == f"slo_derating_{kind}_fraction"
    assert derating(row(), target, 0.5) == 0.5


def test_a_derated_rate_is_the_share_of_the_measured_one() -> None:
    found = choice(row())
    seconds = 1000 * found.work.s_per_input_token + 500 * found.work.s_per_output_token
    assert found.derating == INTERACTIVE
    assert 500 / seconds == pytest.approx(1000 * INTERACTIVE)


def test_nothing_is_chosen_when_no_row_holds_the_target() -> None:
    rows = [timed("m1", 3000, 20, 900), timed("m2", 100, 90, 900)]
    assert (
        choose(
            rows,
            target=TARGET,
            shape=(1000, 500),
            compute_ceiling_tokens_per_s=60_000,
            offline_share=INTERACTIVE,
        )
        is None
    )


# --- the choice


def test_the_nearest_shape_wins_over_a_higher_rate() -> None:
    near, far = timed("near", 100, 20, 500), timed("far", 100, 20, 5000, input_tokens=4000)
    assert choice(far, near).row is near


def test_shapes_within_ten_per_cent_count_as_one() -> None:
    here, beside = timed("here", 100, 20, 500), timed("beside", 100, 20, 900, input_tokens=1040)
    assert choice(here, beside).row is beside
    assert choice(here, timed("off", 100, 20, 900, input_tokens=1300)).row is here


def test_at_one_shape_the_highest_rate_that_holds_the_target_wins() -> None:
    rows = [timed("slow", 100, 10, 300), timed("best", 900, 50, 900), timed("too-late", 5000, 90, 2000)]
    assert choice(*rows).row.row_id == "best"


def test_a_stated_latency_wins_over_a_derated_run() -> None:
    assert choice(row("offline", output_tokens_per_s=9000), timed("timed", 100, 20, 300)).row.row_id == "timed"


def test_the_choice_does_not_depend_on_the_order_of_the_rows() -> None:
    rows = [timed(f"m{i}", 100, 20, 500 + i % 3, input_tokens=900 + 50 * (i % 5)) for i in range(12)]
    chosen = set()
    for seed in range(30):
        random.Random(seed).shuffle(rows)
        chosen.add(choice(*rows).row.row_id)
    assert len(chosen) == 1


def test_only_rows_of_this_very_deployment_match() -> None:
    kept = row("kept", model_id="llama-3.1-70b")
    others = [
        row("gpus", n_gpu=2),
        row("format", format_id="fp8"),
        row("gpu", gpu_id="h200"),
        row("model", model_id="qwen3-8b"),
        row("unfit", fit_ok=False),
    ]
    found = matching_rows([*others, kept], ["llama-3.1-70b", "llama-3.1-8b"], "bf16", "h100-sxm", 1)
    assert [r.row_id for r in found] == ["kept"]


def test_llama_3_3_takes_the_measurements_of_llama_3_1() -> None:
    assert tables().same_architecture("llama-3.3-70b") == {"llama-3.3-70b", "llama-3.1-70b"}


# --- CAP-7: the ceilings


def test_ceilings_worked() -> None:
    # 989 TFLOP/s / (2 x 8e9) = 61,812 tokens/s; 3,350 GB/s / 16 GB = 209 steps/s; two GPUs do twice as much
    assert compute_ceiling_tokens_per_s(989, 1, 8e9) == pytest.approx(989e12 / 16e9)
    assert compute_ceiling_tokens_per_s(989, 2, 8e9) == pytest.approx(2 * 61_812.5)
    assert decode_steps_ceiling_per_s(3350, 1, 16e9) == pytest.approx(209.375)
    # $3/h at 1,000 tokens/s: 3 / 3.6M tokens = $0.8333 per 1M
    assert usd_per_mtok_floor(3, 1000) == pytest.approx(3 / 3.6)


@pytest.mark.parametrize(
    ("gpu_id", "rate", "tflops"),
    [
        ("h100-sxm", "fp8", 1979),
        ("h100-sxm", "fp4", 1979),  # no FP4: runs at the FP8 rate
        ("a100-80gb", "fp4", 312),  # neither: BF16
        ("a100-80gb", "fp8", 312),
        ("a100-80gb", "int8", 624),
        ("a100-80gb", "fp16", 312),
        ("t4", "fp16", 65),
        ("t4", "fp8", 65),  # weight-only, in FP16
        ("t4", "int8", 130),
        ("t4", "bf16", None),  # no BF16 at all, and no wider rate to fall back to
        ("t4", "fp4", None),
        ("apple-m4-max", "fp16", 17.18),
        ("apple-m4-max", "fp8", 17.18),  # no units of 8 or 4 bits
        ("apple-m4-max", "fp4", 17.18),
    ],
)
def test_a_format_falls_back_to_a_wider_rate(gpu_id: str, rate: ComputeRate, tflops: float | None) -> None:
    assert dense_tflops(tables().gpu_by_id[gpu_id], rate) == tflops


def test_the_range_of_the_carried_over_figure_is_that_of_the_benchmark() -> None:
    low, high = range_of(list(pairs(tables())))
    assert low + 0.005 >= SHAPE_LOW_FRACTION
    assert high - 0.005 <= SHAPE_HIGH_FRACTION
    assert abs(SHAPE_LOW_FRACTION - low) < 0.2
    assert abs(SHAPE_HIGH_FRACTION - high) < 0.3


@pytest.mark.parametrize("attribute", ["input_tokens", "output_tokens", "output_tokens_per_s"])
def test_every_shipped_row_has_what_the_split_needs(attribute: str) -> None:
    assert all(getattr(r, attribute) > 0 for r in tables().measured if r.fit_ok)

"""What a request log says: one example worked by hand, laws, and the shipped figures measured again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.workload.trace import peak_to_mean, summarise

ROOT = Path(__file__).resolve().parents[2]
GAPS = st.lists(st.floats(0, 90), min_size=1, max_size=60).filter(lambda gaps: sum(gaps) >= 60)


def test_worked_example() -> None:
    # whole minutes: [0, 60) has 1 request, [60, 120) has 3; the one at 120 s opens a partial minute
    log = summarise([0, 60, 70, 80, 120], [100, 200, 300, 400, 500], [10, 10, 10, 10, 60])
    assert (log.requests, log.window_s) == (5, 120)
    assert log.mean_requests_per_s == 5 / 120
    assert log.requests_per_day == pytest.approx(5 / 120 * 86_400)
    assert log.busiest_minute_to_mean == 3 / ((1 + 3) / 2)
    assert (log.input.mean_tokens, log.input.p50_tokens) == ((100 + 200 + 300 + 400 + 500) / 5, 300)
    assert log.input.p95_tokens == pytest.approx(400 + 0.8 * 100)  # 0.95 x 4 gaps = 3.8: 0.8 of the way to the last
    assert (log.output.mean_tokens, log.output.sum_tokens) == ((4 * 10 + 60) / 5, 100)


@given(gaps=GAPS, shift_s=st.floats(-1e6, 1e6), seed=st.integers(0, 2**32 - 1))
def test_order_and_origin_of_the_clock_do_not_matter(gaps: list[float], shift_s: float, seed: int) -> None:
    times = np.round(np.concatenate([[0.0], np.cumsum(gaps)]))
    if times[-1] < 60:
        return
    shuffled = np.random.default_rng(seed).permutation(times) + round(shift_s)
    tokens = np.ones_like(times)
    assert summarise(shuffled, tokens, tokens) == summarise(times, tokens, tokens)


@given(gaps=GAPS)
def test_the_busiest_minute_is_never_below_the_mean_one(gaps: list[float]) -> None:
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    tokens = np.arange(times.size)
    log = summarise(times, tokens, tokens)
    assert 1 <= log.busiest_minute_to_mean <= np.floor(times[-1] / 60)
    assert log.input.p5_tokens <= log.input.p50_tokens <= log.input.p95_tokens <= log.input.max_tokens


@given(index=st.lists(st.floats(0.01, 100), min_size=1, max_size=168), scale=st.floats(0.1, 10))
def test_peak_to_mean_is_at_least_one_and_has_no_unit(index: list[float], scale: float) -> None:
    assert peak_to_mean(index) >= 1 - 1e-12
    assert peak_to_mean(np.array(index) * scale) == pytest.approx(peak_to_mean(index))


def test_peak_to_mean_worked() -> None:
    assert peak_to_mean([1, 1, 4]) == 4 / ((1 + 1 + 4) / 3)


@pytest.mark.parametrize("index", [[], [0, 0], [1, -1]])
def test_a_shape_without_load_is_refused(index: list[float]) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        peak_to_mean(index)


def test_a_log_too_short_for_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than one minute"):
        summarise([0, 59], [1, 1], [1, 1])
    with pytest.raises(ValueError, match="same length"):
        summarise([0, 60], [1], [1, 1])


def test_shipped_figures_equal_a_fresh_measurement() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "measure_traces.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert run.returncode == 0, run.stdout + run.stderr


def test_shipped_figures_are_those_of_the_published_traces() -> None:
    measured = json.loads((ROOT / "data" / "traces" / "measured.json").read_text(encoding="utf-8"))
    assert measured["request_logs"]["azure2023_conv"]["requests"] == 19_366
    assert measured["request_logs"]["azure2023_code"]["requests"] == 8_819
    assert measured["hour_of_week"]["azure2024_conv"]["peak_to_mean"] == pytest.approx(1.65, abs=0.01)

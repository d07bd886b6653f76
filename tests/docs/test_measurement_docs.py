"""The method keeps up with the measurement of live servers: every flag, every threshold, the worked figures."""

from __future__ import annotations

from typing import get_args

from planner.capacity.measurement import guard_load, guard_tokens, knee, summary
from planner.capacity.measurement.levels import planned
from planner.capacity.measurement.run import LEAST_FOR, run_of
from planner.capacity.measurement.summary import summarise
from planner.domain.measured_run import FlagCode
from planner.domain.measurement import Status
from planner.domain.probe_task import ProbeTask
from tests.capacity.measurement.ideal import answer, asked, rate_run, seen
from tests.docs.test_docs import text_of


def section(formula_id: str) -> str:
    return text_of("method.md").split(f"\n### {formula_id} ")[1].split("\n### ")[0].split("\n## ")[0]


def test_every_flag_and_every_status_is_in_the_method() -> None:
    told = section("PRB-2")
    assert [code for code in get_args(FlagCode) if code not in told] == []
    assert [status for status in get_args(Status) if status.split("_")[0] not in section("PRB-4")] == []


def test_the_thresholds_told_are_those_of_the_guards() -> None:
    told = section("PRB-2")
    shares = (guard_load.FEW_ERRORS, guard_tokens.CACHE_NOTED, guard_tokens.SHORT_NOTED, guard_load.PREEMPTED_DOUBTED)
    assert all(f"more than {share:.0%}" in told for share in shares)
    assert f"over {guard_tokens.CACHE_UNUSABLE:.0%}" in told
    assert f"below {guard_tokens.NEARLY_FRACTION:.0%} of it" in told
    assert (
        f"{guard_tokens.LENGTH_NOTED:.0%} off the length asked | note; over {guard_tokens.LENGTH_DOUBTED:.0%}" in told
    )
    assert f"below {guard_load.BURST_TPOT_MS:g} ms a token" in told
    assert f"{guard_load.LONGER_TOKENS:.0f} tokens and more in {guard_load.FEW_PIECES:.0f} pieces" in told
    assert f"below {guard_load.HELD_FRACTION:.0%} of the load" in told
    assert f"more than {guard_load.BUSY_CORES:g} cores" in told
    assert f"fewer than {guard_load.LEAST_COMPLETED} answers" in told
    assert f"more than {summary.NOISY_SPREAD:.0%} apart" in told


def test_the_percentiles_told_are_those_that_are_given() -> None:
    first, *rest = (f"{name.upper()} from {least}" for name, least in LEAST_FOR.items())
    assert f"{first} requests, {', '.join(rest)}" in section("PRB-1")


def test_the_worked_window_is_that_of_the_program() -> None:
    every = [answer(0, 1, 3), answer(1, 2, 4), answer(3, 4, 5), answer(4, 5, 7)]
    run = run_of(asked(2), seen(every))
    assert run.steady is not None
    told = section("PRB-1")
    assert f"15 / 2 = {run.steady.output_tokens_per_s:g} tokens/s" in told
    assert f"40 / 7 = {run.output_tokens_per_s:.1f}" in told


def test_the_worked_knee_is_that_of_the_program() -> None:
    rates = {1: 32, 2: 75, 4: 142, 8: 235, 16: 372, 32: 537, 64: 564}
    runs = [rate_run(load, rate) for load, rate in rates.items()]
    found = summarise(runs, stopped="", ttft_p95_ms=None, tpot_p95_ms=None).knee
    assert found is not None
    told = " ".join(section("PRB-3").split())
    assert f"the knee is not below {found.low:g}, and not above {found.high:g}" in told
    assert f"{knee.CERTAIN_RISE**2:g} x 0.9 / 1.1" in told


def test_the_worked_probe_is_that_of_the_program() -> None:
    task = ProbeTask(input_tokens=1000, output_tokens=200, levels=(1, 4, 16), repeats=2)
    found = planned(task, lambda _: 2.0)
    told = " ".join(section("PRB-5").split())
    assert f"= {found.requests} requests" in told
    assert found.seconds is not None
    assert f"= {found.seconds[0]:g} s" in told

"""Results that the tools themselves wrote: figures against the tools' own, and arithmetic on their tokens."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import pytest

from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError
from planner.probe.imports import merged, read_result

UNAUTHORISED = "vllm-python-unauthorised.json"
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "probe"


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    return found


def read(name: str) -> Measurement:
    (found,) = read_result((SAMPLES / name).read_bytes(), name)
    return found


def the_run(name: str) -> Run:
    (run,) = read(name).runs
    return run


def flags(run: Run) -> dict[str, str]:
    return {flag.code: flag.severity for flag in run.flags}


READABLE = sorted(path for path in SAMPLES.glob("*.[jc]s*") if path.name != UNAUTHORISED)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_every_sample_is_read(path: Path) -> None:
    assert all(found.runs for found in read_result(path.read_bytes(), path.name))


def test_the_python_programs_result() -> None:
    run, told = the_run("vllm-python-c4.json"), sample("vllm-python-c4.json")
    assert (run.requests_in_flight, run.completed, run.input_tokens, run.output_tokens) == (4, 32, 4098, 2048)
    assert (
        run.output_tokens_per_s == pytest.approx(2048 / 2.9952070449999155) == pytest.approx(told["output_throughput"])
    )
    assert run.ttft_ms is not None
    assert (run.ttft_ms.mean, run.ttft_ms.p50) == (told["mean_ttft_ms"], told["p50_ttft_ms"])
    assert run.ttft_ms.p95 == told["p95_ttft_ms"]
    assert run.ttft_ms.p99 is None  # 32 requests have no 99th percentile, whatever the tool says
    # Little's law: 32 x 0.3682 s / 2.9952 s.
    assert run.mean_in_flight == pytest.approx(32 * 0.368199 / 2.995207, rel=1e-4)
    assert run.started_at == dt.datetime(2026, 11, 20, 22, 46, 9, tzinfo=dt.UTC) - dt.timedelta(
        seconds=told["duration"]
    )
    assert flags(run)["NO_STEADY_WINDOW"] == "doubt"
    assert run.usable


def test_single_requests_agree_with_the_tools_own_figures_and_give_a_steady_part() -> None:
    run, told = the_run("vllm-python-c4-detailed.json"), sample("vllm-python-c4-detailed.json")
    for mine, name in ((run.ttft_ms, "ttft"), (run.tpot_ms, "tpot"), (run.e2e_ms, "e2el")):
        assert mine is not None
        assert mine.mean == pytest.approx(told[f"mean_{name}_ms"], rel=1e-3)
        assert mine.p50 == pytest.approx(told[f"p50_{name}_ms"], rel=1e-3)
        assert mine.p95 == pytest.approx(told[f"p95_{name}_ms"], rel=1e-3)
    assert run.mean_in_flight == pytest.approx(math.fsum(told["latencies"]) / told["duration"])
    assert run.steady is not None
    assert 0 < run.steady.start_s < run.steady.end_s <= run.duration_s
    assert run.steady.requests < 32
    assert "NO_STEADY_WINDOW" not in flags(run)


def test_gaps_between_tokens_stand_in_for_whole_times() -> None:
    document = sample("vllm-python-c4-detailed.json")
    whole = document.pop("latencies")
    document["itls"] = [
        [(end - first) / (n - 1)] * (n - 1)
        for end, first, n in zip(whole, document["ttfts"], document["output_lens"], strict=True)
    ]
    (found,) = read_result(json.dumps(document).encode(), "gaps.json")
    mine, other = found.runs[0].e2e_ms, the_run("vllm-python-c4-detailed.json").e2e_ms
    assert mine is not None
    assert other is not None
    assert mine.mean == pytest.approx(other.mean)


def test_the_rust_programs_steady_part_is_used() -> None:
    run, told = the_run("vllm-rust-c8.json"), sample("vllm-rust-c8.json")["steady_state"]
    assert run.steady is not None
    assert run.rate_output_tokens_per_s == told["output_throughput"]
    assert (run.steady.requests, run.steady.end_s) == (56, told["window"]["end_s"])
    assert run.output_tokens_per_s == pytest.approx(4096 / 15.482775319)
    assert set(flags(run)) == {"IMPORTED", "NO_METRICS"}
    assert read("vllm-rust-c8.json").client.program == "vllm bench serve (Rust)"


def test_a_steady_part_that_is_warned_of_is_left_out() -> None:
    document = sample("vllm-rust-c8.json")
    document["steady_state"]["window"]["warning"] = "too short"
    (found,) = read_result(json.dumps(document).encode(), "warned.json")
    assert found.runs[0].steady is None


def test_a_run_in_which_most_requests_failed_is_kept_and_not_used() -> None:
    found = read("vllm-rust-overload.json")
    (run,) = found.runs
    assert not run.usable
    assert {error.kind: error.count for error in run.errors} == {"empty_answer": 45, "overloaded": 11}
    assert "56 of 64" in next(flag.message for flag in run.flags if flag.code == "ERRORS")
    assert found.summary.status == "invalid"


def test_a_result_of_failures_alone_is_refused_though_the_tool_ended_well() -> None:
    with pytest.raises(ProbeError, match=r"Nothing was measured: all 8 requests failed"):
        read(UNAUTHORISED)


def test_the_same_prompts_twice_show_as_repeats_that_differ() -> None:
    both = merged([read("vllm-rust-warm.json"), read("vllm-rust-cold.json")])
    assert [(run.requests_in_flight, run.repeat) for run in both.runs] == [(4, 1), (4, 2)]
    assert both.runs[0].output_tokens_per_s < 25 < 59 < both.runs[1].output_tokens_per_s
    assert (both.summary.spread_fraction or 0) > 0.8
    assert "NOISY" in {flag.code for flag in both.flags}


def test_the_table_of_guidellm() -> None:
    found = read("guidellm-concurrent.csv")
    assert [run.requests_in_flight for run in found.runs] == [1, 4, 8, 16]
    assert [round(run.output_tokens_per_s, 1) for run in found.runs] == [28.9, 120.7, 125.9, 119.4]
    # 24 x 64 tokens in 12.7270 s.
    assert found.runs[1].output_tokens_per_s == pytest.approx(24 * 64 / 12.726999521255493)
    first = found.runs[0]
    assert first.tpot_ms is not None
    assert first.ttft_ms is not None
    # Its inter-token latency, not its TPOT of 32.99 ms: 215.6 + 63 x 30.09 = 2,111 ms of 2,212.
    assert first.tpot_ms.mean == pytest.approx(30.092365842647652)
    # The list is least, 0.1, 1, 5, 10, 25, 75, 90, 95, 99 % and most; the median has a column of its own.
    assert first.ttft_ms.p50 == pytest.approx(195.6183910369873)
    assert first.ttft_ms.p90 == pytest.approx(376.6, abs=0.1)
    assert first.ttft_ms.p95 == pytest.approx(452.5, abs=0.1)
    assert (found.client.program, found.server.served_model) == ("guidellm 0.8.1", "m100")
    # 128 tokens were asked; with the chat template around them they are 145.
    assert (found.shape.input_tokens_asked, first.input_tokens / first.completed) == (128, 145)
    assert found.shape.endpoint == "/v1/chat/completions"
    knee = found.summary.knee
    assert knee is not None
    assert knee.low <= 8 <= knee.high

"""One load in the form of every tool comes out the same, in our definitions."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.capacity.measurement.points import calibration_points
from planner.domain.measured_run import Run
from planner.domain.measurement import Declared, Measurement
from planner.probe.imports import merged, read_result
from tests.probe.imports import forms

DECLARED = Declared(gpu_id="h100-sxm", gpus=2, model_id="llama-3.1-8b")
FORMS: dict[str, Callable[[], dict[str, Any]]] = {
    "guidellm": forms.guidellm,
    "guidellm 0.3": forms.guidellm_before_0_4,
    "llmperf": forms.llmperf,
    "aiperf": forms.aiperf,
    "genai-perf": forms.genai_perf,
}


def read(document: Any, declared: Declared | None = DECLARED) -> Measurement:
    (found,) = read_result(json.dumps(document).encode(), "result.json", declared)
    return found


def the_run(document: Any) -> Run:
    (run,) = read(document).runs
    return run


def flags(run: Run) -> dict[str, str]:
    return {flag.code: flag.severity for flag in run.flags}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_tool_tells_the_same_load(form: Callable[[], dict[str, Any]]) -> None:
    found = read(form())
    (run,) = found.runs
    assert (run.kind, run.requests_in_flight, run.repeat, run.order) == ("closed", 8, 1, 1)
    assert (run.completed, run.sent, run.input_tokens, run.output_tokens) == (40, 40, 8000, 2000)
    assert run.duration_s == pytest.approx(4.95)
    assert run.output_tokens_per_s == pytest.approx(2000 / 4.95)
    assert run.mean_in_flight == pytest.approx(8)
    assert run.ttft_ms is not None
    assert run.tpot_ms is not None
    assert run.e2e_ms is not None
    assert run.ttft_ms.mean == pytest.approx(500)
    assert (run.ttft_ms.p50, run.ttft_ms.p95) == (500, 500)
    assert run.ttft_ms.p99 is None  # of 100 requests and more
    # (990 - 500) / 49 = 10 ms a token; with the first one in it would be 990 / 50 = 19.8.
    assert run.tpot_ms.mean == pytest.approx(10)
    assert run.e2e_ms.mean == pytest.approx(990)
    assert run.usable
    assert run.token_source == "tool"
    assert {code: flags(run)[code] for code in ("IMPORTED", "NO_METRICS")} == {
        "IMPORTED": "note",
        "NO_METRICS": "doubt",
    }
    assert "TOKENS_DIFFER" not in flags(run)
    assert found.server.served_model == "org/model-8b"
    assert found.declared == DECLARED
    assert found.shape.prompt_kind in ("chat", "unknown")
    assert calibration_points(found).output_tokens == 50


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_import_is_a_whole_document_with_no_text_and_always_the_same(form: Callable[[], dict[str, Any]]) -> None:
    found = read(form())
    data = measurement_json(found)
    assert b"SECRET" not in data
    assert read_measurement(data, "import.json") == found
    assert read(form()).measurement_id == found.measurement_id


def test_the_day_is_that_of_the_result_and_an_undated_one_says_so() -> None:
    began = dt.datetime(2025, 11, 22, 10, tzinfo=dt.UTC)
    for form in (forms.guidellm, forms.guidellm_before_0_4, forms.aiperf):
        assert read(form()).started_at == began
    # LLMPerf's moment is that of its end.
    assert read(forms.llmperf()).started_at == began - dt.timedelta(seconds=4.95)
    undated = read(forms.genai_perf())
    assert abs(undated.started_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert any("no date" in flag.message for flag in undated.runs[0].flags)


def test_single_requests_of_guidellm_tell_its_steady_part() -> None:
    steady = the_run(forms.guidellm()).steady
    assert steady is not None
    assert steady.requests >= 32  # the first wave may count as ramp-up
    assert steady.output_tokens_per_s == pytest.approx(2000 / 4.95, rel=0.01)
    alone = the_run(forms.guidellm_before_0_4())
    assert alone.steady is None
    assert flags(alone)["NO_STEADY_WINDOW"] == "doubt"


def test_rates_of_requests_are_open_loads_with_what_was_in_flight() -> None:
    told = the_run(forms.guidellm(type_="constant", rate=8.08))
    assert (told.kind, told.request_rate_per_s, told.requests_in_flight) == ("open", 8.08, 8)
    rated = forms.aiperf()
    rated["input_config"]["phases"][1] = {"name": "profiling", "type": "poisson", "rate": 8.08, "requests": 40}
    run = the_run(rated)
    assert (run.kind, run.request_rate_per_s) == ("open", 8.08)
    assert run.requests_in_flight == pytest.approx(8)


@pytest.mark.parametrize(
    ("strategy", "load"),
    [({"type_": "synchronous"}, 1), ({"type_": "throughput", "max_concurrency": 64}, 64), ({"type_": "throughput"}, 8)],
)
def test_other_loads_of_guidellm(strategy: dict[str, Any], load: float) -> None:
    assert the_run(forms.guidellm(**strategy)).requests_in_flight == load


def test_every_form_of_the_load_of_aiperf_is_read() -> None:
    for config in (
        {"loadgen": {"concurrency": 8, "request_count": 40}, "endpoint": {"model_names": ["org/model-8b"]}},
        {"concurrency": 8, "model": ["org/model-8b"]},
        {"phases": [{"name": "main", "kind": "profiling", "concurrency": 8}]},
    ):
        assert the_run(forms.aiperf() | {"input_config": config}).requests_in_flight == 8


def test_units_of_aiperf_are_obeyed() -> None:
    document = forms.aiperf()
    for name in ("time_to_first_token", "request_latency"):
        document[name] = forms.record(document[name]["avg"] / 1000, "sec")
    document["benchmark_duration"] = {"unit": "ms", "avg": 4950.0}
    run = the_run(document)
    assert run.ttft_ms is not None
    assert run.ttft_ms.mean == pytest.approx(500)
    assert run.duration_s == pytest.approx(4.95)


def test_several_benchmarks_are_loads_and_repeats() -> None:
    report = forms.guidellm()
    report["benchmarks"] += [forms.guidellm(16)["benchmarks"][0], forms.guidellm()["benchmarks"][0]]
    found = read(report)
    assert [(r.requests_in_flight, r.repeat, r.order) for r in found.runs] == [(8, 1, 1), (16, 1, 2), (8, 2, 3)]
    assert [level.repeats for level in found.summary.levels] == [2, 1]


def test_requests_cut_off_at_the_end_are_no_failures() -> None:
    report = forms.guidellm()
    report["benchmarks"][0]["metrics"]["request_totals"] |= {"incomplete": 3, "total": 43}
    run = the_run(report)
    assert (run.cut_off, run.sent, run.errors) == (3, 43, ())


def test_a_few_failures_are_noted_and_many_spoil_the_run() -> None:
    for failed, usable in ((0, True), (1, False)):
        document = forms.llmperf()
        document["results_number_errors"] = failed
        assert the_run(document).usable is usable
    document = forms.aiperf()
    document["error_request_count"] = {"unit": "requests", "avg": 10.0}
    run = the_run(document)
    assert flags(run)["ERRORS"] == "unusable"
    assert "10 of 50" in next(flag.message for flag in run.flags if flag.code == "ERRORS")


def test_a_rate_that_contradicts_its_tokens_is_not_used() -> None:
    mixed = forms.guidellm()
    metrics = mixed["benchmarks"][0]["metrics"]
    metrics["output_tokens_per_second"] = metrics["tokens_per_second"]  # output and total tokens mixed up: 5 x as many
    run = the_run(mixed)
    assert flags(run)["TOKENS_DIFFER"] == "unusable"
    near = forms.aiperf()
    near["output_token_throughput"]["avg"] *= 1.015
    assert the_run(near).usable


def test_a_time_per_token_with_the_first_token_in_it_is_doubted() -> None:
    document = forms.aiperf()
    document["inter_token_latency"] = forms.record(19.8, "ms")
    run = the_run(document)
    assert flags(run)["TOKENS_DIFFER"] == "doubt"
    assert "defined otherwise" in next(flag.message for flag in run.flags if flag.code == "TOKENS_DIFFER")


def test_lengths_that_vary_much_are_doubted() -> None:
    document = forms.aiperf()
    document["output_sequence_length"]["std"] = 30.0
    assert flags(the_run(document))["MIXED_SHAPES"] == "doubt"
    document["output_sequence_length"]["std"] = 20.0
    assert "MIXED_SHAPES" not in flags(the_run(document))


def test_cached_prompts_that_a_tool_tells_are_held_against_the_run() -> None:
    document = forms.aiperf()
    document["total_usage_prompt_cache_read_tokens"] = {"unit": "tokens", "avg": 4000.0}
    run = the_run(document)
    assert run.cached_input_tokens == 4000
    assert flags(run)["PREFIX_CACHE"] == "unusable"
    assert flags(run)["NO_METRICS"] == "note"


def test_a_cancelled_run_says_so() -> None:
    found = read(forms.aiperf() | {"was_cancelled": True})
    assert "cancelled" in found.stopped
    assert found.summary.status == "partial"


def test_files_of_one_server_become_one_curve_whatever_their_order() -> None:
    files = []
    for streams in (4, 8, 16):
        report = forms.guidellm(streams)
        report["benchmarks"][0]["start_time"] += 100 * streams
        report["benchmarks"][0].pop("requests")
        files.append(read(report))
    whole = merged(files)
    assert [run.requests_in_flight for run in whole.runs] == [4, 8, 16]
    assert [run.order for run in whole.runs] == [1, 2, 3]
    assert whole == merged(list(reversed(files)))
    assert whole.measurement_id not in {file.measurement_id for file in files}
    assert len(whole.summary.levels) == 3


def test_texts_and_keys_in_a_result_go_nowhere() -> None:
    report = copy.deepcopy(forms.guidellm())
    report["benchmarks"][0]["config"]["backend"]["api_key"] = "SECRET KEY"
    assert b"SECRET" not in measurement_json(read(report))

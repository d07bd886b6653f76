"""Results that cannot be used are refused in one line that says what, where and the way out."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.domain.measurement import Declared
from planner.probe.errors import ProbeError
from planner.probe.imports import merged, read_result
from planner.probe.imports.fields import Part, utc
from tests.probe.imports import forms

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "probe"
RUST: dict[str, Any] = json.loads((SAMPLES / "vllm-rust-c8.json").read_text(encoding="utf-8"))
Form = Callable[[], dict[str, Any]]
FORMS: dict[str, Form] = {
    "vllm": lambda: copy.deepcopy(RUST),
    "guidellm": forms.guidellm,
    "llmperf": forms.llmperf,
    "aiperf": forms.aiperf,
    "genai-perf": forms.genai_perf,
}


def refused(data: bytes | dict[str, Any] | list[Any], name: str = "result.json") -> str:
    with pytest.raises(ProbeError) as error:
        read_result(data if isinstance(data, bytes) else json.dumps(data).encode(), name)
    assert "\n" not in str(error.value)
    assert error.value.remedy
    return str(error.value)


def put(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *way, last = path.split("/")
    inner: Any = document
    for step in way:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[last] = value
    return document


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "result.json is empty"),
        (b"  \n", "result.json is empty"),
        (b"Throughput: 12 tok/s\nTTFT: 3 ms\n", "neither JSON nor a CSV of GuideLLM"),
        (b"\xff\xfe\x00\x01", "not a text file"),
        (b"%PDF-1.7", "neither JSON nor"),
        (b'{"a": 1, "b', "breaks off in line 1"),
        (b'{"a": 1, nonsense}', "not valid JSON: line 1, column 10"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "holds no result"),
        (b"[1, 2]", "holds no result"),
        (b"{}", "no result of a benchmark tool that is known here"),
        (b'{"measurement_id": "x", "runs": []}', "a measurement of this program.*planner probe show"),
        (b'{"experiments": []}', "single requests.*profile_export_genai_perf.json"),
        (b'[{"inter_token_latency_s": 1.0}]', "LLMPerf's single requests.*_summary.json"),
        (b'{"metadata": {}, "benchmarks": []}', "a report of GuideLLM without a benchmark"),
        (b'{"metadata": {}, "metrics": {}}', "AIPerf's single requests"),
        (b'{"conclusions": [], "metadata": {}}', "GuideLLM's conclusions alone"),
    ],
)
def test_what_is_no_result_is_named(data: bytes, said: str) -> None:
    with pytest.raises(ProbeError, match=said):
        read_result(data, "result.json")


def test_results_of_several_tools_in_one_file_are_refused() -> None:
    assert "AIPerf and LLMPerf" in refused([forms.aiperf(), forms.llmperf()])
    assert "no result" in refused([forms.aiperf(), {"hello": 1}])


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("vllm", "duration"),
        ("vllm", "total_output_tokens"),
        ("vllm", "total_input_tokens"),
        ("vllm", "mean_ttft_ms"),
        ("guidellm", "benchmarks/0/metrics/output_token_count/successful/mean"),
        ("guidellm", "benchmarks/0/metrics/prompt_token_count/successful/mean"),
        ("llmperf", "results_num_completed_requests_per_min"),
        ("llmperf", "results_number_output_tokens_mean"),
        ("llmperf", "num_concurrent_requests"),
        ("aiperf", "output_token_throughput/avg"),
        ("aiperf", "output_sequence_length/avg"),
    ],
)
@pytest.mark.parametrize("value", [0, -1, "many", "NaN", float("nan"), float("inf"), 1e300, True, [3]])
def test_zeros_and_what_is_no_number_are_refused_by_name(form: str, path: str, value: object) -> None:
    said = refused(put(FORMS[form](), path, value))
    assert [step for step in path.split("/") if not step.isdigit()][-1] in said


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("vllm", "completed"),
        ("guidellm", "benchmarks/0/metrics/request_totals/successful"),
        ("llmperf", "results_num_completed_requests"),
        ("aiperf", "request_count/avg"),
        ("genai-perf", "request_count/avg"),
    ],
)
def test_a_result_without_one_completed_request_is_refused(form: str, path: str) -> None:
    assert "Nothing was measured" in refused(put(FORMS[form](), path, 0))


def test_a_load_that_is_not_known_is_refused_with_what_to_give() -> None:
    endless = FORMS["vllm"]() | {"max_concurrency": None}
    assert "measure with --max-concurrency N" in refused(endless)
    assert "tells neither concurrency nor a rate" in refused(forms.aiperf() | {"input_config": {}})
    assert "neither streams nor a rate" in refused(put(forms.guidellm(), "benchmarks/0/config/strategy/streams", None))


@pytest.mark.parametrize(
    ("form", "path"), [("vllm", "max_concurrency"), ("guidellm", "benchmarks/0/config/strategy/streams")]
)
def test_a_load_of_less_than_one_request_is_refused(form: str, path: str) -> None:
    assert "0.5 requests in flight are none" in refused(put(FORMS[form](), path, 0.5))


def test_a_rate_is_an_open_load_of_what_was_in_flight() -> None:
    (found,) = read_result(json.dumps(FORMS["vllm"]() | {"request_rate": 4.0}).encode(), "open.json")
    (run,) = found.runs
    assert (run.kind, run.request_rate_per_s) == ("open", 4.0)
    assert run.requests_in_flight == pytest.approx(64 * 1.9337 / 15.4828, rel=1e-3)


def test_a_result_that_hides_its_failures_is_refused() -> None:
    document = FORMS["vllm"]()
    del document["failed"]
    (found,) = read_result(json.dumps(document | {"num_prompts": 80}).encode(), "older.json")
    assert (found.runs[0].sent, found.runs[0].usable) == (80, False)
    del document["num_prompts"]
    assert "how many requests failed is not known" in refused(document)


def test_all_problems_are_told_at_once() -> None:
    said = refused(FORMS["llmperf"]() | {"num_concurrent_requests": 0, "results_ttft_s_mean": -1})
    assert "num_concurrent_requests is 0" in said
    assert "results_ttft_s_mean is -1" in said


def test_a_contradiction_is_marked_and_named() -> None:
    document = FORMS["vllm"]() | {"output_throughput": RUST["total_token_throughput"]}
    (found,) = read_result(json.dumps(document).encode(), "mixed.json")
    (flag,) = [flag for flag in found.runs[0].flags if flag.code == "TOKENS_DIFFER"]
    assert flag.severity == "unusable"
    assert "264.6" in flag.message
    assert "793.7" in flag.message


def test_results_one_a_line_are_read_and_a_broken_line_is_not_passed_over() -> None:
    other = FORMS["vllm"]() | {"max_concurrency": 16, "date": "2026-11-20T23:57:53Z"}
    lines = f"{json.dumps(RUST)}\n{json.dumps(other)}\n"
    (found,) = read_result(lines.encode(), "appended.jsonl")
    assert [run.requests_in_flight for run in found.runs] == [8, 16]
    refused((lines + '{"date": "2026').encode())


def test_results_of_two_models_are_two_measurements() -> None:
    both = json.dumps([RUST, FORMS["vllm"]() | {"model_id": "other"}])
    found = read_result(both.encode(), "both.json")
    assert [m.server.served_model for m in found] == ["m100", "other"]


def test_only_results_of_one_server_are_merged() -> None:
    def read(document: dict[str, Any], declared: Declared | None = None) -> Any:
        return read_result(json.dumps(document).encode(), "r.json", declared)[0]

    rust = read(RUST)
    for other, said in (
        (read(forms.aiperf()), "several tools: aiperf, vllm_bench"),
        (read(RUST | {"model_id": "other"}), "several models: m100, other"),
        (read(RUST | {"burstiness": 2}, Declared(gpu_id="h100-sxm")), "several GPUs"),
        (rust, "the same result twice"),
        (read(RUST | {"total_output_tokens": 64 * 640, "output_throughput": 2645.5}), "answers of 64 to 640 tokens"),
    ):
        with pytest.raises(ProbeError, match=said):
            merged([rust, other])
    with pytest.raises(ProbeError, match="No result was given"):
        merged([])


def test_a_table_that_breaks_off_is_refused() -> None:
    whole = (SAMPLES / "guidellm-concurrent.csv").read_text(encoding="utf-8")
    assert "breaks off" in refused(whole[: len(whole) - 200].encode())
    assert "unlike length" in refused("\n".join(whole.splitlines()[:3]).encode())
    assert "Request Counts / Successful is 'x'" in refused(whole.replace(",24,0,0,24,", ",x,0,0,24,").encode())


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_a_result_with_anything_missing_or_wrong_is_read_or_refused_and_nothing_else(
    form: str, data: st.DataObject
) -> None:
    document: Any = FORMS[form]()
    inner = document
    for _ in range(6):
        keys = sorted(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(inner[key], dict | list) and inner[key] and data.draw(st.booleans()):
            inner = inner[key]
            continue
        wrong = st.sampled_from([None, "", "x", [], {}, -1, 0, 1e-300, 1e14, float("nan"), True, [None], {"a": 1}])
        inner[key] = data.draw(wrong)
        break
    try:
        found = read_result(json.dumps(document).encode(), "result.json")
    except ProbeError:
        return
    assert all(run.output_tokens_per_s >= 0 for m in found for run in m.runs)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(ProbeError):
        read_result(data, "any")


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("20261120-224609", "2026-11-20T22:46:09+00:00"),
        ("2026-11-20T22:57:53Z", "2026-11-20T22:57:53+00:00"),
        ("2026-11-20T22:57:53+02:00", "2026-11-20T20:57:53+00:00"),
        ("2026-11-20 23:15:28", "2026-11-20T23:15:28+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_moments_are_read_as_utc(value: object, iso: str) -> None:
    moment = utc(value)
    assert moment is not None
    assert moment.isoformat() == iso


@pytest.mark.parametrize("value", ["yesterday", "", None, True, 1e300, [1], float("nan")])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert utc(value) is None


def test_texts_are_one_short_line() -> None:
    assert Part({"name": "a\n\x00b" * 500}).text("name").startswith("a b")
    assert len(Part({"name": "ab " * 500}).text("name")) <= 200

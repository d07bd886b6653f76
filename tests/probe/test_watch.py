"""A server watched by its counters alone: what comes out is what it was played, and nothing but GETs were sent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.capacity.measurement.points import calibration_points
from planner.domain.measurement import Declared, Measurement
from planner.probe import watch as watch_module
from planner.probe.errors import ProbeError
from planner.probe.progress import Progress
from planner.probe.scrape import models_in, of_model, scrape_of
from planner.probe.target import Target
from planner.probe.watch import watch
from tests.capacity.measurement.live_traffic import Request, poisson, scrape, vllm_text
from tests.probe.playing_server import MODEL, Playing, playing

# 200 requests/s, each 0.01 s to the first token and 15 more of 2 ms: 0.04 s in flight, so 8 at once, 3,200 tokens/s.
BRISK = [
    Request(request.at_s, input_tokens=100, output_tokens=16, ttft_s=0.01, tpot_s=0.002)
    for request in poisson(200, 8, begin_s=-1)
]
KEY = "sk-very-secret-123"


@pytest.fixture
def server() -> Iterator[Playing]:
    with playing(BRISK) as running:
        yield running


def target(server: Playing, model: str = "", **declared: object) -> Target:
    return Target(server.url, model, KEY, Declared.model_validate(declared), "loopback")


def test_a_watch_tells_the_traffic_that_was_played(server: Playing) -> None:
    kept: list[Measurement] = []
    said: list[Progress] = []
    found = watch(target(server, gpu_id="h100-sxm", gpus=2), 1.5, 0.1, said.append, keep=kept.append)
    # The first reading only tells what the server is.
    first, last = server.read[1], server.read[-1]
    gained = (last.counters.generation_tokens or 0) - (first.counters.generation_tokens or 0)
    assert sum(run.output_tokens for run in found.runs) == gained
    seconds = sum(run.duration_s for run in found.runs)
    assert seconds == pytest.approx(last.at_s - first.at_s, abs=0.3)
    assert gained / seconds == pytest.approx(3200, rel=0.3)
    taken = last.histograms["e2e"].total - first.histograms["e2e"].total
    assert sum(run.requests_in_flight * run.duration_s for run in found.runs) == pytest.approx(taken)
    assert taken / seconds == pytest.approx(8, rel=0.3)
    assert (found.origin, found.server.engine, found.server.engine_version) == ("watch", "vllm", "0.32.0")
    assert (found.server.served_model, found.server.max_model_len) == (MODEL, 2048)
    assert (found.shape.prompt_kind, found.stopped, found.declared.gpus) == ("live", "", 2)
    assert kept[-1] == found
    assert said[-1].share > 0.8
    assert [p.share for p in said] == sorted(p.share for p in said)
    points = calibration_points(found)
    assert points.input_tokens == pytest.approx(100, rel=0.2)
    assert points.points


def test_only_pages_are_read_and_no_key_is_kept(server: Playing) -> None:
    found = watch(target(server), 0.6, 0.1)
    assert {method for method, _, _ in server.asked} == {"GET"}
    assert {path for _, path, _ in server.asked} == {"/metrics", "/version", "/v1/models"}
    assert [path for _, path, _ in server.asked].count("/v1/models") == 1
    assert KEY.encode() not in measurement_json(found)
    assert read_measurement(measurement_json(found), "watch.json") == found


def test_a_cancelled_watch_keeps_what_it_read(server: Playing) -> None:
    began = time.perf_counter()
    found = watch(target(server), 60, 0.1, cancelled=lambda: time.perf_counter() - began > 0.8)
    assert time.perf_counter() - began < 15
    assert found.runs
    assert "stopped" in found.stopped
    assert found.summary.status == "partial"


def test_a_dying_server_leaves_what_was_read(server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "GIVE_UP_READINGS", 3)
    server.pages["/metrics"] = lambda at_s, n: server.metrics(at_s, n) if at_s < 0.8 else 503
    found = watch(target(server), 60, 0.1)
    assert found.runs
    assert "no longer answered" in found.stopped


def test_missing_readings_are_passed_over(server: Playing) -> None:
    server.pages["/metrics"] = lambda at_s, n: 503 if n % 3 == 0 else server.metrics(at_s, n)
    found = watch(target(server), 1.0, 0.1)
    gained = (server.read[-1].counters.generation_tokens or 0) - (server.read[1].counters.generation_tokens or 0)
    assert sum(run.output_tokens for run in found.runs) == gained
    assert found.stopped == ""


def test_a_restart_within_a_watch_is_told(server: Playing) -> None:
    def metrics(at_s: float, n: int) -> str:
        born = 0.0 if at_s < 0.6 else 0.6
        return vllm_text(scrape([r for r in server.requests if r.at_s >= born - 1], at_s), MODEL, born=born)

    server.pages["/metrics"] = metrics
    found = watch(target(server), 1.2, 0.1)
    assert "COUNTER_RESET" in {flag.code for flag in found.flags}
    assert all(run.output_tokens_per_s > 0 for run in found.runs)


def test_one_model_of_several_is_read_and_has_to_be_named(server: Playing) -> None:
    others = [Request(r.at_s, 900, 300) for r in server.requests]

    def metrics(at_s: float, n: int) -> str:
        return vllm_text(scrape(server.requests, at_s), MODEL) + vllm_text(scrape(others, at_s), "another")

    server.pages["/metrics"] = metrics
    with pytest.raises(ProbeError, match=r"more than one model.*another, org/model-8b"):
        watch(target(server), 0.4, 0.1)
    found = watch(target(server, MODEL), 0.8, 0.1)
    assert sum(run.input_tokens for run in found.runs) / sum(run.completed for run in found.runs) < 130
    with pytest.raises(ProbeError, match=r"counts no model 'third'"):
        watch(target(server, "third"), 0.4, 0.1)


def test_engines_of_one_model_are_added_up_and_other_models_left_out() -> None:
    requests = list(poisson(10, 30))
    read = scrape(requests, 20.0)
    text = vllm_text(read, "a", engine=0) + vllm_text(read, "a", engine=1) + vllm_text(read, "b")
    assert models_in(text) == ("a", "b")
    both, one = scrape_of(text, "a", 1.0), scrape_of(vllm_text(read, "a"), "a", 1.0)
    assert both.counters.generation_tokens == 2 * (one.counters.generation_tokens or 0) > 0
    assert both.counters.kv_usage_fraction == one.counters.kv_usage_fraction
    assert {k: h.counts for k, h in both.histograms.items()} == {
        k: tuple(2 * n for n in h.counts) for k, h in one.histograms.items()
    }
    assert both.ended == {reason: 2 * n for reason, n in one.ended.items()}
    assert one.histograms == dict(read.histograms)
    assert of_model(text, "not there") == text


def test_metrics_of_a_real_server_are_read_whole() -> None:
    text = (Path(__file__).resolve().parents[1] / "samples" / "probe" / "vllm-metrics.prom").read_text(encoding="utf-8")
    read = scrape_of(text, "m100", 0.0)
    assert models_in(text) == ("m100",)
    assert set(read.histograms) == {"ttft", "tpot", "gap", "e2e", "input", "output"}
    assert {name: h.observations for name, h in read.histograms.items() if name != "gap"} == dict.fromkeys(
        ("ttft", "tpot", "e2e", "input", "output"), 395
    )
    # 395 requests of 128 + 64 tokens, all to their full length; 395 x 63 gaps.
    assert (read.counters.prompt_tokens, read.counters.generation_tokens) == (395 * 128, 395 * 64)
    assert (read.histograms["input"].mean, read.histograms["output"].mean) == (128, 64)
    assert read.histograms["gap"].observations == 395 * 63
    assert read.histograms["gap"].mean == pytest.approx(read.histograms["tpot"].mean)
    assert read.ended["length"] == sum(read.ended.values()) == 395
    assert read.born == 1795216303.5699549


def test_names_of_sglang_are_read() -> None:
    text = """
sglang:prompt_tokens_total{model_name="m"} 800.0
sglang:generation_tokens_total{model_name="m"} 400.0
sglang:cached_tokens_total{model_name="m"} 80.0
sglang:num_running_reqs{model_name="m"} 3.0
sglang:num_queue_reqs{model_name="m"} 1.0
sglang:e2e_request_latency_seconds_sum{model_name="m"} 12.0
sglang:e2e_request_latency_seconds_bucket{le="1.0",model_name="m"} 2.0
sglang:e2e_request_latency_seconds_bucket{le="+Inf",model_name="m"} 4.0
sglang:time_per_output_token_seconds_sum{model_name="m"} 8.0
sglang:time_per_output_token_seconds_bucket{le="0.05",model_name="m"} 396.0
sglang:time_per_output_token_seconds_bucket{le="+Inf",model_name="m"} 396.0
sglang:generation_tokens_histogram_sum{model_name="m"} 400.0
sglang:generation_tokens_histogram_bucket{le="200.0",model_name="m"} 4.0
sglang:generation_tokens_histogram_bucket{le="+Inf",model_name="m"} 4.0
"""
    read = scrape_of(text, "m", 1.0)
    assert set(read.histograms) == {"e2e", "gap", "output"}
    assert read.histograms["e2e"].mean == 3.0
    assert read.counters.cache_hit_tokens == 80
    assert read.counters.generation_tokens == 400


def test_a_quoted_name_of_a_model_is_read() -> None:
    text = 'vllm:generation_tokens_total{model_name="a \\"b\\" \\\\c"} 4.0\n'
    text += 'vllm:generation_tokens_total{model_name="d"} 9.0\n'
    assert models_in(text) == ('a "b" \\c', "d")
    assert scrape_of(text, 'a "b" \\c', 0.0).counters.generation_tokens == 4


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("", r"counts no generated tokens.*--enable-metrics"),
        ("process_start_time_seconds 1.0\n", r"counts no generated tokens"),
        ("<html>hello</html>", r"counts no generated tokens"),
        (404, r"/metrics.*404"),
        (401, r"/metrics.*401"),
        (503, r"/metrics.*503"),
    ],
)
def test_a_server_without_counters_is_refused_in_one_line(server: Playing, page: str | int, said: str) -> None:
    server.pages["/metrics"] = lambda at_s, n: page
    with pytest.raises(ProbeError, match=said) as refused:
        watch(target(server), 0.4, 0.1)
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_traffic_is_no_measurement() -> None:
    with playing([]) as idle, pytest.raises(ProbeError, match=r"too few requests ended \(\d+ readings"):
        watch(target(idle), 0.4, 0.1)


@pytest.mark.parametrize(
    ("seconds", "every_s"), [(0.0, 1.0), (10.0, 11.0), (10.0, 0.0), (1e9, 10.0), (float("nan"), 1.0)]
)
def test_a_watch_that_cannot_be_made_is_refused(seconds: float, every_s: float) -> None:
    with pytest.raises(ProbeError, match="cannot be made"):
        watch(Target("http://127.0.0.1:9"), seconds, every_s)


def test_a_wrong_address_is_refused() -> None:
    with pytest.raises(ProbeError) as refused:
        watch(Target("http://127.0.0.1:9", policy="loopback"), 10, 1)
    assert refused.value.kind == "unreachable"

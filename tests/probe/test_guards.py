"""A healthy server is measured exactly, up to its knee; the client keeps nothing that it should not."""

from __future__ import annotations

import statistics

import pytest

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.probe.run import probe
from tests.probe.fault_server import Faults, FaultServer, separate_fault_server
from tests.probe.probing import (
    CHECKS,
    INPUT,
    OUTPUT,
    TASK,
    WARM,
    probed,
    run_of,
    sound,
    target,
    task,
)

pytestmark = pytest.mark.usefixtures("quick")


def test_a_healthy_server_is_measured_exactly(server: FaultServer) -> None:
    run = run_of(probed(server))
    assert sound(run), run.flags
    assert (run.sent, run.completed, run.cut_off, run.errors) == (12, 12, 0, ())
    assert (run.input_tokens, run.output_tokens, run.token_source) == (12 * INPUT, 12 * OUTPUT, "usage")
    assert run.finished is not None
    assert (run.finished.length, run.short, run.chunks) == (12, 0, 12 * OUTPUT)
    assert run.server is not None
    assert (run.server.generation_tokens, run.server.prompt_tokens) == (12 * OUTPUT, 12 * INPUT)
    assert (run.server.requests_finished, run.server.cache_hit_tokens, run.reconciled) == (12, 0, True)


def test_latencies_are_those_of_the_server_and_have_their_n(server: FaultServer) -> None:
    run = run_of(probed(server, ttft_s=0.05, token_s=0.01))
    assert run.ttft_ms is not None
    assert run.tpot_ms is not None
    assert run.e2e_ms is not None
    assert run.ttft_ms.p50 is not None
    assert run.tpot_ms.p50 is not None
    assert run.e2e_ms.p50 is not None
    assert 50 <= run.ttft_ms.p50 < 100
    assert 9 <= run.tpot_ms.p50 < 15  # 70 ms for the 7 tokens after the first
    assert 120 <= run.e2e_ms.p50 < 200
    assert (run.ttft_ms.n, run.ttft_ms.p90 is None, run.ttft_ms.p95) == (10, False, None)


def test_a_wave_is_thrown_away_before_each_run_and_the_rest_is_counted(server: FaultServer) -> None:
    measured = probe(target(server), task(levels=(1, 3), most_in_flight=3, repeats=3), seed=7)
    assert [run.sent for run in measured.runs] == [12] * 6
    assert server.generations == CHECKS + 3 * (1 + 12) + 3 * (3 + 12)
    assert [(run.requests_in_flight, run.repeat) for run in measured.runs][:2] == [(1, 1), (3, 1)]
    assert sorted((run.requests_in_flight, run.repeat) for run in measured.runs) == [
        (load, repeat) for load in (1, 3) for repeat in (1, 2, 3)
    ]
    assert all(run.reconciled for run in measured.runs)


def test_repeats_come_in_an_order_that_the_seed_decides(server: FaultServer) -> None:
    asked = task(levels=(1, 2, 3), most_in_flight=3, repeats=3, least_requests=1, requests_per_slot=1)
    orders = [[r.requests_in_flight for r in probe(target(server), asked, seed=s).runs] for s in (1, 1, 2)]
    assert all(order[:3] == [1, 2, 3] for order in orders)
    assert orders[0] == orders[1]
    assert orders[2] != orders[0]


def test_the_knee_is_where_the_slots_end() -> None:
    pace = Faults(slots=4, ttft_s=0.02, token_s=0.006, tokens_per_chunk=4)
    asked = task(levels=(1, 2, 4, 8, 16), most_in_flight=16, output_tokens=16, stall_s=5, request_s=10)
    with separate_fault_server(pace) as url:
        measured = probe(target(url), asked, seed=1)
    assert measured.summary.knee is not None, measured.summary
    assert measured.summary.knee.low <= 4 <= measured.summary.knee.high
    waits = [level.ttft_ms for level in measured.summary.levels]
    assert waits[-1] is not None
    assert waits[0] is not None
    assert waits[-1] > 4 * waits[0]


def test_while_throughput_rises_levels_are_added_up_to_the_most(server: FaultServer) -> None:
    server.faults.token_s = 0.004
    measured = probe(target(server), task(levels=(1,), most_in_flight=6, least_requests=4), seed=1)
    assert [run.requests_in_flight for run in measured.runs] == [1, 2, 4, 6]


def test_a_server_that_is_not_saturated_gives_a_lower_bound(server: FaultServer) -> None:
    server.faults.token_s = 0.004
    measured = probe(target(server), task(levels=(1, 2, 4), most_in_flight=4), seed=1)
    assert (measured.summary.status, measured.summary.knee) == ("not_saturated", None)
    assert "lower bound" in measured.summary.reason
    assert "NOT_SATURATED" in {flag.code for flag in measured.flags}


def test_the_steady_part_and_the_whole_run_are_both_told(server: FaultServer) -> None:
    run = run_of(probe(target(server), task(levels=(4,), most_in_flight=4, output_tokens=32), seed=1))
    assert run.steady is not None
    assert 0 <= run.steady.start_s < run.steady.end_s <= run.duration_s
    assert run.output_tokens_per_s == pytest.approx(run.output_tokens / run.duration_s)


def test_the_client_tells_how_busy_it_was(server: FaultServer) -> None:
    run = run_of(probed(server, ttft_s=0.1))
    assert run.client_cpu_fraction is not None
    assert 0 < run.client_cpu_fraction < 0.5


def test_one_connection_is_used_for_each_request_in_flight(server: FaultServer) -> None:
    seen: list[int] = []
    probe(target(server), task(levels=(3,), most_in_flight=3), lambda _: seen.append(len(server.connections)), seed=1)
    assert max(seen) <= 3 + 2  # one more reads the counters, one is of the look


def test_no_header_is_sent_that_a_strict_server_refuses(server: FaultServer) -> None:
    probed(server)
    names = {name.lower() for request in server.asked for name in request.headers}
    assert names <= {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "authorization",
    }


def test_open_loop_latencies_count_from_when_a_request_was_due(server: FaultServer) -> None:
    server.faults.slots, server.faults.ttft_s = 1, 0.04
    asked = task(open_rates_per_s=(40,), open_seconds=1.0, levels=(1,), most_in_flight=1, stall_s=5)
    closed, late = probe(target(server), asked, seed=3).runs
    assert (closed.kind, late.kind, late.request_rate_per_s) == ("closed", "open", 40)
    assert late.ttft_ms is not None
    assert closed.ttft_ms is not None
    assert late.ttft_ms.mean is not None
    assert closed.ttft_ms.mean is not None
    # 40 requests a second come to one slot that takes 21 a second: the last waits about a second
    assert late.ttft_ms.mean > 5 * closed.ttft_ms.mean
    assert statistics.fmean([late.mean_in_flight or 0]) > 3


def test_nothing_of_prompts_answers_keys_or_addresses_is_kept(server: FaultServer) -> None:
    server.faults.api_key = "sk-s3cret-0123456789"
    server.faults.token_ids = False
    measured = probe(target(server, api_key="sk-s3cret-0123456789"), TASK, seed=1)
    kept = measurement_json(measured).decode()
    words = {word for prompt in server.prompts for word in str(prompt).split() if len(word) > 6}
    assert words
    for secret in ("s3cret", "127.0.0.1", str(server.server_port), "nuraba", "/models/"):
        assert secret not in kept
    assert read_measurement(kept.encode(), "kept") == measured


def test_what_is_kept_after_each_run_is_a_measurement_so_far(server: FaultServer) -> None:
    kept: list[bytes] = []
    asked = task(levels=(1, 2), repeats=2)
    measured = probe(target(server), asked, keep=lambda m: kept.append(measurement_json(m)), seed=1)
    assert [len(read_measurement(data, "kept").runs) for data in kept][:4] == [1, 2, 3, 4]
    assert {read_measurement(data, "kept").measurement_id for data in kept} == {measured.measurement_id}


def test_warm_up_waves_are_as_wide_as_their_level(server: FaultServer) -> None:
    probe(target(server), task(levels=(5,), most_in_flight=5, least_requests=5, requests_per_slot=1), seed=1)
    assert server.generations == CHECKS + 5 + 5
    assert (server.engine.most_running, WARM) == (5, 2)

"""The points a plan takes from a measurement, what it says of them, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.calibration import ProbePoint, calibrate
from planner.capacity.measurement.points import Refused, calibration_points, citation, doubts_of, shape_delivered
from planner.domain.measured_run import Flag, Run
from planner.domain.measurement import Declared, Measurement, ProbedServer
from tests.capacity.measurement.ideal import IN, OUT, ideal_run, measurement, rate_run

UNUSABLE = Flag(code="OTHER_TRAFFIC", severity="unusable", message="Somebody else used it.")
BURST = Flag(code="BURST_DELIVERY", severity="doubt", message="They arrived in bursts.")
FLAT = {1: 10.0, 2: 20.0, 4: 40.0, 8: 80.0, 16: 81.0, 32: 80.0}


def flat(**more: Any) -> list[Run]:
    return [rate_run(load, rate, **more) for load, rate in FLAT.items()]


def loads(m: Measurement) -> list[float]:
    return [point.requests_in_flight for point in calibration_points(m).points]


def test_a_plan_cites_id_engine_gpus_and_day() -> None:
    points = calibration_points(measurement(flat()), gpu_words="2 x NVIDIA H100 SXM")
    assert points.provenance.origin == "measured"
    assert points.provenance.source == "probe 3f2a000000000000 of vLLM 0.32.0 on 2 x NVIDIA H100 SXM"
    assert points.provenance.as_of == "2026-11-22"
    by = points.measured_by
    assert by is not None
    assert (by.measurement_id, by.made_by, by.engine, by.engine_version) == (
        "3f2a" + "0" * 12,
        "probe",
        "vllm",
        "0.32.0",
    )
    assert (by.gpu, by.gpu_id, by.gpus, by.status) == ("2 x NVIDIA H100 SXM", "h100-sxm", 2, "ok")
    assert by.doubts == ()


def test_what_is_not_known_is_not_made_up() -> None:
    m = measurement(flat(), server=ProbedServer(), declared=Declared(), origin="aiperf")
    assert citation(m) == "aiperf 3f2a000000000000 of an engine without a name on GPUs that are not named"
    by = calibration_points(m).measured_by
    assert by is not None
    assert (by.gpu_id, by.gpus) == ("", None)
    cpu = measurement(flat(), declared=Declared(gpu_id="cpu"))
    assert citation(cpu).endswith("on a server without a GPU")


def test_points_are_medians_of_the_repeats() -> None:
    m = measurement([rate_run(1, rate, i + 1) for i, rate in enumerate((9.0, 10.0, 14.0))])
    (point,) = calibration_points(m).points
    assert (point.requests_in_flight, point.output_tokens_per_s) == (1, 10.0)
    assert point.ttft_ms == pytest.approx(100)
    assert point.tpot_ms == pytest.approx(900 / 9)


def test_lengths_are_those_delivered_without_what_was_cached() -> None:
    """Two runs of 100 answers: 10,000 prompt tokens each, 400 and 0 of them cached: 19,600 / 200 = 98."""
    runs = [rate_run(1, 10, cached_input_tokens=400), rate_run(2, 20)]
    assert shape_delivered(measurement(runs)) == pytest.approx((98, OUT))
    hits = {"generation_tokens": 1000, "cache_query_tokens": 10_000, "cache_hit_tokens": 400}
    by_counter = [rate_run(1, 10, server=hits), rate_run(2, 20)]
    assert shape_delivered(measurement(by_counter)) == pytest.approx((98, OUT))


def test_points_end_where_requests_begin_to_wait() -> None:
    """Flat from 8 on: the knee is not above 16, where requests wait and the first token says nothing of the engine."""
    points = calibration_points(measurement(flat())).points
    assert [point.requests_in_flight for point in points] == [1, 2, 4, 8, 16]
    assert [point.ttft_ms is None for point in points] == [False] * 4 + [True]


def test_the_time_to_the_first_token_is_left_out_from_a_quarter_above_the_knee() -> None:
    """Six places: the knee is near 6 and, by the rates, not above 32; at 16 ten requests wait."""
    rates = {1: (10, 100), 4: (40, 110), 16: (60, 600), 32: (60, 900)}
    m = measurement([rate_run(load, rate, ttft_ms=wait) for load, (rate, wait) in rates.items()])
    assert m.summary.knee is not None
    assert m.summary.knee.high == 32
    assert [point.ttft_ms is None for point in calibration_points(m).points] == [False, False, True, True]


@given(st.integers(1, 32), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_the_points_of_an_ideal_server_are_saturated_where_it_was(places: int, repeats: int) -> None:
    levels = (1, 2, 4, 8, 16, 32, 64)
    m = measurement([ideal_run(n, places, r + 1) for n in levels for r in range(repeats)])
    given_points = calibration_points(m)
    rows = [
        ProbePoint(
            concurrency=p.requests_in_flight,
            output_tokens_per_s=p.output_tokens_per_s,
            input_tokens=given_points.input_tokens,
            output_tokens=given_points.output_tokens,
        )
        for p in given_points.points
    ]
    assert calibrate(rows).shapes[0].saturated == (m.summary.knee is not None)
    assert (given_points.input_tokens, given_points.output_tokens) == (IN, OUT)


def test_a_measurement_that_never_saturated_gives_all_its_points_and_says_so() -> None:
    m = measurement([rate_run(load, 10.0 * load) for load in (1, 2, 4)])
    assert loads(m) == [1, 2, 4]
    assert any("lower bound" in doubt for doubt in doubts_of(m))


def test_bursts_leave_the_rate_and_take_the_latencies() -> None:
    m = measurement(flat(flags=(BURST,)))
    assert all(point.ttft_ms is None and point.tpot_ms is None for point in calibration_points(m).points)
    assert doubts_of(m) == ("all 6 runs used: They arrived in bursts.",)


def test_unusable_runs_enter_no_point_and_are_told() -> None:
    bad = [rate_run(load, 1e6, 2, flags=(UNUSABLE,)) for load in (4, 64)]
    m, clean = measurement([*flat(), *bad]), measurement(flat())
    assert calibration_points(m).points == calibration_points(clean).points
    assert doubts_of(m) == ("2 runs left out: Somebody else used it.",)


def test_latencies_that_the_rate_contradicts_are_left_out() -> None:
    """8 requests at 100 ms a token are at most 80 tokens/s, 100 with slack; 200 were delivered."""
    (point,) = calibration_points(measurement([rate_run(8, 200)])).points
    assert (point.output_tokens_per_s, point.tpot_ms) == (200, None)


def test_nothing_usable_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match=r"^Nothing was measured .* Somebody else used it\. Probe again\.$"):
        calibration_points(measurement([rate_run(1, 10, flags=(UNUSABLE,))]))
    with pytest.raises(Refused, match=r"No run was made"):
        calibration_points(measurement([]))
    with pytest.raises(Refused, match=r"No load of one request in flight"):
        calibration_points(measurement([rate_run(0.3, 10, kind="live")]))


def test_no_plan_takes_more_points_than_it_holds() -> None:
    m = measurement([rate_run(load, 10.0 * load) for load in range(1, 200)])
    found = loads(m)
    assert len(found) <= 100
    assert (found[0], found[-1]) == (1, 199)


def test_doubts_count_runs_in_words_that_a_reader_understands() -> None:
    some = [rate_run(1, 10, flags=(BURST,)), rate_run(2, 20), rate_run(4, 40, flags=(UNUSABLE,))]
    said = doubts_of(measurement(some))
    assert "1 of 2 runs used: They arrived in bursts." in said
    assert "1 run left out: Somebody else used it." in said
    assert "the one run used: They arrived in bursts." in doubts_of(measurement(some[:1]))

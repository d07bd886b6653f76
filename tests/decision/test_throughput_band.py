"""How far off a throughput from measured points is said to be, and what speaks against the points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.calibration import BELOW_2X, BELOW_4X, INSIDE, ONE_POINT, OTHER_SHAPE, TWO_POINTS
from planner.decision.measured_doubts import all_doubts, citation, contradictions
from planner.decision.throughput_band import error_elsewhere, error_inside
from planner.domain.serving import CalibrationPoints
from tests.builders import rented, tables
from tests.decision.probe_samples import ID


def points(*loads: float, **measured_by: Any) -> CalibrationPoints:
    """Points at these loads on T(N) = 1.6 + 0.05 N at 200 tokens; of a measurement when something is said of it."""
    given = {"measurement_id": ID, "made_by": "probe", "engine": "vllm", "engine_version": "0.32.0"}
    return CalibrationPoints.model_validate(
        {
            "input_tokens": 1000,
            "output_tokens": 200,
            "points": [
                {"requests_in_flight": n, "output_tokens_per_s": 200 * n / (1.6 + 0.05 * n)}
                for n in loads or (1, 8, 64)
            ],
            "measured_by": given | measured_by if measured_by else None,
        }
    )


def test_between_three_loads_the_error_is_that_of_such_lines() -> None:
    assert error_inside(points(), 8).fraction == INSIDE.p90
    assert error_elsewhere(points()).fraction == OTHER_SHAPE.p90


def test_ends_of_the_band_are_the_error_up_and_down() -> None:
    error = error_inside(points(), 8)
    assert (error.low, error.high) == (1 / 1.085, 1.085)


@pytest.mark.parametrize(("in_flight", "fraction"), [(16, INSIDE.p90), (8, BELOW_2X.p90), (5, BELOW_4X.p90)])
def test_a_load_below_the_least_measured_one_is_less_certain(in_flight: float, fraction: float) -> None:
    assert error_inside(points(16, 32, 64), in_flight).fraction == fraction


def test_one_or_two_loads_have_the_error_of_such_lines() -> None:
    assert error_inside(points(1, 64), 8).fraction == TWO_POINTS.p90
    assert error_inside(points(8), 8).fraction == ONE_POINT.p90
    assert error_elsewhere(points(8)).fraction == ONE_POINT.p90


def test_the_same_load_twice_is_one_load() -> None:
    assert error_inside(points(8, 8, 8), 8).fraction == ONE_POINT.p90


def test_loads_beyond_the_knee_are_one() -> None:
    assert error_inside(points(1, 8, 16, 32, knee_requests_in_flight=8), 4).fraction == TWO_POINTS.p90
    assert error_inside(points(1, 8, 16, 32, knee_requests_in_flight=16), 4).fraction == INSIDE.p90


def test_repeats_that_differ_by_thirty_percent_widen_the_band_to_fifteen() -> None:
    found = error_inside(points(spread_fraction=0.3), 8)
    assert found.fraction == pytest.approx(0.15)
    assert found.why == "half of the 30% by which repeats of one load differ"


def test_repeats_that_agree_narrow_nothing() -> None:
    assert error_inside(points(spread_fraction=0.01), 8).fraction == INSIDE.p90


@given(st.floats(0, 2), st.floats(0, 2), st.lists(st.sampled_from([1, 4, 16, 64]), min_size=1, max_size=4, unique=True))
def test_more_spread_or_fewer_loads_never_make_a_figure_surer(a: float, b: float, loads: list[int]) -> None:
    least, most = sorted((a, b))
    noisy = error_inside(points(*loads, spread_fraction=most), 64)
    assert noisy.fraction >= error_inside(points(*loads, spread_fraction=least), 64).fraction
    assert noisy.fraction >= error_inside(points(1, 4, 16, 64, spread_fraction=most), 64).fraction


# --- what speaks against the points

SAID: dict[str, Any] = {"gpu_id": "h100-sxm", "gpus": 1, "model_id": "llama-3.1-8b", "format_id": "bf16"}


def refusals(**said: Any) -> str:
    found = contradictions(rented(), points(**(SAID | said)), "options[own]", tables())
    assert all(reason.field == "options[own].calibration" for reason in found)
    return " ".join(reason.message for reason in found)


def test_points_of_the_option_itself_contradict_nothing() -> None:
    assert refusals() == ""
    assert all_doubts(rented(), points(**SAID)) == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"gpu_id": "h200"}, f"The GPU of measurement {ID} is h200, and this option has h100-sxm."),
        ({"gpus": 2}, f"The number of GPUs of measurement {ID} is 2, and this option has 1."),
        (
            {"model_id": "gpt-oss-120b"},
            f"The model of measurement {ID} is gpt-oss-120b, and this option has llama-3.1-8b.",
        ),
        ({"format_id": "fp8"}, f"The weight format of measurement {ID} is fp8, and this option has bf16."),
        ({"gpu_id": "cpu"}, f"Measurement {ID} was made on a server without a GPU; it says nothing of 1 x h100-sxm."),
    ],
)
def test_other_hardware_or_another_model_is_refused(said: dict[str, Any], words: str) -> None:
    assert refusals(**said) == words


def test_every_contradiction_is_told_at_once() -> None:
    told = refusals(gpu_id="h200", gpus=4, model_id="gpt-oss-120b", format_id="mxfp4")
    assert told.count("and this option has") == 4


def test_a_server_without_a_gpu_that_was_accepted_is_a_loud_doubt() -> None:
    assert refusals(gpu_id="cpu", gpus=None, accepted_without_gpu=True) == ""
    told = all_doubts(rented(), points(**(SAID | {"gpu_id": "cpu", "gpus": None, "accepted_without_gpu": True})))
    assert "WITHOUT a GPU" in told[0]


def test_what_nobody_declared_is_a_doubt_and_no_refusal() -> None:
    nothing = {"gpu_id": "", "gpus": None, "model_id": "", "format_id": ""}
    assert refusals(**nothing) == ""
    (told,) = all_doubts(rented(), points(**(SAID | nothing)))
    assert told.startswith(f"Measurement {ID} does not say on which GPU, of which model, in which format")


@pytest.mark.parametrize(
    ("said", "serving", "words"),
    [
        (
            {"engine": "sglang", "engine_version": "0.5"},
            {},
            "measured with SGLang 0.5, and it is to be served with vLLM",
        ),
        ({}, {"engine_version": "0.11.0"}, "measured with vLLM 0.32.0, and it is to be served with vLLM 0.11.0"),
        ({"engine": ""}, {}, "does not know the engine"),
    ],
)
def test_another_engine_is_a_doubt(said: dict[str, Any], serving: dict[str, Any], words: str) -> None:
    (told,) = all_doubts(rented(serving=serving), points(**(SAID | said)))
    assert words in told


def test_what_the_guards_said_is_passed_on() -> None:
    told = all_doubts(rented(), points(8, **SAID, doubts=("Repeats differ by 30%.",)))
    assert told == ("Of its measurement: Repeats differ by 30%.", "1 load measured: 3 are needed for its error.")


def test_points_that_were_typed_in_have_no_citation_and_nothing_against_them() -> None:
    typed = points(8)
    assert (citation(typed), all_doubts(rented(), typed)) == ("", ())
    assert contradictions(rented(), typed, "options[own]", tables()) == ()


def test_a_citation_names_measurement_engine_gpu_and_day() -> None:
    held = points(**SAID, gpu="1 x NVIDIA H100 SXM")
    dated = held.model_copy(update={"provenance": held.provenance.model_copy(update={"as_of": "2026-11-22"})})
    assert citation(dated) == f"probe {ID}, vLLM 0.32.0, 1 x NVIDIA H100 SXM, 2026-11-22"


def test_doubts_of_a_known_size_widen_the_band() -> None:
    """Rates of whole runs are up to 13 % low; 5 % of cached prompts hide within the 8.5 % of any line."""
    assert error_inside(points(1, 8, 64, doubt_codes=["NO_STEADY_WINDOW"]), 8).fraction == 0.13
    assert error_inside(points(1, 8, 64, doubt_codes=["PREFIX_CACHE"]), 8).fraction == INSIDE.p90
    assert error_inside(points(1, 8, 64, doubt_codes=["NO_USAGE"]), 8).fraction == INSIDE.p90

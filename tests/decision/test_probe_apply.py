"""A measurement put into a scenario and taken out: what is refused, what is cited, and laws of the answer with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.summary import finished
from planner.capacity.throughput.deployment import columns
from planner.capacity.throughput.predict import Load, predict
from planner.decision.predicted_service import deployment_of
from planner.decision.probe_apply import NotApplied, applied, removed
from planner.decision.resolve import resolve
from planner.decision.resolve_memory import memory_fit
from planner.decision.resolve_rented import hardware_of
from planner.decision.throughput_sources import throughput_sources
from planner.decision.throughput_values import asked_of
from planner.domain.facts import BlockedFacts, RentedFacts
from planner.domain.measurement import Declared
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from tests.builders import (
    ON,
    answer,
    catalog,
    changed,
    output_rate,
    rented,
    requests,
    scenario,
    tables,
    token_price,
    typed_api,
    workload,
)
from tests.decision.probe_samples import H100, ID, ON_A_CPU, RISING, SATURATING, measured, run

SHAPE = (1000, 200)


def ask(per_day: float = 864_000, **more: Any) -> Scenario:
    option = rented("3", **({"throughput": None} | more))
    return scenario(typed_api(token_price("0.1", "0.4")), option, work=workload(requests(per_day, *SHAPE)))


def own(question: Scenario) -> RentedOption:
    option = question.options[1]
    assert isinstance(option, RentedOption)
    return option


def facts(question: Scenario) -> RentedFacts:
    found = resolve(question, catalog(), ON).options[1]
    assert isinstance(found, RentedFacts)
    return found


def rate(question: Scenario, source: str = "calibrated") -> Any:
    return next(s for s in throughput_sources(own(question), question, tables()) if s.source == source)


def put(question: Scenario, **more: Any) -> Scenario:
    return applied(question, "own", measured(**more), tables())


# --- laws


@pytest.mark.parametrize(
    "before",
    [
        {},
        {"throughput": output_rate(100)},
        {"throughput_source": "modelled"},
        {"throughput": output_rate(100), "throughput_source": "published"},
    ],
)
def test_taking_it_out_gives_the_scenario_back_exactly(before: dict[str, Any]) -> None:
    question = ask(**before)
    once, twice = put(question), put(put(question), rates=RISING)
    assert facts(once).replica.throughput_source == "calibrated"
    assert removed(once, "own") == removed(twice, "own") == question
    assert removed(question, "own") == question


@given(better=st.floats(1, 3), per_day=st.floats(1e4, 1e7))
@settings(max_examples=30, deadline=None)
def test_a_better_measured_throughput_never_costs_more(better: float, per_day: float) -> None:
    question = ask(per_day)
    faster = {n: tokens * better for n, tokens in RISING.items()}
    slow, fast = (answer(put(question, rates=rates)).option("own").npv_usd for rates in (RISING, faster))
    assert slow is not None
    assert fast is not None
    assert fast <= slow * (1 + 1e-12)


@pytest.mark.parametrize("output", [50, 200, 800])
def test_a_measurement_of_what_the_model_says_moves_the_throughput_within_its_band_only(output: int) -> None:
    question = changed(ask(), workload=workload(requests(864_000, SHAPE[0], output)))
    where, option, hardware = "options[own]", own(question), hardware_of(own(question), "options[own]", tables())
    tokens = memory_fit(option, where, question, hardware).kv_tokens
    asked = asked_of(option, where, question, hardware, tables(), tokens)
    loads = np.array([1.0, 4, 16, 64, 256])
    said = predict(
        columns([deployment_of(asked, 0.0)]),
        Load(float(SHAPE[0]), float(output), loads[:, np.newaxis]),
        tables().predictor.constants,
    )
    rates = dict(zip(map(int, loads), said.output_tokens_per_s[:, 0].tolist(), strict=True))
    first = dict(zip(rates, said.ttft_ms[:, 0].tolist(), strict=True))
    runs = [
        run(n, x, repeat=k, shape=(SHAPE[0], output), ttft_ms=first[n]) for k in (1, 2, 3) for n, x in rates.items()
    ]
    document = changed(measured(shape=(SHAPE[0], output)), runs=tuple(r.model_dump() for r in runs))
    with_it = applied(question, "own", finished(document), tables())
    before, after = rate(question, "modelled"), rate(with_it)
    assert before.low_fraction <= after.requests_per_s / before.requests_per_s <= before.high_fraction


def test_the_measurement_goes_before_what_was_typed_in_and_before_a_named_source() -> None:
    for before in ({"throughput": output_rate(100)}, {"throughput_source": "modelled"}):
        assert facts(put(ask(**before))).replica.throughput_source == "calibrated"


# --- citation and doubts


def test_the_figure_cites_measurement_engine_gpu_and_day() -> None:
    (item,) = (e for e in facts(put(ask())).evidence if "throughput of one replica" in e.label)
    assert (item.origin, item.as_of, item.confidence) == ("measured", "2026-11-22", "high")
    assert item.source == f"probe {ID} of vLLM 0.32.0 on 1 x NVIDIA H100 SXM"
    assert "1 to 512 in flight" in item.note
    assert "8% off in nine of ten cases" in item.note


def test_an_edited_source_does_not_lose_the_measurement() -> None:
    held = own(put(ask())).calibration
    assert held is not None
    edited = held.model_copy(update={"provenance": held.provenance.model_copy(update={"source": "our lab"})})
    question = changed(ask(), options=(ask().options[0], own(ask()).model_copy(update={"calibration": edited})))
    (item,) = (e for e in facts(question).evidence if "throughput of one replica" in e.label)
    assert item.source == f"our lab (probe {ID}, vLLM 0.32.0, 1 x NVIDIA H100 SXM, 2026-11-22)"


def test_the_points_are_those_of_the_measurement() -> None:
    held = own(put(ask())).calibration
    assert held is not None
    assert [held.input_tokens, held.output_tokens] == list(SHAPE)
    assert {p.requests_in_flight: p.output_tokens_per_s for p in held.points} == pytest.approx(SATURATING)


def test_an_unsaturated_measurement_is_a_lower_bound_with_room_above_only() -> None:
    """The queue binds at the 64 that were measured, at 12.4 of 64 / 4.8 = 13.3 requests/s; at 128 there would be 16."""
    saturated, rising = rate(put(ask())), rate(put(ask(), rates=RISING))
    assert any("lower bound" in told for told in rising.warnings)
    assert not any("lower bound" in told for told in saturated.warnings)
    assert rising.low_fraction == pytest.approx(1 / 1.085, abs=0.02)
    assert 1.15 < rising.high_fraction < 1.085 * (128 / 8) / 12.4
    assert rising.high_fraction > saturated.high_fraction


def test_a_noisy_measurement_that_found_its_knee_is_no_lower_bound() -> None:
    """Eight places, T(N) = 1.6 + 0.05 N: the rate rises up to the knee, and beyond it there is no more."""
    eight = {n: min(n, 8) * 200 / (1.6 + 0.05 * min(n, 8)) for n in (1, 4, 8, 16, 32)}
    question = put(changed(ask(), latency={"ttft_slo_ms": 20_000, "tpot_slo_ms": 100}), rates=eight, spread=0.3)
    held = own(question).calibration
    assert held is not None
    assert held.measured_by is not None
    assert held.measured_by.status == "noisy"
    assert not any("lower bound" in told or "saturation was not" in told for told in rate(question).warnings)


def test_where_the_target_binds_below_the_largest_load_nothing_more_is_to_be_had() -> None:
    question = changed(ask(), latency={"tpot_slo_ms": 15})
    rising = rate(put(question, rates=RISING))
    assert not any("Its throughput is a lower bound" in told for told in rising.warnings)
    assert rising.high_fraction < 1.3


def test_loads_beyond_the_knee_hold_a_queue_and_are_not_part_of_the_line() -> None:
    """A server of 8 places, T(N) = 1.6 + 0.05 N: at 16 and 32 its rate is that of 8, 8 x 200 / 2 s = 800 tokens/s, and
    first tokens wait. Loads up to 32 taken for service would say 32 x 200 / 8 s at TTFTs of seconds."""
    places = {n: min(n, 8) * 200 / (1.6 + 0.05 * min(n, 8)) for n in (1, 2, 4, 8, 16, 32)}
    runs = [
        run(n, x, repeat=k, ttft_ms=100 if n <= 8 else 1000 * (n / places[n] * 200 - 1.9))
        for k in (1, 2, 3)
        for n, x in places.items()
    ]
    server = finished(changed(measured(), runs=tuple(r.model_dump() for r in runs)))
    knee = server.summary.knee
    assert knee is not None
    assert knee.requests_in_flight == pytest.approx(8, rel=0.1)
    question = changed(ask(), latency={"tpot_slo_ms": 60, "ttft_slo_ms": 60_000})
    found = rate(applied(question, "own", server, tables()))
    assert found.output_tokens_per_s == pytest.approx(800, rel=0.05)  # 60 s of patience: all but the capacity
    assert "2 of them beyond the knee, where requests wait" in found.evidence[0].note
    strict = changed(question, latency={"tpot_slo_ms": 60, "ttft_slo_ms": 150})
    answered = rate(applied(strict, "own", server, tables()))  # one must hardly ever wait
    assert 0 < answered.output_tokens_per_s < 0.8 * 800


def test_noisy_repeats_widen_the_band_and_are_said() -> None:
    quiet, noisy = rate(put(ask())), rate(put(ask(), spread=0.3))
    assert noisy.low_fraction < quiet.low_fraction
    assert noisy.high_fraction > quiet.high_fraction
    assert noisy.requests_per_s == pytest.approx(quiet.requests_per_s)
    assert "half of the 30%" in noisy.evidence[0].note
    assert noisy.evidence[0].confidence == "medium"


def test_doubts_are_warnings_of_the_option_and_lower_the_confidence() -> None:
    question = changed(ask(), options=(typed_api(token_price("500", "500")), own(ask())))
    sure, unsure = answer(put(question)), answer(put(question, declared=Declared()))
    assert not any("about the measurement" in reason for reason in sure.verdict.confidence_reasons)
    assert any("does not say on which GPU" in told for told in unsure.option("own").warnings)
    assert any("1 doubt about the measurement behind Own GPU" in r for r in unsure.verdict.confidence_reasons)


# --- a server without a GPU


def test_a_server_without_a_gpu_calibrates_nothing_unless_it_is_accepted() -> None:
    with pytest.raises(NotApplied, match="without a GPU"):
        put(ask(), declared=ON_A_CPU)


def test_an_accepted_server_without_a_gpu_stays_a_loud_doubt_and_low_confidence() -> None:
    dear = changed(ask(), options=(typed_api(token_price("500", "500")), own(ask())))
    with_it = applied(dear, "own", measured(declared=ON_A_CPU), tables(), accept_without_gpu=True)
    result = answer(with_it)
    assert result.verdict.recommended_id == "own"
    assert result.verdict.confidence == "low"
    assert any("WITHOUT a GPU" in told for told in result.option("own").warnings)
    (item,) = (e for e in result.evidence if "throughput of one replica" in e.label)
    assert item.confidence == "low"
    assert removed(with_it, "own") == dear


def test_acceptance_is_of_servers_without_a_gpu_alone() -> None:
    with_it = applied(ask(), "own", measured(), tables(), accept_without_gpu=True)
    assert with_it == put(ask())


def test_an_option_that_is_changed_after_it_was_measured_is_blocked_with_the_reason() -> None:
    with_it = put(ask())
    moved = changed(with_it, options=(with_it.options[0], changed(own(with_it), gpu_id="h200")))
    found = resolve(moved, catalog(), ON).options[1]
    assert isinstance(found, BlockedFacts)
    assert found.reasons[0].code == "THROUGHPUT_UNKNOWN"
    assert "is h100-sxm, and this option has h200" in found.reasons[0].message


# --- refusals


def test_all_contradictions_are_told_at_once_with_one_way_out() -> None:
    other = H100.model_copy(update={"gpu_id": "h200", "model_id": "gpt-oss-120b"})
    with pytest.raises(NotApplied) as caught:
        put(ask(), declared=other)
    assert len(caught.value.reasons) == 2
    assert str(caught.value).count("Measure a server like the option") == 1


def test_an_option_that_has_no_gpus_or_is_not_there_is_refused_with_those_that_can() -> None:
    with pytest.raises(NotApplied, match=r"API runs on no GPUs.*Name one of own"):
        applied(ask(), "api", measured(), tables())
    with pytest.raises(NotApplied, match=r"There is no option nowhere\. Name one of own"):
        applied(ask(), "nowhere", measured(), tables())


def test_a_measurement_without_a_usable_run_is_refused() -> None:
    empty = finished(changed(measured(), runs=()))
    with pytest.raises(NotApplied, match="Nothing was measured that a plan can rest on"):
        applied(ask(), "own", empty, tables())

"""Where a throughput comes from: the order of sources, what each says, and laws that hold through the whole answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.decision.throughput_sources import SourceAnswer, throughput_sources
from planner.domain.facts import BlockedFacts, RentedFacts, ReplicaFacts
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
    typed_api,
    workload,
)

SWEEP = {n: n * 200 / (1.6 + 0.05 * n) for n in (1, 8, 32, 64)}
"""T(N) = 1.6 + 0.05 N seconds for 200 output tokens."""


def points(sweep: dict[int, float] | None = None, ttft_ms: float = 100, **more: Any) -> dict[str, Any]:
    measured = [
        {"requests_in_flight": n, "output_tokens_per_s": rate, "ttft_ms": ttft_ms}
        for n, rate in (sweep or SWEEP).items()
    ]
    return {"input_tokens": 1000, "output_tokens": 200, "points": measured} | more


def own(**more: Any) -> RentedOption:
    """Llama 3.1 8B on one H100 with points measured at 1,000 in and 200 out."""
    return rented(**({"throughput": None, "calibration": points()} | more))


def ask(option: RentedOption, per_day: float = 86_400, tpot_ms: float = 60, ttft_ms: float = 2000) -> Scenario:
    question = scenario(option, work=workload(requests(per_day, 1000, 200)))
    return changed(question, latency={"tpot_slo_ms": tpot_ms, "ttft_slo_ms": ttft_ms})


def replica(question: Scenario) -> ReplicaFacts:
    (facts,) = resolve(question, catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    return facts.replica


def sources(question: Scenario) -> dict[str, SourceAnswer]:
    (option,) = question.options
    assert isinstance(option, RentedOption)
    return {found.source: found for found in throughput_sources(option, question, tables())}


def replicas(question: Scenario) -> float:
    """Replicas of the answer; endless when the option has none."""
    fleet = answer(question).option("own").fleet
    return fleet.replicas if fleet else float("inf")


# --- calibrated


def test_a_mean_request_costs_one_over_the_rate_at_the_target() -> None:
    question = ask(own())
    found, facts = sources(question)["calibrated"], replica(question)
    assert found.used
    assert found.why == "points measured on your own server go before everything else"
    assert found.requests_per_s == pytest.approx(
        1 / (1000 * facts.s_per_input_token + 200 * facts.s_per_output_token), rel=1e-9
    )
    assert found.requests_per_s is not None
    # no more than 64 requests side by side were probed: below X(64) = 64 / 4.8 s = 13.3 requests/s
    assert 0.5 * 64 / 4.8 < found.requests_per_s < 64 / 4.8
    assert facts.held_at_slo
    assert facts.throughput_source == "calibrated"


def test_points_at_the_target_bind_by_the_time_per_token() -> None:
    # TPOT(N) = (1.6 + 0.05 N - 0.1) / 199: 12.6 ms at 20; a target of 12.6 ms leaves far fewer than 64 side by side
    tight, loose = sources(ask(own(), tpot_ms=12.6))["calibrated"], sources(ask(own()))["calibrated"]
    assert tight.requests_per_s is not None
    assert loose.requests_per_s is not None
    assert tight.requests_per_s < 20 / (1.6 + 0.05 * 20) < loose.requests_per_s
    assert "TPOT binds" in tight.evidence[0].note


def test_measured_points_carry_their_origin_and_what_is_missing() -> None:
    (facts,) = resolve(ask(own(calibration=points({1: 120, 4: 400}))), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    item = next(e for e in facts.evidence if "throughput of one replica" in e.label)
    assert (item.origin, item.source) == ("measured", "measured by the scenario's owner")
    assert "line through 2 points, 1 to 4 in flight" in item.note
    told = " ".join(facts.warnings)
    assert "at least 3 are needed" in told
    assert "saturation was not reached" in told


def test_fewer_than_three_loads_have_a_wider_band() -> None:
    """A line through two loads is up to 14.3 % off in nine of ten cases, one of three or more 8.5 %."""
    two, four = (
        sources(ask(own(calibration=points(sweep))))["calibrated"] for sweep in ({1: 121.2, 64: 2666.7}, SWEEP)
    )
    assert two.low_fraction is not None
    assert four.low_fraction is not None
    assert two.low_fraction < four.low_fraction
    assert "errors of a line through 2 loads" in two.evidence[0].note


def test_loads_that_were_never_measured_low_have_a_wider_band() -> None:
    """At P95 TPOT 9 ms about 3 requests are served side by side, and the least that was measured is 8."""
    all_loads, high_loads = (
        sources(ask(own(calibration=points({n: SWEEP[n] for n in loads})), tpot_ms=9.5))["calibrated"]
        for loads in ((1, 8, 32, 64), (8, 32, 64))
    )
    assert all_loads.low_fraction is not None
    assert high_loads.low_fraction is not None
    assert high_loads.low_fraction < all_loads.low_fraction
    assert "below the least that was measured" in high_loads.evidence[0].note


def test_points_that_still_rise_have_room_above_and_say_so() -> None:
    found = sources(ask(own()))["calibrated"]
    assert found.high_fraction is not None
    assert found.low_fraction is not None
    assert found.high_fraction > 1.15 > 1 / found.low_fraction
    assert any("lower bound" in told for told in found.warnings)


def test_a_target_out_of_reach_says_what_is_reachable() -> None:
    # one request alone: (1.6 + 0.05 - 0.1) s / 199 = 7.8 ms a token
    (facts,) = resolve(ask(own(), tpot_ms=5), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("LATENCY", "latency")
    assert "best reachable is TTFT 100 ms and TPOT 7.8 ms" in reason.message
    assert "options[own].throughput" in reason.remedy


@given(
    load=st.floats(1e3, 1e8),
    more=st.floats(1, 10),
    tpot_ms=st.floats(8, 100),
    tighter=st.floats(0.2, 1),
    ttft_ms=st.floats(110, 5000),
)
@settings(max_examples=40, deadline=None)
def test_replicas_never_fall_when_load_rises_or_the_target_tightens(
    load: float, more: float, tpot_ms: float, tighter: float, ttft_ms: float
) -> None:
    option = own(gpu_memory_utilisation_fraction=0.35)  # so that memory binds in some cases
    base = replicas(ask(option, load, tpot_ms, ttft_ms))
    assert replicas(ask(option, load * more, tpot_ms, ttft_ms)) >= base
    assert replicas(ask(option, load, tpot_ms * tighter, ttft_ms)) >= base
    assert replicas(ask(option, load, tpot_ms, ttft_ms * tighter)) >= base


# --- published


def run_of(engine: str) -> RentedOption:
    """gpt-oss-120b on one H200, held to its published runs, which one of the engines made."""
    return rented(
        "4",
        model_id="gpt-oss-120b",
        format_id="mxfp4",
        gpu_id="h200",
        throughput=None,
        throughput_source="published",
        serving={"engine": engine},
    )


@pytest.mark.parametrize(("engine", "words"), [("vllm", "vLLM"), ("sglang", "SGLang"), ("trtllm", "TensorRT-LLM")])
def test_a_published_run_of_another_engine_is_used_and_said_to_be_one(engine: str, words: str) -> None:
    question = ask(run_of(engine))
    found = sources(question)["published"]
    (row,) = (r for r in tables().measured if f"row {r.row_id}:" in found.evidence[0].source)
    other = f"it is to be served with {words}: expect another figure."
    assert any(other in told for told in found.warnings) == (row.engine != engine)
    assert found.requests_per_s == sources(ask(run_of("vllm")))["published"].requests_per_s


def test_the_engine_of_every_published_run_is_told_where_it_is_another() -> None:
    """All runs of the deployment are of two engines at most, so at least one of three is another."""
    told = [sources(ask(run_of(engine)))["published"].warnings for engine in ("vllm", "sglang", "trtllm")]
    assert sum(any("expect another figure" in text for text in of) for of in told) == 2


# --- memory


def test_the_cache_is_copied_for_the_gpus_that_share_a_layer_and_not_for_pipeline_stages() -> None:
    """Qwen3 30B has 4 KV heads: over 8 GPUs of one layer each head is held twice; 2 stages of 4 hold each once.

    With equal weights, memory and overhead the tokens that fit are then twice as many.
    """

    def tokens(stages: int) -> int:
        fields: dict[str, Any] = {"model_id": "qwen3-30b-a3b", "gpus_per_replica": 8, "throughput": None}
        return replica(ask(rented(**fields, serving={"pipeline_parallel": stages}))).kv_cache_tokens

    assert tokens(2) == pytest.approx(2 * tokens(1), rel=1e-3)


# --- modelled


def mi300x(**more: Any) -> RentedOption:
    """gpt-oss-120b on one MI300X: nobody published a run of it."""
    fields: dict[str, Any] = {"model_id": "gpt-oss-120b", "format_id": "mxfp4", "gpu_id": "mi300x", "throughput": None}
    return rented("4", **(fields | more))


def test_a_deployment_without_measurements_gets_a_modelled_answer() -> None:
    question = ask(mi300x())
    found = sources(question)
    assert [name for name, item in found.items() if item.used] == ["modelled"]
    assert found["modelled"].why == "there is no published run of this deployment"
    assert found["published"].reasons[0].code == "THROUGHPUT_UNKNOWN"
    result = answer(question).option("own")
    assert result.status == "ok"
    assert result.fleet is not None
    assert result.fleet.throughput_source == "modelled"
    item = next(e for e in answer(question).evidence if "throughput of one replica" in e.label)
    assert (item.origin, item.confidence) == ("modelled", "low")
    assert "on CDNA3 (MI300 class) GPUs a tenth of the unseen rows was off by more than" in item.note
    assert "80% band of mixture of experts, steady load, vLLM 0.8 and later" in item.note
    assert "modelled, not measured" in " ".join(result.warnings)


def test_a_kind_of_deployment_that_was_measured_often_is_modelled_with_medium_confidence() -> None:
    known: dict[str, Any] = {"model_id": "llama-3.3-70b", "format_id": "fp8", "gpus_per_replica": 4}
    question = ask(rented("4", throughput=None, throughput_source="modelled", **known))
    item = next(e for e in answer(question).evidence if "throughput of one replica" in e.label)
    assert (item.origin, item.confidence) == ("modelled", "medium")


def test_a_gpu_that_was_never_measured_is_modelled_with_low_confidence() -> None:
    (facts,) = resolve(ask(rented(throughput=None, gpu_id="l4", format_id="fp8")), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    item = next(e for e in facts.evidence if "throughput of one replica" in e.label)
    assert item.confidence == "low"
    assert "Low confidence in its modelled throughput: no measured rows on" in " ".join(facts.warnings)


def test_a_modelled_mean_request_costs_one_over_its_rate_and_prompt_and_output_both_cost() -> None:
    question = ask(mi300x())
    found, facts = sources(question)["modelled"], replica(question)
    assert found.requests_per_s == pytest.approx(
        1 / (1000 * facts.s_per_input_token + 200 * facts.s_per_output_token), rel=1e-9
    )
    assert facts.s_per_input_token > 0
    assert facts.s_per_output_token > facts.s_per_input_token  # a prompt token is one of thousands in a step
    assert facts.held_at_slo
    assert facts.tpot_ms < 60


def test_prompts_found_in_the_prefix_cache_make_room_for_more_requests() -> None:
    fresh = scenario(mi300x(), work=workload(requests(86_400, 2000, 200)))
    cached = scenario(mi300x(), work=workload(requests(86_400, 500, 200, cached_input_tokens=1500)))
    rates = [sources(question)["modelled"].requests_per_s or 0 for question in (fresh, cached)]
    assert rates[1] > 1.3 * rates[0]


def test_every_class_is_modelled_at_its_own_length() -> None:
    short, long = requests(43_200, 200, 300), requests(43_200, 6000, 100, class_id="long")

    def rate(*classes: Any) -> float:
        return sources(scenario(mi300x(), work=workload(*classes)))["modelled"].requests_per_s or 0

    alone = sorted((rate(short), rate(long)))
    assert alone[0] < rate(short, long) < alone[1]


def test_an_impossible_target_says_what_is_reachable_and_where_to_type() -> None:
    (facts,) = resolve(ask(mi300x(), tpot_ms=1), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("LATENCY", "latency")
    assert "best reachable is TTFT" in reason.message
    assert "modelled for one request alone" in reason.message


@given(
    load=st.floats(1e3, 1e8),
    more=st.floats(1, 10),
    tpot_ms=st.floats(5, 100),
    ttft_ms=st.floats(50, 5000),
    percentile=st.floats(50, 99),
    tighter=st.floats(0.2, 1),
    cached=st.sampled_from((0, 900)),
    small=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_modelled_replicas_never_fall_when_load_rises_or_the_target_tightens(
    load: float,
    more: float,
    tpot_ms: float,
    ttft_ms: float,
    percentile: float,
    tighter: float,
    cached: float,
    small: bool,
) -> None:
    """`small`: so little memory that it binds before the latency does."""
    option = rented(
        throughput=None, throughput_source="modelled", gpu_memory_utilisation_fraction=0.3 if small else 0.9
    )
    mixed = (
        requests(load / 2, 1000 - cached, 200, cached_input_tokens=cached),
        requests(load / 2, 3000, 60, class_id="long"),
    )

    def need(volume: float = 1, tpot: float = 1, ttft: float = 1, at: float = percentile) -> float:
        latency = {"tpot_slo_ms": tpot_ms * tpot, "ttft_slo_ms": ttft_ms * ttft, "slo_percentile": at}
        return replicas(changed(scenario(option, work=workload(*mixed, volume_multiplier=volume)), latency=latency))

    base = need()
    assert need(volume=more) >= base
    assert need(tpot=tighter) >= base
    assert need(ttft=tighter) >= base
    assert need(at=percentile + (99.9 - percentile) * (1 - tighter)) >= base


def test_the_band_of_a_modelled_throughput_is_the_range_that_the_draws_use() -> None:
    question = scenario(mi300x(), typed_api(), work=workload(requests(86_400, 1000, 200)))
    known = resolve(question, catalog(), ON)
    facts = known.options[0]
    assert isinstance(facts, RentedFacts)
    used = next(item for item in assess(question, known, draws=200).ranges if item.label.startswith("Throughput of"))
    assert (used.p10, used.p90) == (facts.replica.low_fraction, facts.replica.high_fraction)
    assert used.origin == "modelled"
    assert "80% band" in used.source


# --- points at other lengths


def test_points_at_other_lengths_scale_the_model_by_one_factor() -> None:
    at_points = ask(own())
    elsewhere = changed(at_points, workload=workload(requests(86_400, 4000, 400)))
    found = sources(elsewhere)
    assert found["calibrated"].used
    assert "modelled figure x" in found["calibrated"].evidence[0].note
    assert "4 points of 1,000 in / 200 out" in found["calibrated"].evidence[0].note
    assert "measure at these lengths" in " ".join(found["calibrated"].warnings)
    halved = {n: rate / 2 for n, rate in SWEEP.items()}
    slower = changed(elsewhere, options=(own(calibration=points(halved)),))
    ratio = (sources(slower)["calibrated"].requests_per_s or 0) / (found["calibrated"].requests_per_s or 1)
    assert 0 < ratio <= 0.5 + 1e-6  # half as fast, and fewer at once within the target


# --- which one is used


def test_what_is_typed_in_goes_before_what_was_measured_unless_asked_otherwise() -> None:
    both = own(throughput=output_rate(900))
    assert sources(ask(both))["typed"].used
    assert sources(ask(changed(both, throughput_source="calibrated")))["calibrated"].used


@pytest.mark.parametrize(("source", "field"), [("calibrated", "calibration"), ("published", "throughput")])
def test_a_source_that_does_not_exist_blocks_with_the_way_out(source: str, field: str) -> None:
    option = rented(throughput=None, throughput_source=source, format_id="gptq-int8")
    (facts,) = resolve(ask(option), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("THROUGHPUT_UNKNOWN", f"options[own].{field}")
    assert reason.remedy


def test_every_source_is_listed_once_and_at_most_one_is_used() -> None:
    found = throughput_sources(own(), ask(own()), tables())
    assert [item.source for item in found] == ["typed", "calibrated", "published", "modelled"]
    assert [item.used for item in found].count(True) == 1
    assert all((item.requests_per_s is None) == bool(item.reasons) for item in found)


def test_a_published_run_at_near_lengths_goes_before_the_model_and_one_further_off_does_not() -> None:
    """Runs of gpt-oss-120b on one H200 are at 1,000 in and 1,000 out."""
    option = mi300x(gpu_id="h200")
    near = sources(scenario(option, work=workload(requests(86_400, 1000, 1000))))
    far = sources(scenario(option, work=workload(requests(86_400, 1000, 200))))
    assert near["published"].used
    assert far["modelled"].used
    assert "beyond 1.5 times the model is nearer to the truth" in far["modelled"].why
    assert far["published"].requests_per_s is not None  # shown all the same
    forced = scenario(changed(option, throughput_source="published"), work=workload(requests(86_400, 1000, 200)))
    assert sources(forced)["published"].used
    assert sources(forced)["published"].requests_per_s == far["published"].requests_per_s


def test_no_published_run_stands_for_settings_that_it_was_not_made_with() -> None:
    draft = {"draft_tokens": 3, "acceptance_fraction": 0.7, "draft_cost_fraction": 0.05}
    option = mi300x(gpu_id="h200", serving={"speculative": draft, "lora_adapters": 2})
    found = sources(scenario(option, work=workload(requests(86_400, 1000, 1000))))
    assert found["modelled"].used
    assert found["published"].reasons[0].message.endswith("1 x h200 with speculative decoding, LoRA adapters.")
    assert "speculative decoding" in " ".join(found["modelled"].warnings)


def test_points_faster_than_the_memory_are_of_something_else_and_no_target_helps() -> None:
    """100,000 tokens/s of one request: 0.01 ms a token, where reading 8B weights takes milliseconds."""
    (facts,) = resolve(ask(own(calibration=points({1: 1e5, 4: 4e5}, ttft_ms=0.001))), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    said = {reason.remedy for reason in facts.reasons if "memory bandwidth" in reason.message}
    assert said == {"The measured points are of another model, format or GPU than this option: correct or remove them."}

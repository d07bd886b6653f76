"""Every reason why an option cannot be priced: its code, the field it points at, and the way out it offers."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, PerTokenFacts, Reason, ReasonCode, RentedFacts, ReplicaFacts
from planner.domain.options import HybridOption, Option
from tests.builders import (
    ON,
    answer,
    catalog,
    changed,
    listed,
    output_rate,
    rented,
    requests,
    scenario,
    shipped,
    tables,
    token_price,
    typed_api,
    workload,
)

PRICE_ID = "runpod-h100-sxm-pod-on-demand"


def reasons(option: Option, **work: Any) -> tuple[Reason, ...]:
    """Why the only option is blocked."""
    (facts,) = resolve(scenario(option, work=workload(requests(**work))), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    return facts.reasons


def only(option: Option, **work: Any) -> Reason:
    (reason,) = reasons(option, **work)
    return reason


def published(**more: Any) -> Option:
    """A deployment with measurements, gpt-oss-120b on one H200, held to them."""
    fields = {"model_id": "gpt-oss-120b", "format_id": "mxfp4", "gpu_id": "h200", "throughput": None}
    fields |= {"throughput_source": "published"}
    return rented("4", **(fields | more))


# --- prices


def test_no_gpu_price_is_given() -> None:
    reason = only(changed(rented(), price=None))
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "options[own].price_id")
    assert reason.message == "No GPU price is given."
    assert "type in the price you were quoted" in reason.remedy
    assert "h100-sxm" in reason.remedy


def test_a_gpu_price_that_is_not_in_the_catalog() -> None:
    reason = only(rented(price_id="runpod-h100-sxm-on-demand"))
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "options[own].price_id")
    assert "'runpod-h100-sxm-on-demand'" in reason.message
    assert PRICE_ID in reason.remedy


def test_a_price_of_another_gpu() -> None:
    reason = only(rented(price_id="runpod-h200-pod-on-demand"))
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "options[own].price_id")
    assert "for h200, not for h100-sxm" in reason.message
    assert PRICE_ID in reason.remedy


def test_a_spot_price_is_not_an_on_demand_price() -> None:
    spot = next(p for p in tables().gpu_prices if p.gpu_id == "h100-sxm" and p.term == "spot")
    reason = only(rented(price_id=spot.price_id))
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "options[own].price_id")
    assert "a spot price" in reason.message
    named = [p for p in tables().gpu_prices if p.price_id in reason.remedy]
    assert named
    assert all(p.gpu_id == "h100-sxm" and p.term == "on_demand" for p in named if f" {p.price_id}" in reason.remedy)


def test_a_catalog_price_is_taken() -> None:
    (facts,) = resolve(scenario(rented(price_id=PRICE_ID)), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    assert facts.usd_per_gpu_hour == tables().gpu_price_by_id[PRICE_ID].usd_per_gpu_hour


def test_a_whole_node_price_warns_about_the_step() -> None:
    node = next(
        p for p in tables().gpu_prices if p.gpu_id == "h100-sxm" and p.gpus_per_instance == 8 and p.term == "on_demand"
    )
    (alone,) = resolve(scenario(rented(price_id=node.price_id)), catalog(), ON).options
    (stepped,) = resolve(scenario(rented(price_id=node.price_id, replica_step=8)), catalog(), ON).options
    assert isinstance(alone, RentedFacts)
    assert isinstance(stepped, RentedFacts)
    assert "set replica_step" in " ".join(alone.warnings)
    assert stepped.warnings == ()


# --- names


@pytest.mark.parametrize(
    ("field", "name", "code", "nearest"),
    [
        ("model_id", "llama-3.1-80b", "MODEL_UNKNOWN", "llama-3.1-70b"),
        ("format_id", "fp-8", "FORMAT_UNKNOWN", "fp8"),
        ("gpu_id", "h100-smx", "GPU_UNKNOWN", "h100-sxm"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(field: str, name: str, code: str, nearest: str) -> None:
    reason = only(rented(**{field: name}))
    assert (reason.code, reason.field) == (code, f"options[own].{field}")
    assert f"'{name}'" in reason.message
    assert "Did you mean" in reason.remedy
    assert nearest in reason.remedy


def test_a_name_like_no_other_gets_a_list() -> None:
    assert only(rented(gpu_id="zzzz")).remedy.startswith("Known: a10, ")


def test_all_unknown_names_are_reported_at_once() -> None:
    found = reasons(rented(model_id="x", format_id="y", gpu_id="z"))
    assert [r.code for r in found] == ["MODEL_UNKNOWN", "FORMAT_UNKNOWN", "GPU_UNKNOWN"]


def test_a_gpu_that_cannot_run_the_format() -> None:
    reason = only(rented(model_id="llama-3.2-1b", gpu_id="t4", format_id="bf16"))
    assert (reason.code, reason.field) == ("GPU_UNKNOWN", "options[own].gpu_id")
    assert "Choose another GPU or weight format" in reason.remedy


@pytest.mark.parametrize(
    ("provider", "model", "code", "field", "nearest"),
    [
        ("opena", "gpt-6-luna", "PROVIDER_UNKNOWN", "provider", "openai"),
        ("openai", "gpt-6-lunar", "MODEL_UNKNOWN", "model", "gpt-6-luna"),
        ("mistral", "mistral-large-latest", "ALIAS_REFUSED", "model", "mistral-large"),
        ("perplexity", "sonar-pro", "PRICE_UNKNOWN", "model", "type in the price"),
    ],
)
def test_a_per_token_name(provider: str, model: str, code: str, field: str, nearest: str) -> None:
    reason = only(listed(provider, model))
    assert (reason.code, reason.field) == (code, f"options[hosted].{field}")
    assert nearest in reason.remedy


# --- what does not fit


def test_memory_too_small() -> None:
    # 70.55e9 x 2 bytes = 131.4 GiB against 0.9 x 79.6 - 2 = 69.7 GiB
    reason = only(rented(model_id="llama-3.1-70b"))
    assert (reason.code, reason.field) == ("VRAM", "options[own].gpus_per_replica")
    assert "131.4 GiB for weights" in reason.message
    assert "69.7 GiB" in reason.message
    assert "0 tokens" in reason.message
    assert "more GPUs per replica" in reason.remedy


def test_weights_fit_but_one_request_does_not() -> None:
    # two A100s leave 28,112 tokens of KV cache
    big = rented(model_id="llama-3.1-70b", gpu_id="a100-80gb", gpus_per_replica=2, throughput=output_rate(10))
    assert only(big, fresh=28_000, output=500).code == "VRAM"
    (facts,) = resolve(scenario(big, work=workload(requests(1, 27_000, 500))), catalog(), ON).options
    assert isinstance(facts, RentedFacts)


def replica_of(option: Option) -> ReplicaFacts:
    (facts,) = resolve(scenario(option, work=workload(requests(1000, 1100, 200))), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    return facts.replica


def test_an_8_bit_cache_holds_twice_the_tokens() -> None:
    full, half = replica_of(rented()), replica_of(rented(kv_cache_bits=8))
    assert half.kv_cache_tokens == pytest.approx(2 * full.kv_cache_tokens, abs=16)


def test_memory_worked() -> None:
    # Llama 3.1 8B on an H100: 8.03e9 x 2 bytes = 14.96 GiB; 81,559 MiB x 0.9 - 14.96 - 2 GiB = 54.73 GiB / 128 KiB
    replica = replica_of(rented())
    assert replica.weight_gib == pytest.approx(8_030_261_248 * 2 / 2**30)
    assert replica.kv_cache_tokens == int((81_559 / 1024 * 0.9 - replica.weight_gib - 2) * 2**30 / 131_072) // 16 * 16


def test_native_weights_are_taken_as_published() -> None:
    assert replica_of(published()).weight_gib == pytest.approx(65.2e9 / 2**30)


def test_ceilings_of_a_mixture_of_experts_count_what_one_token_uses() -> None:
    model, gpu = tables().model_by_id["gpt-oss-120b"], tables().gpu_by_id["h200"]
    replica = replica_of(published())
    body = model.active_params - model.vocab_size * model.hidden_size  # looking an embedding up is no arithmetic
    assert gpu.fp8_dense_tflops is not None  # no FP4 on an H200
    assert replica.compute_ceiling_tokens_per_s == pytest.approx(gpu.fp8_dense_tflops * 1e12 / (2 * body))
    active_bytes = 65.2e9 * model.active_params / model.total_params
    steps_per_s = gpu.memory_bandwidth_gb_per_s * 1e9 / active_bytes
    assert replica.decode_steps_ceiling_per_s == pytest.approx(steps_per_s)


def test_context_of_the_open_model() -> None:
    reason = only(rented(), fresh=131_000, output=500)  # 131,072 is the most
    assert (reason.code, reason.field) == ("CONTEXT", "options[own].model_id")
    assert "131,500" in reason.message
    assert "131,072" in reason.message


def test_context_of_the_listed_model_names_the_class() -> None:
    reason = only(listed("groq", "openai/gpt-oss-120b"), fresh=200_000)
    assert (reason.code, reason.field) == ("CONTEXT", "options[hosted].model")
    assert "'chat'" in reason.message
    assert "shorten the prompt" in reason.remedy


def test_cached_tokens_fill_the_context_too() -> None:
    assert only(rented(), fresh=1000, cached_input_tokens=130_500).code == "CONTEXT"


def test_heads_that_cannot_be_shared() -> None:
    reason = only(rented(gpus_per_replica=3))
    assert (reason.code, reason.field) == ("CAPACITY", "options[own].gpus_per_replica")
    assert "32 attention heads" in reason.message
    assert "divides the heads" in reason.remedy


# --- throughput


def test_no_measurement_of_this_deployment() -> None:
    reason = only(published(gpu_id="mi300x"))
    assert (reason.code, reason.field) == ("THROUGHPUT_UNKNOWN", "options[own].throughput")
    assert "gpt-oss-120b in mxfp4 on 1 x mi300x" in reason.message
    assert "mxfp4 on 1 x h200" in reason.remedy
    assert "type in what you measured" in reason.remedy
    assert "set options[own].throughput_source to auto: then the model answers" in reason.remedy


def test_no_measurement_of_the_model_at_all() -> None:
    reason = only(published(model_id="codellama-7b", format_id="bf16", gpu_id="h100-sxm"))
    assert reason.code == "THROUGHPUT_UNKNOWN"
    assert "none for this model" in reason.remedy


def test_measurements_too_far_from_the_shape() -> None:
    reason = only(published(), fresh=100_000, output=20)
    assert (reason.code, reason.field) == ("THROUGHPUT_UNKNOWN", "options[own].throughput")
    assert "100,000 prompt and 20 output tokens" in reason.message
    assert "times off" in reason.message
    assert "measured at your own request lengths" in reason.remedy


def test_a_rate_of_output_tokens_says_nothing_about_requests_without_output() -> None:
    """Otherwise the work is zero and one replica serves any number of prompts."""
    reason = only(rented(), per_day=1e6, fresh=1000, output=0)
    assert (reason.code, reason.field) == ("THROUGHPUT_UNKNOWN", "options[own].throughput")


def test_no_run_holds_the_latency_target() -> None:
    question = changed(scenario(published()), latency={"ttft_slo_ms": 50, "tpot_slo_ms": 1})
    (facts,) = resolve(question, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("LATENCY", "latency")
    assert "TTFT 50 ms and TPOT 1 ms" in reason.message
    assert "options[own].throughput" in reason.remedy


def test_a_target_below_what_memory_bandwidth_allows() -> None:
    # 131.4 GiB of weights over 2 x 2,039 GB/s = 34.6 ms a step
    own = rented(model_id="llama-3.1-70b", gpu_id="a100-80gb", gpus_per_replica=2)
    question = changed(scenario(own), latency={"ttft_slo_ms": 2000, "tpot_slo_ms": 30})
    (facts,) = resolve(question, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("LATENCY", "latency.tpot_slo_ms")
    assert "at least 34.6 ms" in reason.message
    assert "Relax the target" in reason.remedy


def test_a_typed_throughput_above_the_compute_ceiling() -> None:
    # ceiling 989e12 / (2 x 7.5e9) = 65,900 tokens/s in and out; 50,000 out at 1:1 would be 100,000
    reason = only(rented(throughput=output_rate(50_000)))
    assert (reason.code, reason.field) == ("CAPACITY", "options[own].throughput")
    assert "152%" in reason.message
    assert "more GPUs" in reason.remedy


def test_a_typed_throughput_near_the_ceiling_is_taken_with_a_warning() -> None:
    (facts,) = resolve(scenario(rented(throughput=output_rate(25_000))), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    assert "76%" in " ".join(facts.warnings)


@pytest.mark.parametrize(("held", "replicas"), [(True, 1), (False, 2)])
def test_headroom_is_taken_once(held: bool, replicas: int) -> None:
    # 0.9 replicas of work at the peak: one replica when the rate holds the target, 0.9 / 0.7 = 1.29 -> two when not
    own = rented(throughput=output_rate(100, held_at_slo=held), allowed_utilisation_fraction=0.7)
    fleet = answer(scenario(own, work=workload(requests(0.9 * 86_400, 0, 100)))).option("own").fleet
    assert fleet is not None
    assert fleet.replicas == replicas


def test_a_derated_run_takes_no_headroom_and_a_timed_one_does() -> None:
    timed = replica_of(published())
    offline = replica_of(published(model_id="llama-3.1-8b", format_id="bf16", gpu_id="h100-sxm"))
    assert (timed.held_at_slo, offline.held_at_slo) == (False, True)


def test_published_figures_carry_their_source_and_a_warning() -> None:
    (facts,) = resolve(scenario(published(), work=workload(requests(1000, 1100, 200))), catalog(), ON).options
    assert isinstance(facts, RentedFacts)
    item = next(e for e in facts.evidence if "throughput" in e.label)
    assert item.origin == "modelled"  # its output tokens/s were computed from published latencies
    assert item.source_url.startswith("https://")
    assert "measure your own" in " ".join(facts.warnings)
    assert facts.replica.low_fraction < 1 < facts.replica.high_fraction


# --- batch, and several at once


def test_a_missing_batch_offer() -> None:
    reason = only(listed("deepseek", "deepseek-v4-pro"), batch_fraction=0.5)
    assert (reason.code, reason.field) == ("BATCH_UNAVAILABLE", "workload.classes[chat].batch_fraction")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = changed(published(gpus_per_replica=3, gpu_id="l4"), price=None)
    found = reasons(wrong, fresh=200_000)
    assert [r.code for r in found] == ["PRICE_UNKNOWN", "CONTEXT", "VRAM", "CAPACITY", "THROUGHPUT_UNKNOWN"]
    modelled = reasons(changed(wrong, throughput_source="auto"), fresh=200_000)  # no room for it: nothing to model
    assert [r.code for r in modelled] == ["PRICE_UNKNOWN", "CONTEXT", "VRAM", "CAPACITY"]
    both = reasons(listed("deepseek", "deepseek-v4-pro"), fresh=2_000_000, batch_fraction=0.5)
    assert [r.code for r in both] == ["CONTEXT", "BATCH_UNAVAILABLE"]


def test_every_reason_code_can_be_given() -> None:
    given = [
        changed(rented(), price=None),
        rented(model_id="x", format_id="y", gpu_id="z"),
        rented(model_id="llama-3.1-70b"),
        rented(gpus_per_replica=3),
        published(gpu_id="mi300x"),
        listed("opena", "x"),
        listed("mistral", "mistral-large-latest"),
    ]
    codes = {reason.code for option in given for reason in reasons(option)}
    codes |= {reason.code for reason in reasons(rented(), fresh=200_000)}
    codes |= {reason.code for reason in reasons(listed("deepseek", "deepseek-v4-pro"), batch_fraction=0.5)}
    slow = changed(scenario(published()), latency={"ttft_slo_ms": 50, "tpot_slo_ms": 1})
    (facts,) = resolve(slow, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    codes |= {reason.code for reason in facts.reasons}
    both = changed(
        scenario(rented(price_id="none", price=None), listed("openai", "gpt-6-sol")),
        options=(
            *scenario(rented(price_id="none", price=None), listed("openai", "gpt-6-sol")).options,
            HybridOption(option_id="both", label="Both", base_id="own", overflow_id="hosted"),
        ),
    )
    (*_, part) = resolve(both, catalog(), ON).options
    assert isinstance(part, BlockedFacts)
    codes |= {reason.code for reason in part.reasons}
    assert codes == set(get_args(ReasonCode)) - {"PRIVACY", "LICENCE", "MODALITY", "RATE", "QUALITY"}, (
        "those five are hard constraints of priced options: test_constraints.py"
    )


def test_every_reason_names_a_field_and_a_way_out() -> None:
    for found in (reasons(published(gpus_per_replica=3, gpu_id="l4"), fresh=200_000), reasons(listed("x", "y"))):
        for reason in found:
            assert reason.message.endswith(".")
            assert reason.field
            assert reason.remedy


# --- what a block does to the answer


def test_a_blocked_option_is_left_out_and_said() -> None:
    question = shipped("azure-conversation.yaml")
    result = answer(changed(question, options=(*question.options, rented(price_id="none", option_id="gone"))))
    gone = result.option("gone")
    assert (gone.status, gone.tco_usd, gone.months, gone.fleet) == ("blocked", None, (), None)
    assert result.verdict == answer(question).verdict.model_copy(
        update={"confidence": result.verdict.confidence, "confidence_reasons": result.verdict.confidence_reasons}
    )
    assert "blocked: Own GPU" in " ".join(result.verdict.confidence_reasons)
    assert {p.status for p in result.break_evens if p.self_host_id == "gone"} == {"not_known"}


def test_nothing_but_blocked_options_has_no_verdict() -> None:
    result = answer(scenario(listed("x", "y"), rented(price_id="none")))
    assert (result.verdict.status, result.verdict.recommended_id) == ("blocked", None)


def test_a_price_of_zero_is_a_price() -> None:
    (facts,) = resolve(scenario(typed_api(token_price("0", "0"))), catalog(), ON).options
    assert isinstance(facts, PerTokenFacts)

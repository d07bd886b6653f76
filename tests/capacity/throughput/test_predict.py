"""Worked examples of the throughput model with the arithmetic visible."""

from __future__ import annotations

import numpy as np
import pytest

from planner.capacity.throughput.classes import CLASSES, bands, class_words
from planner.capacity.throughput.confidence import trust
from planner.capacity.throughput.deployment import Deployment, Speculative, columns
from planner.capacity.throughput.predict import Load, predict
from planner.capacity.throughput.steps import touched
from planner.capacity.throughput.traits import CHIP_WORDS, CHIPS
from planner.catalog.catalog import installed

TABLES = installed().tables
FIT = TABLES.predictor
IDEAL = dict(FIT.constants) | {
    "bandwidth": 1.0,
    "bandwidth_kv": 1.0,
    "bandwidth_chip/hopper": 1.0,
    "compute/hopper": 1.0,
    "padding_tokens": 0.0,
    "attention_compute": 1.0,
    "overlap_power": 1.0,
    "step_ms/vllm-v1": 0.0,
    "layer_ms/vllm-v1": 0.0,
    "sequence_ms/vllm-v1": 0.0,
    "request_ms/vllm-v1": 0.0,
}
"""No loss and no overhead, memory and compute one after the other."""


def deployment(
    model: str = "llama-3.1-8b", number_format: str = "bf16", gpu: str = "h100-sxm", **more: object
) -> Deployment:
    return Deployment(TABLES.model_by_id[model], TABLES.format_by_id[number_format], TABLES.gpu_by_id[gpu], **more)  # type: ignore[arg-type]


def test_llama_8b_on_an_h100_by_hand() -> None:
    """16 requests of 1,000 / 200 tokens, Llama 3.1 8B in BF16 on one H100: 3.35 TB/s, 989 TFLOP/s, nothing lost."""
    embedding = 128_256 * 4_096  # 525,336,576 parameters, the head as many
    linear = 8_030_261_248 - 2 * embedding  # 6,979,588,096
    read = 2 * (linear + embedding) / 3.35e12  # 4.480 ms: all weights but the input embedding
    cache = 16 * 1_100 * 131_072 / 3.35e12  # 0.689 ms: mean context 1,000 + 200 / 2
    products = 16 * 2 * (linear + embedding) / 989e12  # 0.243 ms
    step = read + cache + products  # 5.412 ms
    attention = 4 * 32 * 4_096 * 1_000**2 / 2 / 989e12  # 0.265 ms: 32 layers, every token looks back on half
    prompt = 1_000 * 2 * linear / 989e12 + attention  # 14.38 ms
    seconds = 200 * step + 16 * prompt  # 1.312 s
    p = predict(columns([deployment()]), Load(1_000.0, 200.0, 16.0), IDEAL)
    assert p.output_tokens_per_s[0] == pytest.approx(16 * 200 / seconds)  # 2,438
    assert p.tpot_ms[0] == pytest.approx((step + 15 * prompt / 200) * 1_000)  # 6.49
    assert p.ceiling_output_tokens_per_s[0] == pytest.approx(16 * 200 / (200 * (read + cache)), rel=1e-3)


def test_the_share_of_experts_that_a_batch_touches() -> None:
    """gpt-oss-120b: 4 of 128 experts a token, so 32 tokens touch 1 - (124 / 128)^32 = 63.8 % of them."""
    d = columns([deployment("gpt-oss-120b", "mxfp4")])
    assert touched(d, np.array([32.0]))[0] == pytest.approx(1 - (124 / 128) ** 32)
    assert d.weight_bytes[0] / 1e9 == pytest.approx(65.2, rel=0.01)


def test_the_cache_of_mla_is_held_by_every_gpu_and_that_of_four_heads_twice_by_eight() -> None:
    mla, gqa, shared = columns(
        [deployment("deepseek-r1", "fp8", "h200", tp=8), deployment("qwen3-30b-a3b", tp=8), deployment(tp=8)]
    ).kv_bytes
    assert (mla, gqa, shared) == (70_272 * 8, 98_304 * 2, 131_072)


def test_three_draft_tokens_kept_at_70_percent_yield_two_and_a_half_tokens_a_step() -> None:
    assert Speculative(3, 0.7).tokens_per_step == pytest.approx(1 + 0.7 + 0.49 + 0.343)
    assert Speculative(3, 1.0).tokens_per_step == 4


def test_a_measured_kind_of_case_is_trusted_and_says_where_its_band_comes_from() -> None:
    found = trust(deployment("llama-3.1-70b", "fp8", tp=4), Load(1_000.0, 500.0, 64.0), FIT)
    assert found.confidence == "normal"
    assert found.why[-1].startswith("80% band of dense, steady load, vLLM 0.8 and later: ")


@pytest.mark.parametrize(
    ("made", "load", "reason"),
    [
        (deployment("llama-3.1-70b", tp=2), (1_000.0, 500.0, 8.0), "weights take 8"),
        (deployment("llama-3.1-405b"), (1_000.0, 500.0, 8.0), "leave no room"),
        (deployment(gpu="t4", number_format="fp16"), (1_000.0, 500.0, 8.0), "no measured rows on Turing"),
        (
            deployment(number_format="gguf-q4-k-m", engine="llama.cpp"),
            (1_000.0, 500.0, 1.0),
            "no measured rows on llama.cpp",
        ),
        (deployment(pp=2), (1_000.0, 500.0, 8.0), "pipeline parallelism"),
        (deployment(lora_adapters=2), (1_000.0, 500.0, 8.0), "LoRA"),
        (deployment(speculative=Speculative(3, 0.7)), (1_000.0, 500.0, 8.0), "speculative"),
        (deployment(), (100_000.0, 500.0, 8.0), "prompt tokens is outside"),
        (
            deployment(gpu="mi300x", tp=2),
            (1_000.0, 500.0, 8.0),
            "MI300 class) GPUs a tenth of the unseen rows was off by",
        ),
        (deployment(gpu="l40s", tp=2), (1_000.0, 500.0, 8.0), "no configuration of dense, steady load, vLLM 0.8"),
    ],
)
def test_an_unlike_case_has_low_confidence_with_its_reason(
    made: Deployment, load: tuple[float, float, float], reason: str
) -> None:
    found = trust(made, Load(*load), FIT)
    assert found.confidence == "low"
    assert any(reason in why for why in found.why), found.why


def test_low_confidence_follows_the_errors_that_were_written_for_the_chip_class() -> None:
    """The same deployment under the same load, with the chip's unseen errors changed one at a time."""
    load, made = Load(1_000.0, 500.0, 64.0), deployment("llama-3.1-70b", "fp8", tp=4)
    kind = "dense/steady/vllm-v1"
    for changed, words in (
        ({"p90_error": 0.61}, "a tenth of the unseen rows was off by more than 61%"),
        ({"coverage": 0.69}, "only 69% of the unseen rows lay in the 80% band"),
        (
            {"configurations": {kind: 4}},
            "4 configurations of dense, steady load, vLLM 0.8 and later measured on Hopper",
        ),
        ({"configurations": {kind: 1}}, "1 configuration of dense"),
        ({"configurations": {}}, "no configuration of dense"),
    ):
        chips = tuple(c.model_copy(update=changed) if c.name == "hopper" else c for c in FIT.chips)
        found = trust(made, load, FIT.model_copy(update={"chips": chips}))
        assert found.confidence == "low"
        assert words in found.why[0]


def test_no_reason_has_the_name_of_a_class_as_the_program_writes_it() -> None:
    for gpu in TABLES.gpus:
        for engine in ("vllm", "sglang", "trtllm", "llama.cpp"):
            for concurrency in (8.0, np.inf):
                made = deployment("gpt-oss-120b", "mxfp4")._replace(gpu=gpu, engine=engine)
                told = " ".join(trust(made, Load(1_000.0, 500.0, concurrency), FIT).why)
                assert not any(part in told for part in ("moe", "vllm-v", "trtllm", "sglang", "steady/", "80 %")), told


def test_every_chip_class_and_class_of_cases_has_words() -> None:
    assert set(CHIP_WORDS) == set(CHIPS)
    assert not any(part in class_words(name) for name in CLASSES for part in ("/", "moe", "-v", "trtllm", "sglang"))


def test_the_band_is_wider_on_a_chip_class_that_was_further_off_and_never_narrower() -> None:
    """Both ends move by one factor on top of those of the class."""
    told = trust(deployment(gpu="mi300x", tp=2), Load(1_000.0, 500.0, 8.0), FIT).why[-1]
    chips = {chip.name: chip.wider for chip in FIT.chips}
    assert told.endswith(f"its ends {chips['cdna3']:.2f} times further out on CDNA3 (MI300 class) GPUs")
    assert chips["cdna3"] > chips["hopper"] >= 1
    plain = dict(FIT.constants) | {f"band_wider/{name}": 1.0 for name in chips}
    for gpu in TABLES.gpus:
        d = columns([deployment(gpu="h100-sxm")._replace(gpu=gpu)])
        low, high = bands(d, False, FIT.constants)
        inner, outer = bands(d, False, plain)
        wider = chips.get(CHIPS[int(d.chip[0])], 1.0)
        assert (low[0], high[0]) == pytest.approx((inner[0] / wider, outer[0] * wider))


@pytest.mark.parametrize(
    ("model", "number_format", "gpu", "tp", "said"),
    [
        ("llama-3.1-70b", "mxfp4", "h100-sxm", 2, "no measured rows of dense, MXFP4"),
        ("qwen3-235b-a22b", "gptq-int4", "h100-sxm", 4, "no measured rows of mixture of experts, GPTQ INT4"),
        ("deepseek-r1", "fp8-block", "h200", 8, "1 measured configuration of compressed KV cache (MLA), vLLM 0.8"),
    ],
)
def test_a_kind_of_model_in_a_format_and_a_cache_on_an_engine_are_doubted_when_hardly_measured(
    model: str, number_format: str, gpu: str, tp: int, said: str
) -> None:
    found = trust(deployment(model, number_format, gpu, tp=tp), Load(1_000.0, 500.0, 64.0), FIT)
    assert found.confidence == "low"
    assert said in " ".join(found.why)


def test_a_format_that_many_models_of_the_kind_were_measured_in_is_no_doubt() -> None:
    assert FIT.training.alike["dense/fp8"] > 3
    assert not any(
        "dense, FP8" in why
        for why in trust(deployment("llama-3.1-70b", "fp8", tp=4), Load(1_000.0, 500.0, 64.0), FIT).why
    )

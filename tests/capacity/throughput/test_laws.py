"""Laws of the throughput model, with the shipped constants, over the whole catalog."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.throughput.deployment import Deployment, Deployments, Speculative, columns
from planner.capacity.throughput.predict import Load, predict
from planner.catalog.catalog import installed

TABLES = installed().tables
CONSTANTS = TABLES.predictor.constants
TEXT_MODELS = [m for m in TABLES.models if m.modality != "audio"]
NO_LINK_COST = {"allreduce_ms/fast": 0.0, "allreduce_ms/slow": 0.0, "link_share/fast": 1e9, "link_share/slow": 1e9}
NOISE = 1 + 1e-9

deployments = st.builds(
    Deployment,
    model=st.sampled_from(TEXT_MODELS),
    number_format=st.sampled_from([f for f in TABLES.formats if not f.format_id.startswith("gguf")]),
    gpu=st.sampled_from(TABLES.gpus),
    tp=st.sampled_from([1, 2, 4, 8]),
    pp=st.sampled_from([1, 2]),
    dp=st.sampled_from([1, 3]),
    engine=st.sampled_from(["vllm", "sglang", "trtllm", "llama.cpp"]),
    engine_version=st.sampled_from(["", "0.6.0", "0.12.0"]),
    prefix_hit_fraction=st.sampled_from([0.0, 0.5]),
    lora_adapters=st.sampled_from([0, 4]),
    speculative=st.sampled_from([None, Speculative(3, 0.7)]),
    expert_parallel=st.just(False),
    as_of=st.none(),
    kv_cache_bits=st.sampled_from([None, 8]),
    gpu_memory_utilisation_fraction=st.sampled_from([0.5, 0.9, 0.95]),
    max_num_seqs=st.sampled_from([None, 64]),
    max_model_len=st.none(),
    attention_data_parallel=st.just(False),
    tuned=st.just(False),
)
shapes = st.tuples(st.integers(16, 20_000), st.integers(16, 4_000))
in_flight = st.integers(1, 4_000)


def rate(
    d: Deployments, shape: tuple[int, int], concurrency: float, constants: dict[str, float] | None = None
) -> float:
    """Output tokens/s of the one deployment."""
    load = Load(float(shape[0]), float(shape[1]), concurrency)
    return float(predict(d, load, dict(CONSTANTS) | (constants or {})).output_tokens_per_s[0])


@settings(max_examples=60, deadline=None)
@given(deployments, shapes, in_flight, st.floats(1, 10))
def test_more_bandwidth_compute_link_or_memory_never_reduces_throughput(
    deployment: Deployment, shape: tuple[int, int], concurrency: int, factor: float
) -> None:
    d = columns([deployment])
    before = rate(d, shape, concurrency)
    for name in ("bandwidth", "peak", "peak16", "link", "memory_bytes"):
        assert rate(replace(d, **{name: getattr(d, name) * factor}), shape, concurrency) * NOISE >= before, name


@settings(max_examples=60, deadline=None)
@given(deployments, shapes, in_flight)
def test_more_copies_or_gpus_behind_a_free_link_never_reduce_throughput(
    deployment: Deployment, shape: tuple[int, int], concurrency: int
) -> None:
    before = rate(columns([deployment]), shape, concurrency, NO_LINK_COST)
    for more in (deployment._replace(dp=deployment.dp * 2), deployment._replace(tp=deployment.tp * 2)):
        d = columns([more])
        assert rate(d, shape, concurrency, NO_LINK_COST) * NOISE >= before, more


@settings(max_examples=60, deadline=None)
@given(deployments, shapes)
def test_no_throughput_exceeds_what_bandwidth_and_compute_allow(deployment: Deployment, shape: tuple[int, int]) -> None:
    grid = np.array([1.0, 7, 64, 500, np.inf])[:, np.newaxis]
    p = predict(columns([deployment]), Load(float(shape[0]), float(shape[1]), grid), CONSTANTS)
    assert np.all(p.output_tokens_per_s <= p.ceiling_output_tokens_per_s * NOISE)
    assert np.all(p.low_output_tokens_per_s <= p.output_tokens_per_s * NOISE)
    assert np.all(p.output_tokens_per_s <= p.high_output_tokens_per_s * NOISE)


@settings(max_examples=60, deadline=None)
@given(deployments, shapes)
def test_throughput_and_time_per_token_rise_with_concurrency(deployment: Deployment, shape: tuple[int, int]) -> None:
    grid = np.geomspace(deployment.dp, 5_000, 25)[:, np.newaxis]
    p = predict(columns([deployment]), Load(float(shape[0]), float(shape[1]), grid), CONSTANTS)
    assert np.all(np.diff(p.output_tokens_per_s[:, 0]) >= -1e-9 * p.output_tokens_per_s[0])
    assert np.all(np.diff(p.tpot_ms[:, 0]) >= -1e-9 * p.tpot_ms[0])
    assert np.all(np.diff(p.in_service[:, 0]) >= 0)


@settings(max_examples=60, deadline=None)
@given(deployments, shapes, in_flight, st.floats(0, 0.99))
def test_prefix_hits_never_reduce_throughput(
    deployment: Deployment, shape: tuple[int, int], concurrency: int, hits: float
) -> None:
    none, some = (columns([deployment._replace(prefix_hit_fraction=share)]) for share in (0.0, hits))
    assert rate(some, shape, concurrency) * NOISE >= rate(none, shape, concurrency)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEXT_MODELS), shapes)
def test_the_gain_of_speculative_decoding_falls_with_the_load(model: object, shape: tuple[int, int]) -> None:
    plain = Deployment(model, TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h200"], tp=8)  # type: ignore[arg-type]
    pair = columns([plain, plain._replace(speculative=Speculative(3, 0.7))])
    p = predict(pair, Load(float(shape[0]), float(shape[1]), np.array([1.0, 512])[:, np.newaxis]), CONSTANTS)
    alone, loaded = p.tpot_ms[:, 0] / p.tpot_ms[:, 1]
    assert loaded <= alone * 1.02


def test_5_000_deployments_under_12_loads_are_one_call() -> None:
    one = Deployment(
        TABLES.model_by_id["llama-3.3-70b"], TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h100-sxm"], tp=4
    )
    p = predict(columns([one] * 5000), Load(1500.0, 300.0, np.arange(1.0, 13)[:, np.newaxis]), CONSTANTS)
    assert p.output_tokens_per_s.shape == p.ttft_ms.shape == p.fits.shape == (12, 5000)
    assert np.all(np.isfinite(p.output_tokens_per_s))


def test_no_deployments_give_no_predictions() -> None:
    found = predict(columns([]), Load(1000.0, 200.0, np.array([[1.0], [8.0]])), CONSTANTS)
    assert {part.shape for part in found} == {(2, 0)}
    full = columns([Deployment(TEXT_MODELS[0], TABLES.formats[0], TABLES.gpus[0])])
    for name in Deployments.__dataclass_fields__:
        none, some = getattr(columns([]), name).dtype, getattr(full, name).dtype
        assert np.can_cast(none, some, "same_kind") or np.can_cast(some, none), name
    assert columns([]).chip.dtype == full.chip.dtype == np.int64

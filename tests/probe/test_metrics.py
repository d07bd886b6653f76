from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.outcome import Counters
from planner.probe.metrics import CacheFacts, cache_facts, counters, engine_of, how_full

VLLM = """\
# HELP vllm:prompt_tokens_total Number of prefill tokens processed.
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="m"} 2093.0
vllm:prompt_tokens_total{engine="1",model_name="m"} 7.0
vllm:prompt_tokens_created{engine="0",model_name="m"} 1.79521455e+09
vllm:generation_tokens_total{engine="0",model_name="m"} 27.0
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 2100.0
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 16.0
vllm:num_preemptions_total{engine="0",model_name="m"} 1.0
vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 2.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="m"} 5.0
vllm:admission_rejections_total{model_name="m",reason="max_num_queued_reqs"} 3.0
vllm:num_requests_running{engine="0",model_name="m"} 4.0
vllm:num_requests_running{engine="1",model_name="m"} 3.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:cache_config_info{engine="0",kv_cache_size_tokens="52352",enable_prefix_caching="True",block_size="16"} 1.0
"""
OLD_VLLM = """\
vllm:prompt_tokens_total{model_name="m"} 10.0
vllm:generation_tokens_total{model_name="m"} 20.0
vllm:gpu_prefix_cache_queries_total{model_name="m"} 10.0
vllm:gpu_prefix_cache_hits_total{model_name="m"} 0.0
vllm:num_requests_running{model_name="m"} 1.0
vllm:num_requests_waiting{model_name="m"} 2.0
vllm:gpu_cache_usage_perc{model_name="m"} 0.5
vllm:cache_config_info{num_gpu_blocks="100",block_size="16",enable_prefix_caching="False"} 1.0
"""
SGLANG = """\
# TYPE sglang:prompt_tokens_total counter
sglang:prompt_tokens_total{model_name="m"} 8.0e+06
sglang:generation_tokens_total{model_name="m"} 7.5e+06
sglang:token_usage{model_name="m"} 0.28
sglang:cached_tokens_total{model_name="m",cache_source="device"} 10.0
sglang:num_running_reqs{model_name="m"} 162.0
sglang:num_queue_reqs{model_name="m"} 2826.0
sglang:num_requests_total{model_name="m"} 12.0
"""
LLAMA_CPP = """\
llamacpp:prompt_tokens_total 33065
llamacpp:tokens_predicted_total 7801
llamacpp:requests_processing 1
llamacpp:requests_deferred 0
"""
TGI = """\
tgi_request_input_length_sum 120
tgi_request_generated_tokens_sum 60
tgi_request_success{method="generate"} 3
tgi_queue_size 0
tgi_batch_current_size 2
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # summed over engines and reasons: 2093 + 7, 2 + 5, 4 + 3; the cache in use is the fullest engine's
        (VLLM, Counters(2100, 27, 2100, 16, 1, 3, 7, 7, 0, 0.75)),
        (OLD_VLLM, Counters(10, 20, 10, 0, None, None, None, 1, 2, 0.5, old_names=True)),
        (SGLANG, Counters(8e6, 7.5e6, None, 10, None, None, 12, 162, 2826, 0.28)),
        (LLAMA_CPP, Counters(33065, 7801, None, None, None, None, None, 1, 0, None)),
        (TGI, Counters(120, 60, None, None, None, None, 3, 2, 0, None)),
        ("", Counters()),
        ("<html>404</html>", Counters()),
    ],
)
def test_counters_are_read_under_the_names_of_each_engine(text: str, expected: Counters) -> None:
    assert counters(text) == expected


@pytest.mark.parametrize(
    ("text", "engine", "full"),
    [
        (VLLM, "vllm", "full"),
        (OLD_VLLM, "vllm", "full"),
        (SGLANG, "sglang", "full"),
        (LLAMA_CPP, "llama.cpp", "partial"),
        (TGI, "tgi", "partial"),
        ("python_info 1.0\n", "", "none"),
    ],
)
def test_the_engine_is_known_by_its_names(text: str, engine: str, full: str) -> None:
    assert (engine_of(text), how_full(counters(text))) == (engine, full)


def test_hits_by_source_stand_in_for_the_counter_of_hits() -> None:
    by_source = 'vllm:prompt_tokens_by_source_total{source="local_compute"} 5\n'
    by_source += 'vllm:prompt_tokens_by_source_total{source="local_cache_hit"} 11\n'
    assert counters(by_source).cache_hit_tokens == 11


def test_the_cache_says_its_size_and_whether_it_reuses_prefixes() -> None:
    assert cache_facts(VLLM) == CacheFacts(52352, True)
    assert cache_facts(OLD_VLLM) == CacheFacts(100 * 16, False)
    assert cache_facts(SGLANG) == CacheFacts()


@given(st.lists(st.text(max_size=60), max_size=8), st.integers(0, 10**9))
def test_lines_that_cannot_be_read_change_nothing(lines: list[str], tokens: int) -> None:
    rubbish = "\n".join(line for line in lines if "generation" not in line)
    good = f'vllm:generation_tokens_total{{model_name="a b"}} {tokens}'
    assert counters(f"{rubbish}\n{good}\n").generation_tokens == tokens


@pytest.mark.parametrize("value", ["NaN", "+Inf", "x", "", "1,2"])
def test_a_value_that_is_no_number_is_no_counter(value: str) -> None:
    assert counters(f"vllm:generation_tokens_total {value}\n").generation_tokens is None

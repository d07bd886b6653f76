"""The command that serves a deployment: what a shell makes of it, and which flags stand there when."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.replica_memory import Setup
from planner.capacity.serve_flags import serve_command
from planner.catalog.catalog import load

TABLES = load().tables


def setup(model: str = "llama-3.3-70b", number_format: str = "fp8", gpu: str = "h100-sxm", **more: Any) -> Setup:
    rows = (TABLES.model_by_id[model], TABLES.format_by_id[number_format], TABLES.gpu_by_id[gpu])
    return Setup(*rows)._replace(**({"max_model_len": 8192} | more))


def flags(asked: Setup, **more: bool) -> dict[str, str]:
    """Flag and value of the command, as a shell splits it."""
    words = shlex.split(serve_command(asked, **more).line)
    return {word: after for word, after in zip(words, [*words[1:], ""], strict=True) if word.startswith("-")}


@given(
    model=st.sampled_from(TABLES.models),
    kind=st.sampled_from(TABLES.formats),
    gpu=st.sampled_from(TABLES.gpus),
    engine=st.sampled_from(["vllm", "sglang", "trtllm", "llama.cpp"]),
    kv_bits=st.sampled_from([8, 16]),
)
def test_a_shell_reads_the_words_that_were_meant(model, kind, gpu, engine, kv_bits) -> None:  # type: ignore[no-untyped-def]
    command = serve_command(Setup(model, kind, gpu, 2, 2, engine, kv_bits))
    assert shlex.split(command.line) == list(command.words)
    assert shlex.split(command.text.replace("\\\n", " ")) == list(command.words)
    assert all(word == word.strip() and word for word in command.words)


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_a_name_cannot_break_out_of_its_word(name: str) -> None:
    asked = setup()
    hostile = asked._replace(model=asked.model.model_copy(update={"hf_id": name, "model_id": name}))
    command = serve_command(hostile)
    assert shlex.split(command.line) == list(command.words)
    assert command.words[2] == name


def test_llama_70b_fp8_on_two_gpus() -> None:
    command = serve_command(setup(tp=2))
    assert command.words == (
        *("vllm", "serve", "meta-llama/Llama-3.3-70B-Instruct", "--served-model-name", "llama-3.3-70b"),
        *("--tensor-parallel-size", "2", "--max-model-len", "8192", "--max-num-seqs", "1024"),
        *("--gpu-memory-utilization", "0.9", "--quantization", "fp8"),
    )
    assert "while it loads" in command.notes[0]


def test_stages_experts_and_cache_bits_stand_there_only_when_they_differ() -> None:
    plain = flags(setup("qwen3-235b-a22b", "bf16", "h200", tp=8))
    assert not {"--pipeline-parallel-size", "--enable-expert-parallel", "--kv-cache-dtype", "--quantization"} & set(
        plain
    )
    rich = flags(setup("qwen3-235b-a22b", "bf16", "h200", tp=4, pp=2, kv_bits=8), expert_parallel=True)
    assert (rich["--pipeline-parallel-size"], rich["--kv-cache-dtype"]) == ("2", "fp8")
    assert "--enable-expert-parallel" in rich
    assert "--enable-expert-parallel" not in flags(setup(tp=2), expert_parallel=True)  # dense


@pytest.mark.parametrize(("kind", "value"), [("fp8", "fp8"), ("fp8-w8a16", "fp8"), ("nf4", "bitsandbytes")])
def test_vllm_makes_these_formats_of_a_16_bit_checkpoint(kind: str, value: str) -> None:
    command = serve_command(setup(number_format=kind))
    assert command.words[2] == "meta-llama/Llama-3.3-70B-Instruct"
    assert flags(setup(number_format=kind))["--quantization"] == value


def test_other_formats_need_a_checkpoint_and_say_so() -> None:
    command = serve_command(setup(number_format="awq-int4"))
    assert command.words[2] == "/models/llama-3.3-70b-awq-int4"
    assert "Put a checkpoint of meta-llama/Llama-3.3-70B-Instruct" in command.notes[0]
    assert "--quantization" not in command.words


def test_the_publishers_own_format_needs_no_flag() -> None:
    for model in ("gpt-oss-120b", "deepseek-v3", "llama-3.1-8b"):
        native = TABLES.model_by_id[model].native_format
        command = serve_command(setup(model, native))
        assert command.words[2] == TABLES.model_by_id[model].hf_id
        assert "--quantization" not in command.words
        assert "--dtype" not in command.words
        assert command.notes == ()


def test_half_precision_of_a_bf16_checkpoint_is_asked_for() -> None:
    assert flags(setup("llama-3.1-8b", "fp16", "t4"))["--dtype"] == "float16"


def test_sglang_takes_the_share_of_weights_and_cache_alone() -> None:
    found = flags(setup("llama-3.1-8b", "bf16", engine="sglang", tp=2))
    assert (found["--tp-size"], found["--context-length"]) == ("2", "8192")
    assert 0.5 < float(found["--mem-fraction-static"]) < 0.9


def test_llama_cpp_shares_its_context_among_the_slots() -> None:
    found = flags(setup("llama-3.1-8b", "gguf-q4-k-m", "rtx-4090", engine="llama.cpp", kv_bits=8))
    assert (found["--parallel"], found["--ctx-size"], found["--cache-type-k"]) == ("4", str(4 * 8192), "q8_0")


def test_tensorrt_llm_names_its_own_flags() -> None:
    found = flags(setup("llama-3.1-8b", "bf16", engine="trtllm", tp=2, pp=2))
    assert (found["--tp_size"], found["--pp_size"], found["--max_seq_len"]) == ("2", "2", "8192")


@pytest.mark.parametrize("number_format", ["fp8", "fp8-block"])
def test_a_publisher_of_fp8_in_blocks_has_the_checkpoint_under_both_names(number_format: str) -> None:
    told = serve_command(setup("deepseek-v3", number_format, "h200", tp=8))
    assert told.words[2] == "deepseek-ai/DeepSeek-V3"
    assert told.notes == ()


def test_turing_has_no_bfloat16_to_multiply_in() -> None:
    assert flags(setup("llama-3.1-8b", "awq-int4", "t4"))["--dtype"] == "float16"
    assert "--dtype" not in flags(setup("llama-3.1-8b", "awq-int4", "l4"))


def test_every_engine_is_told_of_an_eight_bit_cache() -> None:
    assert flags(setup(engine="trtllm", kv_bits=8))["--kv_cache_dtype"] == "fp8"
    assert "--kv_cache_dtype" not in flags(setup(engine="trtllm"))

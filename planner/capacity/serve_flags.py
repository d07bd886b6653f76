"""The command line that serves a deployment, ready to paste: vLLM, SGLang, TensorRT-LLM and llama.cpp.

Names of flags are those of the engines' documentation in November 2026. Only what differs from the engine's default or
what a size depends on is written; vLLM turns prefix caching and chunked prefill on by itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from planner.capacity.engine_defaults import default_max_num_seqs
from planner.capacity.replica_memory import Setup, fit_of
from planner.domain.serving import EngineName

PORTS: dict[EngineName, int] = {"vllm": 8000, "sglang": 30_000, "trtllm": 8000, "llama.cpp": 8080}
"""Where each engine listens by default."""
CHECKPOINTS = "/models"
"""Folder for checkpoints that the publisher does not offer in the format."""
_QUANTISED_ON_LOADING = {"fp8": "fp8", "fp8-w8a16": "fp8", "nf4": "bitsandbytes"}
"""Formats that vLLM makes of a 16-bit checkpoint while it loads it, and the flag's value."""
_SIXTEEN_BIT = {"bf16": "bfloat16", "fp16": "float16"}
_EIGHT_BIT = {"fp8", "fp8-block"}
"""Publishers of FP8 checkpoints ship them with a scale per block of 128 x 128."""
_ALL_LAYERS = 999


class Command(NamedTuple):
    """Words of a command line, and what its reader must know."""

    words: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def line(self) -> str:
        """The command for a POSIX shell, every word quoted as it needs."""
        return shlex.join(self.words)

    @property
    def text(self) -> str:
        """The same with one flag per line, to be read and pasted."""
        lines: list[list[str]] = [[]]
        for word in self.words:
            if word.startswith("-") and lines[-1]:
                lines.append([])
            lines[-1].append(word)
        return " \\\n  ".join(shlex.join(line) for line in lines)


def serve_command(setup: Setup, *, expert_parallel: bool = False, request_tokens: float = 2048) -> Command:
    """The command for one replica. Notes say which checkpoint it needs where the publisher has none."""
    checkpoint, notes = _checkpoint(setup)
    match setup.engine:
        case "vllm":
            words = ("vllm", "serve", checkpoint, *_vllm(setup, expert_parallel))
        case "sglang":
            words = (
                "python3",
                "-m",
                "sglang.launch_server",
                "--model-path",
                checkpoint,
                *_sglang(setup, request_tokens),
            )
        case "trtllm":
            words = ("trtllm-serve", "serve", checkpoint, *_trtllm(setup))
        case _:
            words = ("llama-server", "--model", checkpoint, *_llama_cpp(setup))
    return Command(words, notes)


def _checkpoint(setup: Setup) -> tuple[str, tuple[str, ...]]:
    """Repository or path of the weights."""
    model, kind = setup.model, setup.number_format
    if setup.engine == "llama.cpp":
        path = f"{CHECKPOINTS}/{model.model_id}-{kind.format_id}.gguf"
        return path, (f"Put a GGUF file of {model.hf_id} in {kind.name} at {path}.",)
    same = {kind.format_id, model.native_format}
    if len(same) == 1 or same <= set(_SIXTEEN_BIT) or same == _EIGHT_BIT:
        return model.hf_id, ()
    if setup.engine == "vllm" and kind.format_id in _QUANTISED_ON_LOADING and model.native_format in _SIXTEEN_BIT:
        told = f"{kind.name} is made of {model.hf_id} while it loads; a checkpoint in that format loads faster."
        return model.hf_id, (told,)
    path = f"{CHECKPOINTS}/{model.model_id}-{kind.format_id}"
    return path, (
        f"Put a checkpoint of {model.hf_id} in {kind.name} at {path}: the publisher's own is another format.",
    )


def _seqs(setup: Setup) -> int:
    return setup.max_num_seqs or default_max_num_seqs(setup.engine, setup.gpu)


def _vllm(setup: Setup, expert_parallel: bool) -> Iterator[str]:
    kind, native = setup.number_format.format_id, setup.model.native_format
    yield from ("--served-model-name", setup.model.model_id)
    yield from ("--tensor-parallel-size", str(setup.tp))
    if setup.pp > 1:
        yield from ("--pipeline-parallel-size", str(setup.pp))
    if expert_parallel and setup.model.experts:
        yield "--enable-expert-parallel"
    yield from ("--max-model-len", str(setup.context_tokens), "--max-num-seqs", str(_seqs(setup)))
    yield from ("--gpu-memory-utilization", f"{setup.utilisation_fraction:g}")
    if kind in _SIXTEEN_BIT and kind != native:
        yield from ("--dtype", _SIXTEEN_BIT[kind])
    elif setup.gpu.architecture == "Turing":
        yield from ("--dtype", "float16")
    if kind in _QUANTISED_ON_LOADING and native in _SIXTEEN_BIT:
        yield from ("--quantization", _QUANTISED_ON_LOADING[kind])
    if setup.kv_bits == 8:
        yield from ("--kv-cache-dtype", "fp8")


def _sglang(setup: Setup, request_tokens: float) -> Iterator[str]:
    """Its memory fraction covers weights and cache only, so activations and graphs are taken off."""
    memory = fit_of([setup], request_tokens)
    static = float((memory.weight_gib[0] + memory.cache_gib[0]) / memory.capacity_gib[0])
    yield from ("--served-model-name", setup.model.model_id, "--tp-size", str(setup.tp))
    if setup.pp > 1:
        yield from ("--pp-size", str(setup.pp))
    yield from ("--context-length", str(setup.context_tokens), "--max-running-requests", str(_seqs(setup)))
    yield from ("--mem-fraction-static", f"{static:.2f}")
    if setup.kv_bits == 8:
        yield from ("--kv-cache-dtype", "fp8_e4m3")


def _trtllm(setup: Setup) -> Iterator[str]:
    yield from ("--tp_size", str(setup.tp))
    if setup.pp > 1:
        yield from ("--pp_size", str(setup.pp))
    yield from ("--max_seq_len", str(setup.context_tokens), "--max_batch_size", str(_seqs(setup)))
    yield from ("--kv_cache_free_gpu_memory_fraction", f"{setup.utilisation_fraction:g}")
    if setup.kv_bits == 8:
        yield from ("--kv_cache_dtype", "fp8")


def _llama_cpp(setup: Setup) -> Iterator[str]:
    """Its context is shared by the slots, so it is theirs together."""
    slots = _seqs(setup)
    yield from ("--parallel", str(slots), "--ctx-size", str(setup.context_tokens * slots))
    yield from ("--n-gpu-layers", str(_ALL_LAYERS))
    if setup.kv_bits == 8:
        yield from ("--cache-type-k", "q8_0", "--cache-type-v", "q8_0")

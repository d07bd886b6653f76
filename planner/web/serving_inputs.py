"""The engine that serves the model and its settings."""

from __future__ import annotations

from planner.domain.options import SelfHosted
from planner.web import fields
from planner.web.forms import Line, form, section
from planner.web.option_switch import switch
from planner.web.state import PathKey

ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM", "llama.cpp": "llama.cpp, Ollama"}
SERVING = (
    Line("engine", "Engine", words=ENGINES),
    Line("engine_version", "Version of the engine (empty = current)"),
    Line("pipeline_parallel", "Stages the layers are split over"),
    Line("expert_parallel", "Experts are spread over the GPUs"),
    Line("max_num_seqs", "Requests side by side, at most (empty = the engine's)"),
    Line("max_model_len", "Longest request taken (tokens; empty = the model's)"),
    Line("lora_adapters", "LoRA adapters served"),
)
SPECULATIVE = (
    Line("draft_tokens", "Tokens proposed at each step"),
    Line("acceptance_fraction", "Proposals kept (share)", 0.05),
    Line("draft_cost_fraction", "Time of a proposal (share of a step)", 0.01),
)
FIRST_DRAFT = {"draft_tokens": 3, "acceptance_fraction": 0.7, "draft_cost_fraction": 0.05}
"""A usual draft head; to be replaced by the owner's own figures."""


def serving_inputs(path: PathKey, option: SelfHosted) -> None:
    """Engine, parallelism, limits, adapters and speculative decoding."""
    where = (*path, "serving")
    with section("Engine and its settings", path, "serving") as is_open:
        if not is_open:
            return
        form(where, SERVING)
        on = option.serving.speculative is not None
        switch(
            "Speculative decoding", where, "speculative", on, lambda on: {"speculative": FIRST_DRAFT if on else None}
        )
        if on:
            form((*where, "speculative"), SPECULATIVE)
        fields.problem(where)

"""A deployment that cannot be is refused by name, as the search refuses it: no command is written for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from planner.catalog.catalog import load
from planner.decision.candidates import find
from planner.decision.candidates.detail import NotShared, detail
from planner.decision.candidates.refuse import in_ms
from planner.domain.capacity import CapacityRequest

TABLES = load().tables
ON = dt.date(2026, 11, 21)


def asked(model: str, number_format: str, gpu: str, **more: Any) -> CapacityRequest:
    named = {"model_ids": (model,), "format_ids": (number_format,), "gpu_ids": (gpu,)}
    return CapacityRequest(**({"peak_requests_per_s": 5, "input_tokens": 1500, "output_tokens": 300} | named | more))


@pytest.mark.parametrize(
    ("request_", "tp", "said"),
    [
        (asked("llama-3.3-70b", "awq-int4", "mi300x"), 2, r"not on CDNA3"),
        (asked("llama-3.1-8b", "bf16", "t4"), 1, r"not on Turing"),
        (asked("llama-3.1-8b", "gguf-q4-k-m", "t4"), 1, r"read by llama\.cpp"),
        (asked("llama-3.1-8b", "fp8", "mi300x", engine="trtllm"), 1, r"TensorRT-LLM does not run on AMD MI300X"),
        (asked("gpt-oss-20b", "bf16", "h100-sxm"), 1, r"published in MXFP4"),
        (asked("llama-3.1-8b", "bf16", "l4", max_model_len=200_000), 1, r"the model takes 131,072"),
        (asked("llama-3.1-8b", "bf16", "h100-sxm"), 16, r"reach over 8 GPUs|cannot share"),
    ],
)
def test_what_the_search_rules_out_has_no_command(request_: CapacityRequest, tp: int, said: str) -> None:
    with pytest.raises(NotShared, match=said):
        detail(request_, TABLES, ON, tp=tp)


def test_the_search_finds_no_tensorrt_on_amd() -> None:
    found = find(asked("llama-3.1-8b", "fp8", "mi300x", engine="trtllm"), TABLES, ON)
    assert found.candidates == ()
    assert {item.code for item in found.refused} == {"ENGINE"}


def test_a_model_is_shown_whatever_its_licence_says() -> None:
    assert detail(asked("mistral-large-2", "bf16", "h200"), TABLES, ON, tp=4).served is not None


@pytest.mark.parametrize(
    ("value", "target", "said"),
    [(60.03, 60.0, "60.03"), (61.27, 60.0, "61.3"), (2000.4, 2000.0, "2,000.4"), (60.0, 60.0, "60")],
)
def test_a_miss_by_little_is_told_with_the_digits_that_show_it(value: float, target: float, said: str) -> None:
    assert in_ms(value, target) == said

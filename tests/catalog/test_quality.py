"""Published scores: every one has its setting, date and source, and the figures that decide are the published ones."""

from __future__ import annotations

import pytest

from planner.catalog.rows import QualityRow
from tests.builders import tables

PERCENT = {"MMLU", "MMLU-Pro", "MMLU-Redux", "GPQA", "GPQA-Diamond", "HumanEval"}
ELO = "LMArena text Elo"
SAME_HARNESS = "DeepSeek-V3 README (one harness for all its rows)"


def scores(model_id: str, benchmark: str) -> list[QualityRow]:
    return [row for row in tables().quality if (row.model_id, row.benchmark) == (model_id, benchmark)]


def test_there_are_130_scores_of_seven_benchmarks() -> None:
    assert len(tables().quality) == 130
    assert {row.benchmark for row in tables().quality} == PERCENT | {ELO}


@pytest.mark.parametrize("row", tables().quality, ids=lambda row: row.score_id)
def test_a_score_is_on_its_scale_with_its_setting_and_its_source(row: QualityRow) -> None:
    low, high = (800, 1600) if row.benchmark == ELO else (20, 100)
    assert low < row.score < high
    assert row.source_url.startswith("https://")
    assert row.origin == ("measured" if row.benchmark == ELO else "published")
    assert "confidence interval" in row.setting or "CI" in row.setting or row.benchmark != ELO


@pytest.mark.parametrize(
    ("model_id", "benchmark", "setting", "score"),
    [
        ("llama-3.1-405b", "MMLU-Pro", "5-shot CoT", 73.3),
        ("llama-3.3-70b", "GPQA-Diamond", "0-shot CoT", 50.5),
        ("llama-4-scout", "MMLU-Pro", "0-shot", 74.3),
        ("qwen3-32b", "GPQA-Diamond", "thinking", 68.4),
        ("gpt-oss-120b", "GPQA-Diamond", "high, no tools", 80.1),
    ],
)
def test_a_published_score_is_there_under_its_setting(
    model_id: str, benchmark: str, setting: str, score: float
) -> None:
    assert score in [row.score for row in scores(model_id, benchmark) if row.setting == setting]


def test_one_harness_compares_four_models() -> None:
    """MMLU-Pro in DeepSeek's own harness: Qwen2.5-72B 71.6, GPT-4o 72.6, Llama 405B 73.3, DeepSeek V3 75.9."""
    rows = [row for row in tables().quality if row.source == SAME_HARNESS and row.benchmark == "MMLU-Pro"]
    found = {row.model_name: row.score for row in rows}
    assert (found["Qwen2.5 72B"], found["GPT-4o (2024-05-13)"]) == (71.6, 72.6)
    assert (found["Llama 3.1 405B"], found["DeepSeek V3 (2024-12)"]) == (73.3, 75.9)


def test_thinking_and_not_thinking_are_told_apart() -> None:
    rows = {row.setting: row.score for row in scores("qwen3-8b", "GPQA-Diamond")}
    assert rows == {"thinking": 62.0, "non-thinking": 39.3}


def test_another_checkpoint_is_not_taken_for_the_one_in_the_catalog() -> None:
    """DeepSeek V3-0324 scores 43 points more than the V3 of December 2024."""
    arena = {row.model_name: row for row in tables().quality if row.benchmark == ELO}
    assert arena["DeepSeek V3-0324"].score - arena["DeepSeek V3 (2024-12)"].score == 43
    assert arena["DeepSeek V3-0324"].model_id != arena["DeepSeek V3 (2024-12)"].model_id
    assert arena["Mistral 7B v0.2"].model_id != "mistral-7b-v0.3"

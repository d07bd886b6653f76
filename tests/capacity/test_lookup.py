"""Published rows nearest to a case: the distance, its parts, its order and its warnings."""

from __future__ import annotations

import datetime as dt
import math
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.lookup import (
    OTHER_ENGINE,
    OTHER_FORMAT,
    OTHER_FORMAT_SAME_RATE,
    OTHER_GPU,
    OTHER_GPU_SAME_ARCHITECTURE,
    OTHER_MODEL,
    PER_YEAR,
    SATURATED,
    UNKNOWN,
    Case,
    Neighbour,
    RowIndex,
    index_rows,
    nearest_rows,
    row_warnings,
)
from tests.builders import tables

SEVENTY = Case("llama-3.1-70b", "fp8", "h100-sxm", 4, 1000, 1000, 32, tp=4, engine="vllm", as_of=dt.date(2026, 11, 21))
CASES = st.builds(
    Case,
    st.sampled_from(["llama-3.1-70b", "llama-3.3-70b", "gpt-oss-120b", "qwen3-32b", "mixtral-8x7b"]),
    st.sampled_from(["fp8", "bf16", "nvfp4", "awq-int4"]),
    st.sampled_from(["h100-sxm", "a100-80gb", "mi300x", "l4"]),
    st.integers(1, 16),
    st.floats(1, 1e5),
    st.floats(1, 1e4),
    st.one_of(st.just(math.inf), st.floats(1, 2048)),
    st.one_of(st.none(), st.integers(1, 8)),
    st.sampled_from(["", "vllm", "trtllm"]),
    st.sampled_from(["", "0.11.0"]),
    st.one_of(st.none(), st.dates(dt.date(2024, 1, 1), dt.date(2027, 1, 1))),
)


@cache
def index() -> RowIndex:
    return index_rows(tables())


def case_of(row_id: str) -> Case:
    row = tables().measured_by_id[row_id]
    load = math.inf if row.concurrency is None else row.concurrency
    return Case(row.model_id, row.format_id, row.gpu_id, row.n_gpu, row.input_tokens, row.output_tokens, load, row.tp)


@given(CASES, st.integers(1, 12))
def test_neighbours_are_sorted_few_and_of_one_architecture(case: Case, k: int) -> None:
    found = nearest_rows(index(), case, k)
    assert len(found) <= k
    distances = [neighbour.distance for neighbour in found]
    assert distances == sorted(distances)
    for neighbour in found:
        assert neighbour.row.model_id in tables().same_architecture(case.model_id)
        assert sum(neighbour.parts) == pytest.approx(neighbour.distance)
        assert min(neighbour.parts) >= 0


@given(CASES, st.integers(1, 6))
def test_asking_for_more_only_adds(case: Case, k: int) -> None:
    assert nearest_rows(index(), case, k + 3)[:k] == nearest_rows(index(), case, k)


@given(CASES)
def test_the_nearest_row_is_the_least_of_all(case: Case) -> None:
    everything = nearest_rows(index(), case, len(tables().measured))
    family = tables().same_architecture(case.model_id)
    assert len(everything) == sum(row.model_id in family for row in tables().measured)


@pytest.mark.parametrize("row_id", ["m0551", "m0584", "m2567", "m2464", "m2605"])
def test_a_row_is_nearest_to_itself(row_id: str) -> None:
    found = nearest_rows(index(), case_of(row_id), 1)[0]
    assert found.distance == pytest.approx(0)
    assert found.row.output_tokens_per_s > 0


def test_each_part_is_what_it_says() -> None:
    """m0584: Qwen3 32B, BF16, 2 x H100, SGLang, 1024 in / 128 out, 16 in flight, undated."""
    exact = case_of("m0584")
    same = nearest_rows(index(), exact, 3)
    assert same[0].row.row_id == "m0584" or same[0].distance == same[1].distance == 0

    def parts(**changes: object) -> Neighbour:
        changed = nearest_rows(index(), exact._replace(**changes), len(tables().measured))  # type: ignore[arg-type]
        return next(neighbour for neighbour in changed if neighbour.row.row_id == "m0584")

    assert parts(input_tokens=512).parts.shape == pytest.approx(math.log(2))
    assert parts(output_tokens=512, input_tokens=2048).parts.shape == pytest.approx(math.log(8))
    assert parts(n_gpu=8).parts.gpu_count == pytest.approx(math.log(4))
    assert parts(tp=1).parts.parallelism == pytest.approx(math.log(2))
    assert parts(concurrency=64).parts.load == pytest.approx(math.log(4))
    assert parts(concurrency=math.inf).parts.load == SATURATED
    assert parts(format_id="fp8").parts.number_format == OTHER_FORMAT
    assert parts(gpu_id="h200").parts.gpu == OTHER_GPU_SAME_ARCHITECTURE
    assert parts(gpu_id="a100-80gb").parts.gpu == OTHER_GPU
    assert parts(engine="vllm").parts.engine == OTHER_ENGINE
    assert parts(engine="sglang").parts.engine == 0
    assert parts(as_of=dt.date(2026, 11, 21)).parts.age == UNKNOWN
    assert parts(as_of=dt.date(2026, 11, 21), engine="sglang", engine_version="0.5.1.post1").parts.age == 0


def test_another_format_at_the_same_matrix_rate_is_nearer() -> None:
    """awq-int4 and gptq-int4 both compute at FP16."""
    case = case_of("m2460")._replace(format_id="awq-int4")
    found = nearest_rows(index(), case, 20)
    by_id = {neighbour.row.row_id: neighbour.parts.number_format for neighbour in found}
    assert by_id["m2461"] == 0
    assert by_id["m2460"] == OTHER_FORMAT_SAME_RATE
    assert by_id["m2459"] == OTHER_FORMAT


def test_a_model_of_the_same_architecture_is_a_step_away() -> None:
    own = nearest_rows(index(), SEVENTY, 5)
    sister = nearest_rows(index(), SEVENTY._replace(model_id="llama-3.3-70b"), 5)
    assert [n.row for n in own] == [n.row for n in sister]
    assert {n.parts.model for n in own} == {0.0}
    assert {n.parts.model for n in sister} == {OTHER_MODEL}


def test_a_year_of_software_counts_about_a_third() -> None:
    """m0551 was run on 2026-03-01."""
    same_day = case_of("m0551")._replace(as_of=dt.date(2026, 3, 1))
    year_on = same_day._replace(as_of=dt.date(2027, 3, 1))
    assert nearest_rows(index(), same_day, 1)[0].parts.age == 0
    assert nearest_rows(index(), year_on, 1)[0].parts.age == pytest.approx(PER_YEAR, rel=0.01)


def test_an_architecture_that_nobody_measured_has_no_neighbours() -> None:
    assert nearest_rows(index(), SEVENTY._replace(model_id="whisper-large-v3"), 5) == ()


def test_unknown_ids_are_all_named_with_what_was_meant() -> None:
    with pytest.raises(ValueError, match=r"model 'llama-3.1-7b'.*format 'fp9'.*GPU 'h100-smx'") as raised:
        nearest_rows(index(), SEVENTY._replace(model_id="llama-3.1-7b", format_id="fp9", gpu_id="h100-smx"))
    assert "h100-sxm" in str(raised.value)


@pytest.mark.parametrize(
    ("row_id", "words"),
    [
        ("m2456", "total tokens/s were published"),
        ("m0551", "nominal lengths 8192/1024"),
        ("m0551", "derived"),
        ("m1361", "most likely served from a prefix cache"),
        ("m2629", "not used to fit the model"),
    ],
)
def test_traps_of_a_row_are_named(row_id: str, words: str) -> None:
    assert any(words in warning for warning in row_warnings(tables().measured_by_id[row_id]))


def test_a_plain_row_has_no_warnings() -> None:
    assert row_warnings(tables().measured_by_id["m2464"]) == []


def test_twenty_one_rows_were_most_likely_served_from_a_prefix_cache_and_that_is_told_as_an_inference() -> None:
    found = [row for row in tables().measured if any("most likely" in warning for warning in row_warnings(row))]
    assert all("an inference" in " ".join(row_warnings(row)) for row in found)
    assert len(found) == 21
    assert {row.source_id for row in found} == {"nvidia-aic-gap"}


def test_every_nominal_length_is_nine_tenths_in_the_table() -> None:
    rows = [row for row in tables().measured if "nominal" in row.note]
    assert {row.source_id for row in rows} == {"inferencex"}
    for row in rows:
        nominal = float(row.note.split("nominal ")[1].split("/")[0])
        assert row.input_tokens == pytest.approx(0.9 * nominal, rel=0.001)


def test_neighbours_carry_source_date_and_origin() -> None:
    found = nearest_rows(index(), SEVENTY, 5)
    assert len(found) == 5
    for neighbour in found:
        assert neighbour.origin == "published"
        assert neighbour.row.source_url.startswith("https://")


def test_a_look_up_takes_milliseconds() -> None:
    ready, runs = index(), 20
    began = time.process_time()
    for _ in range(runs):
        nearest_rows(ready, SEVENTY, 5)
    assert (time.process_time() - began) / runs < 0.005


def test_the_index_keeps_the_order_of_the_catalog() -> None:
    assert index().model.tolist() == [row.model_id for row in tables().measured]
    assert np.isnan(index().log_concurrency[[row.row_id for row in tables().measured].index("m2567")])

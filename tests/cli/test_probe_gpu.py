"""GPUs as people write them after `--gpu`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.case_names import UnknownName, names_of
from planner.catalog.catalog import load
from planner.catalog.rows import GpuRow
from planner.cli.probe_gpu import MOST_GPUS, Gpus, gpu_words, read_gpus

TABLES = load().tables
NAMES = names_of(TABLES)


@given(st.sampled_from(TABLES.gpus), st.integers(1, MOST_GPUS), st.sampled_from("xX×*"), st.booleans(), st.booleans())
def test_every_gpu_is_read_with_its_count_before_or_after_by_id_and_by_name(
    row: GpuRow, number: int, mark: str, before: bool, by_id: bool
) -> None:
    name = row.gpu_id if by_id else row.name
    text = f"{number}{mark} {name}" if before else f"{name} {mark}{number}"
    assert read_gpus(text, NAMES) == Gpus(row.gpu_id, number)


@pytest.mark.parametrize("row", TABLES.gpus, ids=lambda row: row.gpu_id)
def test_what_is_written_for_people_is_read_back(row: GpuRow) -> None:
    assert read_gpus(gpu_words(row.gpu_id, 4, NAMES), NAMES) == Gpus(row.gpu_id, 4)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("H100 SXM x2", Gpus("h100-sxm", 2)),
        ("2x H100 SXM", Gpus("h100-sxm", 2)),
        ("  2 ×  nvidia h100 sxm ", Gpus("h100-sxm", 2)),
        ("8xH200", Gpus("h200", 8)),
        ("H100SXMx4", Gpus("h100-sxm", 4)),
        ("RTX 4090", Gpus("rtx-4090", 1)),
        ("RTX 4090 x2", Gpus("rtx-4090", 2)),
        ("cpu", Gpus("cpu", 1)),
        ("CPU", Gpus("cpu", 1)),
    ],
)
def test_the_usual_ways_of_writing(text: str, meant: Gpus) -> None:
    assert read_gpus(text, NAMES) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RTX 4099", r"unknown GPU 'RTX 4099'. Did you mean RTX 4090"),
        ("H1000 SXM x2", r"unknown GPU 'H1000 SXM'. Did you mean H100 SXM"),
        ("2x foo", r"unknown GPU 'foo'. `planner catalog list gpus` lists them"),
        ("0x H100 SXM", r"0 GPUs in one replica: give 1 to 4,096"),
        ("H100 SXM x99999", r"99999 GPUs in one replica"),
        ("cpu x2", r"write cpu"),
        ("", r"it is empty. Write \"H100 SXM x2\""),
        ("x", r"unknown GPU 'x'"),
    ],
)
def test_what_is_no_gpu_is_told_with_the_nearest_ones(text: str, said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        read_gpus(text, NAMES)


def test_words_for_people() -> None:
    assert gpu_words("h100-sxm", 2, NAMES) == "2 x NVIDIA H100 SXM"
    assert gpu_words("cpu", 1, NAMES) == "CPU, no GPU"
    assert gpu_words("", 1, NAMES) == ""

"""The reader of `data/`: good tables load frozen, bad ones are refused with every problem at once."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from planner.catalog.predictor import FILE
from planner.catalog.tables import ROW_TYPES, CatalogError, load_tables
from planner.domain.base import as_of_date

DATA = Path(__file__).resolve().parents[2] / "data"
Edit = Callable[[list[dict[str, str]]], None]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the shipped tables that a test may spoil."""
    for row_type in ROW_TYPES:
        shutil.copy(DATA / row_type.FILE, tmp_path / row_type.FILE)
    shutil.copy(DATA / FILE, tmp_path / FILE)
    return tmp_path


def spoil(data: Path, file: str, edit: Edit) -> None:
    """Change the rows of one table in place."""
    with (data / file).open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    edit(rows)
    with (data / file).open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def set_cell(index: int, column: str, value: str) -> Edit:
    """An edit that overwrites one cell of the row with that index (line = index + 2)."""

    def edit(rows: list[dict[str, str]]) -> None:
        rows[index][column] = value

    return edit


def problems(data: Path, on: dt.date | None = None) -> list[str]:
    """What the reader says about these tables."""
    with pytest.raises(CatalogError) as caught:
        load_tables(data, on)
    return [str(problem) for problem in caught.value.problems]


def only_problem(data: Path, on: dt.date | None = None) -> str:
    """The one thing that the reader says."""
    said = problems(data, on)
    assert len(said) == 1, said
    return said[0]


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026", dt.date(2026, 1, 1)), ("2026-09", dt.date(2026, 9, 1)), ("2026-09-13", dt.date(2026, 9, 13))],
)
def test_a_partial_date_is_the_first_day_of_its_period(text: str, day: dt.date) -> None:
    assert as_of_date(text) == day


@pytest.mark.parametrize("text", ["", "26", "2026-9", "2026-13", "2026-02-30", "2026-09-13T00:00", "soon"])
def test_other_texts_are_no_dates(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a date|month must|day"):
        as_of_date(text)


def test_rows_are_typed_and_frozen() -> None:
    tables = load_tables(DATA)
    h100 = tables.gpu_by_id["h100-sxm"]
    assert (h100.memory_mib_reported, h100.bf16_dense_tflops, h100.fp4_dense_tflops) == (81559, 989, None)
    assert tables.gpu_price_by_id["runpod-h100-sxm-pod-on-demand"].usd_per_gpu_hour == 3.49
    with pytest.raises(ValidationError, match="frozen"):
        setattr(h100, "memory_mib_reported", 1)  # noqa: B010


def test_measured_throughput_is_shared_between_models_of_one_architecture() -> None:
    tables = load_tables(DATA)
    pair = {"llama-3.1-70b", "llama-3.3-70b"}
    assert tables.same_architecture("llama-3.1-70b") == tables.same_architecture("llama-3.3-70b") == pair
    assert tables.same_architecture("qwen3-8b") == {"qwen3-8b"}


@pytest.mark.parametrize(
    ("file", "column", "value", "said"),
    [
        ("gpu_prices.csv", "usd_per_gpu_hour", "0", "greater than 0, not '0'"),
        ("gpu_prices.csv", "usd_per_gpu_hour", "-1.5", "greater than 0, not '-1.5'"),
        ("gpu_prices.csv", "usd_per_gpu_hour", "nan", "finite"),
        ("gpu_prices.csv", "usd_per_gpu_hour", "", "may not be blank"),
        ("gpu_prices.csv", "usd_per_gpu_hour", "cheap", "valid number"),
        ("gpu_prices.csv", "gpu_id", "h1000", "'h1000' is not in gpus.csv"),
        ("gpu_prices.csv", "term", "weekly", "'on_demand'"),
        ("gpu_prices.csv", "source_url", "", "only an assumed one may lack it"),
        ("gpu_prices.csv", "source_url", "runpod.io/pricing", "not an http(s) address"),
        ("gpu_prices.csv", "as_of", "13/09/2026", "is not a date"),
        ("gpu_prices.csv", "origin", "guessed", "'measured'"),
        ("gpus.csv", "memory_bandwidth_gb_per_s", "0", "greater than 0"),
        ("gpus.csv", "bf16_dense_tflops", "-1", "greater than 0"),
        ("models.csv", "active_params", "9999999999999", "more than the"),
        ("models.csv", "native_format", "bf17", "'bf17' is not in formats.csv"),
        ("models.csv", "same_architecture_as", "llama-9", "'llama-9' is not in models.csv"),
        ("formats.csv", "compute_rate", "fp3", "'bf16'"),
        ("measured.csv", "model_id", "gpt-9", "'gpt-9' is not in models.csv"),
        ("measured.csv", "output_tokens_per_s", "0", "greater than 0"),
        ("measured.csv", "source_url", "", "not be blank"),
        ("defaults.csv", "value", "", "may not be blank"),
    ],
)
def test_a_bad_cell_is_named_with_file_line_and_column(
    data: Path, file: str, column: str, value: str, said: str
) -> None:
    spoil(data, file, set_cell(3, column, value))
    problem = only_problem(data)
    assert problem.startswith(f"{file}:5 {column}: ")
    assert said in problem


def test_an_assumed_figure_needs_a_reason(data: Path) -> None:
    def edit(rows: list[dict[str, str]]) -> None:
        rows[1].update(origin="assumed", source_url="", note="")

    spoil(data, "defaults.csv", edit)
    assert only_problem(data) == "defaults.csv:3 note: an assumed figure needs its reason in the note"


def test_an_id_is_used_once(data: Path) -> None:
    spoil(data, "gpus.csv", lambda rows: rows.append(rows[0]))
    assert (
        only_problem(data)
        == "gpus.csv:36 gpu_id: 't4' is already used on line 2. A new figure is a new row with an id of its own."
    )


def test_a_row_may_not_be_dated_after_the_day_asked_for(data: Path) -> None:
    spoil(data, "formats.csv", set_cell(0, "as_of", "2027-01"))
    assert load_tables(data).formats[0].as_of == "2027-01"
    assert only_problem(data, dt.date(2026, 11, 21)).startswith("formats.csv:2 as_of: 2027-01 is after 2026-11-21")


def test_every_problem_is_reported_at_once_in_file_order(data: Path) -> None:
    spoil(data, "gpu_prices.csv", set_cell(9, "usd_per_gpu_hour", "0"))
    spoil(data, "gpu_prices.csv", set_cell(2, "gpu_id", "h1000"))
    spoil(data, "gpus.csv", set_cell(0, "vendor", "Intel"))
    (data / "formats.csv").unlink()
    said = problems(data)
    assert [text.split(":")[0] for text in said[:3]] == ["gpus.csv", "gpu_prices.csv", "gpu_prices.csv"]
    assert said[1].startswith("gpu_prices.csv:4 gpu_id")
    assert said[2].startswith("gpu_prices.csv:11 usd_per_gpu_hour")
    assert any(text.startswith("formats.csv: no such file") for text in said)


def test_missing_unknown_and_repeated_columns_are_named(data: Path) -> None:
    path = data / "gpu_prices.csv"
    text = path.read_text(encoding="utf-8").replace("region", "zone", 1).replace("as_of", "note", 1)
    path.write_text(text, encoding="utf-8")
    assert problems(data) == [
        "gpu_prices.csv:1 as_of: the column is missing",
        "gpu_prices.csv:1 note: the column is there twice",
        "gpu_prices.csv:1 region: the column is missing",
        "gpu_prices.csv:1 zone: there is no such column",
    ]


def test_a_line_with_an_unquoted_comma_is_named(data: Path) -> None:
    with (data / "defaults.csv").open("a", encoding="utf-8") as file:
        file.write("discount-2026,discount_fraction,0,1,fraction,2026,assumed,low,us,,because\n")
    assert "11 cells where the header has 10" in only_problem(data)

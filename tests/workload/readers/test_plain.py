"""A plain table, and any table mapped by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.usage.look import look
from planner.workload.readers.base import nearest
from planner.workload.readers.plain import NAMES, PLAIN, PLAIN_BUCKETS, mapped_reader
from tests.workload.readers.rows_of import SAMPLES, rejects_of, rows_of, total, written


def test_four_columns_are_enough(tmp_path: Path) -> None:
    text = "timestamp,model,input_tokens,output_tokens\n2026-10-01T09:00:00Z,m,1200,80\n"
    (row,) = rows_of(PLAIN, written(tmp_path, "a.csv", text))
    assert (row.started_us, row.model, row.context_tokens, row.fresh_input_tokens, row.output_tokens) == (
        1_790_845_200_000_000,
        "m",
        1_200,
        1_200,
        80,
    )
    assert (row.requests, row.bucket_s, row.service_tier, row.duration_ms, row.cost_nano) == (
        1,
        0,
        "standard",
        None,
        None,
    )


def test_a_table_that_names_no_model_is_of_one_unnamed_model(tmp_path: Path) -> None:
    header, row = "timestamp,input_tokens,output_tokens", "2026-10-01T09:00:00Z,1200,80"
    assert rows_of(PLAIN, written(tmp_path, "a.csv", f"{header}\n{row}\n"))[0].model == "unnamed"
    assert rows_of(PLAIN, written(tmp_path, "b.csv", f"{header},model\n{row},\n"))[0].model == "unnamed"
    line = '{"timestamp": 1790812800, "input_tokens": 5, "output_tokens": 1}\n'
    assert [row.model for row in rows_of(PLAIN, written(tmp_path, "c.jsonl", line * 2))] == ["unnamed"] * 2


def test_cells_that_a_spreadsheet_would_run_are_texts_or_rejects_and_never_formulas(tmp_path: Path) -> None:
    rows = '2026-10-01T09:00:00Z,"=HYPERLINK(""x"")",1200,80\n2026-10-01T09:00:00Z,m,=1+1,80'
    path = written(tmp_path, "a.csv", f"timestamp,model,input_tokens,output_tokens\n{rows}\n")
    assert [row.model for row in rows_of(PLAIN, path)] == ['=HYPERLINK("x")']
    assert rejects_of(PLAIN, path) == ["input_tokens is not a whole number"]


@pytest.mark.parametrize(
    ("column", "text", "duration_ms"),
    [("duration_ms", "812.6", 813), ("latency_s", "1.25", 1_250), ("ended_at", "2026-10-01T09:00:02.5Z", 2_500)],
)
def test_a_duration_is_in_milliseconds_in_seconds_or_an_end(
    tmp_path: Path, column: str, text: str, duration_ms: int
) -> None:
    path = written(
        tmp_path, "a.csv", f"timestamp,input_tokens,output_tokens,{column}\n2026-10-01T09:00:00Z,1,1,{text}\n"
    )
    assert rows_of(PLAIN, path)[0].duration_ms == duration_ms


def test_an_amount_counts_only_with_its_currency(tmp_path: Path) -> None:
    header, row = "timestamp,input_tokens,output_tokens,cost", "2026-10-01T09:00:00Z,1,1,0.5"
    assert rows_of(PLAIN, written(tmp_path, "a.csv", f"{header}\n{row}\n"))[0].cost_nano is None
    (euro,) = rows_of(PLAIN, written(tmp_path, "b.csv", f"{header},currency\n{row},eur\n"))
    assert (euro.cost_nano, euro.currency) == (500_000_000, "EUR")


def test_a_table_of_sums_has_no_lengths_and_its_requests() -> None:
    """Twelve hours: 10 + 11 + ... + 21 requests at 0.0125 dollars an hour."""
    rows = rows_of(PLAIN_BUCKETS, SAMPLES / "plain_buckets.csv")
    assert (total(rows, "requests"), total(rows, "cost_nano")) == (sum(range(10, 22)), 150_000_000)
    assert {(row.bucket_s, row.context_tokens) for row in rows} == {(3_600, None)}


def test_the_end_of_a_bucket_says_its_length(tmp_path: Path) -> None:
    text = "start_time,end_time,requests,input_tokens,output_tokens\n1790812800,1790813700,3,10,5\n"
    assert rows_of(PLAIN_BUCKETS, written(tmp_path, "a.csv", text))[0].bucket_s == 900


def test_owners_are_the_teams_keys_and_users_of_the_table() -> None:
    assert {row.owner for row in rows_of(PLAIN, SAMPLES / "plain.csv", "team")} == {"Team A", "Team B"}


ODD = "Zeit;Modell;Tokens rein;Tokens raus;aus Cache\n2026-10-01 09:00;m;10000;700;8000\n"


@pytest.mark.parametrize(("inside", "fresh", "context"), [(True, 2_000, 10_000), (False, 10_000, 18_000)])
def test_any_names_can_be_mapped_with_their_convention(tmp_path: Path, inside: bool, fresh: int, context: int) -> None:
    names = {
        "timestamp": "Zeit",
        "model": "Modell",
        "input_tokens": "Tokens rein",
        "output_tokens": "Tokens raus",
        "cached_input_tokens": "aus Cache",
    }
    path = written(tmp_path, "a.csv", ODD)
    reader = mapped_reader(names, cached_inside_input=inside)
    assert reader.fits(look(path)) > 0
    (row,) = rows_of(reader, path)
    assert (row.fresh_input_tokens, row.cached_input_tokens, row.context_tokens) == (fresh, 8_000, context)
    assert "input_tokens = Tokens rein" in reader.about.note


def test_what_is_not_mapped_is_looked_for_under_its_own_name(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "timestamp,in,output_tokens\n2026-10-01,5,1\n")
    assert rows_of(mapped_reader({"input_tokens": "in"}), path)[0].fresh_input_tokens == 5


def test_a_mapped_column_that_the_file_lacks_is_what_is_missing(tmp_path: Path) -> None:
    reader = mapped_reader({"input_tokens": "in", "model": "which"})
    shape = look(written(tmp_path, "a.csv", "timestamp,in,output_tokens\n2026-10-01,5,1\n"))
    assert reader.fits(shape) == 0
    assert nearest([reader], shape) == (reader, ("which",))


def test_mapped_requests_make_a_row_a_bucket(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "timestamp,calls,seconds,in,out\n2026-10-01,5,3600,50,10\n")
    names = {"requests": "calls", "bucket_s": "seconds", "input_tokens": "in", "output_tokens": "out"}
    reader = mapped_reader(names)
    (row,) = rows_of(reader, path)
    assert (reader.about.grain, row.requests, row.bucket_s) == ("bucket", 5, 3_600)


def test_a_column_inside_a_value_can_be_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"t": 1790812800, "usage": {"in": 5, "out": 1}}\n' * 2)
    reader = mapped_reader({"timestamp": "t", "input_tokens": "usage.in", "output_tokens": "usage.out"})
    assert total(rows_of(reader, path), "fresh_input_tokens") == 10


def test_every_wrong_name_of_a_mapping_is_told_at_once_with_the_likeliest_right_one() -> None:
    with pytest.raises(ValueError, match="imput_tokens") as error:
        mapped_reader({"imput_tokens": "in", "weight": "kg", "model": "", "cost": "c", "requests": "n"})
    lines = str(error.value).splitlines()
    assert lines[0].startswith("'imput_tokens' is no name of a plain table. Did you mean input_tokens")
    assert lines[1].startswith("'weight' is no name of a plain table. The names are timestamp, ended_at, model,")
    assert lines[2] == "model is mapped to no column: write model=COLUMN"
    assert "currency" in lines[3]
    assert "bucket_s" in lines[4]
    assert len(lines) == 5


@pytest.mark.parametrize("target", [name for name in NAMES if name not in {"requests", "cost"}])
def test_every_name_can_be_mapped(target: str) -> None:
    assert "some column" in mapped_reader({target: "some column"}).needs

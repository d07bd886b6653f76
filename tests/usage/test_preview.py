"""The first rows of a table as a mapping reads them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.usage.errors import UsageError
from planner.usage.preview import MOST_LETTERS, PreviewRow, preview

MAPPING = {
    "timestamp": "when",
    "model": "who",
    "input_tokens": "in",
    "cached_input_tokens": "hit",
    "output_tokens": "out",
}
HEAD = "when,who,in,hit,out,secs,eur,code,said\n"
FIRST_US = 1_793_527_200_000_000
"""2026-11-01 10:00 UTC."""


def csv(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_row_is_read_as_it_would_be_imported(tmp_path: Path) -> None:
    """100 tokens in with 20 of them cached are 80 fresh ones; half a second is 500 ms; 0.25 EUR is 250,000,000 nano."""
    path = csv(tmp_path, "2026-11-01 10:00:00,gpt-4o,100,20,30,0.5,0.25,EUR,hello")
    more = {"duration_s": "secs", "cost": "eur", "currency": "code"}
    (row,) = preview(path, MAPPING | more)
    assert row == PreviewRow(FIRST_US, "gpt-4o", 1, 80, 20, 30, 500, 250_000_000, "EUR")


def test_cached_tokens_beside_the_input_leave_it_whole(tmp_path: Path) -> None:
    path = csv(tmp_path, "2026-11-01 10:00:00,gpt-4o,100,20,30,,,,hello")
    (row,) = preview(path, MAPPING, cached_inside=False)
    assert (row.fresh_input_tokens, row.cached_input_tokens) == (100, 20)


def test_what_would_be_rejected_says_why_and_what_is_unknown_stays_so(tmp_path: Path) -> None:
    path = csv(tmp_path, "2026-11-01 10:00:00,a,many,20,30,,,,x", "2026-11-01 10:00:01,a,100,,30,,,,x")
    bad, good = preview(path, MAPPING)
    assert bad.rejected == "in: is not a whole number"
    assert good.rejected == ""
    assert good.cached_input_tokens is None
    assert good.duration_ms is None


def test_only_the_first_rows_come_and_in_their_order(tmp_path: Path) -> None:
    rows = [f"2026-11-01 10:00:{n:02d},m{n},100,0,30,,,,x" for n in range(50)]
    assert [row.model for row in preview(csv(tmp_path, *rows), MAPPING)] == ["m0", "m1", "m2", "m3", "m4"]


def test_a_text_that_is_mapped_as_a_model_by_mistake_is_cut(tmp_path: Path) -> None:
    path = csv(tmp_path, f"2026-11-01 10:00:00,m,100,0,30,,,,{'words ' * 40}")
    (row,) = preview(path, MAPPING | {"model": "said"})
    assert row.model is not None
    assert len(row.model) <= MOST_LETTERS


def test_parquet_and_json_lines_are_shown_too(tmp_path: Path) -> None:
    table = pa.table({"when": ["2026-11-01T10:00:00Z"], "who": ["m"], "in": [100], "hit": [20], "out": [30]})
    pq.write_table(table, tmp_path / "log.parquet")
    (tmp_path / "log.jsonl").write_text(
        '{"when": "2026-11-01T10:00:00Z", "who": "m", "in": 100, "hit": 20, "out": 30}\n' * 2, encoding="utf-8"
    )
    for name in ("log.parquet", "log.jsonl"):
        row = preview(tmp_path / name, MAPPING)[0]
        assert row[:6] == (FIRST_US, "m", 1, 80, 20, 30), name


def test_a_zone_moves_times_that_say_none(tmp_path: Path) -> None:
    """10:00 in Berlin in November is 09:00 UTC."""
    (row,) = preview(csv(tmp_path, "2026-11-01 10:00:00,a,100,0,30,,,,x"), MAPPING, zone="Europe/Berlin")
    assert row.started_us == FIRST_US - 3_600_000_000


@pytest.mark.parametrize("more", [{"colour": "who"}, {"cost": "eur"}, {"requests": "in"}])
def test_a_mapping_that_cannot_be_is_refused_with_words(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(UsageError) as error:
        preview(csv(tmp_path, "2026-11-01 10:00:00,a,100,0,30,,,,x"), MAPPING | more)
    assert str(error.value)


def test_what_is_not_mapped_is_not_known(tmp_path: Path) -> None:
    (row,) = preview(csv(tmp_path, "2026-11-01 10:00:00,a,100,0,30,,,,x"), {"timestamp": "when"})
    assert row.started_us == FIRST_US
    assert row.fresh_input_tokens is None

"""Every kind of bad input: counted rejects with their lines and reasons, or a stop that keeps nothing and says why."""

from __future__ import annotations

import gzip
import os
import re
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.domain.usage import UsageProfile
from planner.usage import limits
from planner.usage.errors import UsageError
from planner.usage.limits import is_cut
from tests.usage.logs import HEADER, csv_text, figures, imported, json_lines, parquet, problems, rows, write

GOOD = csv_text(rows(1000))


def line(**more: Any) -> str:
    row = {**rows(1)[0], **more}
    return ",".join(str(value) for value in row.values()) + "\n"


def told(profile: UsageProfile) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(f"{r.column} {r.reason}".strip(), r.rows, r.lines) for r in profile.rejects]


def test_a_half_written_last_line_is_one_reject_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", GOOD + "2026-10-05T08:20:00Z,sma")
    profile = imported(tmp_path / "kept", path).profile
    assert profile.total_requests == 1000
    assert told(profile) == [("has fewer cells than the header (a cut line?)", 1, (1002,))]
    assert "log.csv: Its last line has no end: the file may be cut." in profile.notes


def test_a_quote_that_is_not_closed_is_a_reject(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", GOOD + '2026-10-05T08:20:00Z,"sma')
    assert told(imported(tmp_path / "kept", path).profile) == [("has a quote that is not closed", 1, (1002,))]


def test_lines_are_those_of_the_file_where_cells_and_blanks_take_several(tmp_path: Path) -> None:
    text = HEADER + '2026-10-05T00:00:00Z,"two\nlines",1,2\n\n2026-10-05T00:00:01Z,m,1\n2026-10-05T00:00:02Z,m,many,2\n'
    good = "".join(f"2026-10-05T00:01:00Z,m,{n},1\n" for n in range(300))
    profile = imported(tmp_path / "kept", write(tmp_path / "log.csv", text + good)).profile
    assert [(reason, lines) for reason, _, lines in told(profile) if "whole" in reason] == [
        ("input_tokens is not a whole number", (6,))
    ]
    packed = imported(tmp_path / "kept", write(tmp_path / "log.csv.gz", text + good)).profile
    assert told(packed) == told(profile)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    profile = imported(tmp_path / "kept", write(tmp_path / "log.csv", "\ufeff" + GOOD)).profile
    assert figures(profile) == figures(imported(tmp_path / "kept", write(tmp_path / "b.csv", GOOD)).profile)


def test_windows_and_other_line_ends_may_be_mixed(tmp_path: Path) -> None:
    lines = GOOD.splitlines()
    text = "\r\n".join(lines[:500]) + "\r\n" + "\n".join(lines[500:]) + "\n"
    profile = imported(tmp_path / "kept", write(tmp_path / "log.csv", text)).profile
    assert profile.total_requests == 1000
    windows = imported(tmp_path / "kept", write(tmp_path / "w.csv", "\r\n".join(lines) + "\r\n")).profile
    assert figures(windows) == figures(profile)


def test_a_spreadsheets_utf_16_is_read(tmp_path: Path) -> None:
    profile = imported(tmp_path / "kept", write(tmp_path / "log.txt", GOOD.replace(",", "\t").encode("utf-16"))).profile
    assert profile.total_requests == 1000
    assert not [note for note in profile.notes if "cut" in note], "a line end of two bytes is one"


def test_names_in_latin_1_are_read(tmp_path: Path) -> None:
    text = GOOD.replace("small", "café")
    profile = imported(tmp_path / "kept", write(tmp_path / "log.csv", text.encode("latin-1"))).profile
    assert {one.model for one in profile.classes} == {"café", "large"}


WRONG = {
    "negative": (line(output_tokens=-1), "negative output tokens"),
    "absurd": (line(input_tokens=10**12), "more than 100 million tokens in one request"),
    "too large for any number": (line(input_tokens=10**30), "input_tokens is not a whole number"),
    "a fraction": (line(input_tokens="1.5"), "input_tokens is not a whole number"),
    "more cached than input": (line(cached_input_tokens=500), "cached tokens exceed the input"),
    "no time": (line(timestamp=""), "no time"),
    "not a time": (line(timestamp="yesterday"), "timestamp is not a time"),
    "the future": (line(timestamp="2031-01-01T00:00:00Z"), "a time in the future"),
    "before language models": (line(timestamp="1999-01-01T00:00:00Z"), "a time before 2015"),
    "a prompt for a model": (line(model="x" * 300), "a model's name of more than 200 characters"),
    "more cells": (line().rstrip() + ",7\n", "has more cells than the header"),
}


@pytest.mark.parametrize(("bad", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_counted_with_its_line_and_reason(tmp_path: Path, bad: str, reason: str) -> None:
    lines = GOOD.splitlines(keepends=True)
    path = write(tmp_path / "log.csv", "".join([*lines[:500], bad, *lines[500:]]))
    profile = imported(tmp_path / "kept", path).profile
    assert told(profile) == [(reason, 1, (501,))]
    assert (profile.total_requests, profile.sources[0].rows_read, profile.rows_rejected) == (1000, 1001, 1)


def test_a_wrong_row_of_json_lines_and_parquet_is_counted_too(tmp_path: Path) -> None:
    given = rows(1000)
    given[700] |= {"output_tokens": -5}
    lines = json_lines(given).splitlines(keepends=True)
    text = "".join([*lines[:10], '{"timestamp": "2026-\n', "\n", *lines[10:]])
    found = imported(tmp_path / "kept", write(tmp_path / "log.jsonl", text)).profile
    assert set(told(found)) == {
        ("is not a readable object with any of the columns", 1, (11,)),
        ("negative output tokens", 1, (703,)),
    }
    typed = imported(tmp_path / "kept", parquet(tmp_path / "log.parquet", given)).profile
    assert told(typed) == [("negative output tokens", 1, (701,))]


def test_more_rejects_than_allowed_stop_the_import_and_keep_nothing(tmp_path: Path) -> None:
    lines = GOOD.splitlines(keepends=True)
    path = write(tmp_path / "log.csv", "".join(lines[:100]) + line(output_tokens=-1) * 10)
    said = problems(tmp_path / "kept", path)
    assert "10 of 109 rows (9%) cannot be used; 1% may be bad. Nothing was kept." in said
    assert "log.csv: 10 rows: negative output tokens, line 101, 102, 103, 104, 105 and others" in said
    assert list((tmp_path / "kept" / "staging").glob("*/rows.parquet")) == []
    assert imported(tmp_path / "kept", path, max_reject_fraction=0.1).profile.total_requests == 99


def test_fewer_than_five_rejects_never_stop_an_import_that_has_good_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", HEADER + "2026-10-05T00:00:00Z,m,1,1\n" + "2026-10-05T00:00:00Z,m,x,1\n" * 4)
    assert imported(tmp_path / "kept", path).profile.total_requests == 1
    only = write(tmp_path / "only.csv", HEADER + "2026-10-05T00:00:00Z,m,x,1\n" * 2)
    assert "2 of 2 rows (100%) cannot be used" in problems(tmp_path / "other", only)


def test_one_reject_is_too_many_where_none_is_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", GOOD + "2026-10-05T00:00:00Z,m,many,1,1\n")
    assert "1 of 1,001 rows (0.1%) cannot be used" in problems(tmp_path / "kept", path, max_reject_fraction=0)


def test_the_way_out_says_how_a_cell_has_to_be_written(tmp_path: Path) -> None:
    """Decimals with a comma, days before months, thousands with a point: as in some countries' spreadsheets."""
    head = "When;In;Out;Seconds\n"
    names = {"timestamp": "When", "input_tokens": "In", "output_tokens": "Out", "duration_s": "Seconds"}

    def said(row: str) -> str:
        path = write(tmp_path / "log.csv", head + row * 10)
        return problems(tmp_path / "kept", path, mapping=names)

    assert "Seconds is not a number, line 2, 3, 4, 5, 6 and others. Decimals are read with a point" in said(
        "2026-10-05 07:00:00;5;7;2,29\n"
    )
    assert "Times are read as 2026-10-05 07:00:00" in said("05.10.2026 07:00:00;5;7;2\n")
    assert "Whole numbers are read without separators" in said("2026-10-05 07:00:00;4.650;7;2\n")
    assert "Correct the export, or say otherwise how to read it" in said("2026-10-05 07:00:00;4.650;7;2\n")


def test_a_file_without_a_good_row_among_good_ones_stops_the_import(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", csv_text(rows(5000)))
    bad = write(tmp_path / "bad.csv", HEADER + "2026-10-05T00:00:00Z,m,x,1\n" * 6)
    assert "bad.csv: 6 rows: input_tokens is not a whole number" in problems(tmp_path / "kept", good, bad)


def test_a_cut_gzip_file_stops_the_import(tmp_path: Path) -> None:
    whole = gzip.compress(csv_text(rows(20_000)).encode())
    path = tmp_path / "log.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    said = problems(tmp_path / "kept", path)
    assert said == "log.csv.gz: is packed, and cut or broken. Export or copy it again"


def test_a_cut_zstandard_file_stops_the_import(tmp_path: Path) -> None:
    whole = pa.compress(csv_text(rows(20_000)).encode(), codec="zstd", asbytes=True)
    path = tmp_path / "log.csv.zst"
    path.write_bytes(whole[: len(whole) // 2])
    assert problems(tmp_path / "kept", path).startswith("log.csv.zst: is packed and cut in the middle")


def test_a_zstandard_file_is_whole_at_its_end_and_nowhere_else(tmp_path: Path) -> None:
    one, two = (pa.compress(csv_text(rows(n)).encode(), codec="zstd", asbytes=True) for n in (30, 50))
    path = tmp_path / "log.csv.zst"
    for length in range(5, len(one + two) + 1):
        path.write_bytes((one + two)[:length])
        assert is_cut(path, "zstd") == (length not in {len(one), len(one + two)}), length


def test_files_packed_one_behind_the_other_are_read_whole(tmp_path: Path) -> None:
    lines = GOOD.splitlines(keepends=True)
    halves = ["".join(lines[:300]).encode(), "".join(lines[300:]).encode()]
    for name, packed in (
        ("log.csv.gz", [gzip.compress(half) for half in halves]),
        ("log.csv.zst", [pa.compress(half, codec="zstd", asbytes=True) for half in halves]),
    ):
        (tmp_path / name).write_bytes(b"".join(packed))
        assert imported(tmp_path / "kept", tmp_path / name).profile.total_requests == 1000


def test_a_zip_bomb_is_refused_unless_it_is_trusted(tmp_path: Path) -> None:
    text = HEADER + "2026-10-05T00:00:00Z,m,1,1\n" * 400_000
    path = write(tmp_path / "log.csv.gz", text)
    said = problems(tmp_path / "kept", path)
    assert "unpacks to" in said
    assert "--trust-compression" in said
    assert imported(tmp_path / "kept", path, trust_compression=True).profile.total_requests == 400_000


def test_a_line_longer_than_the_limit_is_a_reject(tmp_path: Path) -> None:
    header = HEADER.strip() + ",prompt\n"
    short = "2026-10-05T00:00:00Z,m,1,1,hello\n"
    path = write(tmp_path / "log.csv", header + short * 5 + short.replace("hello", "x" * (9 << 20)) + short * 5)
    profile = imported(tmp_path / "kept", path).profile
    assert told(profile) == [("is longer than 8 MiB", 1, (7,))]
    assert profile.total_requests == 10


def test_an_object_that_is_too_large_is_said(tmp_path: Path) -> None:
    given = [{**row, "prompt": "x"} for row in rows(20)]
    given[7]["prompt"] = "x" * (40 << 20)
    said = problems(tmp_path / "kept", write(tmp_path / "log.jsonl", json_lines(given)))
    assert said == "log.jsonl: has an object of more than 16 MiB. Leave prompts and answers out"


def test_a_30_gb_log_on_a_small_disk_is_refused_before_a_byte_of_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is real (its end is a hole, which takes no room); a full disk cannot be had in a test."""
    text = csv_text(rows(10_000))
    path = write(tmp_path / "log.csv", text)
    with path.open("r+b") as file:
        file.truncate(30 * 10**9)
    staged_gib = 30e9 / (len(text) / 10_000) * 8 * limits.STAGED_BYTES_PER_CELL / 2**30
    monkeypatch.setattr(limits, "free_bytes", lambda folder: 10**9)
    began = time.monotonic()
    said = problems(tmp_path / "kept", path)
    assert time.monotonic() - began < 5
    told = re.search(r"needs about ([0-9.]+) GiB for a while", said)
    assert told is not None
    assert float(told[1]) == pytest.approx(staged_gib, rel=0.02)
    assert "0.9 GiB may be used on its disk" in said
    assert "--temp-dir, or export Parquet" in said
    assert not list((tmp_path / "kept").glob("**/*"))


def test_parquet_needs_no_disk_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "free_bytes", lambda folder: 1000)
    typed = parquet(tmp_path / "log.parquet", rows(1000))
    assert imported(tmp_path / "kept", typed).profile.total_requests == 1000


def test_an_empty_export_of_any_kind_is_said_to_be_one(tmp_path: Path) -> None:
    for name, text in (("log.csv", HEADER), ("log.json", "[]"), ("page.json", '{"object": "page", "data": []}')):
        assert "empty" in problems(tmp_path / "kept", write(tmp_path / name, text)) or name == "page.json"
    table = pq.read_table(parquet(tmp_path / "log.parquet", rows(3))).slice(0, 0)
    pq.write_table(table, tmp_path / "none.parquet")
    assert "there is no usage in it" in problems(tmp_path / "kept", tmp_path / "none.parquet")


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "a.csv", HEADER),
        write(tmp_path / "b.csv", "one\ntwo\n"),
        write(tmp_path / "c.csv", "colour,size\nred,1\n"),
        tmp_path / "d.csv",
        write(tmp_path / "e.csv", GOOD),
    ]
    said = problems(tmp_path / "kept", *paths)
    assert [text.partition(":")[0] for text in said.splitlines()] == [
        "a.csv",
        "b.csv",
        "c.csv",
        str(tmp_path / "d.csv"),
    ]
    assert "--map timestamp=COLUMN" in said


def test_a_column_whose_name_is_needed_is_said(tmp_path: Path) -> None:
    path = parquet(tmp_path / "log.parquet", [{**row, "Filename": "x"} for row in rows(3)])
    assert "has a column filename, a name that is needed while reading" in problems(tmp_path / "kept", path)


def test_a_folder_without_a_usable_file_says_what_is_in_it(tmp_path: Path) -> None:
    write(tmp_path / "logs" / "notes.docx", b"x")
    said = problems(tmp_path / "kept", tmp_path / "logs")
    assert "holds no usable file: there is only notes.docx in it" in said
    (tmp_path / "none").mkdir()
    assert "there is nothing in it" in problems(tmp_path / "kept", tmp_path / "none")


def test_a_wrong_choice_is_said_before_anything_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", GOOD)
    assert "there is no such format" in problems(tmp_path / "kept", path, format_id="nope")
    for zone in ("Europe/Atlantis", "UTC'); DROP TABLE x; --", ""):
        assert f"{zone!r} is not one" in problems(tmp_path / "kept", path, zone=zone)
    assert "no name of a plain table" in problems(tmp_path / "kept", path, mapping={"tokens": "x", "tim": "y"})


def test_a_usage_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", GOOD)
    blocked = write(tmp_path / "file", "x")
    with pytest.raises(UsageError, match=r"cannot be used \(not a directory\)"):
        imported(blocked / "kept", path)


def test_a_trace_without_dates_is_not_mixed_with_dated_logs(tmp_path: Path) -> None:
    trace = Path(__file__).parents[1] / "samples" / "usage" / "burstgpt.csv"
    said = problems(tmp_path / "kept", trace, write(tmp_path / "log.csv", GOOD))
    assert "count from an unknown day" in said


def test_no_message_names_a_folder_of_the_machine(tmp_path: Path) -> None:
    whole = gzip.compress(csv_text(rows(20_000)).encode())
    (tmp_path / "log.csv.gz").write_bytes(whole[:-2000])
    said = problems(tmp_path / "kept", tmp_path / "log.csv.gz")
    assert os.sep + "tmp" not in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize("length", ["", "0"])
def test_a_period_without_a_length_is_a_reject(tmp_path: Path, length: str) -> None:
    given = [f"2026-10-05T{hour:02}:00:00Z,{length if hour == 3 else 3600},10,small,1000,100\n" for hour in range(10)]
    path = write(
        tmp_path / "log.csv", "timestamp,bucket_s,requests,model,input_tokens,output_tokens\n" + "".join(given)
    )
    profile = imported(tmp_path / "kept", path, max_reject_fraction=0.2).profile
    assert profile.total_requests == 90
    assert told(profile) == [("a period without a length", 1, (5,))]

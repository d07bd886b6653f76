"""Files that cover the same time: exports of one source count once, projects and replicas are added up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.usage.overlap import Pair, verdict
from planner.usage.union import OVERLAP
from tests.usage.logs import csv_text, figures, imported, json_lines, parquet, problems, rows, write

SAMPLES = Path(__file__).parents[1] / "samples" / "usage"
Bucket = dict[str, Any]


def bucket(hour: int, requests: int, tokens_in: int, tokens_out: int, model: str = "small") -> Bucket:
    return {
        "timestamp": f"2026-10-{5 + hour // 24:02}T{hour % 24:02}:00:00Z",
        "bucket_s": 3600,
        "requests": requests,
        "model": model,
        "input_tokens": tokens_in,
        "output_tokens": tokens_out,
    }


def replica(number: int, hours: int = 10) -> list[Bucket]:
    """Hours of one server; another server of the same model has other figures."""
    return [bucket(h, 10 + number, 1000 + 7 * h + 100 * number, 90 + h + 10 * number) for h in range(hours)]


def rejected(profile: Any) -> int:
    return sum(reject.rows for reject in profile.rejects if reject.reason == OVERLAP)


def test_two_replicas_of_one_model_are_added_up_and_that_is_said(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"replica-{n}.csv", csv_text(replica(n))) for n in range(3)]
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.total_requests == 10 * (10 + 11 + 12)
    assert profile.total_output_tokens == sum(row["output_tokens"] for n in range(3) for row in replica(n))
    assert rejected(profile) == 0
    (said,) = [note for note in profile.notes if note.startswith("Added up")]
    assert "replica-0.csv and replica-1.csv; replica-0.csv and replica-2.csv; replica-1.csv and replica-2.csv" in said


@pytest.mark.parametrize("name", ["again.csv.gz", "again.jsonl", "again.json"])
def test_the_same_buckets_in_another_form_count_once(tmp_path: Path, name: str) -> None:
    first = write(tmp_path / "first.csv", csv_text(replica(0)))
    text = csv_text(replica(0)) if "csv" in name else json_lines(replica(0))
    if name == "again.json":
        text = "[" + ",".join(text.splitlines()) + "]"
    profile = imported(tmp_path / "kept", first, write(tmp_path / name, text)).profile
    assert profile.total_requests == 100
    assert rejected(profile) == 10
    assert figures(profile) == figures(imported(tmp_path / "kept", first).profile)


@settings(max_examples=12)
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4).filter(lambda deal: len(set(deal)) == 2), min_size=2))
def test_buckets_are_the_same_however_they_are_dealt_out_to_files(dealt: list[list[bool]]) -> None:
    """Two groups of one bucket (projects, keys) may lie in different files: no figure is alike, so all are added up."""
    hours = [
        [bucket(h, 1 + 4 * h + n, 10**6 + 97 * h + 13 * n, 9000 - 31 * h - 17 * n, "ab"[n % 2]) for n in range(4)]
        for h in range(len(dealt))
    ]
    files = [
        [row for hour, deal in zip(hours, dealt, strict=True) for row, to in zip(hour, deal, strict=True) if to == one]
        for one in (False, True)
    ]
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        whole = imported(
            folder / "kept", write(folder / "whole.csv", csv_text([row for hour in hours for row in hour]))
        )
        paths = [write(folder / f"{n}.csv", csv_text(part)) for n, part in enumerate(files)]
        cut = imported(folder / "kept", *paths)
    assert figures(cut.profile) == figures(whole.profile)


def test_the_last_bucket_of_an_earlier_export_is_the_part_of_a_later_one(tmp_path: Path) -> None:
    earlier, later = replica(0, hours=6), replica(0)
    earlier[-1] = bucket(5, 4, 400, 30)  # exported in the middle of its hour
    paths = [write(tmp_path / f"{n}.csv", csv_text(part)) for n, part in enumerate((earlier, later))]
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.total_requests == 100
    assert rejected(profile) == 6


def test_files_that_may_be_one_or_two_sources_are_refused_with_the_way_out(tmp_path: Path) -> None:
    """One day of sums each: the second has more of everything, as a later export or as a larger project would."""
    paths = [write(tmp_path / f"{n}.csv", csv_text([bucket(0, 10 * n, 1000 * n, 100 * n)])) for n in (1, 2)]
    said = problems(tmp_path / "kept", *paths)
    assert "1.csv and 2.csv: cover the same time with 0 rows alike and 1 that differ" in said
    assert "Say which with --overlap: once counts what both have one time, add counts everything" in said
    once, add = (imported(tmp_path / "kept", *paths, overlap=overlap).profile for overlap in ("once", "add"))
    assert (once.total_requests, add.total_requests) == (20, 30)
    assert once.profile_id != add.profile_id


ALIKE: dict[str, Any] = {"one": "a", "two": "b", "alike": 0, "other": 0, "alone": 0}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"alike": 9, "other": 1}, "once"),
        ({"alike": 1, "other": 9}, "add"),
        ({"alike": 3, "other": 7}, "ask"),
        ({"alike": 1, "alone": 99}, "add"),
        ({"last_alike": 2}, "once"),
        ({"last_alike": 2, "alone": 5}, "add"),
        ({"last_other": 1, "grown": True, "in_turn": True}, "once"),
        ({"last_other": 1, "grown": True}, "ask"),
        ({"last_other": 1, "in_turn": True}, "add"),
    ],
)
def test_two_files_are_told_by_the_rows_of_their_common_time(seen: dict[str, Any], said: str) -> None:
    assert verdict(Pair(**ALIKE | seen)) == said


def without_ids(count: int) -> list[dict[str, Any]]:
    return [row for row in rows(count) if "request_id" not in row]


@pytest.mark.parametrize("name", ["b.csv", "b.jsonl", "b.parquet", "b.csv.gz"])
def test_requests_without_an_id_in_two_overlapping_exports_count_once(tmp_path: Path, name: str) -> None:
    everything = without_ids(100)
    first = write(tmp_path / "a.csv", csv_text(everything[:60]))
    second = tmp_path / name
    if name.endswith("parquet"):
        parquet(second, everything[40:])
    else:
        write(second, json_lines(everything[40:]) if "json" in name else csv_text(everything[40:]))
    profile = imported(tmp_path / "kept", first, second).profile
    assert profile.total_requests == 100
    assert rejected(profile) == 20
    assert figures(profile) == figures(
        imported(tmp_path / "kept", write(tmp_path / "w.csv", csv_text(everything))).profile
    )


def test_a_request_that_is_there_twice_in_one_export_stays_two_requests(tmp_path: Path) -> None:
    given = [row for row in without_ids(30) for _ in range(2)]
    paths = [write(tmp_path / "a.csv", csv_text(given)), write(tmp_path / "b.jsonl", json_lines(given))]
    assert imported(tmp_path / "kept", paths[0]).profile.total_requests == 60
    assert imported(tmp_path / "kept", *paths).profile.total_requests == 60


def test_requests_of_two_servers_in_the_same_seconds_are_added_up(tmp_path: Path) -> None:
    given = without_ids(50)
    other = [{**row, "input_tokens": row["input_tokens"] + 1000} for row in given]
    paths = [write(tmp_path / f"{n}.csv", csv_text(part)) for n, part in enumerate((given, other))]
    assert imported(tmp_path / "kept", *paths).profile.total_requests == 100


def test_what_only_some_of_several_parquet_files_state_is_read_from_these(tmp_path: Path) -> None:
    """Files of one schema are read together: the first one without a value must not hide the second one's."""
    schema = pa.schema([("timestamp", pa.string()), ("model", pa.string()), ("input_tokens", pa.int64()),
                        ("cached_input_tokens", pa.int64()), ("output_tokens", pa.int64())])  # fmt: skip
    given = [{**row, "cached_input_tokens": None if n < 30 else 4} for n, row in enumerate(rows(60))]
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, part in zip(paths, (given[:30], given[30:]), strict=True):
        pq.write_table(pa.Table.from_pylist(part, schema), path)
    for order in (paths, paths[::-1]):
        assert imported(tmp_path / "kept", *order).profile.total_cached_input_tokens == 30 * 4


def test_a_bill_beside_the_usage_export_of_its_vendor_gives_the_money_alone(tmp_path: Path) -> None:
    usage = imported(tmp_path / "kept", SAMPLES / "openai_usage_csv.csv").profile
    bill = imported(tmp_path / "kept", SAMPLES / "openai_cost_csv.csv").profile
    both = imported(tmp_path / "kept", SAMPLES / "openai_usage_csv.csv", SAMPLES / "openai_cost_csv.csv").profile
    for name in ("total_requests", "total_input_tokens", "total_cached_input_tokens", "total_output_tokens"):
        assert getattr(both, name) == getattr(usage, name)
    assert both.billed == bill.billed
    assert any("openai_cost_csv.csv: the money alone is taken" in note for note in both.notes)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("openai_usage_csv.csv", "openai_usage_api.json"),
        ("openai_usage_api.json", "openai_usage_api.lines.jsonl"),
        ("openai_cost_csv.csv", "openai_cost_api.json"),
        ("anthropic_usage_csv.csv", "anthropic_usage_api.json"),
        ("langfuse.csv", "langfuse.ui.json"),
        ("bedrock.jsonl.gz", "bedrock_cloudwatch.json"),
        ("vertex.jsonl", "vertex.parquet"),
    ],
)
def test_two_forms_of_one_export_count_once(tmp_path: Path, one: str, two: str) -> None:
    alone = imported(tmp_path / "kept", SAMPLES / one).profile
    both = imported(tmp_path / "kept", SAMPLES / one, SAMPLES / two).profile
    assert both.total_requests == alone.total_requests
    assert both.total_input_tokens == alone.total_input_tokens
    assert both.total_output_tokens == alone.total_output_tokens
    assert both.billed == alone.billed


def test_requests_and_their_daily_sums_are_refused_together(tmp_path: Path) -> None:
    paths = (SAMPLES / "litellm.csv", SAMPLES / "litellm_daily.csv")
    assert "all would be counted twice" in problems(tmp_path / "kept", *paths)
    assert imported(tmp_path / "kept", *paths, overlap="add").profile.total_requests == 16 + 1266


def test_different_formats_of_the_same_time_are_added_up_and_the_doubt_is_said(tmp_path: Path) -> None:
    given = [{**row, "timestamp": row["timestamp"].replace("2026-10-05", "2026-10-06")} for row in replica(0, 24)]
    paths = (write(tmp_path / "gateway.csv", csv_text(given)), SAMPLES / "langfuse.csv")
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.total_requests == 24 * 10 + 14
    assert any(
        "gateway.csv and langfuse.csv. A request that both of them know is counted twice" in n for n in profile.notes
    )

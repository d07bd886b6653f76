"""Exports in, one profile out: the same whatever form the rows have, however they are cut, and counted once."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.usage.importer import Imported, ImportRequest, import_usage
from planner.usage.kept import load
from planner.usage.union import AGAIN, OVERLAP
from tests.usage.logs import csv_text, figures, imported, json_lines, parquet, rows, write

FORMS = ("log.csv", "log.csv.gz", "log.csv.zst", "log.jsonl", "log.jsonl.gz", "log.json", "log.parquet")
SAMPLES = Path(__file__).parents[1] / "samples" / "usage"
TRACES = Path(__file__).parents[2] / "data" / "traces"


def in_form(folder: Path, name: str, given: list[dict[str, Any]]) -> Path:
    if name.endswith(".parquet"):
        return parquet(folder / name, given)
    if ".jsonl" in name:
        return write(folder / name, json_lines(given))
    return write(folder / name, json.dumps(given) if name.endswith(".json") else csv_text(given))


@pytest.mark.parametrize("name", FORMS)
def test_the_same_rows_are_the_same_profile_in_every_form(tmp_path: Path, name: str) -> None:
    given = rows(200)
    profile = imported(tmp_path / "kept", in_form(tmp_path, name, given)).profile
    assert profile.total_requests == 200
    assert profile.total_input_tokens == sum(row["input_tokens"] for row in given)
    assert profile.total_cached_input_tokens == sum(row["cached_input_tokens"] for row in given)
    assert profile.total_output_tokens == sum(row["output_tokens"] for row in given)
    as_csv = imported(tmp_path / "kept", in_form(tmp_path, "other.csv", given)).profile
    assert figures(profile) == figures(as_csv)


@settings(max_examples=15)
@given(st.data())
def test_a_log_is_the_same_however_it_is_cut_into_files(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 40))
    cuts = sorted(data.draw(st.lists(st.integers(1, count - 1), max_size=3, unique=True)))
    everything = [{**row, "request_id": f"r-{n}"} for n, row in enumerate(rows(count, every_s=47))]
    order = data.draw(st.permutations(range(len(cuts) + 1)))
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        whole = imported(folder / "kept", in_form(folder, "whole.csv", everything))
        places = zip([0, *cuts], [*cuts, count], strict=True)
        names = [f"{n}.{data.draw(st.sampled_from(['csv', 'jsonl', 'parquet']))}" for n in range(len(cuts) + 1)]
        parts = [in_form(folder, name, everything[a:b]) for name, (a, b) in zip(names, places, strict=True)]
        cut = imported(folder / "kept", *(parts[n] for n in order))
    assert figures(cut.profile) == figures(whole.profile)
    assert cut.rollup.usage_rows.tolist() == whole.rollup.usage_rows.tolist()


def test_the_rollup_sums_minutes_models_and_nothing_else(tmp_path: Path) -> None:
    found = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", rows(60))).rollup
    # 60 requests, one every 30 s, of two models in turn: each of 30 minutes has one of each
    assert found.size == 60
    assert found.labels["model"].names == ("large", "small")
    assert Counter(found.minute_us.tolist()) == dict.fromkeys(sorted(set(found.minute_us.tolist())), 2)
    assert found.total("requests") == 60
    assert found.total("cost_nano") is None


def test_prompts_sizes_above_a_threshold_are_told_apart(tmp_path: Path) -> None:
    given = [{**row, "input_tokens": size} for row, size in zip(rows(3), (1000, 1001, 5000), strict=True)]
    found = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given), thresholds=(1000, 4000)).rollup
    assert sorted(found.context_band.tolist()) == [0, 1, 2]
    assert found.thresholds == (1000, 4000)


def test_a_folder_is_read_whole_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    given = rows(90)
    for n, name in enumerate(("day1/a.csv", "day2/b.jsonl.gz", "c.parquet")):
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        in_form(tmp_path / "logs", name, given[n * 30 : n * 30 + 30])
    write(tmp_path / "logs" / "README.md", "# Logs")
    write(tmp_path / "logs" / "_SUCCESS", "x")
    profile = imported(tmp_path / "kept", tmp_path / "logs").profile
    assert {source.name for source in profile.sources} == {"day1/a.csv", "day2/b.jsonl.gz", "c.parquet"}
    assert figures(profile) == figures(imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given)).profile)
    assert "Not taken from the folder, by the end of their names: README.md." in profile.notes


def test_a_pattern_names_files(tmp_path: Path) -> None:
    for n in range(3):
        in_form(tmp_path, f"part-{n}.csv", rows(90)[n * 30 : n * 30 + 30])
    assert imported(tmp_path / "kept", tmp_path / "part-*.csv").profile.total_requests == 90
    assert imported(tmp_path / "kept", tmp_path / "part-[01].csv").profile.total_requests == 60


def test_signs_of_patterns_in_a_name_are_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's [1] *"
    folder.mkdir()
    kinds = enumerate(("csv", "jsonl", "parquet"))
    paths = [in_form(folder, f"log [{n}]'.{kind}", rows(30 + n, every_s=30 + n)) for n, kind in kinds]
    assert imported(folder / "kept", *paths).profile.total_requests == 30 + 31 + 32


def test_a_file_that_is_there_twice_is_read_once(tmp_path: Path) -> None:
    first = in_form(tmp_path, "log.csv", rows())
    again = write(tmp_path / "copy.csv", first.read_bytes())
    profile = imported(tmp_path / "kept", first, again).profile
    assert (profile.total_requests, len(profile.sources)) == (60, 1)
    assert "copy.csv has the same bytes as another file: it is read once." in profile.notes


def test_the_same_request_in_two_files_counts_once(tmp_path: Path) -> None:
    everything = [{**row, "request_id": f"r-{n}"} for n, row in enumerate(rows(100))]
    paths = [in_form(tmp_path, "a.csv", everything[:60]), in_form(tmp_path, "b.parquet", everything[40:])]
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.total_requests == 100
    whole = imported(tmp_path / "kept", in_form(tmp_path, "whole.csv", everything)).profile
    assert figures(profile) == figures(whole)
    assert sum(reject.rows for reject in profile.rejects if reject.reason == AGAIN) == 20
    assert any("20 rows are the same request again" in note for note in profile.notes)


def test_an_id_that_is_used_again_for_another_time_is_another_request(tmp_path: Path) -> None:
    given = [{**row, "request_id": f"{n % 30}"} for n, row in enumerate(rows(60))]
    assert imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given)).profile.total_requests == 60


def buckets(hours: range, requests: int = 10, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": f"2026-10-05T{hour:02}:00:00Z",
            "bucket_s": 3600,
            "requests": requests,
            "model": "small",
            "input_tokens": 1000,
            "output_tokens": 100,
            **more,
        }
        for hour in hours
    ]


def test_buckets_of_two_files_that_overlap_count_once_and_the_fuller_one(tmp_path: Path) -> None:
    first = buckets(range(6))
    first[-1] |= {"requests": 4, "input_tokens": 400}  # exported in the middle of its hour
    paths = [in_form(tmp_path, "a.csv", first), in_form(tmp_path, "b.csv", buckets(range(5, 10)))]
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.total_requests == 100
    assert sum(reject.rows for reject in profile.rejects if reject.reason == OVERLAP) == 1
    assert any("1 rows are of a time that another file has as well" in note for note in profile.notes)


def test_several_rows_of_one_bucket_in_one_file_are_summed(tmp_path: Path) -> None:
    given = [row for part in (buckets(range(3)), buckets(range(3))) for row in part]
    assert imported(tmp_path / "kept", in_form(tmp_path, "a.csv", given)).profile.total_requests == 60


def test_requests_and_buckets_together_have_no_lengths_and_say_so(tmp_path: Path) -> None:
    paths = [in_form(tmp_path, "a.csv", rows(60)), in_form(tmp_path, "b.csv", buckets(range(3, 6)))]
    profile = imported(tmp_path / "kept", *paths).profile
    assert profile.grain == "bucket"
    assert profile.total_requests == 90
    assert profile.input_lengths is None
    assert any("Single requests and sums of periods are mixed" in note for note in profile.notes)


def test_two_currencies_are_kept_apart(tmp_path: Path) -> None:
    given = [{**row, "cost": 0.5, "currency": ("EUR", "USD")[n % 2]} for n, row in enumerate(rows(10))]
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given)).profile
    assert {billed.currency: billed.amount for billed in profile.billed} == {"EUR": 2.5, "USD": 2.5}
    assert any("EUR, USD are kept apart" in note for note in profile.notes)


def test_times_without_a_zone_are_read_in_the_zone_that_is_given_and_counted(tmp_path: Path) -> None:
    given = rows(4)
    given[0]["timestamp"] = "2026-10-05 02:00:00"  # Berlin is 2 h ahead: 00:00 UTC
    given[1]["timestamp"] = "2026-10-05T00:00:30+00:00"
    given[2]["timestamp"] = "2026-10-05T02:01:00+02:00"
    given[3]["timestamp"] = "2026-10-05 02:01:30"
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given), zone="Europe/Berlin").profile
    assert f"{profile.first_at:%H:%M:%S}" == "00:00:00"
    assert profile.window_s == 90
    said = "2 rows have times without a zone, the others have one: they are read in Europe/Berlin."
    assert said in profile.notes


OWNED = [{**row, "team": ("red", "blue")[n % 2], "user": f"user-{n % 3}"} for n, row in enumerate(rows(30))]


def test_nobody_is_kept_unless_showback_asks(tmp_path: Path) -> None:
    rollup = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", OWNED)).rollup
    assert rollup.labels["owner"].names == ("",)


def test_teams_are_kept_by_their_names(tmp_path: Path) -> None:
    rollup = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", OWNED), owner_by="team").rollup
    assert rollup.labels["owner"].names == ("blue", "red")


def test_people_are_kept_as_the_same_hash_from_every_form_and_never_by_name(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = [
        imported(kept, in_form(tmp_path, name, OWNED), owner_by="user").rollup.labels["owner"].names
        for name in ("log.csv", "log.jsonl", "log.parquet")
    ]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in found[0])
    everything = b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert b"user-1" not in everything
    other = imported(tmp_path / "other", in_form(tmp_path, "log.csv", OWNED), owner_by="user").rollup
    assert set(other.labels["owner"].names).isdisjoint(found[0])


def test_who_wrote_what_is_nowhere_in_what_is_kept(tmp_path: Path) -> None:
    given = [{**row, "prompt": "my secret prompt", "request_id": f"id-{n}"} for n, row in enumerate(rows(30))]
    paths = [in_form(tmp_path, name, given) for name in ("log.csv", "log.jsonl")]
    imported(tmp_path / "kept", *paths)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file())
    assert b"secret prompt" not in everything
    assert b"id-1" not in everything


def test_an_owner_that_the_export_does_not_have_is_said(tmp_path: Path) -> None:
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", rows()), owner_by="team").profile
    assert any("names no team here" in note for note in profile.notes)


def test_any_names_of_columns_can_be_mapped(tmp_path: Path) -> None:
    names = {"timestamp": "When", "model": "Which", "input_tokens": "Tokens in", "output_tokens": "Tokens, out"}
    given = [{new: row[old] for old, new in names.items()} for row in rows()]
    for name in ("log.csv", "log.jsonl", "log.json"):
        profile = imported(tmp_path / "kept", in_form(tmp_path, name, given), mapping=names).profile
        assert profile.total_input_tokens == sum(100 + n for n in range(60))
        assert {one.model for one in profile.classes} == {"small", "large"}


def test_cached_tokens_outside_of_the_mapped_input_make_the_prompt_longer(tmp_path: Path) -> None:
    mapping = {"input_tokens": "input_tokens", "cached_input_tokens": "cached_input_tokens"}
    path = in_form(tmp_path, "log.csv", rows(10))
    inside = imported(tmp_path / "kept", path, mapping=mapping).profile
    outside = imported(tmp_path / "kept", path, mapping=mapping, cached_inside=False).profile
    cached = sum(n % 7 for n in range(10))
    assert inside.total_input_tokens == sum(100 + n for n in range(10))
    assert outside.total_input_tokens == sum(100 + n for n in range(10)) + cached
    assert inside.profile_id != outside.profile_id


def test_a_value_that_comes_late_in_json_lines_is_read(tmp_path: Path) -> None:
    given = [{k: v for k, v in row.items() if k != "cached_input_tokens"} for row in rows(6000)]
    given += [{**row, "cached_input_tokens": 50} for row in rows(6100)[6000:]]
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.jsonl", given)).profile
    assert profile.total_requests == 6100
    assert profile.total_cached_input_tokens == 100 * 50


def test_a_formula_in_a_cell_stays_text(tmp_path: Path) -> None:
    given = [{**row, "model": '=cmd|"/c calc"!A1'} for row in rows(5)]
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", given)).profile
    assert [one.model for one in profile.classes] == ['=cmd|"/c calc"!A1']


def test_signs_that_cannot_be_shown_are_taken_out_of_names(tmp_path: Path) -> None:
    given = [{**row, "model": "a\x1bb"} for row in rows(5)]
    profile = imported(tmp_path / "kept", in_form(tmp_path, "log.jsonl", given)).profile
    assert [one.model for one in profile.classes] == ["a?b"]


def test_the_fingerprint_is_of_contents_and_choices_not_of_names_and_days(tmp_path: Path) -> None:
    path = in_form(tmp_path, "log.csv", rows())
    first = imported(tmp_path / "kept", path, name="one").profile
    moved = imported(tmp_path / "kept", write(tmp_path / "moved.csv", path.read_bytes()), name="two").profile
    zone = imported(tmp_path / "kept", path, zone="Europe/Berlin").profile
    assert first.profile_id == moved.profile_id != zone.profile_id


def test_what_is_kept_is_what_was_imported_and_nothing_else_is_left(tmp_path: Path) -> None:
    found: Imported = imported(tmp_path / "kept", in_form(tmp_path, "log.csv", rows()))
    profile, rollup = load(tmp_path / "kept", found.profile.profile_id)
    assert profile == found.profile
    assert rollup.sums["requests"].tolist() == found.rollup.sums["requests"].tolist()
    left = {path.name for path in (tmp_path / "kept" / "staging").iterdir()}
    assert left <= {".lock", "spill"}
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"salt", "staging", profile.profile_id}


def test_parquet_is_read_where_it_lies(tmp_path: Path) -> None:
    """A staged copy would be told as a step of its own."""
    steps: list[str] = []
    request = ImportRequest(paths=(parquet(tmp_path / "log.parquet", rows()),))
    import_usage(request, tmp_path / "kept", lambda step, share: steps.append(step))
    assert not any(step.startswith("reading log.parquet") for step in steps)


def test_progress_never_goes_back_and_ends_at_one(tmp_path: Path) -> None:
    shares: list[float] = []
    paths = (in_form(tmp_path, "a.csv", rows(500)), in_form(tmp_path, "b.parquet", rows(700)))
    import_usage(ImportRequest(paths=paths), tmp_path / "kept", lambda step, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_azure_traces_import_by_recognition(tmp_path: Path) -> None:
    """Row counts and token sums as `data/traces/measured.json` has them."""
    for name, requests in (("azure2023_code", 8819), ("azure2023_conv", 19366)):
        path = TRACES / f"{name}.parquet"
        profile = imported(tmp_path / "kept", path).profile
        table = pq.read_table(path)
        assert profile.total_requests == table.num_rows == requests
        assert profile.total_input_tokens == sum(table["input_tokens"].to_pylist())
        assert profile.total_output_tokens == sum(table["output_tokens"].to_pylist())


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*") if p.stem not in {"README", "openai_empty"}))
def test_every_sample_imports_by_recognition(tmp_path: Path, name: str) -> None:
    profile = imported(tmp_path / "kept", SAMPLES / name).profile
    assert profile.sources[0].format_id == name.partition(".")[0]
    assert sum(source.rows_read for source in profile.sources) > 0

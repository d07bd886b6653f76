"""What is kept is read back as it was, and a damaged, newer or strange file is refused with the way out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.usage.errors import UsageError
from planner.usage.kept import (
    PROFILE,
    ROLLUP,
    forget,
    keep,
    kept_profiles,
    load,
    read_profile,
    read_rollup,
    unreadable,
    usage_folder,
    write_rollup,
)
from planner.workload.rollup import TEXT_KEYS
from planner.workload.usage_rows import SUMS
from tests.usage.logs import csv_text, imported, rows, write


def one(folder: Path, count: int = 60) -> str:
    given = [{**row, "team": f"team-{n % 3}", "cost_usd": n / 100} for n, row in enumerate(rows(count))]
    path = write(folder.parent / f"log-{count}.csv", csv_text(given))
    return imported(folder, path, owner_by="team", thresholds=(120, 140)).profile.profile_id


def test_a_rollup_comes_back_as_it_was(tmp_path: Path) -> None:
    profile_id = one(tmp_path / "kept")
    _, rollup = load(tmp_path / "kept", profile_id)
    write_rollup(rollup, tmp_path / "again.parquet")
    again = read_rollup(tmp_path / "again.parquet")
    assert again.thresholds == (120, 140)
    for key in TEXT_KEYS:
        assert again.labels[key].names == rollup.labels[key].names
        np.testing.assert_array_equal(again.labels[key].codes, rollup.labels[key].codes)
    for name in SUMS:
        np.testing.assert_array_equal(again.sums[name], rollup.sums[name])
        np.testing.assert_array_equal(again.known[name], rollup.known[name])
    np.testing.assert_array_equal(again.minute_us, rollup.minute_us)
    np.testing.assert_array_equal(again.context_band, rollup.context_band)
    assert rollup.labels["owner"].names == ("team-0", "team-1", "team-2")


def test_names_are_stored_once_each(tmp_path: Path) -> None:
    profile_id = one(tmp_path / "kept")
    schema = pq.read_schema(tmp_path / "kept" / profile_id / ROLLUP)
    assert all(pa.types.is_dictionary(schema.field(f"{key}_key").type) for key in TEXT_KEYS)


def test_rows_are_sorted_by_minute_then_by_names(tmp_path: Path) -> None:
    _, rollup = load(tmp_path / "kept", one(tmp_path / "kept"))
    keys = [rollup.context_band, rollup.bucket_s, *(rollup.labels[key].codes for key in reversed(TEXT_KEYS))]
    order = np.lexsort([*keys, rollup.minute_us])
    np.testing.assert_array_equal(order, np.arange(rollup.size))


def test_the_newest_imports_come_first_and_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    assert kept_profiles(folder) == ()
    ids = {one(folder, count) for count in (60, 70)}
    assert {profile.profile_id for profile in kept_profiles(folder)} == ids
    gone = ids.pop()
    forget(folder, gone)
    assert {profile.profile_id for profile in kept_profiles(folder)} == ids
    assert not list(folder.glob(f"*{gone}*"))
    with pytest.raises(UsageError, match="no such import"):
        load(folder, gone)


@pytest.mark.parametrize("name", ["", "..", "../kept", "0123456789abcdef", "salt", "x" * 300])
def test_only_an_import_can_be_loaded_or_forgotten(tmp_path: Path, name: str) -> None:
    one(tmp_path / "kept")
    before = sorted(tmp_path.rglob("*"))
    for act in (load, forget):
        with pytest.raises(UsageError, match="no such import"):
            act(tmp_path / "kept", name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_second_import_of_the_same_log_takes_the_place_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    profile_id = one(folder)
    profile, rollup = load(folder, profile_id)
    keep(folder, profile.model_copy(update={"name": "renamed"}), rollup)
    assert load(folder, profile_id)[0].name == "renamed"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[: len(content) // 2], "is damaged"),
        (lambda content: b"", "is damaged"),
        (lambda content: b"x" * 100, "is damaged"),
    ],
)
def test_a_damaged_rollup_is_refused(tmp_path: Path, change: object, said: str) -> None:
    path = tmp_path / "kept" / one(tmp_path / "kept") / ROLLUP
    assert callable(change)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UsageError, match=f"{said}. Import the log again"):
        read_rollup(path)


def test_a_newer_rollup_or_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept" / one(tmp_path / "kept") / ROLLUP
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"planner_rollup": "2"}), path)
    with pytest.raises(UsageError, match=r"newer version\. Update this program"):
        read_rollup(path)
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(UsageError, match="is no rollup of this program"):
        read_rollup(path)
    with pytest.raises(UsageError, match="is not there"):
        read_rollup(tmp_path / "none.parquet")


def test_a_wrong_profile_is_refused_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "kept" / one(tmp_path / "kept") / PROFILE
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "grain": "minute", "total_requests": -1}))
    with pytest.raises(UsageError) as refused:
        read_profile(path)
    assert {problem.where for problem in refused.value.problems} == {
        "profile.json, grain",
        "profile.json, total_requests",
    }
    path.write_text(json.dumps({**document, "schema_version": 99}))
    with pytest.raises(UsageError, match="newer version"):
        read_profile(path)
    path.write_text("{")
    with pytest.raises(UsageError, match=r"profile.json: is no JSON"):
        read_profile(path)
    assert [problem.where for problem in unreadable(tmp_path / "kept")] == [path.parent.name]
    assert kept_profiles(tmp_path / "kept") == ()


def test_the_folder_is_the_operators_or_beside_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNER_USAGE", str(tmp_path))
    assert usage_folder() == tmp_path
    monkeypatch.delenv("PLANNER_USAGE")
    assert usage_folder().parts[-2:] == ("var", "usage")


def test_the_secret_of_the_hashes_is_for_this_program_alone(tmp_path: Path) -> None:
    one(tmp_path / "kept")
    salt = tmp_path / "kept" / "salt"
    assert salt.stat().st_mode & 0o077 == 0
    assert len(bytes.fromhex(salt.read_text())) == 32
    salt.write_text("not a secret")
    with pytest.raises(UsageError, match="is no secret"):
        one(tmp_path / "kept", 61)

"""Rows are added whole or not at all, by any number of processes, killed at any moment; no line there changes."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import signal
import subprocess
import sys
import time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import predictor
from planner.catalog.catalog import DATA_DIR, load
from planner.catalog.rows import ApiPriceRow, ContractedPriceRow, GpuPriceRow, ModelRow
from planner.catalog.sheets import CatalogError
from planner.catalog.tables import ROW_TYPES
from planner.refresh import whole
from planner.refresh.append import append_rows, cells
from planner.refresh.errors import RefreshError

ROOT = Path(__file__).resolve().parents[2]
OFFER = "runpod-h100-sxm-pod-on-demand"


@lru_cache(1)
def shipped() -> GpuPriceRow:
    return load().tables.gpu_price_by_id[OFFER]


def gpu_row(name: str, usd: float = 3.59, as_of: str = "2026-11-21") -> GpuPriceRow:
    """A new price of a shipped offer; `name` tells ids and instances apart."""
    return shipped().model_copy(update={"price_id": name, "instance": name, "usd_per_gpu_hour": usd, "as_of": as_of})


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_row_makes_folder_and_header(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "catalog"
    path = append_rows(folder, GpuPriceRow, [gpu_row("a")])
    assert path == folder / "gpu_prices.csv"
    with (DATA_DIR / "gpu_prices.csv").open(encoding="utf-8") as shipped, path.open(encoding="utf-8") as ours:
        assert ours.readline() == shipped.readline()
    assert lines(path)[0]["usd_per_gpu_hour"] == "3.59"
    assert load(local_dir=folder).tables.gpu_price_by_id["a"] == gpu_row("a")


def test_nothing_to_add_makes_nothing(tmp_path: Path) -> None:
    assert append_rows(tmp_path / "new", GpuPriceRow, []) == tmp_path / "new" / "gpu_prices.csv"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("end", ["\n", "", "\r\n"])
def test_lines_that_are_there_stay_as_they_are(tmp_path: Path, end: str) -> None:
    path = append_rows(tmp_path, GpuPriceRow, [gpu_row("a")])
    before = path.read_bytes().rstrip(b"\n") + end.encode()
    path.write_bytes(before)
    append_rows(tmp_path, GpuPriceRow, [gpu_row("b")])
    assert path.read_bytes().startswith(before)
    assert [line["price_id"] for line in lines(path)] == ["a", "b"]


def test_columns_follow_the_header_that_is_there(tmp_path: Path) -> None:
    path = append_rows(tmp_path, GpuPriceRow, [gpu_row("a")])
    rows = lines(path)
    backwards = sorted(rows[0], reverse=True)
    path.write_text(",".join(backwards) + "\n", encoding="utf-8")
    append_rows(tmp_path, GpuPriceRow, [gpu_row("b")])
    assert list(lines(path)[0]) == backwards
    assert load(local_dir=tmp_path).tables.gpu_price_by_id["b"] == gpu_row("b")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (gpu_row("a"), "already used"),
        (gpu_row("b").model_copy(update={"instance": "a"}), "the same provider"),
        (gpu_row("b").model_copy(update={"gpu_id": "h1000"}), "'h1000' is not in gpus.csv"),
        (gpu_row("b", usd=27.5 * 8), "no price of one GPU for one hour"),
        (gpu_row("b").model_copy(update={"as_of": "soon"}), "not a date"),
    ],
)
def test_a_row_that_the_catalog_would_refuse_is_not_written(tmp_path: Path, row: GpuPriceRow, said: str) -> None:
    path = append_rows(tmp_path, GpuPriceRow, [gpu_row("a")])
    before = path.read_bytes()
    with pytest.raises(CatalogError, match=said):
        append_rows(tmp_path, GpuPriceRow, [gpu_row("c"), row])
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [".catalog.lock", "gpu_prices.csv"]


def test_rows_of_another_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="ModelRow rows are wanted"):
        append_rows(tmp_path, ModelRow, [gpu_row("a")])


def test_a_maintainer_adds_to_the_shipped_tables(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for row_type in ROW_TYPES:
        shutil.copy(DATA_DIR / row_type.FILE, data / row_type.FILE)
    shutil.copy(DATA_DIR / predictor.FILE, data / predictor.FILE)
    before = (data / "gpu_prices.csv").read_bytes()
    append_rows(data, GpuPriceRow, [gpu_row("a")], data_dir=data)
    assert (data / "gpu_prices.csv").read_bytes().startswith(before)
    assert load(data).tables.gpu_price_by_id["a"].usd_per_gpu_hour == 3.59


def test_a_contract_is_added_too(tmp_path: Path) -> None:
    contract = ContractedPriceRow.model_validate(
        {
            "contract_id": "acme-1",
            "provider": "openai",
            "model": "gpt-4o",
            "input_usd_per_mtok": "2.00",
            "output_usd_per_mtok": "8",
            "owner": "procurement",
            "reason": 'mail of 2026-11-20, "20 % off", all regions',
            "effective_from": "2026-12-01",
            "as_of": "2026-11-21",
        }
    )
    append_rows(tmp_path, ContractedPriceRow, [contract])
    assert load(local_dir=tmp_path).tables.contracted == (contract,)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RefreshError, match="PLANNER_CATALOG") as caught:
        append_rows(tmp_path / "file" / "catalog", GpuPriceRow, [gpu_row("a")])
    assert "not a directory" in caught.value.message


def test_a_lock_that_is_never_freed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "LOCK_WAIT_S", 0.1)
    with whole.locked(tmp_path), pytest.raises(RefreshError, match="Somebody else"):
        append_rows(tmp_path, GpuPriceRow, [gpu_row("a")])


PRICE = st.decimals(min_value="0.0005", max_value=5000, places=8).filter(lambda d: d >= Decimal("0.0005"))
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=40).map(
    lambda text: text + "."
)


@given(PRICE, st.floats(0.02, 100, allow_subnormal=False), TEXT)
def test_cells_read_back_as_the_same_row(price: Decimal, usd: float, text: str) -> None:
    api = ApiPriceRow.model_validate(
        {
            "price_id": "a",
            "provider": "p",
            "provider_name": text,
            "model": text,
            "input_usd_per_mtok": price,
            "output_usd_per_mtok": price,
            "effective_from": dt.date(2026, 1, 1),
            "confidence": "high",
            "origin": "published",
            "as_of": "2026",
            "source": text,
            "source_url": "https://example.com/x",
        }
    )
    gpu = gpu_row("a", usd)
    for row in (api, gpu):
        filled = {name: cell for name, cell in cells(row).items() if cell}
        assert type(row).model_validate(filled) == row


WRITER = f"""
import sys
from pathlib import Path
from planner.catalog.catalog import load
from planner.catalog.rows import GpuPriceRow
from planner.refresh.append import append_rows
old = load().tables.gpu_price_by_id["{OFFER}"]
print("ready", flush=True)
for n in range(int(sys.argv[3])):
    name = f"{{sys.argv[2]}}-{{n}}"
    row = old.model_copy(update={{"price_id": name, "instance": name, "as_of": "2026-11-21"}})
    append_rows(Path(sys.argv[1]), GpuPriceRow, [row])
    print(name, flush=True)
"""


def writer(folder: Path, name: str, rows: int) -> subprocess.Popen[str]:
    """A process that adds rows one by one and prints the id of each that is there."""
    command = [sys.executable, "-c", WRITER, str(folder), name, str(rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    both = [writer(tmp_path, name, 8) for name in ("left", "right")]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    ids = [line["price_id"] for line in lines(tmp_path / "gpu_prices.csv")]
    assert sorted(ids) == sorted(f"{name}-{n}" for name in ("left", "right") for n in range(8))


def test_a_process_killed_at_any_moment_leaves_whole_files(tmp_path: Path) -> None:
    path, told, before = tmp_path / "gpu_prices.csv", list[str](), b""
    for kill in range(6):
        process = writer(tmp_path, f"run{kill}", 1000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.037 * kill)
        process.send_signal(signal.SIGKILL)
        told += process.communicate()[0].split()
        after = path.read_bytes() if path.exists() else b""
        assert after.startswith(before)
        ids = [line["price_id"] for line in lines(path)] if after else []
        assert set(told) <= set(ids)
        load(local_dir=tmp_path)
        before = after
    append_rows(tmp_path, GpuPriceRow, [gpu_row("last")])
    assert sorted(p.name for p in tmp_path.iterdir()) == [".catalog.lock", "gpu_prices.csv"]
    assert len(lines(path)) >= len(told) + 1 > 1

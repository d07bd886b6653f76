"""Measurements are kept whole, listed newest first, and found and removed by their id."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from planner.capacity.measurement.document import read_measurement
from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError
from planner.probe.kept import forget, keep, kept, listed

START = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
RUN = Run(
    requests_in_flight=4,
    duration_s=2,
    sent=12,
    completed=12,
    input_tokens=1200,
    output_tokens=600,
    output_tokens_per_s=300,
)


def measurement(number: int, minutes: int = 0, runs: int = 1) -> Measurement:
    started = START + dt.timedelta(minutes=minutes)
    made = Measurement(
        measurement_id=f"{number:016x}",
        program_version="0.1.0",
        started_at=started,
        finished_at=started,
        runs=(RUN,) * runs,
    )
    return finished(made)


def test_what_is_kept_comes_back_the_same(tmp_path: Path) -> None:
    path = keep(measurement(1), tmp_path)
    assert kept("0000000000000001", tmp_path) == measurement(1)
    assert read_measurement(path.read_bytes(), path.name) == measurement(1)


def test_keeping_it_again_replaces_the_earlier_state_and_leaves_nothing_else(tmp_path: Path) -> None:
    keep(measurement(1, runs=1), tmp_path)
    keep(measurement(1, runs=3), tmp_path)
    assert len(kept("0000000000000001", tmp_path).runs) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["0000000000000001.json"]


def test_the_newest_is_listed_first_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    for number, minutes in ((1, 5), (2, 30), (3, 10)):
        keep(measurement(number, minutes), tmp_path)
    (tmp_path / "00000000000000aa.json").write_text("{")
    (tmp_path / "00000000000000bb.json").write_bytes((tmp_path / "0000000000000001.json").read_bytes())
    (tmp_path / ".0000000000000009.1234.part").write_text("{")
    (tmp_path / "notes.txt").write_text("mine")
    found = listed(tmp_path)
    assert [m.measurement_id[-1] for m in found.measurements] == ["2", "3", "1"]
    assert [u.measurement_id for u in found.unreadable] == ["00000000000000aa", "00000000000000bb"]
    assert "not valid JSON" in found.unreadable[0].reason
    assert "holds measurement 0000000000000001" in found.unreadable[1].reason


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert listed(tmp_path / "none") == ((), ())


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNER_MEASUREMENTS", str(tmp_path / "a" / "b"))
    assert keep(measurement(1)) == tmp_path / "a" / "b" / "0000000000000001.json"
    assert listed().measurements == (measurement(1),)


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    path = keep(measurement(1), tmp_path)
    forget("0000000000000001", tmp_path)
    assert not path.exists()
    with pytest.raises(ProbeError, match="no measurement '0000000000000001' here"):
        forget("0000000000000001", tmp_path)


@pytest.mark.parametrize(
    "name", ["../secret", "", "0000000000000001.json", "G" * 16, "/etc/passwd", "1" * 17, "1" * 16 + "\n"]
)
def test_an_id_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    keep(measurement(1), tmp_path)
    (tmp_path.parent / "secret.json").write_bytes((tmp_path / "0000000000000001.json").read_bytes())
    for ask in (kept, forget):
        with pytest.raises(ProbeError, match="no measurement"):
            ask(name, tmp_path)
    assert (tmp_path.parent / "secret.json").exists()


def test_a_folder_that_cannot_be_written_says_which_and_how_to_choose_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProbeError, match=r"file: .*\. Choose another folder with PLANNER_MEASUREMENTS"):
        keep(measurement(1), tmp_path / "file")
    with pytest.raises(ProbeError, match="PLANNER_MEASUREMENTS"):
        listed(tmp_path / "file")


def test_a_reader_never_sees_half_a_measurement(tmp_path: Path) -> None:
    keep(measurement(1), tmp_path)
    stop = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(len(kept("0000000000000001", tmp_path).runs))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for n in range(60):
            keep(measurement(1, runs=1 + 2 * (n % 2)), tmp_path)
    finally:
        stop.set()
        reader.join(10)
    assert seen <= {1, 3}
    assert seen

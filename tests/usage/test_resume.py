"""An import that is stopped, or killed, leaves nothing half-done and goes on where it was: finished files are not read
again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from planner.usage.errors import Cancelled
from planner.usage.importer import ImportRequest, import_usage
from planner.usage.kept import kept_profiles, load
from tests.usage.logs import ON, csv_text, figures, imported, rows, write

KILLED = """
import sys
from pathlib import Path
from planner.usage.importer import ImportRequest, import_usage
import datetime as dt

def said(step, share):
    print(step, flush=True)

paths = tuple(Path(path) for path in sys.argv[3:])
import_usage(ImportRequest(paths=paths, on=dt.date.fromisoformat(sys.argv[2])), Path(sys.argv[1]), said)
"""


def files(folder: Path, count: int = 4, each: int = 50_000) -> list[Path]:
    everything = rows(count * each, every_s=1)
    return [write(folder / f"log-{n}.csv.gz", csv_text(everything[n * each : (n + 1) * each])) for n in range(count)]


def steps_until_killed(folder: Path, paths: list[Path], last: str) -> list[str]:
    """Run an import in a process of its own, and kill it as soon as it says the step."""
    command = [sys.executable, "-c", KILLED, str(folder), ON.isoformat(), *map(str, paths)]
    root = Path(__file__).parents[2]
    steps = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        for line in process.stdout:
            steps.append(line.strip())
            if line.strip() == last:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    return steps


def test_a_killed_import_goes_on_with_the_files_that_it_had_not_finished(tmp_path: Path) -> None:
    paths, folder = files(tmp_path), tmp_path / "kept"
    steps = steps_until_killed(folder, paths, "reading log-2.csv.gz")
    assert steps[-1] == "reading log-2.csv.gz"
    assert kept_profiles(folder) == ()
    finished = {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("staging/*/about.json")}
    assert len(finished) == 2
    seen: list[dict[str, int]] = []

    def said(step: str, share: float) -> None:
        if step == "looking for duplicates":
            seen.append({path.parent.name: path.stat().st_mtime_ns for path in folder.glob("staging/*/about.json")})

    again = import_usage(ImportRequest(paths=tuple(paths), on=ON), folder, said)
    (before_the_end,) = seen
    assert len(before_the_end) == 4
    assert finished.items() <= before_the_end.items()
    whole = imported(tmp_path / "other", *paths)
    assert again.profile == whole.profile
    assert again.rollup.sums["output_tokens"].tolist() == whole.rollup.sums["output_tokens"].tolist()
    assert {path.name for path in folder.glob("staging/*")} <= {".lock", "spill"}


def test_a_stopped_import_keeps_nothing_and_stops_within_a_second(tmp_path: Path) -> None:
    paths, folder = files(tmp_path, count=1, each=300_000), tmp_path / "kept"
    stop = threading.Event()
    asked_at: list[float] = []

    def ask() -> None:
        asked_at.append(time.monotonic())
        stop.set()

    def said(step: str, share: float) -> None:
        if step.startswith("reading log") and not asked_at:
            threading.Timer(0.1, ask).start()

    with pytest.raises(Cancelled, match="Start it again"):
        import_usage(ImportRequest(paths=tuple(paths), on=ON), folder, said, stop.is_set)
    assert time.monotonic() - asked_at[0] < 1.5
    assert kept_profiles(folder) == ()
    assert list(folder.glob("staging/*/about.json")) == []
    assert list(folder.glob("staging/.*.part")) == []


class StopsAt:
    """Somebody who stops an import at one step."""

    def __init__(self, step: str) -> None:
        self.step, self.seen = step, False

    def said(self, step: str, share: float) -> None:
        self.seen = self.seen or step == self.step

    def cancelled(self) -> bool:
        return self.seen


def test_an_import_stops_at_whatever_step_it_is_and_the_next_one_is_whole(tmp_path: Path) -> None:
    paths, folder = files(tmp_path, count=2, each=2000), tmp_path / "kept"
    steps: list[str] = []
    request = ImportRequest(paths=tuple(paths), on=ON)
    whole = import_usage(request, tmp_path / "all", lambda step, share: steps.append(step))
    assert steps[-2:] == ["keeping the result", "done"]
    for step in dict.fromkeys(steps[:-2]):
        stops = StopsAt(step)
        with pytest.raises(Cancelled):
            import_usage(request, folder, stops.said, stops.cancelled)
        assert kept_profiles(folder) == (), step
    again = imported(folder, *paths)
    assert again.profile == whole.profile
    assert figures(load(folder, again.profile.profile_id)[0]) == figures(whole.profile)


def test_two_imports_at_once_wait_for_each_other(tmp_path: Path) -> None:
    paths, folder = files(tmp_path, count=2, each=20_000), tmp_path / "kept"
    found: list[int | None] = []

    def run(path: Path) -> None:
        found.append(imported(folder, path).profile.total_requests)

    threads = [threading.Thread(target=run, args=(path,)) for path in (*paths, *paths)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20_000] * 4
    assert len(kept_profiles(folder)) == 2

"""An import in its own thread: it tells how far it is, stops when asked, and when nobody is there any more."""

from __future__ import annotations

import gc
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.usage.errors import Cancelled, UsageError, UsageProblem
from planner.web import usage_uploads
from planner.web.usage_job import AT_ONCE, Job, Said
from planner.web.usage_uploads import Uploads, safe_name, sweep

LIMIT_S = 10


def here() -> bool:
    return True


def ended(job: Job[str]) -> Job[str]:
    job.thread.join(LIMIT_S)
    assert not job.thread.is_alive()
    return job


def until_told(said: Said, cancelled: Callable[[], bool]) -> str:
    """Work that goes on until somebody stops it."""
    said("reading", 0.5)
    while not cancelled():
        time.sleep(0.01)
    raise Cancelled


def test_the_result_and_the_last_step_are_there_at_the_end() -> None:
    def work(said: Said, cancelled: Callable[[], bool]) -> str:
        said("reading", 0.25)
        return "" if cancelled() else "read"

    job = ended(Job(work, here))
    assert (job.state, job.result, job.step, job.share) == ("done", "read", "reading", 0.25)


def test_a_job_stops_when_it_is_asked_to() -> None:
    job = Job(until_told, here)
    assert job.state == "running"
    job.stop()
    assert ended(job).state == "stopped"


def test_a_job_stops_by_itself_when_its_session_is_gone() -> None:
    assert ended(Job(until_told, lambda: False, grace_s=0.1)).state == "stopped"


def test_a_page_that_shows_the_job_keeps_it_going() -> None:
    """Without a server there is no session to ask for: the page's own beat counts."""
    job = Job(until_told, lambda: False, grace_s=0.4)
    for _ in range(10):
        time.sleep(0.1)
        job.beat()
    assert job.state == "running"
    assert ended(job).state == "stopped"


def test_all_problems_come_with_a_failure() -> None:
    def work(said: Said, cancelled: Callable[[], bool]) -> str:
        raise UsageError([UsageProblem("a.csv", "is empty"), UsageProblem("b.csv", "is cut off")])

    job = ended(Job(work, here))
    assert job.state == "failed"
    assert [problem.where for problem in job.problems] == ["a.csv", "b.csv"]


def test_what_nobody_foresaw_names_its_kind_and_not_its_values(caplog: pytest.LogCaptureFixture) -> None:
    def work(said: Said, cancelled: Callable[[], bool]) -> str:
        raise ZeroDivisionError("secret of a row")

    job = ended(Job(work, here))
    (problem,) = job.problems
    assert problem.reason == "the import failed (ZeroDivisionError)"
    assert "secret" not in str(problem)
    assert "an import of usage failed" in caplog.text


def test_a_third_import_waits_for_its_turn_and_can_be_stopped_while_it_waits() -> None:
    running = [Job(until_told, here) for _ in range(AT_ONCE)]
    begun = threading.Event()

    def work(said: Said, cancelled: Callable[[], bool]) -> str:
        begun.set()
        return "begun"

    waiting, stopped = Job(work, here), Job(work, here)
    stopped.stop()
    assert ended(stopped).state == "stopped"
    assert not begun.is_set()
    assert "Waiting" in waiting.step
    running[0].stop()
    assert ended(waiting).result == "begun"
    running[1].stop()
    for job in running:
        ended(job)


def test_uploads_are_there_with_their_names_until_they_are_closed() -> None:
    uploads = Uploads()
    uploads.write([("log.csv", io.BytesIO(b"one")), ("log.csv", io.BytesIO(b"two"))])
    assert [path.name for path in uploads.paths] == ["log.csv", "log.csv"]
    assert [path.read_bytes() for path in uploads.paths] == [b"one", b"two"]
    uploads.close()
    uploads.close()
    assert not uploads.folder.exists()


def test_uploads_go_with_the_session_that_held_them() -> None:
    uploads = Uploads()
    folder = uploads.folder
    assert folder.is_dir()
    del uploads
    gc.collect()
    assert not folder.exists()


def test_what_a_killed_server_left_is_swept_and_what_is_in_use_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new = tmp_path / f"{usage_uploads.PREFIX}old", tmp_path / f"{usage_uploads.PREFIX}new"
    other = tmp_path / "other"
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    sweep()
    assert not old.exists()
    assert new.is_dir()
    assert other.is_dir()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\a b.csv", "a b.csv"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("*'; DROP.parquet", "_ DROP.parquet"),
        ("x" * 300 + ".csv.gz", "x" * 113 + ".csv.gz"),
        ("Größe.csv", "Größe.csv"),
    ],
)
def test_a_file_name_cannot_leave_its_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe

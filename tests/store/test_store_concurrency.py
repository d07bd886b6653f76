from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from planner.store.duck import SavedRef, Store, open_store
from planner.store.errors import Locked, Stale
from tests.samples import sample_facts, sample_scenario

ROOT = Path(__file__).resolve().parents[2]
SCENARIO, FACTS = sample_scenario(), sample_facts()
OPENER = """
import sys
from pathlib import Path
from planner.store.duck import open_store
from planner.store.errors import Locked
try:
    open_store(Path(sys.argv[1])).close()
except Locked as error:
    print(error)
"""
WRITER = """
import sys, threading
from pathlib import Path
from planner.store.duck import open_store
from tests.samples import sample_facts, sample_scenario
store, scenario, facts = open_store(Path(sys.argv[1])), sample_scenario(), sample_facts()
def write(worker):
    ref = store.save(scenario, facts, f"{worker} 1")
    while True:
        sys.stdout.write(f"{ref.scenario_id} {ref.revision} {worker} {ref.revision}\\n")
        sys.stdout.flush()
        answer = f"{worker} {ref.revision + 1}"
        ref = store.save(scenario, facts, answer, scenario_id=ref.scenario_id, expected_revision=ref.revision)
for worker in range(4):
    threading.Thread(target=write, args=(worker,)).start()
"""


def in_threads(count: int, work: Callable[[int], object]) -> None:
    start = threading.Barrier(count)

    def begin(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        for outcome in [pool.submit(begin, number) for number in range(count)]:
            outcome.result()


def save_again(store: Store, scenario_id: str, answer: str) -> int:
    """Compare-and-swap until it succeeds; how often it was stale."""
    for stale in range(10_000):
        newest = store.load(scenario_id).latest_revision
        try:
            store.save(SCENARIO, FACTS, answer, scenario_id=scenario_id, expected_revision=newest)
        except Stale:
            continue
        return stale
    raise AssertionError("never succeeded")


def check_nothing_lost(store: Store, refs: list[SavedRef], threads: int, saves: int) -> None:
    answers: list[str] = []
    for ref in refs:
        latest = store.load(ref.scenario_id).latest_revision
        answers += [store.load(ref.scenario_id, revision).answer for revision in range(2, latest + 1)]
    assert sorted(answers) == sorted(f"{thread}-{n}" for thread in range(threads) for n in range(saves))


def many_writers(store: Store, threads: int, saves: int, scenarios: int) -> None:
    refs = [store.save(SCENARIO, FACTS, "first") for _ in range(scenarios)]

    def work(thread: int) -> None:
        choose = random.Random(thread)
        for n in range(saves):
            save_again(store, choose.choice(refs).scenario_id, f"{thread}-{n}")
            store.entries()

    in_threads(threads, work)
    check_nothing_lost(store, refs, threads, saves)


def test_twenty_threads_lose_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "planner.duckdb") as store:
        many_writers(store, threads=20, saves=3, scenarios=3)


@pytest.mark.slow
def test_fifty_threads_lose_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "planner.duckdb") as store:
        many_writers(store, threads=50, saves=20, scenarios=5)


def test_of_twenty_saves_of_one_revision_one_wins(tmp_path: Path) -> None:
    outcomes: list[str] = []
    with open_store(tmp_path / "planner.duckdb") as store:
        ref = store.save(SCENARIO, FACTS, "first")

        def work(thread: int) -> None:
            try:
                store.save(SCENARIO, FACTS, str(thread), scenario_id=ref.scenario_id, expected_revision=1)
                outcomes.append(f"saved {thread}")
            except Stale as stale:
                outcomes.append(f"stale {stale.current_revision}")

        in_threads(20, work)
        winner = store.load(ref.scenario_id)
    assert (winner.revision, len(outcomes), outcomes.count("stale 2")) == (2, 20, 19)
    assert f"saved {winner.answer}" in outcomes


def test_every_reader_gets_its_own_row(tmp_path: Path) -> None:
    with open_store(tmp_path / "planner.duckdb") as store:
        refs = [store.save(SCENARIO, FACTS, str(n)) for n in range(10)]

        def work(thread: int) -> None:
            for n in range(thread, thread + 15):
                assert store.load(*refs[n % 10]).answer == str(n % 10)

        in_threads(10, work)


def test_two_stores_on_one_file_in_one_process_share_it(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    with open_store(path) as one, open_store(path) as other:
        ref = one.save(SCENARIO, FACTS, "first")
        in_threads(8, lambda thread: save_again((one, other)[thread % 2], ref.scenario_id, str(thread)))
        assert other.load(ref.scenario_id).latest_revision == 9


def run(script: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    with open_store(path) as store:
        store.save(SCENARIO, FACTS, "")
        told, _ = run(OPENER, path).communicate(timeout=60)
    assert told.startswith(f"The file {path} is in use by another process (PID ")
    assert told.strip().endswith("Stop that process, or give this one a file of its own.")
    told, _ = run(OPENER, path).communicate(timeout=60)
    assert told == ""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_it_reported(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    reported: list[list[str]] = []
    for lines in (20, 45, 70):
        writer = run(WRITER, path)
        assert writer.stdout is not None
        reported += [writer.stdout.readline().split() for _ in range(lines)]
        with pytest.raises(Locked):
            open_store(path)
        writer.kill()
        reported += [line.split() for line in writer.communicate(timeout=60)[0].splitlines() if line.count(" ") == 3]
        with open_store(path) as store:
            for scenario_id, revision, *answer in reported:
                assert store.load(scenario_id, int(revision)).answer == " ".join(answer)
            for entry in store.entries():
                assert store.load(entry.scenario_id).scenario == SCENARIO
    assert len(reported) >= 135

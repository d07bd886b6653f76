"""Two probes never run on one server at once, whatever name or process they come from."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from planner.probe.address import Address
from planner.probe.errors import ProbeError
from planner.probe.turn import turn

HOLDER = """
import sys
from pathlib import Path
from planner.probe.address import address
from planner.probe.turn import turn
with turn(address(sys.argv[1], "own"), Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _at(host: str, port: int, ip: str) -> Address:
    return Address(f"http://{host}:{port}", f"http://{host}:{port}", host, port, ip, ip in ("127.0.0.1", "::1"))


HERE = _at("127.0.0.1", 8000, "127.0.0.1")


def test_a_server_that_is_being_probed_is_refused_at_once_and_free_afterwards(tmp_path: Path) -> None:
    refused = pytest.raises(ProbeError, match=r"http://127\.0\.0\.1:8000 is being probed already\. Wait")
    with turn(HERE, tmp_path), refused, turn(HERE, tmp_path):
        pass
    with turn(HERE, tmp_path):
        pass


def test_a_probe_that_fails_leaves_the_server_free(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), turn(HERE, tmp_path):
        raise RuntimeError
    with turn(HERE, tmp_path):
        pass


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (HERE, _at("localhost", 8000, "::1"), True),
        (HERE, _at("127.0.0.1", 8001, "127.0.0.1"), False),
        (_at("gpu.test", 8000, "10.0.0.7"), _at("10.0.0.7", 8000, "10.0.0.7"), True),
        (_at("gpu.test", 8000, "10.0.0.7"), _at("gpu.test", 8000, "10.0.0.8"), True),
        (_at("gpu.test", 8000, "10.0.0.7"), _at("10.0.0.8", 8000, "10.0.0.8"), False),
        (_at("a.example", 443, "93.184.215.14"), _at("b.example", 443, "93.184.215.14"), False),
        (_at("a.example", 443, "93.184.215.14"), _at("a.example", 443, "93.184.215.15"), True),
    ],
)
def test_names_of_the_same_server_share_one_turn(tmp_path: Path, first: Address, second: Address, same: bool) -> None:
    with turn(first, tmp_path):
        if same:
            with pytest.raises(ProbeError, match="being probed"), turn(second, tmp_path):
                pass
        else:
            with turn(second, tmp_path):
                pass


def test_a_refused_turn_leaves_none_of_its_locks_behind(tmp_path: Path) -> None:
    named, numbered = _at("gpu.test", 8000, "10.0.0.7"), _at("10.0.0.7", 8000, "10.0.0.7")
    with turn(numbered, tmp_path), pytest.raises(ProbeError), turn(named, tmp_path):
        pass
    with turn(_at("gpu.test", 8000, "10.0.0.9"), tmp_path):
        pass


def test_of_many_threads_one_has_the_turn(tmp_path: Path) -> None:
    here, done = threading.Barrier(8), threading.Barrier(8)
    outcomes: list[str] = []

    def attempt() -> None:
        here.wait()
        try:
            with turn(HERE, tmp_path):
                outcomes.append("held")
                done.wait()
        except ProbeError:
            outcomes.append("refused")
            done.wait()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["held"] + ["refused"] * 7


def test_another_process_is_refused_until_the_first_is_gone_even_when_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, HERE.origin, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProbeError, match="being probed"), turn(HERE, tmp_path):
            pass
        holder.kill()
    with turn(HERE, tmp_path):
        pass


def test_a_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProbeError, match=r"file: .*\. Make the folder for temporary files writable"):
        turn(HERE, tmp_path / "file").__enter__()

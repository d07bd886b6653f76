"""The cross-check by vLLM's own client: which levels, what is run, and what is said when it gives nothing."""

from __future__ import annotations

import itertools
import json
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner.capacity.measurement.document import read_measurement
from planner.cli import main
from planner.cli.probe_inputs import Problems
from planner.cli.probe_vllm import ENV, Tool, command, find_tool, levels_to_check
from planner.domain.measurement import Knee, LevelSummary, Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.run import Target
from tests.probe.fault_server import Faults, fault_server

ROOT = Path(__file__).parents[2]
Captured = pytest.CaptureFixture[str]
TASK = ProbeTask(input_tokens=128, output_tokens=64, levels=(1, 8, 32))
SHORT = ["--gpu", "cpu", "--input-tokens", "16", "--output-tokens", "8", "--levels", "1,2", "--most", "2"]
PROBE = [*SHORT, "--repeats", "1", "--least-requests", "4", "--with", "vllm-bench"]


def measured(loads: tuple[float, ...], knee: float | None) -> Measurement:
    """A measurement with these levels."""
    levels = tuple(
        LevelSummary(
            requests_in_flight=load,
            repeats=1,
            output_tokens_per_s=load,
            least_output_tokens_per_s=load,
            most_output_tokens_per_s=load,
        )
        for load in loads
    )
    found = None if knee is None else Knee(requests_in_flight=knee, low=1, high=64, reason="as the test has it")
    empty = Measurement(
        measurement_id="0" * 16,
        program_version="0",
        started_at="2026-11-22T10:00:00Z",  # type: ignore[arg-type]
        finished_at="2026-11-22T10:01:00Z",  # type: ignore[arg-type]
    )
    summary = empty.summary.model_copy(update={"levels": levels, "knee": found})
    return empty.model_copy(update={"summary": summary})


@pytest.mark.parametrize(
    ("loads", "knee", "chosen"),
    [((1, 8, 32), 9.0, [1, 8]), ((1, 8, 32), None, [1, 32]), ((4,), None, [4]), ((), None, []), ((1, 2), 1.0, [1, 2])],
)
def test_the_lowest_level_and_the_one_at_the_knee_are_measured_again(
    loads: tuple[float, ...], knee: float | None, chosen: list[float]
) -> None:
    assert [level.requests_in_flight for level in levels_to_check(measured(loads, knee))] == chosen


def test_the_same_lengths_requests_and_warm_up_are_asked_of_it(tmp_path: Path) -> None:
    target = Target("http://127.0.0.1:8000/v1/", "tiny", "s3cret")
    words = command(Tool("vllm", tmp_path), target, measured((8,), None), TASK, 8, tmp_path / "r.json")
    pairs = dict(itertools.pairwise(words))
    assert pairs["--base-url"] == "http://127.0.0.1:8000"
    assert (pairs["--random-input-len"], pairs["--random-output-len"]) == ("128", "64")
    assert (pairs["--max-concurrency"], pairs["--num-prompts"], pairs["--num-warmups"]) == ("8", "32", "8")
    assert "--ignore-eos" in words
    assert "s3cret" not in " ".join(words), "a key is in no list of processes"


def test_what_is_missing_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENV, str(tmp_path / "nowhere"))
    problems = Problems()
    assert find_tool(None, tmp_path / "no", problems) is None
    assert "nowhere is no program. Install it with `pip install 'llm-tco-planner[vllm]'`" in problems.lines[0]
    assert "there is no such folder. Give the one with tokenizer.json" in problems.lines[1]


def program(folder: Path, text: str) -> Path:
    """A program in the place of vLLM's."""
    path = folder / "vllm"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("print('no GPU here', file=sys.stderr)\nsys.exit(3)", "vllm bench serve failed. It said: no GPU here"),
        ("print('all is well')", "vllm bench serve wrote no result. It said: all is well"),
        (
            "open(os.path.join(sys.argv[sys.argv.index('--result-dir') + 1], sys.argv[-1]), 'w').write('{}')",
            "planner: no cross-check: ",
        ),
    ],
)
def test_a_cross_check_that_gives_nothing_costs_nothing_of_the_measurement(
    text: str, said: str, tmp_path: Path, capsys: Captured
) -> None:
    out, tool = tmp_path / "probe.json", program(tmp_path, text)
    with fault_server(Faults()) as server:
        words = [server.url, *PROBE, "--vllm-bench", str(tool), "--tokenizer", str(tmp_path), "--out", str(out)]
        assert main(["probe", *words]) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert "Then vllm bench serve repeats 2 of the levels: " in told.err
    assert f"Written: {out}" in told.out
    assert read_measurement(out.read_bytes(), out.name).runs


@pytest.mark.slow
def test_ctrl_c_ends_the_other_client_too(tmp_path: Path) -> None:
    tool = program(tmp_path, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    out = tmp_path / "probe.json"
    with fault_server(Faults()) as server:
        words = [server.url, *PROBE, "--vllm-bench", str(tool), "--tokenizer", str(tmp_path), "--out", str(out)]
        command = [sys.executable, "-m", "planner", "probe", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            until = time.monotonic() + 60
            while not (tmp_path / "pid").exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()
    assert out.exists()


def test_both_clients_stand_side_by_side_with_their_difference(tmp_path: Path, capsys: Captured) -> None:
    """The other client's result is one that vLLM's own client wrote, at another time; here its figures count."""
    sample = ROOT / "tests" / "samples" / "probe" / "vllm-python-c4.json"
    tool = program(
        tmp_path,
        f"import shutil\na = sys.argv\nshutil.copy({str(sample)!r}, "
        "os.path.join(a[a.index('--result-dir') + 1], a[a.index('--result-filename') + 1]))",
    )
    with fault_server(Faults()) as server:
        words = [server.url, *PROBE, "--vllm-bench", str(tool), "--tokenizer", str(tmp_path)]
        assert main(["probe", *words, "--out", str(tmp_path / "probe.json")]) in (0, 1)
    _, _, said = capsys.readouterr().out.partition("This probe and vllm bench serve on the same server")
    theirs = json.loads(sample.read_text())
    rows = [line.split() for line in said.splitlines() if "vllm bench" in line]
    assert len(rows) == 2
    assert [row[:4] for row in rows] == [
        ["vllm", "bench", f"{theirs['output_throughput']:.3g}", row[3]] for row in rows
    ]
    assert float(rows[0][3]) == pytest.approx(theirs["mean_ttft_ms"], rel=0.01)
    assert said.count("difference") == 2

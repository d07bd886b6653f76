"""What goes wrong with a real vLLM: keys, names, lengths, overload, its death, and prompts that it has seen before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.capacity.measurement.document import read_measurement
from planner.domain.measurement import Declared, Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.progress import Progress
from planner.probe.prompts import Prompts
from planner.probe.run import probe
from planner.probe.target import Target
from tests.real.vllm_server import Engine, Vllm, vllm

KEY = "a-key-of-the-tests-4711"
LIMIT, MOST_RUNNING, MOST_QUEUED = 1024, 4, 4
FLAGS = {"max-model-len": LIMIT, "max-num-seqs": MOST_RUNNING, "kv-cache-memory-bytes": 64 * 2**20}
CACHED_TOKENS = 128
"""vLLM's block on processors: only whole blocks of a prompt are found again."""


def nothing(_: object) -> None: ...


def never() -> bool:
    return False


def task(**other: object) -> ProbeTask:
    asked = {"levels": (2,), "most_in_flight": 2, "repeats": 1, "input_tokens": 64, "output_tokens": 16} | other
    return ProbeTask.model_validate(asked)


@pytest.fixture(scope="module")
def guarded(engine: Engine, llama_6m: Path) -> Iterator[Vllm]:
    """Wants a key, serves four requests, lets four wait and refuses the others."""
    with vllm(engine, llama_6m, FLAGS | {"api-key": KEY, "max-num-queued-reqs": MOST_QUEUED}) as server:
        yield server


def target(server: Vllm, **other: str) -> Target:
    said = {"model": server.model, "api_key": KEY} | other
    return Target(url=server.url, declared=Declared(gpu_id="cpu"), policy="own", **said)


def refusal(where: Target, asked: ProbeTask) -> ProbeError:
    with pytest.raises(ProbeError) as raised:
        probe(where, asked, nothing, never)
    assert KEY not in str(raised.value)
    assert "\n" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("key", ["", "another-key"])
def test_a_missing_or_wrong_key_is_said_in_one_line(guarded: Vllm, key: str) -> None:
    assert refusal(target(guarded, api_key=key), task()).kind == "unauthorised"


def test_a_model_that_is_not_served_is_refused_with_those_that_are(guarded: Vllm) -> None:
    error = refusal(target(guarded, model="llama-7m"), task())
    assert error.kind == "not_found"
    assert guarded.model in str(error)


def test_a_shape_beyond_the_context_is_refused_and_not_clipped(guarded: Vllm) -> None:
    """vLLM 0.32 would answer 200 and clip the answer: 1,000 + 64 tokens where 1,024 fit."""
    error = refusal(target(guarded), task(input_tokens=1000, output_tokens=64))
    assert "1,024" in str(error)
    assert "1,000 + 64" in str(error)


def test_the_key_opens_the_server_and_is_kept_nowhere(guarded: Vllm) -> None:
    measured = probe(target(guarded), task(), nothing, never)
    (run,) = measured.runs
    assert run.usable, run.flags
    assert run.reconciled is True
    assert KEY not in measured.model_dump_json()
    assert KEY not in repr(target(guarded))


def test_requests_that_an_overloaded_server_refuses_are_errors_and_not_throughput(guarded: Vllm) -> None:
    """Streaming, vLLM refuses with HTTP 200 and an error in the stream."""
    measured = probe(target(guarded), task(levels=(2, 32), most_in_flight=32), nothing, never)
    below, beyond = sorted(measured.runs, key=lambda run: run.requests_in_flight)
    assert below.usable, below.flags
    refused = sum(error.count for error in beyond.errors)
    assert {error.kind for error in beyond.errors} == {"overloaded"}
    assert refused + beyond.completed == beyond.sent
    assert beyond.server is not None
    assert beyond.server.rejections == refused
    assert beyond.server.generation_tokens == beyond.output_tokens
    assert not beyond.usable
    assert {level.requests_in_flight for level in measured.summary.levels} == {2}


def test_prompts_that_the_server_has_seen_before_are_flagged(guarded: Vllm, monkeypatch: pytest.MonkeyPatch) -> None:
    """One prompt of 300 tokens again and again: two whole blocks, 256 of 300 tokens, come from the prefix cache."""
    shape = task(input_tokens=300, requests_per_slot=6)
    fresh = probe(target(guarded), shape, nothing, never)
    prompt = [400 + token for token in range(300)]
    monkeypatch.setattr(Prompts, "fresh", lambda self: prompt)
    again = probe(target(guarded), shape, nothing, never)
    assert "PREFIX_CACHE" not in {flag.code for run in fresh.runs for flag in run.flags}
    for run in again.runs:
        (flag,) = (flag for flag in run.flags if flag.code == "PREFIX_CACHE")
        assert flag.severity == "unusable"
        assert run.server is not None
        assert run.server.cache_hit_tokens == run.completed * 2 * CACHED_TOKENS
        assert not run.usable


def test_the_command_measures_the_server_and_checks_itself_against_its_own_benchmark(
    guarded: Vllm, engine: Engine, tmp_path: Path
) -> None:
    """`planner probe` as a person types it, one level again by `vllm bench serve`; the key is in no output."""
    out = tmp_path / "measured.json"
    shape = {"input-tokens": 64, "output-tokens": 16, "levels": 2, "most": 2, "repeats": 2, "gpu": "cpu"}
    who = {"model": guarded.model, "api-key-env": "KEY_OF_THE_TESTS", "out": out}
    again = {"with": "vllm-bench", "vllm-bench": engine.program(), "tokenizer": guarded.folder}
    flags = [str(word) for flag, value in (shape | who | again).items() for word in (f"--{flag}", value)]
    command = [str(Path(sys.executable).with_name("planner")), "probe", guarded.url, *flags, "--yes"]
    environment = os.environ | {"KEY_OF_THE_TESTS": KEY}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    measured = read_measurement(out.read_bytes(), out.name)
    assert [run.reconciled for run in measured.runs] == [True, True], done.stderr
    assert "vllm bench serve" in done.stdout, done.stderr
    assert measured.measurement_id[:4] in done.stdout
    assert KEY not in done.stdout + done.stderr + out.read_text()


def test_what_was_measured_is_kept_when_the_server_dies_in_the_middle_of_a_run(guarded: Vllm) -> None:
    """The last one here: it ends the server that the others share."""
    processes, kept = guarded.processes(), list[Measurement]()
    assert len(processes) >= 2

    def kill_in_the_second_run(progress: Progress) -> None:
        if progress.runs_done == 1 and progress.requests_done and guarded.process.poll() is None:
            for pid in processes:
                os.kill(pid, signal.SIGKILL)
            guarded.process.wait(10)

    asked = task(output_tokens=200, repeats=4)
    measured = probe(target(guarded), asked, kill_in_the_second_run, never, keep=kept.append)
    assert guarded.process.returncode == -signal.SIGKILL
    assert measured.runs[0] == kept[0].runs[0]
    assert measured.runs[0].usable
    assert [run.usable for run in measured.runs[1:]] in ([], [False])
    assert measured.stopped
    assert "\n" not in measured.stopped
    assert measured.summary.status == "partial"
    assert measured.summary.levels[0].repeats == 1

"""`--with vllm-bench`: one or two of the measured levels again, by vLLM's own client, and both side by side.

vLLM is never imported: its program is run as a process of its own, and its result file is read as any import is.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from planner.cli.probe_inputs import Problems
from planner.cli.probe_progress import milliseconds
from planner.cli.text import table_text
from planner.domain.measured_run import Run
from planner.domain.measurement import LevelSummary, Measurement
from planner.domain.probe_task import ProbeTask
from planner.format import MINUS, percent, short
from planner.probe.address import address
from planner.probe.errors import ProbeError
from planner.probe.imports import read_result
from planner.probe.progress import Cancelled
from planner.probe.run import Target

ENV = "PLANNER_VLLM"
MOST_LEVELS = 2
START_S = 300.0
"""What importing the program may take on a busy machine."""
STOP_S = 10.0
LAST_LINES = 5
HEADS = ("In flight", "", "Output tokens/s, whole run", "TTFT (ms)", "TPOT (ms)")
INSTALL = (
    "Install it with `pip install 'llm-tco-planner[vllm]'`, or into an environment of its own and name its program: "
    f"--vllm-bench /path/to/bin/vllm, or {ENV}."
)


class Tool(NamedTuple):
    """The program, and the tokenizer that it makes its prompts with."""

    program: str
    tokenizer: Path


def find_tool(program: str | None, tokenizer: Path | None, problems: Problems) -> Tool | None:
    """The program that was named, else the environment's, else the one installed; what is missing is a problem."""
    named = program or os.environ.get(ENV) or ""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(named or "vllm") or (None if named else shutil.which("vllm", path=beside))
    if found is None:
        what = f"{named} is no program" if named else "vLLM is not installed here"
        problems.add(f"--with vllm-bench: {what}. {INSTALL}")
    if tokenizer is None:
        problems.add("--tokenizer is missing: vllm bench serve needs the folder with the model's tokenizer.")
    elif not tokenizer.is_dir():
        problems.add(f"--tokenizer {tokenizer}: there is no such folder. Give the one with tokenizer.json.")
    return Tool(found, tokenizer) if found and tokenizer else None


def levels_to_check(m: Measurement, most: int = MOST_LEVELS) -> tuple[LevelSummary, ...]:
    """The lowest level, and the one nearest to the knee, or the highest where there is none."""
    levels = m.summary.levels
    if not levels:
        return ()
    knee = m.summary.knee.requests_in_flight if m.summary.knee else levels[-1].requests_in_flight
    near = min(levels[1:], key=lambda level: abs(level.requests_in_flight - knee), default=levels[0])
    return tuple({level.requests_in_flight: level for level in (levels[0], near)}.values())[:most]


def command(tool: Tool, target: Target, m: Measurement, task: ProbeTask, level: int, result: Path) -> list[str]:
    """What is run for one level: the same lengths, requests and warm-up wave, prompts of a new seed."""
    chat = m.shape.endpoint.endswith("chat/completions")
    lengths = (("--random-input-len", task.input_tokens), ("--random-output-len", task.output_tokens))
    amounts = (("--num-prompts", task.requests_of(level)), ("--num-warmups", level), ("--max-concurrency", level))
    seed = random.SystemRandom().randrange(2**31)
    return [
        *(tool.program, "bench", "serve", "--backend", "openai-chat" if chat else "openai"),
        *(
            "--endpoint",
            m.shape.endpoint or "/v1/completions",
            "--base-url",
            address(target.url, target.policy).base_url,
        ),
        *("--model", target.model, "--tokenizer", str(tool.tokenizer), "--dataset-name", "random"),
        *(str(part) for pair in (*lengths, *amounts) for part in pair),
        *(["--ignore-eos"] if task.ignore_eos else []),
        *("--seed", str(seed), "--percentile-metrics", "ttft,tpot,e2el", "--metric-percentiles", "50,90,95,99"),
        *("--save-result", "--result-dir", str(result.parent), "--result-filename", result.name),
    ]


def cross_check(tool: Tool, target: Target, m: Measurement, task: ProbeTask, cancelled: Cancelled) -> str:
    """Both clients side by side, as text; raises ProbeError when the other one gives nothing."""
    rows: list[tuple[str, ...]] = []
    for level in levels_to_check(m):
        if cancelled():
            break
        print(f"vllm bench serve at {level.requests_in_flight:g} in flight ...", file=sys.stderr, flush=True)
        theirs = _measured(tool, target, m, task, int(level.requests_in_flight), cancelled)
        rows += _rows(m, level, theirs)
    if not rows:
        raise ProbeError("No level was measured again.", "There is no usable level, or it was stopped.")
    head = "This probe and vllm bench serve on the same server"
    return "\n".join(["", head, "=" * len(head), table_text(HEADS, rows)])


def _measured(tool: Tool, target: Target, m: Measurement, task: ProbeTask, level: int, cancelled: Cancelled) -> Run:
    with tempfile.TemporaryDirectory(prefix="planner-vllm-") as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "log.txt"
        _run(command(tool, target, m, task, level, result), target.api_key, log, task.budget.seconds, cancelled)
        if not result.exists():
            raise ProbeError(
                f"vllm bench serve wrote no result. It said: {_last(log)}", "Run it by hand to see all of it."
            )
        (found,) = read_result(result.read_bytes(), result.name, m.declared)
    return found.runs[0]


def _run(words: list[str], key: str, log: Path, seconds: float, cancelled: Cancelled) -> None:
    """The program, to its end, its limit, or until somebody stops it; nothing of it is left running."""
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    secret = {"OPENAI_API_KEY": key} if key else {}
    until_s = time.monotonic() + START_S + seconds
    with log.open("wb") as out:
        started = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=os.environ | offline | secret,
            start_new_session=True,
        )
        try:
            while started.poll() is None:
                if cancelled() or time.monotonic() > until_s:
                    raise ProbeError("vllm bench serve was stopped before its end.", "Start it again.")
                time.sleep(0.1)
        finally:
            _end(started)
    if started.returncode != 0:
        raise ProbeError(f"vllm bench serve failed. It said: {_last(log)}", "Run it by hand to see all of it.")


def _end(started: subprocess.Popen[bytes]) -> None:
    """The program and whatever it started: they are a process group of their own."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def _last(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-LAST_LINES:])[-500:] or "nothing"


def _rows(m: Measurement, level: LevelSummary, theirs: Run) -> list[tuple[str, ...]]:
    """Rates of whole runs on both sides: the other client knows no steady part."""
    load = level.requests_in_flight
    whole = [run.output_tokens_per_s for run in m.runs if run.usable and run.requests_in_flight == load]
    means = [percentiles.mean if percentiles else None for percentiles in (theirs.ttft_ms, theirs.tpot_ms)]
    ours = (median(whole), level.ttft_ms, level.tpot_ms)
    other = (theirs.output_tokens_per_s, *means)
    return [
        (f"{load:g}", "this probe", short(ours[0]), *map(milliseconds, ours[1:])),
        ("", "vllm bench", short(theirs.output_tokens_per_s), *map(milliseconds, means)),
        ("", "difference", *(_difference(a, b) for a, b in zip(ours, other, strict=True))),
    ]


def _difference(ours: float | None, theirs: float | None) -> str:
    """How much more the other client says."""
    if not ours or theirs is None:
        return ""
    change = theirs / ours - 1
    return f"{MINUS if change < 0 else '+'}{percent(abs(change))}"

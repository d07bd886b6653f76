"""Our probe beside `vllm bench serve`: the same loads on the same real server, in turns, and what each client costs.

The server is vLLM on this machine's processor with a small random model (`tests/real/vllm_server.py`), so its rates say
nothing of a GPU; client and server share the cores. Each client is a process of its own, from its start to its end.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from planner.capacity.measurement.document import read_measurement
from tests.real.vllm_server import Engine, Vllm, build_model, vllm
from tests.real.vllm_venv import CannotInstall, engine_python

LEVELS = (1, 8, 32)
ROUNDS = 3
INPUT, OUTPUT = 64, 32
PER_SLOT, LEAST = 4, 12
FLAGS = {"max-model-len": 1024, "max-num-seqs": 32, "kv-cache-memory-bytes": 200 * 2**20}
TIMEOUT_S = 600


class Seen(NamedTuple):
    """One load by one client."""

    output_tokens_per_s: float
    ttft_ms: float
    tpot_ms: float
    wall_s: float
    cpu_s: float
    peak_mib: float


class Bed(NamedTuple):
    """What both clients are given."""

    engine: Engine
    server: Vllm
    folder: Path


def report() -> list[str]:
    lines = ["## The probe as a client", ""]
    try:
        python = engine_python()
    except CannotInstall as error:
        return [*lines, f"Not measured: vLLM cannot be installed on this machine: {error}"]
    with tempfile.TemporaryDirectory(prefix="planner-bench-") as name:
        engine = Engine(python, Path(name))
        model = build_model(engine, "111m")
        with vllm(engine, model, FLAGS) as server:
            seen = interleaved(Bed(engine, server, Path(name)))
            return [*lines, *text(server, seen)]


def interleaved(bed: Bed) -> dict[tuple[int, str], list[Seen]]:
    """Every load by every client in each round, in an order of its own."""
    turns = [(level, client) for level in LEVELS for client in CLIENTS]
    found: dict[tuple[int, str], list[Seen]] = {turn: [] for turn in turns}
    draw = random.Random(1)
    for _ in range(ROUNDS):
        draw.shuffle(turns)
        for level, client in turns:
            found[level, client].append(CLIENTS[client](bed, level))
    return found


def ours(bed: Bed, level: int) -> Seen:
    """`planner probe` with one level, once."""
    out = bed.folder / "ours.json"
    flags = {"model": bed.server.model, "gpu": "cpu", "levels": level, "most": level, "repeats": 1, "out": out}
    flags |= {"input-tokens": INPUT, "output-tokens": OUTPUT, "requests-per-slot": PER_SLOT, "least-requests": LEAST}
    program = Path(sys.executable).with_name("planner")
    cost = measured([program, "probe", bed.server.url, *words(flags), "--yes", "--force"], os.environ, out)
    (run,) = read_measurement(out.read_bytes(), out.name).runs
    if not (run.ttft_ms and run.tpot_ms and run.reconciled):
        raise RuntimeError(f"the probe's run cannot be compared: {run}")
    return Seen(run.output_tokens_per_s, run.ttft_ms.p50 or 0, run.tpot_ms.p50 or 0, *cost)


def theirs(bed: Bed, level: int) -> Seen:
    """`vllm bench serve` with the same requests, warm-up wave and lengths, and prompts of a new seed."""
    out = bed.folder / "theirs.json"
    flags = {
        "backend": "openai",
        "endpoint": "/v1/completions",
        "base-url": bed.server.url,
        "model": bed.server.model,
        "tokenizer": bed.server.folder,
        "dataset-name": "random",
        "random-input-len": INPUT,
        "random-output-len": OUTPUT,
        "num-prompts": max(PER_SLOT * level, LEAST),
        "num-warmups": level,
        "max-concurrency": level,
        "temperature": 0,
        "seed": random.SystemRandom().randrange(2**31),
        "percentile-metrics": "ttft,tpot",
        "result-dir": out.parent,
        "result-filename": out.name,
    }
    command = bed.engine.command("bench", "serve", *words(flags), "--ignore-eos", "--save-result")
    cost = measured(command, bed.engine.environment(), out)
    found = json.loads(out.read_text(encoding="utf-8"))
    if found["failed"] or found["total_output_tokens"] != found["completed"] * OUTPUT:
        raise RuntimeError(f"the run of vllm bench serve cannot be compared: {found}")
    return Seen(found["output_throughput"], found["median_ttft_ms"], found["median_tpot_ms"], *cost)


CLIENTS: dict[str, Callable[[Bed, int], Seen]] = {"planner probe": ours, "vllm bench serve": theirs}


def words(flags: Mapping[str, object]) -> list[str]:
    return [str(word) for flag, value in flags.items() for word in (f"--{flag}", value)]


def measured(command: Sequence[object], environment: Mapping[str, str], out: Path) -> tuple[float, float, float]:
    """Seconds and processor seconds of a process with all its children, and its peak MiB; it must write `out`."""
    out.unlink(missing_ok=True)
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*map(str, command)], stdout=said, stderr=said, env=dict(environment))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - began
        said.seek(0)
        if not out.exists():
            raise RuntimeError(f"{command!r} wrote no result:\n{said.read().decode(errors='replace')[-3000:]}")
    return wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def text(server: Vllm, seen: Mapping[tuple[int, str], Sequence[Seen]]) -> list[str]:
    """The table, medians of the rounds."""
    lines = [
        "vLLM on this machine's processor, a random Llama of 111 million parameters,",
        f"{INPUT} tokens in and {OUTPUT} out, {PER_SLOT} requests a slot ({LEAST} at least) after a warm-up wave;",
        f"medians of {ROUNDS} rounds in shuffled order.",
        f"Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        f"The server was up after {server.starts_s:.0f} s and holds {server.memory_mib():,.0f} MiB.",
        "Wall and processor seconds are of the whole client, from its start to its end.",
        "",
        "| in flight | client | output tokens/s | TTFT p50, ms | TPOT p50, ms | wall, s | processor, s | peak, MiB |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (level, client), runs in seen.items():
        mid = Seen(*(median(values) for values in zip(*runs, strict=True)))
        lines.append(
            f"| {level} | {client} | {mid.output_tokens_per_s:,.0f} | {mid.ttft_ms:,.0f} | {mid.tpot_ms:,.1f} "
            f"| {mid.wall_s:,.1f} | {mid.cpu_s:,.1f} | {mid.peak_mib:,.0f} |"
        )
    return [*lines, "", spread(seen)]


def spread(seen: Mapping[tuple[int, str], Sequence[Seen]]) -> str:
    """How far the rounds lie apart, beside how far the clients do."""
    rates = {turn: [one.output_tokens_per_s for one in runs] for turn, runs in seen.items()}
    between = {turn: max(of) / min(of) - 1 for turn, of in rates.items()}
    one, other = CLIENTS
    apart = ", ".join(
        f"{median(rates[level, one]) / median(rates[level, other]) - 1:+.0%} at {level}" for level in LEVELS
    )
    return (
        f"The probe's rate against the other's: {apart}; rounds of one client and load lie up to "
        f"{max(between.values()):.0%} apart."
    )


if __name__ == "__main__":
    print("\n".join(report()))

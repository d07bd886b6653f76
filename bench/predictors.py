"""This predictor beside the aiconfigurator package: seconds per estimate, and error on measured rows both can answer.

aiconfigurator 0.12.0 (Apache-2.0) is never a dependency: it is installed into an environment of its own under
`var/bench/`, from `bench/aiconfigurator.lock`. Its own configuration names and quantisation modes are set as its
documentation names them; ours are the predictions of the folds that had not seen the row.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.calibration import factor_errors
from planner.capacity.throughput.cases import case_of, deployments_of, load_of
from planner.capacity.throughput.constants import specs
from planner.capacity.throughput.predict import predict
from planner.catalog.catalog import load
from planner.catalog.rows import MeasuredRow
from planner.catalog.tables import Tables
from scripts.throughput_fit.rows import asked_of, impossible_runs, run_of, usable_rows
from scripts.throughput_fit.solver import fit, prior_of, row_weights
from scripts.throughput_fit.validate import group_folds, out_of_sample

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "bench" / "aiconfigurator.lock"
HOME = ROOT / "var" / "bench" / "aiconfigurator"
EVERY = 12
ROUNDS = 3
GRID = 1000
WORKERS = 2
MODELS = {
    "llama-3.1-70b": "meta-llama/Meta-Llama-3.1-70B",
    "llama-3.1-8b": "meta-llama/Meta-Llama-3.1-8B",
    "gpt-oss-120b": "openai/gpt-oss-120b",
    "qwen3-8b": "Qwen/Qwen3-8B",
    "qwen3-32b": "Qwen/Qwen3-32B",
    "qwen3-235b-a22b": "Qwen/Qwen3-235B-A22B",
    "minimax-m2.5": "MiniMaxAI/MiniMax-M2.5",
    "deepseek-r1": "deepseek-ai/DeepSeek-R1",
}
SYSTEMS = {"h100-sxm": "h100_sxm", "h200": "h200_sxm", "b200": "b200_sxm"}
MODES = {"bf16": None, "fp8": "fp8", "nvfp4": "nvfp4", "mxfp4": None}
"""None: as its configuration of the model has it."""
EXPERTS = {"qwen3-235b-a22b", "minimax-m2.5", "deepseek-r1", "gpt-oss-120b"}


class Estimated(NamedTuple):
    """A row with the other package's output tokens/s and its seconds."""

    row: MeasuredRow
    output_tokens_per_s: float
    seconds: float


def cases(tables: Tables) -> list[MeasuredRow]:
    """Closed-loop rows of deployments that both can name, every twelfth of them."""
    named = [
        row
        for row in tables.measured
        if row.fit_ok and row.mode == "closed" and row.concurrency and row.tp and (row.dp or 1) == 1
        if row.model_id in MODELS and row.gpu_id in SYSTEMS and row.format_id in MODES
    ]
    return named[::EVERY]


def question(row: MeasuredRow) -> dict[str, Any]:
    """The row as arguments of its `cli_estimate`."""
    mode = MODES[row.format_id]
    asked: dict[str, Any] = {
        "model_path": MODELS[row.model_id],
        "system_name": SYSTEMS[row.gpu_id],
        "backend_name": row.engine,
        "isl": round(row.input_tokens),
        "osl": max(round(row.output_tokens), 2),
        "batch_size": round(row.concurrency or 1),
        "tp_size": row.tp,
    }
    if mode:
        asked |= {"gemm_quant_mode": mode}
        asked |= {"kvcache_quant_mode": "fp8"} if row.engine == "trtllm" else {}
    if row.model_id in EXPERTS:
        asked |= {"moe_tp_size": row.tp, "moe_ep_size": 1} | ({"moe_quant_mode": mode} if mode else {})
    return asked


def installed() -> Path:
    """Its Python, set up on first use."""
    python = HOME / "bin" / "python"
    stamp = HOME / ".installed"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        quiet = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([python, "-m", "pip", "install", *quiet, "-r", LOCK], check=True)
        stamp.touch()
    return python


def estimates(rows: Sequence[MeasuredRow]) -> Iterator[Estimated]:
    """What it answers, one row after the other in one process; rows it has no answer for are left out."""
    questions = [question(row) for row in rows]
    script = Path(__file__).with_name("aiconfigurator_estimates.py")
    lines = "\n".join(json.dumps(asked) for asked in questions)
    run = subprocess.run([installed(), "-P", script], input=lines, capture_output=True, text=True, check=True)
    for row, asked, line in zip(rows, questions, run.stdout.splitlines(), strict=True):
        found = json.loads(line)
        if "error" not in found:
            request_ms = found["ttft_ms"] + found["tpot_ms"] * (asked["osl"] - 1)
            yield Estimated(row, asked["batch_size"] * asked["osl"] / request_ms * 1000, found["s"])


def held_out(tables: Tables) -> dict[str, float]:
    """Output tokens/s of each usable row, predicted by a fit that had not seen its configuration."""
    every = usable_rows(tables)
    impossible = impossible_runs(every)
    rows = every.where(np.array([run_of(row) not in impossible for row in every.rows]))
    prior = prior_of(specs(rows.deployments))
    start = fit(rows, prior, row_weights(rows))
    found = out_of_sample(rows, prior, start, group_folds(rows), WORKERS)
    return dict(zip((row.row_id for row in rows.rows), found.tolist(), strict=True))


def other_shapes(tables: Tables, ours: dict[str, float]) -> str:
    """The line on models put right by three loads of another shape."""
    error = factor_errors(tables, np.array([ours.get(row.row_id, np.nan) for row in tables.measured]))
    return (
        f"Times one factor from three loads of one shape (CAP-13), on the other shapes of {len(error):,} cases: "
        f"{np.median(error):.1%} in the median, {np.quantile(error, 0.9):.1%} at the ninth decile."
    )


def our_seconds(tables: Tables, rows: Sequence[MeasuredRow]) -> float:
    """Seconds per estimate when every row is asked one by one, from catalog rows to tokens/s; best of three rounds."""
    asked = [asked_of(row, tables) for row in rows]
    constants = tables.predictor.constants
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for one in asked:
            case = [case_of(one)]
            predict(deployments_of(case), load_of(case), constants)
        rounds.append((time.perf_counter() - started) / len(rows))
    return min(rounds)


def our_seconds_at_once(tables: Tables, rows: Sequence[MeasuredRow]) -> float:
    """Seconds per estimate of one vectorised call for a thousand times the rows."""
    named = [case_of(asked_of(row, tables)) for row in rows]
    deployments, asked = deployments_of(named), load_of(named)
    grid = asked._replace(concurrency=np.linspace(1, 512, GRID)[:, None])
    started = time.perf_counter()
    predict(deployments, grid, tables.predictor.constants)
    return (time.perf_counter() - started) / (GRID * len(rows))


def report() -> list[str]:
    tables = load().tables
    asked = cases(tables)
    theirs = list(estimates(asked))
    ours = held_out(tables)
    both = [found for found in theirs if found.row.row_id in ours]
    measured = np.array([found.row.output_tokens_per_s for found in both])
    errors = {
        "aiconfigurator 0.12.0": np.abs(np.array([found.output_tokens_per_s for found in both]) / measured - 1),
        "this predictor, configuration not seen": np.abs(np.array([ours[f.row.row_id] for f in both]) / measured - 1),
    }
    theirs_s = float(np.median([found.seconds for found in theirs]))
    alone, at_once = our_seconds(tables, asked), our_seconds_at_once(tables, asked)
    return [
        "## Throughput predictors",
        "",
        f"{len(asked)} closed-loop rows of `data/measured.csv`, every {EVERY}th that both can name; aiconfigurator had",
        f"an answer for {len(theirs)}; {len(both)} are compared. Its quantisation modes are our reading of its names.",
        "",
        "| predictor | rows | median error | P90 error | ms per estimate | times faster |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {name} | {len(error)} | {np.median(error):.1%} | {np.quantile(error, 0.9):.1%} | "
            f"{seconds * 1000:,.3g} | {theirs_s / seconds:,.0f} |"
            for (name, error), seconds in zip(errors.items(), (theirs_s, alone), strict=True)
        ),
        f"| this predictor, {GRID:,} loads at once | | | | {at_once * 1000:.3g} | {theirs_s / at_once:,.0f} |",
        "",
        other_shapes(tables, ours),
    ]


if __name__ == "__main__":
    print("\n".join(report()))

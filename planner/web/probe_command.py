"""The command that makes the same probe beside the server: every figure written out, ready to be copied."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator

from planner.catalog.tables import Tables
from planner.domain.measurement import Declared
from planner.domain.probe_task import ProbeTask
from planner.web.probe_declared import CPU

ADDRESS, NAME = "http://127.0.0.1:8000", "NAME"
"""What people put their own in place of."""
OUT = "measurement.json"


def command(task: ProbeTask, declared: Declared, tables: Tables) -> str:
    """A shell command over several lines."""
    parts = [f"planner probe {ADDRESS} --model {NAME}", *_server(declared, tables), *_sent(task), *_limits(task)]
    return " \\\n  ".join([*parts, f"--out {OUT}"])


def _server(declared: Declared, tables: Tables) -> Iterator[str]:
    if declared.gpu_id:
        row = tables.gpu_by_id.get(declared.gpu_id)
        name = row.name if row else declared.gpu_id
        yield f"--gpu {shlex.quote(CPU if declared.gpu_id == CPU else f'{name} x{declared.gpus}')}"
    known = (("--catalog-model", declared.model_id), ("--format", declared.format_id))
    said = [f"{flag} {shlex.quote(value)}" for flag, value in known if value]
    if said:
        yield " ".join(said)
    if declared.usd_per_gpu_hour is not None:
        yield f"--usd-per-gpu-hour {declared.usd_per_gpu_hour:g}"


def _sent(task: ProbeTask) -> Iterator[str]:
    yield f"--input-tokens {task.input_tokens} --output-tokens {task.output_tokens}"
    levels = ",".join(map(str, task.levels))
    yield f"--levels {levels} --most {task.most_in_flight} --repeats {task.repeats}"
    targets = (("--ttft-ms", task.ttft_p95_ms), ("--tpot-ms", task.tpot_p95_ms))
    held = [f"{flag} {value:g}" for flag, value in targets if value is not None]
    if held:
        yield " ".join(held)


def _limits(task: ProbeTask) -> Iterator[str]:
    budget = task.budget
    yield f"--max-requests {budget.requests} --max-tokens {budget.tokens} --max-seconds {math.ceil(budget.seconds)}"

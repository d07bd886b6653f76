"""One line of a file of cases: what it asks for, what had to be read into it, or why nothing can be predicted."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from planner.capacity.engine_support import joins, not_served
from planner.capacity.throughput.cases import Asked, Case, case_of
from planner.catalog.case_names import Names, UnknownName, find_engine, find_format, find_gpu, find_model
from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.domain.base import as_of_date
from planner.domain.serving import EngineName

T = TypeVar("T")

INFERENCEX = "inferencex"
MEAN_OF_NOMINAL = 0.9
"""InferenceX draws lengths between 80 and 100 % of the nominal ones."""
_NOMINAL_STEP = 1024
_BEYOND = 1.25
"""Synthetic runs go a little beyond a model's context; further than this is refused."""
_CLOSED = "closed"
_OFFLINE = ("offline", "")
_MOST = 1e9


class Read(NamedTuple):
    """A line that can be predicted; `doubts` make it low confidence, `notes` do not."""

    case: Case
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    measured_tokens_per_s: float | None
    """Output tokens/s, if the line states what was measured."""


class Refused(ValueError):
    """Nothing can be predicted; the message has every reason."""


class _Line:
    """The cells of one line, with what was found wrong and remarkable so far."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = {name: (text or "").strip() for name, text in cells.items()}
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.doubts: list[str] = []

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def number(self, name: str, *, needed: bool = False) -> float | None:
        """A positive number; None where the cell is empty. Anything else is a problem."""
        text = self.text(name)
        if not text:
            if needed:
                self.problems.append(f"{name} is missing: give a positive number")
            return None
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            value = math.nan
        if not 0 < value <= _MOST:
            self.problems.append(f"{name} {text[:20]!r} is not a positive number")
            return None
        return value

    def whole(self, name: str) -> int | None:
        """A positive whole number."""
        value = self.number(name)
        if value is not None and value != int(value):
            self.problems.append(f"{name} {value:g} is not a whole number")
            return None
        return None if value is None else int(value)


class _Named(NamedTuple):
    model: ModelRow
    number_format: FormatRow
    gpu: GpuRow
    engine: EngineName


def read_line(cells: Mapping[str, str], names: Names) -> Read:
    """One line, with the column names of the published measurements; raises Refused."""
    line = _Line(cells)
    named = _named(line, names)
    inputs, outputs = _lengths(line)
    gpus, tp, dp = _parallelism(line)
    concurrency = _concurrency(line)
    prompts, measured = line.number("num_prompts"), _measured(line)
    if named and tp:
        _check_heads(line, named.model, tp)
    if named and inputs and outputs:
        _check_context(line, named.model, inputs + outputs)
    if named:
        _check_format(line, named, tp)
    if line.problems or named is None or inputs is None or outputs is None:
        raise Refused("; ".join(dict.fromkeys(line.problems)))
    asked = Asked(
        model=named.model,
        number_format=named.number_format,
        gpu=named.gpu,
        engine=named.engine,
        engine_version=line.text("engine_version"),
        as_of=_day(line),
        gpus=gpus,
        tp=tp,
        dp=dp,
        input_tokens=inputs,
        output_tokens=outputs,
        concurrency=concurrency,
        num_prompts=prompts,
        benchmark=line.text("source"),
        note=line.text("notes"),
    )
    case = case_of(asked)
    if case.deployment.tp > 1 and not joins(named.gpu):
        raise Refused(f"{named.model.name} in {named.number_format.name} does not fit on one {named.gpu.name}: "
                      "use a smaller format or model")  # fmt: skip
    if tp is None and gpus > 1:
        line.notes.append(f"tp not stated: taken as {case.deployment.tp}, {case.deployment.dp} copies")
    if case.deployment.attention_data_parallel:
        line.notes.append("attention data parallelism, as the notes say")
    if case.deployment.tuned:
        line.notes.append("MLPerf submission: tuned for this load")
    return Read(case, tuple(line.notes), tuple(line.doubts), measured)


def _named(line: _Line, names: Names) -> _Named | None:
    """The catalog's rows for the names on the line; every unknown name is a problem of its own."""
    gpu = _try(line, lambda: find_gpu(names, _needed(line, "gpu")))
    model = _try(line, lambda: find_model(names, _needed(line, "model")))
    known = _try(line, lambda: find_format(names, _needed(line, "precision"), gpu)) if gpu else None
    engine = _try(line, lambda: _engine(line))
    if model is None or known is None or gpu is None or engine is None:
        return None
    return _Named(model, known, gpu, engine)


def _needed(line: _Line, name: str) -> str:
    if not line.text(name):
        raise UnknownName(f"{name} is missing")
    return line.text(name)


def _engine(line: _Line) -> EngineName:
    if not line.text("engine"):
        line.doubts.append("engine not stated: taken as vLLM")
        return "vllm"
    return find_engine(line.text("engine"))


def _try(line: _Line, find: Callable[[], T]) -> T | None:
    """What is found, or None and one more problem."""
    try:
        return find()
    except UnknownName as error:
        line.problems.append(str(error).rstrip("."))
        return None


def _lengths(line: _Line) -> tuple[float | None, float | None]:
    """Mean prompt and output tokens; nominal lengths of InferenceX are taken to their mean."""
    inputs, outputs = line.number("isl", needed=True), line.number("osl", needed=True)
    if inputs is None or outputs is None or not line.text("source").lower().startswith(INFERENCEX):
        return inputs, outputs
    nominal = re.search(r"nominal (\d+)/(\d+)", line.text("notes"))
    stated = (float(nominal[1]), float(nominal[2])) if nominal else None
    if (inputs, outputs) == stated or (stated is None and not inputs % _NOMINAL_STEP and not outputs % _NOMINAL_STEP):
        line.notes.append(f"nominal lengths of InferenceX x {MEAN_OF_NOMINAL}: its real means")
        return inputs * MEAN_OF_NOMINAL, outputs * MEAN_OF_NOMINAL
    return inputs, outputs


def _parallelism(line: _Line) -> tuple[int, int | None, int | None]:
    """GPUs in all, tensor parallelism and copies, as far as they are stated and agree."""
    gpus, tp, dp = line.whole("n_gpu"), line.whole("tp"), line.whole("dp")
    total = gpus or (tp or 1) * (dp or 1)
    if tp and tp > total:
        line.doubts.append(f"tp {tp} is more than the {total} GPUs: taken as {total}")
        tp = total
    if tp and total % tp:
        line.doubts.append(f"{total} GPUs are no multiple of tp {tp}: {total // tp} copies")
    return total, tp, dp


def _concurrency(line: _Line) -> float | None:
    """Requests in flight; None when saturated."""
    stated, mode = line.number("concurrency"), line.text("mode").lower()
    if mode == _CLOSED or (mode not in _OFFLINE and not mode.startswith("open") and stated):
        if stated is None and "concurrency" not in " ".join(line.problems):
            line.doubts.append("concurrency not stated: taken as saturated")
        return stated
    if mode.startswith("open"):
        line.doubts.append("open loop: what the deployment can serve, not the rate that was sent")
    elif mode not in _OFFLINE:
        line.doubts.append(f"mode {mode[:20]!r} is not known: taken as saturated")
    return stated if not mode and stated else None


def _measured(line: _Line) -> float | None:
    """Output tokens/s as measured; of total tokens/s the share of the output."""
    stated, total = line.number("out_tok_s"), line.number("total_tok_s")
    inputs, outputs = line.number("isl"), line.number("osl")
    if stated is None and total and inputs and outputs:
        line.notes.append("measured as total tokens: the output's share of them is compared")
        return total * outputs / (inputs + outputs)
    return stated


def _check_heads(line: _Line, model: ModelRow, tp: int) -> None:
    if model.attention_heads % tp:
        fit = [n for n in (1, 2, 4, 8, 16, 32, 64) if model.attention_heads % n == 0]
        ways = ", ".join(map(str, fit))
        line.problems.append(f"tp {tp} does not divide the {model.attention_heads} heads of {model.name}: use {ways}")


def _check_context(line: _Line, model: ModelRow, tokens: float) -> None:
    limit = model.max_context_tokens
    if tokens > _BEYOND * limit:
        line.problems.append(f"{tokens:,.0f} tokens are beyond the {limit:,} of {model.name}: shorten the request")
    elif tokens > limit:
        line.doubts.append(f"{tokens:,.0f} tokens are beyond the {limit:,} of {model.name}")


def _check_format(line: _Line, named: _Named, tp: int | None) -> None:
    """Formats that nothing runs on the GPU, engines that do not run or read, and Macs in groups."""
    known, gpu = named.number_format, named.gpu
    refused = not_served(named.engine, known, gpu, tp or 1)
    if refused:
        line.problems.append(f"{refused.why}: {refused.remedy[:1].lower()}{refused.remedy[1:].rstrip('.')}")
    if gpu.architecture not in known.architectures and known.compute_rate != "bf16":
        runs = ", ".join(sorted(known.architectures))
        line.problems.append(f"no engine is known to run {known.name} on {gpu.name}: it runs on {runs}")
    elif gpu.architecture not in known.architectures:
        line.doubts.append(f"{gpu.name} does not run {known.name}: taken as FP16")


def _day(line: _Line) -> dt.date | None:
    try:
        return as_of_date(line.text("date")[:10]) if line.text("date") else None
    except ValueError:
        line.notes.append(f"date {line.text('date')[:20]!r} is not read")
        return None

"""Which tool wrote a result, and the measurement in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from planner.domain.measurement import Declared, Measurement
from planner.probe.errors import ProbeError
from planner.probe.imports import aiperf, guidellm, guidellm_csv, llmperf, vllm_bench
from planner.probe.imports.fields import OUTPUT_FILES, Part, documents, one_line, text_of
from planner.probe.imports.merge import merged
from planner.probe.imports.told import Source, Told, measurement_of

TOOLS = {
    "vllm bench serve": vllm_bench.recognised,
    "GuideLLM": guidellm.recognised,
    "LLMPerf": llmperf.recognised,
    "AIPerf": aiperf.recognised,
}
NEARLY = (
    ("conclusions", "GuideLLM's conclusions alone", "Give the whole report, with its benchmarks."),
    ("benchmarks", "a report of GuideLLM without a benchmark", "Run it again, to its end."),
    ("measurement_id", "a measurement of this program", "Read it with `planner probe show`."),
    ("experiments", "genai-perf's record of single requests", "Give profile_export_genai_perf.json."),
    ("inter_token_latency_s", "LLMPerf's single requests", "Give the *_summary.json beside it."),
    ("x_request_id", "AIPerf's single requests", "Give profile_export_aiperf.json."),
    (
        "metadata",
        "AIPerf's single requests or an aggregate of several runs",
        "Give each run's profile_export_aiperf.json.",
    ),
    ("warmup_metrics", "AIPerf's result without its measured phase", "Give profile_export_aiperf.json."),
)
"""Files that lie beside a result, by a key of theirs."""
MAX_PROBLEMS = 12


def read_result(data: bytes, name: str, declared: Declared | None = None) -> tuple[Measurement, ...]:
    """Measurements in the result of a benchmark tool: one for every model that it holds, as a rule one.

    Raises ProbeError when the file is no such result, holds nothing that was measured, or lacks what is needed; all
    problems are told at once. A run whose figures cannot be used is kept, marked unusable.
    """
    name = one_line(name) or "the file"
    try:
        return _read(data, name, declared)
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise ProbeError(f"{name} holds figures out of all bounds: {', '.join(fields)[:200]}.", OUTPUT_FILES) from None
    except OverflowError:
        raise ProbeError(f"{name} holds figures out of all bounds.", OUTPUT_FILES) from None


def _read(data: bytes, name: str, declared: Declared | None) -> tuple[Measurement, ...]:
    text = text_of(data, name)
    if guidellm_csv.recognised(text):
        rows = guidellm_csv.rows_of(text, name)
        problems: list[str] = []
        told = guidellm_csv.told_of(rows, problems)
        _refuse(problems, name, "GuideLLM")
        return (measurement_of(told, guidellm_csv.source_of(rows), declared, data),)
    found = documents(data, name)
    tool = _tool(found, name)
    results = [_result(tool, document, index, len(found)) for index, document in enumerate(found)]
    _refuse([problem for problems, _, _ in results for problem in problems], name, tool)
    parts = [
        measurement_of(told, source, declared, data + (str(index).encode() if len(found) > 1 else b""))
        for index, (_, told, source) in enumerate(results)
    ]
    models = dict.fromkeys(part.server.served_model for part in parts)
    return tuple(merged([part for part in parts if part.server.served_model == model]) for model in models)


def _tool(found: Sequence[dict[str, Any]], name: str) -> str:
    """The one tool that wrote all of them. Raises ProbeError where that cannot be told."""
    tools = {tool for document in found for tool, recognised in TOOLS.items() if recognised(document)}
    known = all(any(recognised(document) for recognised in TOOLS.values()) for document in found)
    if len(tools) == 1 and known:
        return tools.pop()
    if len(tools) > 1:
        raise ProbeError(f"{name} holds results of {' and '.join(sorted(tools))}.", "Give one file for each tool.")
    for key, what, remedy in NEARLY:
        if key in found[0]:
            raise ProbeError(f"{name} is {what}.", remedy)
    raise ProbeError(f"{name} is no result of a benchmark tool that is known here.", OUTPUT_FILES)


def _result(tool: str, document: dict[str, Any], index: int, of: int) -> tuple[list[str], list[Told], Source]:
    part = Part(document, f"result {index + 1}: " if of > 1 else "")
    if tool == "GuideLLM":
        told = guidellm.told_of(part)
        return part.problems + _partial(told), told, guidellm.source_of(part)
    module = {"vllm bench serve": vllm_bench, "LLMPerf": llmperf, "AIPerf": aiperf}[tool]
    told = [module.told_of(part)]
    return part.problems + _partial(told), told, module.source_of(part)


def _partial(told: Sequence[Told]) -> list[str]:
    loads = [one.requests_in_flight for one in told if one.kind == "closed"]
    return [f"{load:g} requests in flight are none that can be held" for load in loads if load < 1]


def _refuse(problems: Sequence[str], name: str, tool: str) -> None:
    if not problems:
        return
    told = list(dict.fromkeys(problems))
    more = f"; and {len(told) - MAX_PROBLEMS} more" if len(told) > MAX_PROBLEMS else ""
    raise ProbeError(
        f"{name} cannot be used as a result of {tool}: {'; '.join(told[:MAX_PROBLEMS])}{more}.", OUTPUT_FILES
    )

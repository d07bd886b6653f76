"""What of the workload was measured: it stands beside prices and throughputs among the figures of an answer."""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.evidence import Evidence
from planner.domain.scenario import Scenario
from planner.domain.usage import Assumed, UsageReference
from planner.domain.workload import Workload
from planner.format import count, short
from planner.workload.as_measured import measured_from
from planner.workload.demand import demand
from planner.workload.usage_scenario import dates_of

WORDS: dict[Assumed, str] = {
    "requests": "the number of requests was given",
    "lengths": "tokens per request were typed in",
    "cached": "the cached share of prompts is not in the log",
    "written": "writes to a cache are not in the log",
    "reasoning": "the reasoning share is not in the log",
    "peak": "the peak is not in the log",
}


def workload_evidence(scenario: Scenario) -> Iterator[Evidence]:
    """Volume and busiest hour of a workload as a usage log gave it; nothing for one that was typed in or edited."""
    workload = scenario.workload
    if (usage := measured_from(workload)) is None:
        return
    requests = demand(workload).requests_per_day
    yield _evidence(workload, "Workload", short(requests, 6), "requests/day", usage, rests_on="requests")
    yield _evidence(
        workload, "Busiest hour / mean hour", short(workload.peak_ratio, 4), "ratio", usage, rests_on="peak"
    )


def _evidence(
    workload: Workload, label: str, value: str, unit: str, usage: UsageReference, *, rests_on: Assumed
) -> Evidence:
    assumed = rests_on in usage.assumed
    return Evidence(
        label=label,
        value=value,
        unit=unit,
        origin="assumed" if assumed else "measured",
        source=f"usage log {usage.name or usage.profile_id}",
        as_of=usage.last_on,
        confidence="low" if assumed else "high",
        note=_note(workload, usage),
    )


def _note(workload: Workload, usage: UsageReference) -> str:
    requests = "requests not counted" if usage.requests is None else f"{count(usage.requests)} requests"
    dates = f", {dates_of(usage)}" if usage.first_on else ", undated"
    factor = workload.volume_multiplier
    asked = "" if factor == 1 else f" Times {short(factor)}, the what-if factor."
    missing = "; ".join(WORDS[part] for part in usage.assumed)
    return f"{requests}{dates}, imported {usage.imported_on}.{asked}" + (f" Assumed: {missing}." if missing else "")

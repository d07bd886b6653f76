"""The import that a workload rests on: it counts as measured until somebody changes a measured figure by hand."""

from __future__ import annotations

from planner.domain.scenario import Scenario
from planner.domain.workload import Workload

EDITED = "Changed by hand after it was measured: "
"""How the source of a workload begins that is measured no more."""
MEASURED = (
    "class_id",
    "requests_per_day",
    "fresh_input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "batch_fraction",
)
"""Fields of a class that a log says."""
LONGEST = 4000


def checked(before: Scenario, after: Scenario) -> Scenario:
    """`after`, without its import when an edit changed what was measured."""
    usage = after.workload.usage
    if usage is None or usage != before.workload.usage or _measured(before.workload) == _measured(after.workload):
        return after
    return after.model_copy(update={"workload": let_go(after.workload)})


def let_go(workload: Workload) -> Workload:
    """The same figures as typed in: the import is named as where they came from."""
    name = workload.usage.name if workload.usage is not None else ""
    source = f"{EDITED}{workload.source or name}"[:LONGEST]
    return workload.model_copy(update={"usage": None, "source": source})


def was_changed(workload: Workload) -> bool:
    """Whether it was measured before somebody changed it."""
    return workload.usage is None and workload.source.startswith(EDITED)


def _measured(workload: Workload) -> object:
    """What the log says of it; a peak that the log could not say is the person's own."""
    classes = tuple(tuple(getattr(task, name) for name in MEASURED) for task in workload.classes)
    typed_peak = workload.usage is not None and "peak" in workload.usage.assumed
    return classes, () if typed_peak else (workload.hourly_profile, workload.peak_to_mean)

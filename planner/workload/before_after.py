"""A scenario before and after a log replaced its workload, figure by figure."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import NamedTuple

from planner.domain.base import Origin
from planner.domain.scenario import Scenario
from planner.domain.usage import Assumed
from planner.domain.workload import Workload
from planner.workload.as_measured import measured_from
from planner.workload.demand import demand

Figure = float | str | None


class BeforeAfter(NamedTuple):
    """One figure; None where it has no meaning (a share of no tokens)."""

    figure: str
    unit: str
    before: Figure
    after: Figure
    origin: Origin
    """Of the figure after."""


def before_after(before: Scenario, after: Scenario, *, growth_taken: bool = False) -> tuple[BeforeAfter, ...]:
    """Volume, mix, lengths, peak, shape and growth. `after` is the scenario that `with_usage` made of `before`.

    `growth_taken`: growth is the log's, though it may be the same as before.
    """
    old, new = before.workload, after.workload
    rows = [BeforeAfter(f.figure, f.unit, f.of(old), f.of(new), _origin(new, f.rests_on)) for f in FIGURES]
    growth: Origin = "measured" if growth_taken or after.timeline.growth != before.timeline.growth else "assumed"
    return (*rows, BeforeAfter("Growth", "a month", _growth(before), _growth(after), growth))


def _origin(workload: Workload, rests_on: Set[Assumed]) -> Origin:
    """measured when the workload is, but for what the log does not say."""
    usage = measured_from(workload)
    return "assumed" if usage is None or rests_on & set(usage.assumed) else "measured"


def _hours(workload: Workload) -> str:
    hours = len(workload.hourly_profile)
    return f"{hours} hours" if hours else "generated from the peak"


def _growth(scenario: Scenario) -> Figure:
    growth = scenario.timeline.growth
    return growth.per_month if growth.shape in ("constant", "linear", "compound") else growth.shape


def _each(part: Callable[[Workload], float], whole: Callable[[Workload], float]) -> Callable[[Workload], Figure]:
    return lambda workload: part(workload) / whole(workload) if whole(workload) > 0 else None


def _requests(workload: Workload) -> float:
    return demand(workload).requests_per_day


def _input(workload: Workload) -> float:
    return demand(workload).input_tokens_per_day


def _output(workload: Workload) -> float:
    return demand(workload).output_tokens_per_day


def _cached(workload: Workload) -> float:
    return demand(workload).cached_input_tokens_per_day


def _written(workload: Workload) -> float:
    return sum(c.requests_per_day * c.cache_write_tokens for c in workload.classes) * workload.volume_multiplier


def _reasoning(workload: Workload) -> float:
    return sum(c.requests_per_day * c.reasoning_tokens for c in workload.classes) * workload.volume_multiplier


def _batch(workload: Workload) -> float:
    return sum(c.requests_per_day * c.batch_fraction for c in workload.classes) * workload.volume_multiplier


class Row(NamedTuple):
    """How one figure is computed, and what it is assumed with."""

    figure: str
    unit: str
    of: Callable[[Workload], Figure]
    rests_on: Set[Assumed] = frozenset()


FIGURES = (
    Row("Requests", "a day", _requests, {"requests"}),
    Row("Prompt tokens", "a day", _input, {"lengths"}),
    Row("Output tokens", "a day", _output, {"lengths"}),
    Row("Prompt per request", "tokens", _each(_input, _requests), {"requests", "lengths"}),
    Row("Output per request", "tokens", _each(_output, _requests), {"requests", "lengths"}),
    Row("Cached share of the prompt", "share", _each(_cached, _input), {"cached", "lengths"}),
    Row("Share of the prompt written to a cache", "share", _each(_written, _input), {"written", "lengths"}),
    Row("Reasoning share of the output", "share", _each(_reasoning, _output), {"reasoning", "lengths"}),
    Row("Requests that may wait", "share", _each(_batch, _requests)),
    Row("Classes", "", lambda workload: float(len(workload.classes))),
    Row("Busiest hour / mean hour", "ratio", lambda workload: workload.peak_ratio, {"peak"}),
    Row("Shape of the week", "", _hours, {"peak"}),
)

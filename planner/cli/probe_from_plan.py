"""What a plan says about a probe of one of its options: lengths, levels, target, GPUs, and how long requests take."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from planner.catalog.catalog import installed
from planner.cli.inputs import InputError, day_of, read
from planner.cli.probe_inputs import Problems
from planner.decision.probe_apply import NotApplied
from planner.decision.probe_plan import Forecast, ProbePlan, probe_plan
from planner.domain.document_problems import DocumentError
from planner.domain.measurement import Declared
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario

SHAPE = ("input_tokens", "output_tokens")


class FromPlan(NamedTuple):
    """Fields of the task and its budget, what the plan takes the server to be, and seconds of a request by load."""

    fields: dict[str, Any]
    budget: dict[str, Any]
    declared: Declared
    seconds_of: Callable[[int], float] | None

    def over(self, typed: dict[str, Any]) -> FromPlan:
        """With what was typed in its place; times that were expected hold for the plan's lengths alone."""
        same = all(typed.get(name, self.fields.get(name)) == self.fields.get(name) for name in SHAPE)
        return self._replace(fields=self.fields | typed, seconds_of=self.seconds_of if same else None)


NO_PLAN = FromPlan({}, {}, Declared(), None)


def from_plan(options: argparse.Namespace, problems: Problems) -> FromPlan:
    """The plan of --scenario and --option; nothing when there is none."""
    if options.scenario is None:
        if options.option is not None:
            problems.add("--option names an option of a plan: give the plan with --scenario FILE.")
        return NO_PLAN
    try:
        scenario = read(options.scenario)
        plan = probe_plan(scenario, installed(), day_of(options), option_of(scenario, options.option))
    except (InputError, DocumentError, NotApplied) as error:
        problems.add(f"--scenario: {error}")
        return NO_PLAN
    return FromPlan(
        fields={name: value for name, value in plan.task if name != "budget"},
        budget=dict(plan.task.budget),
        declared=_declared(plan),
        seconds_of=_seconds_of(plan.forecast),
    )


def option_of(scenario: Scenario, option_id: str | None) -> str:
    """The option that was named, or the only one that runs on GPUs of a fleet; InputError with those there are."""
    if option_id is not None:
        return option_id
    own = [option.option_id for option in scenario.options if isinstance(option, SelfHosted)]
    if len(own) == 1:
        return own[0]
    if own:
        raise InputError(f"--option is missing: {scenario.name} has {', '.join(own)}.")
    raise InputError(f"{scenario.name} has no option on GPUs of a fleet: there is nothing to measure. Add one.")


def _declared(plan: ProbePlan) -> Declared:
    price = None if plan.cost is None else plan.cost.usd_per_gpu_hour
    return plan.declared.model_copy(update={"usd_per_gpu_hour": price})


def _seconds_of(forecast: Sequence[Forecast]) -> Callable[[int], float] | None:
    """Expected seconds of a request between the loads of the plan; beyond the last, as many times longer as it is."""
    if not forecast:
        return None
    loads, seconds = ([float(one[n]) for one in forecast] for n in (0, 1))

    def seconds_of(level: int) -> float:
        return float(np.interp(level, loads, seconds)) * max(1.0, level / loads[-1])

    return seconds_of

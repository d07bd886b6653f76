"""PRB-5 and UNC-6 for one option of a scenario: what a probe of it would send, take and cost, and whether it is worth
that before deciding."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from planner.capacity.measurement.levels import Planned, planned, probe_levels
from planner.catalog.catalog import Catalog
from planner.decision.probe import usd_per_gpu_hour
from planner.decision.probe_apply import self_hosted
from planner.decision.probe_load import (
    LEAST_BUDGET_S,
    STAFF_HOURS,
    most_side_by_side,
    operating_point,
    reading_noise,
    replica_hours,
    request_shape,
    service_time,
    task_for,
    waiting_beyond,
)
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.decision.voi import probe_cost_usd
from planner.domain.facts import BlockedFacts, Facts, OwnedFacts, Reason, RentedFacts
from planner.domain.measurement import Declared
from planner.domain.options import SelfHosted
from planner.domain.probe_task import Budget, ProbeTask
from planner.domain.risk import Probe
from planner.domain.scenario import Scenario
from planner.domain.serving import KnownSource

BLIND_OPERATING = 16.0
BLIND_MOST = 256
"""Loads of a probe of an option that nothing is known of yet: 1 to twice the first, doubled up to the second."""


class Forecast(NamedTuple):
    """One load, as it is expected."""

    requests_in_flight: int
    request_s: float
    output_tokens_per_s: float


class Cost(NamedTuple):
    """What the probe costs: one replica while it is set up and probed, and an engineer."""

    replica_hours: float
    gpu_hours: float
    usd_per_gpu_hour: float
    gpu_usd: float
    staff_hours: float
    staff_usd: float
    usd: float


class ProbePlan(NamedTuple):
    """A probe before its start."""

    option_id: str
    label: str
    task: ProbeTask
    planned: Planned
    input_tokens: float
    """Mean prompt tokens that a request makes one replica compute; prompts are sent whole, so none is cached."""
    output_tokens: float
    operating: float | None
    """Requests in flight of one replica in the busiest hour; None when its throughput is not known."""
    source: KnownSource | None
    """Where the expected times come from."""
    forecast: tuple[Forecast, ...]
    cost: Cost | None
    noise_fraction: float
    """Expected error of the reading, standard deviation."""
    noise_why: str
    worth: Probe | None
    """EVSI against the cost; None with the reason in `explanation`."""
    explanation: str
    reasons: tuple[Reason, ...]
    """Why the option is blocked, when it is: a probe may be what it needs."""
    declared: Declared
    """What to declare so that the measurement fits the option."""
    notes: tuple[str, ...]


def probe_plan(
    scenario: Scenario, catalog: Catalog, on: dt.date, option_id: str, *, draws: int | None = None
) -> ProbePlan:
    """The plan with the prices of the day `on`. Raises NotApplied for an option without GPUs of its own."""
    self_hosted(scenario, option_id)
    return plan_at(scenario, resolve(scenario, catalog, on), option_id, draws=draws)


def plan_at(scenario: Scenario, facts: Facts, option_id: str, *, draws: int | None = None) -> ProbePlan:
    """The plan from pinned facts. Raises NotApplied for an option without GPUs of its own."""
    option = self_hosted(scenario, option_id)
    known = next(found for found in facts.options if found.option_id == option_id)
    if isinstance(known, RentedFacts | OwnedFacts):
        return _known(scenario, facts, option, known, draws)
    return _blind(scenario, option, known.reasons if isinstance(known, BlockedFacts) else ())


def _known(
    scenario: Scenario, facts: Facts, option: SelfHosted, known: RentedFacts | OwnedFacts, draws: int | None
) -> ProbePlan:
    """The plan of an option whose throughput is known from somewhere."""
    replica, price = known.replica, usd_per_gpu_hour(option, known, scenario)
    task, time = task_for(option, scenario, replica, price), service_time(option, scenario, replica)
    seconds_of = waiting_beyond(time, most_side_by_side(option, scenario, replica))
    shape, plan, noise = request_shape(option, scenario), planned(task, seconds_of), reading_noise(option, scenario)
    risk = assess(scenario, facts, draws=draws, probed_id=option.option_id)
    return ProbePlan(
        option_id=option.option_id,
        label=option.label,
        task=task,
        planned=plan,
        input_tokens=shape[0],
        output_tokens=shape[1],
        operating=operating_point(option, scenario, replica),
        source=replica.throughput_source,
        forecast=tuple(Forecast(n, seconds_of(n), n * shape[1] / seconds_of(n)) for n in plan.most.levels),
        cost=_cost(option, scenario, replica_hours(plan), price),
        noise_fraction=noise.fraction,
        noise_why=noise.why,
        worth=risk.probe,
        explanation=risk.probe_explanation or risk.explanation,
        reasons=(),
        declared=_declared(option),
        notes=tuple(_notes(scenario, option, time.a_s is None)),
    )


def _blind(scenario: Scenario, option: SelfHosted, reasons: tuple[Reason, ...]) -> ProbePlan:
    """Loads for an option that nothing is known of: it has no times, no cost and no value to compare."""
    shape, noise, levels = (
        request_shape(option, scenario),
        reading_noise(option, scenario),
        probe_levels(BLIND_OPERATING, BLIND_MOST),
    )
    task = ProbeTask(
        input_tokens=max(round(shape[0]), 1),
        output_tokens=max(round(shape[1]), 1),
        levels=levels,
        most_in_flight=BLIND_MOST,
        ttft_p95_ms=scenario.latency.ttft_slo_ms,
        tpot_p95_ms=scenario.latency.tpot_slo_ms,
        budget=Budget(seconds=LEAST_BUDGET_S * len(levels)),
    )
    return ProbePlan(
        option_id=option.option_id,
        label=option.label,
        task=task,
        planned=planned(task, None),
        input_tokens=shape[0],
        output_tokens=shape[1],
        operating=None,
        source=None,
        forecast=(),
        cost=None,
        noise_fraction=noise.fraction,
        noise_why=noise.why,
        worth=None,
        explanation=f"{option.label} is blocked, so what a measurement of it is worth cannot be computed.",
        reasons=reasons,
        declared=_declared(option),
        notes=tuple(_notes(scenario, option, False)),
    )


def _cost(option: SelfHosted, scenario: Scenario, hours: float, price: float) -> Cost:
    """UNC-6, its parts."""
    gpu_hours, rate = hours * option.gpus_per_replica, scenario.staff_usd_per_hour
    return Cost(
        replica_hours=hours,
        gpu_hours=gpu_hours,
        usd_per_gpu_hour=price,
        gpu_usd=gpu_hours * price,
        staff_hours=STAFF_HOURS,
        staff_usd=STAFF_HOURS * rate,
        usd=probe_cost_usd(gpu_hours, price, STAFF_HOURS, rate),
    )


def _declared(option: SelfHosted) -> Declared:
    return Declared(
        gpu_id=option.gpu_id,
        gpus=option.gpus_per_replica,
        model_id="" if option.model else option.model_id,
        format_id=option.format_id,
    )


def _notes(scenario: Scenario, option: SelfHosted, rough: bool) -> list[str]:
    """What a reader of the plan should know."""
    percentile = scenario.latency.slo_percentile
    found = []
    if percentile != 95:
        found.append(f"A probe reports P95; the scenario's target is at P{percentile:g}.")
    if rough:
        found.append("The time of one request alone is not known, so the times of small loads are on the long side.")
    if option.serving.max_num_seqs:
        found.append(f"The server takes {option.serving.max_num_seqs:,} requests side by side: start it like that.")
    if option.prefix_cache_hit_fraction and any(task.cached_input_tokens for task in scenario.workload.classes):
        found.append("Prompts are new each time: what hits the prefix cache in use is left out of their length.")
    return found

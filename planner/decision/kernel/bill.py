"""A bill by component, and the costs that do not follow volume."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import Protocol

import numpy as np

from planner.cost.people import one_off_usd, routine_usd_per_month, staff_usd_per_month, standing_usd_per_month
from planner.cost.tuning import (
    FLOPS_PER_PARAM_TOKEN,
    RECOMPUTATION_FLOPS_PER_PARAM_TOKEN,
    evaluation_usd,
    training_gpu_hours,
    tuning_usd_per_year,
)
from planner.decision.kernel.drivers import Paths
from planner.domain.operations import FineTuning, Operations
from planner.domain.scenario import Scenario
from planner.units import MONTHS_PER_YEAR, FloatArray

NOTHING: FloatArray = np.zeros(1)
COMPONENTS = ("tokens", "gpu", "energy", "facility", "people", "tuning", "other")


@dataclass(frozen=True)
class Bill:
    """What an option costs: one-offs, shape S, and every month by component, each S + (M or 1,)."""

    one_off_usd: FloatArray
    tokens: FloatArray = field(default_factory=lambda: NOTHING)
    """Per-token and per-unit charges of providers."""
    gpu: FloatArray = field(default_factory=lambda: NOTHING)
    """GPU rental, or the annuity of owned machines."""
    energy: FloatArray = field(default_factory=lambda: NOTHING)
    facility: FloatArray = field(default_factory=lambda: NOTHING)
    """Colocation, maintenance, licences, storage of weights."""
    people: FloatArray = field(default_factory=lambda: NOTHING)
    tuning: FloatArray = field(default_factory=lambda: NOTHING)
    other: FloatArray = field(default_factory=lambda: NOTHING)

    def monthly_usd(self) -> FloatArray:
        """All components, S + (M or 1,)."""
        parts = sorted((getattr(self, name) for name in COMPONENTS), key=lambda part: part.size)
        return reduce(np.add, parts)

    def npv_usd(self, paths: Paths) -> FloatArray:
        """TIME-4: today's value of everything, shape S."""
        return np.asarray(self.one_off_usd + paths.present_usd(self.monthly_usd()))


class OptionCost(Protocol):
    """One way to serve, as the kernel sees it."""

    def bill(self, paths: Paths) -> Bill:
        """Its costs along these paths."""
        ...


@dataclass(frozen=True)
class Fixed:
    """Costs of an option that do not move with volume, at month 1's prices."""

    one_off_usd: float
    fte_usd: float
    """A month; scaled by `staff_share`."""
    routine_usd: float
    """People for updates and evaluations, a month."""
    other_usd: float
    tuning_people_usd: float = 0.0
    tuning_gpu_usd: float = 0.0

    def people(self, paths: Paths) -> FloatArray:
        """OPS-2, OPS-3 a month along the wage path."""
        return np.asarray((self.fte_usd * paths.staff_share + self.routine_usd) * paths.wage)

    def tuning(self, paths: Paths) -> FloatArray:
        """FT-1 to FT-3 a month."""
        if not (self.tuning_people_usd or self.tuning_gpu_usd):
            return NOTHING
        return np.asarray(self.tuning_people_usd * paths.wage + self.tuning_gpu_usd * paths.gpu)

    def other(self) -> FloatArray:
        """OPS-4 a month."""
        return np.full(1, self.other_usd)


def fixed_costs(operations: Operations, scenario: Scenario, tuning: FineTuning | None = None) -> Fixed:
    """OPS-1 to OPS-4 and FT of one option."""
    wage = scenario.staff_usd_per_hour
    people, gpu = tuning_usd_per_month(tuning, wage) if tuning else (0.0, 0.0)
    return Fixed(
        one_off_usd=one_off_usd(operations, wage),
        fte_usd=staff_usd_per_month(operations, scenario.fte_usd_per_year),
        routine_usd=routine_usd_per_month(operations, wage),
        other_usd=standing_usd_per_month(operations),
        tuning_people_usd=people,
        tuning_gpu_usd=gpu,
    )


def tuning_usd_per_month(tuning: FineTuning, staff_usd_per_hour: float) -> tuple[float, float]:
    """FT-1 to FT-3 spread over the year: (people and judging, training GPUs)."""
    flops = FLOPS_PER_PARAM_TOKEN[tuning.method]
    hours = training_gpu_hours(
        tuning.active_params,
        tuning.training_tokens,
        tuning.epochs,
        tuning.experiments,
        flops_per_param_token=flops + (RECOMPUTATION_FLOPS_PER_PARAM_TOKEN if tuning.recompute_activations else 0),
        tflops=tuning.tflops_per_gpu,
        mfu_fraction=tuning.mfu_fraction,
        overhead=tuning.overhead_ratio,
    )
    judging = evaluation_usd(
        tuning.evaluation_mtok,
        tuning.evaluation_usd_per_mtok,
        tuning.evaluation_hours + tuning.data_hours,
        staff_usd_per_hour,
    )
    people = tuning_usd_per_year(0.0, 0.0, tuning.runs_per_year, judging)
    gpu = tuning_usd_per_year(hours, tuning.usd_per_gpu_hour, tuning.runs_per_year)
    return float(people) / MONTHS_PER_YEAR, float(gpu) / MONTHS_PER_YEAR

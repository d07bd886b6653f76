"""From the naive figure of an option to its bill, one thing switched on at a time, each by the kernel's own bill.

Amounts are USD a month, the plain average over the horizon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from planner.decision.kernel import (
    Bill,
    OptionCost,
    Paths,
    ProvisionedCost,
    Rental,
    SelfHostedCost,
    per_token_cost,
)
from planner.domain.facts import OptionFacts, PerTokenFacts
from planner.domain.options import ApiOption, HostedOption, Option, PerTokenOption
from planner.domain.scenario import Scenario
from planner.units import FloatArray

StepKey = Literal[
    "naive_fleet",
    "naive_servers",
    "naive_tokens",
    "naive_units",
    "tokens",
    "gpu",
    "headroom",
    "peak",
    "regions",
    "whole",
    "whole_units",
    "spares",
    "scaling",
    "term",
    "tokenizer",
    "cache",
    "batch",
    "long_context",
    "retries",
    "contract",
    "energy",
    "facility",
    "people",
    "tuning",
    "other",
    "one_off",
]
NAIVE: frozenset[StepKey] = frozenset({"naive_fleet", "naive_servers", "naive_tokens", "naive_units"})
COMPONENT_STEPS: tuple[StepKey, ...] = ("tokens", "gpu", "energy", "facility", "people", "tuning", "other")
"""Components of the bill that are steps of their own, in order."""
FEATURES: tuple[StepKey, ...] = ("tokenizer", "cache", "batch", "long_context", "retries", "contract")
"""What turns list prices into the bill of a per-token option, in the order in which it is switched on."""


class Step(NamedTuple):
    """One bar of the waterfall: what it adds to the ones before, negative when it saves."""

    key: StepKey
    usd_per_month: float


class Walk(NamedTuple):
    """Steps through some components of a bill, and the components that they cover."""

    steps: tuple[Step, ...]
    covered: frozenset[str]


def mean_usd(values: FloatArray, along: Paths) -> float:
    """Plain average of months S = () + (M or 1,)."""
    return float(np.mean(along.each_month(np.asarray(values))))


def walk(cost: OptionCost, option: Option, known: OptionFacts, scenario: Scenario, along: Paths) -> Walk:
    """Steps of what the option pays providers or for GPUs; none where there is no naive figure to start from."""
    if isinstance(cost, SelfHostedCost):
        return Walk(_capacity_steps(_fleet_stages(cost), cost.fixed.one_off_usd, along), frozenset({"gpu"}))
    if isinstance(cost, ProvisionedCost) and cost.overflow is None:
        return Walk(_rises([(k, mean_usd(c.bill(along).tokens, along)) for k, c in _unit_stages(cost)]), _TOKENS)
    if isinstance(option, ApiOption | HostedOption) and isinstance(known, PerTokenFacts):
        return Walk(_token_steps(option, known, scenario, along), _TOKENS)
    return Walk((), frozenset())


_TOKENS = frozenset({"tokens"})


def _rises(levels: Iterable[tuple[StepKey, float]]) -> tuple[Step, ...]:
    """What each level adds to the one before."""
    steps, before = [], 0.0
    for key, level in levels:
        steps.append(Step(key, level - before))
        before = level
    return tuple(steps)


# --- own fleets


def _fleet_stages(cost: SelfHostedCost) -> list[tuple[StepKey, SelfHostedCost]]:
    """The fleet from fractional replicas, always busy, to the one that is paid for."""
    plan, pay = cost.plan, cost.pay
    hourly = replace(pay, term_months=None, upfront_fraction=0.0) if isinstance(pay, Rental) else pay
    real = replace(plan, scaling="static")
    flat = replace(real, fluid=True, extra_replicas=0.0)
    one = replace(flat, regions=1, survive_region_loss=False)
    naive: StepKey = "naive_fleet" if isinstance(pay, Rental) else "naive_servers"
    plans = [
        (naive, replace(one, peak_need=plan.mean_load)),
        ("headroom", replace(one, peak_need=plan.mean_need)),
        ("peak", replace(one, peak_need=plan.peak_need)),
        ("regions", flat),
        ("whole", replace(real, spare_replicas=0)),
        ("spares", real),
        ("scaling", plan),
    ]
    return [*((key, replace(cost, plan=p, pay=hourly)) for key, p in plans), ("term", cost)]


def _capacity_steps(
    stages: Sequence[tuple[StepKey, SelfHostedCost]], fixed_one_off_usd: float, along: Paths
) -> tuple[Step, ...]:
    """GPU cost of each stage less that of the one before; what a term asks for up front is GPU cost too."""

    def usd(bill: Bill) -> float:
        upfront = float(bill.one_off_usd) - fixed_one_off_usd
        return mean_usd(bill.gpu, along) + upfront / along.months

    return _rises((key, usd(cost.bill(along))) for key, cost in stages)


# --- provisioned units


def _unit_stages(cost: ProvisionedCost) -> list[tuple[StepKey, ProvisionedCost]]:
    """Units of the mean demand, of its peak, as they are sold, and for whole terms."""
    monthly = replace(cost, option=cost.option.model_copy(update={"term_months": 1}))
    return [
        ("naive_units", replace(monthly, fluid=-1, peak_to_mean=1.0)),
        ("peak", replace(monthly, fluid=-1)),
        ("whole_units", monthly),
        ("term", cost),
    ]


# --- per token


def _token_steps(option: PerTokenOption, facts: PerTokenFacts, scenario: Scenario, along: Paths) -> tuple[Step, ...]:
    """Input and output at list price, then each feature switched on; storage of caches stays with the other costs."""

    def level(features: frozenset[StepKey]) -> float:
        cost = per_token_cost(*_with_only(features, option, facts, scenario))
        return mean_usd(cost.bill(along).tokens, along)

    stages: list[tuple[StepKey, float]] = [("naive_tokens", level(frozenset()))]
    stages += [(key, level(frozenset(FEATURES[: k + 1]))) for k, key in enumerate(FEATURES)]
    return _rises(stages)


def _with_only(
    features: frozenset[StepKey], option: PerTokenOption, facts: PerTokenFacts, scenario: Scenario
) -> tuple[PerTokenOption, PerTokenFacts, Scenario]:
    """The option as if only these features existed."""
    off: dict[StepKey, dict[str, object]] = {
        "tokenizer": {"input_token_ratio": 1.0, "output_token_ratio": 1.0},
        "cache": {"cache_ttl_s": None},
        "retries": {"success_fraction": 1.0},
        "contract": {"spend_tiers": (), "commitment_usd_per_month": 0.0, "commitment_discount_fraction": 0.0},
    }
    update = {name: value for key, plain in off.items() if key not in features for name, value in plain.items()}
    return (
        option.model_copy(update=update),
        facts if "long_context" in features else _without_long_tiers(facts),
        _plain_classes(scenario, cache="cache" in features, batch="batch" in features),
    )


def _without_long_tiers(facts: PerTokenFacts) -> PerTokenFacts:
    periods = tuple(
        period.model_copy(
            update={"prices": period.prices.model_copy(update={"long_tiers": (), "batch_long_tiers": ()})}
        )
        for period in facts.periods
    )
    return facts.model_copy(update={"periods": periods})


def _plain_classes(scenario: Scenario, *, cache: bool, batch: bool) -> Scenario:
    """The workload with every prompt token fresh, and no request waiting, as asked."""
    classes = tuple(
        task.model_copy(
            update=(
                {}
                if cache
                else {"fresh_input_tokens": task.prompt_tokens, "cached_input_tokens": 0.0, "cache_write_tokens": 0.0}
            )
            | ({} if batch else {"batch_fraction": 0.0})
        )
        for task in scenario.workload.classes
    )
    return scenario.model_copy(update={"workload": scenario.workload.model_copy(update={"classes": classes})})

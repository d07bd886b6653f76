"""DEC-1: hard constraints that a priced option can still fail. All of them, in one order."""

from __future__ import annotations

from collections.abc import Iterator

from planner.cost.billing import rate_limit_shares
from planner.domain.facts import CONSTRAINTS, Reason
from planner.domain.options import ApiOption, HostedOption, HybridOption, Option, SelfHosted, WorkstationOption
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.units import SECONDS_PER_DAY
from planner.workload.demand import class_arrays

SECONDS_PER_MINUTE = 60


def failed_constraints(option: Option, scenario: Scenario) -> tuple[Reason, ...]:
    """Every hard constraint that the option fails, in the order of DEC-1."""
    found = [*_privacy(option, scenario), *_licence(option), *_modality(option, scenario)]
    found += [*_rate(option, scenario), *_quality(option, scenario)]
    return tuple(sorted(found, key=lambda reason: CONSTRAINTS.index(reason.code)))


def _where(option: Option, field: str) -> str:
    return f"options[{option.option_id}].{field}"


def _names(classes: list[TaskClass]) -> str:
    return ", ".join(repr(task.class_id) for task in classes)


def _privacy(option: Option, scenario: Scenario) -> Iterator[Reason]:
    own = isinstance(option, SelfHosted | WorkstationOption)
    if isinstance(option, HybridOption):
        own = option.mode == "overflow"
    allowed = own if option.private_allowed is None else option.private_allowed
    private = [task for task in scenario.workload.classes if task.private]
    if private and not allowed:
        yield Reason(
            code="PRIVACY",
            message=f"Private requests ({_names(private)}) may not be sent to {option.label}.",
            field=_where(option, "private_allowed"),
            remedy="Keep them on own machines, or set private_allowed when your contract covers them.",
        )


def _licence(option: Option) -> Iterator[Reason]:
    if not option.licence_allows:
        yield Reason(
            code="LICENCE",
            message=f"The licence of {option.label} does not allow this use.",
            field=_where(option, "licence_allows"),
            remedy="Choose a model with another licence, or obtain one.",
        )


def _modality(option: Option, scenario: Scenario) -> Iterator[Reason]:
    missing = [task for task in scenario.workload.classes if task.modality not in option.modalities]
    if missing:
        needed = ", ".join(sorted({task.modality for task in missing}))
        yield Reason(
            code="MODALITY",
            message=f"{option.label} does not read {needed}, which {_names(missing)} needs.",
            field=_where(option, "modalities"),
            remedy="Choose a model that reads it, or take the class out.",
        )


def _rate(option: Option, scenario: Scenario) -> Iterator[Reason]:
    """API-7 at the busiest hour."""
    if not isinstance(option, ApiOption | HostedOption):
        return
    workload = scenario.workload
    arrays = class_arrays(workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    per_min = workload.volume_multiplier * workload.peak_ratio * SECONDS_PER_MINUTE / SECONDS_PER_DAY
    requests = float(arrays.requests_per_day.sum()) * per_min / option.success_fraction
    tokens = arrays.tokens_per_day * per_min / option.success_fraction
    shares = rate_limit_shares(requests, tokens, option.limit_requests_per_min, option.limit_tokens_per_min)
    for share, field, amount, unit in zip(
        shares,
        ("limit_requests_per_min", "limit_tokens_per_min"),
        (requests, tokens),
        ("requests", "tokens"),
        strict=True,
    ):
        if share is not None and share > 1:
            yield Reason(
                code="RATE",
                message=f"The busiest hour asks for {amount:,.0f} {unit} a minute, {share:.2f} times the limit.",
                field=_where(option, field),
                remedy="Ask for a higher limit, buy provisioned units, or share the load with a second provider.",
            )


def _quality(option: Option, scenario: Scenario) -> Iterator[Reason]:
    """HYB-4: a floor asks for a score; an unknown score does not pass it."""
    asking = [task for task in scenario.workload.classes if task.quality_floor is not None]
    score = option.quality_score
    short = [task for task in asking if score is None or score < (task.quality_floor or 0)]
    if not short:
        return
    floor = max(task.quality_floor or 0 for task in short)
    said = "has no quality score" if score is None else f"scores {score:g}"
    yield Reason(
        code="QUALITY",
        message=f"{option.label} {said}; {_names(short)} needs {floor:g}.",
        field=_where(option, "quality_score"),
        remedy="Evaluate it on your own task and type in the score, or choose a better model.",
    )

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


def failed_constraints(option: Option, scenario: Scenario, overflow_share: float = 1.0) -> tuple[Reason, ...]:
    """Every hard constraint that the option fails, in the order of DEC-1, those of its parts included.

    `overflow_share` is the share of the busiest hour that an option made of two sends to its per-token part.
    """
    found = [*_own(option, scenario), *_rate(option, scenario), *_of_parts(option, scenario, overflow_share)]
    unique = {(reason.code, reason.field): reason for reason in found}
    return tuple(sorted(unique.values(), key=lambda reason: CONSTRAINTS.index(reason.code)))


def _own(option: Option, scenario: Scenario) -> Iterator[Reason]:
    yield from _privacy(option, scenario)
    yield from _licence(option)
    yield from _modality(option, scenario)
    yield from _quality(option, scenario)


def _of_parts(option: Option, scenario: Scenario, overflow_share: float) -> Iterator[Reason]:
    """What forbids a part forbids the whole; private work may stay away from the overflow of a hybrid alone."""
    by_id = {o.option_id: o for o in scenario.options}
    keeps_private = isinstance(option, HybridOption) and option.mode == "overflow"
    for name, field in ((getattr(option, f, None), f) for f in ("base_id", "overflow_id")):
        part = by_id.get(name or "")
        if part is None:
            continue
        yield from _licence(part)
        yield from _modality(part, scenario)
        if field == "base_id" or not keeps_private:
            yield from _privacy(part, scenario)
        yield from _rate(part, scenario, overflow_share)


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


def _rate(option: Option, scenario: Scenario, sent: float = 1.0) -> Iterator[Reason]:
    """API-7 at the busiest hour of month 1, for this share of it."""
    if not isinstance(option, ApiOption | HostedOption):
        return
    workload = scenario.workload
    arrays = class_arrays(workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    per_min = sent * workload.volume_multiplier * workload.peak_ratio * SECONDS_PER_MINUTE / SECONDS_PER_DAY
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

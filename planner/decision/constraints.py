"""DEC-1: hard constraints that a priced option can still fail. All of them, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.cost.billing import rate_limit_shares
from planner.domain.facts import CONSTRAINTS, BlockedFacts, OptionFacts, OwnedFacts, Reason, RentedFacts
from planner.domain.licence import LicenceFinding, LicenceTerms, licence_problems
from planner.domain.options import ApiOption, HostedOption, HybridOption, Option, SelfHosted, WorkstationOption
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.units import SECONDS_PER_DAY
from planner.workload.demand import class_arrays

SECONDS_PER_MINUTE = 60


TEXT = ("text",)
ModelFacts = RentedFacts | OwnedFacts | BlockedFacts
Known = dict[str, ModelFacts]
"""Pinned facts that may name a model's licence and what it reads, by option_id."""


def failed_constraints(
    option: Option, scenario: Scenario, facts: Iterable[OptionFacts], overflow_share: float = 1.0
) -> tuple[Reason, ...]:
    """Every hard constraint that the option fails, in the order of DEC-1, those of its parts included.

    `facts` are those of the scenario's options. `overflow_share` is the share of the busiest hour that an option made
    of two sends to its per-token part.
    """
    known = _known(facts)
    found = [
        *_own(option, scenario, known),
        *_rate(option, scenario),
        *_of_parts(option, scenario, known, overflow_share),
    ]
    unique = {(reason.code, reason.field, reason.message): reason for reason in found}
    return tuple(sorted(unique.values(), key=lambda reason: CONSTRAINTS.index(reason.code)))


def licence_warnings(option: Option, scenario: Scenario, facts: Iterable[OptionFacts]) -> tuple[str, ...]:
    """What the licence of the option's model, or of its parts, asks for that the scenario does not say."""
    known = _known(facts)
    return tuple(
        dict.fromkeys(text for part in (option, *_parts(option, scenario)) for text in _open(part, scenario, known))
    )


def _known(facts: Iterable[OptionFacts]) -> Known:
    return {found.option_id: found for found in facts if isinstance(found, ModelFacts)}


def _open(option: Option, scenario: Scenario, known: Known) -> Iterator[str]:
    terms = _terms(option, known)
    for found in _findings(option, scenario, known):
        if not found.failed and terms is not None:
            yield f"{found.message}: type in organisation.{found.field} to have it checked ({terms.source_url})."


def _own(option: Option, scenario: Scenario, known: Known) -> Iterator[Reason]:
    yield from _privacy(option, scenario)
    yield from _licence(option, scenario, known)
    yield from _modality(option, scenario, known)
    yield from _quality(option, scenario)


def _parts(option: Option, scenario: Scenario) -> tuple[Option, ...]:
    """The options that it is made of, own fleet first."""
    by_id = {o.option_id: o for o in scenario.options}
    names = (getattr(option, field, None) for field in ("base_id", "overflow_id"))
    return tuple(by_id[name] for name in names if name in by_id)


def _of_parts(option: Option, scenario: Scenario, known: Known, overflow_share: float) -> Iterator[Reason]:
    """What forbids a part forbids the whole; private work may stay away from the overflow of a hybrid alone."""
    keeps_private = isinstance(option, HybridOption) and option.mode == "overflow"
    for part in _parts(option, scenario):
        yield from _licence(part, scenario, known)
        yield from _modality(part, scenario, known)
        if part.option_id == getattr(option, "base_id", None) or not keeps_private:
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


def _licence(option: Option, scenario: Scenario, known: Known) -> Iterator[Reason]:
    """Your own judgement where there is one, or else the clauses of the licence that were pinned with the prices."""
    if option.licence_allows is False:
        yield Reason(
            code="LICENCE",
            message=f"The licence of {option.label} does not allow this use.",
            field=_where(option, "licence_allows"),
            remedy="Choose a model with another licence, or obtain one.",
        )
    terms = _terms(option, known)
    for found in _findings(option, scenario, known):
        if found.failed and terms is not None:
            yield Reason(
                code="LICENCE",
                message=f"{found.message}. {terms.clause} Source: {terms.source_url}, read {terms.as_of}.",
                field=f"organisation.{found.field}",
                remedy="Choose a model with another licence; if you hold one that covers this use, or the clause is "
                f"not about it, say so at {_where(option, 'licence_allows')}.",
            )


def _terms(option: Option, known: Known) -> LicenceTerms | None:
    """The licence that decides: none where the owner judged it, or where none is known."""
    facts = known.get(option.option_id)
    return facts.licence if facts is not None and option.licence_allows is None else None


def _findings(option: Option, scenario: Scenario, known: Known) -> tuple[LicenceFinding, ...]:
    terms, facts = _terms(option, known), known.get(option.option_id)
    if terms is None or facts is None:
        return ()
    return licence_problems(terms, scenario.organisation, facts.modalities or TEXT)


def _reads(option: Option, known: Known) -> tuple[str, ...] | None:
    """What the option reads; None for a hybrid that leaves it to its parts."""
    if option.modalities is not None:
        return option.modalities
    if isinstance(option, HybridOption):
        return None
    facts = known.get(option.option_id)
    return facts.modalities or TEXT if facts is not None else TEXT


def _modality(option: Option, scenario: Scenario, known: Known) -> Iterator[Reason]:
    reads = _reads(option, known)
    missing = [task for task in scenario.workload.classes if reads is not None and task.modality not in reads]
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

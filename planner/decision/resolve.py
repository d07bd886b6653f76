"""From scenario and catalog to facts: look everything up once, and block what cannot be known."""

from __future__ import annotations

import datetime as dt

from planner import __version__
from planner.catalog.catalog import Catalog
from planner.decision.rented_evidence import typed_evidence
from planner.decision.resolve_per_token import LATENCY_NOTE, rates_used, resolve_per_token, typed_token_prices
from planner.decision.resolve_rented import resolve_owned, resolve_rented
from planner.domain.facts import BlockedFacts, Facts, OptionFacts, Reason, TypedFacts
from planner.domain.options import (
    ApiOption,
    HostedOption,
    HybridOption,
    Option,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
    WorkstationOption,
)
from planner.domain.scenario import Scenario

__all__ = ["LATENCY_NOTE", "rates_used", "resolve", "typed_token_prices"]


def resolve(scenario: Scenario, catalog: Catalog, on: dt.date) -> Facts:
    """Prices, specifications and throughput for every option on the day `on`; month 1 starts there."""
    found = {o.option_id: _resolve_option(o, scenario, catalog, on) for o in scenario.options}
    return Facts(
        on=on,
        engine_version=__version__,
        catalog_version=catalog.version,
        options=tuple(_with_parts(option, found) for option in scenario.options),
    )


def _resolve_option(option: Option, scenario: Scenario, catalog: Catalog, on: dt.date) -> OptionFacts:
    where = f"options[{option.option_id}]"
    match option:
        case RentedOption():
            return resolve_rented(option, where, scenario, catalog.tables, on)
        case OwnedOption():
            return resolve_owned(option, where, scenario, catalog.tables)
        case ProvisionedOption() | WorkstationOption():
            warnings = (LATENCY_NOTE,) if isinstance(option, ProvisionedOption) else ()
            return TypedFacts(option_id=option.option_id, evidence=typed_evidence(option), warnings=warnings)
        case HybridOption():
            return TypedFacts(option_id=option.option_id)
        case ApiOption() | HostedOption():
            return resolve_per_token(option, where, scenario, catalog, on)


def _with_parts(option: Option, found: dict[str, OptionFacts]) -> OptionFacts:
    """An option made of others is blocked with them, and rests on their evidence."""
    facts = found[option.option_id]
    if not isinstance(facts, TypedFacts):
        return facts
    parts = _parts(option)
    blocked = [(field, name) for field, name in parts if isinstance(found[name], BlockedFacts)]
    evidence = (*facts.evidence, *(item for _, name in parts for item in found[name].evidence))
    if not blocked:
        return facts.model_copy(update={"evidence": evidence})
    reasons = tuple(
        Reason(
            code="PART_BLOCKED",
            message=f"It uses {name}, which cannot be priced.",
            field=f"options[{option.option_id}].{field}",
            remedy=f"See the reasons of {name}, or name another option.",
        )
        for field, name in blocked
    )
    return BlockedFacts(option_id=option.option_id, reasons=reasons, evidence=evidence)


def _parts(option: Option) -> list[tuple[str, str]]:
    """Field and option_id of the options that it uses."""
    if isinstance(option, HybridOption):
        return [("base_id", option.base_id), ("overflow_id", option.overflow_id)]
    if isinstance(option, ProvisionedOption) and option.overflow_id is not None:
        return [("overflow_id", option.overflow_id)]
    return []

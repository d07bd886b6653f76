"""Every source that the throughput of a self-hosted option could come from, side by side, and the one that is used."""

from __future__ import annotations

from typing import get_args

from pydantic import Field

from planner.catalog.tables import Tables
from planner.decision.resolve_memory import memory_fit
from planner.decision.resolve_rented import hardware_of
from planner.decision.resolve_throughput import Used, of_source, throughput
from planner.decision.throughput_values import SOURCE_WORDS, Asked, Blocked, Throughput, asked_of
from planner.domain.base import LongText, Value
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.serving import KnownSource


class SourceAnswer(Value):
    """One source: what it says of one replica at the scenario's mix and target, or why it says nothing."""

    source: KnownSource = Field(description="typed, calibrated, published or modelled.")
    name: LongText = Field(description="The same in words.")
    used: bool = Field(description="Whether the scenario uses it.")
    why: LongText = Field("", description="Why it is the one used; empty for the others.")
    requests_per_s: float | None = Field(
        None,
        description="Mean requests a second that one replica is planned with: at the latency target, or at the allowed "
        "utilisation of a figure that is not held at it.",
    )
    output_tokens_per_s: float | None = Field(None, description="The same in output tokens per second.")
    low_fraction: float | None = Field(None, description="Low end of the rate, as a share of it.")
    high_fraction: float | None = Field(None, description="High end of the rate, as a share of it.")
    held_at_slo: bool | None = Field(None, description="Whether the figure itself is held at the latency target.")
    shape_factor: float | None = Field(None, description="How many times the measured request lengths are off.")
    evidence: tuple[Evidence, ...] = Field((), description="Where it comes from.")
    warnings: tuple[LongText, ...] = Field((), description="What a reviewer should know.")
    reasons: tuple[Reason, ...] = Field((), description="Why it says nothing; empty when it does.")


def throughput_sources(option: SelfHosted, scenario: Scenario, tables: Tables) -> tuple[SourceAnswer, ...]:
    """All sources in the order of `auto`: typed in, calibrated, published, modelled. Never averaged.

    Empty when the option names a model, format or GPU that is not known, or its GPU has no rate for the format: nothing
    can be said then, and the option's own reasons say why.
    """
    where = f"options[{option.option_id}]"
    try:
        hardware = hardware_of(option, where, tables)
        asked = asked_of(option, where, scenario, hardware, tables, None)
    except Blocked:
        return ()
    try:
        asked = asked._replace(kv_tokens=memory_fit(option, where, scenario, hardware).kv_tokens)
    except Blocked as blocked:
        return tuple(_silent(source, blocked.reasons) for source in get_args(KnownSource))
    used = _used(asked)
    return tuple(_answer(source, asked, used) for source in get_args(KnownSource))


def _used(asked: Asked) -> Used | None:
    try:
        return throughput(asked)
    except Blocked:
        return None


def _answer(source: KnownSource, asked: Asked, used: Used | None) -> SourceAnswer:
    chosen = used is not None and used.rate.source == source
    try:
        found = used.rate if used and chosen else of_source(source, asked)
    except Blocked as blocked:
        return _silent(source, blocked.reasons)
    return _known(found, asked, used.why if used and chosen else "")


def _known(found: Throughput, asked: Asked, why: str) -> SourceAnswer:
    seconds = asked.seconds(found)
    planned = 1.0 if found.held_at_slo else asked.option.allowed_utilisation_fraction
    rate = planned / seconds if seconds > 0 else None
    return SourceAnswer(
        source=found.source,
        name=SOURCE_WORDS[found.source],
        used=bool(why),
        why=why,
        requests_per_s=rate,
        output_tokens_per_s=None if rate is None else rate * asked.shape[1],
        low_fraction=found.low,
        high_fraction=found.high,
        held_at_slo=found.held_at_slo,
        shape_factor=found.shape_factor,
        evidence=found.evidence,
        warnings=found.warnings,
    )


def _silent(source: KnownSource, reasons: tuple[Reason, ...]) -> SourceAnswer:
    return SourceAnswer(source=source, name=SOURCE_WORDS[source], used=False, reasons=reasons)

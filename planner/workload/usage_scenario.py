"""A measured log in a scenario: its classes, its shape and, when asked, its growth replace what was typed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from planner.domain.scenario import Scenario
from planner.domain.timeline import Timeline
from planner.domain.usage import Assumed, Peak, Trend, UsageProfile, UsageReference
from planner.domain.workload import Workload
from planner.format import count, short
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, round_significant
from planner.workload.as_measured import fingerprint
from planner.workload.carried_over import carried_over, rescaled
from planner.workload.forecast import first_month_to_mean, growth_of, is_far
from planner.workload.unknowns import length_of
from planner.workload.usage_choices import (
    NotUsableError,
    UsageChoices,
    chosen_classes,
    chosen_mixes,
    listed,
    only_requests,
    without_requests,
)
from planner.workload.usage_mix import DIGITS, task_classes

__all__ = ["Applied", "NotUsableError", "UsageChoices", "applied", "reference_to", "with_usage"]

PROFILE_DIGITS = 4
MOST_PEAK = 1000.0
EVERYTHING = UsageChoices()


class Applied(NamedTuple):
    """The scenario with the log in it, and what a person should know of how that was done."""

    scenario: Scenario
    said: tuple[str, ...]


class Shape(NamedTuple):
    """Fields of the workload that say how demand moves, and what is to be said of them."""

    fields: dict[str, object]
    said: tuple[str, ...] = ()
    peak_known: bool = False
    """Whether the log shows hours; a wider window only says what the busiest hour cannot be below."""


def with_usage(scenario: Scenario, profile: UsageProfile, choices: UsageChoices = EVERYTHING) -> Scenario:
    """The scenario with the measured workload. Raises NotUsableError."""
    return applied(scenario, profile, choices).scenario


def applied(scenario: Scenario, profile: UsageProfile, choices: UsageChoices = EVERYTHING) -> Applied:
    """The scenario with the measured workload, and what was done. Raises NotUsableError."""
    mixes = chosen_mixes(profile, choices)
    trend = profile.trend if choices.growth else None
    volume = 1.0 if trend is None else first_month_to_mean(trend)
    lengths = not only_requests(chosen_classes(profile, choices))
    if lengths:
        kept, said_kept = carried_over(scenario.workload.classes, task_classes(mixes, profile, volume))
    else:
        per_day = sum(mix.requests for mix in mixes) / profile.window_s * SECONDS_PER_DAY
        kept, said_kept = rescaled(scenario.workload.classes, per_day * volume)
    shape = _shape(scenario.workload, profile)
    reference = reference_to(profile, lengths_known=lengths, peak_known=shape.peak_known)
    fields = {"classes": kept, "volume_multiplier": 1.0, **shape.fields, **_provenance(profile, reference)}
    workload = _sealed(Workload.model_validate({**dict(scenario.workload), **fields}), reference)
    timeline = _growing(scenario.timeline, trend)
    said = (*_said(scenario, profile, choices), *shape.said, *said_kept)
    return Applied(scenario.model_copy(update={"workload": workload, "timeline": timeline}), said)


def _sealed(workload: Workload, reference: UsageReference) -> Workload:
    sealed = reference.model_copy(update={"fingerprint": fingerprint(workload, reference.assumed)})
    return workload.model_copy(update={"usage": sealed})


def _growing(timeline: Timeline, trend: Trend | None) -> Timeline:
    return timeline if trend is None else timeline.model_copy(update={"growth": growth_of(trend)})


def _shape(before: Workload, profile: UsageProfile) -> Shape:
    """The measured hours when the log has a day or more; else a peak no lower than the log's own."""
    if profile.planning_week:
        hours = tuple(float(round_significant(weight, PROFILE_DIGITS)) for weight in profile.planning_week)
        return Shape({"hourly_profile": hours, "peak_to_mean": _peak(max(profile.planning_week))}, peak_known=True)
    length = f"The log ({length_of(profile.window_s)}) does not show the hours of a day"
    widest = max(_wide(profile), key=_highest, default=None)
    seen = 1.0 if widest is None else _highest(widest)
    if widest is None or seen <= before.peak_ratio:
        return Shape({}, (f"{length}: the peak stays as it was, {short(before.peak_ratio)}, an assumption.",))
    is_hour = widest.window_s == SECONDS_PER_HOUR
    told = (
        f"The peak is that of its busiest hour, {short(seen)}; a longer log may show a higher one."
        if is_hour
        else f"Its busiest {length_of(widest.window_s)} holds {short(seen)} times the mean. The busiest hour cannot be "
        "below that and is taken as no higher: an assumption."
    )
    return Shape({"hourly_profile": (), "peak_to_mean": _peak(seen)}, (f"{length}. {told}",), is_hour)


def _wide(profile: UsageProfile) -> Iterator[Peak]:
    """Peaks of an hour or more: a peak within the hour is left to head-room."""
    return (peak for peak in profile.peaks if peak.window_s >= SECONDS_PER_HOUR)


def _highest(peak: Peak) -> float:
    return max((r for r in (peak.requests_to_mean, peak.output_tokens_to_mean) if r is not None), default=1.0)


def _peak(ratio: float) -> float:
    return min(max(float(round_significant(ratio, DIGITS)), 1.0), MOST_PEAK)


def _provenance(profile: UsageProfile, reference: UsageReference) -> dict[str, object]:
    return {
        "source": _source(profile, reference),
        "source_url": "",
        "licence": "",
        "as_of": reference.last_on,
    }


def reference_to(profile: UsageProfile, *, lengths_known: bool = True, peak_known: bool = True) -> UsageReference:
    """What a scenario keeps of the profile that its workload was measured from."""
    first, last = (profile.first_at.date(), profile.last_at.date()) if profile.has_calendar else ("", "")
    return UsageReference(
        profile_id=profile.profile_id,
        name=profile.name,
        sources=len(profile.sources),
        requests=profile.total_requests,
        first_on=str(first),
        last_on=str(last),
        imported_on=str(profile.imported_on),
        assumed=tuple(_assumed(profile, lengths_known=lengths_known, peak_known=peak_known)),
    )


def dates_of(usage: UsageReference) -> str:
    """`2026-10-01 to 2026-10-31`, or the one day."""
    return usage.first_on if usage.first_on == usage.last_on else f"{usage.first_on} to {usage.last_on}"


def _assumed(profile: UsageProfile, *, lengths_known: bool, peak_known: bool) -> Iterator[Assumed]:
    known: dict[Assumed, bool] = {
        "requests": profile.total_requests is not None,
        "lengths": lengths_known,
        "cached": profile.total_cached_input_tokens is not None,
        "written": profile.total_cache_write_tokens is not None,
        "reasoning": profile.total_reasoning_tokens is not None,
        "peak": peak_known,
    }
    yield from (part for part, is_known in known.items() if not is_known)


def _source(profile: UsageProfile, reference: UsageReference) -> str:
    requests = "requests not counted" if reference.requests is None else f"{count(reference.requests)} requests"
    dates = f", {dates_of(reference)} (UTC)" if reference.first_on else ", undated"
    formats = listed([source.format for source in profile.sources])
    files = listed([source.name for source in profile.sources], 3)
    return (
        f"Measured from the usage log {profile.name}: {requests}{dates}, {length_of(profile.window_s)}. "
        f"Read from {files} ({formats}) on {reference.imported_on}."
    )


def _said(scenario: Scenario, profile: UsageProfile, choices: UsageChoices) -> Iterator[str]:
    before = scenario.workload
    if profile.window_s < SECONDS_PER_DAY:
        yield f"The rate of {length_of(profile.window_s)} is taken for the whole day."
    if profile.total_cached_input_tokens is None and profile.total_input_tokens is not None:
        typed = (
            " The cached tokens typed in before are gone." if any(c.cached_input_tokens for c in before.classes) else ""
        )
        yield f"The log does not say how much of a prompt was cached: all of it counts as fresh.{typed}"
    if any(c.requests is None for c in profile.classes):
        yield "The number of requests is the one given, not measured; tokens a day are measured."
    if lost := without_requests(profile, choices):
        yield f"Tokens of {listed(lost)} are left out: the log counts no request of them."
    if choices.models:
        yield "The shape of the week is that of the whole log, not only of the chosen models."
    if choices.growth and profile.trend is None:
        yield "The log shows no trend: growth stays as it was."
    elif choices.growth:
        yield "Volume is that of the first month after the log, by its trend; growth goes on from there."
        if is_far(profile, scenario.horizon_months, scenario.calendar):
            months = scenario.horizon_months
            yield f"A trend of {length_of(profile.window_s)} is carried on for {months} months: read it as a direction."
    if before.volume_multiplier != 1:
        yield f"The what-if factor of {short(before.volume_multiplier)} is back at 1."

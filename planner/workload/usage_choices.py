"""What of a log goes into a scenario, and what a person must add where the log is silent: nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.domain.usage import Unknown, UsageClass, UsageProfile
from planner.units import SECONDS_PER_DAY
from planner.workload.usage_mix import NAMES, By, Mix, grouped, mix_of

MOST_CLASSES = 20
NAMED = 5
NO_REQUESTS = Unknown(
    what="Requests",
    reason="The chosen models have none in this log.",
    remedy="Choose models that were asked something.",
)
MOST_TOKENS = 1e8
"""Prompt, or output, of one request that a scenario can hold."""


@dataclass(frozen=True)
class UsageChoices:
    """What of a profile goes into the scenario, and what a person adds where the log is silent."""

    by: By = "model and task class"
    models: tuple[str, ...] = ()
    """Models to take, as the export names them; all when empty."""
    most_classes: int = MOST_CLASSES
    """Smaller classes are put together as "other" beyond this many."""
    requests_per_day: float | None = None
    """Requests of 24 hours, all chosen classes, where the log does not count them."""
    mean_input_tokens: float | None = None
    """Mean prompt of the classes that do not count their requests; the other way to give their number."""
    growth: bool = False
    """Take the trend as growth, and the volume that it leads to in the first month."""


class NotUsableError(ValueError):
    """The profile lacks what a scenario needs; `problems` says all of it, with the way out."""

    def __init__(self, problems: Sequence[Unknown]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.what}: {p.reason} {p.remedy}".strip() for p in problems))


def chosen_mixes(profile: UsageProfile, choices: UsageChoices) -> tuple[Mix, ...]:
    """The chosen classes, put together as chosen, with their requests. Raises NotUsableError with every problem."""
    chosen = chosen_classes(profile, choices)
    problems = [*_missing(profile, chosen, choices)]
    if problems:
        raise NotUsableError(problems)
    requests = _requests(profile, chosen, choices)
    name = NAMES[choices.by]
    most = min(max(choices.most_classes, 1), MOST_CLASSES)
    mixes = grouped((mix_of(c, n, name(c)) for c, n in zip(chosen, requests, strict=True)), most)
    if wrong := [*_too_long(mixes), *([] if mixes else [NO_REQUESTS])]:
        raise NotUsableError(wrong)
    return mixes


def _too_long(mixes: Sequence[Mix]) -> Iterator[Unknown]:
    for mix in mixes:
        longest = max(mix.prompt_tokens, mix.output_tokens) / mix.requests
        if longest > MOST_TOKENS:
            yield Unknown(
                what="Tokens per request",
                reason=f"{mix.name} has {longest:,.0f} on average: no model takes or gives that many.",
                remedy="Check the number of requests; it is too low for the tokens.",
            )


def chosen_classes(profile: UsageProfile, choices: UsageChoices) -> list[UsageClass]:
    """Classes of the log of the chosen models."""
    return [c for c in profile.classes if not choices.models or c.model in choices.models]


def _missing(profile: UsageProfile, chosen: Sequence[UsageClass], choices: UsageChoices) -> Iterator[Unknown]:
    if profile.window_s <= 0:
        yield Unknown(what="Volume a day", reason="The log is one moment long.", remedy="Import a longer period.")
    if not any(c.tokens for c in chosen):
        if not only_requests(chosen):
            yield Unknown(
                what="Requests and tokens",
                reason="The chosen models have none in this log.",
                remedy="Choose models that the log has, or import usage, not only cost.",
            )
        return
    if not any(c.fresh_input_tokens for c in chosen):
        yield Unknown(what="Prompt tokens", reason="The export has none.", remedy="Export them with the output tokens.")
    elif all(c.output_tokens is None for c in chosen):
        yield Unknown(what="Output tokens", reason="The export has none.", remedy="Export them with the prompt tokens.")
    silent = [c for c in chosen if c.requests is None]
    given = choices.requests_per_day, choices.mean_input_tokens
    if silent and given == (None, None):
        yield Unknown(
            what="Requests",
            reason=f"The export does not count the requests of {listed([c.model for c in silent])}.",
            remedy="Give the requests a day, or the mean prompt in tokens: your gateway or your application knows it.",
        )
    yield from _given(profile, chosen, choices)


def without_requests(profile: UsageProfile, choices: UsageChoices) -> list[str]:
    """Classes, put together as chosen, that have tokens and were asked nothing: no task class can hold them."""
    name = NAMES[choices.by]
    counted = {name(c) for c in chosen_classes(profile, choices) if c.requests is None or c.requests > 0}
    return [name(c) for c in chosen_classes(profile, choices) if c.tokens and name(c) not in counted]


def only_requests(chosen: Sequence[UsageClass]) -> bool:
    """Whether they count requests and know nothing of their tokens: volume and shape can be used, lengths cannot."""
    return any(c.requests for c in chosen) and all(c.requests is not None and not c.tokens for c in chosen)


def _given(profile: UsageProfile, chosen: Sequence[UsageClass], choices: UsageChoices) -> Iterator[Unknown]:
    """What was given must be above what the log has counted already."""
    if any(n is not None and n <= 0 for n in (choices.requests_per_day, choices.mean_input_tokens)):
        yield Unknown(what="Requests", reason="The figure given is not above 0.", remedy="Give one that is.")
    elif choices.requests_per_day is not None and any(c.requests is None for c in chosen):
        counted = sum(c.requests or 0 for c in chosen) / max(profile.window_s, 1) * SECONDS_PER_DAY
        if counted >= choices.requests_per_day:
            yield Unknown(
                what="Requests",
                reason=f"The log counts {counted:,.0f} requests a day by itself, no fewer than the figure given.",
                remedy="Give the requests of all chosen models together.",
            )


def _requests(profile: UsageProfile, chosen: Sequence[UsageClass], choices: UsageChoices) -> list[float]:
    """Requests over the log: as counted, else by the mean prompt given, else a part of the total by tokens."""
    silent = sum(c.tokens for c in chosen if c.requests is None)
    counted = sum(c.requests or 0 for c in chosen)
    left = (choices.requests_per_day or 0) * profile.window_s / SECONDS_PER_DAY - counted

    def of(found: UsageClass) -> float:
        if found.requests is not None:
            return found.requests
        mean = choices.mean_input_tokens
        return found.input_tokens / mean if mean else left * found.tokens / silent

    return [of(c) for c in chosen]


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """The first few names of a list, and how many more there are."""
    different = sorted(set(names))
    more = len(different) - most
    return ", ".join(different[:most]) + (f" and {more} more" if more > 0 else "")

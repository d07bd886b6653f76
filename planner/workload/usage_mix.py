"""The classes of a log as task classes of a scenario: volume a day and tokens per request, from sums."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.domain.usage import UsageClass, UsageProfile
from planner.domain.workload import TaskClass
from planner.units import SECONDS_PER_DAY, round_significant

By = Literal["model and task class", "model", "task class", "together"]
OTHER = "other"
DIGITS = 6
MOST_ID = 60


@dataclass(frozen=True)
class Mix:
    """Sums of some classes of a log, over the whole of it. Requests may be a share: those of the given total."""

    name: str
    requests: float
    fresh_input_tokens: float
    cached_input_tokens: float
    cache_write_tokens: float
    output_tokens: float
    """Reasoning included."""
    reasoning_tokens: float
    batch_requests: float

    @property
    def prompt_tokens(self) -> float:
        """Fresh, cached and written ones."""
        return self.fresh_input_tokens + self.cached_input_tokens + self.cache_write_tokens

    @property
    def tokens(self) -> float:
        """Prompt and output."""
        return self.prompt_tokens + self.output_tokens


def mix_of(found: UsageClass, requests: float, name: str) -> Mix:
    """One class of the log with its requests."""
    return Mix(
        name=name,
        requests=requests,
        fresh_input_tokens=found.fresh_input_tokens or 0,
        cached_input_tokens=found.cached_input_tokens or 0,
        cache_write_tokens=(found.cache_write_tokens or 0) + (found.cache_write_1h_tokens or 0),
        output_tokens=found.output_tokens or 0,
        reasoning_tokens=found.reasoning_tokens or 0,
        batch_requests=requests * found.batch_requests_fraction,
    )


def merged(parts: Sequence[Mix], name: str) -> Mix:
    """Their sums: every mean per request of the whole is then weighted by requests."""
    return Mix(
        name=name,
        requests=sum(p.requests for p in parts),
        fresh_input_tokens=sum(p.fresh_input_tokens for p in parts),
        cached_input_tokens=sum(p.cached_input_tokens for p in parts),
        cache_write_tokens=sum(p.cache_write_tokens for p in parts),
        output_tokens=sum(p.output_tokens for p in parts),
        reasoning_tokens=sum(p.reasoning_tokens for p in parts),
        batch_requests=sum(p.batch_requests for p in parts),
    )


NAMES: dict[By, Callable[[UsageClass], str]] = {
    "model and task class": lambda c: f"{c.model}, {c.task_class}" if c.task_class else c.model,
    "model": lambda c: c.model,
    "task class": lambda c: c.task_class or "no task class",
    "together": lambda c: "all requests",
}


def grouped(parts: Iterable[Mix], most: int) -> tuple[Mix, ...]:
    """Parts of one name put together, most tokens first; those beyond `most` - 1 become one, named "other"."""
    by_name: dict[str, list[Mix]] = {}
    for part in parts:
        by_name.setdefault(part.name, []).append(part)
    groups = [merged(found, name) for name, found in by_name.items()]
    ordered = sorted((g for g in groups if g.requests > 0), key=lambda g: (-g.tokens, g.name))
    if len(ordered) <= most:
        return tuple(ordered)
    kept = ordered[: most - 1]
    return (*kept, merged(ordered[most - 1 :], OTHER))


def task_classes(mixes: Sequence[Mix], profile: UsageProfile, volume: float) -> tuple[TaskClass, ...]:
    """One task class for each; `volume` scales their requests. Figures to six significant digits."""
    days = profile.window_s / SECONDS_PER_DAY
    ids = class_ids([mix.name for mix in mixes])
    return tuple(_task_class(mix, name, volume / days) for mix, name in zip(mixes, ids, strict=True))


def _task_class(mix: Mix, class_id: str, per_day: float) -> TaskClass:
    def each(tokens: float) -> float:
        return _short(tokens / mix.requests)

    return TaskClass(
        class_id=class_id,
        label=mix.name[:200],
        requests_per_day=_short(mix.requests * per_day),
        fresh_input_tokens=each(mix.fresh_input_tokens),
        cached_input_tokens=each(mix.cached_input_tokens),
        cache_write_tokens=each(mix.cache_write_tokens),
        output_tokens=each(max(mix.output_tokens - mix.reasoning_tokens, 0)),
        reasoning_tokens=each(mix.reasoning_tokens),
        batch_fraction=min(_short(mix.batch_requests / mix.requests), 1.0),
    )


def _short(value: float) -> float:
    return float(round_significant(value, DIGITS))


def class_ids(names: Sequence[str]) -> list[str]:
    """A class_id for each name, all different."""
    taken: list[str] = []
    for name in names:
        start = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:MOST_ID].strip("-._") or "class"
        number = 1
        while (found := start if number == 1 else f"{start}-{number}") in taken:
            number += 1
        taken.append(found)
    return taken

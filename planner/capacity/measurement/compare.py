"""PRB-4: two measurements side by side: what was asked of whom, and which rates differ by more than their repeats."""

from __future__ import annotations

from typing import NamedTuple

from planner.domain.base import Value
from planner.domain.measurement import LevelSummary, Measurement

PARTS = ("server", "declared", "shape", "client")
NO_SPREAD = 0.25
"""Taken for the spread of a load that ran once: what repeats differ by on a noisy machine."""


class FieldDifference(NamedTuple):
    """One field that is not the same."""

    field: str
    """Path, e.g. `server.engine_version`."""
    first: str
    second: str


class RateDifference(NamedTuple):
    """One load in both, or in one of them."""

    requests_in_flight: float
    first_output_tokens_per_s: float | None
    second_output_tokens_per_s: float | None
    change_fraction: float | None
    """second / first - 1; None where one is missing."""
    certain: bool
    """The slowest repeat of one is faster than the fastest of the other; of single runs, by a quarter and more."""


class Differences(NamedTuple):
    """What is not the same in two measurements; `loads` has every load whose rates differ or are missing in one."""

    fields: tuple[FieldDifference, ...]
    loads: tuple[RateDifference, ...]
    knee: tuple[float | None, float | None] | None
    """Best estimates of both; None when they are the same."""
    status: tuple[str, str] | None

    @property
    def nothing(self) -> bool:
        """Whether both say the same."""
        return not (self.fields or self.loads or self.knee or self.status)


def differences(a: Measurement, b: Measurement) -> Differences:
    """Server, declaration, shape and client field by field; rates load by load; knee and status."""
    knees = tuple(m.summary.knee.requests_in_flight if m.summary.knee else None for m in (a, b))
    states = (a.summary.status, b.summary.status)
    return Differences(
        fields=tuple(found for part in PARTS for found in _fields(part, getattr(a, part), getattr(b, part))),
        loads=_loads(a.summary.levels, b.summary.levels),
        knee=(knees[0], knees[1]) if knees[0] != knees[1] else None,
        status=states if states[0] != states[1] else None,
    )


def _fields(part: str, a: Value, b: Value) -> list[FieldDifference]:
    pairs = [(name, getattr(a, name), getattr(b, name)) for name in type(a).model_fields]
    return [FieldDifference(f"{part}.{name}", _said(x), _said(y)) for name, x, y in pairs if x != y]


def _said(value: object) -> str:
    return "not known" if value is None or value == "" else str(value)


def _loads(a: tuple[LevelSummary, ...], b: tuple[LevelSummary, ...]) -> tuple[RateDifference, ...]:
    first, second = ({level.requests_in_flight: level for level in levels} for levels in (a, b))
    rows = (_rates(load, first.get(load), second.get(load)) for load in sorted(first.keys() | second.keys()))
    return tuple(row for row in rows if row.change_fraction != 0)


def _rates(load: float, a: LevelSummary | None, b: LevelSummary | None) -> RateDifference:
    rates = [level.output_tokens_per_s if level else None for level in (a, b)]
    if a is None or b is None:
        return RateDifference(load, rates[0], rates[1], None, False)
    old, new = a.output_tokens_per_s, b.output_tokens_per_s
    change = 0.0 if new == old else new / old - 1 if old else None
    return RateDifference(load, old, new, change, _certain(a, b))


def _certain(a: LevelSummary, b: LevelSummary) -> bool:
    (_, top), (bottom, _) = sorted((_range(a), _range(b)), key=sum)
    return bottom > top


def _range(level: LevelSummary) -> tuple[float, float]:
    """Slowest and fastest repeat; half of NO_SPREAD either way of a single run."""
    if level.repeats > 1:
        return level.least_output_tokens_per_s, level.most_output_tokens_per_s
    rate = level.output_tokens_per_s
    return rate * (1 - NO_SPREAD / 2), rate * (1 + NO_SPREAD / 2)

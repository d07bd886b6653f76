"""UNC-1 and UNC-2: what is not known exactly, as ranges on named drivers, and how the drivers move together."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field, model_validator

from planner.domain.base import LongText, Origin, Value
from planner.units import FloatArray

Figure = Annotated[float, Field(ge=-1e12, le=1e12)]


def _ascending(**figures: float) -> None:
    for (low_name, low), (high_name, high) in pairwise(figures.items()):
        if low > high:
            raise ValueError(f"{low_name} {low:g} is above {high_name} {high:g}; swap them")


class Fixed(Value):
    """One figure, certain."""

    kind: Literal["fixed"] = Field("fixed", description="Kind of distribution.")
    value: Figure = Field(description="The figure.")

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest possible figure."""
        return self.value, self.value


class _Bounded(Value):
    low: Figure = Field(description="Least possible figure.")
    high: Figure = Field(description="Largest possible figure.")

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest possible figure."""
        return self.low, self.high


class Uniform(_Bounded):
    """Anything between two figures, equally likely."""

    kind: Literal["uniform"] = Field("uniform", description="Kind of distribution.")

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        _ascending(low=self.low, high=self.high)
        return self


class _Moded(_Bounded):
    mode: Figure = Field(description="Most likely figure.")

    @model_validator(mode="after")
    def _ordered(self) -> _Moded:
        _ascending(low=self.low, high=self.high)
        _ascending(low=self.low, mode=self.mode, high=self.high)
        return self


class Triangular(_Moded):
    """Two straight flanks up to the most likely figure."""

    kind: Literal["triangular"] = Field("triangular", description="Kind of distribution.")


class Pert(_Moded):
    """A smooth hill over the same three figures, with less weight at the ends."""

    kind: Literal["pert"] = Field("pert", description="Kind of distribution.")


class Lognormal(Value):
    """A positive figure known to a factor, by the ends of its 80 % range."""

    kind: Literal["lognormal"] = Field("lognormal", description="Kind of distribution.")
    p10: float = Field(ge=1e-12, le=1e12, description="One in ten is below this.")
    p90: float = Field(ge=1e-12, le=1e12, description="One in ten is above this.")

    @model_validator(mode="after")
    def _ordered(self) -> Lognormal:
        _ascending(p10=self.p10, p90=self.p90)
        return self

    @property
    def support(self) -> tuple[float, float]:
        """Any positive figure, unless both ends are the same."""
        return (self.p10, self.p10) if self.p10 == self.p90 else (0.0, math.inf)


class Discrete(Value):
    """A few possible figures with their weights."""

    kind: Literal["discrete"] = Field("discrete", description="Kind of distribution.")
    values: tuple[Figure, ...] = Field(min_length=1, max_length=1000, description="The possible figures.")
    weights: tuple[Annotated[float, Field(ge=0, le=1e12)], ...] = Field(
        max_length=1000, description="How likely each is, relative to the others."
    )

    @model_validator(mode="after")
    def _weighted(self) -> Discrete:
        if len(self.values) != len(self.weights):
            raise ValueError(
                f"there are {len(self.values)} values and {len(self.weights)} weights; give each value one weight"
            )
        if sum(self.weights) <= 0:
            raise ValueError("the weights add up to 0; give at least one value a weight above 0")
        return self

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest figure that has weight."""
        possible = [value for value, weight in zip(self.values, self.weights, strict=True) if weight > 0]
        return min(possible), max(possible)


Distribution = Annotated[
    Fixed | Uniform | Triangular | Pert | Lognormal | Discrete,
    Field(discriminator="kind", description="How the figure is spread."),
]

DriverName = Literal[
    "volume",
    "peak",
    "throughput",
    "api_price",
    "gpu_price",
    "power_price",
    "staff_share",
    "api_decline",
    "gpu_decline",
    "volume_growth",
    "wage_growth",
]
"""Factors on the scenario's own figure; the last four are fractions a year (volume_growth: a month) in its place."""

_RATE, _DECLINE, _FACTOR, _ABOVE_ZERO = (-0.99, 10.0), (-10.0, 0.99), (0.0, math.inf), (1e-6, math.inf)
DRIVER_LIMITS: dict[DriverName, tuple[float, float]] = dict.fromkeys(get_args(DriverName), _FACTOR) | {
    "peak": _ABOVE_ZERO,
    "throughput": _ABOVE_ZERO,
    "api_decline": _DECLINE,
    "gpu_decline": _DECLINE,
    "volume_growth": _RATE,
    "wage_growth": _RATE,
}
"""What each driver can be at all."""


class DriverRange(Value):
    """How far one driver may be off, and who says so."""

    driver: DriverName = Field(description="What is uncertain.")
    distribution: Distribution
    source: LongText = Field("", description="Who says so.")
    origin: Origin = Field("assumed", description="measured, published, modelled or assumed.")

    @model_validator(mode="after")
    def _possible(self) -> DriverRange:
        (low, high), (least, largest) = DRIVER_LIMITS[self.driver], self.distribution.support
        if math.isinf(largest):
            if math.isfinite(high):
                raise ValueError(f"{self.driver} must end at {high:g}, and a lognormal has no end; use triangular")
        elif least < low or largest > high:
            wanted = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
            raise ValueError(f"{self.driver} must be {wanted}, and this range goes from {least:g} to {largest:g}")
        return self


class Correlation(Value):
    """Two drivers that tend to move together (above 0) or against each other (below 0)."""

    a: DriverName = Field(description="One driver.")
    b: DriverName = Field(description="The other driver.")
    spearman: float = Field(ge=-1, le=1, description="Rank correlation.")

    @model_validator(mode="after")
    def _two(self) -> Correlation:
        if self.a == self.b:
            raise ValueError(f"{self.a} cannot be correlated with itself; name two drivers")
        return self


def _twice(names: list[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


class Uncertainty(Value):
    """All ranges of a scenario, and the draws made from them."""

    draws: int = Field(10_000, ge=100, le=200_000, description="Draws of the simulation.")
    seed: int = Field(20261121, ge=0, le=2**63 - 1, description="Seed of the draws: the same seed, the same figures.")
    drivers: tuple[DriverRange, ...] = Field((), description="The uncertain figures.")
    correlations: tuple[Correlation, ...] = Field((), description="Drivers that move together; none when empty.")

    @property
    def names(self) -> tuple[DriverName, ...]:
        """Drivers in the order in which they are drawn."""
        return tuple(sorted(item.driver for item in self.drivers))

    def normal_correlation(self) -> FloatArray:
        """UNC-2: r = 2 sin(pi rho / 6), the copula's matrix in the order of `names`."""
        index = {name: i for i, name in enumerate(self.names)}
        matrix = np.eye(len(index))
        for pair in self.correlations:
            i, j = index[pair.a], index[pair.b]
            matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * pair.spearman / 6)
        return matrix

    @model_validator(mode="after")
    def _consistent(self) -> Uncertainty:
        pairs = [" and ".join(sorted((pair.a, pair.b))) for pair in self.correlations]
        if twice := _twice([item.driver for item in self.drivers]):
            raise ValueError(f"{', '.join(twice)}: more than one range; keep one for each driver")
        if twice := _twice(pairs):
            raise ValueError(f"{', '.join(twice)}: correlated more than once; keep one figure for each pair")
        if missing := sorted({n for pair in self.correlations for n in (pair.a, pair.b)} - set(self.names)):
            raise ValueError(f"{', '.join(missing)}: correlated, but without a range; add a range or drop the pair")
        if pairs and np.linalg.eigvalsh(self.normal_correlation())[0] <= 1e-9:
            raise ValueError(
                f"the correlations of {', '.join(pairs)} cannot all hold at once; bring them nearer to 0 or drop a pair"
            )
        return self

"""How sure the answer is when figures are ranges (UNC-1 to UNC-6). Screen and command line read this."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.domain.base import Origin, Slug, Usd, Value

Worth = Literal["yes", "no", "cannot_tell"]


class Spread(Value):
    """A sum of money over the draws."""

    p10_usd: Usd = Field(description="One draw in ten is below.")
    p50_usd: Usd = Field(description="Half of the draws are below.")
    p90_usd: Usd = Field(description="One draw in ten is above.")
    mean_usd: Usd = Field(description="Mean of the draws.")


class OptionRisk(Value):
    """One eligible option over the draws."""

    option_id: Slug = Field(description="The option.")
    label: str = Field(description="Its name.")
    kind: str = Field(description="Its kind.")
    npv: Spread = Field(description="Today's value of all spend over the horizon.")
    levelised: Spread = Field(description="The same as an equal sum a month.")
    win_probability: float = Field(description="Share of draws in which it is the cheapest.")
    win_standard_error: float = Field(description="Sampling error of that share.")
    expected_regret_usd: Usd = Field(description="Mean NPV above the cheapest option of the same draw.")


class RangeUsed(Value):
    """The range of one driver that was drawn from."""

    driver: str = Field(description="The driver.")
    label: str = Field(description="Its name in words; of throughput, with the option.")
    unit: str = Field(description="Unit of its values.")
    shape: str = Field(description="Kind of distribution.")
    p10: float = Field(description="One in ten is below.")
    p50: float = Field(description="Half are below.")
    p90: float = Field(description="One in ten is above.")
    origin: Origin = Field(description="measured, published, modelled or assumed.")
    source: str = Field(description="Who says so.")
    matters: bool = Field(description="False when it changes the cost of no eligible option.")


class TornadoBar(Value):
    """UNC-3: the rival's NPV minus that of the recommendation, one driver at a time, the others at P50."""

    driver: str = Field(description="The driver.")
    label: str = Field(description="Its name in words.")
    unit: str = Field(description="Unit of its values; empty for a place in the range.")
    at: tuple[float, float, float] | None = Field(
        description="Values at P10, P50 and P90; empty when each option has its own."
    )
    delta_p10_usd: Usd = Field(description="Difference with the driver at P10.")
    delta_p50_usd: Usd = Field(description="Difference with all drivers at P50.")
    delta_p90_usd: Usd = Field(description="Difference with the driver at P90.")
    swing_usd: Usd = Field(description="Largest minus smallest of the three.")
    sign_changes: bool = Field(description="The cheaper of the two changes between them.")


class DriverValue(Value):
    """UNC-5: what knowing one driver exactly would be worth."""

    driver: str = Field(description="The driver.")
    label: str = Field(description="Its name in words.")
    evppi_usd: Usd = Field(description="Expected saving from knowing it before deciding.")
    below_floor: bool = Field(description="Not more than these draws show for a driver that means nothing.")


class Probe(Value):
    """UNC-6: is measuring throughput worth what it costs?"""

    option_id: Slug = Field(description="The option whose throughput is measured.")
    label: str = Field(description="Its name.")
    noise_fraction: float = Field(description="Standard deviation of the reading, as a share of the true figure.")
    noise_source: str = Field(description="Where that comes from.")
    evsi_usd: Usd = Field(description="Expected saving from the reading before deciding.")
    below_floor: bool = Field(description="Not more than these draws show for a reading that means nothing.")
    gpu_hours: float = Field(description="GPU-hours of the measurement, all GPUs of one replica.")
    usd_per_gpu_hour: float = Field(description="Price of one of them.")
    staff_hours: float = Field(description="Engineering hours.")
    usd_per_staff_hour: float = Field(description="Price of one of them.")
    cost_usd: Usd = Field(description="GPU-hours and staff together.")
    worth: Worth = Field(description="yes when evsi_usd is above cost_usd; cannot_tell below the noise of the draws.")


class Risk(Value):
    """The answer over all draws. `not_known` has an explanation and no figures."""

    status: Literal["known", "not_known"] = Field(description="not_known when there is nothing to compare.")
    explanation: str = Field(description="Why it is not known; empty otherwise.")
    draws: int = Field(description="Draws of the simulation.")
    seed: int = Field(description="Seed of the draws: the same seed, the same figures.")
    assumed: bool = Field(description="True when the ranges are the assumed ones, not typed in the scenario.")
    ranges: tuple[RangeUsed, ...] = Field((), description="The ranges drawn from.")
    options: tuple[OptionRisk, ...] = Field((), description="Eligible options, in the scenario's order.")
    recommended_id: Slug | None = Field(None, description="Recommended at the scenario's own figures (DEC-2).")
    rival_id: Slug | None = Field(None, description="What the tornado compares it with.")
    least_expected_id: Slug | None = Field(None, description="The option with the lowest mean NPV.")
    evpi_usd: Usd | None = Field(None, description="UNC-4: expected saving from knowing every driver exactly.")
    floor_usd: Usd | None = Field(None, description="Largest value these draws show for drivers that mean nothing.")
    tornado: tuple[TornadoBar, ...] = Field((), description="Drivers that matter, widest swing first.")
    values: tuple[DriverValue, ...] = Field((), description="Drivers that matter, most valuable to know first.")
    probe: Probe | None = Field(None, description="Whether to measure throughput first.")
    probe_explanation: str = Field("", description="Why there is nothing to measure; empty otherwise.")

    def option(self, option_id: str) -> OptionRisk:
        """One option; KeyError when there is none."""
        return {o.option_id: o for o in self.options}[option_id]


class WinnerMap(Value):
    """DEC-2 over a plane of two drivers, all others as they are."""

    x_driver: str = Field(description="Driver across.")
    y_driver: str = Field(description="Driver up.")
    x: tuple[float, ...] = Field(description="Its values, ascending in equal ratios.")
    y: tuple[float, ...] = Field(description="Its values, ascending in equal ratios.")
    recommended: tuple[tuple[Slug, ...], ...] = Field(
        description="Recommended option: a row for each y, a cell each x."
    )


class Sweep(Value):
    """NPV of every priced option over values of one driver or of several, all others as they are."""

    drivers: tuple[str, ...] = Field(description="What is varied.")
    values: tuple[tuple[float, ...], ...] = Field(description="Values of the drivers, a row for each point.")
    option_ids: tuple[Slug, ...] = Field(description="Priced options, in the scenario's order.")
    npv_usd: tuple[tuple[Usd, ...], ...] = Field(description="Their NPV, a row for each point.")
    recommended: tuple[Slug | None, ...] = Field(description="Recommended at each point; empty when none is eligible.")

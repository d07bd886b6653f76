"""Ranges assumed when a scenario has none of its own (UNC-1). Declines are off by default, on both sides alike."""

from __future__ import annotations

import math

from planner.decision.kernel.fleet import Z_P90
from planner.domain.scenario import Scenario
from planner.domain.uncertainty import DriverRange, Lognormal, Pert, Uncertainty

Z_RANGE = DriverRange(
    driver="throughput",
    distribution=Lognormal(p10=math.exp(-Z_P90), p90=math.exp(Z_P90)),
    source="each option's own range, from its measurement or its nearest published figure",
    origin="modelled",
)
"""exp(z) of a standard normal z: the common place within each option's own P10 to P90 range."""

DEFAULT_RANGES = (
    DriverRange(
        driver="volume",
        distribution=Lognormal(p10=0.7, p90=1.5),
        source="forecasts of usage miss more often upwards; replace it with the spread of your own forecast",
    ),
    DriverRange(
        driver="peak",
        distribution=Pert(low=0.7, mode=1, high=1.6),
        source="busiest hour of an average week; launches and outages elsewhere make higher ones",
    ),
    DriverRange(
        driver="api_price",
        distribution=Lognormal(p10=0.9, p90=1.1),
        source="list prices are certain on the day; the mix of models, regions and discounts is not",
    ),
    DriverRange(
        driver="gpu_price",
        distribution=Lognormal(p10=0.85, p90=1.2),
        source="spread of rental prices between providers for the same GPU; storage and network come on top",
    ),
    DriverRange(
        driver="power_price",
        distribution=Lognormal(p10=0.8, p90=1.25),
        source="spread of commercial electricity tariffs over a few years",
    ),
    DriverRange(
        driver="staff_share",
        distribution=Pert(low=0.5, mode=1, high=2.5),
        source="work to run a service is seldom over- and often underestimated",
    ),
    Z_RANGE,
)


def uncertainty_of(scenario: Scenario, draws: int | None = None, seed: int | None = None) -> Uncertainty:
    """The scenario's ranges, or the assumed ones when it lists none; draws and seed replaced when given.

    Raises pydantic's ValidationError for draws or a seed outside what `Uncertainty` takes.
    """
    own = scenario.uncertainty or Uncertainty()
    chosen = {"draws": own.draws if draws is None else draws, "seed": own.seed if seed is None else seed}
    ranges = own.drivers or DEFAULT_RANGES
    return Uncertainty(drivers=ranges, correlations=own.correlations, **chosen)


def are_assumed(scenario: Scenario) -> bool:
    """Whether the ranges are the assumed ones."""
    return scenario.uncertainty is None or not scenario.uncertainty.drivers

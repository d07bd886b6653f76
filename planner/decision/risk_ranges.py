"""The ranges that were drawn from, with who says so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.decision.driver_words import WORDS
from planner.decision.kernel import Model
from planner.decision.measured_doubts import citation
from planner.decision.risk_draws import Draws
from planner.domain.base import Origin
from planner.domain.facts import Facts, OwnedFacts, RentedFacts
from planner.domain.options import Option, SelfHosted
from planner.domain.risk import RangeUsed
from planner.domain.serving import KnownSource
from planner.domain.uncertainty import DriverRange

SHAPES = {
    "fixed": "certain",
    "uniform": "uniform",
    "triangular": "triangular",
    "pert": "PERT",
    "lognormal": "lognormal",
    "discrete": "listed values",
}
OWN_RANGES: dict[KnownSource, tuple[Origin, str]] = {
    "typed": ("assumed", "the range typed in with the throughput"),
    "calibrated": ("measured", "errors of such fits to measured points, through the latency target"),
    "published": ("modelled", "how published runs carry over to other request lengths"),
    "modelled": ("modelled", "80% band of the predictor for such cases, through the latency target"),
}
"""Who says how far a throughput may be off, by where the throughput is from."""


def ranges_used(drawn: Draws, facts: Facts, model: Model, moving: tuple[str, ...]) -> tuple[RangeUsed, ...]:
    """Every range of the scenario, in the order of `WORDS`; throughput in its own range once for each fleet."""
    ranges = {item.driver: item for item in drawn.uncertainty.drivers}
    ordered = [ranges[name] for name in WORDS if name in ranges]
    return tuple(used for item in ordered for used in _rows(item, drawn, facts, model, item.driver in moving))


def _rows(item: DriverRange, drawn: Draws, facts: Facts, model: Model, matters: bool) -> Iterator[RangeUsed]:
    words = WORDS[item.driver]
    if item.driver == "throughput" and drawn.own_ranges:
        yield from _own_ranges(item, facts, model, matters)
        return
    low, middle, high = drawn.rungs()[item.driver]
    yield RangeUsed(
        driver=item.driver,
        label=words.label,
        unit=words.unit,
        shape=SHAPES[item.distribution.kind],
        p10=low,
        p50=middle,
        p90=high,
        origin=item.origin,
        source=item.source,
        matters=matters,
    )


def _own_ranges(item: DriverRange, facts: Facts, model: Model, matters: bool) -> Iterator[RangeUsed]:
    """Lognormal through the P10 and P90 of each option's facts."""
    options = {o.option_id: o for o in model.scenario.options}
    for known in facts.options:
        if isinstance(known, RentedFacts | OwnedFacts):
            low, high = known.replica.low_fraction, known.replica.high_fraction
            source = known.replica.throughput_source
            origin, told = OWN_RANGES[source] if source else (item.origin, item.source)
            option = options[known.option_id]
            yield RangeUsed(
                driver=item.driver,
                label=f"Throughput of {option.label}",
                unit=WORDS[item.driver].unit,
                shape=SHAPES["lognormal"],
                p10=low,
                p50=float(np.sqrt(low * high)),
                p90=high,
                origin=origin,
                source=told + (_cited(option) if source == "calibrated" else ""),
                matters=matters,
            )


def _cited(option: Option) -> str:
    """`: probe 3f2a..., vLLM 0.32.0, 2 x H100 SXM, 2026-11-22` for points of a measurement."""
    points = option.calibration if isinstance(option, SelfHosted) else None
    said = citation(points) if points else ""
    return f": {said}" if said else ""

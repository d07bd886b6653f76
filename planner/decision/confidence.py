"""How sure the answer is: computed from ranges, dates, origins and the nearest flip, never typed in."""

from __future__ import annotations

import numpy as np

from planner.decision.choose import recommend_many
from planner.decision.kernel import Model
from planner.decision.kernel.fleet import Z_P90
from planner.decision.kernel.workstation import WORKSTATION_HIGH, WORKSTATION_LOW
from planner.decision.measured_doubts import NO_GPU, all_doubts
from planner.domain.base import as_of_date
from planner.domain.facts import BlockedFacts, Facts, OwnedFacts, PricedFacts, RentedFacts
from planner.domain.freshness import OLD, is_stale, prices_in
from planner.domain.options import COMPLEXITY_RANK, HybridOption, SelfHosted
from planner.domain.result import ConfidenceLevel, Flip, OptionResult
from planner.domain.serving import CalibrationPoints
from planner.format import percent, plural

FAR_SHAPE = 4.0
"""A measurement carried over further than this is a doubt (bench/RESULTS.md has the errors)."""
NEAR_FLIP = 0.1
"""A driver that changes the answer when it moves by less than this is a doubt."""


def confidence(
    model: Model,
    facts: Facts,
    options: tuple[OptionResult, ...],
    flips: tuple[Flip, ...],
    chosen: str,
    *,
    close: bool,
) -> tuple[ConfidenceLevel, tuple[str, ...]]:
    """High unless something speaks against it.

    Low when the uncertainty of throughput alone flips the answer, or when the recommended option rests on a modelled
    throughput that is itself of low confidence, since then its range is not to be relied on; low too when it rests on
    points of a server without a GPU.
    """
    flipped, reason = _throughput_test(model, facts, options, chosen)
    weak = _weakly_modelled(facts)
    doubts = [
        *(["Several ways to serve lie inside the tie band."] if close else []),
        *_near(flips, options),
        *_far(facts),
        *_modelled(facts, options),
        *_measured(model, facts),
        *_assumed(facts),
        *_dates(facts),
        *_blocked(options),
        *(["Only one option has a price."] if len(model.costs) == 1 else []),
    ]
    said = (reason, *doubts) if reason else tuple(doubts)
    weak |= _without_gpu(model, facts)
    if flipped or any(_later(facts)) or weak & _stands_on(model, chosen):
        return "low", said
    return ("medium" if doubts else "high"), said


def _throughput_test(model: Model, facts: Facts, options: tuple[OptionResult, ...], chosen: str) -> tuple[bool, str]:
    """Would the answer change if every self-hosted throughput were at the low, or at the high end of its range?"""
    ranges = {(f.replica.low_fraction, f.replica.high_fraction) for f in _replicas(facts)}
    typed = [o for o in options if o.kind == "workstation" and o.status == "ok"]
    ranges |= {(WORKSTATION_LOW, WORKSTATION_HIGH) for _ in typed}
    eligible = sorted(o.option_id for o in options if o.status == "ok")
    if not ranges or len(eligible) == 1:
        return False, ""
    kinds = {o.option_id: o.kind for o in options}
    ranks = np.array([COMPLEXITY_RANK[kinds[name]] for name in eligible], dtype=np.float64)
    among = Model(model.scenario, {name: model.costs[name] for name in eligible})
    ends = among.npv_usd(among.at(throughput_z=np.array([-Z_P90, Z_P90])))
    found = [eligible[i] for i in recommend_many(ends, ranks, model.scenario.tie_band_fraction)]
    labels = {o.option_id: o.label for o in options}
    flips = [
        f"{labels[name]} at the {end} end" for name, end in zip(found, ("low", "high"), strict=True) if name != chosen
    ]
    span = _span(ranges)
    if not flips:
        return False, f"The answer is the same {span}."
    return True, f"The answer changes to {' and to '.join(flips)} {span}: measure before deciding."


def _span(ranges: set[tuple[float, float]]) -> str:
    if len(ranges) > 1:
        return "over the ranges of the throughputs used"
    (low, high) = next(iter(ranges))
    return f"with throughput from {percent(low)} to {percent(high)} of the figure used"


def _near(flips: tuple[Flip, ...], options: tuple[OptionResult, ...]) -> list[str]:
    """Drivers whose small error would change the answer."""
    labels = {o.option_id: o.label for o in options}
    return [
        f"{flip.label} {'up' if (flip.value_at_flip or 0) > flip.value_now else 'down'} by "
        f"{percent(abs(flip.margin_fraction))} would change the answer to {labels[flip.to_option_id]}."
        for flip in flips
        if flip.margin_fraction is not None and flip.to_option_id and abs(flip.margin_fraction) < NEAR_FLIP
    ]


def _assumed(facts: Facts) -> list[str]:
    items = {item.label for found in _priced(facts) for item in found.evidence if item.origin == "assumed"}
    return (
        [f"{plural(len(items), 'figure')} of the options {'is' if len(items) == 1 else 'are'} assumed."]
        if items
        else []
    )


def _priced(facts: Facts) -> list[PricedFacts]:
    return [found for found in facts.options if not isinstance(found, BlockedFacts)]


def _far(facts: Facts) -> list[str]:
    """Throughput carried over to a request shape far from the measured one."""
    far = [f.replica.shape_factor for f in _replicas(facts)]
    worst = max(far, default=1.0)
    return (
        [f"Throughput is carried over from requests {worst:.1f} times longer or shorter."] if worst > FAR_SHAPE else []
    )


def _modelled(facts: Facts, options: tuple[OptionResult, ...]) -> list[str]:
    """Self-hosted options whose throughput nobody measured; those that the model itself is unsure of by name."""
    labels = {o.option_id: o.label for o in options}
    weak = _weakly_modelled(facts)
    plain = [f.option_id for f in _replicas(facts) if f.replica.throughput_source == "modelled"]
    sure = sorted(labels[name] for name in plain if name not in weak)
    unsure = sorted(labels[name] for name in plain if name in weak)
    said = [f"Throughput is modelled, not measured: {', '.join(sure)}."] if sure else []
    unlike = "Throughput is modelled, and with low confidence, for a case unlike the measured ones"
    return said + ([f"{unlike}: {', '.join(unsure)}."] if unsure else [])


def _weakly_modelled(facts: Facts) -> set[str]:
    """Options whose modelled throughput is of low confidence."""
    return {
        f.option_id
        for f in _replicas(facts)
        if f.replica.throughput_source == "modelled"
        and any(item.origin == "modelled" and item.confidence == "low" for item in f.evidence)
    }


def _calibrated(model: Model, facts: Facts) -> list[tuple[SelfHosted, CalibrationPoints]]:
    """Options that rest on points of a measurement, with the points."""
    used = {f.option_id for f in _replicas(facts) if f.replica.throughput_source == "calibrated"}
    return [
        (option, option.calibration)
        for option in model.scenario.options
        if isinstance(option, SelfHosted) and option.option_id in used and option.calibration is not None
    ]


def _measured(model: Model, facts: Facts) -> list[str]:
    """Options whose measurement has something against it: how much, and the first of it."""
    found = [(option.label, all_doubts(option, points)) for option, points in _calibrated(model, facts)]
    return [
        f"{plural(len(told), 'doubt')} about the measurement behind {label}: {told[0].rstrip('.')}."
        for label, told in found
        if told
    ]


def _without_gpu(model: Model, facts: Facts) -> set[str]:
    """Options that rest on a measurement of a server without a GPU."""
    return {
        option.option_id
        for option, points in _calibrated(model, facts)
        if points.measured_by is not None and points.measured_by.gpu_id == NO_GPU
    }


def _replicas(facts: Facts) -> list[RentedFacts | OwnedFacts]:
    return [f for f in facts.options if isinstance(f, RentedFacts | OwnedFacts)]


def _stands_on(model: Model, chosen: str) -> set[str]:
    """The recommended option, and the fleet inside it when it is a hybrid."""
    parts = {o.base_id for o in model.scenario.options if o.option_id == chosen and isinstance(o, HybridOption)}
    return {chosen, *parts}


def _price_dates(facts: Facts) -> list[str]:
    """Dates of the prices; specifications do not age so."""
    return [item.as_of for item in prices_in(item for found in _priced(facts) for item in found.evidence) if item.as_of]


def _later(facts: Facts) -> list[str]:
    return [as_of for as_of in _price_dates(facts) if as_of_date(as_of) > facts.on]


def _dates(facts: Facts) -> list[str]:
    """Prices older than 90 days on the day of the answer, or younger than that day."""
    old = [as_of_date(as_of) for as_of in _price_dates(facts) if is_stale(as_of, facts.on)]
    later = _later(facts)
    said = [f"{plural(len(old), 'price')} {OLD}, the oldest of {min(old)}."] if old else []
    return said + ([f"{plural(len(later), 'price')} dated after {facts.on}, the day asked for."] if later else [])


def _blocked(options: tuple[OptionResult, ...]) -> list[str]:
    names = [o.label for o in options if o.status == "blocked"]
    return [f"Not compared, because blocked: {', '.join(names)}."] if names else []

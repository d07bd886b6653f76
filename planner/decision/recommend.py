"""DEC-2 and the confidence of the answer: lowest cost over the horizon, ties to the simpler option."""

from __future__ import annotations

import datetime as dt

from planner.decision.kernel import OptionCost, PerTokenCost
from planner.domain.base import as_of_date
from planner.domain.facts import BlockedFacts, Facts, PerTokenFacts, RentedFacts
from planner.domain.options import COMPLEXITY_RANK
from planner.domain.result import ConfidenceLevel, OptionResult, Verdict
from planner.domain.scenario import Scenario
from planner.format import percent, plural

STALE_DAYS = 90
FAR_SHAPE = 4.0
"""A measurement carried over further than this is a doubt (bench/RESULTS.md has the errors)."""


def verdict(
    scenario: Scenario, facts: Facts, options: tuple[OptionResult, ...], costs: dict[str, OptionCost]
) -> Verdict:
    """The recommendation; `blocked` when nothing can be priced."""
    totals = {o.option_id: o.tco_usd for o in options if o.tco_usd is not None}
    if not totals:
        return Verdict(status="blocked", confidence_reasons=("No option can be priced.",))
    kinds = {o.option_id: o.kind for o in options}
    chosen, cheapest, close = recommend(totals, kinds, scenario.tie_band_fraction)
    other = _runner_up(totals, kinds, chosen)
    saving = None if other is None else totals[other] - totals[chosen]
    level, reasons = _confidence(scenario, facts, options, costs, chosen, close)
    return Verdict(
        status="decided",
        recommended_id=chosen,
        cheapest_id=cheapest,
        runner_up_id=other,
        saving_usd=saving,
        saving_fraction=saving / totals[other] if other is not None and saving is not None and totals[other] else None,
        close=close,
        confidence=level,
        confidence_reasons=reasons,
    )


def recommend(totals: dict[str, float], kinds: dict[str, str], tie_band: float) -> tuple[str, str, bool]:
    """DEC-2: (recommended, cheapest, close). Inside the band the lowest complexity rank wins, then the lower cost."""
    cheapest = min(totals, key=lambda i: (totals[i], COMPLEXITY_RANK[kinds[i]], i))
    limit = totals[cheapest] * (1 + tie_band)
    band = [i for i in totals if totals[i] <= limit]
    chosen = min(band, key=lambda i: (COMPLEXITY_RANK[kinds[i]], totals[i], i))
    return chosen, cheapest, len({kinds[i] for i in band}) > 1


def _runner_up(totals: dict[str, float], kinds: dict[str, str], chosen: str) -> str | None:
    """The cheapest option of the other side (per token against self-hosted), else the next cheapest."""
    rest = sorted((i for i in totals if i != chosen), key=lambda i: (totals[i], i))
    other_side = [i for i in rest if (kinds[i] == "rented") != (kinds[chosen] == "rented")]
    return next(iter(other_side or rest), None)


def _confidence(
    scenario: Scenario,
    facts: Facts,
    options: tuple[OptionResult, ...],
    costs: dict[str, OptionCost],
    chosen: str,
    close: bool,
) -> tuple[ConfidenceLevel, tuple[str, ...]]:
    """High unless something speaks against it; low when the uncertainty of throughput alone flips the answer."""
    flips, reason = _throughput_test(scenario, facts, options, costs, chosen)
    doubts = [
        *(["Several ways to serve lie inside the tie band."] if close else []),
        *_far(facts),
        *_assumed(facts),
        *_dates(facts),
        *_blocked(options),
        *(["Only one option has a price."] if len(costs) == 1 else []),
    ]
    if flips or any(_later(facts)):
        return "low", ((reason, *doubts) if reason else tuple(doubts))
    return ("medium" if doubts else "high"), ((reason, *doubts) if reason else tuple(doubts))


def _throughput_test(
    scenario: Scenario,
    facts: Facts,
    options: tuple[OptionResult, ...],
    costs: dict[str, OptionCost],
    chosen: str,
) -> tuple[bool, str]:
    """Would the answer change if every self-hosted throughput were at the low, or at the high end of its range?"""
    kinds = {o.option_id: o.kind for o in options}
    ranges = {
        f.option_id: (f.replica.low_fraction, f.replica.high_fraction)
        for f in facts.options
        if isinstance(f, RentedFacts)
    }
    if not ranges or len(costs) == 1:
        return False, ""
    ends = []
    for end in (0, 1):
        totals = {i: _average(cost, scenario, ranges[i][end] if i in ranges else 1.0) for i, cost in costs.items()}
        ends.append(recommend(totals, kinds, scenario.tie_band_fraction)[0])
    labels = {o.option_id: o.label for o in options}
    pairs = zip(ends, ("low", "high"), strict=True)
    flips = [f"{labels[found]} at the {name} end" for found, name in pairs if found != chosen]
    span = _span(set(ranges.values()))
    if not flips:
        return False, f"The answer is the same {span}."
    return True, f"The answer changes to {' and to '.join(flips)} {span}: measure before deciding."


def _span(ranges: set[tuple[float, float]]) -> str:
    if len(ranges) > 1:
        return "over the ranges of the throughputs used"
    (low, high) = next(iter(ranges))
    return f"with throughput from {percent(low)} to {percent(high)} of the figure used"


def _average(cost: OptionCost, scenario: Scenario, throughput: float) -> float:
    scale = scenario.workload.volume_multiplier
    if isinstance(cost, PerTokenCost):
        return float(cost.average_usd(scale))
    return float(cost.average_usd(scale, throughput))


def _assumed(facts: Facts) -> list[str]:
    items = {item.label for found in _priced(facts) for item in found.evidence if item.origin == "assumed"}
    return (
        [f"{plural(len(items), 'figure')} of the options {'is' if len(items) == 1 else 'are'} assumed."]
        if items
        else []
    )


def _priced(facts: Facts) -> list[PerTokenFacts | RentedFacts]:
    return [found for found in facts.options if not isinstance(found, BlockedFacts)]


def _far(facts: Facts) -> list[str]:
    """Throughput carried over to a request shape far from the measured one."""
    far = [f.replica.shape_factor for f in facts.options if isinstance(f, RentedFacts)]
    worst = max(far, default=1.0)
    return (
        [f"Throughput is carried over from requests {worst:.1f} times longer or shorter."] if worst > FAR_SHAPE else []
    )


def _price_dates(facts: Facts) -> list[dt.date]:
    """Dates of the prices; specifications do not age so."""
    items = [item for found in _priced(facts) for item in found.evidence]
    return [as_of_date(item.as_of) for item in items if item.as_of and item.unit.startswith("USD")]


def _later(facts: Facts) -> list[dt.date]:
    return [day for day in _price_dates(facts) if day > facts.on]


def _dates(facts: Facts) -> list[str]:
    """Prices older than 90 days on the day of the answer, or younger than that day."""
    old = [day for day in _price_dates(facts) if (facts.on - day) > dt.timedelta(days=STALE_DAYS)]
    later = _later(facts)
    said = [f"{plural(len(old), 'price')} older than {STALE_DAYS} days, the oldest of {min(old)}."] if old else []
    return said + ([f"{plural(len(later), 'price')} dated after {facts.on}, the day asked for."] if later else [])


def _blocked(options: tuple[OptionResult, ...]) -> list[str]:
    names = [o.label for o in options if o.status == "blocked"]
    return [f"Not compared, because blocked: {', '.join(names)}."] if names else []

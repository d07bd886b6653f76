"""The answer of the capacity search in sentences and figures: what serves the load, at which price, how sure.

Money is the rent of GPUs and nothing else: the notes of the answer say so wherever an amount is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from planner.catalog.tables import Tables
from planner.decision.present import Metric
from planner.decision.present_tables import share
from planner.domain.capacity import Candidate, CapacityRequest, Found, Placement
from planner.domain.serving import engine_words
from planner.format import count, percent, plural, short, usd, usd_small

TERMS = {
    "on_demand": "on demand",
    "spot": "spot",
    "reserved_1y": "reserved for 1 year",
    "reserved_3y": "reserved for 3 years",
    "capacity_block": "capacity block",
}
WEAK_TTFT = (
    "Time to first token is predicted weakly, by every method known to us (29 to 46% median error): measure it on "
    "your own server before you promise it."
)


class Names(NamedTuple):
    """Names of the catalog's rows; an id that it does not have stays an id."""

    tables: Tables

    def model(self, model_id: str) -> str:
        """Name of a model."""
        row = self.tables.model_by_id.get(model_id)
        return row.name if row else model_id

    def format(self, format_id: str) -> str:
        """Name of a weight format."""
        row = self.tables.format_by_id.get(format_id)
        return row.name if row else format_id

    def gpu(self, gpu_id: str) -> str:
        """Name of a GPU."""
        row = self.tables.gpu_by_id.get(gpu_id)
        return row.name if row else gpu_id

    def replica(self, placement: Placement) -> str:
        """`2 x H100 SXM`, with its stages when layers are split over them."""
        stages = f" in {placement.pp} stages" if placement.pp > 1 else ""
        return f"{placement.gpus_per_replica} x {self.gpu(placement.gpu_id)}{stages}"

    def deployment(self, placement: Placement) -> str:
        """`Llama 3.3 70B, FP8, on 2 x H100 SXM`."""
        what = f"{self.model(placement.model_id)}, {self.format(placement.format_id)}"
        return f"{what}, on {self.replica(placement)}"


def key_of(candidate: Candidate) -> str:
    """What tells candidates of one answer apart."""
    c = candidate
    return "|".join((c.model_id, c.format_id, c.gpu_id, str(c.tp), str(c.pp), c.price_id))


def ms(value: float) -> str:
    """`31 ms`, one decimal below 10."""
    return f"{value:.0f} ms" if value >= 9.95 else f"{value:.1f} ms"


def rate(value: float) -> str:
    """`5 requests/s`."""
    return f"{short(value)} {'request' if value == 1 else 'requests'}/s"


def month_range(candidate: Candidate) -> str:
    """The rent with the ends of the band: `$7,900 a month ($5,900 to $10,400)`."""
    middle, low, high = candidate.usd_per_month, candidate.usd_per_month_low, candidate.usd_per_month_high
    told = f"{usd(middle)} a month"
    if low is None:
        return told
    if high is None:
        return f"{told} (from {usd(low)}; at the low end of the band no number of replicas holds the target)"
    return f"{told} over the whole band" if usd(low) == usd(high) else f"{told} ({usd(low)} to {usd(high)})"


def headline(found: Found, names: Names, chosen: Candidate | None = None) -> str:
    """The one sentence: the cheapest that meets the target (or the one chosen), or that none does."""
    best = chosen or found.cheapest
    if best is None:
        return _nothing(found)
    percentile = f"P{found.request.latency.slo_percentile:g}"
    fleet = f"{plural(best.replicas, 'replica')} of {names.replica(best)} with {engine_words(best.engine)}"
    spare = f", {best.spare_replicas} of them spare," if best.spare_replicas else ""
    verb = "serves" if best.replicas == 1 else "serve"
    what = f"{names.model(best.model_id)} in {names.format(best.format_id)}"
    return (
        f"{fleet}{spare} {verb} {what} at {rate(found.request.peak_requests_per_s)} with {percentile} TPOT "
        f"{ms(best.tpot_ms)}; {month_range(best)}, modelled, {best.confidence} confidence."
    )


def _nothing(found: Found) -> str:
    latency = found.request.latency
    if found.best_reachable is not None:
        asked = f"P{latency.slo_percentile:g} TPOT {ms(latency.tpot_slo_ms)} and TTFT {ms(latency.ttft_slo_ms)}"
        return f"Nothing in the catalog meets {asked}."
    return "Nothing in the catalog meets what is asked."


def support(found: Found, names: Names, chosen: Candidate | None = None) -> tuple[str, ...]:
    """What a reader must know with the sentence, the way out first when nothing was found."""
    best = chosen or found.cheapest
    return tuple(_support(found, names) if best is None else _about(found, names, best))


def _support(found: Found, names: Names) -> Iterator[str]:
    if found.best_reachable is not None:
        yield sentence(found.best_reachable.sentence)
    if found.unpriced_count:
        first = f", such as {names.deployment(found.unpriced[0])}" if found.unpriced else ""
        yield f"{plural(found.unpriced_count, 'deployment')} would meet the target, but no price is known{first}."
    for refusal in found.refused[:3]:
        yield f"{count(refusal.count)} left out: {sentence(refusal.example)} {sentence(refusal.remedy)}"


def sentence(text: str) -> str:
    """Words with a full stop; a capital first, unless they begin with a name like vLLM."""
    text = text.strip()
    first = text.partition(" ")[0]
    name = first[1:] != first[1:].lower()
    return (text if name else text[:1].upper() + text[1:]) + ("" if text.endswith((".", "!", "?")) else ".")


def _about(found: Found, names: Names, best: Candidate) -> Iterator[str]:
    if why := why_words(best.why):
        yield f"Confidence {best.confidence}: {why}"
    if best.confidence == "low":
        yield from _surer(found, names, "The cheapest of normal confidence", lambda c: c.confidence == "normal")
    if not best.within_band:
        yield "At the low end of the 80% band this fleet misses the target; the dear end of the rent would hold it."
        yield from _surer(found, names, "The cheapest that holds it over the whole band", lambda c: c.within_band)
    place = f" in {best.region}" if best.region else ""
    yield f"Rented from {best.provider}{place} ({best.instance}), {TERMS[best.term]}; price of {best.price_as_of}."


def _surer(found: Found, names: Names, what: str, holds: Callable[[Candidate], bool]) -> Iterator[str]:
    """The cheapest listed that has something the one shown lacks."""
    other = next(filter(holds, found.candidates), None)
    if other is not None:
        fleet = f"{plural(other.replicas, 'replica')} of {names.replica(other)}, {other.provider}"
        yield f"{what}: {fleet}, {month_range(other)}."


def metrics(found: Found, best: Candidate) -> tuple[Metric, ...]:
    """Five figures of a candidate."""
    percentile = f"P{found.request.latency.slo_percentile:g}"
    serving = best.replicas - best.spare_replicas
    low, high = best.rate_at_target_low_per_s * serving, best.rate_at_target_high_per_s * serving
    return (
        Metric("GPU rent", f"{usd(best.usd_per_month)}", f"a month, {plural(best.gpus, 'GPU')} paid for"),
        Metric("Per 1M tokens", usd_small(best.usd_per_mtok), "rent over all tokens at the mean load"),
        Metric("Time per token", ms(best.tpot_ms), f"{percentile} at the peak, target {ms(_target(found.request))}"),
        Metric(
            "Most within the target",
            rate(best.rate_at_target_per_s * serving),
            f"80% band {short(low)} to {short(high)}, spares left out",
        ),
        Metric("Utilisation", percent(best.utilisation_fraction), "mean load over what is paid for"),
    )


def _target(request: CapacityRequest) -> float:
    return request.latency.tpot_slo_ms


def searched(found: Found) -> str:
    """What was looked at, and of which day the prices are."""
    return (
        f"{count(found.searched)} combinations of {count(found.deployments)} deployments and their prices were "
        "searched; "
        f"{count(found.meeting)} meet everything asked. Prices of {found.on}."
    )


def why_words(reasons: Iterable[str]) -> str:
    """Reasons of a confidence as sentences."""
    return " ".join(map(sentence, reasons))


def band_words(candidate: Candidate) -> str:
    """The band of a rate as shares of it: `-12% to +15%`."""
    middle = candidate.rate_at_target_per_s
    if middle <= 0:
        return ""
    low, high = candidate.rate_at_target_low_per_s / middle - 1, candidate.rate_at_target_high_per_s / middle - 1
    return f"\N{MINUS SIGN}{share(-low)} to +{share(high)}"

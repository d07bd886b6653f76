"""Results in words: the answer, what supports it, and the figures to put on top.

Page, PDF, CSV and command line take their words and tables from here, so that all of them show the same numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from planner.decision.measured_doubts import cited
from planner.decision.present_currency import currency_sentence
from planner.decision.present_decision import blocked_rows, comparison_rows, required_rows
from planner.decision.present_inputs import assumption_rows, workload_rows
from planner.decision.present_risk_tables import switch_rows
from planner.decision.present_tables import (
    COMPONENTS,
    NONE,
    NOT_KNOWN,
    Column,
    Table,
    break_even_rows,
    closed_ranges,
    evidence_rows,
    label_of,
    mean_components,
    month_rows,
    note_rows,
    option_rows,
    priced_ids,
    share,
    version_rows,
    why,
    year_rows,
)
from planner.decision.throughput_values import SOURCE_WORDS
from planner.domain.currency import written_in
from planner.domain.result import BreakEven, OptionResult, Result
from planner.domain.scenario import Scenario
from planner.format import percent, plural, requests_per_day, tokens_per_day, usd, usd_small

__all__ = [
    "COMPONENTS",
    "Column",
    "Metric",
    "Table",
    "assumption_rows",
    "blocked_rows",
    "break_even_rows",
    "break_even_sentences",
    "comparison_rows",
    "currency_sentence",
    "evidence_rows",
    "headline",
    "label_of",
    "mean_components",
    "metrics",
    "mix",
    "month_rows",
    "note_rows",
    "option_rows",
    "priced_ids",
    "required_rows",
    "support",
    "switch_rows",
    "version_rows",
    "why",
    "workload_rows",
    "year_rows",
]

ADVICE = {
    "api": "Keep paying per token",
    "hosted": "Keep paying per token",
    "provisioned": "Buy provisioned units",
    "rented": "Run it yourself",
    "owned": "Buy the servers and run it yourself",
    "workstation": "Run it on workstations",
    "hybrid": "Run the base load yourself and pay per token for the rest",
}


class Metric(NamedTuple):
    """One figure to put on top: its name, the figure, and what it is counted over."""

    label: str
    value: str
    note: str


def headline(scenario: Scenario, result: Result) -> str:
    """The answer in one sentence with its money, followed by its confidence.

    It is kept with a saved revision, so it is always in the scenario's own currency.
    """
    with written_in(scenario.currency):
        return _headline(scenario, result)


def _headline(scenario: Scenario, result: Result) -> str:
    chosen = _recommended(result)
    if chosen is None:
        return _no_answer(result)
    factor = result.demand.volume_multiplier
    asked = "" if factor in (0, 1) else f" Volume: {factor:g} times the workload."
    return f"{_answer(scenario, result, chosen)}.{asked} Confidence: {result.verdict.confidence}."


def _recommended(result: Result) -> OptionResult | None:
    chosen = result.verdict.recommended_id
    return result.option(chosen) if chosen is not None else None


def _runner_up(result: Result) -> OptionResult | None:
    other = result.verdict.runner_up_id
    return result.option(other) if other is not None else None


def _answer(scenario: Scenario, result: Result, chosen: OptionResult) -> str:
    other = _runner_up(result)
    if result.demand.requests_per_day == 0:
        return _idle(chosen, other)
    if other is None:
        return _alone(result, chosen)
    if result.verdict.close:
        return _close(scenario, result, chosen, other)
    return f"{ADVICE[chosen.kind]}: {_cost(result, chosen)}{_compared(result, other)}"


def _per_month(option: OptionResult) -> str:
    value = option.levelised_usd_per_month
    return NOT_KNOWN if value is None else f"{usd(value)} a month"


def _cost(result: Result, option: OptionResult) -> str:
    return f"{option.label} costs {_money(result, option)}"


def _money(result: Result, option: OptionResult) -> str:
    months = plural(result.horizon_months, "month")
    total = "" if option.npv_usd is None else f" ({usd(option.npv_usd)} in today's money over {months})"
    return f"{_per_month(option)}{total}"


def _compared(result: Result, other: OptionResult) -> str:
    fraction = result.verdict.saving_fraction or 0.0
    if fraction == 0:
        return f", the same as {other.label}"
    return f", {share(abs(fraction))} {'less' if fraction > 0 else 'more'} than {other.label} ({_per_month(other)})"


def _idle(chosen: OptionResult, other: OptionResult | None) -> str:
    text = f"At zero volume nothing is paid for tokens: {chosen.label} costs {_per_month(chosen)}"
    if other is not None:
        keeps = ", its GPUs being paid for while idle," if other.fleet and other.fleet.gpus else ""
        text += f" and {other.label}{keeps} {_per_month(other)}"
    return f"{text}; the cost per request and per 1M tokens is undefined"


def _alone(result: Result, chosen: OptionResult) -> str:
    blocked = [o.label for o in result.options if o.status == "blocked"]
    excluded = [o.label for o in result.options if o.status == "excluded"]
    told = [f"{', '.join(names)} {how}" for names, how in ((blocked, "blocked"), (excluded, "excluded")) if names]
    others = f" ({'; '.join(told)})" if told else ""
    what = "the only feasible option" if excluded else "the only option with a price"
    return f"{_cost(result, chosen)}; it is {what}{others}, so there is nothing to compare it with"


def _close(scenario: Scenario, result: Result, chosen: OptionResult, other: OptionResult) -> str:
    band = f"inside the {percent(scenario.tie_band_fraction)} tie band"
    cheapest = result.option(result.verdict.cheapest_id or chosen.option_id)
    start = f"Too close to call on cost: {chosen.label}"
    if cheapest.option_id != chosen.option_id:
        extra = share(chosen.dearer_than_best_fraction or 0.0)
        rival = f"{extra} more than the cheapest, {cheapest.label} ({_per_month(cheapest)}), {band}"
        return f"{start}, the simpler option, is recommended at {_money(result, chosen)}, {rival}"
    near = _nearest(result, chosen) or other
    extra = share(near.dearer_than_best_fraction or 0.0)
    rival = f"{near.label} ({_per_month(near)}) costs {extra} more, {band}, and is not simpler"
    return f"{start} is recommended at {_money(result, chosen)}; {rival}"


def _nearest(result: Result, chosen: OptionResult) -> OptionResult | None:
    others = [o for o in result.options if o.status == "ok" and o.option_id != chosen.option_id]
    return min(others, key=lambda o: o.npv_usd or 0.0, default=None)


def _no_answer(result: Result) -> str:
    if result.verdict.fewest_codes_ids:
        least = result.option(result.verdict.fewest_codes_ids[0])
        return (
            f"No option is feasible: every priced one fails a hard constraint. {least.label} is among those that fail "
            f"the fewest: {least.reasons[0].message} {least.reasons[0].remedy}"
        )
    first = next((o for o in result.options if o.reasons), None)
    told = f": {first.label}: {first.reasons[0].message} {first.reasons[0].remedy}" if first else "."
    several = len(result.options) > 1
    cause = f"none of the {len(result.options)} options can be priced" if several else "the one option cannot be priced"
    return f"No answer yet, because {cause}{told}"


def support(scenario: Scenario, result: Result) -> tuple[str, ...]:
    """Further sentences: the break-even of the headline pair, where else self-host wins, and why this confidence."""
    confidence = _confidence(result)
    return (*break_even_sentences(result), *((confidence,) if confidence else ()))


def break_even_sentences(result: Result) -> tuple[str, ...]:
    """The headline pair: where self-host is cheaper for good, and where it is so before."""
    pair = result.break_evens[0] if result.break_evens else None
    ranges = _ranges(pair)
    return (_break_even(result, pair), *((ranges,) if ranges else ()))


def _break_even(result: Result, pair: BreakEven | None) -> str:
    if pair is None:
        return "There is no break-even to show: it takes one per-token option and one with capacity of its own."
    if pair.robust_tokens_per_day is None:
        return f"{_clause(pair.explanation)}."
    self_host, per_token = label_of(result, pair.self_host_id), label_of(result, pair.per_token_id)
    above = tokens_per_day(pair.robust_tokens_per_day)
    return f"{self_host} becomes cheaper than {per_token} for good above {above} at this mix; {_volume(result)}."


def _volume(result: Result) -> str:
    """The volume asked about: today's, or a multiple of the workload."""
    tokens, factor = tokens_per_day(result.demand.tokens_per_day), result.demand.volume_multiplier
    return (
        f"today's volume is {tokens}"
        if factor == 1
        else f"the volume asked about, {factor:g} times the workload, is {tokens}"
    )


def _clause(sentence: str) -> str:
    return sentence.strip().rstrip(".")


def _ranges(pair: BreakEven | None) -> str:
    ranges = closed_ranges(pair) if pair else ""
    if not pair or not ranges:
        return ""
    start = "Below that it is already" if pair.robust_tokens_per_day is not None else "It is"
    return f"{start} cheaper in these ranges of tokens/day: {ranges}."


def _confidence(result: Result) -> str:
    verdict = result.verdict
    if not verdict.confidence_reasons:
        return ""
    return " ".join([f"Confidence is {verdict.confidence}."] + [f"{_clause(r)}." for r in verdict.confidence_reasons])


def mix(result: Result) -> str:
    """What a token of this workload is: `92% input (33% of it cached), 8% output`."""
    demand = result.demand
    if demand.tokens_per_day == 0:
        return "no tokens"
    cached = demand.cached_input_tokens_per_day / demand.input_tokens_per_day if demand.input_tokens_per_day else 0.0
    of_it = f" ({percent(cached)} of it cached)" if cached else ""
    given, made = (v / demand.tokens_per_day for v in (demand.input_tokens_per_day, demand.output_tokens_per_day))
    return f"{percent(given)} input{of_it}, {percent(made)} output"


def metrics(scenario: Scenario, result: Result) -> tuple[Metric, ...]:
    """Four to six figures to put on top."""
    return (
        *_cost_metrics(result, _recommended(result)),
        _break_even_metric(result),
        *_fleet_metric(scenario, result),
        *_saving_metric(result),
    )


def _cost_metrics(result: Result, chosen: OptionResult | None) -> tuple[Metric, ...]:
    month = chosen.levelised_usd_per_month if chosen else None
    request = chosen.usd_per_request if chosen else None
    blended = chosen.blended_usd_per_mtok if chosen else None
    missing = "undefined" if chosen else NOT_KNOWN
    spread = f"levelised over {plural(result.horizon_months, 'month')}, one-offs included"
    grows = chosen is not None and len({m.volume_mtok for m in chosen.months[1:]}) > 1
    volume = f"{'all months; month 1 has' if grows else 'at'} {requests_per_day(result.demand.requests_per_day)}"
    return (
        Metric("Cost per month", NOT_KNOWN if month is None else usd(month), _joined(chosen, spread)),
        Metric("Cost per request", missing if request is None else usd_small(request), volume),
        Metric("Cost per 1M tokens", missing if blended is None else usd_small(blended), mix(result)),
    )


def _joined(chosen: OptionResult | None, text: str) -> str:
    return f"{chosen.label}; {text}" if chosen else "no option is feasible"


def _break_even_metric(result: Result) -> Metric:
    label = "Cheaper for good above"
    if not result.break_evens:
        return Metric("Break-even", NONE, "needs a per-token option and one with capacity of its own")
    if not priced_ids(result):
        return Metric("Break-even", NOT_KNOWN, "no option can be priced")
    pair = result.break_evens[0]
    sides = f"{label_of(result, pair.self_host_id)} against {label_of(result, pair.per_token_id)}"
    if pair.robust_tokens_per_day is not None:
        return Metric(label, tokens_per_day(pair.robust_tokens_per_day), f"{sides}; {_volume(result)}")
    return Metric(
        "Break-even", {"not_known": NOT_KNOWN, "not_reached": "not reached"}.get(pair.status, "not for good"), sides
    )


def _fleet_metric(scenario: Scenario, result: Result) -> tuple[Metric, ...]:
    eligible = [o for o in result.options if o.status == "ok"]
    own = [(o.npv_usd or 0.0, o, o.fleet) for o in eligible if o.fleet and o.fleet.gpus]
    if not own:
        return ()
    _, option, fleet = min(own, key=lambda found: found[0])
    by = cited(scenario, option)
    value = f"{plural(fleet.gpus, 'GPU')}, {percent(fleet.utilisation_fraction)} used"
    source = f"; throughput {SOURCE_WORDS[fleet.throughput_source]}" if fleet.throughput_source else ""
    spare = plural(fleet.spare_replicas, "spare replica")
    return (Metric("Best self-hosted fleet", value, f"{option.label}; {spare}{source}{f' ({by})' if by else ''}"),)


def _saving_metric(result: Result) -> tuple[Metric, ...]:
    other, saving = _runner_up(result), result.verdict.saving_usd
    if other is None or saving is None:
        return ()
    fraction = result.verdict.saving_fraction
    part = f", {share(abs(fraction))}" if fraction is not None else ""
    name = "Saving" if saving >= 0 else "Extra cost"
    over = f"{name} over {plural(result.horizon_months, 'month')}"
    return (Metric(over, usd(abs(saving)), f"against {other.label}{part}, in today's money"),)

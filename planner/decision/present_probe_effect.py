"""What a measurement does to the decision, in one sentence and one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from planner.decision.measured_doubts import all_doubts, citation
from planner.decision.present_probe_plan import saving
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, cents, four_digits, right, share
from planner.decision.probe_apply import self_hosted
from planner.decision.probe_effect import ProbeEffect, Rate, Standing
from planner.decision.throughput_values import SOURCE_WORDS
from planner.domain.result import Fleet, Result
from planner.format import count, percent, short, shown_unit, tokens_per_day, usd

FEW_PERCENT = 0.0005
"""Changes below are none."""


def effect_sentence(effect: ProbeEffect) -> str:
    """What changed, in one sentence: throughput, cost, and the recommendation with its margin."""
    return f"{_throughput(effect)}; {_recommendation(effect)}."


def _throughput(effect: ProbeEffect) -> str:
    before, after = effect.before, effect.after
    if after.rate is None:
        first = after.reasons[0].message.rstrip(".") if after.reasons else "it cannot be priced"
        return f"With the measurement {effect.label} is blocked: {first}"
    now = f"{short(after.rate.output_tokens_per_s)} output tokens/s a replica"
    money = _money(after)
    if before.rate is None:
        return f"{effect.label} could not be priced before; measured, it does {now} and costs {money}"
    was = short(before.rate.output_tokens_per_s)
    change = _percent(before.rate.output_tokens_per_s, after.rate.output_tokens_per_s)
    cost = f"{money} as before" if money == _money(before) else f"{money} in place of {_money(before)}"
    return f"{effect.label} does {now} in place of {was} ({change}), and costs {cost}"


def _money(standing: Standing) -> str:
    value = standing.option.levelised_usd_per_month
    return NOT_KNOWN if value is None else f"{usd(value)} a month"


def _recommendation(effect: ProbeEffect) -> str:
    old, new = effect.before.recommended, effect.after.recommended
    if new is None:
        return "no option can be recommended with it"
    if old is None:
        return f"{new.label} is recommended now, where nothing was"
    if not effect.same_recommendation:
        return f"the recommendation changes from {old.label} to {new.label}"
    was, now = (_margin(standing.result) for standing in (effect.before, effect.after))
    if not was or not now:
        return f"the recommendation stays {new.label}"
    if was == now:
        return f"the recommendation stays {new.label}, {now} as before"
    rivals = {standing.result.verdict.runner_up_id for standing in (effect.before, effect.after)}
    shorter = was.split(" than ")[0] if len(rivals) == 1 else was
    return f"the recommendation stays {new.label}, {now} in place of {shorter}"


def _margin(result: Result) -> str:
    """`12% cheaper than B`; empty where there is nothing to compare it with."""
    found = result.verdict
    if found.runner_up_id is None or found.saving_fraction is None:
        return ""
    word = "cheaper" if found.saving_fraction >= 0 else "dearer"
    return f"{share(abs(found.saving_fraction))} {word} than {result.option(found.runner_up_id).label}"


def doubt_sentences(effect: ProbeEffect) -> tuple[str, ...]:
    """What speaks against the measurement where it is used, and that it is a surprise where it is one."""
    option = self_hosted(effect.scenario, effect.option_id)
    told = () if option.calibration is None else all_doubts(option, option.calibration)
    return (*told, *_surprise(effect.before.rate, effect.after.rate))


def _surprise(before: Rate | None, after: Rate | None) -> tuple[str, ...]:
    """Told when the measured figure is outside the range expected before it, so that its value was put too low."""
    if before is None or after is None:
        return ()
    low, high = before.low_output_tokens_per_s, before.high_output_tokens_per_s
    if low <= after.output_tokens_per_s <= high:
        return ()
    told = (
        f"{short(after.output_tokens_per_s)} output tokens/s is outside the {short(low)} to {short(high)} expected "
        "before (8 of 10 cases): check that the server was the one of the plan, and that nothing else ran on it."
    )
    return (told,)


def cited(effect: ProbeEffect) -> str:
    """The measurement that the plan now cites."""
    option = self_hosted(effect.scenario, effect.option_id)
    return "" if option.calibration is None else citation(option.calibration)


def effect_rows(effect: ProbeEffect) -> Table:
    """The decision before and after, figure by figure."""
    columns = (Column("Figure"), *right(("Before", ""), ("With the measurement", ""), ("Change", "")))
    figures = tuple(_figure_row(figure, effect.before, effect.after) for figure in FIGURES)
    worded = tuple((name, read(effect.before), read(effect.after), NONE) for name, read in WORDED)
    return Table(f"Decision before and after: {effect.label}", columns, (*figures, *worded))


class _Figure(NamedTuple):
    """One number of a standing: its name with its unit, where it is read, and how it is written."""

    name: str
    read: Callable[[Standing], float | None]
    write: Callable[[float], str]


def _figure_row(figure: _Figure, before: Standing, after: Standing) -> tuple[str, ...]:
    was, now = figure.read(before), figure.read(after)
    cells = (NOT_KNOWN if value is None else figure.write(value) for value in (was, now))
    change = NONE if was is None or now is None or was == 0 else _percent(was, now)
    return (shown_unit(figure.name), *cells, change)


def _ends(standing: Standing) -> str:
    rate = standing.rate
    if rate is None:
        return NOT_KNOWN
    return f"{short(rate.low_output_tokens_per_s)} to {short(rate.high_output_tokens_per_s)}"


def _source(standing: Standing) -> str:
    source = standing.rate.source if standing.rate else None
    return NOT_KNOWN if source is None else SOURCE_WORDS[source]


def _break_even(standing: Standing) -> str:
    pair = standing.break_even
    if pair is None:
        return NONE
    if pair.robust_tokens_per_day is not None:
        return tokens_per_day(pair.robust_tokens_per_day)
    return NOT_KNOWN if pair.status == "not_known" else "not reached for good"


def _rank(standing: Standing) -> str:
    if standing.rank is None:
        return standing.option.status if standing.option.status != "ok" else NONE
    return f"{standing.rank} of {standing.eligible}"


def _recommended(standing: Standing) -> str:
    return "none" if standing.recommended is None else standing.recommended.label


def _evsi(standing: Standing) -> str:
    if standing.probe is None:
        return NONE
    return saving(standing.probe)


def _of_fleet(read: Callable[[Fleet], float]) -> Callable[[Standing], float | None]:
    """A figure of the option's fleet; None while it has none."""
    return lambda standing: None if standing.option.fleet is None else read(standing.option.fleet)


FIGURES = (
    _Figure(
        "Throughput of a replica, output tokens/s", lambda s: s.rate.output_tokens_per_s if s.rate else None, short
    ),
    _Figure("Replicas", _of_fleet(lambda fleet: fleet.replicas), count),
    _Figure("GPUs", _of_fleet(lambda fleet: fleet.gpus), count),
    _Figure("Utilisation, %", _of_fleet(lambda fleet: fleet.utilisation_fraction), lambda v: percent(v).rstrip("%")),
    _Figure("Cost, USD/month", lambda s: s.option.levelised_usd_per_month, cents),
    _Figure("NPV, USD", lambda s: s.option.npv_usd, cents),
    _Figure("Cost, USD per 1M tokens", lambda s: s.option.blended_usd_per_mtok, four_digits),
)
"""Figures that are one number each."""
WORDED: tuple[tuple[str, Callable[[Standing], str]], ...] = (
    ("80% range of the throughput, output tokens/s", _ends),
    ("Throughput from", _source),
    ("Rank by NPV", _rank),
    ("Recommended", _recommended),
    ("Margin of the recommendation", lambda s: _margin(s.result) or NONE),
    ("Cheaper for good above", _break_even),
    ("Confidence", lambda s: s.result.verdict.confidence),
    ("A measurement from here is worth", _evsi),
)


def _percent(old: float, new: float) -> str:
    change = new / old - 1
    if abs(change) < FEW_PERCENT:
        return "unchanged"
    return f"{'+' if change > 0 else ''}{percent(change)}"


def gained_sentence(effect: ProbeEffect) -> str:
    """What the measurement was worth before it was made, and what another one would be worth now."""
    before, after = effect.before.probe, effect.after.probe
    was = _why(effect.before) if before is None else f"a measurement was worth {saving(before)}"
    now = _why(effect.after) if after is None else saving(after)
    return f"Before it, {was}. What a further one is worth now: {now}."


def _why(standing: Standing) -> str:
    """Why there is no value, as a part of a sentence."""
    told = standing.probe_explanation.rstrip(".")
    return told[:1].lower() + told[1:]


def blocked_sentences(effect: ProbeEffect) -> tuple[str, ...]:
    """Every reason why the option is blocked with the measurement, with the way out."""
    return tuple(f"{reason.code}: {reason.message} {reason.remedy}" for reason in effect.after.reasons)

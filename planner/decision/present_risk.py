"""Risk in words, the same on the page and on the command line."""

from __future__ import annotations

from planner.decision.present import Metric
from planner.decision.present_risk_tables import chance, draws_text, driver_value
from planner.decision.present_tables import label_of
from planner.domain.result import Result
from planner.domain.risk import Probe, Risk
from planner.format import count, plural, short, usd

WORTH = {"yes": "Yes, measure first", "no": "No, not worth it", "cannot_tell": "These draws cannot tell"}


def headline(risk: Risk) -> str:
    """How often the recommendation is the cheapest, in one sentence."""
    if risk.status == "not_known" or risk.recommended_id is None:
        return f"No answer over the draws yet: {risk.explanation}"
    found = risk.option(risk.recommended_id)
    if found.win_probability in (0.0, 1.0):
        often = f"in {'all' if found.win_probability else 'none'} of {draws_text(risk)}"
    else:
        often = f"in {chance(found.win_probability)} of {draws_text(risk)} (±{chance(found.win_standard_error)})"
    return (
        f"{found.label}, recommended at the figures typed in, is the cheapest {often}; it costs "
        f"{usd(found.levelised.p10_usd)} to {usd(found.levelised.p90_usd)} a month in 8 draws of 10."
    )


def support(risk: Risk) -> tuple[str, ...]:
    """What goes with it: who else wins, what is cheapest on average, where the ranges come from."""
    if risk.status == "not_known":
        return ()
    return (*_rivals(risk), *_on_average(risk), _ranges(risk))


def _rivals(risk: Risk) -> tuple[str, ...]:
    rest = [o for o in risk.options if o.option_id != risk.recommended_id and o.win_probability > 0]
    rest.sort(key=lambda o: -o.win_probability)
    named = [f"{o.label} in {chance(o.win_probability)}" for o in rest]
    return (f"Cheapest otherwise: {', '.join(named)}.",) if named else ()


def _on_average(risk: Risk) -> tuple[str, ...]:
    if risk.least_expected_id == risk.recommended_id or risk.recommended_id is None or risk.least_expected_id is None:
        return ()
    least, chosen = risk.option(risk.least_expected_id), risk.option(risk.recommended_id)
    gap = usd(chosen.npv.mean_usd - least.npv.mean_usd)
    return (f"On average over the draws {least.label} costs {gap} less over the horizon (today's value).",)


def _ranges(risk: Risk) -> str:
    if risk.assumed:
        return "The ranges are assumed ones, since the scenario has none of its own; they are listed below."
    return "The ranges are those of the scenario; what has none is taken as certain."


def metrics(risk: Risk) -> tuple[Metric, ...]:
    """Four figures to put on top."""
    if risk.recommended_id is None or risk.evpi_usd is None:
        return ()
    found = risk.option(risk.recommended_id)
    spread = found.levelised
    return (
        Metric("Cheapest in", chance(found.win_probability), f"{found.label}; of {draws_text(risk)}"),
        Metric("Cost per month, P50", usd(spread.p50_usd), f"P10 {usd(spread.p10_usd)}, P90 {usd(spread.p90_usd)}"),
        Metric("Expected regret", usd(found.expected_regret_usd), "mean NPV above the cheapest of each draw"),
        Metric("Knowing everything (EVPI)", usd(risk.evpi_usd), "most that knowing more can save, today's value"),
    )


def nearest_flip(result: Result) -> str:
    """The nearest change of the recommendation, in a sentence."""
    flip = next((f for f in result.switching if f.value_at_flip is not None and f.to_option_id), None)
    if flip is None or flip.value_at_flip is None or flip.to_option_id is None:
        return "No single figure changes the recommendation within the range searched."
    at = driver_value(flip.value_at_flip, flip.unit)
    return f"Nearest flip: {flip.label.lower()} at {at} changes the answer to {label_of(result, flip.to_option_id)}."


def probe_title(risk: Risk) -> str:
    """The answer to `is measuring worth it?`."""
    return "Nothing to measure" if risk.probe is None else WORTH[risk.probe.worth]


def probe_sentences(risk: Risk) -> tuple[str, ...]:
    """UNC-6: what a measurement is worth, what it costs, and what is assumed of it."""
    found = risk.probe
    if found is None:
        return (risk.probe_explanation,)
    gain = f"at most {usd(risk.floor_usd or 0.0)}" if found.below_floor else usd(found.evsi_usd)
    return (
        f"Measuring the throughput of {found.label} before deciding saves {gain} on average (EVSI, today's value).",
        f"It costs {usd(found.cost_usd)}: {_cost(found)}.",
        _because(risk, found),
        f"Assumed: {found.noise_source}. Throughputs of all own fleets move together, so one reading tells of all.",
    )


def _cost(found: Probe) -> str:
    return (
        f"{short(found.gpu_hours)} GPU-hours at {usd(found.usd_per_gpu_hour)} for setting one replica up and the runs, "
        f"and {plural(found.staff_hours, 'hour')} of an engineer at {usd(found.usd_per_staff_hour)}"
    )


def _because(risk: Risk, found: Probe) -> str:
    if found.worth == "yes":
        return "It can change the decision often enough to pay for itself."
    if found.worth == "no":
        return "It would hardly ever change the decision, or not save enough when it does."
    return f"{draws_text(risk)} cannot tell such a saving from none: take more draws."


def seed_note(risk: Risk) -> str:
    """How to get the same figures again."""
    return f"{count(risk.draws)} draws with seed {risk.seed}; the same seed gives the same figures."

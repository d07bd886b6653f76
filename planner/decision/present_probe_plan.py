"""A probe before its start, in words and tables: what it sends, takes and costs, and whether it is worth that."""

from __future__ import annotations

from planner.decision.present_probe import number
from planner.decision.present_risk import WORTH
from planner.decision.present_tables import NOT_KNOWN, Column, Table, right
from planner.decision.probe_plan import ProbePlan
from planner.decision.throughput_values import SOURCE_WORDS
from planner.domain.risk import Probe
from planner.format import count, percent, plural, short, usd

SECONDS_PER_MINUTE = 60
LEAST_USD = 0.005
"""Less is nothing."""


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.2 h`."""
    if seconds < 2 * SECONDS_PER_MINUTE:
        return f"{count(seconds)} s"
    minutes = seconds / SECONDS_PER_MINUTE
    return f"{count(minutes)} min" if minutes < 2 * SECONDS_PER_MINUTE else f"{short(minutes / 60, 2)} h"


def headline(plan: ProbePlan) -> str:
    """Is it worth measuring, with both numbers."""
    if plan.worth is None or plan.cost is None:
        return f"What measuring {plan.label} is worth is not known. {plan.explanation}"
    worth, told = plan.worth, WORTH[plan.worth.worth]
    return (
        f"{told}: knowing the throughput of {plan.label} before deciding saves {saving(worth)}; the probe costs "
        f"{usd(plan.cost.usd)}."
    )


def saving(worth: Probe) -> str:
    """What a reading is worth, in words: `$1,234 on average (EVSI, today's value)`."""
    if worth.evsi_usd < LEAST_USD:
        return "nothing (EVSI)"
    gain = (
        "no more than these draws can tell from nothing" if worth.below_floor else f"{usd(worth.evsi_usd)} on average"
    )
    return f"{gain} (EVSI, today's value)"


def sentences(plan: ProbePlan) -> tuple[str, ...]:
    """What goes with it: operating point, error of the reading, notes, and why the option is blocked if it is."""
    where = (
        f"At the planned peak one replica has about {number(_whole(plan.operating))} in flight."
        if plan.operating is not None
        else "Its operating point is not known, so the loads are the usual ones."
    )
    error = f"The reading is off by about {percent(plan.noise_fraction)}: {plan.noise_why}."
    blocked = (f"{reason.code}: {reason.message} {reason.remedy}" for reason in plan.reasons)
    return (where, error, *plan.notes, *blocked)


def _whole(value: float) -> float:
    return float(round(value)) if value >= 10 else round(value, 1)


def plan_rows(plan: ProbePlan) -> Table:
    """What the probe sends, takes and costs."""
    task, needed = plan.task, plan.planned
    target = ", ".join(
        f"P95 {name} {ms:,.4g} ms" for name, ms in (("TTFT", task.ttft_p95_ms), ("TPOT", task.tpot_p95_ms)) if ms
    )
    rows = (
        ("Each request", f"{count(task.input_tokens)} prompt tokens, {count(task.output_tokens)} answer tokens"),
        ("Requests in flight", ", ".join(number(level) for level in needed.levels)),
        ("Then, while the rate still rises", f"doubled up to {count(task.most_in_flight)}"),
        ("Repeats of each", count(task.repeats)),
        ("Latency target", target or "none"),
        ("Runs", _at_most(count(needed.runs), count(needed.most.runs))),
        ("Requests, warm-up included", _at_most(count(needed.requests), count(needed.most.requests))),
        ("Tokens", _at_most(short(needed.tokens), short(needed.most.tokens))),
        ("Time", _time(plan)),
        *_cost_rows(plan),
        ("It stops at", _budget(plan)),
    )
    return Table("The probe", (Column("What"), Column("Value")), rows)


def _at_most(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _time(plan: ProbePlan) -> str:
    if plan.planned.seconds is None:
        return NOT_KNOWN
    least, most = plan.planned.seconds
    source = f", throughput {SOURCE_WORDS[plan.source]}" if plan.source else ""
    return f"{_at_most(duration(least), duration(most))}{source}"


def _cost_rows(plan: ProbePlan) -> tuple[tuple[str, str], ...]:
    if plan.cost is None:
        return (("Cost", NOT_KNOWN),)
    cost = plan.cost
    gpus = f"{short(cost.gpu_hours)} GPU-hours at {usd(cost.usd_per_gpu_hour)}, an hour of setting up included"
    return (
        ("GPUs", f"{usd(cost.gpu_usd)}: {gpus}"),
        ("Engineer", f"{usd(cost.staff_usd)}: {plural(cost.staff_hours, 'hour')}"),
        ("Cost", usd(cost.usd)),
    )


def _budget(plan: ProbePlan) -> str:
    budget = plan.task.budget
    money = "" if budget.usd is None else f", {usd(budget.usd)}"
    return f"{count(budget.requests)} requests, {short(budget.tokens)} tokens, {duration(budget.seconds)}{money}"


def forecast_rows(plan: ProbePlan) -> Table:
    """What is expected of each load."""
    columns = right(("In flight", "requests"), ("One request", "s"), ("Output", "tokens/s"))
    rows = tuple(
        (number(one.requests_in_flight), short(one.request_s), short(one.output_tokens_per_s)) for one in plan.forecast
    )
    return Table("Expected, before it is measured", columns, rows)

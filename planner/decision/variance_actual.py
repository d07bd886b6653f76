"""The actual side: a log's tokens by the plan's classes and kinds, day by day, and what they cost month by month."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.decision.log_reconcile import reconcile
from planner.decision.log_rows import Priced
from planner.decision.variance_plan import KINDS, Plan
from planner.domain.workload import TaskClass
from planner.units import FloatArray
from planner.workload.rollup import IntArray, Rollup
from planner.workload.usage_rows import NANO

OTHER = "other"
CostFrom = Literal["billed", "list", "bills"]
COST_WORDS: Mapping[CostFrom, str] = {
    "billed": "the cost that the export states",
    "list": "list prices, because no bill is given and the export states no whole cost",
    "bills": "the bills given",
}


@dataclass(frozen=True)
class Actual:
    """A log in the plan's terms; `month_of` counts the calendar months of the log."""

    classes: tuple[str, ...]
    """Labels of the plan's classes, or one for all where the log's names do not match them."""
    matched: bool
    tokens: FloatArray
    """Shape (days, classes, kinds)."""
    requests: FloatArray
    """Shape (days,)."""
    requests_known: bool
    usd: FloatArray | None
    """Shape (days, classes); None where only bills of whole months are known."""
    bills: Mapping[str, float]
    """USD of whole months, by YYYY-MM, where they are given."""
    cost_from: CostFrom


def actual_of(found: Priced, plan: Plan, bills: Mapping[str, float] | None = None) -> Actual:
    """The log in the classes and kinds of the plan. Cost: the bills given, else the export's own, else list prices.

    Cost is None on days where a token has no price, so that a part is never taken for the whole.
    """
    rollup = found.rollup
    days = (found.time.last_on - found.time.first_on).days + 1
    class_of = class_places(rollup, plan.classes)
    matched = class_of is not None
    places = class_of if class_of is not None else np.zeros(rollup.size, dtype=np.int64)
    classes = tuple(c.label or c.class_id for c in plan.classes) if matched else ("all requests",)
    shape = (days, len(classes))
    code = found.time.day_of * shape[1] + places

    def by(values: IntArray | FloatArray) -> FloatArray:
        summed = np.bincount(code, weights=values, minlength=shape[0] * shape[1]).reshape(shape)
        return np.asarray(summed, dtype=np.float64)

    cost, cost_from = _cost(found, bills)
    return Actual(
        classes=classes,
        matched=matched,
        tokens=np.stack([by(values) for values in _kinds(rollup, plan)], axis=2),
        requests=by(rollup.sums["requests"]).sum(axis=1),
        requests_known=bool((rollup.known["requests"] == rollup.usage_rows).all()),
        usd=None if cost is None else by(cost),
        bills=dict(bills or {}),
        cost_from=cost_from,
    )


def _kinds(rollup: Rollup, plan: Plan) -> tuple[IntArray, ...]:
    sums = rollup.sums
    if plan.kinds == KINDS:
        writes = np.asarray(sums["cache_write_tokens"] + sums["cache_write_1h_tokens"])
        return sums["fresh_input_tokens"], sums["cached_input_tokens"], writes, sums["output_tokens"]
    return rollup.prompt_tokens, sums["output_tokens"]


def _cost(found: Priced, bills: Mapping[str, float] | None) -> tuple[FloatArray | None, CostFrom]:
    """USD of each row, unknown (NaN) where it has none."""
    if bills:
        return None, "bills"
    billed = billed_by_row(found)
    if billed is not None:
        return billed, "billed"
    return np.where(found.why > 0, np.nan, found.usd), "list"


def billed_by_row(found: Priced) -> FloatArray | None:
    """The export's own cost of each row in US dollars, when it states one for all of the log's usage; else None."""
    rollup = found.rollup
    lines = reconcile(found).lines
    if not lines or any(line.billed_usd is None or line.rows_without_cost for line in lines):
        return None
    rate = {
        (line.currency, line.month): line.billed_usd / line.billed for line in lines if line.billed and line.billed_usd
    }
    labels, months = rollup.labels["currency"], [month.name for month in found.time.months]
    table = np.array([[rate.get((code.upper(), month), 1.0) for month in months] for code in labels.names])
    return np.asarray(table[labels.codes, found.time.month_of] * rollup.sums["cost_nano"] / NANO)


def class_places(rollup: Rollup, classes: Sequence[TaskClass]) -> IntArray | None:
    """The plan's class of each row, by the names of model and task class; None unless every row has one.

    A plan with one class has everything in it, and one with a class named "other" has the rest there.
    """
    if len(classes) == 1:
        return np.zeros(rollup.size, dtype=np.int64)
    names = {slug: place for place, task in enumerate(classes) for slug in (task.class_id, _slug(task.label)) if slug}
    model, task = rollup.labels["model"], rollup.labels["task_class"]
    found = np.full((len(model.names), len(task.names)), names.get(OTHER, -1), dtype=np.int64)
    for m, model_name in enumerate(model.names):
        for t, task_name in enumerate(task.names):
            for text in (f"{model_name} {task_name}", f"{task_name} {model_name}", task_name, model_name):
                place = names.get(_slug(text), -1)
                if place >= 0:
                    found[m, t] = place
                    break
    places = found[model.codes, task.codes]
    return None if (places < 0).any() else np.asarray(places)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.strip().lower()).strip("-")

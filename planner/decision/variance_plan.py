"""The plan of one option as actuals are held against it: tokens by class and kind a month, their prices, and the cost.

A price per class and kind is the option's rate card at the class's own prompt length and batch share, scaled month by
month so that tokens times prices are the planned cost: discounts, price paths and retries are in it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from planner.cost.api import rates_for
from planner.domain.facts import Facts, PerTokenFacts
from planner.domain.options import PER_TOKEN_KINDS, Option, PerTokenOption
from planner.domain.prices import LongTier, RateCard, TokenPrices
from planner.domain.result import MonthCost, OptionResult
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.units import CALENDARS, MTOK, FloatArray, add_months

KINDS = ("fresh input", "cached input", "cache writes", "output")
SIMPLE_KINDS = ("input", "output")
"""Of an option without a rate card."""


class NoPlan(LookupError):
    """The option has no planned cost."""


@dataclass(frozen=True)
class Plan:
    """One option's months; arrays have shape (months, classes, kinds) and are of a whole month of the calendar."""

    label: str
    what: str
    """Which of its costs are held against the actual ones."""
    classes: tuple[TaskClass, ...]
    kinds: tuple[str, ...]
    starts_on: tuple[dt.date, ...]
    """First day of each month, and of the month after the last."""
    days_per_month: float
    requests: FloatArray
    """Shape (months,)."""
    tokens: FloatArray
    usd_per_token: FloatArray | None
    """None where the option's cost has no price per kind of token."""
    usd: FloatArray
    """Shape (months,)."""


def plan_of(scenario: Scenario, facts: Facts, option: OptionResult, *, first_on: dt.date | None = None) -> Plan:
    """The plan of a priced option. Month 1 starts on the day of the facts, or on `first_on`. Raises NoPlan."""
    if not option.months:
        reasons = " ".join(reason.message for reason in option.reasons)
        raise NoPlan(f"{option.label} has no planned cost: {reasons}")
    chosen = next(o for o in scenario.options if o.option_id == option.option_id)
    months = option.months[1:]
    tokens, requests = _volumes(scenario, months)
    per_token = option.kind in PER_TOKEN_KINDS
    usd = np.array([_usd(month, per_token) for month in months])
    kinds, prices = _prices(scenario, facts, chosen, option, tokens)
    if kinds == SIMPLE_KINDS:
        tokens = np.stack([tokens[:, :, :3].sum(axis=2), tokens[:, :, 3]], axis=2)
    start = first_on or months[0].starts_on
    return Plan(
        label=option.label,
        what="token charges" if per_token else "machines, energy and facility; people are not in it",
        classes=scenario.workload.classes,
        kinds=kinds,
        starts_on=tuple(add_months(start, number) for number in range(len(months) + 1)),
        days_per_month=CALENDARS[scenario.calendar].days_per_month,
        requests=requests,
        tokens=tokens,
        usd_per_token=None if prices is None else _scaled(prices, tokens, usd),
        usd=usd,
    )


def _volumes(scenario: Scenario, months: tuple[MonthCost, ...]) -> tuple[FloatArray, FloatArray]:
    """Tokens (months, classes, kinds) and requests (months,) along the planned growth."""
    days = CALENDARS[scenario.calendar].days_per_month
    rows = [
        (c.fresh_input_tokens, c.cached_input_tokens, c.cache_write_tokens, c.generated_tokens)
        for c in scenario.workload.classes
    ]
    per_day = np.array([c.requests_per_day for c in scenario.workload.classes])
    base = np.array(rows) * per_day[:, None] * days
    whole = base.sum() / MTOK
    asked = np.array([month.volume_mtok or 0.0 for month in months])
    growth = asked / whole if whole > 0 else np.zeros_like(asked)
    return base[None, :, :] * growth[:, None, None], float(per_day.sum()) * days * growth


def _usd(month: MonthCost, per_token: bool) -> float:
    if per_token:
        return month.tokens_usd
    return month.total_usd - month.people_usd - month.tuning_usd - month.other_usd


def _prices(
    scenario: Scenario, facts: Facts, option: Option, result: OptionResult, tokens: FloatArray
) -> tuple[tuple[str, ...], FloatArray | None]:
    """Kinds of token, and USD per token (months, classes, kinds) before they are scaled to the plan."""
    known = next(found for found in facts.options if found.option_id == result.option_id)
    months, classes = tokens.shape[:2]
    if isinstance(known, PerTokenFacts) and isinstance(option, PerTokenOption):
        starts = np.array([period.from_month for period in known.periods])
        period_of = np.searchsorted(starts, np.arange(1, months + 1), side="right") - 1
        cards = np.array(
            [[_class_rates(p.prices, c, option) for c in scenario.workload.classes] for p in known.periods]
        )
        return KINDS, cards[period_of] / MTOK
    if result.input_usd_per_mtok is None or result.output_usd_per_mtok is None:
        return SIMPLE_KINDS, None
    pair = np.array([result.input_usd_per_mtok, result.output_usd_per_mtok]) / MTOK
    return SIMPLE_KINDS, np.broadcast_to(pair, (months, classes, 2)).copy()


def _class_rates(prices: TokenPrices, task: TaskClass, option: PerTokenOption) -> tuple[float, ...]:
    """USD per 1M tokens of the workload, by kind, of one class: its batch share and its tier are in it."""
    standard = _card_rates(prices.rates, prices.long_tiers, task, option)
    if prices.batch_rates is None or not task.batch_fraction:
        return standard
    batch = _card_rates(prices.batch_rates, prices.batch_long_tiers, task, option)
    share = task.batch_fraction
    return tuple(a * (1 - share) + b * share for a, b in zip(standard, batch, strict=True))


def _card_rates(
    card: RateCard, tiers: tuple[LongTier, ...], task: TaskClass, option: PerTokenOption
) -> tuple[float, ...]:
    found = rates_for(card, tiers, task.prompt_tokens * option.input_token_ratio)
    fresh, output = float(found.input_usd_per_mtok), float(found.output_usd_per_mtok)
    cached, write = found.cached_input_usd_per_mtok, found.cache_write_rate(option.cache_write_ttl)
    if found.reasoning_usd_per_mtok is not None and task.generated_tokens:
        share = task.reasoning_tokens / task.generated_tokens
        output += share * (float(found.reasoning_usd_per_mtok) - output)
    prompt = (fresh, fresh if cached is None else float(cached), fresh if write is None else float(write))
    return (*(rate * option.input_token_ratio for rate in prompt), output * option.output_token_ratio)


def _scaled(prices: FloatArray, tokens: FloatArray, usd: FloatArray) -> FloatArray:
    """Prices times one factor a month, so that tokens times prices are the month's cost."""
    listed = (prices * tokens).sum(axis=(1, 2))
    factor = np.where(listed > 0, usd / np.where(listed > 0, listed, 1.0), 1.0)
    return np.asarray(prices * factor[:, None, None])

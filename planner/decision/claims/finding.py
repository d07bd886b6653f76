"""What a claim function gives back, and the one rule that turns compared cases into a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from planner.catalog.claims import ClaimVerdict
from planner.catalog.tables import Tables
from planner.cost.api import request_usd
from planner.domain.prices import RateCard, TokenPrices
from planner.units import MTOK, round_half_up, round_significant

Inputs = Mapping[str, float]

ABOUT = 0.05
"""How far a figure introduced by "about" may be off."""
PRICE_PLACES = 8


class Quantity(NamedTuple):
    """A computed figure; None where it is not defined, or there is none."""

    label: str
    value: float | None
    unit: str


class Finding(NamedTuple):
    """Figures, what they say in a sentence, and for each case looked at whether the claim holds in it."""

    computed: tuple[Quantity, ...]
    sentence: str
    holds: tuple[bool, ...]


class ClaimResult(NamedTuple):
    """One claim, computed."""

    claim_id: str
    computed: tuple[Quantity, ...]
    verdict: ClaimVerdict
    sentence: str
    true_when: str


ClaimFunction = Callable[[Inputs, Tables], Finding]


def verdict_of(holds: Sequence[bool]) -> ClaimVerdict:
    """True in all cases: consistent. In none: inconsistent. In some: it depends. Nothing to compare: not testable."""
    if not holds:
        return "not_testable"
    return "consistent" if all(holds) else "depends" if any(holds) else "inconsistent"


def near(claimed: float, computed: float, tolerance: float = ABOUT) -> bool:
    """Whether a claimed figure is the computed one, to a fraction of it."""
    return abs(claimed - computed) <= tolerance * abs(computed)


def at_most(value: float, limit: float) -> bool:
    """value <= limit, forgiving float noise."""
    return value <= limit * (1 + 1e-9)


def bill_usd(input_usd_per_mtok: float, output_usd_per_mtok: float, input_mtok: float, output_mtok: float) -> float:
    """API-1: USD for millions of input and output tokens."""
    price_in, price_out = (round_half_up(p, PRICE_PLACES) for p in (input_usd_per_mtok, output_usd_per_mtok))
    prices = TokenPrices(rates=RateCard(input_usd_per_mtok=price_in, output_usd_per_mtok=price_out))
    return request_usd(prices, fresh=input_mtok * MTOK, generated=output_mtok * MTOK)


def blended_usd_per_mtok(input_usd_per_mtok: float, output_usd_per_mtok: float, input_share: float) -> float:
    """Price of 1M tokens of which `input_share` are input."""
    return bill_usd(input_usd_per_mtok, output_usd_per_mtok, input_share, 1 - input_share)


def span(low: float, high: float, unit: str) -> str:
    """`$2.50 to $10.00` or `2.31 to 2.95 times`, for a sentence; one figure when both look the same."""
    dollars = unit == "USD"
    low_text, high_text = (f"${v:,.2f}" if dollars else f"{round_significant(v, 3):,f}" for v in (low, high))
    text = low_text if low_text == high_text else f"{low_text} to {high_text}"
    return text if dollars else text + unit

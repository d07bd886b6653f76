"""A bill shared out to owners, computed once for the same question."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

import streamlit as st

from planner.decision.evaluate import decide
from planner.decision.log_fleet import NoBill, on_fleet
from planner.decision.log_options import steady_with
from planner.decision.log_price import on_option
from planner.decision.resolve import resolve
from planner.decision.showback import Basis, Showback
from planner.decision.showback_billed import billed_showback
from planner.decision.showback_log import fleet_showback, paid_seconds, tokens_showback, weights_of
from planner.decision.variance_actual import billed_by_row
from planner.domain.facts import OwnedFacts, RentedFacts
from planner.domain.options import Option, PerTokenOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.units import money
from planner.web.state import catalog
from planner.web.usage_money_log import BY_TEXT, ELLIPSIS, MOST_ANSWERS, Asked, billed, priced, rollup_of

AS_IT_WAS, BILLED = "", "billed by the export"
"""Bills that are of no option."""


class Sharing(NamedTuple):
    """How a bill is shared out."""

    of: str
    """AS_IT_WAS, BILLED, or the id of an option."""
    basis: Basis
    bill_usd: str = ""
    """What was billed, where a person knows it."""
    requested: tuple[tuple[str, float], ...] = ()
    """Share of the fleet that was set aside, by owner."""

    @property
    def bill(self) -> Decimal | None:
        """What was billed, to the cent."""
        return money(Decimal(self.bill_usd)) if self.bill_usd else None


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=f"Sharing the bill{ELLIPSIS}", hash_funcs=BY_TEXT)
def shared(asked: Asked, how: Sharing, scenario: Scenario, today: dt.date, _profile: UsageProfile) -> Showback:
    """Who pays. Raises EmptyLog, NoBill, NotUsableError; ValueError for what cannot be shared out."""
    option = next((option for option in scenario.options if option.option_id == how.of), None)
    if isinstance(option, SelfHosted):
        return _fleet(asked, how, scenario, today, (_profile, option))
    if how.of == BILLED:
        return billed_showback(billed(asked), how.basis)
    if isinstance(option, PerTokenOption):
        on_it = on_option(rollup_of(asked.kept), catalog(), option, on=asked.on, covers=asked.covers)
        return tokens_showback(on_it, how.basis, how.bill)
    return tokens_showback(priced(asked), how.basis, how.bill)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def states_all(asked: Asked) -> bool:
    """Whether the export states what all of its usage cost. Raises EmptyLog."""
    return billed_by_row(billed(asked)) is not None


def payable(option: Option) -> bool:
    """Whether it is known who uses how much of it."""
    return isinstance(option, SelfHosted | PerTokenOption)


def _fleet(
    asked: Asked, how: Sharing, scenario: Scenario, today: dt.date, of: tuple[UsageProfile, SelfHosted]
) -> Showback:
    """The fleet sized for the log itself, its bill for the log's days, and its machine time."""
    profile, option = of
    measured, rollup = steady_with(scenario, profile), rollup_of(asked.kept)
    facts = resolve(measured, catalog(), today)
    result = decide(measured, facts).option(option.option_id)
    price = on_fleet(rollup, result, scenario.calendar, covers=asked.covers)
    known = next(found for found in facts.options if found.option_id == option.option_id)
    if price.usd is None or not isinstance(known, RentedFacts | OwnedFacts):
        raise NoBill(result)
    capacity = paid_seconds(result, scenario.calendar, price.days, dict(how.requested) or None)
    bill = money(price.usd) if how.bill is None else how.bill
    return fleet_showback(rollup, bill, weights_of(option, known), how.basis, capacity)

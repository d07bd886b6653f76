"""The currency that amounts are shown in: picking one pins its rate of today, and the rate can be typed in."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from planner.catalog.fx import FxUnknown, offered, rate
from planner.domain.document_problems import Problem
from planner.format import DOLLAR
from planner.web import fields
from planner.web.editing import set_value, value_at, widget_key
from planner.web.forms import Line, button, form, section
from planner.web.state import PathKey, draft, today
from planner.web.text import md, small

CURRENCY: PathKey = ("currency",)
CODE, UNITS = (*CURRENCY, "code"), (*CURRENCY, "units_per_usd")
OWN_RATE = "typed in by the scenario's owner"
SOURCE = (
    Line("as_of", "Day of the rate"),
    Line("source", "Source of the rate"),
    Line("source_url", "Address of the rate"),
)


def currency_inputs() -> None:
    """The currency, then its rate with day and source."""
    held = draft().scenario.currency
    now = DOLLAR if held is None else held.code
    codes = [DOLLAR, *offered(today())]
    codes = codes if now in codes else [now, *codes]
    st.selectbox(
        "Amounts are shown in",
        codes,
        index=codes.index(now),
        key=widget_key(CODE),
        on_change=_pick,
        help="Results only, at one dated rate kept in the scenario. What is typed in here stays in US dollars.",
    )
    fields.problem(CODE)
    fields.problem(CURRENCY)
    if held is None:
        return
    st.markdown(small(md(f"{held.rate_text}, {held.source}, {held.as_of}. Prices and wages here are in {DOLLAR}.")))
    with section("Rate and its source", CURRENCY, "rate") as is_open:
        if is_open:
            _rate_inputs()


def _pick() -> None:
    code = st.session_state[widget_key(CODE)]
    try:
        pinned = None if code == DOLLAR else rate(code, today()).currency().model_dump()
    except FxUnknown as unknown:
        draft().problems[CODE] = Problem("currency", unknown.message, unknown.remedy)
        return
    set_value(CURRENCY, pinned)


def _rate_inputs() -> None:
    st.number_input(
        f"Rate ({value_at(CODE)} per {DOLLAR})",
        min_value=0.0,
        value=float(value_at(UNITS)),
        step=0.01,
        format="%.10g",
        key=widget_key(UNITS),
        on_change=_type_rate,
        help="A rate of your own, such as that of the budget, is marked as typed in.",
    )
    fields.problem(UNITS)
    form(CURRENCY, SOURCE)
    button("Take the newest rate", widget_key((*CURRENCY, "newest")), _pick)


def _type_rate() -> None:
    """A rate typed in is no longer that of its source."""
    units = Decimal(repr(st.session_state[widget_key(UNITS)]))
    own = {"code": value_at(CODE), "units_per_usd": units, "as_of": today().isoformat(), "source": OWN_RATE}
    set_value(CURRENCY, own)

"""What a person says about the money of a log: days of the prices, days of the export, offers of its models.

It is kept for the session and by import: a widget forgets what it held when its tab is left.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from planner.decision.log_time import Covers
from planner.domain.base import FIRST_DAY, LAST_DAY
from planner.domain.usage import UsageProfile
from planner.web.state import catalog, today
from planner.web.text import md, small
from planner.web.usage_money_log import Asked, Kept, rollup_of

SAID = "usage-money"
OFFERS = "usage-offers"
"""Offers that a person has named for models of logs, of any import: log's name -> provider/model."""
DAY = re.compile(r"(\d{4}-\d{2})(?:-(\d{2}))?", re.ASCII)
EACH_DAY, ONE_DAY = "each day its own", "one day for all"


def said(profile: UsageProfile) -> dict[str, Any]:
    """What was said about this import."""
    everything: dict[str, dict[str, Any]] = st.session_state.setdefault(SAID, {})
    return everything.setdefault(profile.profile_id, {})


def offers() -> dict[str, str]:
    """Offers by name of a model."""
    found: dict[str, str] = st.session_state.setdefault(OFFERS, {})
    return found


def key_of(profile: UsageProfile, name: str) -> str:
    """Key of a widget."""
    return f"money-{name}-{profile.profile_id}"


def keep(profile: UsageProfile, name: str) -> None:
    """Take over what a widget holds."""
    said(profile)[name] = st.session_state[key_of(profile, name)]


def choice(
    label: str, options: Sequence[str], profile: UsageProfile, name: str, words: Callable[[str], str] = str, **more: Any
) -> str:
    """A select box that remembers."""
    before = said(profile).get(name)
    chosen: str = st.selectbox(
        label,
        options,
        index=options.index(before) if before in options else 0,
        format_func=words,
        key=key_of(profile, name),
        on_change=keep,
        args=(profile, name),
        **more,
    )
    return chosen


def day(label: str, usual: dt.date, profile: UsageProfile, name: str, **more: Any) -> dt.date:
    """A day that is remembered, typed in: YYYY-MM-DD, or YYYY-MM for the first of a month. The last good one counts."""
    key = key_of(profile, name)
    known: dt.date = said(profile).get(name, usual)
    typed = st.text_input(
        label, value=known.isoformat(), max_chars=10, key=key, on_change=_keep_day, args=(profile, name), **more
    )
    if parsed_day(typed) is None:
        st.error(md(f"{typed!r} is no day: write YYYY-MM-DD. {known} is taken."), icon="⚠️")
    return known


def _keep_day(profile: UsageProfile, name: str) -> None:
    found = parsed_day(st.session_state[key_of(profile, name)])
    if found is not None:
        said(profile)[name] = found


def parsed_day(text: str) -> dt.date | None:
    """The day that was typed in; None for anything else."""
    found = DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        day_ = dt.date.fromisoformat(f"{found[1]}-{found[2] or '01'}")
    except ValueError:
        return None
    return day_ if FIRST_DAY <= day_ <= LAST_DAY else None


def asked_before(profile: UsageProfile, kept: Kept) -> Asked:
    """The question as it was put last, without any widget."""
    known = said(profile)
    names = set(rollup_of(kept).labels["model"].names)
    one_day = not profile.has_calendar or known.get("prices") == ONE_DAY
    return Asked(
        kept,
        catalog().version,
        tuple(sorted((name, offer) for name, offer in offers().items() if name in names)),
        known.get("on", today()) if one_day else None,
        _covers(profile),
    )


def ask(profile: UsageProfile, kept: Kept) -> Asked:
    """The same, after its widgets."""
    if profile.has_calendar:
        left, right = st.columns(2)
        with left:
            prices = choice("List prices of", [EACH_DAY, ONE_DAY], profile, "prices")
        if prices == ONE_DAY:
            with right:
                day("Day of the prices", today(), profile, "on")
        _ask_days(profile)
    else:
        day("Day of the prices", today(), profile, "on", help="This log has no known dates: one day for all of it.")
    return asked_before(profile, kept)


def _ask_days(profile: UsageProfile) -> None:
    """Nothing on the first and last day is part of a month's rate, but a log does not show it."""
    label = "Days of the export, where nothing was asked on the first or the last"
    with st.expander(label, key=key_of(profile, "days")):
        st.markdown(
            small(
                "A log shows when something was asked. When the export was made for whole days, say so: the rate of a "
                "month is then the true one."
            )
        )
        whole = st.checkbox(
            "It is of whole days",
            value=bool(said(profile).get("whole")),
            key=key_of(profile, "whole"),
            on_change=keep,
            args=(profile, "whole"),
        )
        left, right = st.columns(2)
        with left:
            day("First whole day (UTC)", profile.first_at.date(), profile, "first", disabled=not whole)
        with right:
            day("Last whole day (UTC)", profile.last_at.date(), profile, "last", disabled=not whole)
        if whole and _covers(profile) is None:
            st.error("The last day lies before the first: the days of the log itself are taken.", icon="⚠️")


def _covers(profile: UsageProfile) -> Covers | None:
    known = said(profile)
    if not (profile.has_calendar and known.get("whole")):
        return None
    first = known.get("first", profile.first_at.date())
    last = known.get("last", profile.last_at.date())
    return (first, last) if first <= last else None

"""A kept log with its prices, computed once for the same question; every amount here is US dollars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from planner.decision.log_options import OnOption, Question, on_options
from planner.decision.log_price import as_it_was
from planner.decision.log_reconcile import reconcile
from planner.decision.log_rows import Priced
from planner.decision.log_summary import summary
from planner.decision.log_time import Covers
from planner.decision.log_values import LogPrice, Reconciliation
from planner.domain.facts import Facts
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.usage.errors import UsageError
from planner.usage.kept import ROLLUP, read_rollup, usage_folder
from planner.web.state import catalog
from planner.web.text import md
from planner.workload.rollup import Rollup

MOST_LOGS = 4
MOST_ANSWERS = 32
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


class Kept(NamedTuple):
    """Names one kept rollup as it is now: an import that was made again is another one."""

    profile_id: str
    changed_ns: int


class Asked(NamedTuple):
    """What is asked of a log: everything that its price depends on."""

    kept: Kept
    catalog: str
    """Version of the catalog."""
    offers: tuple[tuple[str, str], ...]
    """Model of the log -> `provider/model`, as a person has said."""
    on: dt.date | None
    """The one day of all prices; None: each day its own."""
    covers: Covers | None
    """Whole days that the export is of."""


def text_of(value: Scenario | Facts) -> str:
    """What a cache tells two of them apart by."""
    return value.model_dump_json()


BY_TEXT: dict[str | type[Any], Callable[[Any], Any]] = {Scenario: text_of, Facts: text_of}


@st.cache_resource(max_entries=MOST_LOGS, show_spinner=f"Reading the log{ELLIPSIS}")
def _read(kept: Kept) -> Rollup:
    return read_rollup(usage_folder() / kept.profile_id / ROLLUP)


def rollup_of(kept: Kept) -> Rollup:
    """The rollup, read once. Raises UsageError."""
    return _read(kept)


def kept_log(profile: UsageProfile) -> Kept | None:
    """The kept rollup of an import; None after saying what is wrong with it."""
    try:
        kept = Kept(profile.profile_id, (usage_folder() / profile.profile_id / ROLLUP).stat().st_mtime_ns)
        rollup_of(kept)
    except (UsageError, OSError) as error:
        said = str(error) if isinstance(error, UsageError) else "The rollup of this import is not there."
        st.warning(f"{md(said)} Import the log again to see its money.", icon="⚠️")
        return None
    return kept


@st.cache_resource(max_entries=MOST_LOGS, show_spinner=f"Pricing the log{ELLIPSIS}")
def priced(asked: Asked) -> Priced:
    """Each model at its own list price. Raises EmptyLog."""
    rollup = rollup_of(asked.kept)
    return as_it_was(rollup, catalog(), mapping=dict(asked.offers), on=asked.on, covers=asked.covers)


@st.cache_resource(max_entries=MOST_LOGS, show_spinner=False)
def billed(asked: Asked) -> Priced:
    """What the export itself says it cost, with or without tokens. Raises EmptyLog."""
    rollup = rollup_of(asked.kept)
    mapping = dict(asked.offers)
    return as_it_was(rollup, catalog(), mapping=mapping, on=asked.on, covers=asked.covers, tokens_needed=False)


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=False)
def price_of(asked: Asked) -> tuple[LogPrice, Reconciliation | None]:
    """The price, and the export's own cost held against it where it states one. Raises EmptyLog."""
    found = priced(asked)
    stated = bool(found.rollup.known["cost_nano"].any())
    return summary(found), reconcile(found) if stated else None


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=f"Pricing the log on every option{ELLIPSIS}", hash_funcs=BY_TEXT)
def every_option(asked: Asked, scenario: Scenario, today: dt.date, _profile: UsageProfile) -> tuple[OnOption, ...]:
    """The log on each option of the scenario. Raises EmptyLog."""
    question = Question(asked.on, asked.covers, today)
    return on_options(scenario, _profile, rollup_of(asked.kept), catalog(), question)
